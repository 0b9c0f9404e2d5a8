/** Stacks that come and go while the sandbox runs. */
import { GetRoleCommand, IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { createWorld } from '../../sandbox/world.ts';

const NEW_ACCOUNT = '444455559999';
const TEMPLATE = {
  Parameters: { Name: { Type: 'String' } },
  Resources: {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: { Ref: 'Name' },
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
          ],
        },
      },
    },
    Provider: {
      Type: 'AWS::IAM::OIDCProvider',
      DeletionPolicy: 'Retain',
      Properties: { Url: 'https://kept.example' },
    },
  },
};

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({
    world: createWorld({ members: 1 }),
    assemblyDir: inject('assemblyDir'),
    port: 0,
    timeScale: 0.05,
  });
});
afterAll(() => sandbox.close());

const iamOf = (accountId: string) => {
  const { endpoint, region } = sandbox.ready.aws;
  const { accessKeyId, secretAccessKey } = sandbox.administrator(accountId).credentials;
  return new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
};
const rolesIn = async (accountId: string) =>
  ((await iamOf(accountId).send(new ListRolesCommand({}))).Roles ?? []).map(({ RoleName }) => RoleName);

it('a new account gets a stack and loses it again, but for what is retained', async () => {
  expect(sandbox.openAccount(NEW_ACCOUNT).accountId).toBe(NEW_ACCOUNT);
  const iam = iamOf(NEW_ACCOUNT);
  const request = { name: 'extra', template: TEMPLATE, parameters: { Name: 'from-a-template' } };
  const stack = await sandbox.deploy(request, NEW_ACCOUNT);
  await expect(sandbox.deploy(request, NEW_ACCOUNT)).rejects.toThrow('There is a stack extra');
  await expect(iam.send(new GetRoleCommand({ RoleName: 'from-a-template' }))).resolves.toBeDefined();

  await sandbox.remove(stack);
  expect(await rolesIn(NEW_ACCOUNT)).toEqual([]);
  expect(sandbox.stacks).not.toContain(stack);
  const { oidcProviders } = sandbox.aws.cloud.iam.accountOf(NEW_ACCOUNT);
  expect([...oidcProviders.keys()]).toEqual([`arn:aws:iam::${NEW_ACCOUNT}:oidc-provider/kept.example`]);
});

it('every stack of the assembly can be removed, and leaves no role', async () => {
  for (const stack of [...sandbox.stacks].reverse()) await sandbox.remove(stack);
  const { factoryAccountId, memberAccountIds } = sandbox.world;
  for (const accountId of [factoryAccountId, ...memberAccountIds]) {
    expect(await rolesIn(accountId)).toEqual([]);
  }
});
