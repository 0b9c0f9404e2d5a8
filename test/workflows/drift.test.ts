import { describe, expect, it } from 'vitest';
import type { CreateRequest, DeleteRequest } from '../../core/dispatch.ts';
import { type Audience, eventId } from '../../core/ids.ts';
import { TAGS } from '../../core/tags.ts';
import type { RoleView } from '../../lambdas/ports.ts';
import { MEMBER, PLACEHOLDER } from '../../simulator/settings.ts';
import { World } from './world.ts';

/** A role that is ready, and the runs that a sweep starts. */
async function arranged() {
  const world = new World();
  const role = world.createRole();
  await world.quiet();
  // Long after everything has settled.
  await world.clock.pass(7_200_000);
  const about = {
    accountId: MEMBER,
    roleName: role.roleName,
    roleId: role.roleId,
    eventId: eventId('5eee0000-0000-4000-8000-000000000001'),
  };
  let runs = 0;
  const startedAt = () => new Date(world.clock.now()).toISOString();
  const create = async (more: Partial<CreateRequest> = {}) => {
    const run = { ...about, eventTime: startedAt(), createdBy: null, ...more };
    await world.engine.start('create-role', `sweep-${++runs}`, run);
    await world.quiet();
    return world.outcomes().at(-1);
  };
  const remove = async (more: Partial<DeleteRequest>) => {
    await world.engine.start('delete-role', `sweep-${++runs}`, { ...about, deletedAt: null, ...more });
    await world.quiet();
    return world.outcomes().at(-1);
  };
  const revert = () => world.accounts.changeRole(MEMBER, role.roleName, { trustPolicy: world.trustPolicy() });
  return { world, role, create, remove, revert };
}

const found = (world: World, role: RoleView) => {
  const {
    applicationObjectId: objectId,
    appId,
    servicePrincipalId,
    generation,
    createdAt,
    providerArn,
  } = world.entry(role);
  if (!objectId || !appId || !servicePrincipalId || !providerArn) throw new Error('The role is not ready');
  return { objectId, appId, servicePrincipalId, generation, createdAt, providerArn };
};

const lose = (world: World) => {
  for (const entry of world.ledger.all()) world.ledger.forget(entry);
};

describe('a tug of war over the trust policy', () => {
  it('ends after two rounds with a mark, and with one failure', async () => {
    const { world, role, create, revert } = await arranged();
    for (const count of [1, 2]) {
      revert();
      expect(await create()).toBe('create-role: ready');
      expect(world.entry(role).reverts?.count).toBe(count);
    }
    revert();
    expect(await create()).toBe('create-role: Contested');
    expect(world.role().tags[TAGS.status]).toBe('failed');
    expect(world.role().tags[TAGS.detail]).toMatch(/^Contested: /);
    expect(world.role().trustPolicy).toContain(PLACEHOLDER);

    const before = world.ledger.all();
    expect(await create()).toBe('create-role: skip');
    expect(world.ledger.all()).toEqual(before);
  });

  it('goes on where a person says so, and counts from the beginning', async () => {
    const { world, role, create, revert } = await arranged();
    for (const _ of [1, 2, 3]) {
      revert();
      await create();
    }
    expect(await create({ retry: true })).toBe('create-role: ready');
    expect(world.entry(role).reverts).toBeUndefined();
  });

  it('is over where the others have given in', async () => {
    const { world, role, create, revert } = await arranged();
    for (const _ of [1, 2]) {
      revert();
      await create();
    }
    const { trustPolicy } = world.role();
    revert();
    await create();
    world.accounts.changeRole(MEMBER, role.roleName, { trustPolicy });
    expect(await create()).toBe('create-role: ready');
  });
});

describe('a run that is told of the application', () => {
  it('looks at it though the role is in order', async () => {
    const { world, role, create } = await arranged();
    const { objectId } = found(world, role);
    world.directory.change(objectId, { identifierUris: [] });
    expect(await create()).toBe('create-role: ready');
    expect(world.directory.active()[0]?.identifierUris).toEqual([]);
    expect(await create({ recheck: true })).toBe('create-role: ready');
    expect(world.directory.active()[0]?.identifierUris).toEqual([`api://${found(world, role).appId}`]);
  });

  it('makes another where it is gone', async () => {
    const { world, role, create } = await arranged();
    const lost = found(world, role);
    world.directory.delete(lost.objectId);
    expect(await create({ recheck: true })).toBe('create-role: ready');
    expect(world.entry(role)).toMatchObject({ phase: 'ready', generation: 2 });
    const { appId, servicePrincipalId } = found(world, role);
    expect(world.clientIds()).toEqual([PLACEHOLDER, `api://${appId}`]);
    expect(world.entry(role).former).toBeUndefined();
    expect(world.role().trustPolicy).toContain(`"${servicePrincipalId}"`);
    expect(world.role().trustPolicy).not.toMatch(new RegExp(`${lost.appId}|${lost.servicePrincipalId}`));
  });

  it('lets another service principal in where the first is gone', async () => {
    const { world, role, create } = await arranged();
    const lost = found(world, role);
    world.directory.delete(lost.servicePrincipalId);
    expect(await create({ recheck: true })).toBe('create-role: ready');
    const { servicePrincipalId } = found(world, role);
    expect(servicePrincipalId).not.toBe(lost.servicePrincipalId);
    expect(world.role().trustPolicy).toContain(`"${servicePrincipalId}"`);
    expect(world.role().trustPolicy).not.toContain(lost.servicePrincipalId);
  });

  it('goes on from wherever a run has stopped after the application was lost', async () => {
    const { world, role, create } = await arranged();
    world.directory.delete(found(world, role).objectId);
    world.fail('trust.updateTrustPolicy', 'TrustPolicyRejected', { times: 1 });
    expect(await create({ recheck: true })).toBe('create-role: TrustPolicyRejected');
    expect(await create()).toBe('create-role: ready');
    expect(world.role().trustPolicy).toContain(`api://${found(world, role).appId}`);
  });

  it('rebuilds a lost ledger, also where users have put credentials on it', async () => {
    const { world, role, create } = await arranged();
    const known = found(world, role);
    world.directory.change(known.objectId, { passwords: 1 });
    lose(world);
    const { trustPolicy } = world.role();
    expect(await create()).toBe('create-role: skip');
    expect(await create({ found: known })).toBe('create-role: ready');
    expect(found(world, role)).toMatchObject({ ...known, createdAt: expect.any(String) });
    expect(world.role().trustPolicy).toBe(trustPolicy);
    expect(world.directory.active()).toHaveLength(1);
  });

  it('adopts nothing that is not the factory’s', async () => {
    const { world, role, create } = await arranged();
    const known = found(world, role);
    lose(world);
    world.directory.change(known.objectId, { createdByAppId: role.roleId });
    expect(await create({ found: known })).toBe('create-role: NameSquatted');
  });
});

