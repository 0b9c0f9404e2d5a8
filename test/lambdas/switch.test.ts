import { describe, expect, it } from 'vitest';
import { FactoryError } from '../../core/errors.ts';
import { accountId } from '../../core/ids.ts';
import type { Ports } from '../../lambdas/ports.ts';
import { type Stance, switched } from '../../lambdas/switch.ts';
import { DURATIONS } from '../../lib/durations.ts';
import { MemoryControl } from '../../simulator/clouds/memory-control.ts';
import { MemoryTelemetry } from '../../simulator/clouds/memory-telemetry.ts';

const ACCOUNT = accountId('111122223333');
const OTHER = accountId('444455556666');
const UNIT = 'ou-ab12-a1b2c3d4';
const BEGINS = { run: { accountId: ACCOUNT } };
const UNDER_WAY = { entry: { accountId: ACCOUNT } };
type Input = typeof BEGINS | typeof UNDER_WAY;

/** A step that reads, then does what the test says, then writes. */
function arranged(
  modes: Record<string, 'observe' | 'enforce'> = {},
  meanwhile: () => void = () => undefined,
) {
  let now = Date.parse('2026-11-20T10:00:00Z');
  const clock = { now: () => now, sleep: async () => undefined };
  const control = new MemoryControl(clock);
  const telemetry = new MemoryTelemetry();
  const reads: unknown[] = [];
  const calls: string[] = [];
  const session = {
    name: 'session',
    getRole: async () => void calls.push('getRole'),
    tagRole: async (name: string) => {
      calls.push(`tagRole ${name} in a ${session.name}`);
      return 'tagged';
    },
  };
  const ports = {
    control: {
      openBreaker: control.openBreaker,
      read: (account: Parameters<typeof control.read>[0]) => {
        reads.push(account);
        return control.read(account);
      },
    },
    clock,
    telemetry,
    accounts: { inspect: async () => session },
    directory: {
      originOf: async () => void calls.push('originOf'),
      deleteApplication: async () => void calls.push('deleteApplication'),
    },
  } as unknown as Ports;
  const step =
    ({ accounts, directory }: Ports) =>
    async (_input: Input, stance: Stance): Promise<unknown> => {
      const access = await accounts.inspect(undefined as never);
      await access.getRole(undefined as never);
      await directory.originOf(undefined as never);
      meanwhile();
      const answer = await access.tagRole('deploy' as never, {});
      await directory.deleteApplication(undefined as never);
      return { answer, stance };
    };
  const settings = { mode: 'enforce', modes, controlSeconds: DURATIONS.control } as const;
  const run = switched(step, ports, settings);
  return {
    control,
    telemetry,
    reads,
    calls,
    run,
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    breakReads: () => {
      ports.control.read = () => Promise.reject(new FactoryError('Unavailable'));
    },
  };
}

const PAUSED = { code: 'Paused' };

describe('a step behind the switch', () => {
  it('does its work, told how', async () => {
    const { run, calls } = arranged();
    await expect(run(UNDER_WAY)).resolves.toEqual({
      answer: 'tagged',
      stance: { mode: 'enforce', isDirectoryFull: false },
    });
    expect(calls).toEqual(['getRole', 'originOf', 'tagRole deploy in a session', 'deleteApplication']);
  });

  it('does not begin while the factory is paused, and begins when it is resumed', async () => {
    const { run, calls, control, pass } = arranged();
    control.pause();
    await expect(run(UNDER_WAY)).rejects.toMatchObject(PAUSED);
    expect(calls).toEqual([]);
    control.resume();
    pass(DURATIONS.control);
    await run(UNDER_WAY);
    expect(calls).toHaveLength(4);
  });

  it('does not begin while nobody can tell', async () => {
    const { run, calls, breakReads, telemetry } = arranged();
    breakReads();
    await expect(run(UNDER_WAY)).rejects.toMatchObject(PAUSED);
    expect(calls).toEqual([]);
    expect(telemetry.problems).toEqual([
      { message: 'The control document cannot be read', error: 'Unavailable' },
    ]);
  });

  it('reads in the middle and writes no more where it is paused meanwhile', async () => {
    const scene = arranged({}, () => {
      scene.control.pause();
      scene.pass(2 * DURATIONS.control);
    });
    await expect(scene.run(UNDER_WAY)).rejects.toMatchObject(PAUSED);
    expect(scene.calls).toEqual(['getRole', 'originOf']);
  });

  it('writes what it has just looked at without a call in between, also where the look took long', async () => {
    const scene = arranged({}, () => scene.pass(2 * DURATIONS.control - 1));
    await scene.run(UNDER_WAY);
    expect(scene.reads).toHaveLength(1);
  });

  it('asks once in ten seconds, however often it runs and writes', async () => {
    const { run, reads, pass } = arranged();
    await run(UNDER_WAY);
    pass(DURATIONS.control - 1);
    await run(UNDER_WAY);
    expect(reads).toEqual([undefined]);
    pass(1);
    await run(UNDER_WAY);
    expect(reads).toHaveLength(2);
  });

  it('does not go on with a run of an account that is only observed by now', async () => {
    const { run, calls } = arranged({ [ACCOUNT]: 'observe' });
    await expect(run(UNDER_WAY)).rejects.toMatchObject(PAUSED);
    expect(calls).toEqual([]);
  });

  it('that begins a run may look at an account that is only observed, and cannot write', async () => {
    const { run, calls } = arranged({ [ACCOUNT]: 'observe' });
    await expect(run(BEGINS)).rejects.toMatchObject(PAUSED);
    expect(calls).toEqual(['getRole', 'originOf']);
  });

  it('goes by the units of the account, each account by its own', async () => {
    const { run, control, reads } = arranged({ [UNIT]: 'observe' });
    control.units.set(ACCOUNT, [UNIT, 'r-ab12']);
    control.units.set(OTHER, ['r-ab12']);
    await expect(run(UNDER_WAY)).rejects.toMatchObject(PAUSED);
    await expect(run({ entry: { accountId: OTHER } })).resolves.toMatchObject({ answer: 'tagged' });
    expect(reads).toEqual([ACCOUNT, OTHER]);
  });

  it('is told that the directory is full', async () => {
    const { run, control } = arranged();
    await control.openBreaker('2026-11-20T11:00:00.000Z');
    await expect(run(UNDER_WAY)).resolves.toMatchObject({ stance: { isDirectoryFull: true } });
  });
});
