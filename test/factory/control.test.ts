/** Stop and go in the factory as it would be deployed: the command line says it, the functions obey. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { until } from '../../sandbox/clients.ts';
import { useCommandLine } from './cli/command-line.ts';
import { configureAll } from './functions.ts';
import {
  createRole,
  ended,
  logged,
  madeInEntra,
  placeholderOf,
  quiet,
  roleWithStatus,
  trustOn,
  useFactory,
  writesOf,
} from './harness.ts';

const factory = useFactory();
const commandLine = useCommandLine(factory);
const operator = (...args: string[]) => commandLine().run([...args, '--profile', 'factory', '--json']);

const create = (name: string) =>
  createRole(factory().member, name, trustOn(factory().member, { aud: placeholderOf(factory()) }));
const remove = (name: string) => factory().member.iam.send(new DeleteRoleCommand({ RoleName: name }));

describe('a pause', () => {
  it('in the middle of a workflow stops every write; resuming loses nothing', async () => {
    const { sandbox, member } = factory();
    // Slow, so that there is a middle.
    sandbox.recorder.inject({
      service: 'iam',
      operation: 'AddClientIDToOpenIDConnectProvider',
      kind: 'delay',
      delayMs: 30_000,
    });
    await create('held');
    await until('an application', async () => madeInEntra(factory()).length > 0 || undefined);
    const paused = await operator('pause', '--reason', 'INC-4711');
    expect(paused.exitCode).toBe(0);
    expect(paused.json()).toMatchObject({ changed: true, paused: { reason: 'INC-4711' } });
    expect((await operator('status')).json()).toMatchObject({
      paused: { reason: 'INC-4711' },
      mode: 'enforce',
    });

    // Half a minute of the product's time, and then nothing is written any more, whatever happens.
    await delay(30_000 * 0.05 + 1000);
    const before = writesOf(factory()).length;
    await create('late');
    await remove('late');
    await create('later');
    await delay(3000);
    expect(writesOf(factory()).length).toBe(before);
    expect((await member.role('held')).tags['oidc-factory:status']).not.toBe('ready');

    sandbox.recorder.clearFaults();
    expect((await operator('resume')).json()).toMatchObject({ paused: { reason: 'INC-4711' } });
    await roleWithStatus(member, 'held', 'ready');
    await roleWithStatus(member, 'later', 'ready');
    await ended(factory(), 'create-role', 'late');
    await quiet(factory());
    expect(madeInEntra(factory()).filter((name) => name.endsWith('-late'))).toEqual([]);
  });

  it('is what it is while the control document cannot be read', async () => {
    const { sandbox, member } = factory();
    sandbox.recorder.inject({ service: 'dynamodb', operation: 'BatchGetItem', kind: 'error' });
    const before = writesOf(factory()).length;
    await create('unread');
    const problems = await until('a problem', async () => {
      const lines = await logged(factory(), 'inspect-role', 'The control document cannot be read');
      return lines.length > 0 ? lines : undefined;
    });
    expect(problems[0]).toMatchObject({ level: 'WARN' });
    expect(writesOf(factory()).length).toBe(before);
    sandbox.recorder.clearFaults();
    await roleWithStatus(member, 'unread', 'ready');
  });
});

describe('caps', () => {
  const capsOf = (places: number) =>
    JSON.stringify({ rolesPerAccount: 90, creationsPerHour: places, removalsPerHour: places });

  it('hold back what is beyond them in an hour, and let it go on in the next', async () => {
    const { member } = factory();
    // Of five seconds: of three roles at once, one is beyond even where the next hour begins just then.
    await configureAll(factory(), { HOUR_SECONDS: '100', CAPS: capsOf(1) });
    const names = ['capped-1', 'capped-2', 'capped-3'];
    await Promise.all(names.map(create));
    for (const name of names) await roleWithStatus(member, name, 'ready');
    expect((await logged(factory(), 'inspect-role', 'CapReached')).length).toBeGreaterThan(0);
    await Promise.all(names.map(remove));
    for (const name of names) await ended(factory(), 'delete-role', name);
    expect((await logged(factory(), 'confirm-role-gone', 'CapReached')).length).toBeGreaterThan(0);
    await configureAll(factory(), { HOUR_SECONDS: '3600', CAPS: capsOf(50) });
  }, 120_000);
});

describe('a directory that is full', () => {
  it('opens the breaker, which holds back further roles without a call to Graph, until an operator closes it', async () => {
    const { sandbox, member } = factory();
    const { entra, world, recorder } = sandbox;
    const fillers = Array.from({ length: 250 }, (_, index) =>
      entra.directory.addApplication({
        displayName: `of long ago ${index}`,
        uniqueName: `oidc-factory-of-long-ago-${index}`,
        createdByAppId: world.factoryAppId,
      }),
    );
    await create('fills');
    await roleWithStatus(member, 'fills', 'failed');
    expect((await operator('status')).json().directoryFullUntil).toMatch(/^\d{4}-/);
    for (const filler of fillers) entra.directory.purge(filler);
    await quiet(factory());
    recorder.clearCalls();
    await create('held-back');
    const { tags } = await roleWithStatus(member, 'held-back', 'failed');
    expect(tags['oidc-factory:detail']).toMatch(/^DirectoryQuotaExceeded: /);
    expect(recorder.calls().filter(({ service }) => service === 'graph')).toEqual([]);
    expect((await operator('resume')).json().directoryFullUntil).toMatch(/^\d{4}-/);
    // So long a function believes what it has read.
    await delay(1000);
    await create('goes-on');
    await roleWithStatus(member, 'goes-on', 'ready');
  });
});

describe('an account that is only observed', () => {
  it('is told of in the log; nothing is written, when roles are created and when they are deleted', async () => {
    const { member } = factory();
    await create('kept');
    await roleWithStatus(member, 'kept', 'ready');
    await quiet(factory());
    await configureAll(factory(), { MODES: JSON.stringify({ [member.accountId]: 'observe' }) });
    factory().sandbox.recorder.clearCalls();
    await create('observed');
    await remove('kept');
    expect(await ended(factory(), 'create-role', 'observed')).toMatchObject({ status: 'SUCCEEDED' });
    expect(await ended(factory(), 'delete-role', 'kept')).toMatchObject({ status: 'SUCCEEDED' });
    expect(writesOf(factory())).toEqual([]);
    const ledgerWrites = factory()
      .sandbox.recorder.calls()
      .filter(({ service, operation }) => service === 'dynamodb' && !/^(Get|BatchGet|Query)/.test(operation));
    expect(ledgerWrites).toEqual([]);
    expect(await logged(factory(), 'inspect-role', 'Role observed')).toContainEqual(
      expect.objectContaining({ roleName: 'observed', would: 'proceed', reason: 'placeholder' }),
    );
    expect(await logged(factory(), 'confirm-role-gone', 'Role observed')).toContainEqual(
      expect.objectContaining({ roleName: 'kept', would: 'remove' }),
    );
    const { tags } = await member.role('observed');
    expect(tags).toEqual({});
  });
});
