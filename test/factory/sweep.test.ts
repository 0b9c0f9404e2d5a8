/** A sweep as it is deployed: what it looks at, what it leaves alone, what stops it. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
} from '@aws-sdk/client-iam';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../sandbox/clients.ts';
import { accountRecord } from './account-record.ts';
import { nextSecond } from './drift/kinds.ts';
import { turnOff } from './drift/off.ts';
import { configure, configureAll, crash } from './functions.ts';
import {
  createRole,
  logged,
  placeholderOf,
  roleWithStatus,
  trustOn,
  useFactory,
  writesOf,
} from './harness.ts';
import { queueOf, taken } from './queues.ts';
import {
  allItems,
  findings,
  pause,
  resting,
  resume,
  startSweep,
  sweep,
  sweepEnded,
  sweeps,
} from './sweeping.ts';

const factory = useFactory({ members: 6 });
/** In seconds of the product. */
const SOONER = { SETTLE_SECONDS: '40', DRIFT_AGE_SECONDS: '20', SWEEP_REMOVALS: '2', LEASE_SECONDS: '300' };

const member = (index: number) => {
  const found = factory().members[index];
  if (!found) throw new Error(`There is no member account ${index}`);
  return found;
};
const ask = (index: number, roleName: string) =>
  createRole(member(index), roleName, trustOn(member(index), { aud: placeholderOf(factory()) }));
const ready = (index: number, roleName: string) => roleWithStatus(member(index), roleName, 'ready');
const remove = (index: number, RoleName: string) =>
  member(index).iam.send(new DeleteRoleCommand({ RoleName }));
const reasonsOf = async (sweepId: string, index: number) =>
  (await findings(factory(), sweepId, member(index).accountId)).map(({ reason, hold }) => hold ?? reason);
/** Beyond the settling of IAM's answers. */
const settled = () => delay(2500);

beforeAll(async () => {
  await configureAll(factory(), SOONER);
  // What is created in the second of the enrolment counts as from before.
  await nextSecond();
});

describe('a sweep', () => {
  it('finds nothing where nothing is wrong, and writes no more than the heartbeat', async () => {
    factory().sandbox.recorder.clearCalls();
    expect(await sweep(factory())).toMatchObject({ swept: 6, failed: [], findings: {}, started: 0 });
    const operations = new Set(writesOf(factory()).map(({ operation }) => operation));
    expect([...operations]).toEqual(['TagOpenIDConnectProvider']);
  });

  it('leaves out accounts in which nothing was ever deployed, without calling that a failure', async () => {
    // The management account and the factory's own.
    expect(await sweep(factory())).toMatchObject({ accounts: 8, absent: 2, failed: [] });
    expect(await logged(factory(), 'enrol-account', '"code":"MemberRoleNotAssumable"')).toEqual([]);
  });

  it('proves by its heartbeat that the events of an account arrive', async () => {
    const { accountId } = member(0);
    await sweep(factory());
    const { heartbeatSentAt, lastSweptAt } = (await accountRecord(factory(), accountId)) ?? {};
    expect(Date.parse(String(lastSweptAt))).toBeGreaterThan(0);
    await until('the heartbeat', async () => {
      const { heartbeatSeenAt } = (await accountRecord(factory(), accountId)) ?? {};
      // Events carry whole seconds.
      return String(heartbeatSeenAt) >= String(heartbeatSentAt).slice(0, 19) ? true : undefined;
    });
  });

  it('is skipped while an earlier one runs', async () => {
    const { recorder } = factory().sandbox;
    const fault = {
      service: 'organizations',
      operation: 'ListAccounts',
      kind: 'throttle',
      times: 12,
    } as const;
    recorder.inject(fault);
    const earlier = await startSweep(factory());
    await delay(1100);
    const later = await sweepEnded(factory(), await startSweep(factory()));
    recorder.clearFaults();
    expect(later).toMatchObject({ status: 'SUCCEEDED', output: '"skip"' });
    expect(await sweepEnded(factory(), earlier)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('is started by the clock, and waits in a dead-letter queue where that fails', async () => {
    const { aws, world, administrator, recorder } = factory().sandbox;
    const { caller } = administrator(world.factoryAccountId);
    const scheduler = <T>(operation: string, input: object) =>
      aws.cloud.invoke<T>('scheduler', operation, input, caller, world.region);
    const deployed = await scheduler<{ Target: object }>('GetSchedule', { Name: 'oidc-factory-sweep' });
    expect(deployed).toMatchObject({ ScheduleExpression: 'rate(6 hours)', State: 'ENABLED' });

    // The same, but for the rate: nobody waits for six hours.
    const before = (await sweeps(factory())).length;
    await scheduler('CreateSchedule', {
      Name: 'often',
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { ...deployed.Target, RetryPolicy: { MaximumRetryAttempts: 0 } },
    });
    await until('a sweep by the clock', async () => (await sweeps(factory())).length > before || undefined);
    recorder.inject({ service: 'states', operation: 'StartExecution', kind: 'error', times: 1 });
    await taken(
      queueOf(factory(), world.factoryAccountId, 'SweepNotStarted'),
      'a sweep that was not started',
    );
    await scheduler('DeleteSchedule', { Name: 'often' });
    recorder.clearFaults();
    await resting(factory());
  });
});

describe('accounts that cannot be asked', () => {
  it('are told of, nothing of them is removed, and the others are swept', async () => {
    await ask(4, 'kept');
    await ready(4, 'kept');
    const inspect = { RoleName: 'oidc-factory-inspect' };
    await factory().sandbox.aws.organizations.move({ accountId: member(4).accountId, state: 'SUSPENDED' });
    await factory().sandbox.aws.organizations.move({ accountId: member(5).accountId, parentId: null });
    const { caller } = factory().sandbox.administrator(member(3).accountId);
    const { aws, world } = factory().sandbox;
    const policy = {
      ...inspect,
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRole' }],
      }),
    };
    await aws.cloud.invoke('iam', 'UpdateAssumeRolePolicy', policy, caller, world.region);

    const report = await sweep(factory());
    expect(await reasonsOf(report.id, 4)).toEqual(['account-suspended']);
    expect(await reasonsOf(report.id, 5)).toEqual(['account-outside']);
    expect(await reasonsOf(report.id, 3)).toEqual(['account-unreachable']);
    expect(report).toMatchObject({ swept: 3, failed: [member(3).accountId], removals: 0 });
  });
});

describe('what would be removed', () => {
  it('is not, where it is more than one sweep may remove', async () => {
    const names = ['one', 'two', 'three'];
    for (const name of names) await ask(0, name);
    for (const name of names) await ready(0, name);
    await turnOff(factory(), member(0));
    for (const name of names) await remove(0, name);
    await settled();
    const held = await sweep(factory());
    expect(held).toMatchObject({ removals: 3, removalsHeld: true, started: 0 });
    expect(await logged(factory(), 'finish-sweep', '"SweepRemovalsHeld":')).toHaveLength(1);

    const back = await configure(factory(), 'finish-sweep', 'SWEEP_REMOVALS', '3');
    expect(await sweep(factory())).toMatchObject({ removals: 3, removalsHeld: false, started: 3 });
    await back();
    expect(await sweep(factory())).toMatchObject({ removals: 0, findings: {} });
  });
});

describe('an account that is only observed', () => {
  it('is looked at, and nothing of it is touched', async () => {
    const modes = JSON.stringify({ [member(1).accountId]: 'observe' });
    await configureAll(factory(), { MODES: modes });
    await turnOff(factory(), member(1));
    await ask(1, 'observed');
    await settled();
    factory().sandbox.recorder.clearCalls();
    const report = await sweep(factory());
    await configureAll(factory(), { MODES: '{}' });
    expect(await reasonsOf(report.id, 1)).toEqual(['observe']);
    expect(report.started).toBe(0);
    const touched = writesOf(factory()).filter(({ caller }) => caller.includes(member(1).accountId));
    expect(touched).toEqual([]);
    await sweep(factory());
    await ready(1, 'observed');
  });
});

describe('the provider', () => {
  it('is taken in whatever spelling it is, and that is told', async () => {
    const { iam, providerArn } = member(2);
    await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: providerArn }));
    const Url = providerArn.replace(/.*oidc-provider\//, 'https://').replace(/\/$/, '');
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ['dummy'] }));
    const report = await sweep(factory());
    expect(await reasonsOf(report.id, 2)).toContain('provider-spelling');
  });
});

