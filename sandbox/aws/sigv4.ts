/** AWS Signature Version 4 in the Authorization header: parsing and verification. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  readonly method: string;
  /** As sent, percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Signature {
  readonly accessKeyId: string;
  /** `YYYYMMDD` of the credential scope. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

export type AuthenticationProblem = 'incomplete' | 'unknown-key' | 'mismatch' | 'expired-token';

/** A request that nobody is behind: not signed properly, by no key we know, or too late. */
export class AuthenticationError extends Error {
  readonly problem: AuthenticationProblem;

  constructor(problem: AuthenticationProblem, message: string) {
    super(message);
    this.name = 'AuthenticationError';
    this.problem = problem;
  }
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, *SignedHeaders=([a-z0-9;_-]+), *Signature=([0-9a-f]{64})$/;
/** AWS refuses requests stamped more than five minutes away from its clock. */
const MAX_SKEW_MS = 5 * 60_000;
/** Whatever decides what a request does must be signed. */
const MUST_BE_SIGNED = ['x-amz-date', 'x-amz-target', 'x-amz-security-token', 'x-amz-content-sha256'];

export function parseAuthorization(header: string): Signature {
  const match = AUTHORIZATION.exec(header);
  if (!match) throw new AuthenticationError('incomplete', `Authorization header is not ${ALGORITHM}`);
  const [, accessKeyId = '', date = '', region = '', service = '', signedHeaders = '', signature = ''] =
    match;
  return { accessKeyId, date, region, service, signedHeaders: signedHeaders.split(';'), signature };
}

/** Throws AuthenticationError unless the request carries this signature, made with the secret, just now. */
export function verifySignature(
  request: SignedRequest,
  signature: Signature,
  secretAccessKey: string,
  now: number,
): void {
  const stamp = request.headers['x-amz-date'] ?? '';
  const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp);
  if (!time)
    throw new AuthenticationError('incomplete', 'X-Amz-Date is missing or not in ISO 8601 basic form');
  if (!stamp.startsWith(signature.date))
    throw mismatch('The credential scope is of another day than X-Amz-Date');
  const [, y, mo, d, h, mi, s] = time.map(Number) as [number, number, number, number, number, number, number];
  if (Math.abs(Date.UTC(y, mo - 1, d, h, mi, s) - now) > MAX_SKEW_MS) {
    throw mismatch(`Signature expired: ${stamp} is more than five minutes away from the server's clock`);
  }
  const needed = ['host', ...MUST_BE_SIGNED.filter((name) => request.headers[name] !== undefined)];
  const unsigned = needed.filter((name) => !signature.signedHeaders.includes(name));
  if (unsigned.length > 0) throw mismatch(`Headers must be signed: ${unsigned.join(', ')}`);

  const bodyHash = sha256(request.body);
  const declared = request.headers['x-amz-content-sha256'];
  if (declared !== undefined && declared !== bodyHash)
    throw mismatch('X-Amz-Content-Sha256 is not of this body');

  const { date, region, service } = signature;
  const scope = `${date}/${region}/${service}/aws4_request`;
  const canonical = canonicalRequest(request, signature.signedHeaders, bodyHash);
  const toSign = [ALGORITHM, stamp, scope, sha256(canonical)].join('\n');
  const dayKey = hmac(`AWS4${secretAccessKey}`, date);
  const key = hmac(hmac(hmac(dayKey, region), service), 'aws4_request');
  if (!timingSafeEqual(hmac(key, toSign), Buffer.from(signature.signature, 'hex'))) {
    throw mismatch(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
}

const mismatch = (message: string): AuthenticationError => new AuthenticationError('mismatch', message);
const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

function canonicalRequest(
  request: SignedRequest,
  signedHeaders: readonly string[],
  bodyHash: string,
): string {
  const headers = signedHeaders.map((name) => {
    const value = request.headers[name];
    if (value === undefined) throw mismatch(`Signed header ${name} is not in the request`);
    return `${name}:${value.trim().replace(/\s+/g, ' ')}\n`;
  });
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query),
    headers.join(''),
    signedHeaders.join(';'),
    bodyHash,
  ].join('\n');
}

/** Every service but S3 signs the path encoded once more than it is sent. */
const canonicalPath = (path: string): string => path.split('/').map(encode).join('/');

const canonicalQuery = (query: URLSearchParams): string =>
  [...query]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map((pair) => pair.join('='))
    .join('&');

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** RFC 3986: everything but letters, digits and `-._~`. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
