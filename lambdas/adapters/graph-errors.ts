/**
 * What Graph's refusals mean. Graph asks clients to branch on codes, but gives one code to very different things, so
 * messages have to be matched too: here, and nowhere else.
 */
import { type ErrorCode, FactoryError } from '../../core/errors.ts';
import type { HttpsAnswer } from './https.ts';

/** The parts of a failed request that decide. The message is matched and then dropped: it may quote the body. */
export interface GraphFailure {
  /** Undefined: no answer. */
  readonly status: number | undefined;
  readonly code: string;
  readonly message: string;
  readonly requestId: string | undefined;
  /** From the Retry-After header. */
  readonly retryAfterMs: number | undefined;
}

/** What a refusal says. */
export function readFailure({ status, headers, body }: HttpsAnswer): GraphFailure {
  const error = fieldsOf(fieldsOf(body).error);
  const { 'request-id': requestId, 'retry-after': wait } = headers;
  return {
    status,
    code: typeof error.code === 'string' ? error.code : '',
    message: typeof error.message === 'string' ? error.message : '',
    requestId: typeof requestId === 'string' ? requestId : undefined,
    retryAfterMs: retryAfter(wait),
  };
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

/** A request that got no answer, by Node's own code for the reason. */
export function noAnswer(error: unknown): GraphFailure {
  const { code } = fieldsOf(error);
  return {
    status: undefined,
    code: typeof code === 'string' ? code : '',
    message: '',
    requestId: undefined,
    retryAfterMs: undefined,
  };
}

/** Seconds, or a date. */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const at = /^\d+$/.test(value) ? Date.now() + Number(value) * 1000 : Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** 404: the object does not exist, or not here yet. */
export const isAbsent = ({ status }: GraphFailure): boolean => status === 404;

/** An application has the unique name already; a soft-deleted one keeps it. 400, though a conflict. */
export const isUniqueNameTaken = ({ status, code, message }: GraphFailure): boolean =>
  (status === 400 || status === 409) &&
  code === 'Request_BadRequest' &&
  /another object with the same value for property uniqueName already exists/i.test(message);

/** The application has a service principal already. */
export const isPrincipalTaken = ({ status, code, message }: GraphFailure): boolean =>
  status === 409 &&
  (code === 'Request_MultipleObjectsWithSameKeyValue' ||
    /property servicePrincipalNames already exists/i.test(message));

/** The application has a federated credential of this name already. */
export const isCredentialNameTaken = ({ status, code, message }: GraphFailure): boolean =>
  status === 409 &&
  code === 'Request_MultipleObjectsWithSameKeyValue' &&
  /FederatedIdentityCredential with name \S+ already exists/i.test(message);

/** The permission was granted before. */
export const isGrantedAlready = ({ status, message }: GraphFailure): boolean =>
  (status === 400 || status === 409) &&
  /permission being assigned already exists on the object/i.test(message);

/** An object that was just made is not visible where this request went. The 403 misleads; it passes as the 400 does. */
const isNotReplicated = ({ status, code, message }: GraphFailure): boolean =>
  isAbsent({ status } as GraphFailure) ||
  (status === 409 && code === 'Directory_ConcurrencyViolation') ||
  (status === 400 && /does not reference a valid application object/i.test(message)) ||
  (status === 403 && /backing application of the service principal being created must/i.test(message));

export function codeOf(failure: GraphFailure): ErrorCode {
  const { status, code } = failure;
  if (status === undefined || status >= 500) return 'Unavailable';
  if (status === 429) return 'Throttled';
  if (code === 'Directory_QuotaExceeded') return 'DirectoryQuotaExceeded';
  if (isNotReplicated(failure)) return 'NotReplicated';
  if (status === 401 || status === 403) return 'DirectoryForbidden';
  return 'DirectoryRejected';
}

/** `call` (`POST /applications`) goes into the message, with Graph's code and request id and nothing else of it. */
export function factoryError(call: string, failure: GraphFailure): FactoryError {
  const { status, code, requestId } = failure;
  const answer = [status ?? 'no answer', code].filter((part) => part !== '').join(' ');
  const request = requestId === undefined ? '' : ` (request ${requestId})`;
  const cause = { status, code, requestId };
  return new FactoryError(codeOf(failure), `${call}: ${answer}${request}`, { cause });
}