describe('a pause', () => {
  it('holds a sweep, which goes on by itself when it is over', async () => {
    await turnOff(factory(), member(1));
    await ask(1, 'after-the-pause');
    await settled();
    await pause(factory());
    factory().sandbox.recorder.clearCalls();
    const held = await startSweep(factory());
    await delay(2500);
    expect(writesOf(factory())).toEqual([]);
    expect((await sweeps(factory())).find(({ executionArn }) => executionArn === held)?.status).toBe(
      'RUNNING',
    );
    await resume(factory());
    expect(await sweepEnded(factory(), held)).toMatchObject({ status: 'SUCCEEDED' });
    await ready(1, 'after-the-pause');
  });
});

describe('a sweep that is broken off', () => {
  it('is taken up by the next: a stopped one, functions that die, services that fail', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `broken-off-${index}`);
    await turnOff(factory(), member(1));
    for (const name of names) await ask(1, name);
    await settled();
    const stopped = await startSweep(factory());
    await delay(600);
    await factory().states.send(new StopExecutionCommand({ executionArn: stopped }));

    const running = await startSweep(factory());
    const { recorder } = factory().sandbox;
    for (const [service, operation] of [
      ['iam', 'ListRoles'],
      ['dynamodb', 'Query'],
      ['states', 'StartExecution'],
      ['graph', 'GET /applications'],
    ] as const) {
      recorder.inject({ service, operation, kind: 'throttle', times: 4 });
    }
    for (const name of ['sweep-account', 'list-applications', 'enrol-account'] as const) {
      await delay(300);
      await crash(factory(), name);
    }
    expect(await sweepEnded(factory(), running)).toMatchObject({ status: 'SUCCEEDED' });
    recorder.clearFaults();
    await resting(factory());
    await sweep(factory());
    for (const name of names) await ready(1, name);
    const ofNames = (await allItems(factory())).filter(({ roleName }) => names.includes(roleName?.S ?? ''));
    expect(ofNames.map(({ phase, generation }) => [phase?.S, generation?.N])).toEqual(
      names.map(() => ['ready', '1']),
    );
    const applications = factory().sandbox.entra.directory.applications();
    expect(applications.filter(({ displayName }) => displayName.includes('broken-off'))).toHaveLength(
      names.length,
    );
  });
});
