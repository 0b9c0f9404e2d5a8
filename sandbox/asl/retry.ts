/** Retry and Catch around a state's work. */
import type { MapState, ParallelState, Retrier, TaskState } from './definition.ts';
import { matches, StateError } from './errors.ts';
import { type Engine, type Left, leave, type Visit } from './visit.ts';

/**
 * Repeats `work` as the first matching retrier says; when it is used up, leaves by the first matching catcher. An
 * error in Arguments, Output or Assign counts as the state's own.
 */
export async function withErrorRules(
  engine: Engine,
  state: TaskState | ParallelState | MapState,
  visit: Visit,
  work: () => Promise<Left>,
): Promise<Left> {
  const used = new Map<Retrier, number>();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StateError) || visit.signal.aborted) throw error;
      const retrier = state.retry.find(({ errorEquals }) => matches(errorEquals, error));
      const attempts = retrier === undefined ? 0 : (used.get(retrier) ?? 0);
      if (retrier && attempts < retrier.maxAttempts) {
        used.set(retrier, attempts + 1);
        await engine.clock.sleep(pause(retrier, attempts, engine.random) * 1000, visit.signal);
        visit.retries += 1;
        continue;
      }
      const catcher = state.catch.find(({ errorEquals }) => matches(errorEquals, error));
      if (!catcher) throw error;
      const errorOutput = { Error: error.name, Cause: error.message };
      return leave(engine, state, visit, catcher, errorOutput, { errorOutput });
    }
  }
}

/** Seconds before the next attempt. Full jitter draws from nothing to the whole pause. */
function pause(retrier: Retrier, attempts: number, random: () => number): number {
  const { intervalSeconds, backoffRate, maxDelaySeconds, fullJitter } = retrier;
  const whole = Math.min(intervalSeconds * backoffRate ** attempts, maxDelaySeconds);
  return fullJitter ? whole * random() : whole;
}
