import type { HistoryEvent } from '../../../sandbox/asl/history.ts';
import { parseDefinition } from '../../../sandbox/asl/parse-definition.ts';
import { type Outcome, runExecution } from '../../../sandbox/asl/run-execution.ts';
import type { InvokeTask } from '../../../sandbox/asl/surroundings.ts';
import { virtualClock } from './virtual-clock.ts';

export const CONTEXT = {
  executionArn: 'arn:aws:states:us-east-1:111122223333:execution:machine:run-1',
  name: 'run-1',
  startTime: '2026-01-01T00:00:00.000Z',
  stateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:machine',
};

export const machine = (states: object, startAt = Object.keys(states)[0]): object => ({
  QueryLanguage: 'JSONata',
  StartAt: startAt,
  States: states,
});

export interface Ran {
  readonly outcome: Outcome;
  /** What was waited for, in milliseconds: waits and retry pauses. */
  readonly slept: readonly number[];
  readonly events: readonly HistoryEvent[];
}

/** Runs a definition on virtual time. `random` defaults to 0.5. */
export async function run(
  definition: object,
  options: { input?: unknown; task?: InvokeTask; random?: () => number; signal?: AbortSignal } = {},
): Promise<Ran> {
  const clock = virtualClock();
  const events: HistoryEvent[] = [];
  const outcome = await runExecution({
    definition: parseDefinition(definition),
    input: options.input ?? {},
    context: CONTEXT,
    clock,
    random: options.random ?? (() => 0.5),
    invokeTask: options.task ?? (async () => null),
    onHistory: (event) => events.push(event),
    ...(options.signal && { signal: options.signal }),
  });
  return { outcome, slept: clock.slept, events };
}

/** A task that fails with these error names in turn, then answers. */
export function failing(names: readonly string[], answer: unknown = 'done'): InvokeTask {
  const left = [...names];
  return async () => {
    const name = left.shift();
    if (name === undefined) return answer;
    throw Object.assign(new Error(`cause of ${name}`), { name });
  };
}
