/** What the guard needs of the outside, beside what all functions have. */

import type { RolePolicy } from '../../core/administrator.ts';
import type { FindingSubject } from '../../core/guard/finding-event.ts';
import type { FindingChange } from '../../core/guard/findings.ts';
import type { GuardRequest } from '../../core/guard/request.ts';
import type { RoleFile } from '../../core/guard/role-file.ts';
import type { AccountId, ProviderArn, RoleName } from '../../core/ids.ts';
import type { Clock, Control, RoleView, Telemetry } from '../ports.ts';

/** A role as GetRole shows it, with what else of it matters here. */
export interface AuditedRole extends RoleView {
  readonly maxSessionSeconds: number;
  /** Absent: never, as far as IAM remembers. */
  readonly lastUsedAt?: string;
  readonly boundaryArn?: string;
}

/** A session of the audit member role: for one role, or for the account. */
export interface AuditAccess {
  /** Undefined: IAM says NoSuchEntity. */
  getRole(roleName: RoleName): Promise<AuditedRole | undefined>;
  /** ARNs of the managed policies of a role. */
  attachedPolicies(roleName: RoleName): Promise<readonly string[]>;
  /** Several calls: a role's inline policies, and these managed ones, with their documents. */
  policies(roleName: RoleName, managed: readonly string[]): Promise<readonly RolePolicy[]>;
  /** Undefined: the policy is gone. */
  managedPolicy(arn: string): Promise<RolePolicy | undefined>;
  /** Undefined: there is no such provider. */
  clientIds(providerArn: ProviderArn): Promise<readonly string[] | undefined>;
  /** Sets the guard's own tag. RoleNotTaggable, RoleGone. */
  tag(roleName: RoleName, value: string): Promise<void>;
}

/** A session of the audit member role for the whole account. */
export interface SurveyAccess {
  /** One page of the account's roles with their trust policies. */
  roles(marker: string | undefined): Promise<{
    readonly roles: readonly { readonly roleName: RoleName; readonly trustPolicy: string }[];
    readonly marker?: string;
  }>;
  /** Roles that a customer managed policy is attached to. */
  rolesWith(policyArn: string): Promise<readonly RoleName[]>;
}

/** A session of the contain member role, narrowed to one role. */
export interface ContainAccess {
  /** Attached already is success. RoleHasNoRoom, RoleUnmodifiable, QuarantineMissing. */
  attach(roleName: RoleName): Promise<void>;
  /** Not attached, or no such role, is success. */
  detach(roleName: RoleName): Promise<void>;
}

/** The member accounts. Opening a session fails with MemberRoleNotAssumable; each call may fail with MemberAccessDenied. */
export interface GuardedAccounts {
  audit(target: { accountId: AccountId; roleName: RoleName }): Promise<AuditAccess>;
  survey(accountId: AccountId): Promise<SurveyAccess>;
  contain(target: { accountId: AccountId; roleName: RoleName }): Promise<ContainAccess>;
}

/** Where findings are published. At least once: they have stable ids. */
export interface Findings {
  publish(subject: FindingSubject, changes: readonly FindingChange[]): Promise<void>;
}

/** The guard's own record. Reads are strongly consistent. */
export interface GuardRecord {
  /** Of every incarnation of a role name. */
  files(accountId: AccountId, roleName: RoleName): Promise<readonly RoleFile[]>;
  filesOf(accountId: AccountId): Promise<readonly RoleFile[]>;
  /** Replaces the file of the version before. LedgerConflict where it has changed. */
  save(next: RoleFile): Promise<void>;

  /** Remembers an account; known already is success. */
  enrol(accountId: AccountId): Promise<void>;
  accounts(): Promise<readonly AccountId[]>;
  /** Whether a sweep of the account began before `before`, or never; if so, it begins now. */
  beginSweep(accountId: AccountId, before: number, now: number): Promise<boolean>;

  /** When the guard last contained roles by itself, in milliseconds since the epoch; and a version for `setRecent`. */
  recent(): Promise<{ readonly times: readonly number[]; readonly version: number }>;
  /** LedgerConflict where they have changed. */
  setRecent(times: readonly number[], version: number): Promise<void>;
}

/** The guard's own queue. */
export interface WorkQueue {
  /** They are delivered after at most 900 seconds. @default at once */
  send(requests: readonly GuardRequest[], delaySeconds?: number): Promise<void>;
}

export interface GuardPorts {
  readonly accounts: GuardedAccounts;
  readonly record: GuardRecord;
  readonly findings: Findings;
  readonly queue: WorkQueue;
  readonly control: Control;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}
