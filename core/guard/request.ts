/**
 * What a message asks of the guard: an IAM event of a member account, the clock, or work that it gave itself. A
 * message names a role at most; what is decided is decided on the role as it is then.
 */
import {
  callerOf,
  type Fields,
  fields,
  formed,
  recordIn,
  utc,
  valid,
  whyIgnored,
} from '../cloudtrail-record.ts';
import { type AccountId, accountId, type ProviderArn, providerArn, type RoleName, roleName } from '../ids.ts';

export type GuardRequest =
  | CheckRole
  /** Every role that this customer managed policy is attached to. */
  | { readonly kind: 'check-policy'; readonly accountId: AccountId; readonly policyArn: string }
  | SweepAccount
  /** What falls due in the account without an event; also how an account is first heard of. */
  | { readonly kind: 'look-after'; readonly accountId: AccountId }
  /** The same for every account that is known. */
  | { readonly kind: 'tick' };

export interface CheckRole {
  readonly kind: 'check-role';
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  /** Time of the event. Absent: the role is looked at however lately it was. */
  readonly eventTime?: string;
  /** Who made the role; of CreateRole only. */
  readonly createdBy?: string;
}

/** One page of an account's roles; those of one provider only, where it is given. */
export interface SweepAccount {
  readonly kind: 'sweep';
  readonly accountId: AccountId;
  readonly providerArn?: ProviderArn;
  readonly marker?: string;
}

export type ParsedMessage =
  | { readonly kind: 'request'; readonly request: GuardRequest; readonly accountId: AccountId | null }
  | { readonly kind: 'ignored'; readonly detail: string }
  /** Names of the fields that are absent or not of their form: something upstream is broken. */
  | { readonly kind: 'malformed'; readonly missing: readonly string[] };

const ROLE_EVENTS = [
  'CreateRole',
  'DeleteRole',
  'UpdateRole',
  'UpdateAssumeRolePolicy',
  'AttachRolePolicy',
  'DetachRolePolicy',
  'PutRolePolicy',
  'DeleteRolePolicy',
  'PutRolePermissionsBoundary',
  'DeleteRolePermissionsBoundary',
];
const POLICY_EVENTS = ['CreatePolicyVersion', 'SetDefaultPolicyVersion'];
const PROVIDER_EVENTS = [
  'CreateOpenIDConnectProvider',
  'DeleteOpenIDConnectProvider',
  'AddClientIDToOpenIDConnectProvider',
  'RemoveClientIDFromOpenIDConnectProvider',
];

/** Of a customer managed policy. IAM: a path of at most 512 characters, a name of at most 128. */
const POLICY_ARN = /^arn:aws[a-z-]*:iam::\d{12}:policy\/[\u0021-\u007e]{1,639}$/;

/** What may change the judgement of a role. */
export const GUARD_EVENTS: readonly string[] = [...ROLE_EVENTS, ...POLICY_EVENTS, ...PROVIDER_EVENTS];

/** Reads a message of the guard's queue. Never throws. */
export function parseGuardMessage(input: unknown): ParsedMessage {
  const own = fields(fields(input)?.guard);
  if (own !== undefined) return fromItself(own);
  const found = recordIn(input);
  if (found === undefined) return { kind: 'malformed', missing: ['detail'] };
  const { envelope, record } = found;
  if (envelope?.source === 'aws.events' && envelope['detail-type'] === 'Scheduled Event') {
    return { kind: 'request', request: { kind: 'tick' }, accountId: null };
  }
  const reason = whyIgnored(found, GUARD_EVENTS);
  return reason ? { kind: 'ignored', detail: reason[1] } : fromRecord(record);
}

/** The body of a message that {@link parseGuardMessage} reads as this request. */
export const guardMessage = (request: GuardRequest): string => JSON.stringify({ guard: request });

function fromRecord(record: Fields): ParsedMessage {
  const account = valid(accountId, record.recipientAccountId);
  const eventTime = utc(record.eventTime);
  const missing = [
    ...(account === null ? ['recipientAccountId'] : []),
    ...(eventTime === null ? ['eventTime'] : []),
  ];
  if (account === null || eventTime === null) return { kind: 'malformed', missing };
  const operation = record.eventName as string;
  const request = fields(record.requestParameters);
  const requested = (wanted: GuardRequest): ParsedMessage => ({
    kind: 'request',
    request: wanted,
    accountId: account,
  });

  if (POLICY_EVENTS.includes(operation)) {
    if (operation === 'CreatePolicyVersion' && request?.setAsDefault !== true) {
      return { kind: 'ignored', detail: 'the version is not in force' };
    }
    const policyArn = formed(POLICY_ARN, request?.policyArn);
    if (policyArn === null) return { kind: 'malformed', missing: ['policyArn'] };
    return requested({ kind: 'check-policy', accountId: account, policyArn });
  }
  if (PROVIDER_EVENTS.includes(operation)) {
    const arn =
      valid(providerArn, request?.openIDConnectProviderArn) ??
      valid(providerArn, fields(record.responseElements)?.openIDConnectProviderArn);
    if (arn === null) return { kind: 'malformed', missing: ['openIDConnectProviderArn'] };
    return requested({ kind: 'sweep', accountId: account, providerArn: arn });
  }
  const name = valid(roleName, request?.roleName);
  if (name === null) return { kind: 'malformed', missing: ['roleName'] };
  const createdBy = operation === 'CreateRole' ? callerOf(record) : null;
  return requested({
    kind: 'check-role',
    accountId: account,
    roleName: name,
    eventTime,
    ...(createdBy !== null && { createdBy }),
  });
}

/** Only the guard and its operators may write to the queue, so the form is checked and not the sense. */
function fromItself(request: Fields): ParsedMessage {
  const account = valid(accountId, request.accountId);
  const malformed: ParsedMessage = { kind: 'malformed', missing: ['guard'] };
  if (account === null) return malformed;
  const requested = (wanted: GuardRequest): ParsedMessage => ({
    kind: 'request',
    request: wanted,
    accountId: account,
  });
  switch (request.kind) {
    case 'look-after':
      return requested({ kind: 'look-after', accountId: account });
    case 'sweep': {
      const arn = valid(providerArn, request.providerArn);
      const { marker } = request;
      return requested({
        kind: 'sweep',
        accountId: account,
        ...(arn !== null && { providerArn: arn }),
        ...(typeof marker === 'string' && { marker }),
      });
    }
    case 'check-role': {
      const name = valid(roleName, request.roleName);
      if (name === null) return malformed;
      return requested({ kind: 'check-role', accountId: account, roleName: name });
    }
    default:
      return malformed;
  }
}
