import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
  type AssumeRoleWithWebIdentityCommandOutput,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, allow, errorOf, type Harness, OTHER, startHarness, trust } from './wire-harness.ts';

const TENANT = '11111111-2222-4333-8444-555555555555';
const V1 = `https://sts.windows.net/${TENANT}/`;
const V2 = `https://login.microsoftonline.com/${TENANT}/v2.0`;
const AUDIENCE = 'api://22222222-2222-4333-8444-555555555555';
const SUBJECT = '33333333-2222-4333-8444-555555555555';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/workload`;

let harness: Harness;
let anybody: STSClient;
let key: CryptoKey;
beforeAll(async () => {
  harness = await startHarness();
  anybody = new STSClient({ endpoint: harness.server.endpoint, region: 'us-east-1', maxAttempts: 1 });
  const pair = await generateKeyPair('RS256');
  key = pair.privateKey;
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }];
  for (const issuer of [V1, V2]) {
    const jwks_uri = `${issuer.replace(/\/$/, '')}/keys`;
    const base = issuer.replace(/\/$/, '');
    harness.issuers.set(`${base}/.well-known/openid-configuration`, { issuer, jwks_uri });
    harness.issuers.set(jwks_uri, { keys });
  }
  const iam = harness.iamClient();
  for (const Url of [V1, V2]) {
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: [AUDIENCE] }));
  }
  await iam.send(new CreateRoleCommand({ RoleName: 'workload', AssumeRolePolicyDocument: trusting(V1) }));
  const PolicyDocument = allow({ Action: 'iam:ListRoles', Resource: '*' });
  await iam.send(new PutRolePolicyCommand({ RoleName: 'workload', PolicyName: 'p', PolicyDocument }));
});
beforeEach(() => setTrust(trusting(V1)));
afterEach(() => expect(harness.defects).toEqual([]));
afterAll(() => harness.close());

const pathOf = (issuer: string) => issuer.slice('https://'.length);
const providerOf = (issuer: string, accountId = ACCOUNT) =>
  `arn:aws:iam::${accountId}:oidc-provider/${pathOf(issuer)}`;

function trusting(issuer: string, keys: object = { aud: AUDIENCE, sub: SUBJECT }): string {
  return trust({
    Principal: { Federated: providerOf(issuer) },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: Object.fromEntries(Object.entries(keys).map(([k, v]) => [`${pathOf(issuer)}:${k}`, v])),
    },
  });
}

const setTrust = (PolicyDocument: string) =>
  harness.iamClient().send(new UpdateAssumeRolePolicyCommand({ RoleName: 'workload', PolicyDocument }));

const now = () => Math.floor(Date.now() / 1000);
const token = (claims: object = {}, signer: CryptoKey = key, header: object = {}): Promise<string> =>
  new SignJWT({ iss: V1, aud: AUDIENCE, sub: SUBJECT, iat: now(), exp: now() + 600, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k', ...header })
    .sign(signer);

const exchange = (WebIdentityToken: string, change: Partial<AssumeRoleWithWebIdentityCommandInput> = {}) =>
  anybody.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: ROLE,
      RoleSessionName: 'app',
      WebIdentityToken,
      ...change,
    }),
  );

const pipelineIs = (pipeline: string) => ({ StringEquals: { 'aws:PrincipalTag/pipeline': pipeline } });

const setRights = (statement: object) =>
  harness.iamClient().send(
    new PutRolePolicyCommand({
      RoleName: 'workload',
      PolicyName: 'p',
      PolicyDocument: allow(statement),
    }),
  );

const credentialsOf = ({ Credentials }: AssumeRoleWithWebIdentityCommandOutput) => ({
  accessKeyId: Credentials?.AccessKeyId ?? '',
  secretAccessKey: Credentials?.SecretAccessKey ?? '',
  sessionToken: Credentials?.SessionToken ?? '',
});

const listRoles = (session: AssumeRoleWithWebIdentityCommandOutput) =>
  harness.iamClient(credentialsOf(session)).send(new ListRolesCommand({}));

describe('AssumeRoleWithWebIdentity', () => {
  it('exchanges a token for a session of the role, unsigned', async () => {
    const answer = await exchange(await token());
    expect(answer).toMatchObject({
      SubjectFromWebIdentityToken: SUBJECT,
      Audience: AUDIENCE,
      Provider: providerOf(V1),
      AssumedRoleUser: { Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/workload/app` },
    });
    const credentials = credentialsOf(answer);
    const identity = await harness.stsClient(credentials).send(new GetCallerIdentityCommand({}));
    expect(identity.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/workload/app`);
    await listRoles(answer);
  });

  const denied = {
    name: 'AccessDenied',
    message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
  };

  it.each([
    ['another application of the tenant', () => token({ sub: '44444444-2222-4333-8444-555555555555' }), {}],
    ['a role that does not exist', () => token(), { RoleArn: `${ROLE}-absent` }],
    ['a role under another path', () => token(), { RoleArn: ROLE.replace('role/', 'role/path/') }],
  ])('refuses %s alike', async (_, make, change) => {
    expect(await errorOf(exchange(await make(), change))).toEqual(denied);
  });

  it('asks for an audience on the list of the provider before it asks the role', async () => {
    await setTrust(trusting(V1, { aud: 'api://other' }));
    const other = await token({ aud: 'api://other' });
    expect(await errorOf(exchange(other))).toEqual({
      name: 'InvalidIdentityTokenException',
      message: 'Incorrect token audience',
    });
    expect(await errorOf(exchange(await token()))).toEqual(denied);
    const added = { OpenIDConnectProviderArn: providerOf(V1), ClientID: 'api://other' };
    await harness.iamClient().send(new AddClientIDToOpenIDConnectProviderCommand(added));
    await setTrust(trusting(V1, { aud: 'api://other', sub: SUBJECT }));
    await exchange(other);
  });

  it('takes azp for the audience where the token has one, and calls the real one oaud', async () => {
    const claims = { iss: V2, azp: AUDIENCE, aud: 'resource' };
    await setTrust(trusting(V2));
    await exchange(await token(claims));
    await setTrust(trusting(V2, { aud: AUDIENCE, oaud: 'resource' }));
    await exchange(await token(claims));
    expect(await errorOf(exchange(await token({ ...claims, aud: 'elsewhere' })))).toEqual(denied);
    const swapped = await token({ iss: V2, azp: 'resource', aud: AUDIENCE });
    expect((await errorOf(exchange(swapped))).message).toBe('Incorrect token audience');
  });

  it.each([
    [
      'of an issuer without provider',
      { iss: 'https://sts.windows.net/other/' },
      /^No OpenIDConnect provider found/,
    ],
    ['whose issuer lacks the slash', { iss: V1.replace(/\/$/, '') }, /^No OpenIDConnect provider found/],
    ['of an issuer without TLS', { iss: V1.replace('https', 'http') }, /^No OpenIDConnect provider found/],
    ['without expiry', { exp: undefined }, /exp/],
    ['without subject', { sub: undefined }, /sub/],
    ['without audience', { aud: undefined }, /^Incorrect token audience$/],
    ['for several audiences', { aud: [AUDIENCE, 'other'] }, /^Incorrect token audience$/],
    ['that is not valid yet', { nbf: Math.floor(Date.now() / 1000) + 900 }, /not valid yet/],
    ['that sets the source identity', { 'https://aws.amazon.com/source_identity': 'x' }, /does not serve/],
    ['whose session tags are none', { 'https://aws.amazon.com/tags': {} }, /principal_tags alone/],
    [
      'with transitive session tags',
      { 'https://aws.amazon.com/tags': { principal_tags: { a: ['b'] }, transitive_tag_keys: ['a'] } },
      /principal_tags alone/,
    ],
    [
      'with two values of a session tag',
      { 'https://aws.amazon.com/tags': { principal_tags: { a: ['b', 'c'] } } },
      /must have one value/,
    ],
  ])('refuses a token %s', async (_, claims, message) => {
    const error = await errorOf(exchange(await token(claims)));
    expect(error.name).toBe('InvalidIdentityTokenException');
    expect(error.message).toMatch(message);
  });

  it('refuses what is no token, another key, an unknown key and a token without signature', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const [header, payload] = (await token()).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const tokens = [
      'garbage',
      await token({}, privateKey),
      await token({}, key, { kid: 'other' }),
      `${none}.${payload}.`,
      `${header}.${payload}.AAAA`,
    ];
    for (const each of tokens) {
      expect((await errorOf(exchange(each))).name).toBe('InvalidIdentityTokenException');
    }
  });

  it('tags the session as the token says, where the role allows that', async () => {
    const tagged = { 'https://aws.amazon.com/tags': { principal_tags: { pipeline: ['api'] } } };
    expect(await errorOf(exchange(await token(tagged)))).toEqual({
      name: 'AccessDenied',
      message: 'Not authorized to perform sts:TagSession',
    });
    const policy = JSON.parse(trusting(V1));
    policy.Statement[0].Action = ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'];
    policy.Statement[0].Condition.StringEquals['aws:RequestTag/pipeline'] = 'api';
    await setTrust(JSON.stringify(policy));
    expect(await errorOf(exchange(await token()))).toEqual(denied);
    await exchange(await token(tagged));
    await setRights({ Action: 'iam:ListRoles', Resource: '*', Condition: pipelineIs('api') });
    await listRoles(await exchange(await token(tagged)));
    await setRights({ Action: 'iam:ListRoles', Resource: '*', Condition: pipelineIs('other') });
    const session = await exchange(await token(tagged));
    expect((await errorOf(listRoles(session))).name).toBe('AccessDenied');
    await setRights({ Action: 'iam:ListRoles', Resource: '*' });
  });

  it('takes a token until five minutes after it expired', async () => {
    await exchange(await token({ exp: now() - 290 }));
    expect((await errorOf(exchange(await token({ exp: now() - 301 })))).name).toBe('ExpiredTokenException');
  });

  it('says so when the issuer cannot be reached, or publishes no keys of its own', async () => {
    const url = `${V1}.well-known/openid-configuration`;
    const published = harness.issuers.get(url);
    harness.issuers.delete(url);
    expect((await errorOf(exchange(await token()))).name).toBe('IDPCommunicationErrorException');
    harness.issuers.set(url, { ...(published as object), issuer: V2 });
    expect((await errorOf(exchange(await token()))).message).toMatch(/verification key/);
    harness.issuers.set(url, published);
    await exchange(await token());
  });

  it('finds the provider in the account of the role', async () => {
    const RoleArn = ROLE.replace(ACCOUNT, OTHER);
    expect((await errorOf(exchange(await token(), { RoleArn }))).message).toMatch(
      /^No OpenIDConnect provider/,
    );
  });

  it('narrows the session by its policy', async () => {
    const Policy = allow({ Action: 'iam:GetRole', Resource: '*' });
    const session = await exchange(await token(), { Policy });
    expect((await errorOf(listRoles(session))).message).toContain('session policy');
  });

  it.each([
    ['a duration beyond that of the role', { DurationSeconds: 3601 }],
    ['a provider of access tokens', { ProviderId: 'www.amazon.com' }],
  ])('refuses %s', async (_, change) => {
    expect((await errorOf(exchange(await token(), change))).name).toBe('ValidationError');
  });

  it('never shows a token in the log of calls', async () => {
    const secret = await token();
    await exchange(secret);
    expect(JSON.stringify(harness.recorder.calls())).not.toContain(secret.slice(-40));
  });
});
