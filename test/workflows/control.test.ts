/** Stop and go: pause, modes, caps and the directory's breaker, in whole runs. */
import { describe, expect, it } from 'vitest';
import { TAGS } from '../../core/tags.ts';
import { DURATIONS } from '../../lib/durations.ts';
import type { Call } from '../../simulator/calls.ts';
import { MEMBER, OTHER_MEMBER } from '../../simulator/settings.ts';
import { METHODS, methodOf } from '../../simulator/sites.ts';
import { World } from './world.ts';

const HOUR = 3_600_000;
const isOutsideWrite = ({ site }: Call): boolean => {
  const { service, effect } = METHODS[methodOf(site)];
  return effect === 'write' && (service === 'iam' || service === 'entra');
};
const outsideWrites = ({ calls }: World): Call[] => calls.filter(isOutsideWrite);

/** A role that is ready, and one that is created and deleted again. */
async function lived(settings: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
  const world = new World(settings);
  world.createRole();
  await world.quiet();
  world.deleteRole();
  await world.quiet();
  return world;
}

describe('a pause', () => {
  it('before any write outside stops that write and all that follow; resuming loses nothing', async () => {
    const writes = outsideWrites(await lived()).length;
    expect(writes).toBeGreaterThanOrEqual(10);
    for (let place = 0; place < writes; place++) {
      const world = new World();
      const pausedAt = { call: Number.POSITIVE_INFINITY, ms: 0 };
      let seen = 0;
      world.hooks.push((call, when) => {
        if (when === 'after' || !isOutsideWrite(call) || seen++ !== place) return;
        // What is about to happen was asked for before: it is the last one.
        world.control.pause();
        Object.assign(pausedAt, { call: call.index, ms: world.clock.now() });
        world.clock.after(20 * HOUR, () => {
          const meanwhile = outsideWrites(world).filter(({ index }) => index > pausedAt.call);
          // What runs already believes for ten seconds what it has read.
          const began = meanwhile.map(({ invocation }) => invocation?.startedAt ?? 0);
          expect(began.filter((at) => at > pausedAt.ms)).toEqual([]);
          world.control.resume();
        });
      });
      world.createRole();
      await world.quiet();
      world.deleteRole();
      await world.quiet();
      expect(world.outcomes()).toEqual(['create-role: ready', 'delete-role: removed']);
    }
  });

  it('is waited out for days by what was under way, and starts no removal', async () => {
    const world = new World();
    const role = world.createRole();
    world.at('provider.addAudience', 'before', () => {
      world.control.pause();
      world.clock.after(10 * 24 * HOUR, () => world.control.resume());
    });
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready']);
    expect(world.entry(role)).toMatchObject({ phase: 'ready' });
  });

  it('that lasts longer than they wait fails them, and they can be started again', async () => {
    const world = new World();
    const role = world.createRole();
    world.control.pause();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: Paused']);
    expect(outsideWrites(world)).toEqual([]);
    world.control.resume();
    world.again(0);
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: Paused', 'create-role: ready']);
    expect(world.entry(role)).toMatchObject({ phase: 'ready' });
  });

  it('is what it is while the document cannot be read', async () => {
    const world = new World();
    world.fail('control.read', 'Unavailable', { times: 5 });
    world.createRole();
    await world.quiet();
    expect(world.failures.map(({ error }) => error)).toEqual(
      Array(5).fill(expect.objectContaining({ code: 'Paused' })),
    );
    expect(world.outcomes()).toEqual(['create-role: ready']);
  });
});

describe('an account that is only observed', () => {
  const OBSERVE = { mode: 'observe' } as const;

  it('is looked at and told of, and nothing is written, neither outside nor in the ledger', async () => {
    const world = new World(OBSERVE);
    const role = world.createRole();
    const before = world.role();
    await world.quiet();
    expect(world.role()).toEqual(before);
    world.deleteRole();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: skip']);
    expect(
      world.calls.filter(({ site }) => METHODS[methodOf(site)].effect === 'write').map(({ name }) => name),
    ).toEqual(['executions.start']);
    expect(world.telemetry.counted('RoleObserved')).toBe(1);
    expect(world.telemetry.events).toContainEqual({
      message: 'Role observed',
      fields: expect.objectContaining({ roleId: role.roleId, would: 'proceed', reason: 'placeholder' }),
    });
  });

  it('keeps what it has: a role that is deleted is not removed', async () => {
    const world = new World();
    const role = world.createRole();
    await world.quiet();
    const observing = Object.assign(world.settings, OBSERVE);
    world.calls.length = 0;
    world.deleteRole();
    await world.quiet();
    expect(observing.mode).toBe('observe');
    expect(world.outcomes().at(-1)).toBe('delete-role: done');
    expect(outsideWrites(world)).toEqual([]);
    expect(world.entry(role)).toMatchObject({ phase: 'ready' });
    expect(world.telemetry.counted('RoleObserved')).toBe(1);
  });

  it('holds what was under way when it came to be observed', async () => {
    const world = new World();
    const role = world.createRole();
    world.at('provider.addAudience', 'after', () => {
      Object.assign(world.settings, OBSERVE);
      world.clock.after(HOUR, () => Object.assign(world.settings, { mode: 'enforce' }));
    });
    await world.quiet();
    expect(world.failures.length).toBeGreaterThan(0);
    expect(world.outcomes()).toEqual(['create-role: ready']);
    expect(world.entry(role)).toMatchObject({ phase: 'ready' });
  });

  it('is told of its failures, and nothing is recorded', async () => {
    const world = new World(OBSERVE);
    world.fail('accounts.inspect', 'MemberRoleNotAssumable');
    world.createRole();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: MemberRoleNotAssumable']);
    expect(world.ledger.all()).toEqual([]);
  });

  it('is one by its unit, beside others that are served', async () => {
    const world = new World({ modes: { 'ou-ab12-a1b2c3d4': 'observe' } });
    world.control.units.set(MEMBER, ['ou-ab12-a1b2c3d4', 'r-ab12']);
    world.control.units.set(OTHER_MEMBER, ['r-ab12']);
    world.createRole();
    world.createRole({ accountId: OTHER_MEMBER });
    await world.quiet();
    expect(world.outcomes().sort()).toEqual(['create-role: ready', 'create-role: skip']);
  });
});

