import { Command } from 'commander';
import { withFactoryOptions } from '../factory-options.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import type { RetryOptions } from '../retry/run.ts';

const HELP = `
Starts the workflow that gave up once more, for roles whose entry is failed or unreachable, or whose removal failed.
It goes on where it stopped and verifies everything again; a role that is well is left alone. Repair the cause first.

Needs, in the factory account, states:DescribeStateMachine, lambda:GetFunctionConfiguration, dynamodb:Scan and
states:StartExecution.

Examples:
  oidc-factory retry --profile factory --account 111122223333 --role deploy
  oidc-factory retry --profile factory --failed --yes --json`;

export const command = (io: Io): Command =>
  withFactoryOptions(new Command('retry'))
    .option('--account <id>', 'roles of this account')
    .option('--role <name>', 'roles of this name')
    .option('--failed', 'all of them')
    .option('--yes', 'without a question')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async ({ failed, ...options }: RetryOptions & { readonly failed?: true }) => {
      if (!failed && options.account === undefined && options.role === undefined) {
        throw new CommandFailure('usage', 'InvalidArguments', 'Say which: --account, --role or --failed');
      }
      const { retry } = await import('../retry/run.ts');
      await retry(io, options);
    });
