/** What the guard says on a role, in IAM's tag alphabet. */
import { tagValue } from '../tags.ts';
import { bySeverity, isOpen, type TrackedFinding } from './findings.ts';

/** The one tag that the guard sets. It is said, never read back as truth. */
export const GUARD_TAG = 'oidc-factory:guard';

const RESOLVED = 'nothing found any more';

/** `WI01 critical WI07 medium`, the worst first; after `quarantined:` while the guard's own policy is attached. */
export function guardTag(findings: readonly TrackedFinding[], isQuarantined: boolean): string {
  const open = findings
    .filter(isOpen)
    .sort(bySeverity)
    .map(({ rule, severity }) => `${rule} ${severity}`);
  const found = open.length > 0 ? open.join(' ') : RESOLVED;
  return tagValue(isQuarantined ? `quarantined: ${found}` : found);
}
