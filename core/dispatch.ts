/** What a role event asks the factory to do. It settles only what the event itself settles; the rest is for inspection. */
import { createHash } from 'node:crypto';
import type { IgnoreReason } from './cloudtrail-record.ts';
import { tenantRelation } from './consent.ts';
import { FactoryError, isFactoryError } from './errors.ts';
import type {
  AccountId,
  AppId,
  AppObjectId,
  Audience,
  EventId,
  ProviderArn,
  RoleId,
  RoleName,
  ServicePrincipalId,
} from './ids.ts';
import { isTenantProvider } from './issuer.ts';
import { isLive, type LedgerEntry } from './ledger-entry.ts';
import { memberRoleName } from './naming.ts';
import { isProtected } from './protected-roles.ts';
import type {
  AudienceRemoved,
  ProviderDeleted,
  ProviderTagged,
  RoleCreated,
  RoleDeleted,
  RoleEvent,
  RoleTagged,
  TrustChanged,
} from './role-event.ts';
import type { FactorySettings } from './settings.ts';
import { HEARTBEAT_KEY, isInputKey } from './tags.ts';
import { readTrustPolicy } from './trust-policy/document.ts';

export type DispatchIgnoreReason =
  | IgnoreReason
  | 'protected'
  | 'not-web-identity'
  | 'not-tenant-provider'
  | 'unreadable-trust-policy'
  | 'unknown-role'
  | 'unknown-audience'
  | 'no-input-tag'
  | 'no-heartbeat';

/** Input of a create-role execution. Never a policy: inspection reads the role as it is. */
export interface CreateRequest {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  /** Null where the event carried no response: whatever incarnation exists then is inspected. */
  readonly roleId: RoleId | null;
  readonly eventId: EventId;
  readonly eventTime: string;
  readonly createdBy: string | null;
  /** Of a sweep: the application is in doubt, which inspection cannot see, so every step runs. */
  readonly recheck?: boolean;
  /** Of a person: that others kept changing it back counts no more. */
  readonly retry?: boolean;
  /** Of a sweep: what the directory holds for this incarnation, where the ledger knows nothing of it. */
  readonly found?: FoundApplication;
  /** Of an approved plan: audiences of this role that count as placeholders. */
  readonly approved?: readonly Audience[];
}

/** An application by whose name, id and creator the incarnation is known; what acts on it verifies that again. */
export interface FoundApplication {
  readonly objectId: AppObjectId;
  readonly appId: AppId;
  readonly servicePrincipalId?: ServicePrincipalId;
  readonly generation: number;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The provider that lists its audience. */
  readonly providerArn?: ProviderArn;
}

/** Input of a delete-role execution. */
export interface DeleteRequest {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  readonly roleId: RoleId;
  readonly eventId: EventId;
  /** Time of the DeleteRole event; null where no event proves it. */
  readonly deletedAt: string | null;
  /** Of a sweep: the role lives and its consent was withdrawn, which is looked at again. */
  readonly withdrawn?: boolean;
  /** Of a sweep: something of a removed incarnation is there again. */
  readonly again?: boolean;
  /** Of a sweep: what is left of an incarnation that the ledger does not know. */
  readonly found?: FoundApplication;
}

/** Input of an enrol-account execution. */
export interface EnrolRequest {
  readonly accountId: AccountId;
  readonly eventId: EventId;
}

/** What is started, by name. */
type Executions<Run> = readonly { readonly executionName: string; readonly run: Run }[];

export type DispatchDecision =
  | {
      readonly decision: 'create';
      readonly reason:
        | 'tenant-provider-named'
        | 'trust-policy-not-settled'
        | 'trust-policy-changed'
        | 'input-tag-changed'
        | 'audience-removed';
      readonly executions: Executions<CreateRequest>;
    }
  | {
      readonly decision: 'delete';
      readonly reason: 'role-known';
      /** One for each live incarnation of the name: the event does not say which one it was. */
      readonly executions: Executions<DeleteRequest>;
    }
  | {
      readonly decision: 'enrol';
      readonly reason: 'member-role-created' | 'provider-deleted' | 'placeholder-removed';
      readonly executions: Executions<EnrolRequest>;
    }
  | {
      /** The way from this account to the factory works. */
      readonly decision: 'heartbeat';
      readonly reason: 'provider-tagged';
      readonly accountId: AccountId;
      readonly eventTime: string;
    }
  | {
      readonly decision: 'ignore';
      readonly reason: DispatchIgnoreReason;
      readonly detail: string;
      readonly accountId: AccountId | null;
      readonly roleName: RoleName | null;
      readonly eventId: EventId | null;
    };

