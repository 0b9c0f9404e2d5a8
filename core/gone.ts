/** When an incarnation of a role counts as gone. Deleting on doubt would break a living role, so it must be proven. */
import type { RoleId } from './ids.ts';
import type { LedgerEntry } from './ledger-entry.ts';

export type GoneProof = 'deleted' | 'replaced' | 'missing-twice';

export type GoneDecision =
  | { readonly kind: 'gone'; readonly reason: GoneProof }
  /** Not found, but once may be a stale read. Look again when `lookAgainSeconds` have passed since then. */
  | { readonly kind: 'look-again'; readonly missingSince: string }
  /** IAM may still show an older state: ask again later. */
  | { readonly kind: 'not-settled' }
  /**
   * This very incarnation exists. `contradicts`: although an event says that it was deleted, which is a failure;
   * otherwise the event was about an earlier incarnation, or there was none, and nothing is wrong.
   */
  | { readonly kind: 'still-exists'; readonly contradicts: boolean };

/**
 * Decides from one look at IAM. `deletedAt` is the time of the DeleteRole event (null where none is at hand),
 * `missingSince` when an earlier look first found no role; times are ISO 8601, `now` milliseconds since the epoch.
 */
export function proveGone(question: {
  readonly entry: Pick<LedgerEntry, 'roleId' | 'roleCreatedAt' | 'createdAt'>;
  readonly observed: { readonly roleId: RoleId; readonly createdAt: string } | undefined;
  readonly deletedAt: string | null;
  readonly missingSince: string | undefined;
  readonly now: number;
  readonly lookAgainSeconds: number;
  readonly settleSeconds: number;
}): GoneDecision {
  const { entry, observed, now, settleSeconds } = question;
  // The ledger entry is younger than its role, so its time is a safe stand-in where the role's was never recorded.
  const createdAt = wholeSeconds(entry.roleCreatedAt ?? entry.createdAt);
  const deletedAt = question.deletedAt === null ? undefined : wholeSeconds(question.deletedAt);
  // IAM keeps whole seconds: within one second, the event may be an earlier incarnation's.
  const eventIsOurs = deletedAt !== undefined && deletedAt > createdAt;
  // Negated, so that an unreadable time counts as young and proves nothing.
  const isYoung = (time: number) => !(now - time >= settleSeconds * 1000);

  if (observed?.roleId === entry.roleId) {
    const mayBeOurs = deletedAt !== undefined && deletedAt >= createdAt;
    if (mayBeOurs && isYoung(deletedAt)) return { kind: 'not-settled' };
    return { kind: 'still-exists', contradicts: eventIsOurs };
  }
  if (eventIsOurs) return { kind: 'gone', reason: 'deleted' };
  if (observed !== undefined) {
    // A stale read may show the incarnation before ours. A later one can only exist because ours is gone.
    const isLater = wholeSeconds(observed.createdAt) > createdAt;
    return isLater || !isYoung(createdAt) ? { kind: 'gone', reason: 'replaced' } : { kind: 'not-settled' };
  }
  const missingSince = question.missingSince ?? new Date(now).toISOString();
  const missingFor = now - Date.parse(missingSince);
  if (question.missingSince !== undefined && missingFor >= question.lookAgainSeconds * 1000) {
    return { kind: 'gone', reason: 'missing-twice' };
  }
  return { kind: 'look-again', missingSince };
}

const wholeSeconds = (time: string): number => Math.floor(Date.parse(time) / 1000) * 1000;
