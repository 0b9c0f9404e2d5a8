/** What an execution needs of the outside. */
import type { Definition } from './definition.ts';
import type { Json } from './json.ts';

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

export type Outcome =
  | { readonly status: 'SUCCEEDED'; readonly output: Json }
  | { readonly status: 'FAILED'; readonly error: string; readonly cause: string }
  | { readonly status: 'ABORTED' };

/** One visit to a Distributed Map. */
export interface MapRun {
  readonly arn: string;
  /** One item: an execution of its own, which the signal stops. */
  run(input: Json, signal: AbortSignal): Promise<Outcome>;
}

/** `definition`: what each child execution runs. */
export type StartMapRun = (label: string, definition: Definition) => MapRun;
