/** Runs one execution of a Standard workflow. Pure: time, chance and tasks come from outside. */
import type { Definition } from './definition.ts';
import { StateError } from './errors.ts';
import { createHistory, type HistoryEvent } from './history.ts';
import { toJson } from './json.ts';
import { runMachine } from './run-state.ts';
import type {
  ExecutionClock,
  ExecutionContext,
  InvokeTask,
  MapRun,
  Outcome,
  StartMapRun,
} from './surroundings.ts';
import { limited } from './template.ts';

export interface RunOptions {
  readonly definition: Definition;
  readonly input: unknown;
  readonly context: ExecutionContext;
  readonly clock: ExecutionClock;
  /** 0 to 1, exclusive: jitter, `$random`, `$uuid`. */
  readonly random: () => number;
  readonly invokeTask: InvokeTask;
  /** @default child executions are run, and no one else hears of them */
  readonly startMapRun?: StartMapRun;
  readonly onHistory?: (event: HistoryEvent) => void;
  /** Fires when the execution is stopped. */
  readonly signal?: AbortSignal;
}

export type { Outcome };

/** Runs to the end. Rejects only where the interpreter itself is at fault. */
export async function runExecution(options: RunOptions): Promise<Outcome> {
  const { definition, context, clock, random, invokeTask } = options;
  const signal = options.signal ?? new AbortController().signal;
  const history = createHistory(clock.now, options.onHistory);
  const trail = { last: 0 };
  const input = toJson(options.input);
  const startMapRun = options.startMapRun ?? ((label, child) => mapRunOf(options, label, child));
  const engine = { context: { ...context, input }, clock, random, invokeTask, startMapRun, history };
  try {
    history.add(trail, 'ExecutionStarted', {
      executionStartedEventDetails: { input: JSON.stringify(input), roleArn: context.roleArn },
    });
    limited('The input', input);
    const output = await runMachine(engine, definition, input, { values: new Map() }, trail, signal);
    history.end(trail, 'ExecutionSucceeded', {
      executionSucceededEventDetails: { output: JSON.stringify(output) },
    });
    return { status: 'SUCCEEDED', output };
  } catch (error) {
    if (signal.aborted) {
      history.end(trail, 'ExecutionAborted');
      return { status: 'ABORTED' };
    }
    if (!(error instanceof StateError)) throw error;
    const failure = { error: error.name, cause: error.message };
    history.end(trail, 'ExecutionFailed', { executionFailedEventDetails: failure });
    return { status: 'FAILED', ...failure };
  }
}

function mapRunOf(options: RunOptions, label: string, definition: Definition): MapRun {
  const { context, clock } = options;
  let started = 0;
  return {
    arn: childArn(context.executionArn, 'mapRun', label, '0'),
    run: (input, signal) => {
      started += 1;
      const name = String(started);
      return runExecution({
        ...options,
        definition,
        input,
        context: {
          ...context,
          executionArn: childArn(context.executionArn, 'execution', label, name),
          name,
          startTime: new Date(clock.now()).toISOString(),
          stateMachineArn: `${context.stateMachineArn}/${label}`,
        },
        onHistory: () => {},
        signal,
      });
    },
  };
}

/** `arn:<partition>:states:<region>:<account>:<kind>:<state machine>/<label>:<name>`. */
export function childArn(
  parentArn: string,
  kind: 'execution' | 'mapRun',
  label: string,
  name: string,
): string {
  const [arn, partition, service, region, accountId, , machine] = parentArn.split(':');
  return [arn, partition, service, region, accountId, kind, `${machine}/${label}`, name].join(':');
}
