import { describe, expect, it } from 'vitest';
import {
  type Exchange,
  exchangeFacts,
  exchangeMistake,
  type StsRefusal,
} from '../../core/exchange-failure.ts';
import { roleArn } from '../../core/ids.ts';
import type { MistakeCode } from '../../core/mistakes.ts';
import type { TokenFacts } from '../../core/token.ts';
import { APP_ID } from '../fixtures/domain.ts';
import { CLAIMS_V1, CLAIMS_V2, ISSUED } from '../fixtures/tokens.ts';

const OTHER = '99999999-0000-4000-8000-000000000009';

const mistake = (
  code: string,
  message: string,
  token: TokenFacts | undefined = CLAIMS_V1,
  more: Partial<Exchange> & Partial<Pick<StsRefusal, 'status'>> = {},
) => {
  const { status = 400, now = (ISSUED + 5) * 1000, clockSkewMs = 0 } = more;
  return exchangeMistake({ refusal: { code, message, status }, token, now, clockSkewMs });
};

const NO_PROVIDER = 'No OpenIDConnect provider found in your account for https://…';
const WRONG_AUDIENCE = 'Incorrect token audience';
const DENIED = 'Not authorized to perform sts:AssumeRoleWithWebIdentity';
const NO_KEY =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

describe("STS's refusal that says what is wrong", () => {
  it.each<[string, string, MistakeCode]>([
    ['IDPCommunicationError', 'x', 'ProviderKeysUnavailable'],
    ['IDPCommunicationErrorException', 'x', 'ProviderKeysUnavailable'],
    ['InvalidIdentityToken', NO_KEY, 'ProviderKeysUnavailable'],
    ['InvalidIdentityTokenException', WRONG_AUDIENCE, 'AudienceNotOnProvider'],
    ['InvalidIdentityToken', 'The ID Token provided is not a valid JWT', 'StsRefuses'],
    ['ExpiredTokenException', 'Token expired: current date/time …', 'TokenExpired'],
    ['AccessDenied', `${DENIED} with an explicit deny in a resource control policy`, 'DeniedExplicitly'],
    [
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      'SessionTooLong',
    ],
    ['ValidationError', "Value '…' at 'webIdentityToken' …", 'StsRefuses'],
    ['IDPRejectedClaim', 'x', 'StsRefuses'],
    ['RegionDisabledException', 'x', 'StsRefuses'],
    ['Throttling', 'Rate exceeded', 'StsUnavailable'],
    ['RequestLimitExceeded', 'x', 'StsUnavailable'],
  ])('%s, %j: %s', (code, message, expected) => {
    expect(mistake(code, message)).toEqual({ code: expected, mayBe: [] });
  });

  it.each([429, 500, 503])('with status %s is to be tried again', (status) => {
    expect(mistake('InternalFailure', 'x', CLAIMS_V1, { status }).code).toBe('StsUnavailable');
  });
});

describe('an expired token', () => {
  it.each([6 * 60_000, -6 * 60_000])('means a wrong clock where it differs by %i ms', (clockSkewMs) => {
    expect(mistake('ExpiredToken', 'x', CLAIMS_V1, { clockSkewMs }).code).toBe('ClockWrong');
  });

  it('means a kept token where the clock is right', () => {
    expect(mistake('ExpiredToken', 'x', CLAIMS_V1, { now: (ISSUED + 9_000) * 1000 })).toEqual({
      code: 'TokenExpired',
      mayBe: ['TokenFromCache'],
    });
  });
});

describe('no provider for the issuer', () => {
  it('may be any of three things with a token of version 1.0', () => {
    expect(mistake('InvalidIdentityToken', NO_PROVIDER)).toEqual({
      code: 'ProviderNotFound',
      mayBe: ['ProviderMissing', 'ProviderWithoutSlash', 'TokenVersionMismatch'],
    });
  });

  it('is most likely a matter of versions with a token of version 2.0', () => {
    expect(mistake('InvalidIdentityToken', NO_PROVIDER, CLAIMS_V2)).toEqual({
      code: 'ProviderNotFound',
      mayBe: ['TokenVersionMismatch', 'ProviderMissing'],
    });
  });

  it('may come from a token that is older than the change of the version', () => {
    const { mayBe } = mistake('InvalidIdentityToken', NO_PROVIDER, CLAIMS_V2, { now: (ISSUED + 601) * 1000 });
    expect(mayBe).toContain('TokenFromCache');
  });
});

