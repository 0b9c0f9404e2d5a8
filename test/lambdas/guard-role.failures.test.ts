/** The guard on clouds of memory: faults, and roles that change under its hands. */
import { describe, expect, it } from 'vitest';
import { isOpen } from '../../core/guard/findings.ts';
import { CLOSED_TRUST, DAY, OPEN_TRUST } from '../fixtures/guard.ts';
import { type GuardWorld, guardIn, guardWorld, kinds, QUARANTINE, roleEvent } from './guard-world.ts';

describe('when anything fails on the way', () => {
  /** What must be the same however often it failed. */
  const outcome = (world: GuardWorld) => ({
    quarantined: world.isQuarantined('bad'),
    tag: world.role('bad').tags['oidc-factory:guard'],
    phase: world.file('bad')?.containment?.phase,
    open: world
      .file('bad')
      ?.findings.filter(isOpen)
      .map(({ rule }) => rule),
    told: [...new Set(kinds(world).filter((kind) => !kind.endsWith('changed')))].sort(),
  });

  async function play(
    world: GuardWorld,
    part: 'in' | 'out',
    when?: { call: number; when: 'before' | 'after' },
  ) {
    const guard = guardIn(world);
    world.create('bad', OPEN_TRUST);
    world.strike(part === 'in' ? when : undefined);
    const failed = await guard.hear(roleEvent('CreateRole', 'bad'));
    world.strike(undefined);
    if (failed.length > 0) await guard.hear(roleEvent('CreateRole', 'bad'));
    if (part === 'in') return;
    world.setTrust('bad', CLOSED_TRUST);
    world.pass(DAY);
    world.strike(when);
    const failedAgain = await guard.hear(roleEvent('UpdateAssumeRolePolicy', 'bad', DAY - 60_000));
    world.strike(undefined);
    if (failedAgain.length > 0) await guard.hear(roleEvent('UpdateAssumeRolePolicy', 'bad', DAY - 60_000));
  }

  it.each(['in', 'out'] as const)(
    'doing it again ends where it would have ended (%s quarantine)',
    async (part) => {
      const smooth = guardWorld();
      await play(smooth, part);
      expect(outcome(smooth).quarantined).toBe(part === 'in');
      for (let call = 1; call <= 20; call++) {
        for (const when of ['before', 'after'] as const) {
          const world = guardWorld();
          await play(world, part, { call, when });
          expect(outcome(world), `fault ${when} call ${call}`).toEqual(outcome(smooth));
        }
      }
    },
  );

  it('reports the message that failed, and no other', async () => {
    const world = guardWorld();
    world.create('bad', OPEN_TRUST);
    const failed = await guardIn(world).hear(
      { guard: { kind: 'tidy' } },
      roleEvent('CreateRole', 'bad'),
      roleEvent('TagRole', 'bad'),
      { ...roleEvent('CreateRole', 'no name at all') },
    );
    expect(failed).toEqual(['m0', 'm3']);
    expect(world.isQuarantined('bad')).toBe(true);
  });
});

describe('a role that is replaced meanwhile', () => {
  it('is not contained for what its predecessor was', async () => {
    const world = guardWorld();
    world.create('bad', OPEN_TRUST);
    const guard = guardIn(world);
    world.before('AttachRolePolicy', () => world.create('bad', CLOSED_TRUST));
    expect(await guard.hear(roleEvent('CreateRole', 'bad'))).toEqual(['m0']);
    expect(world.isQuarantined('bad')).toBe(false);
    await guard.hear(roleEvent('CreateRole', 'bad'));
    expect(world.isQuarantined('bad')).toBe(false);
    const [first, second] = [...world.files.values()];
    expect(first).toMatchObject({ goneAt: expect.anything(), containment: { phase: 'lifted' } });
    expect(second?.containment).toBeUndefined();
  });

  it('keeps a quarantine that its successor got from elsewhere', async () => {
    const world = guardWorld();
    world.create('bad', OPEN_TRUST);
    const guard = guardIn(world);
    await guard.hear(roleEvent('CreateRole', 'bad'));
    world.create('bad', CLOSED_TRUST).attached.add(QUARANTINE);
    world.pass(120_000);
    await guard.hear(roleEvent('CreateRole', 'bad', 60_000));
    expect(await guard.command('release', 'bad')).toMatchObject({ reason: 'not-quarantined' });
    expect(world.isQuarantined('bad')).toBe(true);
  });
});

describe('a role that is gone', () => {
  it('is believed gone once the event has settled; then all about it is resolved', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('bad', OPEN_TRUST);
    await guard.hear(roleEvent('CreateRole', 'bad'));
    world.remove('bad');
    world.pass(60_000);
    expect(await guard.hear(roleEvent('DeleteRole', 'bad', 0))).toEqual(['m0']);
    world.pass(300_000);
    expect(await guard.hear(roleEvent('DeleteRole', 'bad', 0))).toEqual([]);
    expect(kinds(world)).toContain('WI01 resolved');
    expect(world.file('bad')?.goneAt).toBeDefined();
  });

  it('that nobody knew of is nothing', async () => {
    const world = guardWorld();
    expect(await guardIn(world).hear(roleEvent('DeleteRole', 'never'))).toEqual([]);
    expect(world.files.size).toBe(0);
  });
});

describe('the quarantine, when others take it off', () => {
  it('is put back once; then the guard stands back and raises an alarm', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    const { attached } = world.create('bad', OPEN_TRUST);
    await guard.hear(roleEvent('CreateRole', 'bad'));
    for (const round of [1, 2, 3]) {
      attached.delete(QUARANTINE);
      world.pass(600_000);
      await guard.hear(roleEvent('DetachRolePolicy', 'bad', round * 600_000 - 60_000));
      expect(world.isQuarantined('bad')).toBe(round === 1);
    }
    expect(world.counts.filter((metric) => metric === 'QuarantineContested')).toHaveLength(1);
    expect(world.file('bad')?.findings.some(isOpen)).toBe(true);
  });

  it('waits for IAM where it was attached a moment ago', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    const { attached } = world.create('bad', OPEN_TRUST);
    await guard.hear(roleEvent('CreateRole', 'bad'));
    attached.delete(QUARANTINE);
    world.pass(120_000);
    expect(await guard.hear(roleEvent('DetachRolePolicy', 'bad', 60_000))).toEqual(['m0']);
    expect(world.isQuarantined('bad')).toBe(false);
  });
});
