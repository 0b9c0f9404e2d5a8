import {
  CreateRoleCommand,
  DeleteRoleCommand,
  GetRoleCommand,
  type IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../core/policy/document.ts';
import type { AwsCloud } from '../../../sandbox/aws/cloud.ts';
import type { Caller } from '../../../sandbox/cloud.ts';
import {
  ACCOUNT,
  allow,
  errorOf,
  type Harness,
  makeRole,
  ORGANIZATION,
  OTHER,
  OUTSIDE,
  startHarness,
  trust,
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

describe('role sessions', () => {
  async function session(name: string, policy: string, sessionPolicy?: string): Promise<Caller> {
    await admin.send(
      new CreateRoleCommand({
        RoleName: name,
        AssumeRolePolicyDocument: trust({
          Principal: { Service: 'lambda.amazonaws.com' },
          Action: 'sts:AssumeRole',
        }),
        Tags: [{ Key: 'team', Value: 'a' }],
      }),
    );
    await admin.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'p', PolicyDocument: policy }));
    const caller = harness.cloud.assumeRoleAsService(roleArn(name), 'lambda.amazonaws.com', 'session');
    const parsed =
      sessionPolicy === undefined ? [] : [parsePolicy(sessionPolicy, 'session policy', 'session')];
    return { ...caller, ...(parsed.length > 0 && { sessionPolicies: parsed }) };
  }
  const getAs = (cloud: AwsCloud, caller: Caller, RoleName: string) =>
    cloud.invoke('iam', 'GetRole', { RoleName }, caller, 'us-east-1');

  it('have the rights of their role, as the role', async () => {
    const Condition = {
      ArnEquals: { 'aws:PrincipalArn': roleArn('worker') },
      StringEquals: { 'aws:PrincipalTag/team': 'a', 'aws:PrincipalType': 'AssumedRole' },
      StringLike: { 'aws:userid': 'AROA*:session' },
    };
    const caller = await session('worker', allow({ Action: 'iam:GetRole', Resource: '*', Condition }));
    await getAs(harness.cloud, caller, 'seen');
  });

  it('are narrowed by their session policy', async () => {
    const every = allow({ Action: 'iam:GetRole', Resource: '*' });
    const one = allow({ Action: 'iam:*', Resource: roleArn('seen') });
    const caller = await session('narrowed', every, one);
    await getAs(harness.cloud, caller, 'seen');
    expect((await errorOf(getAs(harness.cloud, caller, 'hidden'))).message).toContain(
      'because no session policy allows the iam:GetRole action',
    );
    const list = harness.cloud.invoke('iam', 'ListRoles', {}, caller, 'us-east-1');
    expect((await errorOf(list)).name).toBe('AccessDenied');
  });

  it('end with the incarnation of their role', async () => {
    const every = allow({ Action: 'iam:*', Resource: '*' });
    const caller = await session('reborn', every);
    const credentials = harness.cloud.issueCredentials(caller, 900);
    await getAs(harness.cloud, caller, 'seen');
    await admin.send(
      new PutRolePolicyCommand({ RoleName: 'reborn', PolicyName: 'p', PolicyDocument: every }),
    );
    const iam = harness.iamClient(credentials);
    await get(iam, 'seen');
    harness.cloud.iam.account(ACCOUNT)?.roles.delete('reborn');
    expect((await errorOf(get(iam, 'seen'))).name).toBe('InvalidClientTokenId');
    await role('reborn');
    await admin.send(
      new PutRolePolicyCommand({ RoleName: 'reborn', PolicyName: 'p', PolicyDocument: every }),
    );
    expect((await errorOf(getAs(harness.cloud, caller, 'seen'))).name).toBe('AccessDenied');
  });

  it('are given to services that the trust policy names, from where it says', async () => {
    await admin.send(
      new CreateRoleCommand({
        RoleName: 'for-events',
        AssumeRolePolicyDocument: trust({
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
        }),
      }),
    );
    const assume = (service: `${string}.amazonaws.com`, accountId: string) =>
      harness.cloud.assumeRoleAsService(roleArn('for-events'), service, 's', {
        'aws:SourceAccount': accountId,
      });
    expect(assume('events.amazonaws.com', ACCOUNT).context).not.toHaveProperty('aws:SourceAccount');
    expect(() => assume('events.amazonaws.com', OTHER)).toThrow('not authorized');
    expect(() => assume('lambda.amazonaws.com', ACCOUNT)).toThrow('not authorized');
  });
});

describe('resources with a policy', () => {
  const bus = `arn:aws:events:us-east-1:${OTHER}:event-bus/b`;
  const busPolicy = parsePolicy(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: '*',
        Action: 'events:PutEvents',
        Resource: bus,
        Condition: { StringEquals: { 'aws:PrincipalOrgID': ORGANIZATION } },
      },
    }),
    'bus policy',
    'resource',
  );
  const check = (caller: Caller) =>
    harness.cloud.check(
      { caller, region: 'us-east-1', userAgent: '', sourceIp: '' },
      { action: 'events:PutEvents', resource: bus, resourcePolicy: busPolicy, resourceAccountId: OTHER },
    );

  it('of another account need both sides to allow', async () => {
    expect(check(harness.admin.caller).allowed).toBe(true);
    const { arn } = await userWith(harness, allow({ Action: 'iam:*', Resource: '*' }));
    expect(check({ principal: { type: 'aws', accountId: ACCOUNT, arn }, accountId: ACCOUNT }).allowed).toBe(
      false,
    );
    expect(check(harness.iam.createAdministrator(OUTSIDE, 'admin').caller).allowed).toBe(false);
  });
});

describe('what is told of an allowed call', () => {
  it('is which entry of which statement allowed it', async () => {
    const { arn, client: user } = await userWith(
      harness,
      allow(
        { Action: 'iam:ListRoles', Resource: '*' },
        { Action: ['iam:Tag*', 'iam:Get*'], Resource: roleArn('seen') },
      ),
    );
    await get(user, 'seen');
    expect(harness.uses.at(-1)).toMatchObject({
      action: 'iam:GetRole',
      by: [{ policy: `${arn}/only`, statement: 1, actions: ['iam:Get*'] }],
    });
    const told = harness.uses.length;
    await errorOf(get(user, 'hidden'));
    expect(harness.uses).toHaveLength(told);
  });

  it('concerns PassRole as well, for the service that gets the role', async () => {
    const { arn } = await userWith(
      harness,
      allow({
        Action: 'iam:PassRole',
        Resource: roleArn('seen'),
        Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
      }),
    );
    const origin = {
      caller: { principal: { type: 'aws', accountId: ACCOUNT, arn }, accountId: ACCOUNT } as const,
      region: 'us-east-1',
      userAgent: '',
      sourceIp: '',
    };
    const pass = (roleName: string, service: `${string}.amazonaws.com`) =>
      harness.iam.passRole(
        {
          ...origin,
          service: 'lambda',
          operation: 'CreateFunction',
          requestId: 'r',
          authorize: (request) => {
            const verdict = harness.cloud.check(origin, request);
            if (!verdict.allowed) throw new Error(verdict.message);
          },
        },
        roleArn(roleName),
        service,
      );
    pass('seen', 'lambda.amazonaws.com');
    expect(() => pass('seen', 'events.amazonaws.com')).toThrow('iam:PassRole');
    expect(() => pass('hidden', 'lambda.amazonaws.com')).toThrow('iam:PassRole');
    await admin.send(new DeleteRoleCommand({ RoleName: 'seen' }));
    expect(() => pass('seen', 'lambda.amazonaws.com')).toThrow('does not exist');
  });
});
