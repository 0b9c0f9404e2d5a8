import { describe, expect, it } from 'vitest';
import { APP_ID, AUDIENCE, ISSUER, ISSUER_V2, PROVIDER_ARN_V2, TENANT } from '../../fixtures/domain.ts';
import { type Asked, ask, CLAIMS, NOW } from './questions.ts';

const seconds = NOW / 1000;
const check = (asked: Asked, name: string) => ask(asked).checks.find((each) => each.check === name);

it('lets in the token of the role’s own application', () => {
  const answer = ask();
  expect(answer).toMatchObject({ letIn: true, change: null });
  expect(answer.checks.map(({ check: name, outcome }) => `${name} ${outcome}`)).toEqual([
    'issuer ok',
    'algorithm ok',
    'signature unknown',
    'lifetime ok',
    'subject ok',
    'audience ok',
  ]);
});

describe('STS refuses', () => {
  const NO_SLASH = ISSUER.url.replace(/\/$/, '');
  it.each<[string, string, Asked, string, string]>([
    [
      'an issuer without provider',
      'issuer',
      { claims: { iss: 'https://other/' } },
      'InvalidIdentityToken',
      'ProviderNotFound',
    ],
    [
      'the other token version',
      'issuer',
      { claims: { iss: ISSUER_V2.url } },
      'InvalidIdentityToken',
      'TokenVersionMismatch',
    ],
    [
      'a provider without slash',
      'issuer',
      { arn: `arn:aws:iam::111122223333:oidc-provider/sts.windows.net/${TENANT}` },
      'InvalidIdentityToken',
      'ProviderWithoutSlash',
    ],
    [
      'an issuer without slash',
      'issuer',
      { claims: { iss: NO_SLASH } },
      'InvalidIdentityToken',
      'ProviderNotFound',
    ],
    [
      'an issuer that is no text',
      'issuer',
      { claims: { iss: 7 } },
      'InvalidIdentityToken',
      'ProviderNotFound',
    ],
    ['an unsigned token', 'algorithm', { algorithm: 'none' }, 'InvalidIdentityToken', 'StsRefuses'],
    [
      'a token with a shared secret',
      'algorithm',
      { algorithm: 'HS256' },
      'InvalidIdentityToken',
      'StsRefuses',
    ],
    [
      'a token five minutes after it expired',
      'lifetime',
      { claims: { exp: seconds - 300 } },
      'ExpiredTokenException',
      'TokenExpired',
    ],
    [
      'a token that begins later',
      'lifetime',
      { claims: { nbf: seconds + 301 } },
      'InvalidIdentityToken',
      'ClockWrong',
    ],
    ['a token without exp', 'lifetime', { claims: { exp: undefined } }, 'InvalidIdentityToken', 'StsRefuses'],
    ['a token without sub', 'subject', { claims: { sub: undefined } }, 'InvalidIdentityToken', 'StsRefuses'],
    [
      'an audience that is not listed',
      'audience',
      { clientIds: ['other'] },
      'InvalidIdentityToken',
      'AudienceNotOnProvider',
    ],
    [
      'a bare client id',
      'audience',
      { claims: { aud: APP_ID } },
      'InvalidIdentityToken',
      'AudienceWithoutPrefix',
    ],
    [
      'several audiences',
      'audience',
      { claims: { aud: [AUDIENCE, 'other'] } },
      'InvalidIdentityToken',
      'AudienceNotOnProvider',
    ],
    [
      'another caller',
      'audience',
      { claims: { azp: 'another' } },
      'InvalidIdentityToken',
      'CallerIsAudience',
    ],
  ])('%s', (_, name, asked, error, code) => {
    expect(check(asked, name)).toMatchObject({ outcome: 'refused', error });
    expect(ask(asked)).toMatchObject({ letIn: false, error, code });
  });

  it('with its first objection, however many there are', () => {
    const answer = ask({ claims: { exp: seconds - 3600, aud: 'x', sub: '' } });
    expect(answer.error).toBe('ExpiredTokenException');
    expect(answer.checks.filter(({ outcome }) => outcome === 'refused')).toHaveLength(3);
  });
});

describe('what only its claims tell', () => {
  it('is not held against a token', () => {
    const { iss: _, iat: __, exp: ___, ...claims } = CLAIMS;
    const answer = ask({
      algorithm: undefined,
      claims: { ...claims, iss: undefined, iat: undefined, exp: undefined },
    });
    expect(answer.letIn).toBe(true);
    expect(
      answer.checks.filter(({ outcome }) => outcome === 'unknown').map(({ check: name }) => name),
    ).toEqual(['issuer', 'algorithm', 'signature', 'lifetime']);
  });

  it('nor is a client id list that is not known', () => {
    expect(ask({ clientIds: undefined }).letIn).toBe(true);
    expect(check({ clientIds: undefined }, 'audience')).toMatchObject({ outcome: 'unknown' });
  });
});

it('compares the caller of a version 2 token with the client id list', () => {
  const asked = { arn: PROVIDER_ARN_V2, claims: { iss: ISSUER_V2.url, azp: APP_ID, aud: 'api://x' } };
  expect(check({ ...asked, clientIds: [APP_ID] }, 'audience')).toMatchObject({
    outcome: 'ok',
    actual: `azp ${APP_ID}`,
  });
});

it('says that session tags are a permission of their own', () => {
  const tagged = ask({ claims: { 'https://aws.amazon.com/tags': { principal_tags: { team: ['a'] } } } });
  expect(tagged.checks.at(-1)).toMatchObject({ check: 'session-tags', outcome: 'unknown' });
});
