/**
 * What a CloudTrail record of IAM says about a role or its provider. Records come as EventBridge events or bare, complete or
 * censored, and anything may stand in any field: nothing here throws.
 */
import {
  callerOf,
  type Fields,
  fields,
  formed,
  type IgnoreReason,
  recordIn,
  text,
  utc,
  valid,
  whyIgnored,
} from './cloudtrail-record.ts';
import type { AccountId, Audience, EventId, ProviderArn, RoleId, RoleName } from './ids.ts';
import { accountId, audience, eventId, providerArn, roleId, roleName } from './ids.ts';

interface AccountEvent {
  readonly accountId: AccountId;
  readonly eventId: EventId;
  /** ISO 8601 in UTC. */
  readonly eventTime: string;
  readonly replayName: string | null;
}

interface OfRole extends AccountEvent {
  readonly roleName: RoleName;
}

interface OfProvider extends AccountEvent {
  /** As the caller wrote it; it may name any provider. */
  readonly providerArn: ProviderArn;
}

export interface RoleCreated extends OfRole {
  readonly kind: 'create-role';
  /** Null where the record has no response. */
  readonly roleId: RoleId | null;
  readonly path: string;
  readonly createdBy: string | null;
  /** Decoded text; nobody has checked that it is JSON. */
  readonly trustPolicy: string | null;
}

export interface RoleDeleted extends OfRole {
  readonly kind: 'delete-role';
}

export interface TrustChanged extends OfRole {
  readonly kind: 'trust-changed';
  /** As of {@link RoleCreated}. */
  readonly trustPolicy: string | null;
}

/** Tags that were set or removed. */
export interface RoleTagged extends OfRole {
  readonly kind: 'role-tagged';
  readonly keys: readonly string[];
}

export interface AudienceRemoved extends OfProvider {
  readonly kind: 'audience-removed';
  /** Null where it has a form that the factory writes nowhere. */
  readonly audience: Audience | null;
}

export interface ProviderDeleted extends OfProvider {
  readonly kind: 'provider-deleted';
}

export interface ProviderTagged extends OfProvider {
  readonly kind: 'provider-tagged';
  readonly keys: readonly string[];
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

/** An event of a role, or of the provider that roles stand on. */
export type RoleEvent =
  | RoleCreated
  | RoleDeleted
  | TrustChanged
  | RoleTagged
  | AudienceRemoved
  | ProviderDeleted
  | ProviderTagged
  | IgnoredEvent
  | MalformedEvent;

const KINDS = {
  CreateRole: 'create-role',
  DeleteRole: 'delete-role',
  UpdateAssumeRolePolicy: 'trust-changed',
  TagRole: 'role-tagged',
  UntagRole: 'role-tagged',
  RemoveClientIDFromOpenIDConnectProvider: 'audience-removed',
  DeleteOpenIDConnectProvider: 'provider-deleted',
  TagOpenIDConnectProvider: 'provider-tagged',
} as const;

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

  const reason = whyIgnored(found, Object.keys(KINDS));
  if (reason !== undefined) return { ...ignored(...reason), ...about };

  const kind = KINDS[record.eventName as keyof typeof KINDS];
  const eventTime = utc(record.eventTime);
  const { accountId: account, roleName: name, eventId: id } = about;
  const arn = valid(providerArn, request?.openIDConnectProviderArn);
  const isOfProvider =
    kind === 'audience-removed' || kind === 'provider-deleted' || kind === 'provider-tagged';
  const missing = Object.entries({
    recipientAccountId: account,
    ...(isOfProvider ? { openIDConnectProviderArn: arn } : { roleName: name }),
    eventID: id,
    eventTime,
  }).flatMap(([field, value]) => (value === null ? [field] : []));
  if (account === null || id === null || eventTime === null) return { kind: 'malformed', missing };
  const replayName = formed(REPLAY_NAME, envelope?.['replay-name']);
  const common = { accountId: account, eventId: id, eventTime, replayName };
  if (isOfProvider) {
    if (arn === null) return { kind: 'malformed', missing };
    const ofProvider = { ...common, providerArn: arn };
    if (kind === 'audience-removed')
      return { kind, ...ofProvider, audience: valid(audience, request?.clientID) };
    return kind === 'provider-deleted'
      ? { kind, ...ofProvider }
      : { kind, ...ofProvider, keys: keysOf(request) };
  }
  if (name === null) return { kind: 'malformed', missing };
  const ofRole = { ...common, roleName: name };
  switch (kind) {
    case 'delete-role':
      return { kind, ...ofRole };
    case 'trust-changed':
      return { kind, ...ofRole, trustPolicy: text(request?.policyDocument) };
    case 'role-tagged':
      return { kind, ...ofRole, keys: keysOf(request) };
    case 'create-role':
      return {
        kind,
        ...ofRole,
        roleId: valid(roleId, createdRole?.roleId),
        path: formed(PATH, createdRole?.path) ?? formed(PATH, request?.path) ?? '/',
        createdBy: callerOf(record),
        trustPolicy:
          text(request?.assumeRolePolicyDocument) ?? decoded(text(createdRole?.assumeRolePolicyDocument)),
      };
  }
}

/** Keys of the tags that a request sets or removes. */
function keysOf(request: Fields | undefined): readonly string[] {
  const listed = [request?.tags, request?.tagKeys].flatMap((list) => (Array.isArray(list) ? list : []));
  return listed.flatMap((tag) => text(fields(tag)?.key ?? tag) ?? []);
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
