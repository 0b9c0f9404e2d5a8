import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  GetWebIdentityTokenCommand,
  OutboundWebIdentityFederationDisabledException,
  STSClient,
} from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appId, tenantId } from '../../../core/ids.ts';
import { type EntraLogin, entraCredential } from '../../../lambdas/adapters/entra-login.ts';
import { EXCHANGE_AUDIENCE, startTenant, TENANT_ID, type Tenant } from '../../sandbox/entra/tenant.ts';

const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:entra-AbCdEf';
const sts = mockClient(STSClient);
const secrets = mockClient(SecretsManagerClient);
let tenant: Tenant;

beforeAll(async () => {
  tenant = await startTenant();
});
afterAll(() => tenant.close());
beforeEach(() => {
  sts.reset();
  secrets.reset();
  tenant.recorder.clearCalls();
  tenant.recorder.clearFaults();
  sts.on(GetWebIdentityTokenCommand).callsFake(async () => ({ WebIdentityToken: await tenant.assertion() }));
  secrets.on(GetSecretValueCommand).resolves({ SecretString: tenant.seeded.factory.clientSecret ?? '' });
});

const login = (change: Partial<EntraLogin> = {}): EntraLogin => ({
  tenantId: tenantId(TENANT_ID),
  clientId: appId(tenant.seeded.factory.appId),
  authorityHost: tenant.origin,
  graphEndpoint: 'https://graph.microsoft.com',
  login: { kind: 'federated', audience: EXCHANGE_AUDIENCE, region: 'us-east-1' },
  ...change,
});
const logins = () => tenant.recorder.calls().filter(({ operation }) => operation.endsWith('/token')).length;
const failureOf = (options: EntraLogin) =>
  entraCredential(options)
    .getToken()
    .then(
      () => expect.unreachable('the login should have failed'),
      (error: Error & { code: string; cause?: unknown }) => error,
    );

describe('the login with an assertion of AWS', () => {
  it('asks STS for one short RS256 token with one audience', async () => {
    const token = await entraCredential(login()).getToken();
    expect(decodeJwt(token).appid).toBe(tenant.seeded.factory.appId);
    expect(sts.commandCalls(GetWebIdentityTokenCommand).map((call) => call.args[0].input)).toEqual([
      { Audience: [EXCHANGE_AUDIENCE], SigningAlgorithm: 'RS256', DurationSeconds: 300 },
    ]);
  });

  it('happens once for many callers, and again after forget', async () => {
    const credential = entraCredential(login());
    const tokens = await Promise.all([1, 2, 3].map(() => credential.getToken()));
    expect(new Set(tokens).size).toBe(1);
    await credential.getToken();
    expect([logins(), sts.calls().length]).toEqual([1, 1]);
    credential.forget();
    await credential.getToken();
    expect([logins(), sts.calls().length]).toEqual([2, 2]);
  });

  it.each<[string, unknown, string]>([
    [
      'federation disabled',
      new OutboundWebIdentityFederationDisabledException({ message: 'off', $metadata: {} }),
      'OutboundFederationDisabled',
    ],
    ['no permission', Object.assign(new Error('no'), { name: 'AccessDenied' }), 'DirectoryLoginFailed'],
    ['throttled', Object.assign(new Error('slow'), { name: 'Throttling' }), 'Throttled'],
  ])('fails with a code where STS refuses: %s', async (_name, error, code) => {
    sts.on(GetWebIdentityTokenCommand).rejects(error as Error);
    expect((await failureOf(login())).code).toBe(code);
  });
});

describe('the login with a client secret', () => {
  it('takes the whole string of the secret', async () => {
    const credential = entraCredential(login({ login: { kind: 'secret', secretArn: SECRET_ARN } }));
    const token = await credential.getToken();
    await credential.getToken();
    expect(decodeJwt(token).appid).toBe(tenant.seeded.factory.appId);
    expect(secrets.commandCalls(GetSecretValueCommand)).toHaveLength(1);
  });

  it('fails without showing the secret', async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: 'not-the-secret' });
    const error = await failureOf(login({ login: { kind: 'secret', secretArn: SECRET_ARN } }));
    expect(error).toMatchObject({ code: 'DirectoryLoginFailed', cause: { codes: [7000215] } });
    expect(`${error.stack}${JSON.stringify(error)}${JSON.stringify(error.cause)}`).not.toContain(
      'not-the-secret',
    );
  });
});

describe('a refusal of Entra', () => {
  it.each<[string, Partial<EntraLogin>, string]>([
    [
      'an unknown application',
      { clientId: appId('99999999-2222-4333-8444-555555555555') },
      'DirectoryLoginFailed',
    ],
    [
      'a wrong tenant',
      { tenantId: tenantId('99999999-2222-4333-8444-555555555555') },
      'DirectoryLoginFailed',
    ],
    ['nobody at the authority', { authorityHost: 'https://127.0.0.1:9' }, 'Unavailable'],
  ])('has a code: %s', async (_name, change, code) => {
    expect((await failureOf(login(change))).code).toBe(code);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['the subject is not known yet', { sub: 'arn:aws:iam::111122223333:role/other' }, 'NotReplicated'],
    ['the issuer is not known yet', { iss: 'https://other.tokens.sts.global.api.aws' }, 'NotReplicated'],
    [
      'the subject differs in case',
      { sub: 'arn:aws:iam::111122223333:role/OIDC-FACTORY-register-application' },
      'DirectoryLoginFailed',
    ],
  ])('has a code, and shows neither assertion nor answer: %s', async (_name, claims, code) => {
    const assertion = await tenant.assertion(claims);
    sts.on(GetWebIdentityTokenCommand).resolves({ WebIdentityToken: assertion });
    const error = await failureOf(login());
    expect(error.code).toBe(code);
    const everything = `${error.stack}${JSON.stringify(error)}${JSON.stringify(error.cause)}`;
    expect(everything).not.toContain(assertion);
    expect(everything).not.toContain('No matching');
  });

  it.each([
    ['throttle', 'Throttled'],
    ['error', 'Unavailable'],
    ['lost-answer', 'Unavailable'],
  ] as const)('passes: after %s the next call logs in at once', async (kind, code) => {
    tenant.recorder.inject({ service: 'entra', operation: 'POST /oauth2/v2.0/token', kind, times: 1 });
    const credential = entraCredential(login());
    await expect(credential.getToken()).rejects.toMatchObject({ code });
    await expect(credential.getToken()).resolves.toEqual(expect.any(String));
  });
});
