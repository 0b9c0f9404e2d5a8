import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type ExecutionArn, executionArn } from '../../core/ids.ts';
import { isPlanning } from '../../core/naming.ts';
import type { Executions, Workflow } from '../ports.ts';
import type { SweepExecutions } from '../sweep-ports.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { awsErrorName, calling, type ErrorTable } from './aws-errors.ts';

export interface ExecutionsOptions {
  readonly stateMachineArns: Readonly<Record<Workflow, string>>;
  readonly client?: SFNClient;
}

const ERRORS: ErrorTable = { StateMachineDoesNotExist: 'InvalidSettings' };

type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE' | undefined;

/** The workflows' executions in Step Functions. */
export function stepFunctionsExecutions(options: ExecutionsOptions): Executions {
  const { stateMachineArns, client = new SFNClient(CLIENT_OPTIONS) } = options;
  return {
    start: (workflow, name, input) =>
      calling(`StartExecution ${workflow} ${name}`, ERRORS, async () => {
        try {
          await client.send(
            new StartExecutionCommand({
              stateMachineArn: stateMachineArns[workflow],
              name,
              input: JSON.stringify(input),
            }),
          );
          return 'started';
        } catch (error) {
          if (awsErrorName(error) === 'ExecutionAlreadyExists') return 'exists';
          throw error;
        }
      }),
    isDoneOrRunning: async (workflow, name) => {
      const status = await statusOf(client, executionArnOf(stateMachineArns[workflow], name));
      return status === 'SUCCEEDED' || status === 'RUNNING' || status === 'PENDING_REDRIVE';
    },
    isRunning: isRunning(client),
  };
}

/** Only whether executions run: for functions that start none, so that they need not know the workflows. */
export const runningExecutions = (client = new SFNClient(CLIENT_OPTIONS)): Pick<Executions, 'isRunning'> => ({
  isRunning: isRunning(client),
});

const isRunning = (client: SFNClient) => async (execution: ExecutionArn) => {
  const status = await statusOf(client, execution);
  return status === 'RUNNING' || status === 'PENDING_REDRIVE';
};

/** Undefined: no such execution; Step Functions forgets them 90 days after their end. */
const statusOf = (client: SFNClient, execution: ExecutionArn): Promise<Status> =>
  calling(`DescribeExecution ${execution}`, ERRORS, async () => {
    try {
      return (await client.send(new DescribeExecutionCommand({ executionArn: execution }))).status;
    } catch (error) {
      if (awsErrorName(error) === 'ExecutionDoesNotExist') return undefined;
      throw error;
    }
  });

/** Executions of the caller's own workflow. */
export const sweepExecutions = (client = new SFNClient(CLIENT_OPTIONS)): SweepExecutions => ({
  others: (execution) =>
    calling(`ListExecutions beside ${execution}`, ERRORS, async () => {
      const command = new ListExecutionsCommand({
        stateMachineArn: stateMachineArnOf(execution),
        statusFilter: 'RUNNING',
      });
      const { executions = [] } = await client.send(command);
      return executions
        .filter(({ executionArn: arn, name = '' }) => arn !== execution && !isPlanning(name))
        .map(({ startDate }) => ({ startedAt: startDate?.getTime() ?? 0 }));
    }),
});

const stateMachineArnOf = (execution: ExecutionArn): string =>
  execution.replace(':execution:', ':stateMachine:').replace(/:[^:]*$/, '');

/** `…:stateMachine:<machine>` and a name make `…:execution:<machine>:<name>`. */
const executionArnOf = (stateMachineArn: string, name: string): ExecutionArn =>
  executionArn(`${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`);
