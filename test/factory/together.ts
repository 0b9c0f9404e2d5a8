import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll } from 'vitest';

/** A function may run for three seconds of real time here: not all cold starts at once. */
const APART_MS = 150;

/**
 * Plays scenarios side by side: most of their time is waiting. They start once the factory runs; each test then asks
 * for the outcome of its own.
 */
export function together(
  scenarios: Readonly<Record<string, () => Promise<void>>>,
): (name: string) => Promise<void> {
  const outcomes = new Map<string, Promise<void>>();
  beforeAll(() => {
    for (const [index, [name, play]] of Object.entries(scenarios).entries()) {
      const outcome = delay(index * APART_MS).then(play);
      // Its own test tells of a failure.
      outcome.catch(() => undefined);
      outcomes.set(name, outcome);
    }
  });
  return async (name) => {
    if (!outcomes.has(name)) throw new Error(`There is no scenario ${name}`);
    await outcomes.get(name);
  };
}
