/** What an execution needs of the outside. */

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
