/** What a token says of itself. Not verified: good for messages, never for letting anybody in. */

export interface TokenFacts {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  /** Client id of the application that asked for it. Version 2.0 tokens only, and then AWS takes it for `aud`. */
  readonly azp?: string;
  /** The same in version 1.0 tokens, where AWS does not look at it. */
  readonly appid?: string;
  /** Seconds since the epoch; undefined where the token does not say. */
  readonly iat: number | undefined;
  readonly exp: number | undefined;
}

/** The claims of a JWT that decide about an exchange; undefined where it is no JWT. */
export function tokenFacts(token: string): TokenFacts | undefined {
  const claims = objectIn(token.split('.')[1] ?? '');
  if (claims === undefined) return undefined;
  const { iss, aud, sub, azp, appid, iat, exp } = claims;
  return {
    iss: text(iss),
    aud: [aud].flat().map(text).join(' '),
    sub: text(sub),
    ...(typeof azp === 'string' && { azp }),
    ...(typeof appid === 'string' && { appid }),
    iat: time(iat),
    exp: time(exp),
  };
}

/** Header and claims of a JWT, as they are; undefined where it is none. */
export function decodeToken(token: string): { readonly header: Claims; readonly claims: Claims } | undefined {
  const parts = token.split('.');
  const [header, claims] = parts.slice(0, 2).map(objectIn);
  return parts.length === 3 && header && claims ? { header, claims } : undefined;
}

type Claims = Readonly<Record<string, unknown>>;

function objectIn(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds that a date can hold. */
const time = (claim: unknown): number | undefined =>
  typeof claim === 'number' && Math.abs(claim) <= 8.64e12 ? claim : undefined;

const text = (claim: unknown): string => (typeof claim === 'string' ? claim : '');
