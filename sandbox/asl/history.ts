import type { State } from './definition.ts';
import { StateError } from './errors.ts';
import type { Json } from './json.ts';

/** One event as GetExecutionHistory lists it; `details` holds the one member that goes with its type. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Where a machine or branch stands in the history. */
export interface Trail {
  last: number;
}

export interface History {
  add(trail: Trail, type: string, details?: Readonly<Record<string, unknown>>): void;
  entered(trail: Trail, state: State, input: Json): void;
  exited(trail: Trail, state: State, output: Json, assigned: Json | undefined): void;
  /** The last event of all; there is always room for it. */
  end(trail: Trail, type: string, details?: Readonly<Record<string, unknown>>): void;
}

/** Step Functions' quota for a Standard execution. */
export const MAX_EVENTS = 25_000;

/** Fails with States.Runtime where only the last event has room left. */
export function createHistory(
  now: () => number,
  onEvent: ((event: HistoryEvent) => void) | undefined,
): History {
  let id = 0;
  const add: History['add'] = (trail, type, details) => {
    if (id < MAX_EVENTS - 1) return end(trail, type, details);
    throw new StateError('States.Runtime', `The execution has reached ${MAX_EVENTS} history events`);
  };
  const end: History['end'] = (trail, type, details = {}) => {
    id += 1;
    onEvent?.({ id, previousEventId: trail.last, type, timestamp: now(), details });
    trail.last = id;
  };
  return {
    add,
    end,
    entered: (trail, state, input) =>
      add(trail, `${state.type}StateEntered`, {
        stateEnteredEventDetails: { name: state.name, input: JSON.stringify(input) },
      }),
    exited: (trail, state, output, assigned) =>
      add(trail, `${state.type}StateExited`, {
        stateExitedEventDetails: {
          name: state.name,
          output: JSON.stringify(output),
          ...(assigned !== undefined && { assignedVariables: textOf(assigned) }),
        },
      }),
  };
}

const textOf = (assigned: Json): Record<string, string> =>
  Object.fromEntries(
    Object.entries(assigned as object).map(([name, value]) => [name, JSON.stringify(value)]),
  );
