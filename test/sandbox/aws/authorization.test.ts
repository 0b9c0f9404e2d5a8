import {
  AttachUserPolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  type IAMClient,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  allow,
  errorOf,
  type Harness,
  makeRole,
  ORGANIZATION,
  OTHER,
  startHarness,
  trustAccount,
  userWith,
} from './wire-harness.ts';

let harness: Harness;
let admin: IAMClient;
beforeAll(async () => {
  harness = await startHarness();
  admin = harness.iamClient();
  await role('seen');
  await role('hidden');
});
afterEach(() => expect(harness.defects).toEqual([]));
afterAll(() => harness.close());

const role = (name: string, path?: string, tags?: Record<string, string>) =>
  makeRole(harness, name, path, tags);
const get = (client: IAMClient, RoleName: string) => client.send(new GetRoleCommand({ RoleName }));
const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;

describe('identity policies', () => {
  it('allow what they name and nothing else, in the words of AWS', async () => {
    const { arn, client: user } = await userWith(
      harness,
      allow({ Action: 'iam:GetRole', Resource: roleArn('seen') }),
    );
    expect((await get(user, 'seen')).Role?.RoleName).toBe('seen');
    expect(await errorOf(get(user, 'hidden'))).toEqual({
      name: 'AccessDenied',
      message:
        `User: ${arn} is not authorized to perform: iam:GetRole ` +
        `on resource: ${roleArn('hidden')} because no identity-based policy allows the iam:GetRole action`,
    });
  });

  it('meet roles by their path, and say nothing of a role that does not exist', async () => {
    await role('nested', '/team/');
    const { client: user } = await userWith(
      harness,
      allow({ Action: 'iam:GetRole', Resource: roleArn('nested') }),
    );
    expect((await errorOf(get(user, 'nested'))).name).toBe('AccessDenied');
    expect((await errorOf(get(user, 'absent'))).name).toBe('AccessDenied');
    const { client: within } = await userWith(
      harness,
      allow({ Action: 'iam:GetRole', Resource: roleArn('team/*') }),
    );
    await get(within, 'nested');
  });

  it('deny first', async () => {
    const Statement = [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 'iam:GetRole', Resource: roleArn('seen') },
    ];
    const { client: user } = await userWith(harness, JSON.stringify({ Version: '2012-10-17', Statement }));
    expect((await errorOf(get(user, 'seen'))).message).toContain(
      'with an explicit deny in an identity-based policy',
    );
    await get(user, 'hidden');
  });

  it('within a boundary only', async () => {
    const { Policy } = await admin.send(
      new CreatePolicyCommand({
        PolicyName: 'boundary',
        PolicyDocument: allow({ Action: 'iam:List*', Resource: '*' }),
      }),
    );
    const { client: user } = await userWith(
      harness,
      allow({ Action: 'iam:*', Resource: '*' }),
      Policy?.Arn ?? '',
    );
    expect((await errorOf(get(user, 'seen'))).message).toContain('because no permissions boundary allows');
  });
});

