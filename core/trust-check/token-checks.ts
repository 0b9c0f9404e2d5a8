/**
 * What STS asks of a token before it looks at any role, and in this order.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
import { providerPathOf } from '../ci/issuers.ts';
import { isGuid } from '../ids.ts';
import { entraProvider, identifierUriFor } from '../issuer.ts';
import type { MistakeCode } from '../mistakes.ts';
import type { TokenClaims } from '../policy/web-identity.ts';

export interface GivenToken {
  /** Undefined where only the claims are known; then what they leave out is not held against them. */
  readonly algorithm: string | undefined;
  readonly claims: TokenClaims;
}

export interface GivenProvider {
  readonly arn: string;
  /** Undefined: not known. */
  readonly clientIds: readonly string[] | undefined;
}

export interface TokenCheck {
  readonly check: 'issuer' | 'algorithm' | 'signature' | 'lifetime' | 'subject' | 'audience' | 'session-tags';
  /** `unknown`: it cannot be told from what is given. */
  readonly outcome: 'ok' | 'refused' | 'unknown';
  readonly expected: string;
  readonly actual: string;
  /** Where refused: STS's error code, and what it means where that is known. */
  readonly error?: 'InvalidIdentityToken' | 'ExpiredTokenException';
  readonly mistake?: MistakeCode;
}

const ALGORITHMS: readonly string[] = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
/** AWS accepts tokens up to five minutes after they expired; others' clocks may be as much ahead. */
const GRACE_SECONDS = 300;

/** `now`: milliseconds since the epoch. */
export const checkToken = (
  token: GivenToken,
  provider: GivenProvider,
  now: number,
): readonly TokenCheck[] => [
  checkIssuer(token, provider),
  checkAlgorithm(token),
  {
    check: 'signature',
    outcome: 'unknown',
    expected: 'a key that the issuer publishes',
    actual: 'not checked here',
  },
  checkLifetime(token, now),
  checkSubject(token),
  checkAudience(token, provider),
  ...checkSessionTags(token),
];

type Found = Omit<TokenCheck, 'check'>;

/** Claims alone are often an excerpt. */
const absent = ({ algorithm }: GivenToken, expected: string): Found =>
  algorithm === undefined
    ? { outcome: 'unknown', expected, actual: 'not among the claims given' }
    : { outcome: 'refused', expected, actual: 'absent', error: 'InvalidIdentityToken' };

function checkIssuer(token: GivenToken, { arn }: GivenProvider): TokenCheck {
  const { iss } = token.claims;
  const check = 'issuer';
  const expected = `https://${providerPathOf(arn)}`;
  if (iss === undefined) return { check, ...absent(token, expected) };
  const actual = shown(iss);
  if (iss === expected) return { check, outcome: 'ok', expected, actual };
  const mistake = issuerMistake(expected, actual, arn);
  return { check, outcome: 'refused', expected, actual, error: 'InvalidIdentityToken', mistake };
}

function issuerMistake(expected: string, actual: string, arn: string): MistakeCode {
  if (actual === `${expected}/`) return 'ProviderWithoutSlash';
  const [wanted, found] = [
    arn,
    arn.replace(/:oidc-provider\/.*/, `:oidc-provider/${actual.replace('https://', '')}`),
  ].map((provider) => entraProvider(provider)?.issuer);
  const isOtherVersion = wanted !== undefined && found?.tenantId === wanted.tenantId;
  return isOtherVersion && found?.tokenVersion !== wanted.tokenVersion
    ? 'TokenVersionMismatch'
    : 'ProviderNotFound';
}

function checkAlgorithm({ algorithm }: GivenToken): TokenCheck {
  const check = 'algorithm';
  const expected = ALGORITHMS.join(' ');
  if (algorithm === undefined)
    return { check, outcome: 'unknown', expected, actual: 'only the claims are given' };
  return ALGORITHMS.includes(algorithm)
    ? { check, outcome: 'ok', expected, actual: algorithm }
    : { check, outcome: 'refused', expected, actual: shown(algorithm), error: 'InvalidIdentityToken' };
}

