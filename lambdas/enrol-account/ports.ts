/** What enrolment needs of the outside, beside what all functions have. */
import type { EnrolledBefore, EnrolmentNote } from '../../core/enrolment.ts';
import type { AccountId, Audience, ProviderArn } from '../../core/ids.ts';
import type { Reverts } from '../../core/reverts.ts';
import type { ProviderView } from '../ports.ts';

/** A session of the inspect member role, for the account's OIDC providers. */
export interface ProvidersLook {
  /** ARNs of all of them. */
  list(): Promise<readonly string[]>;
  /** Undefined: there is none of this ARN. */
  getProvider(providerArn: ProviderArn): Promise<ProviderView | undefined>;
}

/** A session of the provider member role, narrowed to one provider, which need not exist yet. */
export interface ProviderCare {
  /** NotSettled where it exists already, which the next look shows. */
  create(url: string, audiences: readonly Audience[]): Promise<void>;
  /** Already listed is success. ProviderMissing, ProviderFull. */
  addAudience(audience: Audience): Promise<void>;
  /** Sets the one tag that the factory may. `at`: ISO 8601. ProviderMissing. */
  setHeartbeat(at: string): Promise<void>;
}

/** The providers of member accounts. Opening a session fails with MemberRoleNotAssumable. */
export interface AccountProviders {
  look(accountId: AccountId): Promise<ProvidersLook>;
  care(accountId: AccountId, providerArn: ProviderArn): Promise<ProviderCare>;
}

export interface Organization {
  /** Units above an account, the nearest first and the root last; one call each. OrganizationForbidden. */
  unitsOf(accountId: AccountId): Promise<readonly string[]>;
}

/** What is known of a member account. Times are ISO 8601 in UTC. */
export interface AccountRecord {
  readonly accountId: AccountId;
  readonly organizationalUnits: readonly string[];
  /** Null where there is no provider. */
  readonly providerArn: ProviderArn | null;
  readonly notes: readonly EnrolmentNote[];
  /** Placeholders that are on its list. */
  readonly placeholders: readonly Audience[];
  /** Absent: as before. */
  readonly providerReverts?: Reverts;
}

/** What the record says of the past. */
export interface EnrolledAccount extends EnrolledBefore {
  readonly enrolledAt: string;
  readonly notes: readonly EnrolmentNote[];
  readonly heartbeatSeenAt?: string;
  readonly changesTold?: readonly string[];
}

export interface AccountRecords {
  /** Ids of all accounts that were ever enrolled. */
  accountIds(): Promise<readonly AccountId[]>;
  /** Undefined: it was never enrolled. */
  read(accountId: AccountId): Promise<EnrolledAccount | undefined>;
  /** Notes that a sweep has looked at the account, and which changes of applications it has told of. */
  swept(accountId: AccountId, now: string, changesTold: readonly string[]): Promise<void>;
  /** Sets these fields and leaves all others; `now` becomes the time of enrolment where there is none. */
  enrolled(record: AccountRecord, now: string, heartbeatSentAt?: string): Promise<void>;
  /** Of an account that is not enrolled, and of a time before the last one, nothing is kept. */
  heartbeatSeen(accountId: AccountId, at: string): Promise<void>;
}
