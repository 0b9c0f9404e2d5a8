import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxTime } from './cloud.ts';

/** The longest delay that a timer takes, in milliseconds; a longer one would fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * Real time for stamps and signatures; waits of the product take `scale` times as long (0.01: a hundredth). A sleep
 * rejects with an AbortError when its signal fires.
 */
export function createTime(scale: number): SandboxTime {
  if (!(scale > 0 && Number.isFinite(scale))) throw new RangeError(`time scale: expected > 0, got ${scale}`);
  return {
    scale,
    now: () => Date.now(),
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      for (let left = milliseconds * scale; left > 0; left -= MAX_DELAY) {
        await delay(Math.min(left, MAX_DELAY), undefined, signal && { signal });
      }
    },
  };
}
