/** One execution of a state machine, running or ended. */
import type {
  DescribeExecutionOutput,
  ExecutionStatus,
  HistoryEvent as SdkHistoryEvent,
} from '@aws-sdk/client-sfn';
import type { HistoryEvent } from '../asl/history.ts';
import { runExecution } from '../asl/run-execution.ts';
import type { ExecutionClock, InvokeTask, Outcome, StartMapRun } from '../asl/surroundings.ts';
import type { SandboxTime } from '../cloud.ts';
import type { StateMachine } from './states-machine.ts';

export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly machine: StateMachine;
  readonly input: string;
  readonly startDate: Date;
  /** Of a child execution. */
  readonly mapRunArn: string | undefined;
  /** Fulfilled when it has ended, however it ended. */
  readonly ended: Promise<Outcome>;
  readonly status: ExecutionStatus;
  stop(error: string | undefined, cause: string | undefined): Promise<Date>;
  describe(): DescribeExecutionOutput;
  history(): readonly SdkHistoryEvent[];
}

export interface ExecutionOptions {
  readonly arn: string;
  readonly name: string;
  readonly machine: StateMachine;
  readonly input: string;
  readonly time: SandboxTime;
  readonly random: () => number;
  readonly invokeTask: InvokeTask;
  readonly startMapRun: StartMapRun;
  readonly mapRunArn?: string;
}

/** Starts at once. */
export function startExecution(options: ExecutionOptions): Execution {
  const { arn, name, machine, input, time, mapRunArn } = options;
  const startDate = new Date(time.now());
  const events: HistoryEvent[] = [];
  const abort = new AbortController();
  let stopDate: Date | undefined;
  let outcome: Outcome | undefined;
  let stopped: { error: string | undefined; cause: string | undefined } | undefined;

  const status = (): ExecutionStatus => outcome?.status ?? 'RUNNING';
  const run = async (): Promise<Outcome> => {
    outcome = await runExecution({
      definition: machine.definition,
      input: JSON.parse(input),
      context: {
        executionArn: arn,
        name,
        startTime: startDate.toISOString(),
        stateMachineArn: machine.arn,
        roleArn: machine.roleArn,
      },
      clock: clockOf(time),
      random: options.random,
      invokeTask: options.invokeTask,
      startMapRun: options.startMapRun,
      onHistory: (event) => events.push(event),
      signal: abort.signal,
    }).catch(
      (error: unknown): Outcome => ({
        // A defect of the interpreter or of a task: shown where everyone looks, and nothing can catch it.
        status: 'FAILED',
        error: 'States.Runtime',
        cause: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    );
    stopDate = new Date(time.now());
    return outcome;
  };
  const ended = run();

  return {
    arn,
    name,
    machine,
    input,
    startDate,
    mapRunArn,
    ended,
    get status() {
      return status();
    },
    async stop(error, cause) {
      if (!outcome) stopped ??= { error, cause };
      abort.abort();
      await ended;
      return stopDate ?? new Date(time.now());
    },
    describe: () => ({
      executionArn: arn,
      stateMachineArn: machine.arn,
      name,
      status: status(),
      startDate,
      input,
      inputDetails: { included: true },
      redriveCount: 0,
      ...(mapRunArn !== undefined && { mapRunArn }),
      ...(stopDate && { stopDate }),
      ...(outcome && result(outcome, stopped)),
    }),
    history: () => events.map(shown),
  };
}

const result = (outcome: Outcome, stopped: object | undefined): Partial<DescribeExecutionOutput> => {
  switch (outcome.status) {
    case 'SUCCEEDED':
      return { output: JSON.stringify(outcome.output), outputDetails: { included: true } };
    case 'FAILED':
      return { error: outcome.error, cause: outcome.cause };
    case 'ABORTED':
      return stopped ?? {};
  }
};

const shown = ({ id, previousEventId, type, timestamp, details }: HistoryEvent): SdkHistoryEvent => ({
  id,
  previousEventId,
  type: type as NonNullable<SdkHistoryEvent['type']>,
  timestamp: new Date(timestamp),
  ...details,
});

/** Seconds of the definition are the product's time; timestamps in it are real, made from values scaled already. */
const clockOf = (time: SandboxTime): ExecutionClock => ({
  now: time.now,
  sleep: time.sleep,
  sleepUntil: (timestamp, signal) => time.sleep((timestamp - time.now()) / time.scale, signal),
});
