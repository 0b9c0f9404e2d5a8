import { describe, expect, it } from 'vitest';
import { FactoryError } from '../../core/errors.ts';
import { DURATIONS } from '../../lib/durations.ts';
import { MEMBER } from '../../simulator/settings.ts';
import { expectInvariants, violations } from './invariants.ts';
import { World } from './world.ts';

type Moment = readonly [when: 'before' | 'after', index: number, name: string];
type Play = (world: World) => Promise<void>;

const create: Play = async (world) => {
  world.createRole();
  await world.quiet();
};
const createAndDelete: Play = async (world) => {
  await create(world);
  world.deleteRole();
  await world.quiet();
};

/** Every call of a play, before and after it. */
async function momentsOf(play: Play): Promise<Moment[]> {
  const world = new World();
  await play(world);
  return world.calls.flatMap(({ index, name }): Moment[] => [
    ['before', index, name],
    ['after', index, name],
  ]);
}

/** Plays, with something happening at one moment. */
async function playedWith(play: Play, [when, index]: Moment, act: Play | ((world: World) => void)) {
  const world = new World();
  world.hooks.push((call, moment) => {
    if (call.index === index && moment === when) return act(world);
  });
  await play(world);
  return world;
}

const creating = await momentsOf(create);
const callOf = (name: string) => creating.find(([, , called]) => called === name)?.[1] ?? Number.NaN;
const CLAIM = callOf('ledger.write');
const TRUST_WRITE = callOf('trust.updateTrustPolicy');
const living = await momentsOf(createAndDelete);

describe('a role deleted while it is being served', () => {
  it.each(creating)('(%s call %i, %s) leaves nothing behind', async (...moment) => {
    const world = await playedWith(create, moment, (w) => w.deleteRole());
    expectInvariants(world);
    expect(world.directory.active()).toEqual([]);
  });

  it.each(creating)(
    'in the second of its creation (%s call %i, %s) leaves nothing behind',
    async (...moment) => {
      const immediately: Play = (world) => {
        world.deliveryMs = 0;
        return create(world);
      };
      const world = await playedWith(immediately, moment, (w) => w.deleteRole());
      expectInvariants(world);
      expect(world.directory.active()).toEqual([]);
    },
  );
});

describe('a role whose deletion no event tells', () => {
  const claimed = creating.filter(([, index]) => index > CLAIM);

  it.each(claimed)(
    '(%s call %i, %s) is noticed by the run that serves it, or stays as it was',
    async (...moment) => {
      const world = await playedWith(create, moment, (w) => w.accounts.deleteRole(MEMBER, w.role().roleName));
      const wasWritten = world.outcomes().includes('create-role: ready');
      expect(wasWritten).toBe(
        moment[1] > TRUST_WRITE || (moment[1] === TRUST_WRITE && moment[0] === 'after'),
      );
      if (wasWritten) return;
      expect(world.outcomes()).toEqual(['create-role: removal-started', 'delete-role: removed']);
      expectInvariants(world);
    },
  );
});

describe('a role replaced under its name while it is being served', () => {
  it.each(creating)('(%s call %i, %s) ends with the successor served alone', async (...moment) => {
    const world = await playedWith(create, moment, (w) => {
      w.deleteRole();
      w.createRole();
    });
    expectInvariants(world);
    expect(world.entry(world.role()).phase).toBe('ready');
    expect(world.directory.active()).toHaveLength(1);
  });

  it.each(creating)(
    '(%s call %i, %s) by one that is not the factory’s business leaves that alone',
    async (...moment) => {
      const world = await playedWith(create, moment, (w) => {
        w.deleteRole();
        w.createRole({ audience: 'https://management.azure.com' });
      });
      expectInvariants(world);
      expect(world.role().trustPolicy).toBe(world.asWritten.get(world.role().roleId));
      expect(world.directory.active()).toEqual([]);
    },
  );
});

describe('a call that fails once', () => {
  it.each(living)('(%s call %i, %s) changes nothing about the end', async (...moment) => {
    const world = await playedWith(createAndDelete, moment, () => {
      throw new FactoryError('Unavailable');
    });
    expect(violations(world).filter((violation) => !violation.includes('not tagged'))).toEqual([]);
    expect(world.outcomes()).toEqual(['create-role: ready', 'delete-role: removed']);
    expect(world.deadLetters).toEqual([]);
    expect(world.directory.active()).toEqual([]);
  });
});

describe('a call that hangs while its role is deleted', () => {
  it.each(creating.filter(([when]) => when === 'before'))(
    '(%s call %i, %s) leaves nothing behind',
    async (...moment) => {
      const world = await playedWith(create, moment, async (w) => {
        w.deleteRole();
        // A function may still be at it just before its time is up.
        await w.clock.sleep(DURATIONS.functionTimeout * 1000 - 1000);
      });
      expectInvariants(world);
      expect(world.directory.active()).toEqual([]);
    },
  );
});

describe('another run of the same event', () => {
  it.each(living)('that starts %s call %i, %s, changes nothing about the end', async (...moment) => {
    const world = await playedWith(createAndDelete, moment, (w) => {
      const latest = w.events.length - 1;
      w.again(latest, `replay-${latest}`);
    });
    expectInvariants(world);
    expect(world.directory.active()).toEqual([]);
    expect(world.outcomes().filter((outcome) => /Error|failed|ABORTED/.test(outcome))).toEqual([]);
  });
});

describe('an execution that was stopped', () => {
  it.each(creating)('(%s call %i, %s) is continued by the next run', async (...moment) => {
    const world = await playedWith(create, moment, (w) => {
      for (const { stop } of w.engine.executions) stop();
    });
    const stoppedAt = world.clock.now();
    world.again(0);
    await world.quiet();
    expectInvariants(world);
    expect(world.entry(world.role()).phase).toBe('ready');
    // An execution that has ended holds no lease, whatever the ledger says.
    expect(world.clock.now() - stoppedAt).toBeLessThan(world.settings.leaseSeconds * 1000);
  });

  it.each(creating)('(%s call %i, %s) and whose role is deleted leaves nothing behind', async (...moment) => {
    const world = await playedWith(create, moment, (w) => {
      for (const { stop } of w.engine.executions) stop();
    });
    world.deleteRole();
    await world.quiet();
    expectInvariants(world);
    expect(world.directory.active()).toEqual([]);
  });
});
