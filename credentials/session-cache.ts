/** Keeps one session and renews it in time, however many ask for it. */
import type { Ports } from './ports.ts';

export interface Session<Identity> {
  readonly identity: Identity;
  /** By the clock of the workload, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The SDK's clients ask again from here on, so that a renewal must not come later. */
const EARLY_MS = 5 * 60_000;
/** Earlier by up to this: many workloads that were started at once are not to renew at once. */
const EARLY_JITTER_MS = 60_000;
/** After a renewal that failed, while the old session lasts. */
const PAUSE_MS = 30_000;

/**
 * Answers the identity of the current session. The first caller, and whoever comes after the session's end, waits
 * for a new one; from five to six minutes before the end callers go on with the old one while a renewal runs. One
 * attempt runs at a time, for all. A renewal that fails is told to `onRenewalFailure` and tried again half a minute
 * later; once the session has ended, callers get the error.
 */
export function cacheSession<Identity>(
  start: () => Promise<Session<Identity>>,
  { now, random }: Ports,
  onRenewalFailure: (error: unknown) => void,
): () => Promise<Identity> {
  let current: (Session<Identity> & { readonly since: number }) | undefined;
  let running: Promise<Identity> | undefined;
  /** No new attempt before, while there is a session. */
  let nextAttempt = 0;

  async function renew(): Promise<Identity> {
    const since = now();
    try {
      current = { ...(await start()), since };
      nextAttempt = current.expiresAt - EARLY_MS - random() * EARLY_JITTER_MS;
      return current.identity;
    } catch (error) {
      nextAttempt = now() + PAUSE_MS * (0.5 + random() / 2);
      throw error;
    }
  }

  /** Of a clock that was set back nobody can say how much of the session is left. */
  const lasts = (at: number) => current !== undefined && current.since <= at && at < current.expiresAt;

  return async () => {
    const at = now();
    const session = lasts(at) ? current : undefined;
    if (session && at < nextAttempt) return session.identity;
    if (!running) {
      running = renew().finally(() => {
        running = undefined;
      });
      // Whoever has a session does not wait for this one, and must not be ended by its failure.
      if (session) running.catch(onRenewalFailure);
    }
    return session ? session.identity : running;
  };
}
