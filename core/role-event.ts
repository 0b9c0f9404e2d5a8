/**
 * What a CloudTrail record of IAM says about a role. Records come as EventBridge events or bare, complete or
 * censored, and anything may stand in any field: nothing here throws.
 */
import {
  callerOf,
  fields,
  formed,
  type IgnoreReason,
  recordIn,
  text,
  utc,
  valid,
  whyIgnored,
} from './cloudtrail-record.ts';
import type { AccountId, EventId, RoleId, RoleName } from './ids.ts';
import { accountId, eventId, roleId, roleName } from './ids.ts';

export interface RoleCreated {
  readonly kind: 'create-role';
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  /** Null where the record has no response. */
  readonly roleId: RoleId | null;
  readonly path: string;
  readonly eventId: EventId;
  /** ISO 8601 in UTC. */
  readonly eventTime: string;
  readonly createdBy: string | null;
  /** Decoded text; nobody has checked that it is JSON. */
  readonly trustPolicy: string | null;
  readonly replayName: string | null;
}

export interface RoleDeleted {
  readonly kind: 'delete-role';
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  readonly eventId: EventId;
  readonly eventTime: string;
  readonly replayName: string | null;
}

export interface IgnoredEvent {
  readonly kind: 'ignored';
  readonly reason: IgnoreReason;
  readonly detail: string;
  readonly accountId: AccountId | null;
  readonly roleName: RoleName | null;
  readonly eventId: EventId | null;
}

/** A successful IAM event without what every IAM event has: something upstream is broken. */
export interface MalformedEvent {
  readonly kind: 'malformed';
  /** Names of the fields that are absent or not of their form. */
  readonly missing: readonly string[];
}

export type RoleEvent = RoleCreated | RoleDeleted | IgnoredEvent | MalformedEvent;

/** Reads an EventBridge event or a bare CloudTrail record. Never throws. */
export function parseRoleEvent(input: unknown): RoleEvent {
  const found = recordIn(input);
  if (found === undefined) return ignored('not-an-event', 'neither it nor its detail is a JSON object');
  const { record, envelope } = found;

  const request = fields(record.requestParameters);
  const createdRole = fields(fields(record.responseElements)?.role);
  const about = {
    accountId: valid(accountId, record.recipientAccountId),
    // The response has the name as IAM keeps it.
    roleName: valid(roleName, createdRole?.roleName) ?? valid(roleName, request?.roleName),
    eventId: valid(eventId, record.eventID),
  };

  const reason = whyIgnored(found, ['CreateRole', 'DeleteRole']);
  if (reason !== undefined) return { ...ignored(...reason), ...about };

  const eventTime = utc(record.eventTime);
  const { accountId: account, roleName: name, eventId: id } = about;
  if (account === null || name === null || id === null || eventTime === null) {
    const found = { recipientAccountId: account, roleName: name, eventID: id, eventTime };
    return {
      kind: 'malformed',
      missing: Object.entries(found).flatMap(([field, value]) => (value === null ? [field] : [])),
    };
  }
  const common = {
    accountId: account,
    roleName: name,
    eventId: id,
    eventTime,
    replayName: formed(REPLAY_NAME, envelope?.['replay-name']),
  };
  if (record.eventName === 'DeleteRole') return { kind: 'delete-role', ...common };
  return {
    kind: 'create-role',
    ...common,
    roleId: valid(roleId, createdRole?.roleId),
    path: formed(PATH, createdRole?.path) ?? formed(PATH, request?.path) ?? '/',
    createdBy: callerOf(record),
    trustPolicy:
      text(request?.assumeRolePolicyDocument) ?? decoded(text(createdRole?.assumeRolePolicyDocument)),
  };
}

const ignored = (reason: IgnoreReason, detail: string): IgnoredEvent => ({
  kind: 'ignored',
  reason,
  detail,
  accountId: null,
  roleName: null,
  eventId: null,
});

/** IAM: a path has at most 512 characters. */
const PATH = /^\/(?:[\u0021-\u007e]{1,510}\/)?$/;
/** EventBridge: at most 64 characters. */
const REPLAY_NAME = /^[\w.-]{1,64}$/;

/** IAM percent-encodes the policy of a response; some tools store it decoded already. */
function decoded(policy: string | null): string | null {
  if (policy === null || policy.trimStart().startsWith('{')) return policy;
  try {
    return decodeURIComponent(policy);
  } catch {
    return policy;
  }
}
