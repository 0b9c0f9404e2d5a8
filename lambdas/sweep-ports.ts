/** What a sweep needs of the outside, beside what all functions have. */
import type { AccountAccess } from '../core/access.ts';
import type { SeenApplication, SeenRole } from '../core/drift/observation.ts';
import type { AccountId, AppObjectId, ExecutionArn, ProviderArn, RoleName } from '../core/ids.ts';
import type { LedgerEntry } from '../core/ledger-entry.ts';
import type { AccountFindings, OrganizationAccount, SweepReport } from '../core/sweep.ts';
import type { ProviderView, RoleView } from './ports.ts';

export interface OrganizationAccounts {
  /** All of them, 20 a call. OrganizationForbidden. */
  accounts(): Promise<readonly OrganizationAccount[]>;
}

/** What Graph lists of the factory's applications; by tag, so nothing is sure of what it lacks. */
export interface DirectorySurvey {
  /** Three calls for each 999 applications; one more for each without a listed service principal. One where there is none. */
  applicationsOf(accountId: AccountId): Promise<readonly SeenApplication[]>;
  /** By its id, whatever its tags. Three calls. */
  application(objectId: AppObjectId): Promise<SeenApplication | undefined>;
  /** Of a service principal of any kind, managed identities among them. */
  hasPrincipal(objectId: string): Promise<boolean>;
}

/** A role as ListRoles shows it: without tags. */
export type ListedRole = Pick<RoleView, 'roleName' | 'roleId' | 'trustPolicy'>;

/** A session of the inspect member role, for looking at the whole account. */
export interface AccountSurvey {
  /** 200 a call. */
  roles(): Promise<readonly ListedRole[]>;
  getRole(roleName: RoleName): Promise<(RoleView & Pick<SeenRole, 'lastUsedAt'>) | undefined>;
  providerArns(): Promise<readonly string[]>;
  getProvider(providerArn: ProviderArn): Promise<ProviderView | undefined>;
}

/** Opening a session fails with MemberRoleNotAssumable. */
export interface SurveyedAccounts {
  survey(accountId: AccountId): Promise<AccountSurvey>;
}

export interface SweepExecutions {
  /** Sweeps that run, but this one. `startedAt`: milliseconds since the epoch. */
  others(execution: ExecutionArn): Promise<readonly { readonly startedAt: number }[]>;
}

export interface AccountLedger {
  /** Every entry of the account; may lag by seconds. */
  entriesOf(accountId: AccountId): Promise<readonly LedgerEntry[]>;
}

/** What sweeps leave behind. */
export interface SweepRecords {
  /** Replaces what this sweep has found of the account before. */
  found(sweepId: string, findings: AccountFindings, now: string): Promise<void>;
  /** Of one sweep. */
  findingsOf(sweepId: string): Promise<readonly AccountFindings[]>;
  report(report: SweepReport): Promise<void>;
  /** Who gets into the account's roles; replaces what was known before. */
  accessSeen(accountId: AccountId, access: AccountAccess, now: string): Promise<void>;
}
