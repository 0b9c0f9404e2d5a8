/** The alarms of sweeps and of whole accounts, provoked and resolved by the steps of their runbook sections. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeEventBusCommand,
  EnableRuleCommand,
  EventBridgeClient,
  PutPermissionCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-eventbridge';
import {
  AddClientIDToOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../sandbox/clients.ts';
import { accountRecord } from './account-record.ts';
import { useCommandLine } from './cli/command-line.ts';
import { turnOff } from './drift/off.ts';
import { configure, configureAll, functionOf } from './functions.ts';
import { follow, scriptOf, skipWithoutAwsCli } from './guide.ts';
import { createRole, logged, placeholderOf, roleWithStatus, trustOn, useFactory } from './harness.ts';
import { withoutProvider } from './member-account.ts';
import { type DeployedQueue, queueOf } from './queues.ts';
import { alarmIs } from './topics.ts';

const factory = useFactory({ members: 3, showsNeed: false });
const command = useCommandLine(factory);
const operator = ['--profile', 'factory'];
/** Clouds that settle sooner than the factory has to assume, in seconds of the product. */
const SOONER = { SETTLE_SECONDS: '40', DRIFT_AGE_SECONDS: '20' };

const account = () => factory().sandbox.world.factoryAccountId;
const member = (index: number) => {
  const found = factory().members[index];
  if (!found) throw new Error(`There is no member account ${index}`);
  return found;
};
const create = (index: number, name: string) =>
  createRole(member(index), name, trustOn(member(index), { aud: placeholderOf(factory()) }));
const ready = (index: number, name: string) => roleWithStatus(member(index), name, 'ready');
const sweep = () => command().run(['sweep', ...operator]);
const purge = ({ sqs, url }: DeployedQueue) => sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
const eventBridge = ({ accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string }) =>
  new EventBridgeClient({ ...factory().awsOptions, credentials: { accessKeyId, secretAccessKey } });
const turnOn = (index: number) =>
  eventBridge(member(index).credentials).send(
    new EnableRuleCommand({ Name: 'oidc-factory-forward-role-events' }),
  );

const home = mkdtempSync(join(tmpdir(), 'oidc-factory-runbook-'));
afterAll(() => rmSync(home, { recursive: true }));
beforeAll(() => configureAll(factory(), SOONER));

describe('an application that gets a secret', () => {
  it('raises the alarm once, however long the secret stays', async () => {
    await create(0, 'with-secret');
    const { tags } = await ready(0, 'with-secret');
    await factory().addPassword(tags['oidc-factory:client-id'] ?? '');
    await sweep();
    await alarmIs(factory(), 'applications-changed', 'ALARM');
    const found = await logged(factory(), 'sweep-account', '"Application changed"');
    expect(found).toMatchObject([{ reason: 'unexpected-credential', accountId: member(0).accountId }]);
    await sweep();
    expect(await logged(factory(), 'sweep-account', '"Application changed"')).toHaveLength(1);
  });
});

describe('an account that refuses a sweep', () => {
  it('raises the alarm, until a sweep gets in again', async () => {
    const RoleName = 'oidc-factory-inspect';
    const { trust } = await member(1).role(RoleName);
    const set = (PolicyDocument: string) =>
      member(1).iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    const nobody = { Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRole' };
    await set(JSON.stringify({ Version: '2012-10-17', Statement: [nobody] }));
    expect((await sweep()).exitCode).toBe(1);
    await alarmIs(factory(), 'sweep-accounts-failed', 'ALARM');
    await set(trust);
    expect((await sweep()).exitCode).toBe(0);
  });
});

describe('more removals than one sweep may start', () => {
  it('raise the alarm; an approved plan does them', async () => {
    const names = ['gone-1', 'gone-2'];
    for (const name of names) await create(0, name);
    for (const name of names) await ready(0, name);
    await turnOff(factory(), member(0));
    for (const RoleName of names) await member(0).iam.send(new DeleteRoleCommand({ RoleName }));
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const back = await configure(factory(), 'finish-sweep', 'SWEEP_REMOVALS', '1');
    expect((await sweep()).exitCode).toBe(1);
    await alarmIs(factory(), 'sweep-removals-held', 'ALARM');
    const file = command().file('plan.json', '');
    const planned = await command().run(['plan', '--out', file, ...operator]);
    expect(planned.stdout).toContain('gone-1');
    const applied = await command().run(['apply', file, '--yes', ...operator]);
    expect([applied.exitCode, applied.stderr]).toEqual([0, expect.anything()]);
    await turnOn(0);
    await back();
    expect((await sweep()).exitCode).toBe(0);
  });
});

describe('an account whose events do not arrive', () => {
  it('raises the alarm; doctor names the cause, and the next heartbeat ends it', async () => {
    const { accountId } = member(2);
    await turnOff(factory(), member(2));
    const { dynamo } = factory();
    const TableName = factory()
      .sandbox.stacks.flatMap(({ resources }) => [...resources])
      .find(([id]) => /^LedgerTable/.test(id))?.[1].ref;
    const key = { role: { S: 'account' }, roleId: { S: accountId } };
    const { Items: [record = {}] = [] } = await dynamo.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: '#role = :role AND roleId = :account',
        ExpressionAttributeNames: { '#role': 'role' },
        ExpressionAttributeValues: { ':role': key.role, ':account': key.roleId },
      }),
    );
    const { heartbeatSeenAt: _, ...rest } = record;
    const enrolledAt = { S: '2026-01-01T00:00:00.000Z' };
    await dynamo.send(new PutItemCommand({ TableName, Item: { ...rest, enrolledAt } }));
    expect((await sweep()).exitCode).toBe(0);
    await alarmIs(factory(), 'heartbeat-missing', 'ALARM');

    const chain = [
      'doctor',
      '--profile',
      'member-2',
      '--factory-profile',
      'factory',
      '--config',
      command().config,
    ];
    const { stdout } = await command().run(chain);
    expect(stdout).toContain('RuleDisabled');
    expect(stdout).toContain('HeartbeatMissing');
    await turnOn(2);
    await sweep();
    await until('the heartbeat', async () => (await accountRecord(factory(), accountId))?.heartbeatSeenAt);
    await sweep();
  });
});

