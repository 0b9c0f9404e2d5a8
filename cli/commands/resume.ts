import { Command } from 'commander';
import { withFactoryOptions } from '../aws.ts';
import type { FactoryOptions } from '../factory.ts';
import type { Io } from '../io.ts';

const HELP = `
Also closes the breaker that a full directory has opened, for which there is no other reason to wait once there is room.
Needs, in the factory account, states:DescribeStateMachine, lambda:GetFunctionConfiguration and dynamodb:UpdateItem.

Example:
  oidc-factory resume --profile factory`;

export const command = (io: Io): Command =>
  withFactoryOptions(new Command('resume'))
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: FactoryOptions & { readonly json?: true }) => {
      const { resume } = await import('../control/run.ts');
      await resume(io, options);
    });