describe('condition keys', () => {
  it.each([
    ['aws:PrincipalArn', { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:user/user-*` } }],
    ['aws:PrincipalAccount', { StringEquals: { 'aws:PrincipalAccount': ACCOUNT } }],
    ['aws:PrincipalOrgID', { StringEquals: { 'aws:PrincipalOrgID': ORGANIZATION } }],
    ['aws:PrincipalType', { StringEquals: { 'aws:PrincipalType': 'User' } }],
    ['aws:username', { StringLike: { 'aws:username': 'user-*' } }],
    ['aws:userid', { StringLike: { 'aws:userid': 'AIDA*' } }],
    ['aws:RequestedRegion', { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } }],
    ['aws:SourceIp', { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }],
    ['aws:SecureTransport', { Bool: { 'aws:SecureTransport': 'true' } }],
    ['aws:ViaAWSService', { Bool: { 'aws:ViaAWSService': 'false' } }],
    ['aws:UserAgent', { StringLike: { 'aws:UserAgent': '*aws-sdk-js*' } }],
    ['aws:CurrentTime', { DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }],
    ['aws:EpochTime', { NumericGreaterThan: { 'aws:EpochTime': '1577836800' } }],
    ['aws:ResourceAccount', { StringEquals: { 'aws:ResourceAccount': ACCOUNT } }],
    ['aws:ResourceTag', { StringEquals: { 'aws:ResourceTag/Team': 'a' } }],
    ['iam:ResourceTag', { StringEquals: { 'iam:ResourceTag/team': 'a' } }],
  ])('have %s', async (_, Condition) => {
    await role('conditional', '/', { Team: 'a' }).catch((error: Error) => {
      expect(error.name).toBe('EntityAlreadyExistsException');
    });
    const { client: allowed } = await userWith(
      harness,
      allow({ Action: 'iam:GetRole', Resource: '*', Condition }),
    );
    await get(allowed, 'conditional');
    const [[operator, keys]] = Object.entries(Condition) as [[string, Record<string, string>]];
    const other = Object.fromEntries(
      Object.entries(keys).map(([key, value]) => [key, otherValue(operator, value)]),
    );
    const { client: refused } = await userWith(
      harness,
      allow({ Action: 'iam:GetRole', Resource: '*', Condition: { [operator]: other } }),
    );
    expect((await errorOf(get(refused, 'conditional'))).name).toBe('AccessDenied');
  });
  const OTHER_VALUE: Readonly<Record<string, string>> = {
    ArnLike: `arn:aws:iam::${OTHER}:user/*`,
    IpAddress: '10.0.0.0/8',
    DateGreaterThan: '2100-01-01T00:00:00Z',
    NumericGreaterThan: '4102444800',
  };
  const otherValue = (operator: string, value: string): string =>
    operator === 'Bool' ? String(value !== 'true') : (OTHER_VALUE[operator] ?? 'other');

  it('let a trust policy be written only on a role that carries the mark', async () => {
    await role('marked', '/', { 'oidc-factory:role-id': 'AROAMARK' });
    await role('unmarked');
    const { client: user } = await userWith(
      harness,
      allow({
        Action: 'iam:UpdateAssumeRolePolicy',
        Resource: '*',
        Condition: { StringEquals: { 'iam:ResourceTag/oidc-factory:role-id': 'AROAMARK' } },
      }),
    );
    const update = (RoleName: string) =>
      user.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trustAccount(ACCOUNT) }));
    await update('marked');
    expect((await errorOf(update('unmarked'))).name).toBe('AccessDenied');
  });

  it('limit which tags a call may set', async () => {
    const { client: user } = await userWith(
      harness,
      allow({
        Action: 'iam:TagRole',
        Resource: '*',
        Condition: {
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['status'] },
          Null: { 'aws:TagKeys': 'false' },
          StringEquals: { 'aws:RequestTag/status': ['ready', 'failed'] },
        },
      }),
    );
    const tag = (tags: Record<string, string>) =>
      user.send(
        new TagRoleCommand({
          RoleName: 'unmarked',
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        }),
      );
    await tag({ status: 'ready' });
    expect((await errorOf(tag({ status: 'pending' }))).name).toBe('AccessDenied');
    expect((await errorOf(tag({ status: 'ready', mark: 'x' }))).name).toBe('AccessDenied');
  });

  it('ask for the right to tag where a role is created with tags', async () => {
    const { client: user } = await userWith(harness, allow({ Action: 'iam:CreateRole', Resource: '*' }));
    const create = (RoleName: string, Tags?: { Key: string; Value: string }[]) =>
      user.send(
        new CreateRoleCommand({
          RoleName,
          AssumeRolePolicyDocument: trustAccount(ACCOUNT),
          ...(Tags && { Tags }),
        }),
      );
    await create('plain');
    expect((await errorOf(create('with-tags', [{ Key: 'a', Value: 'b' }]))).message).toContain('iam:TagRole');
  });

  it('limit which policy is attached, and which boundary a role is created with', async () => {
    const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
    const { client: user } = await userWith(
      harness,
      allow(
        {
          Action: 'iam:AttachUserPolicy',
          Resource: '*',
          Condition: { ArnEquals: { 'iam:PolicyARN': `${PolicyArn}X` } },
        },
        {
          Action: 'iam:CreateRole',
          Resource: '*',
          Condition: { StringEquals: { 'iam:PermissionsBoundary': PolicyArn } },
        },
      ),
    );
    const attach = user.send(new AttachUserPolicyCommand({ UserName: 'admin', PolicyArn }));
    expect((await errorOf(attach)).name).toBe('AccessDenied');
    const create = { RoleName: 'bounded', AssumeRolePolicyDocument: trustAccount(ACCOUNT) };
    expect((await errorOf(user.send(new CreateRoleCommand(create)))).name).toBe('AccessDenied');
    await user.send(new CreateRoleCommand({ ...create, PermissionsBoundary: PolicyArn }));
  });

  it('hold for OIDC providers too', async () => {
    const Url = 'https://issuer.example/';
    const { OpenIDConnectProviderArn } = await admin.send(new CreateOpenIDConnectProviderCommand({ Url }));
    const { client: user } = await userWith(
      harness,
      allow({
        Action: 'iam:GetOpenIDConnectProvider',
        Resource: OpenIDConnectProviderArn ?? '',
        Condition: { Null: { 'aws:ResourceTag/secret': 'true' } },
      }),
    );
    await user.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
  });
});
