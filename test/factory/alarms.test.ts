/** Alarms, provoked by what they are for, told to the team, and resolved by the steps of their runbook sections. */
import { setTimeout as delay } from 'node:timers/promises';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  AddClientIDToOpenIDConnectProviderCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../sandbox/clients.ts';
import { useCommandLine } from './cli/command-line.ts';
import { configure } from './functions.ts';
import { createRole, ended, placeholderOf, roleWithStatus, trustOn, useFactory } from './harness.ts';
import { type DeployedQueue, queueOf } from './queues.ts';
import { alarmIs, asOperator, message, subscribed } from './topics.ts';

const factory = useFactory({ members: 2 });
const command = useCommandLine(factory);
const operator = ['--profile', 'factory'];

const account = () => factory().sandbox.world.factoryAccountId;
const create = (name: string) =>
  createRole(factory().member, name, trustOn(factory().member, { aud: placeholderOf(factory()) }));
const ready = (name: string) => roleWithStatus(factory().member, name, 'ready');

/** A task by hand: the clock's own come once an hour. */
const task = (name: 'watch' | 'digest') => {
  const { sqs, url } = queueOf(factory(), account(), 'NotificationsQueue');
  return sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify({ task: name }) }));
};

/** Takes the queue's policy away, so that no rule reaches it; resolves to what gives it back. */
async function shut({ sqs, url }: DeployedQueue): Promise<() => Promise<unknown>> {
  const set = (Policy: string) =>
    sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['Policy'] }),
  );
  await set('');
  return () => set(Attributes?.Policy ?? '');
}

const purge = ({ sqs, url }: DeployedQueue) => sqs.send(new PurgeQueueCommand({ QueueUrl: url }));

/** Five deliveries six minutes apart come before a dead-letter queue: too long for a test, even scaled. */
const hasten = ({ sqs, url }: DeployedQueue) =>
  sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: '20' } }));

const SLOW = ['slow-1', 'slow-2', 'slow-3', 'slow-4', 'slow-5', 'slow-6', 'slow-7', 'slow-8'];
const elsewhere = () => {
  const [, other] = factory().members;
  if (!other) throw new Error('There is one member account only');
  return other;
};

let platform: Awaited<ReturnType<typeof subscribed>>;
let digest: typeof platform;
beforeAll(async () => {
  platform = await subscribed(factory(), 'Platform');
  digest = await subscribed(factory(), 'Digest');
  // From now on: it takes half an hour until somebody should know.
  factory().sandbox.recorder.inject({ operation: 'POST /applications', kind: 'throttle', about: '-slow-' });
  for (const name of SLOW) {
    await createRole(elsewhere(), name, trustOn(elsewhere(), { aud: placeholderOf(factory()) }));
  }
});

