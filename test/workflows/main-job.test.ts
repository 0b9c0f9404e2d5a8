import { describe, expect, it } from 'vitest';
import { TAGS } from '../../core/tags.ts';
import { OTHER_MEMBER, PLACEHOLDER } from '../../simulator/settings.ts';
import { expectInvariants } from './invariants.ts';
import { World } from './world.ts';

describe('the main job', () => {
  it('gives a role its application, audience and trust', async () => {
    const world = new World();
    const role = world.createRole();
    await world.quiet();

    expect(world.outcomes()).toEqual(['create-role: ready']);
    const [application] = world.directory.active();
    const [principal] = world.directory.activePrincipals();
    const audience = `api://${application?.appId}`;
    expect(world.clientIds()).toEqual([PLACEHOLDER, audience]);
    expect(JSON.parse(world.role().trustPolicy).Statement[0].Condition).toEqual({
      StringEquals: {
        [`sts.windows.net/${world.settings.issuer.tenantId}/:aud`]: audience,
        [`sts.windows.net/${world.settings.issuer.tenantId}/:sub`]: principal?.id,
      },
    });
    expect(world.role().tags).toMatchObject({
      [TAGS.status]: 'ready',
      [TAGS.clientId]: application?.appId,
      [TAGS.audience]: audience,
    });
    expect(world.entry(role)).toMatchObject({ phase: 'ready', audience, generation: 1 });
    expectInvariants(world);
  });

  it('takes everything away with the role', async () => {
    const world = new World();
    const role = world.createRole();
    await world.quiet();
    world.deleteRole();
    await world.quiet();

    expect(world.outcomes()).toEqual(['create-role: ready', 'delete-role: removed']);
    expect(world.directory.active()).toEqual([]);
    expect(world.directory.activePrincipals()).toEqual([]);
    expect(world.clientIds()).toEqual([PLACEHOLDER]);
    expect(world.entry(role)).toMatchObject({ phase: 'removed', applicationObjectId: expect.any(String) });
    expectInvariants(world);
  });

  it.each(['soft', 'purge'] as const)('frees names only where it purges (%s)', async (deletion) => {
    const world = new World({ deletion });
    world.createRole();
    await world.quiet();
    const name = world.directory.active()[0]?.uniqueName ?? '';
    world.deleteRole();
    await world.quiet();
    expect(world.directory.isNameTaken(name)).toBe(deletion === 'soft');
    expectInvariants(world);
  });

  it('serves the same role name in two accounts apart', async () => {
    const world = new World();
    const ours = world.createRole();
    const theirs = world.createRole({ accountId: OTHER_MEMBER });
    await world.quiet();
    expect(world.entry(ours).appId).not.toBe(world.entry(theirs).appId);
    world.deleteRole('deploy', OTHER_MEMBER);
    await world.quiet();
    expect(world.entry(ours).phase).toBe('ready');
    expect(world.entry(theirs).phase).toBe('removed');
    expectInvariants(world);
  });

  it('serves twenty roles at once, by names in any case', async () => {
    const world = new World();
    for (let index = 0; index < 20; index++) world.createRole({ name: `Deploy-${index}`, path: '/teams/a/' });
    await world.quiet();
    expect(world.outcomes()).toEqual(Array.from({ length: 20 }, () => 'create-role: ready'));
    for (let index = 0; index < 20; index++) world.deleteRole(`deploy-${index}`);
    await world.quiet();
    expect(world.clientIds()).toEqual([PLACEHOLDER]);
    expectInvariants(world);
  });

  it('keeps the managed identity that the developer let in', async () => {
    const world = new World();
    const sub = `sts.windows.net/${world.settings.issuer.tenantId}/:sub`;
    const identity = 'bbbbbbbb-0000-4000-8000-000000000003';
    const trustPolicy = structuredClone(world.trustPolicy()) as {
      Statement: [{ Condition: { StringEquals: Record<string, unknown> } }];
    };
    trustPolicy.Statement[0].Condition.StringEquals[sub] = identity;
    world.createRole({ trustPolicy });
    await world.quiet();
    const written = JSON.parse(world.role().trustPolicy);
    expect(written.Statement[0].Condition.StringEquals[sub]).toBe(identity);
    expectInvariants(world);
  });

  it('waits for a directory that shows new objects late', async () => {
    const world = new World();
    world.directory.replicationMs = 240_000;
    world.createRole();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ready']);
    expectInvariants(world);
  });
});
