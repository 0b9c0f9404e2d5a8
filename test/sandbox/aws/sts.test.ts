import {
  CreateRoleCommand,
  CreateUserCommand,
  DisableOutboundWebIdentityFederationCommand,
  EnableOutboundWebIdentityFederationCommand,
  GetOutboundWebIdentityFederationInfoCommand,
  GetRoleCommand,
  type IAMClient,
  ListRolesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type AssumeRoleCommandOutput,
  GetCallerIdentityCommand,
  GetWebIdentityTokenCommand,
  type STSClient,
} from '@aws-sdk/client-sts';
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Caller, Credentials } from '../../../sandbox/cloud.ts';
import {
  ACCOUNT,
  allow,
  errorOf,
  type Harness,
  ORGANIZATION,
  OTHER,
  startHarness,
  trust,
  trustAccount,
} from './wire-harness.ts';

let harness: Harness;
let sts: STSClient;
let otherIam: IAMClient;
beforeAll(async () => {
  harness = await startHarness();
  sts = harness.stsClient();
  otherIam = harness.iamClient(harness.iam.createAdministrator(OTHER, 'admin').credentials);
});
afterEach(() => expect(harness.defects).toEqual([]));
afterAll(() => harness.close());

const arnOf = (name: string, accountId = OTHER) => `arn:aws:iam::${accountId}:role/${name}`;

/** A role of the other account, with the right to read roles. */
async function otherRole(
  RoleName: string,
  AssumeRolePolicyDocument = trustAccount(ACCOUNT),
  more: object = {},
): Promise<void> {
  await otherIam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, ...more }));
  const PolicyDocument = allow({ Action: ['iam:GetRole', 'iam:ListRoles', 'sts:AssumeRole'], Resource: '*' });
  await otherIam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument }));
}

const assume = (name: string, input: Partial<AssumeRoleCommandInput> = {}, client = sts) =>
  client.send(new AssumeRoleCommand({ RoleArn: arnOf(name), RoleSessionName: 'session', ...input }));

const credentialsOf = ({ Credentials: given }: AssumeRoleCommandOutput): Credentials => ({
  accessKeyId: given?.AccessKeyId ?? '',
  secretAccessKey: given?.SecretAccessKey ?? '',
  sessionToken: given?.SessionToken ?? '',
});

