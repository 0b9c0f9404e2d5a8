/** docs/uninstall.md, followed literally: nothing of the factory is left, and every workload goes on. Needs the AWS CLI. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListEventBusesCommand, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListStateMachinesCommand } from '@aws-sdk/client-sfn';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, expect, it } from 'vitest';
import type { MemberClient } from '../../sandbox/clients.ts';
import { addManagedIdentity } from '../../sandbox/entra/seed.ts';
import { useCommandLine } from './cli/command-line.ts';
import { follow, scriptOf, skipWithoutAwsCli } from './guide.ts';
import { createRole, madeInEntra, placeholderOf, roleWithStatus, trustOn, useFactory } from './harness.ts';

const factory = useFactory({ members: 2 });
useCommandLine(factory);
const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-uninstall-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Workload {
  readonly member: MemberClient;
  readonly roleName: string;
  readonly appId: string;
  readonly secret: string;
}

/** A role that is served, and the workload that has a secret of its application. */
async function workloadIn(member: MemberClient, roleName: string): Promise<Workload> {
  await createRole(member, roleName, trustOn(member, { aud: placeholderOf(factory()) }));
  const { tags } = await roleWithStatus(member, roleName, 'ready');
  const appId = tags['oidc-factory:client-id'] ?? '';
  return { member, roleName, appId, secret: await factory().addPassword(appId) };
}

/** Who it is at AWS with a token that it gets now. */
async function entering({ member, roleName, appId, secret }: Workload): Promise<string> {
  const { assume, token, whoAmI } = factory();
  const { arn } = await member.role(roleName);
  return whoAmI(await assume(arn, await token(appId, secret, `api://${appId}`)));
}

/** Names of what is deployed in an account, all that the sandbox serves. */
async function deployedIn(credentials: { accessKeyId: string; secretAccessKey: string }): Promise<string[]> {
  const options = { ...factory().awsOptions, credentials: { ...credentials } };
  const [events, functions, sqs] = [
    new EventBridgeClient(options),
    new LambdaClient(options),
    new SQSClient(options),
  ];
  const { EventBuses = [] } = await events.send(new ListEventBusesCommand({}));
  const rules = await Promise.all(
    EventBuses.map(({ Name }) => events.send(new ListRulesCommand({ EventBusName: Name }))),
  );
  const { Functions = [] } = await functions.send(new ListFunctionsCommand({}));
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  return [
    ...EventBuses.map(({ Name = '' }) => Name).filter((name) => name !== 'default'),
    ...rules.flatMap(({ Rules = [] }) => Rules.map(({ Name = '' }) => Name)),
    ...Functions.map(({ FunctionName = '' }) => FunctionName),
    ...QueueUrls,
  ];
}

const rolesIn = async ({ iam }: Pick<MemberClient, 'iam'>): Promise<string[]> =>
  ((await iam.send(new ListRolesCommand({}))).Roles ?? []).map(({ RoleName = '' }) => RoleName);

it('leaves every workload its way in, and of the factory nothing but its ledger', {
  timeout: 240_000,
}, async ({ skip }) => {
  await skipWithoutAwsCli(skip);
  const { members, sandbox, dynamo, states } = factory();
  const { world, ready, entra } = sandbox;
  const workloads = await Promise.all(
    members.flatMap((member) => [workloadIn(member, 'first'), workloadIn(member, 'second')]),
  );
  const trust = () => Promise.all(workloads.map(({ member, roleName }) => member.role(roleName)));
  const before = await trust();
  const owner = addManagedIdentity(entra.directory, 'new owner').id;

  await follow(
    scriptOf('uninstall.md', {
      'profile of the factory account': 'factory',
      'region of the factory': world.region,
      'profiles of the member accounts': 'member-0 member-1',
      'name of the member stack': 'OidcFactoryMember',
      'region of IAM events': 'us-east-1',
      'tenant id': world.tenantId,
      "client id of the factory's application": world.factoryAppId,
      'object id of the new owner': owner,
    }),
    folder,
    { ...process.env, NODE_EXTRA_CA_CERTS: ready.entra.caFile },
  );

  for (const workload of workloads) {
    expect(await entering(workload)).toContain(`:assumed-role/${workload.roleName}/`);
    const { owners } = entra.directory.application({ by: 'appId', value: workload.appId }) ?? {};
    expect(owners).toContain(owner);
  }
  expect(await trust()).toEqual(before);
  for (const member of members) {
    expect(await rolesIn(member)).toEqual(['first', 'second']);
    expect(await deployedIn(member.credentials)).toEqual([]);
    expect(await member.audiences()).not.toContain(placeholderOf(factory()));
  }
  expect(await deployedIn(ready.aws.factory)).toEqual([]);
  const administrator = new IAMClient({ ...factory().awsOptions, credentials: { ...ready.aws.factory } });
  expect(await rolesIn({ iam: administrator })).toEqual([]);
  expect((await states.send(new ListStateMachinesCommand({}))).stateMachines).toEqual([]);
  const { TableNames = [] } = await dynamo.send(new ListTablesCommand({}));
  expect(TableNames.map((name) => name.replace(/[0-9A-F]{8}-[0-9A-F]{12}$/, ''))).toEqual([
    'OidcFactory-LedgerTable',
  ]);
  expect(sandbox.stacks).toEqual([]);
  expect(new Set(madeInEntra(factory()))).toEqual(
    new Set(workloads.map(({ member, roleName }) => `aws-${member.accountId}-${roleName}`)),
  );
  for (const appId of [world.factoryAppId, world.reservationAppId]) {
    expect(entra.directory.application({ by: 'appId', value: appId })).toBeUndefined();
  }
});
