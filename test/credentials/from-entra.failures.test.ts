/** What the provider makes of a clock that is wrong, of tokens that are old, and of refusals. */
import { describe, expect, it, vi } from 'vitest';
import type { FromEntraOptions } from '../../credentials/from-entra.ts';
import { ACCOUNT } from '../fixtures/domain.ts';
import { CLAIMS_V1, ISSUED, jwt } from '../fixtures/tokens.ts';
import { refusal, SECRETS, session } from './fake-sts.ts';
import { AUDIENCE, credentialOf, failureOf, HOUR, providerOf, useScene } from './scene.ts';
import { MINUTE } from './virtual-ports.ts';

const scene = useScene();
const provider = (options: Partial<FromEntraOptions> = {}) => providerOf(scene.ports, options);

describe('the clock', () => {
  it.each([2 * HOUR, -2 * HOUR])('may be wrong by %i ms: the session ends by it', async (skew) => {
    scene.sts.clock = () => scene.ports.now() + skew;
    scene.sts.answers = [session(scene.ports.now() + skew + HOUR)];
    const { expiration } = await provider()();
    expect(expiration).toEqual(new Date(ISSUED * 1000 + HOUR));
  });

  it.each([
    ['STS says no time', () => undefined],
    ['it is off by less than a minute', () => () => scene.ports.now() + 59_000],
  ])("is not looked at where %s: STS's own Expiration counts", async (_, clock) => {
    scene.sts.clock = clock();
    scene.sts.answers = [session(ISSUED * 1000 + 30 * MINUTE)];
    const { expiration } = await provider()();
    expect(expiration).toEqual(new Date(ISSUED * 1000 + 30 * MINUTE));
  });

  it('that is wrong is named where a token has expired', async () => {
    scene.sts.clock = () => scene.ports.now() + HOUR;
    scene.sts.answers = [refusal('ExpiredTokenException', 'Token expired')];
    expect((await failureOf(provider()())).code).toBe('ClockWrong');
  });
});

describe('an expired token', () => {
  const old = jwt({ ...CLAIMS_V1, iat: ISSUED - 7200, exp: ISSUED - 3600 });

  it('is replaced by one that is newer than it', async () => {
    const { credential, asked } = credentialOf(old, jwt(CLAIMS_V1));
    scene.sts.answers = [refusal('ExpiredTokenException', 'Token expired'), session(ISSUED * 1000 + HOUR)];
    expect(await provider({ credential })()).toMatchObject(SECRETS);
    const claims = { access_token: { nbf: { essential: true, value: String(ISSUED - 7200 + 1) } } };
    expect(asked.map((each) => each.claims)).toEqual([undefined, JSON.stringify(claims)]);
  });

  it('that comes again was kept by somebody', async () => {
    scene.sts.answers = [refusal('ExpiredTokenException', 'Token expired')];
    const error = await failureOf(provider({ credential: credentialOf(old).credential })());
    expect([error.code, error.mayBe]).toEqual(['TokenExpired', ['TokenFromCache']]);
    expect(scene.sts.asked).toHaveLength(2);
  });
});

describe('a passing failure', () => {
  it.each([
    ['of the issuer', refusal('IDPCommunicationError', 'x')],
    [
      "of the issuer's keys",
      refusal('InvalidIdentityToken', "Couldn't retrieve verification key from your identity provider"),
    ],
    ['by throttling', refusal('Throttling', 'Rate exceeded')],
    ['of STS', refusal('InternalFailure', 'x', 500)],
    ['of something before STS', { status: 502, body: '<html>Bad gateway</html>' }],
    ['of the network', 'drop' as const],
  ])('%s is tried again, with the same token', async (_, answer) => {
    const { credential, asked } = credentialOf(jwt(CLAIMS_V1));
    scene.sts.answers = [answer, answer, session(ISSUED * 1000 + HOUR)];
    expect(await provider({ credential })()).toMatchObject(SECRETS);
    expect(scene.ports.slept).toEqual([250, 500]);
    expect(asked).toHaveLength(1);
  });

  it('that lasts is told, as one that passes', async () => {
    scene.sts.answers = [refusal('IDPCommunicationError', 'x')];
    const error = await failureOf(provider()());
    expect(error).toMatchObject({ code: 'ProviderKeysUnavailable', retryable: true, side: 'aws' });
    expect(scene.sts.asked).toHaveLength(6);
  });

  it('is not seen in an answer without credentials that STS would not give', async () => {
    scene.sts.answers = [{ status: 200, body: '<html>Log in to the hotel</html>' }];
    expect((await failureOf(provider()())).side).toBe('aws');
  });
});

describe('a refusal', () => {
  it('carries the claims of the token beside what AWS must hold, and the remedy', async () => {
    scene.sts.answers = [refusal('InvalidIdentityToken', 'Incorrect token audience')];
    const error = await failureOf(provider({ region: 'eu-west-1' })());
    const path = CLAIMS_V1.iss.slice('https://'.length);
    expect(error).toMatchObject({
      code: 'AudienceNotOnProvider',
      side: 'aws',
      retryable: false,
      facts: {
        answer: 'InvalidIdentityTokenException (400) from STS in eu-west-1',
        iss: CLAIMS_V1.iss,
        aud: AUDIENCE,
        sub: CLAIMS_V1.sub,
        exp: new Date(CLAIMS_V1.exp * 1000).toISOString(),
        expectedProvider: `arn:aws:iam::${ACCOUNT}:oidc-provider/${path}`,
        expectedClientId: AUDIENCE,
      },
    });
    for (const told of [error.code, error.summary, error.remedy, CLAIMS_V1.iss, AUDIENCE, CLAIMS_V1.sub]) {
      expect(error.message).toContain(told);
    }
    expect(scene.sts.asked).toHaveLength(1);
  });

  it('whose cause is open tells what is likeliest', async () => {
    scene.sts.answers = [refusal('AccessDenied', 'Not authorized', 403)];
    const { credential } = credentialOf(jwt({ ...CLAIMS_V1, appid: 'somebody-else' }));
    const error = await failureOf(provider({ credential })());
    expect(error).toMatchObject({ code: 'NotTrusted', mayBe: expect.arrayContaining(['SubjectNotTrusted']) });
    expect(error.remedy).toContain('object id of the caller');
  });
});

describe('a token that is not sent', () => {
  it.each(['http://sts.example.com', 'http://127.0.0.1.example.com'])('over %s', async (endpoint) => {
    vi.stubEnv('AWS_ENDPOINT_URL_STS', endpoint);
    const error = await failureOf(provider()());
    expect(error).toMatchObject({ code: 'InsecureEndpoint', facts: { endpoint } });
  });
});
