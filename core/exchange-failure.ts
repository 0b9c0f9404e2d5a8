/** Why STS refuses a token, as far as its answer, the token and the clock tell; and what both sides must hold. */
import { type AccountId, isGuid, type RoleArn } from './ids.ts';
import { conditionKey, identifierUriFor, type Partition, providerArnOf } from './issuer.ts';
import { isPassing } from './login-failure.ts';
import type { MistakeCode } from './mistakes.ts';
import type { TokenFacts } from './token.ts';

/** STS's answer. The message decides and is then dropped: it may quote the token. */
export interface StsRefusal {
  /** `AccessDenied`, `InvalidIdentityToken`, …, with or without `Exception` at the end. */
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

export interface Exchange {
  readonly refusal: StsRefusal;
  /** Undefined where what was exchanged is no JWT. */
  readonly token: TokenFacts | undefined;
  /** STS's own time, in milliseconds. */
  readonly now: number;
  /** By how much the workload's clock is behind it. */
  readonly clockSkewMs: number;
}

export interface ExchangeMistake {
  readonly code: MistakeCode;
  /** What STS's answer leaves open, the likeliest first; empty where `code` says it all. */
  readonly mayBe: readonly MistakeCode[];
}

/** AWS accepts tokens for five minutes after they expired. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;
/** A token that was asked for just now is older than this only if somebody kept it. */
const FRESH_MS = 10 * 60_000;

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
export function exchangeMistake(exchange: Exchange): ExchangeMistake {
  const { token, now } = exchange;
  const [code, ...mayBe] = candidates(exchange);
  const kept = token?.iat !== undefined && now - token.iat * 1000 > FRESH_MS;
  const fromCache = kept && MENDED_BY_FRESH.has(code) ? (['TokenFromCache'] as const) : [];
  return { code, mayBe: [...mayBe, ...fromCache] };
}

/** What an old token may be the reason of. */
const MENDED_BY_FRESH: ReadonlySet<MistakeCode> = new Set([
  'ProviderNotFound',
  'CallerIsAudience',
  'TokenExpired',
]);

type Candidates = readonly [MistakeCode, ...MistakeCode[]];

function candidates({ refusal, token, clockSkewMs }: Exchange): Candidates {
  const { message, status } = refusal;
  switch (refusal.code.replace(/Exception$/, '')) {
    case 'ExpiredToken':
      return [Math.abs(clockSkewMs) > CLOCK_TOLERANCE_MS ? 'ClockWrong' : 'TokenExpired'];
    case 'IDPCommunicationError':
      return ['ProviderKeysUnavailable'];
    case 'InvalidIdentityToken':
      return invalidToken(message, token);
    case 'AccessDenied':
      return /explicit deny/i.test(message) ? ['DeniedExplicitly'] : ['NotTrusted', ...untrusted(token)];
    case 'ValidationError':
      return [/DurationSeconds exceeds/i.test(message) ? 'SessionTooLong' : 'StsRefuses'];
    default: {
      const passing = isPassing(status) || /Throttl|LimitExceeded/.test(refusal.code);
      return [passing ? 'StsUnavailable' : 'StsRefuses'];
    }
  }
}

/** AWS has one code for all of these; only its sentences tell them apart. */
function invalidToken(message: string, token: TokenFacts | undefined): Candidates {
  if (/retrieve verification key/i.test(message)) return ['ProviderKeysUnavailable'];
  if (/No OpenIDConnect provider/i.test(message)) {
    return token?.iss.endsWith('/')
      ? ['ProviderNotFound', 'ProviderMissing', 'ProviderWithoutSlash', 'TokenVersionMismatch']
      : ['ProviderNotFound', 'TokenVersionMismatch', 'ProviderMissing'];
  }
  if (!/audience/i.test(message)) return ['StsRefuses'];
  if (token?.azp !== undefined && token.azp !== token.aud) return ['CallerIsAudience'];
  return isBareClientId(token)
    ? ['AudienceWithoutPrefix', 'AudienceNotOnProvider']
    : ['AudienceNotOnProvider'];
}

/** The audience of a version 1.0 token is what was asked for, with or without `api://`. */
const isBareClientId = (token: TokenFacts | undefined): boolean =>
  token !== undefined && token.azp === undefined && isGuid(token.aud);

function untrusted(token: TokenFacts | undefined): readonly MistakeCode[] {
  const others = ['RoleNotReady', 'AudienceNotTrusted', 'DeniedExplicitly'] as const;
  if (isBareClientId(token)) {
    return ['AudienceWithoutPrefix', 'SubjectNotTrusted', 'RoleMissing', ...others];
  }
  const client = token?.azp ?? token?.appid ?? '';
  // The factory pins the application of the audience: whoever is somebody else is refused for that in most cases.
  return token?.aud === client || token?.aud === identifierUriFor(client)
    ? ['RoleMissing', 'SubjectNotTrusted', ...others]
    : ['SubjectNotTrusted', 'RoleMissing', ...others];
}

/** A token's claims, and what must stand in AWS for it to be let in: what both sides compare with each other. */
export function exchangeFacts(roleArn: RoleArn, token: TokenFacts): Readonly<Record<string, string>> {
  const { iss, aud, sub, azp, appid, exp } = token;
  const claims = {
    iss,
    aud,
    sub,
    ...(azp !== undefined && { azp }),
    ...(appid !== undefined && { appid }),
    ...(exp !== undefined && { exp: new Date(exp * 1000).toISOString() }),
  };
  if (!/^https:\/\/[!-~]+$/.test(iss)) return claims;
  const [, partition, , , account] = roleArn.split(':');
  const provider = providerArnOf(partition as Partition, account as AccountId, iss);
  // AWS compares the caller of a version 2.0 token where it compares the audience of any other.
  const clientId = azp ?? aud;
  const key = (claim: string) => conditionKey(provider, claim);
  const trust = {
    [key('aud')]: clientId,
    ...(azp !== undefined && { [key('oaud')]: aud }),
    [key('sub')]: sub,
  };
  return {
    ...claims,
    expectedProvider: provider,
    expectedClientId: clientId,
    expectedTrust: JSON.stringify(trust),
  };
}
