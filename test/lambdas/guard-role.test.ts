/** The guard on clouds of memory: what it finds, and what it does about it in which mode. */
import { describe, expect, it } from 'vitest';
import type { GuardMode } from '../../core/guard/settings.ts';
import { ACCOUNT } from '../fixtures/domain.ts';
import { CLOSED_TRUST, OPEN_TRUST } from '../fixtures/guard.ts';
import { guardIn, guardWorld, kinds, roleEvent, writesOf } from './guard-world.ts';

const MODES: readonly [GuardMode, { attaches: boolean; tags: boolean }][] = [
  ['observe', { attaches: false, tags: false }],
  ['suggest', { attaches: false, tags: true }],
  ['enforce', { attaches: true, tags: true }],
];
describe('a role that strangers may enter', () => {
  it.each(MODES)('is found in mode %s, and no more is done to it than the mode says', async (mode, does) => {
    const world = guardWorld();
    world.create('bad', OPEN_TRUST);
    const guard = guardIn(world, { mode });
    expect(await guard.hear(roleEvent('CreateRole', 'bad'))).toEqual([]);
    expect(kinds(world)).toContain('WI01 opened');
    expect(world.told[0]?.subject.createdBy).toBe(`arn:aws:iam::${ACCOUNT}:user/jane`);
    expect(writesOf(world)).toEqual([
      ...(does.attaches ? ['AttachRolePolicy'] : []),
      ...(does.tags ? ['TagRole'] : []),
    ]);
    expect(world.isQuarantined('bad')).toBe(does.attaches);
    expect(world.role('bad').tags['oidc-factory:guard']).toEqual(
      does.tags ? expect.stringMatching(does.attaches ? /^quarantined: WI01/ : /^WI01/) : undefined,
    );
  });

  it('is let out when it is mended, and says so', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('bad', OPEN_TRUST);
    await guard.hear(roleEvent('CreateRole', 'bad'));
    world.setTrust('bad', CLOSED_TRUST);
    world.pass(120_000);
    await guard.hear(roleEvent('UpdateAssumeRolePolicy', 'bad', 60_000));
    expect(world.isQuarantined('bad')).toBe(false);
    expect(kinds(world)).toContain('WI01 resolved');
    expect(world.role('bad').tags['oidc-factory:guard']).toBe('nothing found any more');
    expect(world.file('bad')?.containment).toMatchObject({ phase: 'lifted', lifted: { because: 'fixed' } });
  });

  it('is looked at once for all that happens to it at once', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('bad', OPEN_TRUST);
    await guard.hear(
      roleEvent('CreateRole', 'bad', -70_000),
      roleEvent('AttachRolePolicy', 'bad', -65_000),
      roleEvent('PutRolePolicy', 'BAD', -62_000),
    );
    expect(world.calls.filter((name) => name === 'ListAttachedRolePolicies')).toHaveLength(1);
    world.calls.length = 0;
    // Delivered again, and late; the role was seen after they had settled.
    expect(await guard.hear(roleEvent('AttachRolePolicy', 'bad', -65_000))).toEqual([]);
    expect(world.calls).toEqual(['files']);
    await guard.hear(roleEvent('PutRolePolicy', 'bad', -30_000));
    expect(world.calls).toContain('GetRole');
  });

  it('is known to be somebody’s, though the event that says so comes last', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('bad', OPEN_TRUST);
    await guard.hear(roleEvent('PutRolePolicy', 'bad', -70_000));
    expect(world.file('bad')?.createdBy).toBeUndefined();
    await guard.hear(roleEvent('CreateRole', 'bad', -75_000));
    expect(world.file('bad')?.createdBy).toBe(`arn:aws:iam::${ACCOUNT}:user/jane`);
    expect(world.told.at(-1)).toMatchObject({
      subject: { createdBy: expect.anything() },
      change: { kind: 'changed' },
    });
  });

  it('keeps what it has where it has no room for one more policy', async () => {
    const world = guardWorld();
    const { attached } = world.create('bad', OPEN_TRUST);
    for (let n = 0; n < 10; n++) attached.add(`arn:aws:iam::aws:policy/p${n}`);
    const guard = guardIn(world);
    expect(await guard.hear(roleEvent('CreateRole', 'bad'))).toEqual([]);
    expect(world.isQuarantined('bad')).toBe(false);
    expect(world.file('bad')?.containment).toMatchObject({ phase: 'impossible', attachedPolicies: 10 });
    attached.delete('arn:aws:iam::aws:policy/p0');
    world.pass(60_000);
    await guard.hear(roleEvent('DetachRolePolicy', 'bad', 0));
    expect(world.isQuarantined('bad')).toBe(true);
  });
});

describe('a role that is not the guard’s business', () => {
  it.each([
    [
      'a service’s',
      JSON.stringify({
        Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } },
      }),
    ],
    [
      'another account’s',
      JSON.stringify({
        Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '999988887777' } },
      }),
    ],
  ])('is read once and forgotten: %s', async (_, trust) => {
    const world = guardWorld();
    world.create('plain', trust);
    await guardIn(world).hear(roleEvent('CreateRole', 'plain'));
    expect(world.calls).toEqual(['enrol', 'files', 'GetRole']);
    expect(world.files.size).toBe(0);
  });

  it.each([
    ['AWSServiceRoleForSupport', '/aws-service-role/support.amazonaws.com/'],
    ['AWSReservedSSO_Admin_1a2b3c', '/aws-reserved/sso.amazonaws.com/'],
    ['OrganizationAccountAccessRole', '/'],
    ['oidc-factory-contain', '/'],
    ['break-glass', '/'],
  ])('protected, it is reported and never written to: %s', async (name, path) => {
    const world = guardWorld();
    world.create(name, OPEN_TRUST, { path });
    const guard = guardIn(world, { protectedRoles: ['break-*'] });
    await guard.hear(roleEvent('CreateRole', name));
    expect(kinds(world)).toContain('WI01 opened');
    expect(writesOf(world)).toEqual([]);
    expect(await guard.command('quarantine', name.toLowerCase())).toMatchObject({ reason: 'protected' });
    expect(writesOf(world)).toEqual([]);
  });
});

describe('a role whose policy nobody can judge', () => {
  it('is left as it is, and announced', async () => {
    const world = guardWorld();
    world.create('odd', '{"Statement":[');
    await guardIn(world).hear(roleEvent('CreateRole', 'odd'));
    expect(writesOf(world)).toEqual([]);
    expect(world.counts).toContain('RoleNotJudged');
  });
});