describe('an audience that STS does not accept', () => {
  it.each<[string, TokenFacts, MistakeCode, MistakeCode[]]>([
    ['is not on the list', CLAIMS_V1, 'AudienceNotOnProvider', []],
    [
      'was asked for without api://',
      { ...CLAIMS_V1, aud: APP_ID },
      'AudienceWithoutPrefix',
      ['AudienceNotOnProvider'],
    ],
    ['is not compared: the caller is', { ...CLAIMS_V2, azp: OTHER }, 'CallerIsAudience', []],
    ['is the caller, and not on the list', CLAIMS_V2, 'AudienceNotOnProvider', []],
  ])('%s', (_, token, code, mayBe) => {
    expect(mistake('InvalidIdentityToken', WRONG_AUDIENCE, token)).toEqual({ code, mayBe });
  });
});

describe('a role that does not let the token in', () => {
  it.each<[string, TokenFacts, MistakeCode]>([
    ['the application of the audience itself', CLAIMS_V1, 'RoleMissing'],
    ['the application of the audience itself, version 2.0', CLAIMS_V2, 'RoleMissing'],
    ['another application', { ...CLAIMS_V1, appid: OTHER }, 'SubjectNotTrusted'],
    ['who asks without api://', { ...CLAIMS_V1, aud: APP_ID }, 'AudienceWithoutPrefix'],
  ])('most likely refuses %s because of %s', (_, token, likeliest) => {
    const { code, mayBe } = mistake('AccessDenied', DENIED, token, { status: 403 });
    expect(code).toBe('NotTrusted');
    expect(mayBe[0]).toBe(likeliest);
    for (const other of ['RoleMissing', 'RoleNotReady', 'SubjectNotTrusted', 'DeniedExplicitly']) {
      expect(mayBe).toContain(other);
    }
  });

  it('is all that is known where the token cannot be read', () => {
    expect(
      exchangeMistake({
        refusal: { code: 'AccessDenied', message: DENIED, status: 403 },
        token: undefined,
        now: 0,
        clockSkewMs: 0,
      }).code,
    ).toBe('NotTrusted');
  });
});

describe('what must stand in AWS', () => {
  const role = roleArn('arn:aws-us-gov:iam::111122223333:role/path/deploy');

  it('is spelled with the issuer of the token, slash included', () => {
    const path = CLAIMS_V1.iss.slice('https://'.length);
    expect(exchangeFacts(role, CLAIMS_V1)).toEqual({
      iss: CLAIMS_V1.iss,
      aud: CLAIMS_V1.aud,
      sub: CLAIMS_V1.sub,
      appid: CLAIMS_V1.appid,
      exp: '2026-03-02T10:15:26.000Z',
      expectedProvider: `arn:aws-us-gov:iam::111122223333:oidc-provider/${path}`,
      expectedClientId: CLAIMS_V1.aud,
      expectedTrust: JSON.stringify({ [`${path}:aud`]: CLAIMS_V1.aud, [`${path}:sub`]: CLAIMS_V1.sub }),
    });
  });

  it('is the caller where the token has version 2.0, and the audience under oaud', () => {
    const facts = exchangeFacts(role, { ...CLAIMS_V2, azp: OTHER });
    expect(facts.expectedClientId).toBe(OTHER);
    const path = CLAIMS_V2.iss.slice('https://'.length);
    expect(JSON.parse(facts.expectedTrust ?? '')).toEqual({
      [`${path}:aud`]: OTHER,
      [`${path}:oaud`]: APP_ID,
      [`${path}:sub`]: CLAIMS_V2.sub,
    });
  });

  it('is not guessed where the issuer is none', () => {
    expect(exchangeFacts(role, { ...CLAIMS_V1, iss: 'me' })).not.toHaveProperty('expectedProvider');
  });
});
