import { Command } from 'commander';
import type { ApplyOptions } from '../apply/run.ts';
import { withFactoryOptions } from '../factory-options.ts';
import type { Io } from '../io.ts';

const HELP = `
Shows the plan, plans its accounts once more, and starts exactly the steps that still stand; the others are refused,
with what has changed. Interrupted, say it again: runs that were started are waited for, and none starts twice. Every
run looks and decides again, as after an event.

Needs what plan needs, and states:StartExecution of the three workflows of roles and accounts.

Examples:
  oidc-factory plan --profile factory --out plan.json
  oidc-factory apply plan.json --profile factory

Exit codes: 0 everything is done, 1 something was refused or has failed.`;

export const command = (io: Io): Command =>
  withFactoryOptions(new Command('apply'))
    .argument('<plan>', 'a file of plan --out, - for standard input')
    .option('--yes', 'without a question')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (file: string, options: ApplyOptions) => {
      const { apply } = await import('../apply/run.ts');
      await apply(io, file, options);
    });
