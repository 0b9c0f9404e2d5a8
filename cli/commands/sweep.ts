import { Command } from 'commander';
import { accountId } from '../../core/ids.ts';
import { withFactoryOptions } from '../factory-options.ts';
import type { Io } from '../io.ts';
import { listOf } from '../options.ts';
import type { SweepOptions } from '../sweep/run.ts';

const HELP = `
Starts the sweep that the factory makes every few hours, now: it heals what it may, and reports the rest. To see
beforehand what it would do, and to choose, say plan.

Needs, in the factory account, states:DescribeStateMachine, lambda:GetFunctionConfiguration, dynamodb:GetItem,
states:StartExecution and states:DescribeExecution.

Examples:
  oidc-factory sweep --profile factory
  oidc-factory sweep --account 111122223333,444455556666 --json

Exit codes: 0 done, 1 an account could not be asked or removals were held back, 4 an earlier sweep still runs.`;

export const command = (io: Io): Command =>
  withFactoryOptions(new Command('sweep'))
    .option('--account <ids>', 'only these accounts, separated by commas', listOf(accountId))
    .option('--json', 'one JSON object: the report')
    .addHelpText('after', HELP)
    .action(async (options: SweepOptions) => {
      const { sweep } = await import('../sweep/run.ts');
      await sweep(io, options);
    });
