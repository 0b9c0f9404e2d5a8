/**
 * When the factory stops putting something right that others keep changing back: IaC that knows another trust policy or
 * client id list, or a person. The count lives in the role's ledger entry, that of the provider in the account's record.
 */

/** How often something that was right had to be put right, and when last. */
export interface Reverts {
  readonly count: number;
  /** ISO 8601. */
  readonly lastAt: string;
}

/** After so many rounds the factory stands back. */
export const MAX_ROUNDS = 2;
/** Quiet for so long, and the count begins anew. Beside it, only `oidc-factory retry` resets it. */
export const QUIET_DAYS = 30;

/** One more round. */
export const countRevert = (before: Reverts | undefined, now: number): Reverts => ({
  count: before !== undefined && isRecent(before, now) ? before.count + 1 : 1,
  lastAt: new Date(now).toISOString(),
});

/** Whether the last round that was counted is one too many. */
export const isContested = (reverts: Reverts | undefined, now: number): boolean =>
  reverts !== undefined && reverts.count > MAX_ROUNDS && isRecent(reverts, now);

/** Whether one more round would be one too many. */
export const isExhausted = (reverts: Reverts | undefined, now: number): boolean =>
  isContested(countRevert(reverts, now), now);

/** Negated, so that an unreadable time counts as recent: then the factory rather stands back. */
const isRecent = ({ lastAt }: Reverts, now: number): boolean =>
  !(now - Date.parse(lastAt) >= QUIET_DAYS * 86_400_000);
