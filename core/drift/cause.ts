/** Whether what a run has failed of is gone, as far as an observation shows. */
import { verificationProblems } from '../application.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { FactorySettings } from '../settings.ts';
import type { Account } from './account.ts';
import type { SeenApplication, SeenRole } from './observation.ts';

interface Evidence {
  readonly entry: LedgerEntry;
  readonly role: SeenRole | undefined;
  readonly application: SeenApplication | undefined;
  readonly settings: FactorySettings;
  /** Whether Entra answered. */
  readonly isDirectorySeen: boolean;
  readonly isDirectoryFull: boolean;
  /** Whether the run failed long ago. */
  readonly isOld: boolean;
}

export const evidenceOf = (
  { seen, settings, applications, byObjectId }: Account,
  entry: LedgerEntry,
  role: SeenRole | undefined,
  isOld: boolean,
): Evidence => ({
  entry,
  role,
  application: entry.applicationObjectId && byObjectId.get(entry.applicationObjectId),
  settings,
  isDirectorySeen: applications !== undefined,
  isDirectoryFull: seen.isDirectoryFull,
  isOld,
});

const yes = () => true;

/**
 * Codes that inspection finds by itself need no evidence: the planner asks it, and only where it fails with nothing does
 * this table count. Codes that are not in it need a person: `oidc-factory retry`.
 */
const IS_GONE: Partial<Record<ErrorCode, (evidence: Evidence) => boolean>> = {
  ProviderMissing: yes,
  ProviderFull: yes,
  RoleCapReached: yes,
  DirectoryQuotaExceeded: ({ isDirectoryFull }) => !isDirectoryFull,
  TrustPolicyTooLong: yes,
  TrustPolicyUnreadable: yes,
  SeveralTenantProviders: yes,
  SubjectNotPinnable: yes,
  FederatedCredentialRefused: yes,
  ConsentWithdrawn: yes,
  RoleGone: yes,
  Contested: yes,
  // IAM: at most 50 tags. The factory needs five.
  RoleNotTaggable: ({ role }) => role !== undefined && Object.keys(role.tags).length <= 45,
  // The member roles are one stack's, and the one that observes could be assumed.
  MemberRoleNotAssumable: ({ isOld }) => isOld,
  DirectoryLoginFailed: ({ isDirectorySeen }) => isDirectorySeen,
  ApplicationTampered: ({ application, entry, settings }) =>
    verificationProblems(application, application?.servicePrincipal, entry, settings).length === 0,
};

/** Of an entry with an error. What passes by itself has had its time once the entry is old. */
export function isCauseGone(code: ErrorCode, evidence: Evidence): boolean {
  if (ERRORS[code].class === 'transient') return evidence.isOld;
  return IS_GONE[code]?.(evidence) ?? false;
}
