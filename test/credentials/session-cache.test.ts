import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { cacheSession } from '../../credentials/session-cache.ts';
import { MINUTE, type VirtualPorts, virtualPorts } from './virtual-ports.ts';

const HOUR = 60 * MINUTE;

/** Sessions of an hour, numbered; `fail` makes the attempts from now on fail. */
function sceneOf(chance = 0.5) {
  const ports: VirtualPorts = virtualPorts(chance);
  const told: unknown[] = [];
  let attempts = 0;
  let failure: Error | undefined;
  let gate: Promise<void> = Promise.resolve();
  const identity = cacheSession(
    async () => {
      attempts += 1;
      const number = attempts;
      await gate;
      if (failure) throw failure;
      return { identity: number, expiresAt: ports.now() + HOUR };
    },
    ports,
    (error) => told.push(error),
  );
  return {
    ...{ ports, identity, told },
    attempts: () => attempts,
    fail: (error: Error | undefined) => {
      failure = error;
    },
    /** Attempts end only when the answer is called. */
    hold: () => {
      let release = () => {};
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    /** Everything that is under way gets to its next wait. */
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

type Scene = ReturnType<typeof sceneOf>;

describe('a session', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = sceneOf();
  });

  it('is kept until the renewal is due', async () => {
    expect(await scene.identity()).toBe(1);
    scene.ports.advance(HOUR - 6 * MINUTE);
    expect(await scene.identity()).toBe(1);
    expect(scene.attempts()).toBe(1);
  });

  it('is renewed behind its callers, from five minutes before its end', async () => {
    await scene.identity();
    scene.ports.advance(HOUR - 5 * MINUTE);
    const release = scene.hold();
    expect(await scene.identity()).toBe(1);
    expect(await scene.identity()).toBe(1);
    expect(scene.attempts()).toBe(2);
    release();
    await scene.settle();
    expect(await scene.identity()).toBe(2);
    expect(scene.attempts()).toBe(2);
  });

  it('that has ended is never handed out: callers wait for the next', async () => {
    await scene.identity();
    scene.ports.advance(HOUR);
    expect(await scene.identity()).toBe(2);
  });

  it('that ends while it is renewed makes callers wait for the renewal that runs', async () => {
    await scene.identity();
    scene.ports.advance(HOUR - MINUTE);
    const release = scene.hold();
    await scene.identity();
    scene.ports.advance(MINUTE);
    const waiting = Promise.all([scene.identity(), scene.identity()]);
    release();
    expect(await waiting).toEqual([2, 2]);
    expect(scene.attempts()).toBe(2);
  });

  it('is begun anew when the clock was set back: nobody knows how much is left', async () => {
    await scene.identity();
    scene.ports.advance(-HOUR);
    expect(await scene.identity()).toBe(2);
  });
});

describe('the time of a renewal', () => {
  it.each([
    [0, 5 * MINUTE],
    [0.5, 5.5 * MINUTE],
    [0.999, 5 * MINUTE + 59_940],
  ])('with chance %f is %i ms before the end', async (chance, early) => {
    const { ports, identity, attempts } = sceneOf(chance);
    await identity();
    ports.advance(HOUR - early - 1);
    await identity();
    expect(attempts()).toBe(1);
    ports.advance(1);
    await identity();
    expect(attempts()).toBe(2);
  });
});

describe('a hundred callers', () => {
  const hundred = ({ identity }: Scene) => Promise.all(Array.from({ length: 100 }, identity));

  it('share the first attempt', async () => {
    const scene = sceneOf();
    expect(new Set(await hundred(scene))).toEqual(new Set([1]));
    expect(scene.attempts()).toBe(1);
  });

  it('share its failure, and the next of them tries again', async () => {
    const scene = sceneOf();
    scene.fail(new Error('refused'));
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, scene.identity));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(scene.attempts()).toBe(1);
    scene.fail(undefined);
    expect(await scene.identity()).toBe(2);
  });

  it('share a renewal', async () => {
    const scene = sceneOf();
    await scene.identity();
    scene.ports.advance(HOUR - 5 * MINUTE);
    expect(new Set(await hundred(scene))).toEqual(new Set([1]));
    expect(scene.attempts()).toBe(2);
  });
});

describe('a renewal that fails', () => {
  const refused = new Error('refused');

  it('leaves the old session in use until its end, and is tried again every half minute at most', async () => {
    const scene = sceneOf(0.999);
    await scene.identity();
    scene.fail(refused);
    scene.ports.advance(HOUR - 5 * MINUTE);
    for (let second = 0; second < 300; second++) {
      expect(await scene.identity()).toBe(1);
      await scene.settle();
      scene.ports.advance(1000);
    }
    expect(scene.attempts()).toBe(11);
    expect(scene.told).toEqual(Array(10).fill(refused));
    await expect(scene.identity()).rejects.toBe(refused);
  });

  it('is made good by a later one', async () => {
    const scene = sceneOf();
    await scene.identity();
    scene.fail(refused);
    scene.ports.advance(HOUR - 5 * MINUTE);
    await scene.identity();
    await scene.settle();
    scene.fail(undefined);
    scene.ports.advance(30_000);
    await scene.identity();
    await scene.settle();
    expect(await scene.identity()).toBe(3);
  });

  it('after the end is told to every caller, and each later call tries again', async () => {
    const scene = sceneOf();
    await scene.identity();
    scene.fail(refused);
    scene.ports.advance(HOUR);
    await expect(scene.identity()).rejects.toBe(refused);
    await expect(scene.identity()).rejects.toBe(refused);
    scene.fail(undefined);
    expect(await scene.identity()).toBe(4);
  });
});

it('whatever happens: no ended session, one attempt at a time, an answer while a session lasts', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 2 * HOUR }) }),
    fc.record({ kind: fc.constant('call' as const) }),
    fc.record({ kind: fc.constant('fail' as const), fails: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const ports = virtualPorts();
      let [running, most, fails] = [0, 0, false];
      const identity = cacheSession(
        async () => {
          running += 1;
          most = Math.max(most, running);
          await Promise.resolve();
          running -= 1;
          if (fails) throw new Error('refused');
          const expiresAt = ports.now() + HOUR;
          return { identity: expiresAt, expiresAt };
        },
        ports,
        () => {},
      );
      let lasts = 0;
      for (const { kind, ...more } of steps) {
        if ('ms' in more) ports.advance(more.ms);
        if ('fails' in more) fails = more.fails;
        if (kind !== 'call') continue;
        const expiresAt = await identity().catch(() => undefined);
        if (ports.now() < lasts || !fails) expect(expiresAt).toBeDefined();
        if (expiresAt !== undefined) expect(expiresAt).toBeGreaterThan(ports.now());
        lasts = expiresAt ?? lasts;
      }
      expect(most).toBeLessThanOrEqual(1);
    }),
  );
});