/** What of the ledger decides. */
export type KnownIncarnation = Pick<LedgerEntry, 'roleName' | 'roleId' | 'phase'>;

type DispatchSettings = Pick<
  FactorySettings,
  'issuer' | 'placeholders' | 'protectedRoles' | 'memberRolePrefix'
>;

/**
 * Decides on one event. `incarnations` is what the ledger holds: for the role's name at DeleteRole, for the audience
 * where one was removed; it counts for nothing else. Throws MalformedEvent for a malformed event, and nothing else.
 */
export function decideDispatch(
  event: RoleEvent,
  settings: DispatchSettings,
  incarnations: readonly KnownIncarnation[],
): DispatchDecision {
  switch (event.kind) {
    case 'malformed':
      throw new FactoryError('MalformedEvent', `Missing or invalid: ${event.missing.join(', ')}`);
    case 'ignored':
      return ignore(event, event.reason, event.detail);
    case 'create-role':
      return decideCreate(event, settings);
    case 'delete-role':
      return decideDelete(event, settings, incarnations);
    case 'trust-changed':
      return decideTrust(event, settings);
    case 'role-tagged':
      return decideTagged(event, settings);
    case 'audience-removed':
    case 'provider-deleted':
    case 'provider-tagged':
      return isTenantProvider(settings.issuer, event.providerArn, event.accountId)
        ? decideProvider(event, settings, incarnations)
        : ignore(event, 'not-tenant-provider', `it is not the provider of ${settings.issuer.url}`);
  }
}

function decideCreate(event: RoleCreated, settings: DispatchSettings): DispatchDecision {
  // Whoever makes a role of this name has the account looked at through its real member roles, and nothing else.
  if (event.roleName === memberRoleName(settings.memberRolePrefix, 'inspect') && event.path === '/') {
    return enrol(event, 'member-role-created');
  }
  if (isProtected(event, settings)) return ignore(event, 'protected', 'the role is protected');
  const relation = relationOf(event, settings);
  if (relation.kind !== 'tenant' && relation.kind !== 'not-settled') {
    return ignore(event, relation.kind, relation.detail);
  }
  return create(event, relation.kind === 'tenant' ? 'tenant-provider-named' : 'trust-policy-not-settled');
}

/** Which role of the name the call changed, only the role itself tells. */
function decideTrust(event: TrustChanged, settings: DispatchSettings): DispatchDecision {
  if (isProtected(event, settings)) return ignore(event, 'protected', 'the role is protected');
  const relation = relationOf(event, settings);
  return relation.kind === 'tenant' || relation.kind === 'not-settled'
    ? create({ ...event, ...NOT_TOLD }, 'trust-policy-changed')
    : ignore(event, relation.kind, relation.detail);
}

function decideTagged(event: RoleTagged, settings: DispatchSettings): DispatchDecision {
  if (isProtected(event, settings)) return ignore(event, 'protected', 'the role is protected');
  return event.keys.some(isInputKey)
    ? create({ ...event, ...NOT_TOLD }, 'input-tag-changed')
    : ignore(event, 'no-input-tag', 'no tag says something to the factory');
}

function decideProvider(
  event: AudienceRemoved | ProviderDeleted | ProviderTagged,
  { placeholders }: DispatchSettings,
  incarnations: readonly KnownIncarnation[],
): DispatchDecision {
  const { accountId, eventId, eventTime, replayName } = event;
  if (event.kind === 'provider-deleted') return enrol(event, 'provider-deleted');
  if (event.kind === 'provider-tagged') {
    return event.keys.includes(HEARTBEAT_KEY)
      ? { decision: 'heartbeat', reason: 'provider-tagged', accountId, eventTime }
      : ignore(event, 'no-heartbeat', 'the tag is not the heartbeat');
  }
  const { audience } = event;
  if (audience !== null && placeholders.includes(audience)) return enrol(event, 'placeholder-removed');
  const holders = incarnations.filter(isLive);
  if (holders.length === 0) {
    return ignore(event, 'unknown-audience', 'the factory has made nothing with this audience');
  }
  return {
    decision: 'create',
    reason: 'audience-removed',
    executions: holders.map(({ roleName, roleId }) => ({
      executionName: executionName(eventId, replayName, roleId),
      run: { accountId, roleName, roleId, eventId, eventTime, createdBy: null },
    })),
  };
}

