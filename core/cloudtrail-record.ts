/**
 * Reading CloudTrail records of IAM. They come as EventBridge events or bare, complete or censored, and anything may
 * stand in any field: nothing here throws.
 */
import { dateOf } from './policy/values.ts';

export type IgnoreReason =
  | 'not-an-event'
  | 'not-iam'
  | 'not-an-api-call'
  | 'not-a-role-event'
  | 'failed-call'
  | 'account-mismatch';

export type Fields = Readonly<Record<string, unknown>>;

/** The record of an event or of itself; with the envelope, where there is one. */
export interface IamRecord {
  readonly record: Fields;
  readonly envelope: Fields | undefined;
}

/** Undefined: there is no JSON object where a record should be. */
export function recordIn(input: unknown): IamRecord | undefined {
  const event = fields(input);
  if (event === undefined) return undefined;
  const isEnvelope = 'detail' in event || 'detail-type' in event;
  const record = isEnvelope ? fields(event.detail) : event;
  return record && { record, envelope: isEnvelope ? event : undefined };
}

/** Why a record is not a successful call of one of these operations, made in the account that it came from. */
export function whyIgnored(
  { record, envelope }: IamRecord,
  operations: readonly string[],
): [IgnoreReason, string] | undefined {
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
  if (typeof record.eventName !== 'string' || !operations.includes(record.eventName)) {
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

export const fields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

export const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** Cut to what may stand in a log line; the event has up to 256 KB. */
const quoted = (value: unknown): string | null => text(value)?.slice(0, 64) ?? null;

export const formed = (pattern: RegExp, value: unknown): string | null =>
  typeof value === 'string' && pattern.test(value) ? value : null;

/** Of a form of core/ids.ts. */
export function valid<Id extends string>(check: (value: unknown) => Id, value: unknown): Id | null {
  try {
    return check(value);
  } catch {
    return null;
  }
}

const PRINCIPAL_ARN = /^arn:[\u0021-\u007e]{1,2044}$/;

/** ARN of whoever made the call. */
export const callerOf = (record: Fields): string | null =>
  formed(PRINCIPAL_ARN, fields(record.userIdentity)?.arn);

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** A time without zone would be read as local, so it counts as none. */
export function utc(value: unknown): string | null {
  if (typeof value !== 'string' || !TIME.test(value)) return null;
  const time = dateOf(value);
  return time === undefined ? null : new Date(time).toISOString();
}
