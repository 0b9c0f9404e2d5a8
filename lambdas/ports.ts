/**
 * What the handlers need of the outside. Adapters implement it on the real services; tests on memory. Each method
 * is one call to a service, unless it says otherwise, and fails with a FactoryError whose code workflows know.
 */
import type {
  ApplicationOrigin,
  DesiredApplication,
  ObservedApplication,
  ObservedServicePrincipal,
} from '../core/application.ts';
import type { ControlDocument, Place } from '../core/control.ts';
import type { FederatedCredential } from '../core/federated-credentials.ts';
import type {
  AccountId,
  AppId,
  AppObjectId,
  Audience,
  ExecutionArn,
  ProviderArn,
  RoleArn,
  RoleId,
  RoleName,
  ServicePrincipalId,
} from '../core/ids.ts';
import type { Incarnation, LedgerEntry } from '../core/ledger-entry.ts';
import type { WorkflowName } from '../core/naming.ts';
import type { OutcomeTags, PendingTags } from '../core/tags.ts';
import type { CreateRun, DeleteRun, EnrolRun } from './workflow.ts';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** A role as GetRole shows it. */
export interface RoleView {
  readonly roleName: RoleName;
  readonly roleId: RoleId;
  readonly roleArn: RoleArn;
  readonly path: string;
  /** ISO 8601; IAM keeps whole seconds. */
  readonly createdAt: string;
  /** JSON text, percent-decoded. */
  readonly trustPolicy: string;
  /** Keys as IAM returns them; they compare without regard to case. */
  readonly tags: Readonly<Record<string, string>>;
}

/** An OIDC provider as GetOpenIDConnectProvider shows it. */
export interface ProviderView {
  readonly providerArn: ProviderArn;
  /** Without scheme, as IAM returns it. */
  readonly url: string;
  readonly clientIds: readonly string[];
}

/** A session of the inspect member role, narrowed to one role. */
export interface InspectAccess {
  /** Undefined: IAM says NoSuchEntity. */
  getRole(roleName: RoleName): Promise<RoleView | undefined>;
  getProvider(providerArn: ProviderArn): Promise<ProviderView | undefined>;
  /** RoleNotTaggable where the role has no room; RoleGone where it does not exist. */
  tagRole(roleName: RoleName, tags: PendingTags | OutcomeTags): Promise<void>;
}

/** A session of the provider member role, narrowed to one provider. */
export interface ProviderAccess {
  /** Already listed is success. ProviderMissing, ProviderFull. */
  addAudience(providerArn: ProviderArn, audience: Audience): Promise<void>;
  /** Not listed, or no provider, is success. */
  removeAudience(providerArn: ProviderArn, audience: Audience): Promise<void>;
}

/** A session of the trust member role, narrowed to one role and its provider. */
export interface TrustAccess {
  getRole(roleName: RoleName): Promise<RoleView | undefined>;
  getProvider(providerArn: ProviderArn): Promise<ProviderView | undefined>;
  /**
   * MemberAccessDenied where the role does not carry the mark (or IAM does not know yet that it does);
   * TrustPolicyTooLong, TrustPolicyRejected, RoleUnmodifiable, RoleGone.
   */
  updateTrustPolicy(roleName: RoleName, document: string): Promise<void>;
  /** MemberAccessDenied as above. */
  tagRole(roleName: RoleName, tags: OutcomeTags): Promise<void>;
}

/**
 * The member accounts. Opening a session is an AssumeRole; it fails with MemberRoleNotAssumable. Every call of a
 * session may fail with MemberAccessDenied, Throttled or Unavailable.
 */
export interface MemberAccounts {
  inspect(target: { accountId: AccountId; roleName: RoleName }): Promise<InspectAccess>;
  provider(target: { accountId: AccountId; providerArn: ProviderArn }): Promise<ProviderAccess>;
  /** The session may write the trust policy only while the role carries the mark of this incarnation. */
  trust(target: {
    accountId: AccountId;
    roleArn: RoleArn;
    roleId: RoleId;
    providerArn: ProviderArn;
  }): Promise<TrustAccess>;
}

/**
 * Microsoft Entra ID through Graph. Every call may fail with DirectoryLoginFailed, DirectoryForbidden,
 * DirectoryRejected, NotReplicated, Throttled or Unavailable.
 */