describe('a sweep that the clock cannot start', () => {
  it('leaves a dead letter; one by hand makes up for it', async ({ skip }) => {
    await skipWithoutAwsCli(skip);
    const queue = queueOf(factory(), account(), 'SweepNotStarted');
    await queue.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: '{"of":"the clock"}' }));
    await alarmIs(factory(), 'sweep-not-started', 'ALARM');
    const printed = await follow(
      [
        scriptOf('runbook.md', {}, ['# Runbook']),
        // CloudWatch Logs are not on the sandbox's wire: here it only says of which group they would be. And version 1
        // of the AWS CLI takes no endpoint of SQS from the environment.
        'aws() { case "$1" in',
        '  logs) echo "$3" ;;',
        '  sqs) command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@" ;;',
        '  *) command aws "$@" ;;',
        'esac; }',
        'logs list-accounts ERROR',
        'letters sweep-not-started',
        'oidc-factory sweep',
        'purge sweep-not-started',
      ].join('\n'),
      home,
      { ...process.env, AWS_PROFILE: 'factory' },
    );
    expect(printed).toContain((await functionOf(factory(), 'list-accounts')).LoggingConfig?.LogGroup);
    expect(printed).toContain('the clock');
    await alarmIs(factory(), 'sweep-not-started', 'OK');
  });
});

describe('events that do not leave their account', () => {
  it('raise the alarm there; a sweep finds the role', async () => {
    const { accountId } = member(1);
    const events = eventBridge(factory().sandbox.ready.aws.factory);
    const EventBusName = 'oidc-factory';
    const { Policy } = await events.send(new DescribeEventBusCommand({ Name: EventBusName }));
    await events.send(new RemovePermissionCommand({ EventBusName, RemoveAllPermissions: true }));
    await create(1, 'unheard');
    await alarmIs(factory(), 'role-events-not-forwarded', 'ALARM', accountId);
    await events.send(new PutPermissionCommand({ EventBusName, Policy }));
    await purge(queueOf(factory(), accountId, 'NotForwarded'));
    await until('a sweep to serve the role', async () => {
      await sweep();
      return (await member(1).role('unheard')).tags['oidc-factory:status'] === 'ready' ? true : undefined;
    });
    await alarmIs(factory(), 'role-events-not-forwarded', 'OK', accountId);
  });
});

describe('a provider', () => {
  it('that others make raises the alarm where they have not', async () => {
    const back = await configure(factory(), 'enrol-account', 'PROVIDER', 'external');
    const repair = await withoutProvider(member(1));
    await alarmIs(factory(), 'provider-missing', 'ALARM');
    await repair();
    await back();
  });

  it('that others keep changing back raises the alarm, and is theirs to put right', async () => {
    const { iam, providerArn: OpenIDConnectProviderArn, audiences } = member(0);
    const input = { OpenIDConnectProviderArn, ClientID: placeholderOf(factory()) };
    const contested = async () =>
      JSON.stringify((await accountRecord(factory(), member(0).accountId))?.notes).includes('contested');
    for (let round = 0; round < 3; round++) {
      await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand(input));
      await until('the factory to answer', async () =>
        (await audiences()).includes(input.ClientID) || (await contested()) ? true : undefined,
      );
    }
    await alarmIs(factory(), 'provider-contested', 'ALARM');
    await iam.send(new AddClientIDToOpenIDConnectProviderCommand(input));
    await sweep();
    expect(await contested()).toBe(false);
  });
});

it.each([
  'applications-changed',
  'sweep-accounts-failed',
  'sweep-removals-held',
  'heartbeat-missing',
  'provider-missing',
  'provider-contested',
] as const)('%s goes back by itself', async (id) => {
  await alarmIs(factory(), id, 'OK');
});
