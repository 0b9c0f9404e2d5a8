/** A state machine definition as the interpreter sees it; parse-definition.ts reads it. */
import type { Template } from './template.ts';

export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly backoffRate: number;
  readonly maxAttempts: number;
  readonly maxDelaySeconds: number;
  /** A random share of the pause instead of all of it. */
  readonly fullJitter: boolean;
}

/** What a state leaves behind. Absent output: the default of its type. */
export interface Leaving {
  readonly output: Template | undefined;
  readonly assign: Template | undefined;
  /** Names that `assign` gives values to. */
  readonly variables: readonly string[];
}

export interface Catcher extends Leaving {
  readonly errorEquals: readonly string[];
  readonly next: string;
}

export interface Choice extends Leaving {
  readonly condition: Template;
  readonly next: string;
}

interface Common extends Leaving {
  readonly name: string;
  /** Undefined: this state ends its machine or branch. */
  readonly next: string | undefined;
}

interface Guarded extends Common {
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

export interface TaskState extends Guarded {
  readonly type: 'Task';
  readonly arguments: Template | undefined;
  readonly resource: string;
  readonly timeoutSeconds: Template | undefined;
}

export interface ParallelState extends Guarded {
  readonly type: 'Parallel';
  readonly arguments: Template | undefined;
  readonly branches: readonly Machine[];
}

export interface MapState extends Guarded {
  readonly type: 'Map';
  /** Absent: the state's input. */
  readonly items: Template | undefined;
  /** What an iteration gets; absent: its item. */
  readonly itemSelector: Template | undefined;
  readonly processor: Machine;
  /** 0: as many at once as the mode allows. */
  readonly maxConcurrency: Template;
  /** Each item as an execution of its own; undefined: all of them within this one. */
  readonly distributed: Distribution | undefined;
}

export interface Distribution {
  /** In the names of Map Runs and child executions. */
  readonly label: string;
  /** Failed items that do not fail the Map Run; with neither, none. */
  readonly tolerated: {
    readonly count: Template | undefined;
    readonly percentage: Template | undefined;
  };
}

export interface WaitState extends Common {
  readonly type: 'Wait';
  readonly until: { readonly unit: 'Seconds' | 'Timestamp'; readonly value: Template };
}

export interface ChoiceState extends Common {
  readonly type: 'Choice';
  readonly choices: readonly Choice[];
}

export interface FailState extends Common {
  readonly type: 'Fail';
  readonly error: Template | undefined;
  readonly cause: Template | undefined;
}

export interface PlainState extends Common {
  readonly type: 'Pass' | 'Succeed';
}

export type State = TaskState | ParallelState | MapState | WaitState | ChoiceState | FailState | PlainState;

/** States and where they start: the whole definition, a branch of a Parallel state, or what a Map does per item. */
export interface Machine {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

export type Definition = Machine;

/** Step Functions' longest wait or timeout. */
export const MAX_SECONDS = 99_999_999;

/** Whether a value is a duration that Step Functions takes. */
export const isSeconds = (value: unknown, min: number): value is number =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= MAX_SECONDS;
