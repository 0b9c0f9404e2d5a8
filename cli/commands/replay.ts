import { Command, InvalidArgumentError } from 'commander';
import { withFactoryOptions } from '../factory-options.ts';
import type { Io } from '../io.ts';
import type { ReplayOptions } from '../replay/run.ts';

const HELP = `
Brings archived role events of the last 90 days to the dispatcher once more, for what the factory missed while
something was broken. Every event runs again under a name of its own; a role that is as it should be is left alone.

Needs, in the factory account, states:DescribeStateMachine, lambda:GetFunctionConfiguration, events:ListArchives,
events:DescribeArchive, events:ListRules, events:StartReplay and events:DescribeReplay.

Examples:
  oidc-factory replay --profile factory --from 2026-03-01T08:00:00Z --to 2026-03-01T12:00:00Z`;

export const command = (io: Io): Command =>
  withFactoryOptions(new Command('replay'))
    .requiredOption('--from <time>', 'ISO 8601, as 2026-03-01T08:00:00Z', time)
    .requiredOption('--to <time>', 'the same', time)
    .option('--yes', 'without a question')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: ReplayOptions) => {
      const { replay } = await import('../replay/run.ts');
      await replay(io, options);
    });

function time(text: string): Date {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) {
    const date = new Date(text);
    if (!Number.isNaN(date.getTime())) return date;
  }
  throw new InvalidArgumentError('expected a time with its zone, such as 2026-03-01T08:00:00Z');
}
