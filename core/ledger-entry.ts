import type { ErrorCode } from './errors.ts';
import type { Workload } from './federated-credentials.ts';
import type {
  AccountId,
  AppId,
  AppObjectId,
  Audience,
  EventId,
  ExecutionArn,
  ProviderArn,
  RoleArn,
  RoleId,
  RoleName,
  ServicePrincipalId,
} from './ids.ts';
import type { Reverts } from './reverts.ts';

/**
 * `creating`, `removing`: work under way or waiting to be resumed. `removing` absorbs: no create continues.
 * `unreachable`: the member account cannot be asked, so nothing is proven and nothing deleted.
 */
export const PHASES = ['creating', 'ready', 'failed', 'removing', 'removed', 'unreachable'] as const;
export type Phase = (typeof PHASES)[number];

/** The steps of both workflows, by the name of the function that performs them. */
export type Step =
  | 'inspect-role'
  | 'register-application'
  | 'add-audience'
  | 'verify-application'
  | 'assign-audience'
  | 'confirm-role-gone'
  | 'remove-audience'
  | 'delete-application';

/** Key of one incarnation of a role. */
export interface Incarnation {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  readonly roleId: RoleId;
}

/** What the factory knows of one incarnation. Times are ISO 8601 in UTC. Holds no secret, token or policy. */
export interface LedgerEntry extends Incarnation {
  readonly phase: Phase;
  /** The last step begun. */
  readonly step: Step;
  readonly error?: { readonly code: ErrorCode; readonly step: Step; readonly at: string };

  readonly roleArn?: RoleArn;
  readonly roleCreatedAt?: string;
  /** Who created the role: ARN as CloudTrail recorded it. */
  readonly createdBy?: string;
  /** CloudTrail events that concerned this incarnation, newest last. */
  readonly eventIds: readonly EventId[];

  /** Part of the application's unique name; raised when a name is burnt by a soft-deleted application. From 1. */
  readonly generation: number;
  /** When the application of this generation was first about to be made: it may exist from then on. */
  readonly applicationIntentAt?: string;
  /** Since when it is known to exist: made, or its name found taken. What is not shown long afterwards is lost. */
  readonly applicationKnownAt?: string;
  readonly applicationObjectId?: AppObjectId;
  readonly appId?: AppId;
  readonly servicePrincipalId?: ServicePrincipalId;
  /** Workloads that the tags of the role asked for when it was last claimed; once `ready`, these get in. */
  readonly federatedCredentials?: readonly Workload[];
  /** Recorded before it is put on the provider's list. */
  readonly audience?: Audience;
  readonly providerArn?: ProviderArn;
  /** Applications that were lost, which the role may still trust: replaced there, and forgotten once it is `ready`. */
  readonly former?: readonly FormerApplication[];
  /** First time that the role trusted the application; credentials on it are its users' affair from then on. */
  readonly readyAt?: string;
  /** How often it was `ready`, and something had to be put right again. */
  readonly reverts?: Reverts;

  readonly createdAt: string;
  readonly updatedAt: string;
  /** The execution that may write, until `leaseUntil`. Absent: nobody's. */
  readonly owner?: ExecutionArn;
  readonly leaseUntil?: string;
  /** Raised by one with every write; each write is conditional on the one before. */
  readonly version: number;
}

/** What a trust policy names of an application. */
export interface FormerApplication {
  readonly audience?: Audience;
  readonly servicePrincipalId?: ServicePrincipalId;
}

/** Whether the entry still stands for something that may exist in Entra, on the provider or in a role. */
export const isLive = ({ phase }: Pick<LedgerEntry, 'phase'>): boolean => phase !== 'removed';
