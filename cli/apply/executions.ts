/** The runs of an approved plan: found again by their names, so that nothing starts twice. */
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { StartingStep } from '../../core/drift/approval.ts';
import { executionOf } from '../../core/drift/step.ts';
import type { EventId } from '../../core/ids.ts';
import { awsErrorName } from '../../lambdas/adapters/aws-errors.ts';
import { calling, clientConfig } from '../aws.ts';
import type { DeployedFactory } from '../factory.ts';
import type { Io } from '../io.ts';
import { untilEnded } from '../sweep/execution.ts';

export interface PlanRuns {
  /** Whether this plan has started the step before. */
  isStarted(step: StartingStep): Promise<boolean>;
  start(step: StartingStep): Promise<void>;
  /** How a step that was started has ended. */
  ended(step: StartingStep): Promise<DescribeExecutionOutput>;
}

/** `plan`: what stands for an event in the runs' names and inputs, the same whenever the plan is carried out. */
export function planRuns(
  io: Io,
  { options, stateMachineArn }: Pick<DeployedFactory, 'options' | 'stateMachineArn'>,
  plan: { readonly id: EventId; readonly startedAt: string },
): PlanRuns {
  const states = new SFNClient(clientConfig(io, options));
  const executionArn = (step: StartingStep): string =>
    `${stateMachineArn(step.start.workflow).replace(':stateMachine:', ':execution:')}:${executionOf(step, plan).name}`;
  return {
    isStarted: (step) =>
      calling('states:DescribeExecution', async () => {
        try {
          await states.send(new DescribeExecutionCommand({ executionArn: executionArn(step) }));
          return true;
        } catch (error) {
          if (awsErrorName(error) === 'ExecutionDoesNotExist') return false;
          throw error;
        }
      }),
    start: async (step) => {
      const { workflow } = step.start;
      const { name, run } = executionOf(step, plan);
      await calling(`states:StartExecution ${workflow}`, async () => {
        try {
          const input = JSON.stringify(run);
          await states.send(
            new StartExecutionCommand({ stateMachineArn: stateMachineArn(workflow), name, input }),
          );
        } catch (error) {
          // Somebody carries out the same plan.
          if (awsErrorName(error) !== 'ExecutionAlreadyExists') throw error;
        }
      });
    },
    ended: (step) => untilEnded(io, states, executionArn(step)),
  };
}
