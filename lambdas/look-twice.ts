import type { Clock } from './ports.ts';
import type { HandlerSettings } from './settings.ts';

/** One 404 of the directory proves nothing, since replicas differ: looks again before it answers undefined. */
export async function lookTwice<T>(
  clock: Clock,
  { secondLookSeconds }: Pick<HandlerSettings, 'secondLookSeconds'>,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const found = await look();
  if (found !== undefined) return found;
  await clock.sleep(secondLookSeconds * 1000);
  return look();
}