export interface Directory {
  /** Undefined: the name is taken (by ours after a lost answer, by a squatter, or by a soft-deleted object). */
  createApplication(desired: DesiredApplication): Promise<ObservedApplication | undefined>;
  /**
   * Whose an application is: all that a deletion asks. By its id or by the alternate key, never by search. Undefined:
   * 404, which lag or soft deletion may cause too.
   */
  originOf(
    key: { readonly objectId: AppObjectId } | { readonly uniqueName: string },
  ): Promise<ApplicationOrigin | undefined>;
  /** Two calls: the application with its owners, and its federated credentials. */
  application(objectId: AppObjectId): Promise<ObservedApplication | undefined>;
  setIdentifierUris(objectId: AppObjectId, uris: readonly string[]): Promise<void>;
  /** One of this name, whatever it holds, is success. */
  createFederatedCredential(objectId: AppObjectId, credential: FederatedCredential): Promise<void>;
  /** Absent is success. */
  deleteFederatedCredential(objectId: AppObjectId, name: string): Promise<void>;
  /** Undefined: the application has one already. */
  createServicePrincipal(appId: AppId): Promise<ObservedServicePrincipal | undefined>;
  servicePrincipal(appId: AppId): Promise<ObservedServicePrincipal | undefined>;
  /** Absent is success. */
  deleteServicePrincipal(id: ServicePrincipalId): Promise<void>;
  /** Absent is success. */
  deleteApplication(objectId: AppObjectId): Promise<void>;
  /** Removes a soft-deleted object for good. Absent is success. */
  purge(objectId: AppObjectId | ServicePrincipalId): Promise<void>;
}

/** The factory's own record. Reads are strongly consistent but for `holdersOf`. */
export interface Ledger {
  /** Every incarnation of a role name, in any phase. */
  incarnations(accountId: AccountId, roleName: RoleName): Promise<readonly LedgerEntry[]>;
  read(incarnation: Incarnation): Promise<LedgerEntry | undefined>;
  /** Live entries of the account with this audience; may lag by seconds. */
  holdersOf(accountId: AccountId, audience: string): Promise<readonly LedgerEntry[]>;
  /**
   * Replaces `previous` by `next`, on condition that version and owner are still those of `previous` (undefined:
   * that there is no entry). LedgerConflict where they are not; also where the answer to this very write was lost.
   * With a place, takes it in the same call; CapReached where none is left, and then nothing is written.
   */
  write(next: LedgerEntry, previous: LedgerEntry | undefined, place?: Place): Promise<void>;
}

/** What every step reads before it begins: the control document and, where asked for, what an account's record says. */
export interface ControlState {
  readonly document: ControlDocument;
  /** Nearest first; undefined where nobody has enrolled the account, or it was not asked for. */
  readonly organizationalUnits: readonly string[] | undefined;
}

/** Stop and go, as operators and the breaker have it. Reads are strongly consistent. */
export interface Control {
  /** Of an account where it is named. */
  read(accountId: AccountId | undefined): Promise<ControlState>;
  /** Opens the breaker of the directory until then (ISO 8601). */
  openBreaker(until: string): Promise<void>;
}

/** Those that functions start; the clock and people start the sweep. */
export type Workflow = Exclude<WorkflowName, 'sweep'>;

export interface Executions {
  /** `exists`: an execution of this name has ended, or runs with another input. */
  start(
    workflow: Workflow,
    name: string,
    input: CreateRun | DeleteRun | EnrolRun,
  ): Promise<'started' | 'exists'>;
  /** Whether the execution of this name is running or has succeeded. */
  isDoneOrRunning(workflow: Workflow, name: string): Promise<boolean>;
  /** Whether an execution is running; one that nobody knows is not. */
  isRunning(execution: ExecutionArn): Promise<boolean>;
}

export type Metric =
  | 'RoleEventIgnored'
  | 'RoleEventDispatched'
  | 'MalformedEvent'
  | 'RoleReady'
  | 'RoleSkipped'
  | 'RoleObserved'
  | 'RoleRemoved'
  | 'OutcomeFailed'
  | 'PlatformRunFailed'
  | 'DeveloperRunFailed'
  | 'ForeignAudienceFinding'
  | 'ProviderMissing'
  | 'ProviderContested'
  | 'SweepRemovalsHeld'
  | 'ApplicationsChanged'
  | 'RoleNotJudged'
  | 'GuardFindingOpened'
  | 'GuardFindingResolved'
  | 'RoleQuarantined'
  | 'QuarantineLifted'
  | 'QuarantineContested'
  | 'BestEffortFailed';

/** Levels: the largest of a period counts. */
export type Gauge =
  | 'SweepFailedAccounts'
  | 'HeartbeatMissing'
  | 'SweepFindings'
  | 'AudiencesOnProvider'
  | 'PausedHours'
  | 'DirectoryFull'
  | 'UnreachableAccounts';

/** Logs are wide events with ids and reasons; tokens, policies and upstream bodies never. */
export interface Telemetry {
  event(message: string, fields: Readonly<Record<string, unknown>>): void;
  problem(message: string, error: unknown, fields?: Readonly<Record<string, unknown>>): void;
  count(metric: Metric): void;
  gauge(gauge: Gauge, value: number): void;
}

/** All of them; each handler declares which it uses (`Pick<Ports, …>`), which is also what its role may do. */
export interface Ports {
  readonly accounts: MemberAccounts;
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly control: Control;
  readonly executions: Executions;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}
