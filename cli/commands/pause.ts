import { Command } from 'commander';
import { withFactoryOptions } from '../aws.ts';
import type { PauseOptions } from '../control/run.ts';
import type { Io } from '../io.ts';

const HELP = `
Every step of every run waits, for 14 days at most, and goes on when the factory is resumed; events go on coming in and
none is lost. The guard waits too. Who has paused the factory first stays on record. Needs, in the factory account,
states:DescribeStateMachine, lambda:GetFunctionConfiguration, dynamodb:GetItem and dynamodb:UpdateItem.

Examples:
  oidc-factory pause --profile factory --reason "INC-4711"
  oidc-factory status --profile factory`;

export const command = (io: Io): Command =>
  withFactoryOptions(new Command('pause'))
    .option('--reason <text>', 'why, for whoever looks later')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: PauseOptions) => {
      const { pause } = await import('../control/run.ts');
      await pause(io, options);
    });