describe('a member role that cannot be assumed', () => {
  let restore: () => Promise<void>;
  beforeAll(async () => {
    const { member } = factory();
    const RoleName = 'oidc-factory-inspect';
    const { trust } = await member.role(RoleName);
    const set = async (PolicyDocument: string) => {
      await member.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    };
    restore = () => set(trust);
    const nobody = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' };
    await set(JSON.stringify({ Version: '2012-10-17', Statement: [nobody] }));
    await create('shut-out');
  });

  it('raises the alarms of the role and of the run, and names account, role, error and remedy', async () => {
    const { member, sandbox } = factory();
    const { Subject, Message } = await message(platform, /create-role failed, MemberRoleNotAssumable/);
    expect(Subject).toBe('OIDC factory: oidc-factory-create-role failed, MemberRoleNotAssumable');
    expect(Message.split('\n')).toEqual([
      'What: oidc-factory-create-role failed',
      `Account: ${member.accountId}`,
      'Role: shut-out',
      expect.stringMatching(/^Created by: arn:aws:iam::\d{12}:user\/administrator$/),
      'Step: inspect-role',
      'Error: MemberRoleNotAssumable',
      'What to do: A member role cannot be assumed - deploy the member stack',
      `Then: oidc-factory retry --account ${member.accountId} --role shut-out`,
      expect.stringMatching(
        `^Run: https://console.aws.amazon.com/states/home\\?region=${sandbox.world.region}#/v2/executions/details/arn:`,
      ),
    ]);
    await Promise.all([
      alarmIs(factory(), 'member-role-not-assumable', 'ALARM'),
      alarmIs(factory(), 'runs-failed', 'ALARM'),
    ]);
    await message(platform, /^ALARM: .*MemberRoleNotAssumable/);
  });

  it('is measured as long as it lasts', async () => {
    await task('watch');
    await alarmIs(factory(), 'unreachable-accounts', 'ALARM');
  });

  it('is over after the repair and a retry', async () => {
    const preview = await command().run(['retry', '--role', 'shut-out', ...operator]);
    expect(preview.exitCode).toBe(1);
    expect(preview.stdout).toContain('MemberRoleNotAssumable (inspect-role)');
    await restore();
    const { exitCode, stdout } = await command().run([
      'retry',
      '--role',
      'shut-out',
      '--yes',
      '--json',
      ...operator,
    ]);
    expect([exitCode, JSON.parse(stdout).started]).toEqual([
      0,
      [expect.objectContaining({ roleName: 'shut-out', workflow: 'create-role' })],
    ]);
    await ready('shut-out');
    await Promise.all([
      alarmIs(factory(), 'member-role-not-assumable', 'OK'),
      alarmIs(factory(), 'runs-failed', 'OK'),
    ]);
    const again = await command().run(['retry', '--failed', '--yes', '--json', ...operator]);
    expect([again.exitCode, JSON.parse(again.stdout)]).toEqual([1, { started: [] }]);
  });
});

describe('a dispatcher that fails as a whole', () => {
  it('raises its alarm, and one of the dead letters; redriven after the repair, nothing is lost', async () => {
    await hasten(queueOf(factory(), account(), 'RoleEvents'));
    const restore = await configure(factory(), 'dispatch-role-event', 'LEDGER_TABLE', '!');
    // An error in each of the last three periods.
    for (const name of ['lost-1', 'lost-2', 'lost-3', 'lost-4']) {
      await create(name);
      await delay(12_000);
    }
    await alarmIs(factory(), 'dispatcher-errors', 'ALARM');
    await alarmIs(factory(), 'role-events-not-dispatched', 'ALARM');
    await restore();

    const preview = await command().run(['redrive', ...operator]);
    expect(preview.stdout).toContain('lost-1');
    const redriven = await command().run(['redrive', '--yes', '--json', ...operator]);
    expect([redriven.exitCode, JSON.parse(redriven.stdout).moved]).toEqual([0, 1]);
    await Promise.all(['lost-1', 'lost-2', 'lost-3', 'lost-4'].map(ready));
    await alarmIs(factory(), 'role-events-not-dispatched', 'OK');
    expect((await command().run(['redrive', ...operator])).stdout.trim()).toBe('No dead letters.');
  }, 180_000);
});

describe('a service that throttles', () => {
  it('raises its alarm after half an hour; whatever gave up meanwhile is run again', async () => {
    await alarmIs(factory(), 'throttled', 'ALARM');
    factory().sandbox.recorder.clearFaults();
    await Promise.all(
      SLOW.map((name) =>
        until(`${name} to be served`, async () => {
          const { tags } = await elsewhere().role(name);
          if (tags['oidc-factory:status'] === 'ready') return true;
          if (tags['oidc-factory:status'] === 'failed') {
            await command().run(['retry', '--role', name, '--yes', ...operator]);
          }
          return undefined;
        }),
      ),
    );
  }, 180_000);
});

