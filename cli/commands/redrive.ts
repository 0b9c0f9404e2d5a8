import { Command } from 'commander';
import { withFactoryOptions } from '../factory-options.ts';
import type { Io } from '../io.ts';
import type { RedriveOptions } from '../redrive/run.ts';

const HELP = `
Shows what lies in the factory's dead-letter queues, by a sample of each, and puts it back on the queues that gave it
up. What was handled meanwhile does nothing when it comes again. Repair the cause first.

Needs, in the factory account, states:DescribeStateMachine, lambda:GetFunctionConfiguration,
lambda:ListEventSourceMappings, events:ListRules, events:ListTargetsByRule, and of the queues sqs:GetQueueUrl,
sqs:GetQueueAttributes, sqs:ReceiveMessage, sqs:StartMessageMoveTask and sqs:DeleteMessage.

Examples:
  oidc-factory redrive --profile factory
  oidc-factory redrive --profile factory --yes --json`;

export const command = (io: Io): Command =>
  withFactoryOptions(new Command('redrive'))
    .option('--yes', 'without a question')
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: RedriveOptions) => {
      const { redrive } = await import('../redrive/run.ts');
      await redrive(io, options);
    });