describe('a removal that is told of what is left', () => {
  it('takes a removed audience off the list again', async () => {
    const { world, role, remove } = await arranged();
    const { appId } = found(world, role);
    world.deleteRole();
    await world.quiet();
    world.setClientIds(PLACEHOLDER, `api://${appId}`);
    expect(await remove({})).toBe('delete-role: done');
    expect(await remove({ again: true })).toBe('delete-role: removed');
    expect(world.clientIds()).toEqual([PLACEHOLDER]);
    expect(world.entry(role)).toMatchObject({ phase: 'removed', reverts: { count: 1 } });
  });

  it('removes an application that the ledger does not know, and only where the role is gone', async () => {
    const { world, role, remove } = await arranged();
    const known = found(world, role);
    lose(world);
    expect(await remove({ found: known })).toBe('delete-role: done');
    expect(world.directory.active()).toHaveLength(1);
    world.accounts.deleteRole(MEMBER, role.roleName);
    expect(await remove({ found: known })).toBe('delete-role: removed');
    expect(world.directory.active()).toEqual([]);
    expect(world.clientIds()).toEqual([PLACEHOLDER]);
  });

  it('removes what a role no longer wants, and leaves the role alone', async () => {
    const { world, role, remove } = await arranged();
    const service = {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { Service: 'ec2.amazonaws.com' },
    };
    const trustPolicy = { Version: '2012-10-17', Statement: [service] };
    expect(await remove({ withdrawn: true })).toBe('delete-role: done');
    world.accounts.changeRole(MEMBER, role.roleName, { trustPolicy });
    expect(await remove({})).toBe('delete-role: done');
    const before = world.role();
    expect(await remove({ withdrawn: true })).toBe('delete-role: removed');
    expect(world.role()).toEqual(before);
    expect(world.directory.active()).toEqual([]);
  });
});

describe('a role that a person has named', () => {
  const THEIRS = 'api://theirs' as Audience;

  /** A role on an audience of others, and the run that an approved plan starts. */
  async function named() {
    const world = new World();
    const role = world.createRole({ audience: THEIRS });
    world.setClientIds(PLACEHOLDER, THEIRS);
    await world.quiet();
    expect(world.ledger.all()).toEqual([]);
    const run = {
      accountId: MEMBER,
      roleName: role.roleName,
      roleId: role.roleId,
      eventId: eventId('plan-5eee00000000'),
      eventTime: new Date(world.clock.now()).toISOString(),
      createdBy: null,
    };
    const start = async (name: string, more: Partial<CreateRequest>) => {
      await world.engine.start('create-role', name, { ...run, ...more });
      await world.quiet();
      return world.outcomes().at(-1);
    };
    return { world, role, start };
  }

  it('gets an application, and the audience of before stays where others may use it', async () => {
    const { world, role, start } = await named();
    expect(await start('adopt', { approved: [THEIRS] })).toBe('create-role: ready');
    const { appId } = found(world, role);
    expect(world.role().trustPolicy).toContain(`api://${appId}`);
    expect(world.role().trustPolicy).not.toContain(THEIRS);
    expect(world.clientIds()).toEqual([PLACEHOLDER, THEIRS, `api://${appId}`]);
    expect(world.entry(role).former).toBeUndefined();
  });

  it('is left alone where its audience is another one by then', async () => {
    const { world, start } = await named();
    expect(await start('adopt', { approved: ['api://another' as Audience] })).toBe('create-role: skip');
    expect(world.role().trustPolicy).toContain(THEIRS);
    expect(world.ledger.all()).toEqual([]);
  });

  it('goes on after a failure without being named again', async () => {
    const { world, role, start } = await named();
    world.setClientIds(...[...Array(100).keys()].map((n) => `api://${n}`));
    expect(await start('adopt', { approved: [THEIRS] })).toBe('create-role: ProviderFull');
    world.setClientIds(PLACEHOLDER, THEIRS);
    expect(await start('again', {})).toBe('create-role: ready');
    expect(world.role().trustPolicy).toContain(`api://${found(world, role).appId}`);
  });
});
