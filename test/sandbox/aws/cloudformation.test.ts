import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCloudFormation } from '../../../sandbox/aws/cloudformation.ts';
import { createStacks, type Stacks } from '../../../sandbox/stacks.ts';
import { ACCOUNT, allow, type Harness, startHarness, trustAccount, userWith } from './wire-harness.ts';

let harness: Harness;
let stacks: Stacks;
beforeAll(async () => {
  harness = await startHarness();
  const { cloud } = harness;
  // IAM alone: no log groups, no custom resources.
  const none = {} as never;
  stacks = createStacks({ cloud, logs: none, responses: none }, () => undefined);
  cloud.register(createCloudFormation(cloud, stacks));
});
afterAll(() => harness.close());

const ID = (name: string) => `arn:aws:cloudformation:us-east-1:${ACCOUNT}:stack/${name}/local`;
const role = (RoleName: string, more: object = {}) => ({
  Type: 'AWS::IAM::Role',
  Properties: { RoleName, AssumeRolePolicyDocument: JSON.parse(trustAccount(ACCOUNT)), ...more },
});
const template = (Resources: object) => JSON.stringify({ Resources, Outputs: { At: { Value: 'here' } } });
const call = <T = Record<string, unknown>>(operation: string, input: object, as = harness.admin.caller) =>
  harness.cloud.invoke<T>('cloudformation', operation, input, as, 'us-east-1');
type Described = { Stacks: { StackName: string; StackStatus: string; StackStatusReason?: string }[] };
const statusOf = async (StackName: string) =>
  (await call<Described>('DescribeStacks', { StackName })).Stacks[0];
const ended = (StackName: string) =>
  vi.waitFor(async () => {
    const stack = await statusOf(StackName);
    expect(stack?.StackStatus).not.toMatch(/IN_PROGRESS$/);
    return stack;
  });
const create = (StackName: string, Resources: object, Capabilities = ['CAPABILITY_NAMED_IAM']) =>
  call('CreateStack', { StackName, TemplateBody: template(Resources), Capabilities });
const roles = () => [...harness.cloud.iam.accountOf(ACCOUNT).roles.keys()];

describe('a stack', () => {
  it('is created, described and deleted over the wire as the AWS CLI sends it', async () => {
    const { host, hostname } = new URL(harness.server.endpoint);
    const signer = new SignatureV4({
      service: 'cloudformation',
      region: 'us-east-1',
      credentials: { ...harness.admin.credentials },
      sha256: Sha256,
    });
    const send = async (fields: Record<string, string>) => {
      const body = String(new URLSearchParams({ Version: '2010-05-15', ...fields }));
      const { headers } = await signer.sign({
        method: 'POST',
        protocol: 'http:',
        hostname,
        path: '/',
        query: {},
        headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
        body,
      });
      const answer = await fetch(harness.server.endpoint, { method: 'POST', headers, body });
      return answer.text();
    };
    const made = await send({
      Action: 'CreateStack',
      StackName: 'wired',
      TemplateBody: JSON.stringify({
        Parameters: { Name: { Type: 'String' } },
        Resources: { R: role('x', { RoleName: { Ref: 'Name' } }) },
      }),
      'Parameters.member.1.ParameterKey': 'Name',
      'Parameters.member.1.ParameterValue': 'wired-role',
      'Capabilities.member.1': 'CAPABILITY_NAMED_IAM',
    });
    expect(made).toContain(`<StackId>${ID('wired')}</StackId>`);
    expect(await ended('wired')).toMatchObject({ StackStatus: 'CREATE_COMPLETE' });
    expect(await send({ Action: 'DescribeStacks', StackName: 'wired' })).toContain(
      '<StackStatus>CREATE_COMPLETE</StackStatus>',
    );
    expect(roles()).toContain('wired-role');
    await send({ Action: 'DeleteStack', StackName: 'wired' });
    await vi.waitFor(() => expect(statusOf('wired')).rejects.toThrow('does not exist'));
    expect(roles()).not.toContain('wired-role');
  });

  it('is rolled back where a resource cannot be created, and its record can be deleted', async () => {
    await create('broken', { A: role('first'), B: { ...role('first'), DependsOn: 'A' } });
    expect(await ended('broken')).toMatchObject({
      StackStatus: 'ROLLBACK_COMPLETE',
      StackStatusReason: expect.stringContaining('B (AWS::IAM::Role) failed'),
    });
    expect(roles()).not.toContain('first');
    await expect(create('broken', { A: role('first') })).rejects.toMatchObject({
      name: 'AlreadyExistsException',
    });
    await call('DeleteStack', { StackName: 'broken' });
    await expect(statusOf('broken')).rejects.toThrow('does not exist');
  });

  it('that cannot be deleted says why, and is deleted once nothing is in the way', async () => {
    await create('stuck', { A: role('in-use') });
    await ended('stuck');
    const iam = (operation: string, input: object) =>
      harness.cloud.invoke(
        'iam',
        operation,
        { RoleName: 'in-use', PolicyName: 'p', ...input },
        harness.admin.caller,
        'us-east-1',
      );
    await iam('PutRolePolicy', { PolicyDocument: allow({ Action: 's3:*', Resource: '*' }) });
    await call('DeleteStack', { StackName: 'stuck' });
    expect(await ended('stuck')).toMatchObject({
      StackStatus: 'DELETE_FAILED',
      StackStatusReason: expect.stringContaining('A (AWS::IAM::Role) could not be deleted'),
    });
    await iam('DeleteRolePolicy', {});
    await call('DeleteStack', { StackName: ID('stuck') });
    await vi.waitFor(() => expect(statusOf('stuck')).rejects.toThrow('does not exist'));
  });

  it.each<[string, object, string, string]>([
    ['a name that is taken', { StackName: 'taken' }, 'AlreadyExistsException', 'already exists'],
    ['another name than a name', { StackName: '1' }, 'ValidationError', 'stackName'],
    ['a role and no capability', { Capabilities: [] }, 'InsufficientCapabilitiesException', 'NAMED_IAM'],
    ['a template in YAML', { TemplateBody: 'Resources:' }, 'ValidationError', 'JSON'],
    ['a template too long', { TemplateBody: `"${'x'.repeat(51_200)}"` }, 'ValidationError', '51200'],
    ['an unknown member', { TemplateURL: 'https://x' }, 'ValidationError', 'TemplateURL'],
  ])('is not created with %s', async (_, more, name, message) => {
    if (!stacks.all.some((one) => one.name === 'taken')) await create('taken', {}).then(() => ended('taken'));
    const input = {
      StackName: 'other',
      TemplateBody: template({ A: role('other') }),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
    };
    await expect(call('CreateStack', { ...input, ...more })).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
  });

  it('needs the right to it, and the rights to what is in it', async () => {
    const { arn } = await userWith(
      harness,
      allow({ Action: 'cloudformation:*', Resource: `arn:aws:cloudformation:*:*:stack/mine/*` }),
    );
    const as = { principal: { type: 'aws', accountId: ACCOUNT, arn }, accountId: ACCOUNT } as const;
    const input = (StackName: string) => ({
      StackName,
      TemplateBody: template({ A: role('mine') }),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
    });
    await expect(call('CreateStack', input('yours'), as)).rejects.toMatchObject({ name: 'AccessDenied' });
    await call('CreateStack', input('mine'), as);
    expect(await ended('mine')).toMatchObject({
      StackStatus: 'ROLLBACK_COMPLETE',
      StackStatusReason: expect.stringContaining('iam:CreateRole'),
    });
  });
});
