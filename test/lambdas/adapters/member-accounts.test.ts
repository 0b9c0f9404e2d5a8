import {
  AddClientIDToOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  IAMClient,
  IAMServiceException,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../core/errors.ts';
import { accountId, audience, providerArn, roleArn, roleId, roleName } from '../../../core/ids.ts';
import { pendingTags, readyTags } from '../../../core/tags.ts';
import { memberAccounts } from '../../../lambdas/adapters/member-accounts.ts';

const account = accountId('111122223333');
const name = roleName('deploy');
const id = roleId('AROAEXAMPLEEXAMPLE001');
const arn = roleArn('arn:aws:iam::111122223333:role/ci/deploy');
const provider = providerArn(
  'arn:aws:iam::111122223333:oidc-provider/sts.windows.net/11111111-2222-4333-8444-555555555555/',
);
const app = audience('api://99999999-2222-4333-8444-555555555555');

const sts = mockClient(STSClient);
const iam = mockClient(IAMClient);

beforeEach(() => {
  sts.reset();
  iam.reset();
  sts.on(AssumeRoleCommand).resolves({
    Credentials: {
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'secret',
      SessionToken: 'session',
      Expiration: new Date(0),
    },
  });
});

const members = memberAccounts({
  partition: 'aws',
  memberRolePrefix: 'oidc-factory',
  sessionName: () => 'execution-1',
  client: new STSClient({ region: 'eu-central-1' }),
});
const inspect = () => members.inspect({ accountId: account, roleName: name });
const providers = () => members.provider({ accountId: account, providerArn: provider });
const trust = () => members.trust({ accountId: account, roleArn: arn, roleId: id, providerArn: provider });

const iamError = (code: string, status = 400) =>
  new IAMServiceException({
    name: code,
    message: 'from IAM',
    $fault: 'client',
    $metadata: { httpStatusCode: status },
  });

const lastAssumed = () => sts.commandCalls(AssumeRoleCommand).at(-1)?.args[0].input;

describe('opening a session', () => {
  it.each([
    ['inspect', inspect],
    ['provider', providers],
    ['trust', trust],
  ] as const)('assumes the %s role for the shortest time, named after the execution', async (role, open) => {
    await open();
    expect(lastAssumed()).toMatchObject({
      RoleArn: `arn:aws:iam::111122223333:role/oidc-factory-${role}`,
      RoleSessionName: 'execution-1',
      SourceIdentity: 'execution-1',
      DurationSeconds: 900,
    });
    expect(JSON.parse(lastAssumed()?.Policy ?? '')).toMatchObject({ Version: '2012-10-17' });
  });

  it.each<[string, number, ErrorCode]>([
    ['AccessDenied', 403, 'MemberRoleNotAssumable'],
    ['RegionDisabledException', 403, 'MemberRoleNotAssumable'],
    ['Throttling', 400, 'Throttled'],
    ['ExpiredTokenException', 400, 'Unavailable'],
    ['ServiceUnavailable', 503, 'Unavailable'],
    ['PackedPolicyTooLargeException', 400, 'Unexpected'],
  ])('fails on %s (%s) with %s', async (code, status, expected) => {
    sts.on(AssumeRoleCommand).rejects(
      new STSServiceException({
        name: code,
        message: 'not authorized to perform: sts:AssumeRole',
        $fault: 'client',
        $metadata: { httpStatusCode: status },
      }),
    );
    await expect(inspect()).rejects.toMatchObject({ name: expected });
  });

  it('fails with Unexpected on an answer without credentials', async () => {
    sts.on(AssumeRoleCommand).resolves({});
    await expect(trust()).rejects.toMatchObject({ name: 'Unexpected' });
  });

  it.each([
    ['aws', 'us-east-1'],
    ['aws-us-gov', 'us-gov-west-1'],
    ['aws-cn', 'cn-north-1'],
  ] as const)('speaks to IAM of %s in %s', async (partition, region) => {
    iam.on(GetRoleCommand).rejects(iamError('NoSuchEntityException', 404));
    const access = await memberAccounts({
      partition,
      memberRolePrefix: 'oidc-factory',
      sessionName: () => 'execution-1',
      client: new STSClient({ region: 'eu-central-1' }),
    }).inspect({ accountId: account, roleName: name });
    await access.getRole(name);
    const client = iam.commandCalls(GetRoleCommand).at(-1)?.thisValue as IAMClient;
    await expect(client.config.region()).resolves.toBe(region);
    await expect(client.config.credentials()).resolves.toMatchObject({ accessKeyId: 'ASIAEXAMPLE' });
  });
});

describe('reading', () => {
  it('shows a role with its trust policy decoded and its tags as IAM has them', async () => {
    iam.on(GetRoleCommand, { RoleName: 'deploy' }).resolves({
      Role: {
        RoleName: 'Deploy',
        RoleId: id,
        Arn: arn,
        Path: '/ci/',
        CreateDate: new Date('2026-01-02T03:04:05Z'),
        AssumeRolePolicyDocument: '%7B%22a%22%3A%20%22%2B%20%C3%A4%22%7D',
        Tags: [
          { Key: 'Team', Value: 'x' },
          { Key: 'empty', Value: '' },
        ],
      },
    });
    await expect((await inspect()).getRole(name)).resolves.toEqual({
      roleName: 'Deploy',
      roleId: id,
      roleArn: arn,
      path: '/ci/',
      createdAt: '2026-01-02T03:04:05.000Z',
      trustPolicy: '{"a": "+ ä"}',
      tags: { Team: 'x', empty: '' },
    });
  });

  it('fails with TrustPolicyUnreadable where the document is not percent-encoded', async () => {
    iam.on(GetRoleCommand).resolves({
      Role: {
        RoleName: 'deploy',
        RoleId: id,
        Arn: arn,
        Path: '/',
        CreateDate: new Date(0),
        AssumeRolePolicyDocument: '%zz',
      },
    });
    await expect((await trust()).getRole(name)).rejects.toMatchObject({ name: 'TrustPolicyUnreadable' });
  });

  it('shows a provider', async () => {
    iam
      .on(GetOpenIDConnectProviderCommand, { OpenIDConnectProviderArn: provider })
      .resolves({ Url: 'sts.windows.net/t/', ClientIDList: [app] });
    await expect((await trust()).getProvider(provider)).resolves.toEqual({
      providerArn: provider,
      url: 'sts.windows.net/t/',
      clientIds: [app],
    });
  });

  it('answers undefined for a role or provider that does not exist', async () => {
    iam.onAnyCommand().rejects(iamError('NoSuchEntityException', 404));
    const access = await inspect();
    await expect(access.getRole(name)).resolves.toBeUndefined();
    await expect(access.getProvider(provider)).resolves.toBeUndefined();
  });

  it.each<[string, number, ErrorCode]>([
    ['AccessDenied', 403, 'MemberAccessDenied'],
    ['InvalidClientTokenId', 403, 'MemberAccessDenied'],
    ['Throttling', 400, 'Throttled'],
    ['ExpiredToken', 403, 'Unavailable'],
    ['ServiceFailureException', 500, 'Unavailable'],
  ])('fails on %s (%s) with %s', async (code, status, expected) => {
    iam.onAnyCommand().rejects(iamError(code, status));
    const access = await trust();
    await expect(access.getRole(name)).rejects.toMatchObject({ name: expected });
    await expect(access.getProvider(provider)).rejects.toMatchObject({ name: expected });
  });
});

describe('writing', () => {
  it('sends audience, policy and tags as given', async () => {
    iam.onAnyCommand().resolves({});
    await (await providers()).addAudience(provider, app);
    await (await providers()).removeAudience(provider, app);
    await (await trust()).updateTrustPolicy(name, '{}');
    await (await inspect()).tagRole(name, pendingTags(id));
    const client = { OpenIDConnectProviderArn: provider, ClientID: app };
    expect(iam.commandCalls(AddClientIDToOpenIDConnectProviderCommand)[0]?.args[0].input).toEqual(client);
    expect(iam.commandCalls(RemoveClientIDFromOpenIDConnectProviderCommand)[0]?.args[0].input).toEqual(
      client,
    );
    expect(iam.commandCalls(UpdateAssumeRolePolicyCommand)[0]?.args[0].input).toEqual({
      RoleName: 'deploy',
      PolicyDocument: '{}',
    });
    expect(iam.commandCalls(TagRoleCommand)[0]?.args[0].input).toEqual({
      RoleName: 'deploy',
      Tags: expect.arrayContaining([{ Key: 'oidc-factory:role-id', Value: id }]),
    });
  });

  const add = async () => (await providers()).addAudience(provider, app);
  const remove = async () => (await providers()).removeAudience(provider, app);
  const update = async () => (await trust()).updateTrustPolicy(name, '{}');
  const tag = async () => {
    const tags = readyTags({ appId: '99999999-2222-4333-8444-555555555555' as never, audience: app });
    await (await trust()).tagRole(name, tags);
  };

  it.each<[string, () => Promise<void>, string, number, ErrorCode]>([
    ['addAudience', add, 'NoSuchEntityException', 404, 'ProviderMissing'],
    ['addAudience', add, 'LimitExceededException', 409, 'ProviderFull'],
    ['addAudience', add, 'AccessDenied', 403, 'MemberAccessDenied'],
    ['addAudience', add, 'ConcurrentModificationException', 409, 'Throttled'],
    ['addAudience', add, 'InvalidInputException', 400, 'Unexpected'],
    ['removeAudience', remove, 'AccessDenied', 403, 'MemberAccessDenied'],
    ['removeAudience', remove, 'ServiceFailureException', 500, 'Unavailable'],
    ['updateTrustPolicy', update, 'NoSuchEntityException', 404, 'RoleGone'],
    ['updateTrustPolicy', update, 'LimitExceededException', 409, 'TrustPolicyTooLong'],
    ['updateTrustPolicy', update, 'MalformedPolicyDocumentException', 400, 'TrustPolicyRejected'],
    ['updateTrustPolicy', update, 'UnmodifiableEntityException', 400, 'RoleUnmodifiable'],
    ['updateTrustPolicy', update, 'AccessDenied', 403, 'MemberAccessDenied'],
    ['tagRole', tag, 'NoSuchEntityException', 404, 'RoleGone'],
    ['tagRole', tag, 'LimitExceededException', 409, 'RoleNotTaggable'],
    ['tagRole', tag, 'InvalidInputException', 400, 'RoleNotTaggable'],
    ['tagRole', tag, 'ConcurrentModificationException', 409, 'Throttled'],
    ['tagRole', tag, 'AccessDenied', 403, 'MemberAccessDenied'],
  ])('%s fails on %3$s with %5$s', async (_method, act, code, status, expected) => {
    iam.onAnyCommand().rejects(iamError(code, status));
    await expect(act()).rejects.toMatchObject({ name: expected });
  });

  it('has removed an audience where the provider is gone', async () => {
    iam.onAnyCommand().rejects(iamError('NoSuchEntityException', 404));
    await expect(remove()).resolves.toBeUndefined();
  });
});
