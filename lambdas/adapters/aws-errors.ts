/** From an error of an AWS SDK to a code of the factory. What AWS wrote stays behind, in `cause`. */
import { type ErrorCode, FactoryError } from '../../core/errors.ts';

/** What an AWS error means in one call; names without the suffix `Exception`, which services use as they like. */
export type ErrorTable = Readonly<Record<string, ErrorCode>>;

const THROTTLING = new Set([
  'BandwidthLimitExceeded',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'RequestThrottled',
  'SlowDown',
  'Throttling',
  'Throttled',
  'TooManyRequests',
  // Two writes to one object at once: the other one won, trying again helps.
  'ConcurrentModification',
  'EntityTemporarilyUnmodifiable',
]);

/** Nobody answered, or a session ended on the way: nothing is known about the request, trying again may help. */
const UNAVAILABLE = new Set([
  'AbortError',
  'ExpiredToken',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'RequestExpired',
  'RequestTimeout',
  'ServiceFailure',
  'ServiceUnavailable',
  'TimeoutError',
]);

const NETWORK = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** The parts of an SDK error that decide; each may be missing. */
interface AwsErrorLike {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly $response?: { readonly statusCode?: unknown };
}

const asAwsError = (error: unknown): AwsErrorLike =>
  typeof error === 'object' && error !== null ? (error as AwsErrorLike) : {};

/** AWS's code for an error, without the suffix `Exception`; empty for anything that does not look like one. */
export function awsErrorName(error: unknown): string {
  const { name } = asAwsError(error);
  return typeof name === 'string' && /^\w{1,64}$/.test(name) ? name.replace(/Exception$/, '') : '';
}

/** HTTP status of the answer; undefined where there was none. */
export function httpStatus(error: unknown): number | undefined {
  const { $metadata, $response } = asAwsError(error);
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/**
 * The FactoryError for a failed call. `call` (`GetRole role/x in 111122223333`) goes into the message, so it holds
 * names and ids only; `meanings` are this call's own errors and come before what holds for every call.
 */
export function factoryErrorOf(error: unknown, call: string, meanings: ErrorTable = {}): FactoryError {
  if (error instanceof FactoryError) return error;
  const name = awsErrorName(error);
  const code = (Object.hasOwn(meanings, name) ? meanings[name] : undefined) ?? commonCode(error, name);
  const answer = [httpStatus(error), name].filter((part) => part !== undefined && part !== '').join(' ');
  return new FactoryError(code, answer === '' ? call : `${call}: ${answer}`, { cause: error });
}

function commonCode(error: unknown, name: string): ErrorCode {
  const status = httpStatus(error);
  const { code } = asAwsError(error);
  if (THROTTLING.has(name) || status === 429) return 'Throttled';
  if (UNAVAILABLE.has(name) || (status !== undefined && status >= 500)) return 'Unavailable';
  if (typeof code === 'string' && NETWORK.has(code)) return 'Unavailable';
  return 'Unexpected';
}

/** Runs one call to AWS; whatever fails comes out as a FactoryError. See {@link factoryErrorOf}. */
export async function calling<T>(call: string, meanings: ErrorTable, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw factoryErrorOf(error, call, meanings);
  }
}