function checkLifetime(token: GivenToken, now: number): TokenCheck {
  const check = 'lifetime';
  const { exp, iat, nbf = 0 } = token.claims;
  const expected = `now (${timeOf(now / 1000)}) to be within iat, nbf and exp`;
  if (!isTime(exp) || !isTime(iat)) return { check, ...absent(token, expected) };
  const actual = `${timeOf(iat)} to ${timeOf(exp)}`;
  const seconds = Math.floor(now / 1000);
  if (seconds >= exp + GRACE_SECONDS) {
    return {
      check,
      outcome: 'refused',
      expected,
      actual,
      error: 'ExpiredTokenException',
      mistake: 'TokenExpired',
    };
  }
  // Whether AWS looks at these is not documented; the stricter reading.
  const begins = Math.max(iat, isTime(nbf) ? nbf : 0);
  return begins > seconds + GRACE_SECONDS
    ? { check, outcome: 'refused', expected, actual, error: 'InvalidIdentityToken', mistake: 'ClockWrong' }
    : { check, outcome: 'ok', expected, actual };
}

function checkSubject({ claims: { sub } }: GivenToken): TokenCheck {
  const [check, expected] = ['subject', 'a claim sub'] as const;
  return typeof sub === 'string' && sub !== ''
    ? { check, outcome: 'ok', expected, actual: sub }
    : { check, outcome: 'refused', expected, actual: shown(sub), error: 'InvalidIdentityToken' };
}

/** What STS takes for the audience: `azp` where the token has one. Several say of none that it asked for the token. */
export function audienceOf({ azp, aud }: TokenClaims): string | undefined {
  const audiences: readonly unknown[] = [azp ?? aud ?? []].flat();
  const [only] = audiences;
  return audiences.length === 1 && typeof only === 'string' ? only : undefined;
}

function checkAudience({ claims }: GivenToken, { clientIds }: GivenProvider): TokenCheck {
  const check = 'audience';
  const found = audienceOf(claims);
  const actual = `${claims.azp === undefined ? 'aud' : 'azp'} ${shown(claims.azp ?? claims.aud)}`;
  const refused = (expected: string, mistake: MistakeCode): TokenCheck => ({
    check,
    outcome: 'refused',
    expected,
    actual,
    error: 'InvalidIdentityToken',
    mistake,
  });
  if (found === undefined) return refused('exactly one audience', 'AudienceNotOnProvider');
  if (clientIds === undefined) {
    return {
      check,
      outcome: 'unknown',
      expected: "a client id on the provider's list, which is not known",
      actual,
    };
  }
  const expected = clientIds.join(' ') || 'a client id, and the list is empty';
  if (clientIds.includes(found)) return { check, outcome: 'ok', expected: found, actual };
  if (claims.azp !== undefined && claims.azp !== claims.aud) return refused(expected, 'CallerIsAudience');
  const withoutPrefix = isGuid(found) && clientIds.includes(identifierUriFor(found));
  return refused(expected, withoutPrefix ? 'AudienceWithoutPrefix' : 'AudienceNotOnProvider');
}

/**
 * Only where the token sets any. They are permissions of their own.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
 */
function checkSessionTags({ claims }: GivenToken): TokenCheck[] {
  const set = Object.keys(claims).filter((claim) => claim.startsWith('https://aws.amazon.com/'));
  if (set.length === 0) return [];
  const expected = 'sts:TagSession or sts:SetSourceIdentity allowed to the token as well';
  return [
    { check: 'session-tags', outcome: 'unknown', expected, actual: 'set by the token; not checked here' },
  ];
}

/** Any value of a claim, cut to what fits a line. */
const shown = (claim: unknown): string =>
  (typeof claim === 'string' ? claim : (JSON.stringify(claim) ?? 'absent')).slice(0, 256);

const isTime = (claim: unknown): claim is number => typeof claim === 'number' && Number.isFinite(claim);

/** Beyond what a date can be, the number itself. */
function timeOf(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? String(seconds) : time.toISOString();
}