describe('caps', () => {
  const caps = { rolesPerAccount: 90, creationsPerHour: 2, removalsPerHour: 2 };

  it('let so many roles of an account through in an hour; the others wait and go on', async () => {
    const world = new World({ caps });
    // At the beginning of an hour.
    await world.clock.pass(HOUR - (world.clock.now() % HOUR));
    for (let index = 0; index < 5; index++) world.createRole({ name: `role-${index}` });
    world.createRole({ name: 'elsewhere', accountId: OTHER_MEMBER });
    await world.clock.pass(50 * 60_000);
    expect(world.ledger.all().filter(({ phase }) => phase === 'ready')).toHaveLength(3);
    await world.quiet();
    expect(world.outcomes()).toEqual(Array(6).fill('create-role: ready'));
    const hours = new Map<string, number>();
    for (const { accountId, createdAt } of world.ledger.all()) {
      const hour = `${accountId} ${createdAt.slice(0, 13)}`;
      hours.set(hour, (hours.get(hour) ?? 0) + 1);
    }
    expect(Math.max(...hours.values())).toBe(2);
  });

  it('let so many removals through in an hour', async () => {
    const world = new World({ caps: { ...caps, creationsPerHour: 100 } });
    for (let index = 0; index < 3; index++) world.createRole({ name: `role-${index}` });
    await world.quiet();
    await world.clock.pass(HOUR - (world.clock.now() % HOUR));
    for (let index = 0; index < 3; index++) world.deleteRole(`role-${index}`);
    await world.clock.pass(50 * 60_000);
    expect(world.ledger.all().filter(({ phase }) => phase === 'removed')).toHaveLength(2);
    await world.quiet();
    expect(world.ledger.all().filter(({ phase }) => phase === 'removed')).toHaveLength(3);
  });

  it('count a creation once, however often it is run again', async () => {
    const world = new World({ caps: { ...caps, creationsPerHour: 1 } });
    await world.clock.pass(HOUR - (world.clock.now() % HOUR));
    const role = world.createRole();
    world.fail('trust.updateTrustPolicy', 'TrustPolicyRejected', { times: 1 });
    await world.clock.pass(10 * 60_000);
    expect(world.entry(role)).toMatchObject({ phase: 'failed' });
    world.again(0);
    await world.clock.pass(10 * 60_000);
    expect(world.entry(role)).toMatchObject({ phase: 'ready' });
    await world.quiet();
  });

  it('of roles in an account fails further ones before anything is made, and shows it on them', async () => {
    const world = new World({ caps: { ...caps, creationsPerHour: 100, rolesPerAccount: 1 } });
    world.createRole({ name: 'first' });
    await world.quiet();
    world.createRole({ name: 'second' });
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready', 'create-role: RoleCapReached']);
    expect(world.directory.everyApplication()).toHaveLength(1);
    expect(world.role('second').tags).toMatchObject({
      [TAGS.status]: 'failed',
      [TAGS.detail]: expect.stringMatching(/^RoleCapReached: /),
    });
    // The one that is served already is looked after all the same.
    world.again(0, 'replay');
    await world.quiet();
    expect(world.outcomes().at(-1)).toBe('create-role: ready');
  });
});

describe('a directory that is full', () => {
  it('opens the breaker: further roles fail without a call to it, until it closes', async () => {
    const world = new World();
    world.directory.quota = 0;
    world.createRole({ name: 'first' });
    await world.quiet();
    expect(world.control.document.directoryFullUntil).toBeDefined();
    world.calls.length = 0;
    world.directory.quota = 10;
    const second = world.createRole({ name: 'second' });
    await world.quiet();
    expect(world.outcomes()).toEqual(Array(2).fill('create-role: DirectoryQuotaExceeded'));
    expect(world.calls.filter(({ name }) => name.startsWith('directory.'))).toEqual([]);
    expect(world.role('second').tags).toMatchObject({ [TAGS.status]: 'failed' });

    await world.clock.pass(DURATIONS.directoryFull * 1000);
    world.again(1);
    await world.quiet();
    expect(world.entry(second)).toMatchObject({ phase: 'ready' });
  });

  it('is no matter to a role that has its application', async () => {
    const world = new World();
    const role = world.createRole();
    await world.quiet();
    await world.control.openBreaker(new Date(world.clock.now() + HOUR).toISOString());
    world.setClientIds(world.settings.placeholders[0] as string);
    world.again(0, 'replay');
    await world.quiet();
    expect(world.entry(role)).toMatchObject({ phase: 'ready' });
    expect(world.clientIds()).toContain(world.entry(role).audience);
  });
});
