/** What an error shows, by whatever way it is printed, holds nothing that opens anything. */
import { inspect } from 'node:util';
import type { TokenCredential } from '@azure/identity';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { credentialsFromEntra } from '../../credentials/from-entra.ts';
import { ACCOUNT, AUDIENCE } from '../fixtures/domain.ts';
import { CLAIMS_V1, ISSUED, jwt } from '../fixtures/tokens.ts';
import { type FakeSts, refusal, SECRETS, type StsAnswer, session, startSts } from './fake-sts.ts';
import { MINUTE, virtualPorts } from './virtual-ports.ts';

const SIGNATURE = 'c2VjcmV0LXNpZ25hdHVyZQ';
const TOKEN = jwt(CLAIMS_V1, SIGNATURE);
const CLIENT_SECRET = 'client~secret+of/the=application';
const SECRET_WORDS = [TOKEN, SIGNATURE, TOKEN.split('.')[1] ?? '', CLIENT_SECRET, ...Object.values(SECRETS)];

let sts: FakeSts;
beforeAll(async () => {
  sts = await startSts();
});
afterAll(() => sts.close());
beforeEach(() => {
  vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.endpoint);
  return () => vi.unstubAllEnvs();
});

const working: TokenCredential = { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: 0 }) };

const printed = (error: unknown): string =>
  [
    String(error),
    JSON.stringify(error),
    inspect(error, { depth: null, showHidden: true }),
    error instanceof Error ? error.stack : '',
  ].join('\n');

function expectNothingSecret(text: string): void {
  for (const word of SECRET_WORDS) {
    for (const form of [word, encodeURIComponent(word), btoa(word)]) expect(text).not.toContain(form);
  }
}

const provider = (credential: TokenCredential, warn = (_: string) => {}) =>
  credentialsFromEntra(
    { roleArn: `arn:aws:iam::${ACCOUNT}:role/deploy`, audience: AUDIENCE, credential, logger: { warn } },
    {},
    virtualPorts(),
  );

const whole = session(ISSUED * 1000 + MINUTE);

const ANSWERS: readonly [string, StsAnswer][] = [
  ['AccessDenied', refusal('AccessDenied', `Not authorized: ${TOKEN}`, 403)],
  ['ValidationError', refusal('ValidationError', `Value '${TOKEN}' at 'webIdentityToken' failed`)],
  ['InvalidIdentityToken', refusal('InvalidIdentityToken', `Incorrect token audience ${TOKEN}`)],
  ['ExpiredToken', refusal('ExpiredTokenException', TOKEN)],
  ['Throttling', refusal('Throttling', TOKEN)],
  ['a proxy that echoes', { status: 502, body: `<html>${TOKEN}</html>` }],
  ['half a session', { ...whole, body: whole.body.replace(/<SessionToken>.*<\/SessionToken>/, '') }],
  ['no answer', 'drop'],
];

describe('an error', () => {
  it.each(ANSWERS)('after %s of STS', async (_, answer) => {
    sts.answers = [answer];
    const error = await provider(working)().then(
      () => Promise.reject(new Error('there are credentials')),
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: 'CredentialsError' });
    expectNothingSecret(printed(error));
  });

  it.each<[string, Error]>([
    ['quotes what was sent', new Error(`invalid_client: AADSTS7000215: ${CLIENT_SECRET}`)],
    ['has a cause that does', new Error('x', { cause: new Error(`${CLIENT_SECRET} ${TOKEN}`) })],
    ['carries the answer', Object.assign(new Error('x'), { errorResponse: { error: CLIENT_SECRET } })],
    ['is named by it', Object.assign(new Error('x'), { name: CLIENT_SECRET })],
  ])("after a failure of Azure's library that %s", async (_, failure) => {
    const credential = { getToken: () => Promise.reject(failure) };
    const error = await provider(credential)().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'CredentialsError' });
    expectNothingSecret(printed(error));
  });
});

it.each(ANSWERS)('a warning after %s of STS', async (_, answer) => {
  sts.answers = [whole, answer];
  const warn = vi.fn();
  const credentials = provider(working, warn);
  await credentials();
  await credentials();
  await vi.waitFor(() => expect(warn).toHaveBeenCalled());
  expectNothingSecret(JSON.stringify(warn.mock.calls));
});
