import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  GetRoleCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudTrailRecord } from '../../../sandbox/aws/cloudtrail.ts';
import { ACCOUNT, allow, errorOf, type Harness, startHarness, trust, trustAccount } from './wire-harness.ts';

/** 1 August 2024, 13:37:41 UTC, and a bit. */
const NOW = Date.UTC(2024, 7, 1, 13, 37, 41, 900);
const TRUST = `{\n  "Version": "2012-10-17",\n  "Statement": []\n}`.replace(
  '[]',
  JSON.stringify({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' }),
);

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ scale: 1, now: () => NOW, sleep: async () => {} });
});
afterAll(() => harness.close());

/** Calls from inside the cloud: a signature needs the real time. */
async function record(
  operation: string,
  input: object,
  caller = harness.admin.caller,
): Promise<CloudTrailRecord> {
  const before = harness.records.length;
  await harness.cloud.invoke('iam', operation, input, caller, 'us-east-1').catch(() => {});
  expect(harness.records).toHaveLength(before + 1);
  const last = harness.records.at(-1);
  if (!last) throw new Error('nothing recorded');
  return last;
}

describe('CloudTrail records of IAM writes', () => {
  it('hold request and response of CreateRole as AWS writes them', async () => {
    const { input } = new CreateRoleCommand({
      RoleName: 'x',
      Path: '/p/',
      AssumeRolePolicyDocument: TRUST,
      Tags: [{ Key: 'Team', Value: 'a' }],
    });
    const { eventID, requestID, ...rest } = await record('CreateRole', input);
    expect(eventID).toMatch(/^[0-9a-f-]{36}$/);
    expect(requestID).toMatch(/^[0-9a-f-]{36}$/);
    expect(rest).toEqual({
      eventVersion: '1.11',
      userIdentity: {
        type: 'IAMUser',
        principalId: expect.stringMatching(/^AIDA/),
        arn: `arn:aws:iam::${ACCOUNT}:user/admin`,
        accountId: ACCOUNT,
        userName: 'admin',
      },
      eventTime: '2024-08-01T13:37:41Z',
      eventSource: 'iam.amazonaws.com',
      eventName: 'CreateRole',
      awsRegion: 'us-east-1',
      sourceIPAddress: 'AWS Internal',
      userAgent: 'aws-internal',
      requestParameters: {
        roleName: 'x',
        path: '/p/',
        assumeRolePolicyDocument: TRUST,
        tags: [{ key: 'Team', value: 'a' }],
      },
      responseElements: {
        role: {
          path: '/p/',
          roleName: 'x',
          roleId: expect.stringMatching(/^AROA/),
          arn: `arn:aws:iam::${ACCOUNT}:role/p/x`,
          createDate: 'Aug 1, 2024 1:37:41 PM',
          assumeRolePolicyDocument: encodeURIComponent(TRUST),
          maxSessionDuration: 3600,
          tags: [{ key: 'Team', value: 'a' }],
        },
      },
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: ACCOUNT,
      eventCategory: 'Management',
    });
  });

  it('hold no response where the operation has none, and the name that the API has', async () => {
    const PolicyDocument = trustAccount(ACCOUNT);
    const { input } = new UpdateAssumeRolePolicyCommand({ RoleName: 'x', PolicyDocument });
    expect(await record('UpdateAssumeRolePolicy', input)).toMatchObject({
      requestParameters: { roleName: 'x', policyDocument: PolicyDocument },
      responseElements: null,
    });
    const tags = new TagRoleCommand({ RoleName: 'x', Tags: [{ Key: 'a', Value: 'b' }] });
    expect((await record('TagRole', tags.input)).requestParameters).toEqual({
      roleName: 'x',
      tags: [{ key: 'a', value: 'b' }],
    });
    expect(await record('DeleteRole', new DeleteRoleCommand({ RoleName: 'x' }).input)).toMatchObject({
      requestParameters: { roleName: 'x' },
      responseElements: null,
    });
  });

  it('hold what is done to an OIDC provider', async () => {
    const openIDConnectProviderArn = `arn:aws:iam::${ACCOUNT}:oidc-provider/x.example/`;
    const OpenIDConnectProviderArn = openIDConnectProviderArn;
    const Tags = [{ Key: 'oidc-factory:heartbeat', Value: '2026-11-20T12:00:00Z' }];
    const tags = [{ key: 'oidc-factory:heartbeat', value: '2026-11-20T12:00:00Z' }];
    const input = { Url: 'https://x.example/', ClientIDList: ['a'], Tags };
    expect(await record('CreateOpenIDConnectProvider', input)).toMatchObject({
      requestParameters: { url: 'https://x.example/', clientIDList: ['a'], tags },
      responseElements: { openIDConnectProviderArn, tags },
    });
    const changes: [operation: string, input: object, shown: object][] = [
      ['TagOpenIDConnectProvider', { Tags }, { tags }],
      ['UntagOpenIDConnectProvider', { TagKeys: ['x'] }, { tagKeys: ['x'] }],
      ['AddClientIDToOpenIDConnectProvider', { ClientID: 'b' }, { clientID: 'b' }],
      ['RemoveClientIDFromOpenIDConnectProvider', { ClientID: 'b' }, { clientID: 'b' }],
      ['DeleteOpenIDConnectProvider', {}, {}],
    ];
    for (const [operation, more, shown] of changes) {
      expect(await record(operation, { OpenIDConnectProviderArn, ...more })).toMatchObject({
        eventName: operation,
        requestParameters: { openIDConnectProviderArn, ...shown },
        responseElements: null,
      });
    }
  });

  it('keep the request of a call that failed, and carry the code with its suffix', async () => {
    const { input } = new DeleteRoleCommand({ RoleName: 'absent' });
    expect(await record('DeleteRole', input)).toMatchObject({
      errorCode: 'NoSuchEntityException',
      errorMessage: 'The role with name absent cannot be found.',
      requestParameters: { roleName: 'absent' },
      responseElements: null,
    });
  });

  it('hold nothing of the request of a call that was not authorized', async () => {
    await record('CreateUser', new CreateUserCommand({ UserName: 'nobody' }).input);
    const arn = `arn:aws:iam::${ACCOUNT}:user/nobody`;
    const caller = { principal: { type: 'aws', accountId: ACCOUNT, arn }, accountId: ACCOUNT } as const;
    const { input } = new DeleteRoleCommand({ RoleName: 'x' });
    expect(await record('DeleteRole', input, caller)).toMatchObject({
      errorCode: 'AccessDenied',
      userIdentity: { arn, userName: 'nobody' },
      requestParameters: null,
      responseElements: null,
    });
  });

  it('hold no secret of a new access key', async () => {
    const { responseElements } = await record(
      'CreateAccessKey',
      new CreateAccessKeyCommand({ UserName: 'nobody' }).input,
    );
    expect(responseElements).toEqual({
      accessKey: {
        userName: 'nobody',
        accessKeyId: expect.stringMatching(/^AKIA/),
        status: 'Active',
        createDate: 'Aug 1, 2024 1:37:41 PM',
      },
    });
  });

  it('name the role behind a session, and the service that calls for somebody', async () => {
    await record('CreateRole', {
      RoleName: 'worker',
      AssumeRolePolicyDocument: trust({
        Principal: { Service: 'lambda.amazonaws.com' },
        Action: 'sts:AssumeRole',
      }),
    });
    const PolicyDocument = allow({ Action: 'iam:*', Resource: '*' });
    await record('PutRolePolicy', { RoleName: 'worker', PolicyName: 'p', PolicyDocument });
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/worker`;
    const session = harness.cloud.assumeRoleAsService(roleArn, 'lambda.amazonaws.com', 'run');
    const caller = {
      ...session,
      accessKeyId: 'ASIAEXAMPLE',
      context: {
        ...session.context,
        'aws:CalledVia': 'cloudformation.amazonaws.com',
        'aws:SourceIdentity': 'execution-1',
      },
    };
    const made = await record('CreateRole', { RoleName: 'y', AssumeRolePolicyDocument: TRUST }, caller);
    expect(made).toMatchObject({
      sourceIPAddress: 'cloudformation.amazonaws.com',
      userAgent: 'cloudformation.amazonaws.com',
      userIdentity: {
        type: 'AssumedRole',
        principalId: expect.stringMatching(/^AROA[A-Z2-7]+:run$/),
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/worker/run`,
        accountId: ACCOUNT,
        accessKeyId: 'ASIAEXAMPLE',
        sessionContext: {
          sessionIssuer: {
            type: 'Role',
            principalId: expect.stringMatching(/^AROA[A-Z2-7]+$/),
            arn: roleArn,
            accountId: ACCOUNT,
            userName: 'worker',
          },
          attributes: { creationDate: '2024-08-01T13:37:41Z', mfaAuthenticated: 'false' },
          sourceIdentity: 'execution-1',
        },
        invokedBy: 'cloudformation.amazonaws.com',
      },
    });
  });

  it('are made of no reads', async () => {
    const before = harness.records.length;
    const { input } = new GetRoleCommand({ RoleName: 'worker' });
    await harness.cloud.invoke('iam', 'GetRole', input, harness.admin.caller, 'us-east-1');
    const absent = harness.cloud.invoke(
      'iam',
      'GetRole',
      { RoleName: 'n' },
      harness.admin.caller,
      'us-east-1',
    );
    await errorOf(absent);
    expect(harness.records).toHaveLength(before);
  });
});
