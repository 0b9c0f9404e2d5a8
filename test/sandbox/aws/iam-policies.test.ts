/** Versions of managed policies, what they are attached to, permissions boundaries, and when a role was last used. */
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRolePermissionsBoundaryCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  type IAMClient,
  ListEntitiesForPolicyCommand,
  ListPolicyVersionsCommand,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
  SetDefaultPolicyVersionCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, allow, errorOf, type Harness, startHarness, trustAccount } from './wire-harness.ts';

let harness: Harness;
let iam: IAMClient;
beforeAll(async () => {
  harness = await startHarness();
  iam = harness.iamClient();
});
afterEach(() => expect(harness.defects).toEqual([]));
afterAll(() => harness.close());

const ADMINISTRATOR_ACCESS = 'arn:aws:iam::aws:policy/AdministratorAccess';
const READ = allow({ Action: ['iam:GetRole', 'iam:ListRoles'], Resource: '*' });
const NOTHING = allow({ Action: 's3:GetObject', Resource: '*' });

async function policy(PolicyName: string, PolicyDocument = READ): Promise<string> {
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
  return Policy?.Arn ?? '';
}
const addVersion = (PolicyArn: string, PolicyDocument: string, SetAsDefault?: boolean) =>
  iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault }));

/** A role with a policy, and IAM as a session of it. */
async function session(RoleName: string, PolicyArn: string): Promise<IAMClient> {
  const AssumeRolePolicyDocument = trustAccount(ACCOUNT);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  const { Credentials } = await harness
    .stsClient()
    .send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'tester' }));
  return harness.iamClient({
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  });
}

describe('a managed policy', () => {
  it('is what its default version says, at once for sessions that are running', async () => {
    const arn = await policy('changing');
    const own = await session('changing-role', arn);
    const listing = () => own.send(new ListRolesCommand({}));
    await listing();
    await addVersion(arn, NOTHING);
    await listing();
    await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn: arn, VersionId: 'v2' }));
    expect((await errorOf(listing())).name).toBe('AccessDenied');
    await addVersion(arn, READ, true);
    await listing();
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: arn }));
    expect(Policy?.DefaultVersionId).toBe('v3');
    const { PolicyVersion } = await iam.send(
      new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: 'v2' }),
    );
    expect(decodeURIComponent(PolicyVersion?.Document ?? '')).toBe(NOTHING);
  });

  it('has five versions at most, and its numbers are not used again', async () => {
    const arn = await policy('versions');
    for (let n = 2; n <= 5; n++) await addVersion(arn, READ);
    expect((await errorOf(addVersion(arn, READ))).name).toBe('LimitExceededException');
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn: arn, VersionId: 'v3' }));
    expect((await addVersion(arn, READ)).PolicyVersion?.VersionId).toBe('v6');
    const { Versions = [] } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn: arn }));
    expect(Versions.map(({ VersionId }) => VersionId)).toEqual(['v1', 'v2', 'v4', 'v5', 'v6']);
    expect(Versions.filter(({ IsDefaultVersion }) => IsDefaultVersion)).toHaveLength(1);
  });

  it.each([
    ['the default version', 'v1', 'DeleteConflictException'],
    ['one that is not there', 'v9', 'NoSuchEntityException'],
  ])('keeps %s', async (_, VersionId, error) => {
    const arn = await policy(`kept-${VersionId}`);
    const deletion = iam.send(new DeletePolicyVersionCommand({ PolicyArn: arn, VersionId }));
    expect((await errorOf(deletion)).name).toBe(error);
  });

  it('is deleted only with all its versions', async () => {
    const arn = await policy('whole');
    await addVersion(arn, READ);
    const remove = () => iam.send(new DeletePolicyCommand({ PolicyArn: arn }));
    expect((await errorOf(remove())).name).toBe('DeleteConflictException');
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn: arn, VersionId: 'v2' }));
    await remove();
  });

  it("of AWS is nobody's to change", async () => {
    expect((await errorOf(addVersion(ADMINISTRATOR_ACCESS, NOTHING, true))).name).toBe('AccessDenied');
  });

  it('names the roles that it is attached to', async () => {
    const arn = await policy('shared');
    for (const RoleName of ['first', 'second']) {
      await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustAccount(ACCOUNT) }));
      await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: arn }));
    }
    const { PolicyRoles } = await iam.send(
      new ListEntitiesForPolicyCommand({ PolicyArn: arn, EntityFilter: 'Role' }),
    );
    expect(PolicyRoles?.map(({ RoleName }) => RoleName)).toEqual(['first', 'second']);
    const all = iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: arn }));
    expect((await errorOf(all)).name).toBe('InvalidInputException');
  });
});

describe('a role', () => {
  it('is bounded and unbounded while sessions run, and recorded as that', async () => {
    const own = await session('bounded', await policy('wide'));
    const boundary = await policy('narrow', NOTHING);
    const limit = { RoleName: 'bounded', PermissionsBoundary: boundary };
    await own.send(new ListRolesCommand({}));
    await iam.send(new PutRolePermissionsBoundaryCommand(limit));
    expect((await errorOf(own.send(new ListRolesCommand({})))).name).toBe('AccessDenied');
    await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName: 'bounded' }));
    await own.send(new ListRolesCommand({}));
    const again = iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName: 'bounded' }));
    expect((await errorOf(again)).name).toBe('NoSuchEntityException');
    const names = harness.records.filter(({ errorCode }) => !errorCode).map(({ eventName }) => eventName);
    expect(names.slice(-2)).toEqual(['PutRolePermissionsBoundary', 'DeleteRolePermissionsBoundary']);
  });

  it('shows when a session of it last asked for anything', async () => {
    const own = await session('used', await policy('reading'));
    const lastUsed = async () =>
      (await iam.send(new GetRoleCommand({ RoleName: 'used' }))).Role?.RoleLastUsed?.LastUsedDate;
    expect(await lastUsed()).toBeUndefined();
    await own.send(new ListRolesCommand({}));
    expect(await lastUsed()).toBeInstanceOf(Date);
  });
});
