import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  type CreateRoleCommandInput,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  type IAMClient,
  ListAccessKeysCommand,
  ListAttachedRolePoliciesCommand,
  ListPoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  paginateListRoles,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  allow,
  errorOf,
  type Harness,
  OTHER,
  startHarness,
  trust,
  trustAccount,
} from './wire-harness.ts';

const ADMINISTRATOR_ACCESS = 'arn:aws:iam::aws:policy/AdministratorAccess';
const READ_ONLY_ACCESS = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const ISSUER = 'https://sts.windows.net/11111111-2222-4333-8444-555555555555/';
const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/sts.windows.net/11111111-2222-4333-8444-555555555555/`;

let harness: Harness;
let iam: IAMClient;
beforeAll(async () => {
  harness = await startHarness();
  iam = harness.iamClient();
});
afterEach(() => expect(harness.defects).toEqual([]));
afterAll(() => harness.close());

const create = (input: Partial<CreateRoleCommandInput>) =>
  iam.send(
    new CreateRoleCommand({ RoleName: 'role', AssumeRolePolicyDocument: trustAccount(ACCOUNT), ...input }),
  );
const drop = (RoleName: string) => iam.send(new DeleteRoleCommand({ RoleName }));
const get = async (RoleName: string) => (await iam.send(new GetRoleCommand({ RoleName }))).Role;

describe('roles', () => {
  it('keep what they were created with, in whole seconds, the trust policy percent-encoded as sent', async () => {
    const document = `{ "Version": "2012-10-17",\n "Statement": {"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:username":"a(b)*'!"}}}}`;
    await create({
      RoleName: 'Kept',
      Path: '/team/a/',
      Description: 'why',
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'k', Value: 'v' }],
      AssumeRolePolicyDocument: document,
    });
    const role = await get('Kept');
    expect(role).toMatchObject({
      Arn: `arn:aws:iam::${ACCOUNT}:role/team/a/Kept`,
      Path: '/team/a/',
      Description: 'why',
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'k', Value: 'v' }],
    });
    expect(role?.RoleId).toMatch(/^AROA[A-Z2-7]{17}$/);
    expect(role?.CreateDate?.getMilliseconds()).toBe(0);
    expect(role?.AssumeRolePolicyDocument).not.toMatch(/[\s"(){}*'!]/);
    expect(decodeURIComponent(role?.AssumeRolePolicyDocument ?? '')).toBe(document);
  });

  it('have one name in any case', async () => {
    await create({ RoleName: 'OneName' });
    expect((await get('onename'))?.RoleName).toBe('OneName');
    expect((await errorOf(create({ RoleName: 'ONENAME' }))).name).toBe('EntityAlreadyExistsException');
    await drop('oneNAME');
    expect(await errorOf(get('OneName'))).toEqual({
      name: 'NoSuchEntityException',
      message: 'The role with name OneName cannot be found.',
    });
  });

  it('get a new id when they are created again', async () => {
    await create({ RoleName: 'again' });
    const first = await get('again');
    await drop('again');
    await create({ RoleName: 'again' });
    expect((await get('again'))?.RoleId).not.toBe(first?.RoleId);
  });

  it('are listed by path, in pages', async () => {
    const names = ['c', 'a', 'e', 'b', 'd'].map((name) => `page-${name}`);
    for (const RoleName of names)
      await create({ RoleName, Path: '/pages/', Tags: [{ Key: 'a', Value: 'b' }] });
    const pages = [];
    for await (const page of paginateListRoles({ client: iam, pageSize: 2 }, { PathPrefix: '/pages/' })) {
      pages.push(page.Roles?.map(({ RoleName }) => RoleName));
    }
    expect(pages).toEqual([['page-a', 'page-b'], ['page-c', 'page-d'], ['page-e']]);
    const { Roles } = await iam.send(new ListRolesCommand({ PathPrefix: '/pages/', MaxItems: 1 }));
    expect(Roles?.[0]?.Tags).toBeUndefined();
    expect((await errorOf(iam.send(new ListRolesCommand({ Marker: 'not ours' })))).name).toBe(
      'InvalidInputException',
    );
  });

  it('change description and session duration', async () => {
    await create({ RoleName: 'updated' });
    await iam.send(
      new UpdateRoleCommand({ RoleName: 'updated', Description: 'new', MaxSessionDuration: 43_200 }),
    );
    expect(await get('updated')).toMatchObject({ Description: 'new', MaxSessionDuration: 43_200 });
  });

  it.each<[string, Partial<CreateRoleCommandInput>]>([
    ['a name with a space', { RoleName: 'a b' }],
    ['a name of 65 characters', { RoleName: 'a'.repeat(65) }],
    ['a path without its slashes', { Path: 'x' }],
    ['a session of less than an hour', { MaxSessionDuration: 3599 }],
    ['a session of more than twelve hours', { MaxSessionDuration: 43_201 }],
    ['a description beyond Latin-1', { Description: 'Ω' }],
    ['a tag value outside the alphabet', { Tags: [{ Key: 'a', Value: 'a,b' }] }],
    ['a tag value of 257 characters', { Tags: [{ Key: 'a', Value: 'v'.repeat(257) }] }],
    ['a tag key of 129 characters', { Tags: [{ Key: 'k'.repeat(129), Value: '' }] }],
  ])('are not created with %s', async (_, input) => {
    expect((await errorOf(create({ RoleName: 'invalid', ...input }))).name).toBe('ValidationError');
    expect((await errorOf(get('invalid'))).name).toBe('NoSuchEntityException');
  });

  it('are not deleted while they have policies', async () => {
    await create({ RoleName: 'busy' });
    const RoleName = 'busy';
    const PolicyDocument = allow({ Action: 's3:GetObject', Resource: '*' });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument }));
    expect((await errorOf(drop(RoleName))).name).toBe('DeleteConflictException');
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }));
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: ADMINISTRATOR_ACCESS }));
    expect((await errorOf(drop(RoleName))).name).toBe('DeleteConflictException');
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: ADMINISTRATOR_ACCESS }));
    await drop(RoleName);
  });

  it('of AWS itself are not made by customers', async () => {
    const Path = '/aws-service-role/x.amazonaws.com/';
    expect((await errorOf(create({ RoleName: 'linked', Path }))).name).toBe('UnmodifiableEntityException');
  });
});

describe('trust policies', () => {
  const web = (change: object = {}) =>
    trust({ Principal: { Federated: PROVIDER }, Action: 'sts:AssumeRoleWithWebIdentity', ...change });

  it.each([
    ['text that is no JSON', 'x'],
    ['a document without statements', '{"Version":"2012-10-17"}'],
    ['a statement without principal', trust({ Action: 'sts:AssumeRole' })],
    ['a resource', web({ Resource: '*' })],
    ['an action of another service', web({ Action: 's3:GetObject' })],
    ['an operator that does not exist', web({ Condition: { StringIs: { a: 'b' } } })],
    [
      'a user that does not exist',
      trust({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/x` }, Action: 'sts:AssumeRole' }),
    ],
    [
      'a role that does not exist',
      trust({ Principal: { AWS: `arn:aws:iam::${OTHER}:role/x` }, Action: 'sts:AssumeRole' }),
    ],
    ['a provider given by its URL', web({ Principal: { Federated: ISSUER } })],
    ['a service that is no host name', trust({ Principal: { Service: 'lambda' }, Action: 'sts:AssumeRole' })],
    ['characters beyond Latin-1', web({ Sid: 'Ω' })],
  ])('are refused with %s', async (_, AssumeRolePolicyDocument) => {
    const error = await errorOf(create({ RoleName: 'untrusted', AssumeRolePolicyDocument }));
    expect(error.name).toBe('MalformedPolicyDocumentException');
  });

  it('may name a provider that does not exist, accounts, services and existing roles', async () => {
    await create({ RoleName: 'named' });
    const AWS = [`arn:aws:iam::${ACCOUNT}:role/named`, OTHER, 'arn:aws:iam::999999999999:role/elsewhere'];
    const AssumeRolePolicyDocument = trust({
      Principal: { AWS, Service: 'lambda.amazonaws.com', Federated: PROVIDER },
      Action: ['sts:AssumeRole', 'sts:AssumeRoleWithWebIdentity'],
    });
    await create({ RoleName: 'naming', AssumeRolePolicyDocument });
  });

  it('have at most 2048 characters, minified', async () => {
    const sized = (length: number) => {
      const text = web({ Sid: '' });
      return web({ Sid: 'x'.repeat(length - text.length) });
    };
    await create({
      RoleName: 'sized',
      AssumeRolePolicyDocument: JSON.stringify(JSON.parse(sized(2048)), null, 8),
    });
    const update = (PolicyDocument: string) =>
      iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'sized', PolicyDocument }));
    expect(await errorOf(update(sized(2049)))).toEqual({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for ACLSizePerRole: 2048',
    });
    await update(web());
    expect(decodeURIComponent((await get('sized'))?.AssumeRolePolicyDocument ?? '')).toBe(web());
  });
});

