import { CredentialsError } from './errors.ts';
import type { Ports } from './ports.ts';

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/**
 * Tries again what fails with a retryable error: exponential backoff with full jitter, at most sixteen seconds of
 * pauses. STS itself advises it where it cannot fetch the issuer's keys.
 */
export async function retrying<T>(attempt: () => Promise<T>, { random, sleep }: Ports): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof CredentialsError && error.retryable) || failures === ATTEMPTS) throw error;
      await sleep(random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)));
    }
  }
}
