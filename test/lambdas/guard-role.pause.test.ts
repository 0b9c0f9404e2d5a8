/** The guard hangs on the same switch as the factory. */
import { describe, expect, it } from 'vitest';
import { CLOSED_TRUST, OPEN_TRUST } from '../fixtures/guard.ts';
import { guardIn, guardWorld, roleEvent, writesOf } from './guard-world.ts';

const TICK = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };

describe('a guard that is paused', () => {
  it('writes nothing and tells nothing; what it was asked is put off and done when it is resumed', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('bad', OPEN_TRUST);
    world.control.pause();
    expect(await guard.hear(roleEvent('CreateRole', 'bad'), TICK)).toEqual([]);
    expect(writesOf(world)).toEqual([]);
    expect(world.told).toEqual([]);
    expect(world.queue).toEqual([expect.objectContaining({ kind: 'check-role', roleName: 'bad' })]);

    world.control.resume();
    world.pass(10_000);
    await guard.drain();
    expect(world.isQuarantined('bad')).toBe(true);
    expect(world.told.length).toBeGreaterThan(0);
  });

  it.each(['publish', 'AttachRolePolicy', 'TagRole'])(
    'in the middle of a role makes no further call like %s, and takes the role up again',
    async (call) => {
      const world = guardWorld();
      const guard = guardIn(world);
      world.create('bad', OPEN_TRUST);
      // What is under way when the pause comes is the last call that it does not know of.
      world.before(call, () => {
        world.control.pause();
        world.pass(10_000);
      });
      expect(await guard.hear(roleEvent('CreateRole', 'bad'))).toEqual([]);
      const before = [...writesOf(world)];
      expect(world.queue).toHaveLength(call === 'TagRole' ? 0 : 1);
      world.control.resume();
      world.pass(10_000);
      await guard.drain();
      expect(world.isQuarantined('bad')).toBe(true);
      expect(world.role('bad').tags['oidc-factory:guard']).toMatch(/^quarantined/);
      expect(before.length).toBeLessThanOrEqual(writesOf(world).length);
    },
  );

  it('obeys no command', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('fine', CLOSED_TRUST);
    world.control.pause();
    await expect(guard.command('quarantine', 'fine')).rejects.toMatchObject({ code: 'Paused' });
    expect(writesOf(world)).toEqual([]);
  });

  it('asks for the message again where it cannot put it off', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('bad', OPEN_TRUST);
    world.control.pause();
    world.ports.queue.send = () => Promise.reject(new Error('the queue does not answer'));
    expect(await guard.hear(roleEvent('CreateRole', 'bad'))).toEqual(['m0']);
  });
});