describe('tags of roles', () => {
  const tag = (Tags: { Key: string; Value: string }[]) =>
    iam.send(new TagRoleCommand({ RoleName: 'tagged', Tags }));
  const list = async () => (await iam.send(new ListRoleTagsCommand({ RoleName: 'tagged' }))).Tags;
  beforeAll(() => create({ RoleName: 'tagged', Tags: [{ Key: 'Owner', Value: 'a' }] }));

  it('have keys without regard to case and keep the first spelling', async () => {
    await tag([{ Key: 'OWNER', Value: 'b' }]);
    expect(await list()).toEqual([{ Key: 'Owner', Value: 'b' }]);
    const twice = tag(['x', 'X'].map((Key) => ({ Key, Value: '' })));
    expect((await errorOf(twice)).name).toBe('InvalidInputException');
    await iam.send(new UntagRoleCommand({ RoleName: 'tagged', TagKeys: ['oWNER', 'absent'] }));
    expect(await list()).toEqual([]);
  });

  it('take letters of any script, spaces and _.:/=+-@', async () => {
    const Value = 'straße 東京 a_b.c:d/e=f+g-h@i';
    await tag([{ Key: 'oidc-factory:status', Value }]);
    expect(await list()).toEqual([{ Key: 'oidc-factory:status', Value }]);
  });

  it('are 50 at most, and a refused call changes nothing', async () => {
    await tag(Array.from({ length: 49 }, (_, i) => ({ Key: `n${i}`, Value: '' })));
    const more = tag([{ Key: 'one more', Value: '' }]);
    expect((await errorOf(more)).name).toBe('LimitExceededException');
    expect(await list()).toHaveLength(50);
    await tag([{ Key: 'n0', Value: 'replaced' }]);
  });

  it('do not begin with aws:', async () => {
    expect((await errorOf(tag([{ Key: 'aws:x', Value: '' }]))).name).toBe('InvalidInputException');
  });
});

