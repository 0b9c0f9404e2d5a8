import type { ExecutionClock } from '../../../sandbox/asl/surroundings.ts';

/** Time that jumps to the next sleeper whenever nothing else is left to do. */
export function virtualClock(
  start = Date.parse('2026-01-01T00:00:00Z'),
): ExecutionClock & { slept: number[] } {
  let now = start;
  let sleepers: { due: number; wake: () => void }[] = [];
  let scheduled = false;
  const slept: number[] = [];

  function pump(): void {
    if (scheduled || sleepers.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      sleepers.sort((a, b) => a.due - b.due);
      const next = sleepers.shift();
      if (!next) return;
      now = Math.max(now, next.due);
      next.wake();
      pump();
    });
  }

  return {
    slept,
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const began = now;
        const sleeper = {
          due: now + milliseconds,
          wake: () => {
            slept.push(now - began);
            resolve();
          },
        };
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal.reason);
        });
        sleepers.push(sleeper);
        pump();
      }),
  };
}
