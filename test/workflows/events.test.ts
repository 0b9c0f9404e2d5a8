import { describe, expect, it } from 'vitest';
import { MEMBER } from '../../simulator/settings.ts';
import { expectInvariants } from './invariants.ts';
import { World } from './world.ts';

describe('events', () => {
  it('that arrive twice start one execution', async () => {
    const world = new World();
    world.createRole();
    world.again(0);
    await world.quiet();
    world.again(0);
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready']);
    world.deleteRole();
    world.again(2);
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready', 'delete-role: removed']);
    expectInvariants(world);
  });

  it('that are replayed run again and find nothing to do', async () => {
    const world = new World();
    world.createRole();
    await world.quiet();
    const before = world.role();
    world.again(0, 'replay-1');
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready', 'create-role: ready']);
    expect(world.role()).toEqual(before);
    expectInvariants(world);
  });

  it('that are replayed while the first run is under way wait for it', async () => {
    const world = new World();
    world.createRole();
    world.again(0, 'replay-1');
    world.again(0, 'replay-2');
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready', 'create-role: ready', 'create-role: ready']);
    expectInvariants(world);
  });

  it('that are replayed after the role is gone make nothing', async () => {
    const world = new World();
    world.createRole();
    await world.quiet();
    world.deleteRole();
    await world.quiet();
    world.again(0, 'replay-1');
    world.again(1, 'replay-1');
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready', 'delete-role: removed', 'create-role: skip']);
    expect(world.directory.active()).toEqual([]);
    expectInvariants(world);
  });

  it('of a deletion that overtake the creation leave nothing behind', async () => {
    const world = new World();
    world.deliveryMs = 90_000;
    world.createRole();
    await world.clock.pass(11_000);
    world.deliveryMs = 1000;
    world.deleteRole();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: skip']);
    expect(world.directory.isNameTaken('')).toBe(false);
    expect(world.ledger.all()).toEqual([]);
    expectInvariants(world);
  });

  it('of a role that lived eleven seconds cost no application', async () => {
    const world = new World();
    world.deliveryMs = 30_000;
    world.createRole();
    await world.clock.pass(11_000);
    world.deleteRole();
    await world.quiet();
    expect(world.calls.filter(({ name }) => name.startsWith('directory.'))).toEqual([]);
    expectInvariants(world);
  });

  it.each([
    ['an hour', 3_600_000],
    ['a second', 1000],
    ['no time at all', 0],
  ])('of a role deleted and created again within %s end with the new role served alone', async (_, pause) => {
    const world = new World();
    const first = world.createRole();
    await world.quiet();
    world.deleteRole();
    await world.clock.pass(pause);
    const second = world.createRole();
    await world.quiet();
    expect(world.entry(first).phase).toBe('removed');
    expect(world.entry(second).phase).toBe('ready');
    expect(world.entry(second).appId).not.toBe(world.entry(first).appId);
    expectInvariants(world);
  });

  it('of a deletion that arrive after the role was created again do not touch the new role', async () => {
    const world = new World();
    const first = world.createRole();
    await world.quiet();
    world.deliveryMs = 3_600_000;
    world.deleteRole();
    world.deliveryMs = 1000;
    await world.clock.pass(20_000);
    const second = world.createRole();
    await world.quiet();
    expect(world.entry(first).phase).toBe('removed');
    expect(world.entry(second).phase).toBe('ready');
    expectInvariants(world);
  });

  it('without a response are served as whatever incarnation exists', async () => {
    const world = new World();
    const role = world.accounts.createRole({
      accountId: MEMBER,
      roleName: 'deploy',
      trustPolicy: world.trustPolicy(),
    });
    world.asWritten.set(role.roleId, role.trustPolicy);
    const event = world.createRoleEvent(MEMBER, role);
    world.deliver({ ...event, detail: { ...event.detail, responseElements: null } });
    await world.quiet();
    expect(world.entry(role).phase).toBe('ready');
    expectInvariants(world);
  });

  it('that are malformed end in the dead-letter queue and are counted', async () => {
    const world = new World();
    const event = world.createRoleEvent(MEMBER, {
      ...world.accounts.createRole({
        accountId: MEMBER,
        roleName: 'deploy',
        trustPolicy: world.trustPolicy(),
      }),
    });
    const { recipientAccountId: _, ...detail } = event.detail;
    world.deliver({ ...event, detail });
    await world.quiet();
    expect(world.deadLetters).toHaveLength(1);
    expect(world.telemetry.counted('MalformedEvent')).toBeGreaterThan(0);
    expect(world.outcomes()).toEqual([]);
  });
});
