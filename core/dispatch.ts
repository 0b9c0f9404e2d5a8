/** What a role event asks the factory to do. It settles only what the event itself settles; the rest is for inspection. */
import { createHash } from 'node:crypto';
import type { IgnoreReason } from './cloudtrail-record.ts';
import { tenantRelation } from './consent.ts';
import { FactoryError, isFactoryError } from './errors.ts';
import type { AccountId, EventId, RoleId, RoleName } from './ids.ts';
import { isLive, type LedgerEntry } from './ledger-entry.ts';
import { isProtected } from './protected-roles.ts';
import type { RoleCreated, RoleDeleted, RoleEvent } from './role-event.ts';
import type { FactorySettings } from './settings.ts';
import { readTrustPolicy } from './trust-policy/document.ts';

export type DispatchIgnoreReason =
  | IgnoreReason
  | 'protected'
  | 'not-web-identity'
  | 'not-tenant-provider'
  | 'unreadable-trust-policy'
  | 'unknown-role';

/** Input of a create-role execution. Never a policy: inspection reads the role as it is. */
export interface CreateRequest {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  readonly roleId: RoleId | null;
  readonly eventId: EventId;
  readonly eventTime: string;
  readonly createdBy: string | null;
}

/** Input of a delete-role execution. */
export interface DeleteRequest {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  readonly roleId: RoleId;
  readonly eventId: EventId;
  readonly deletedAt: string;
}

export type DispatchDecision =
  | {
      readonly decision: 'create';
      readonly reason: 'tenant-provider-named' | 'trust-policy-not-settled';
      readonly executionName: string;
      readonly run: CreateRequest;
    }
  | {
      readonly decision: 'delete';
      readonly reason: 'role-known';
      /** One for each live incarnation of the name: the event does not say which one it was. */
      readonly executions: readonly { readonly executionName: string; readonly run: DeleteRequest }[];
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

/**
 * Decides on one event. `incarnations` is what the ledger holds for the role's name; it counts for DeleteRole only.
 * Throws MalformedEvent for a malformed event, and nothing else.
 */
export function decideDispatch(
  event: RoleEvent,
  settings: Pick<FactorySettings, 'issuer' | 'protectedRoles' | 'memberRolePrefix'>,
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
  }
}

function decideCreate(
  event: RoleCreated,
  settings: Pick<FactorySettings, 'issuer' | 'protectedRoles' | 'memberRolePrefix'>,
): DispatchDecision {
  if (isProtected(event, settings)) return ignore(event, 'protected', 'the role is protected');
  const relation = relationOf(event, settings);
  if (relation.kind !== 'tenant' && relation.kind !== 'not-settled') {
    return ignore(event, relation.kind, relation.detail);
  }
  const { accountId, roleName, roleId, eventId, eventTime, createdBy } = event;
  return {
    decision: 'create',
    reason: relation.kind === 'tenant' ? 'tenant-provider-named' : 'trust-policy-not-settled',
    executionName: executionName(eventId, event.replayName),
    run: { accountId, roleName, roleId, eventId, eventTime, createdBy },
  };
}

/** The policy as the event has it may be cut or of a form that nobody foresaw; then the role itself decides. */
function relationOf(event: RoleCreated, settings: Pick<FactorySettings, 'issuer'>) {
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
  event: { accountId: AccountId | null; roleName: RoleName | null; eventId: EventId | null },
  reason: DispatchIgnoreReason,
  detail: string,
): DispatchDecision => ({
  decision: 'ignore',
  reason,
  detail,
  accountId: event.accountId,
  roleName: event.roleName,
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