describe('AssumeRole', () => {
  it('gives credentials of a session, across accounts', async () => {
    await otherRole('plain');
    const before = Date.now();
    const answer = await assume('plain');
    expect(answer.AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${OTHER}:assumed-role/plain/session`);
    expect(answer.AssumedRoleUser?.AssumedRoleId).toMatch(/^AROA[A-Z2-7]{17}:session$/);
    expect(answer.Credentials?.AccessKeyId).toMatch(/^ASIA/);
    expect(Number(answer.Credentials?.Expiration) - before).toBeLessThanOrEqual(3_605_000);
    const session = harness.stsClient(credentialsOf(answer));
    expect(await session.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: OTHER,
      Arn: answer.AssumedRoleUser?.Arn,
      UserId: answer.AssumedRoleUser?.AssumedRoleId,
    });
    await harness.iamClient(credentialsOf(answer)).send(new GetRoleCommand({ RoleName: 'plain' }));
  });

  it('needs the trust policy and, for another account, an identity policy', async () => {
    await otherRole('untrusting', trustAccount(OTHER));
    expect((await errorOf(assume('untrusting'))).name).toBe('AccessDenied');
    await harness.iamClient().send(new CreateUserCommand({ UserName: 'weak' }));
    const weak = harness.stsClient(
      harness.cloud.issueCredentials(
        {
          principal: { type: 'aws', accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/weak` },
          accountId: ACCOUNT,
        },
        900,
      ),
    );
    expect((await errorOf(assume('plain', {}, weak))).message).toContain('no identity-based policy allows');
    const PolicyDocument = allow({ Action: 'sts:AssumeRole', Resource: arnOf('plain') });
    const put = new PutUserPolicyCommand({ UserName: 'weak', PolicyName: 'p', PolicyDocument });
    await harness.iamClient().send(put);
    await assume('plain', {}, weak);
  });

  it('refuses a role that does not exist as one that does not let in', async () => {
    const { name, message } = await errorOf(assume('absent'));
    expect(name).toBe('AccessDenied');
    expect(message).toContain(`is not authorized to perform: sts:AssumeRole on resource: ${arnOf('absent')}`);
  });

  it('evaluates conditions on the session and on the caller', async () => {
    await otherRole(
      'picky',
      trustAccount(ACCOUNT, {
        StringEquals: { 'sts:ExternalId': 'id', 'aws:PrincipalOrgID': ORGANIZATION },
        StringLike: { 'sts:RoleSessionName': 'run-*' },
        ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:user/admin` },
      }),
    );
    await assume('picky', { ExternalId: 'id', RoleSessionName: 'run-1' });
    expect((await errorOf(assume('picky', { RoleSessionName: 'run-1' }))).name).toBe('AccessDenied');
    expect((await errorOf(assume('picky', { ExternalId: 'id' }))).name).toBe('AccessDenied');
  });

  it('narrows the session by its policies, which AWS unites', async () => {
    const Policy = allow({ Action: 'iam:GetRole', Resource: arnOf('plain') });
    const answer = await assume('plain', { Policy });
    expect(answer.PackedPolicySize).toBeGreaterThan(0);
    const narrow = harness.iamClient(credentialsOf(answer));
    await narrow.send(new GetRoleCommand({ RoleName: 'plain' }));
    expect((await errorOf(narrow.send(new GetRoleCommand({ RoleName: 'picky' })))).name).toBe('AccessDenied');
    expect((await errorOf(narrow.send(new ListRolesCommand({})))).message).toContain('session policy');
    const PolicyArns = [{ arn: 'arn:aws:iam::aws:policy/AdministratorAccess' }];
    const wide = harness.iamClient(credentialsOf(await assume('plain', { Policy, PolicyArns })));
    await wide.send(new ListRolesCommand({}));
  });

  it.each<[string, Partial<AssumeRoleCommandInput>, string]>([
    ['a session policy of 2049 characters', { Policy: ' '.repeat(2049) }, 'ValidationError'],
    ['a session policy that is none', { Policy: '{}' }, 'MalformedPolicyDocumentException'],
    [
      'a session policy with a principal',
      { Policy: trustAccount(ACCOUNT) },
      'MalformedPolicyDocumentException',
    ],
    [
      'a policy ARN of nothing',
      { PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/No' }] },
      'MalformedPolicyDocumentException',
    ],
    ['a session name with a space', { RoleSessionName: 'a b' }, 'ValidationError'],
    ['a session name of one character', { RoleSessionName: 'a' }, 'ValidationError'],
    ['a duration of less than 15 minutes', { DurationSeconds: 899 }, 'ValidationError'],
    ['a duration beyond that of the role', { DurationSeconds: 3601 }, 'ValidationError'],
    ['a role that is no ARN', { RoleArn: 'plain' }, 'ValidationError'],
    ['what the sandbox does not serve', { TransitiveTagKeys: ['a'] }, 'ValidationError'],
  ])('refuses %s', async (_, input, name) => {
    expect((await errorOf(assume('plain', input))).name).toBe(name);
  });

  it('allows a chained session one hour, whatever the role allows', async () => {
    await otherRole('long', trustAccount(ACCOUNT), { MaxSessionDuration: 43_200 });
    await otherRole('chained', trustAccount(OTHER), { MaxSessionDuration: 43_200 });
    const first = await assume('long', { DurationSeconds: 43_200 });
    const client = harness.stsClient(credentialsOf(first));
    await assume('chained', { DurationSeconds: 3600 }, client);
    const { message } = await errorOf(assume('chained', { DurationSeconds: 3601 }, client));
    expect(message).toContain('role chaining');
  });

  it('lets a session carry tags and a source identity where the trust policy allows them', async () => {
    const actions = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
    const Principal = { AWS: `arn:aws:iam::${ACCOUNT}:root` };
    await otherRole('taggable', trust({ Principal, Action: actions }));
    const Tags = [{ Key: 'team', Value: 'a' }];
    const answer = await assume('taggable', { Tags, SourceIdentity: 'alice' });
    expect(answer.SourceIdentity).toBe('alice');
    expect((await errorOf(assume('plain', { Tags }))).message).toContain('sts:TagSession');
    expect((await errorOf(assume('plain', { SourceIdentity: 'alice' }))).message).toContain(
      'sts:SetSourceIdentity',
    );
    const Condition = { StringEquals: { 'aws:PrincipalTag/team': 'a', 'aws:SourceIdentity': 'alice' } };
    const PolicyDocument = allow({ Action: 'iam:ListUsers', Resource: '*', Condition });
    const put = { RoleName: 'taggable', PolicyName: 'tagged', PolicyDocument };
    await otherIam.send(new PutRolePolicyCommand(put));
    expect(harness.cloud.authenticate(answer.Credentials?.AccessKeyId ?? '')?.caller.context).toMatchObject({
      'aws:PrincipalTag/team': 'a',
      'aws:SourceIdentity': 'alice',
    });
  });
});

describe('GetWebIdentityToken', () => {
  let caller: Caller;
  let client: STSClient;
  const lambdaArn = `arn:aws:lambda:us-east-1:${OTHER}:function:f`;

  beforeAll(async () => {
    const lambda = { Service: 'lambda.amazonaws.com' };
    const AssumeRolePolicyDocument = trust({ Principal: lambda, Action: 'sts:AssumeRole' });
    const Tags = [{ Key: 'team', Value: 'a' }];
    await otherIam.send(new CreateRoleCommand({ RoleName: 'issuer', AssumeRolePolicyDocument, Tags }));
    const PolicyDocument = allow({
      Action: 'sts:GetWebIdentityToken',
      Resource: '*',
      Condition: {
        'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': 'api://AzureADTokenExchange' },
        Null: { 'sts:IdentityTokenAudience': 'false' },
        NumericLessThanEquals: { 'sts:DurationSeconds': '300' },
        StringEquals: { 'sts:SigningAlgorithm': ['RS256', 'ES384'] },
      },
    });
    await otherIam.send(new PutRolePolicyCommand({ RoleName: 'issuer', PolicyName: 'p', PolicyDocument }));
    const context = { 'lambda:SourceFunctionArn': lambdaArn };
    caller = harness.cloud.assumeRoleAsService(arnOf('issuer'), 'lambda.amazonaws.com', 'f', context);
    client = harness.stsClient(harness.cloud.issueCredentials(caller, 3600));
  });

  const request = (change: object = {}, from = client) =>
    from.send(
      new GetWebIdentityTokenCommand({
        Audience: ['api://AzureADTokenExchange'],
        SigningAlgorithm: 'RS256',
        ...change,
      }),
    );

  it('is refused while the account has not enabled it', async () => {
    expect((await errorOf(request())).name).toBe('OutboundWebIdentityFederationDisabledException');
  });

  it.each(['RS256', 'ES384'])(
    'gives a token that its issuer documents verify, with %s',
    async (SigningAlgorithm) => {
      const issuer = harness.sts.enableOutboundFederation(OTHER);
      expect(issuer).toMatch(/^https:\/\/[0-9a-f-]{36}\.tokens\.sts\.global\.api\.aws$/);
      const discovery = await harness.sts.outboundDocument(`${issuer}/.well-known/openid-configuration`);
      expect(discovery).toMatchObject({ issuer, jwks_uri: `${issuer}/.well-known/jwks.json` });
      const keys = (await harness.sts.outboundDocument(`${issuer}/.well-known/jwks.json`)) as JSONWebKeySet;
      expect(JSON.stringify(keys)).not.toContain('"d":');

      const { WebIdentityToken = '' } = await request({ SigningAlgorithm });
      const audience = 'api://AzureADTokenExchange';
      const { payload, protectedHeader } = await jwtVerify(WebIdentityToken, createLocalJWKSet(keys), {
        issuer,
        audience,
      });
      expect(protectedHeader.alg).toBe(SigningAlgorithm);
      expect(payload).toMatchObject({
        sub: arnOf('issuer'),
        aud: audience,
        'https://sts.amazonaws.com/': {
          aws_account: OTHER,
          source_region: 'us-east-1',
          org_id: ORGANIZATION,
          principal_tags: { team: 'a' },
          lambda_source_function_arn: lambdaArn,
        },
      });
      expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
    },
  );

  it('gives every token an id of its own', async () => {
    const ids = [await request(), await request()].map(
      ({ WebIdentityToken = '' }) => decodeJwt(WebIdentityToken).jti,
    );
    expect(ids[0]).not.toBe(ids[1]);
  });

  it.each([
    ['another audience', { Audience: ['api://other'] }],
    ['a further audience', { Audience: ['api://AzureADTokenExchange', 'x'] }],
    ['a longer time', { DurationSeconds: 301 }],
    ['tags without the right to', { Tags: [{ Key: 'a', Value: 'b' }] }],
  ])('is refused by policy for %s', async (_, change) => {
    expect((await errorOf(request(change))).name).toBe('AccessDenied');
  });

  it.each([
    ['no audience', { Audience: [] }],
    ['an algorithm that AWS does not have', { SigningAlgorithm: 'HS256' }],
    ['less than a minute', { DurationSeconds: 59 }],
  ])('is refused with %s', async (_, change) => {
    expect((await errorOf(request(change))).name).toBe('ValidationError');
  });

  it('never outlives the session that asks', async () => {
    const short = harness.stsClient(harness.cloud.issueCredentials(caller, 200));
    expect((await errorOf(request({}, short))).name).toBe('SessionDurationEscalationException');
    await request({ DurationSeconds: 60 }, short);
  });

  it('has documents of enabled issuers only', async () => {
    const issuer = harness.sts.enableOutboundFederation(OTHER);
    expect(await harness.sts.outboundDocument(`${issuer}/other`)).toBeUndefined();
    const elsewhere = 'https://00000000-0000-4000-8000-000000000000.tokens.sts.global.api.aws';
    expect(await harness.sts.outboundDocument(`${elsewhere}/.well-known/jwks.json`)).toBeUndefined();
  });

  it('is switched on and off with IAM, and keeps its issuer', async () => {
    const issuer = harness.sts.enableOutboundFederation(OTHER);
    const info = () => otherIam.send(new GetOutboundWebIdentityFederationInfoCommand({}));
    expect(await info()).toMatchObject({ IssuerIdentifier: issuer, JwtVendingEnabled: true });
    const enable = () => otherIam.send(new EnableOutboundWebIdentityFederationCommand({}));
    expect((await errorOf(enable())).name).toBe('FeatureEnabledException');
    const disable = () => otherIam.send(new DisableOutboundWebIdentityFederationCommand({}));
    await disable();
    expect((await errorOf(disable())).name).toBe('FeatureDisabledException');
    expect((await errorOf(info())).name).toBe('FeatureDisabledException');
    expect((await errorOf(request())).name).toBe('OutboundWebIdentityFederationDisabledException');
    expect(await enable()).toMatchObject({ IssuerIdentifier: issuer });
    await request();
  });
});