describe('policies', () => {
  const document = allow({ Action: 's3:GetObject', Resource: '*' });

  it('are put, read and listed inline', async () => {
    await create({ RoleName: 'inline' });
    const RoleName = 'inline';
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'one', PolicyDocument: document }));
    const read = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'one' }));
    expect(read).toMatchObject({ RoleName, PolicyName: 'one' });
    expect(decodeURIComponent(read.PolicyDocument ?? '')).toBe(document);
    expect((await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames).toEqual(['one']);
    const other = iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'two' }));
    expect((await errorOf(other)).name).toBe('NoSuchEntityException');
    const wrong = new PutRolePolicyCommand({
      RoleName,
      PolicyName: 'x',
      PolicyDocument: trustAccount(ACCOUNT),
    });
    expect((await errorOf(iam.send(wrong))).name).toBe('MalformedPolicyDocumentException');
  });

  it('have an inline quota that does not count whitespace', async () => {
    const big = (length: number) => allow({ Sid: 'x'.repeat(length), Action: 's3:GetObject', Resource: '*' });
    const rest = big(0).length;
    const put = (PolicyDocument: string) =>
      iam.send(new PutUserPolicyCommand({ UserName: 'admin', PolicyName: 'big', PolicyDocument }));
    await put(`${big(2048 - rest)}   \n`);
    expect((await errorOf(put(big(2049 - rest)))).name).toBe('LimitExceededException');
  });

  it('are created, attached and then not deleted', async () => {
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: 'managed', Path: '/p/', PolicyDocument: document }),
    );
    const PolicyArn = Policy?.Arn;
    expect(PolicyArn).toBe(`arn:aws:iam::${ACCOUNT}:policy/p/managed`);
    await create({ RoleName: 'attached' });
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'attached', PolicyArn }));
    const { AttachedPolicies } = await iam.send(
      new ListAttachedRolePoliciesCommand({ RoleName: 'attached' }),
    );
    expect(AttachedPolicies).toEqual([{ PolicyName: 'managed', PolicyArn }]);
    const found = await iam.send(new GetPolicyCommand({ PolicyArn }));
    expect(found.Policy?.AttachmentCount).toBe(1);
    expect((await errorOf(iam.send(new DeletePolicyCommand({ PolicyArn })))).name).toBe(
      'DeleteConflictException',
    );
    await iam.send(new DetachRolePolicyCommand({ RoleName: 'attached', PolicyArn }));
    await iam.send(new DeletePolicyCommand({ PolicyArn }));
    const { Policies } = await iam.send(new ListPoliciesCommand({}));
    expect(Policies?.map(({ Arn }) => Arn)).toEqual([ADMINISTRATOR_ACCESS, READ_ONLY_ACCESS]);
  });

  it('that do not exist are not attached', async () => {
    const PolicyArn = 'arn:aws:iam::aws:policy/NoSuchPolicy';
    const attach = iam.send(new AttachRolePolicyCommand({ RoleName: 'attached', PolicyArn }));
    expect((await errorOf(attach)).name).toBe('NoSuchEntityException');
  });
});

describe('users', () => {
  it('live with keys and policies and are deleted without', async () => {
    const UserName = 'developer';
    await iam.send(new CreateUserCommand({ UserName }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    expect(AccessKey?.AccessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    const own = harness.iamClient({
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    });
    expect((await errorOf(own.send(new GetUserCommand({})))).name).toBe('AccessDenied');
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: ADMINISTRATOR_ACCESS }));
    expect((await own.send(new GetUserCommand({}))).User).toMatchObject({ UserName, Path: '/' });
    expect((await iam.send(new ListUsersCommand({}))).Users?.map((user) => user.UserName)).toEqual([
      'admin',
      UserName,
    ]);

    await iam.send(new CreateAccessKeyCommand({ UserName }));
    const third = iam.send(new CreateAccessKeyCommand({ UserName }));
    expect((await errorOf(third)).name).toBe('LimitExceededException');
    expect((await errorOf(iam.send(new DeleteUserCommand({ UserName })))).name).toBe(
      'DeleteConflictException',
    );
    const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
    expect(AccessKeyMetadata).toHaveLength(2);
    for (const { AccessKeyId } of AccessKeyMetadata) {
      await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    }
    expect((await errorOf(own.send(new GetUserCommand({})))).name).toBe('InvalidClientTokenId');
  });
});
