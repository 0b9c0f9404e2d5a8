/** Runs one execution of a Standard workflow. Pure: time, chance and tasks come from outside. */
import type { Definition } from './definition.ts';
import { StateError } from './errors.ts';
import { createHistory, type HistoryEvent } from './history.ts';
import { type Json, toJson } from './json.ts';
import { runMachine } from './run-state.ts';
import { limited } from './template.ts';

export interface ExecutionClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Waits and backoff; rejects when the signal fires. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Until a moment of `now`'s time; give it where `sleep` runs at another speed. Default: sleeps the difference. */
  sleepUntil?(timestamp: number, signal?: AbortSignal): Promise<void>;
}

/** What `$states.context` tells of the execution. */
export interface ExecutionContext {
  readonly executionArn: string;
  readonly name: string;
  /** ISO 8601. */
  readonly startTime: string;
  readonly stateMachineArn: string;
  readonly roleArn?: string;
}

/**
 * Performs a task and answers its result, plain JSON. Rejects with an object whose `name` is the error name and
 * whose `message` is the cause. The signal fires on a timeout, on a failed sibling branch and on a stop.
 */
export type InvokeTask = (resource: string, args: unknown, signal: AbortSignal) => Promise<unknown>;

export interface RunOptions {
  readonly definition: Definition;
  readonly input: unknown;
  readonly context: ExecutionContext;
  readonly clock: ExecutionClock;
  /** 0 to 1, exclusive: jitter, `$random`, `$uuid`. */
  readonly random: () => number;
  readonly invokeTask: InvokeTask;
  readonly onHistory?: (event: HistoryEvent) => void;
  /** Fires when the execution is stopped. */
  readonly signal?: AbortSignal;
}

export type Outcome =
  | { readonly status: 'SUCCEEDED'; readonly output: Json }
  | { readonly status: 'FAILED'; readonly error: string; readonly cause: string }
  | { readonly status: 'ABORTED' };

/** Runs to the end. Rejects only where the interpreter itself is at fault. */
export async function runExecution(options: RunOptions): Promise<Outcome> {
  const { definition, context, clock, random, invokeTask } = options;
  const signal = options.signal ?? new AbortController().signal;
  const history = createHistory(clock.now, options.onHistory);
  const trail = { last: 0 };
  const input = toJson(options.input);
  const engine = { context: { ...context, input }, clock, random, invokeTask, history };
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
