/**
 * What a sweep has seen of one member account. Its order is part of the contract: applications first, then the ledger,
 * then the account. The factory makes things the other way round (role, entry, application), so whatever is new is
 * missing only from what was looked at first: an entry or an application never looks orphaned because it is young.
 */
import type { ObservedApplication, ObservedServicePrincipal } from '../application.ts';
import type { KnownProvider } from '../consent.ts';
import type { Caps } from '../control.ts';
import type { ProviderOwner } from '../enrolment.ts';
import type { AccountId, RoleArn, RoleId } from '../ids.ts';
import type { InspectedRole } from '../inspection.ts';
import type { Partition } from '../issuer.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { Reverts } from '../reverts.ts';
import type { Mode } from '../settings.ts';

export type AccountObservation = AccountSeen | AccountUnseen;

/** Nothing about it can be proven. */
export interface AccountUnseen {
  readonly accountId: AccountId;
  readonly status: 'suspended' | 'closed' | 'outside' | 'unreachable';
  /** Why, as a code: of the error, or of AWS Organizations. */
  readonly detail: string;
}

export interface AccountSeen {
  readonly accountId: AccountId;
  readonly status: 'active';
  readonly partition: Partition;
  readonly mode: Mode;
  readonly caps: Caps;
  /** Whether roles from before the factory are served without being named in an approved plan. */
  readonly backfill: boolean;
  /** Roles that a person has named for service, whatever audience they trust; they may be of other accounts. */
  readonly adopt?: readonly RoleArn[];
  /** Who makes the account's provider, as configured. */
  readonly providerOwner: ProviderOwner;
  readonly isDirectoryFull: boolean;
  /** When each of the three was begun to be read; milliseconds since the epoch. */
  readonly observedAt: { readonly applications: number; readonly ledger: number; readonly account: number };
  readonly now: number;

  /** Every application of the account that the factory has created; undefined where Entra could not be asked. */
  readonly applications: readonly SeenApplication[] | undefined;
  /** Every entry of the account, in whatever phase. */
  readonly entries: readonly LedgerEntry[];
  /** Ids of every role in the account: what is not among them is gone. */
  readonly roleIds: readonly RoleId[];
  /** With tags; those that mention the tenant and those that the ledger knows. */
  readonly roles: readonly SeenRole[];
  /** The tenant's, in every spelling. */
  readonly providers: readonly KnownProvider[];
  readonly record: AccountState | undefined;
  /** Object ids that Entra was asked for, of {@link principalsNamed}. Absent: not asked, or no answer. */
  readonly principals: Readonly<Record<string, 'exists' | 'absent'>>;
}

export interface SeenRole extends InspectedRole {
  readonly roleArn: RoleArn;
  /** ISO 8601, as far as IAM remembers; decides nothing. */
  readonly lastUsedAt?: string;
}

export interface SeenApplication extends ObservedApplication {
  readonly displayName: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly servicePrincipal: SeenServicePrincipal | undefined;
}

export interface SeenServicePrincipal extends ObservedServicePrincipal {
  readonly assignmentRequired: boolean;
}

/** What of the account's record decides. */
export interface AccountState {
  /** ISO 8601. */
  readonly enrolledAt: string;
  readonly providerReverts?: Reverts;
  /** Changes of applications that its last sweep found. */
  readonly changesTold?: readonly string[];
}

/** What the planner is told of time; in seconds. */
export interface DriftDurations {
  /** What is younger is not removed. */
  readonly ageSeconds: number;
  /** For so long an event may be on its way, and nothing counts as missed. */
  readonly settleSeconds: number;
}
