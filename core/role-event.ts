/**
 * What a CloudTrail record of IAM says about a role. Records come as EventBridge events or bare, complete or
 * censored, and anything may stand in any field: nothing here throws.
 */
import type { AccountId, EventId, RoleId, RoleName } from './ids.ts';
import { accountId, eventId, roleId, roleName } from './ids.ts';
import { dateOf } from './policy/values.ts';

export type IgnoreReason =
  | 'not-an-event'
  | 'not-iam'
  | 'not-an-api-call'
  | 'not-a-role-event'
  | 'failed-call'
  | 'account-mismatch';

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

type Fields = Readonly<Record<string, unknown>>;

/** Reads an EventBridge event or a bare CloudTrail record. Never throws. */
export function parseRoleEvent(input: unknown): RoleEvent {
  const event = fields(input);
  if (event === undefined) return ignored('not-an-event', 'it is not a JSON object');
  const isEnvelope = 'detail' in event || 'detail-type' in event;
  const record = isEnvelope ? fields(event.detail) : event;
  if (record === undefined) return ignored('not-an-event', 'its detail is not a JSON object');

  const request = fields(record.requestParameters);
  const createdRole = fields(fields(record.responseElements)?.role);
  const about = {
    accountId: valid(accountId, record.recipientAccountId),
    // The response has the name as IAM keeps it.
    roleName: valid(roleName, createdRole?.roleName) ?? valid(roleName, request?.roleName),
    eventId: valid(eventId, record.eventID),
  };

  const reason = whyIgnored(record, isEnvelope ? event : undefined);
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
    replayName: formed(REPLAY_NAME, isEnvelope ? event['replay-name'] : undefined),
  };
  if (record.eventName === 'DeleteRole') return { kind: 'delete-role', ...common };
  return {
    kind: 'create-role',
    ...common,
    roleId: valid(roleId, createdRole?.roleId),
    path: formed(PATH, createdRole?.path) ?? formed(PATH, request?.path) ?? '/',
    createdBy: formed(PRINCIPAL_ARN, fields(record.userIdentity)?.arn),
    trustPolicy:
      text(request?.assumeRolePolicyDocument) ?? decoded(text(createdRole?.assumeRolePolicyDocument)),
  };
}

function whyIgnored(record: Fields, envelope: Fields | undefined): [IgnoreReason, string] | undefined {
  if (record.eventSource !== 'iam.amazonaws.com') return ['not-iam', 'its event source is not IAM'];
  if (envelope !== undefined && envelope.source !== 'aws.iam') {
    return ['not-iam', 'its envelope does not come from aws.iam'];
  }
  if (envelope !== undefined && envelope['detail-type'] !== 'AWS API Call via CloudTrail') {
    return ['not-an-api-call', 'its detail type is not AWS API Call via CloudTrail'];
  }
  // Records before CloudTrail's version 1.02 have no type.
  if (record.eventType !== undefined && record.eventType !== 'AwsApiCall') {
    return ['not-an-api-call', 'its event type is not AwsApiCall'];
  }
  if (record.eventName !== 'CreateRole' && record.eventName !== 'DeleteRole') {
    return ['not-a-role-event', `it is ${quoted(record.eventName) ?? 'an unnamed call'}`];
  }
  if (text(record.errorCode) !== null || text(record.errorMessage) !== null) {
    return ['failed-call', `the call failed with ${quoted(record.errorCode) ?? 'an error'}`];
  }
  if (
    envelope?.account !== undefined &&
    record.recipientAccountId !== undefined &&
    envelope.account !== record.recipientAccountId
  ) {
    return ['account-mismatch', 'its envelope is of another account than the record'];
  }
  return undefined;
}

const ignored = (reason: IgnoreReason, detail: string): IgnoredEvent => ({
  kind: 'ignored',
  reason,
  detail,
  accountId: null,
  roleName: null,
  eventId: null,
});

const fields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** Cut to what may stand in a log line; the event has up to 256 KB. */
const quoted = (value: unknown): string | null => text(value)?.slice(0, 64) ?? null;

/** IAM: a path has at most 512 characters. */
const PATH = /^\/(?:[\u0021-\u007e]{1,510}\/)?$/;
const PRINCIPAL_ARN = /^arn:[\u0021-\u007e]{1,2044}$/;
/** EventBridge: at most 64 characters. */
const REPLAY_NAME = /^[\w.-]{1,64}$/;

const formed = (pattern: RegExp, value: unknown): string | null =>
  typeof value === 'string' && pattern.test(value) ? value : null;

function valid<Id extends string>(check: (value: unknown) => Id, value: unknown): Id | null {
  try {
    return check(value);
  } catch {
    return null;
  }
}

/** IAM percent-encodes the policy of a response; some tools store it decoded already. */
function decoded(policy: string | null): string | null {
  if (policy === null || policy.trimStart().startsWith('{')) return policy;
  try {
    return decodeURIComponent(policy);
  } catch {
    return policy;
  }
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** A time without zone would be read as local, so it counts as none. */
function utc(value: unknown): string | null {
  if (typeof value !== 'string' || !TIME.test(value)) return null;
  const time = dateOf(value);
  return time === undefined ? null : new Date(time).toISOString();
}