describe('a failure that is its developer’s', () => {
  it('alarms nobody, and is in the digest of the day', async () => {
    const { member } = factory();
    const policy = trustOn(member, { aud: placeholderOf(factory()) });
    const padded = (length: number) => ({
      ...policy,
      Statement: [
        ...policy.Statement,
        { Sid: 'x'.repeat(length), Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' },
      ],
    });
    // Within IAM's quota, but not with what the factory adds.
    await createRole(member, 'too-long', padded(2040 - JSON.stringify(padded(0)).length));
    await roleWithStatus(member, 'too-long', 'failed');
    await ended(factory(), 'create-role', 'too-long');
    await task('digest');
    const { Message } = await message(digest, /too-long/);
    expect(Message).toMatch(new RegExp(`^${member.accountId}  too-long  TrustPolicyTooLong: `, 'm'));
    expect(platform().filter(({ Message: text }) => text.includes('too-long'))).toEqual([]);
  });
});

describe('the archive', () => {
  it('is replayed to the dispatcher alone, after a preview; what is well stays as it is', async () => {
    const runs = () => factory().executions('create-role', 'shut-out');
    const before = await runs();
    const window = [
      '--from',
      new Date(Date.now() - 3_600_000).toISOString(),
      '--to',
      new Date().toISOString(),
    ];
    const preview = await command().run(['replay', ...window, ...operator]);
    expect(preview.exitCode).toBe(1);
    expect(preview.stdout).toMatch(/rule\/oidc-factory\/\S+ alone/);
    const { exitCode, stdout } = await command().run(['replay', ...window, '--yes', '--json', ...operator]);
    expect([exitCode, JSON.parse(stdout).state]).toEqual([0, 'COMPLETED']);
    await until('another run', async () => ((await runs()).length > before.length ? true : undefined));
    await ended(factory(), 'create-role', 'shut-out');
    expect((await factory().member.role('shut-out')).tags['oidc-factory:status']).toBe('ready');
  });
});

describe('events that no queue takes', () => {
  it('of roles, come again from the archive', async () => {
    const from = new Date(Date.now() - 5_000).toISOString();
    const restore = await shut(queueOf(factory(), account(), 'RoleEvents'));
    await create('not-queued');
    await alarmIs(factory(), 'role-events-not-queued', 'ALARM');
    const preview = await command().run(['redrive', ...operator]);
    expect(preview.stdout).toMatch(/NO_PERMISSIONS/);
    await restore();
    const window = ['--from', from, '--to', new Date().toISOString()];
    const { stdout } = await command().run(['replay', ...window, '--yes', '--json', ...operator]);
    expect(JSON.parse(stdout).state).toBe('COMPLETED');
    await purge(queueOf(factory(), account(), 'NotQueued'));
    await ready('not-queued');
    await alarmIs(factory(), 'role-events-not-queued', 'OK');
  });

  it('of failed runs, are found in the ledger', async () => {
    const restore = await shut(queueOf(factory(), account(), 'NotificationsQueue'));
    await command().run(['retry', '--role', 'too-long', '--yes', ...operator]);
    await alarmIs(factory(), 'notices-not-queued', 'ALARM');
    await restore();
    const failed = await command().run(['status', '--phase', 'failed', ...operator]);
    expect(failed.stdout).toContain('too-long');
    await purge(queueOf(factory(), account(), 'NotificationsNotQueued'));
    await alarmIs(factory(), 'notices-not-queued', 'OK');
  });
});

describe('nobody who is told', () => {
  it('hears of it after the repair', async () => {
    await hasten(queueOf(factory(), account(), 'NotificationsQueue'));
    const restore = await configure(factory(), 'notify-team', 'DIGEST_TOPIC_ARN', '!');
    await task('digest');
    await alarmIs(factory(), 'notices-not-sent', 'ALARM');
    await restore();
    const told = digest().length;
    expect((await command().run(['redrive', '--yes', ...operator])).exitCode).toBe(0);
    await until('the digest', async () => (digest().length > told ? true : undefined));
    await alarmIs(factory(), 'notices-not-sent', 'OK');
  });
});

describe('an account that asks for more than its cap', () => {
  it('raises its alarm, and goes on once the cap is raised', async () => {
    const least = JSON.stringify({ rolesPerAccount: 99, creationsPerHour: 1, removalsPerHour: 1 });
    const restore = await configure(factory(), 'inspect-role', 'CAPS', least);
    await create('one-more');
    await create('and-another');
    await alarmIs(factory(), 'cap-reached', 'ALARM');
    await restore();
    await Promise.all(['one-more', 'and-another'].map(ready));
  });
});

describe('an application that somebody changes before its role trusts it', () => {
  it('raises its alarm and opens nothing; what was added goes, and a retry serves the role', async () => {
    const { sandbox, member, graph, addPassword } = factory();
    const slow = { operation: 'AddClientIDToOpenIDConnectProvider', kind: 'delay', delayMs: 30_000 } as const;
    sandbox.recorder.inject({ ...slow, times: 1 });
    await create('tampered');
    const { appId } = await until('its application', async () =>
      sandbox.entra.directory
        .applications()
        .find(({ displayName }) => displayName === `aws-${member.accountId}-tampered`),
    );
    await addPassword(appId);
    await roleWithStatus(member, 'tampered', 'failed');
    await alarmIs(factory(), 'application-tampered', 'ALARM');
    const path = `/applications(appId='${appId}')`;
    const { body } = await graph('GET', `${path}?$select=passwordCredentials`);
    for (const { keyId } of body.passwordCredentials)
      await graph('POST', `${path}/removePassword`, { keyId });
    expect((await command().run(['retry', '--role', 'tampered', '--yes', ...operator])).exitCode).toBe(0);
    await ready('tampered');
  });
});

describe('a provider that fills up', () => {
  it('raises its alarm with the next role that is inspected', async () => {
    const { member } = factory();
    for (let taken = (await member.audiences()).length; taken < 90; taken++) {
      await member.iam.send(
        new AddClientIDToOpenIDConnectProviderCommand({
          OpenIDConnectProviderArn: member.providerArn,
          ClientID: `api://somebody/${taken}`,
        }),
      );
    }
    await create('late');
    await alarmIs(factory(), 'audiences-near-limit', 'ALARM');
  });
});

describe('what holds the factory back', () => {
  it('is measured while it lasts: a pause of a day, a directory that is full', async () => {
    const { dynamo, sandbox } = factory();
    const TableName = sandbox.stacks
      .flatMap(({ resources }) => [...resources])
      .find(([id]) => /^LedgerTable/.test(id))?.[1].ref;
    const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString();
    const control = { role: { S: 'control' }, roleId: { S: 'control' } };
    const paused = { M: { since: { S: hours(-25) }, by: { S: 'arn:aws:iam::111122223333:user/ada' } } };
    const Item = { ...control, paused, directoryFullUntil: { S: hours(1) } };
    await dynamo.send(new PutItemCommand({ TableName, Item }));
    await task('watch');
    await alarmIs(factory(), 'paused-too-long', 'ALARM');
    await alarmIs(factory(), 'directory-full', 'ALARM');
    await message(platform, /paused for a day/);
    expect((await command().run(['resume', ...operator])).exitCode).toBe(0);
  });
});

describe('a topic', () => {
  it('takes nothing from strangers', async () => {
    const { world, administrator, aws } = factory().sandbox;
    const topics = await asOperator<{ Topics: { TopicArn: string }[] }>(factory(), 'sns', 'ListTopics', {});
    const { caller } = administrator(world.outsideAccountId);
    for (const { TopicArn } of topics.Topics) {
      const publish = aws.cloud.invoke('sns', 'Publish', { TopicArn, Message: 'x' }, caller, world.region);
      await expect(publish).rejects.toThrow(/not authorized/);
    }
    expect(topics.Topics).toHaveLength(2);
  });
});

it.each(['dispatcher-errors', 'cap-reached', 'application-tampered', 'throttled'] as const)(
  '%s goes back by itself',
  async (id) => {
    await alarmIs(factory(), id, 'OK');
  },
);
