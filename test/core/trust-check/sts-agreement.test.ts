/** The sandbox's STS is asked in this process; test/factory/cli asks it over the wire. */
import fc from 'fast-check';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { beforeAll, expect, it } from 'vitest';
import type { ProviderArn } from '../../../core/ids.ts';
import { checkTrust, type TrustQuestion } from '../../../core/trust-check/verdict.ts';
import { createCloud } from '../../../sandbox/aws/cloud.ts';
import type { Role } from '../../../sandbox/aws/iam/store.ts';
import { assumeRoleWithWebIdentity } from '../../../sandbox/aws/sts/web-identity.ts';
import type { ServiceCall } from '../../../sandbox/cloud.ts';
import { createRecorder } from '../../../sandbox/recorder.ts';
import { ACCOUNT, ISSUER, ISSUER_V2, PROVIDER_ARN, PROVIDER_ARN_V2 } from '../../fixtures/domain.ts';
import { exchange, NOW } from '../../generators/web-identity.ts';

const RUNS = 2000;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/workload`;
const CALL: ServiceCall = {
  service: 'sts',
  operation: 'AssumeRoleWithWebIdentity',
  caller: { principal: { type: 'anonymous' }, accountId: '' },
  region: 'us-east-1',
  requestId: 'request',
  userAgent: 'test',
  sourceIp: '127.0.0.1',
  authorize: () => undefined,
};

const time = { scale: 1, now: () => NOW, sleep: async () => undefined };
const cloud = createCloud({
  time,
  recorder: createRecorder({ time, random: () => 0 }),
  organization: { id: 'o-a1b2c3d4e5', accounts: [ACCOUNT] },
});
const issuers = new Map<string, unknown>();
const assume = assumeRoleWithWebIdentity(cloud, async (url) => issuers.get(url));
const keys = new Map<string, CryptoKey>();

beforeAll(async () => {
  const published = await Promise.all(
    ['ES256', 'EdDSA'].map(async (alg) => {
      const { publicKey, privateKey } = await generateKeyPair(alg);
      keys.set(alg, privateKey);
      return { ...(await exportJWK(publicKey)), kid: alg, alg, use: 'sig' };
    }),
  );
  for (const { url: issuer } of [ISSUER, ISSUER_V2]) {
    const base = issuer.replace(/\/$/, '');
    issuers.set(`${base}/.well-known/openid-configuration`, { issuer, jwks_uri: `${base}/keys` });
    issuers.set(`${base}/keys`, { keys: published });
  }
});

/** `let in`, or the name of STS's error. */
async function askSts({ policy, provider, token, sessionName = '' }: TrustQuestion): Promise<string> {
  const account = cloud.iam.accountOf(ACCOUNT);
  account.oidcProviders.clear();
  for (const [arn, { url }] of [
    [PROVIDER_ARN, ISSUER],
    [PROVIDER_ARN_V2, ISSUER_V2],
  ] as const) {
    // STS finds the provider by the token's issuer: only that of the question is there.
    if (arn !== (provider.arn as ProviderArn)) continue;
    const clientIds = new Set(provider.clientIds);
    const common = { accountId: ACCOUNT, thumbprints: [], createDate: new Date(NOW), tags: new Map() };
    account.oidcProviders.set(arn, { ...common, arn, url, clientIds });
  }
  const role: Role = {
    kind: 'role',
    accountId: ACCOUNT,
    name: 'workload',
    id: 'AROAEXAMPLEROLE00001',
    path: '/',
    arn: ROLE,
    createDate: new Date(NOW),
    tags: new Map(),
    inline: new Map(),
    attached: new Set(),
    trustPolicy: { text: '', policy },
    maxSessionDuration: 3600,
  };
  account.roles.set(role.name, role);
  const alg = token.algorithm ?? '';
  const signed = await new SignJWT(token.claims as JWTPayload)
    .setProtectedHeader({ alg, kid: alg })
    .sign(keys.get(alg) as CryptoKey);
  try {
    await assume({ RoleArn: ROLE, RoleSessionName: sessionName, WebIdentityToken: signed }, CALL);
    return 'let in';
  } catch (error) {
    return (error as Error).name;
  }
}

it(`STS answers as foretold, for ${RUNS} policies and tokens`, async () => {
  const answers = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(exchange, async (question) => {
      const answer = await askSts(question);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      const { letIn, error } = checkTrust(question);
      const foretold = letIn ? 'let in' : error === 'InvalidIdentityToken' ? `${error}Exception` : error;
      expect(foretold).toBe(answer);
    }),
    { numRuns: RUNS },
  );
  // A generator that no longer reaches one of them would prove nothing about it.
  for (const answer of ['let in', 'AccessDenied', 'InvalidIdentityTokenException', 'ExpiredTokenException']) {
    expect(answers.get(answer) ?? 0, answer).toBeGreaterThan(0);
  }
});
