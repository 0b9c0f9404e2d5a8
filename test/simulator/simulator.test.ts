import { describe, expect, it } from 'vitest';
import type { Call } from '../../simulator/calls.ts';
import { MAIN_PATHS, OTHER_PATHS, oneOfEach, replacements } from '../../simulator/exhaustive.ts';
import { Faults, faultOf } from '../../simulator/faults.ts';
import { generate } from '../../simulator/generate.ts';
import { type Mutation, run } from '../../simulator/run.ts';
import { type Schedule, scheduleOf } from '../../simulator/schedule.ts';
import { shrink } from '../../simulator/shrink.ts';
import { CALL_SITES } from '../../simulator/sites.ts';
import { count, coverageTable, emptyTally, type Tally, uncovered } from '../../simulator/tally.ts';
import { World } from '../../simulator/world.ts';

async function tallyOf(schedules: readonly Schedule[]): Promise<Tally> {
  const tally = emptyTally();
  for (const schedule of schedules) count(tally, schedule, await run(schedule));
  return tally;
}

describe('every fault that can happen at every call', () => {
  const each = oneOfEach().then(tallyOf);

  it('happens, and no invariant breaks', async () => {
    const tally = await each;
    expect(tally.findings).toEqual([]);
    expect(uncovered(tally)).toEqual([]);
  });

  it('is in the table of call sites', async () => {
    const tally = await each;
    expect(Object.keys(tally.reached).sort()).toEqual([...CALL_SITES].sort());
    expect(coverageTable(tally).split('\n')).toHaveLength(CALL_SITES.length + 1);
  });

  it('has to be: a call that is not in the table stops its function', async () => {
    const { clock, chance } = new World();
    const faults = new Faults([], { clock, chance, weather: { latencyMs: 0 }, onAbort: () => undefined });
    const call = { site: 'verify-application directory.purge' } as Call;
    await expect(
      faults.perform(
        call,
        async () => 'done',
        (_, read) => read(),
      ),
    ).rejects.toThrow(/not in the table/);
  });
});

describe('a run', () => {
  it.each(Array.from({ length: 12 }, (_, index) => 7000 + index))(
    'of seed %i is the same every time',
    async (seed) => {
      expect(generate(seed)).toEqual(generate(seed));
      expect(await run(generate(seed))).toEqual(await run(generate(seed)));
    },
  );

  it('of other seeds is another', () => {
    expect(generate(1)).not.toEqual(generate(2));
  });

  it.each(Object.entries({ ...MAIN_PATHS, ...OTHER_PATHS }))(
    'of %s holds every invariant',
    async (_, schedule) => {
      expect((await run(schedule)).violations).toEqual([]);
    },
  );
});

describe('schedules by chance', () => {
  it('hold every invariant', async () => {
    const seeds = Array.from({ length: 200 }, (_, index) => index + 1);
    expect((await tallyOf(seeds.map(generate))).findings).toEqual([]);
  });
});

describe('a role that is replaced between any two calls', () => {
  it('costs no invariant', async () => {
    const schedules = await replacements();
    expect((await tallyOf(schedules.filter((_, index) => index % 5 === 0))).findings).toEqual([]);
  });
});

describe('a violation', () => {
  /** Loses the provider's list after every success. */
  const careless: Mutation = {
    change: ({ accounts, hooks }) => {
      hooks.push(({ site, execution }, when) => {
        if (site !== 'assign-audience trust.tagRole' || when === 'before' || !execution) return;
        accounts.setClientIds(accounts.providers()[0]?.providerArn as never, []);
      });
    },
  };

  it('is shrunk to what it takes', async () => {
    const schedule = scheduleOf(
      [
        { do: 'create', role: 'b', shape: 'pinned', when: { ms: 5000 } },
        { do: 'create', role: 'a', shape: 'beside', when: { ms: 60_000 } },
        { do: 'again', event: 0, replay: true, when: { ms: 90_000 } },
      ],
      {
        seed: 77,
        weather: { latencyMs: 50, deliveryMs: 3000, directoryMs: 0, listMs: 0 },
        faults: [{ ...faultOf('add-audience ledger.write', 'unavailable'), times: 3 }],
      },
    );
    const { violations } = await run(schedule, careless);
    expect(violations.map(({ invariant }) => invariant)).toContain(5);
    const { schedule: shrunk, verdict } = await shrink(schedule, 5, careless);
    expect(verdict.violations.map(({ invariant }) => invariant)).toContain(5);
    expect(shrunk.actions).toHaveLength(1);
    expect(shrunk.faults).toEqual([]);
    expect(shrunk).toMatchObject({ seed: 1, weather: { latencyMs: 0 } });
  });
});