/** What only CreateRole tells. */
const NOT_TOLD = { roleId: null, createdBy: null } as const;

const create = (
  event: Omit<RoleCreated, 'kind' | 'path' | 'trustPolicy'>,
  reason: Extract<DispatchDecision, { decision: 'create' }>['reason'],
): DispatchDecision => {
  const { accountId, roleName, roleId, eventId, eventTime, createdBy, replayName } = event;
  const run = { accountId, roleName, roleId, eventId, eventTime, createdBy };
  return {
    decision: 'create',
    reason,
    executions: [{ executionName: executionName(eventId, replayName), run }],
  };
};

const enrol = (
  { accountId, eventId, replayName }: Pick<RoleCreated, keyof EnrolRequest | 'replayName'>,
  reason: Extract<DispatchDecision, { decision: 'enrol' }>['reason'],
): DispatchDecision => ({
  decision: 'enrol',
  reason,
  executions: [{ executionName: executionName(eventId, replayName), run: { accountId, eventId } }],
});

/** The policy as the event has it may be cut or of a form that nobody foresaw; then the role itself decides. */
function relationOf(event: RoleCreated | TrustChanged, settings: Pick<FactorySettings, 'issuer'>) {
  if (event.trustPolicy === null) return { kind: 'not-settled' } as const;
  try {
    return tenantRelation(readTrustPolicy(event.trustPolicy), settings, event.accountId);
  } catch (error) {
    if (!isFactoryError(error, 'TrustPolicyUnreadable')) throw error;
    return event.trustPolicy.toLowerCase().includes(settings.issuer.tenantId.toLowerCase())
      ? ({ kind: 'not-settled' } as const)
      : ({ kind: 'unreadable-trust-policy', detail: 'it cannot be read and names no tenant' } as const);
  }
}

function decideDelete(
  event: RoleDeleted,
  settings: Pick<FactorySettings, 'protectedRoles' | 'memberRolePrefix'>,
  incarnations: readonly KnownIncarnation[],
): DispatchDecision {
  const live = incarnations.filter(isLive);
  if (live.length === 0) {
    return isProtected(event, settings)
      ? ignore(event, 'protected', 'the role is protected')
      : ignore(event, 'unknown-role', 'the factory has made nothing for a role of this name');
  }
  const { accountId, eventId, eventTime, replayName } = event;
  return {
    decision: 'delete',
    reason: 'role-known',
    executions: live.map(({ roleName, roleId }) => ({
      executionName: executionName(eventId, replayName, roleId),
      run: { accountId, roleName, roleId, eventId, deletedAt: eventTime },
    })),
  };
}

const ignore = (
  event: { accountId: AccountId | null; roleName?: RoleName | null; eventId: EventId | null },
  reason: DispatchIgnoreReason,
  detail: string,
): DispatchDecision => ({
  decision: 'ignore',
  reason,
  detail,
  accountId: event.accountId,
  roleName: event.roleName ?? null,
  eventId: event.eventId,
});

/**
 * The same for every delivery of one event, so that a duplicate starts nothing; another one for each replay. Stays
 * below the 80 characters of an execution's name with room for `-r<n>` and `-gone`.
 */
export function executionName(eventId: EventId, replayName: string | null, roleId?: RoleId): string {
  // Ids are 21 characters long; IAM allows for 128.
  const incarnation = roleId !== undefined && roleId.length > 24 ? hash(roleId) : roleId;
  return [eventId, incarnation, replayName === null ? undefined : hash(replayName)]
    .filter((part) => part !== undefined)
    .join('-');
}

/** Name of the `n`th further run of an execution that has failed. */
export const retryName = (base: string, n: number): string => `${base}-r${n}`;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
