import type { Clock } from './ports.ts';

/** Between the two looks: replicas of the directory differ for seconds. */
const PAUSE_MS = 3000;

/** One 404 of the directory proves nothing: looks again, a few seconds later, before it answers undefined. */
export async function lookTwice<T>(clock: Clock, look: () => Promise<T | undefined>): Promise<T | undefined> {
  const found = await look();
  if (found !== undefined) return found;
  await clock.sleep(PAUSE_MS);
  return look();
}
