/**
 * Every mistake of docs/troubleshooting.md, made in the local cloud: the workload's error and `doctor` name it as the
 * document says, and what its remedy says mends it. The document is what is read; nothing here says it again.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { FAULTS } from '../../../core/doctor/verdict.ts';
import { MISTAKES } from '../../../core/mistakes.ts';
import { until } from '../../../sandbox/clients.ts';
import { configureAll } from '../functions.ts';
import { useFactory } from '../harness.ts';
import { factorySetUps } from './broken/factory.ts';
import { type Broken, type Lab, labOf, type Refusal, type Served, type SetUps } from './broken/lab.ts';
import { MEMBERS, memberAccountSetUps, ROLES_PER_ACCOUNT } from './broken/member-account.ts';
import { roleSetUps } from './broken/role.ts';
import { others, type Row, rows } from './broken/table.ts';
import { tenantSetUps } from './broken/tenant.ts';
import { otherWorkloadSetUps, trustPlatform, workloadSetUps } from './broken/workload.ts';
import { useCommandLine } from './command-line.ts';

const factory = useFactory({ members: 1 + MEMBERS, showsNeed: false });
const command = useCommandLine(factory);

let lab: Lab;
let served: Promise<{ shared: Served; second: Served }>;
const shared = async () => (await served).shared;
const second = async () => (await served).second;

/** Clouds that settle sooner than the factory has to assume. */
const SETTLING = { SETTLE_SECONDS: '100', REPLICATION_SECONDS: '150' };
const CAPS = JSON.stringify({
  rolesPerAccount: ROLES_PER_ACCOUNT,
  creationsPerHour: 1000,
  removalsPerHour: 1000,
});

beforeAll(async () => {
  await configureAll(factory(), { ...SETTLING, CAPS });
  lab = labOf(factory(), command());
  served = (async () => {
    const [first, other] = await Promise.all([lab.served(0, 'shared'), lab.served(0, 'second')]);
    await trustPlatform(lab, first);
    return { shared: first, second: other };
  })();
  await served;
});

const APART: SetUps = {
  ...workloadSetUps(() => served),
  ...otherWorkloadSetUps(() => served),
  ...tenantSetUps,
  ...roleSetUps(second),
  ...memberAccountSetUps,
};
const ONE_BY_ONE: SetUps = factorySetUps(shared);
const SET_UPS: SetUps = { ...APART, ...ONE_BY_ONE };
const TEXTS: Readonly<Record<string, { cause: string; remedy: string }>> = { ...MISTAKES, ...FAULTS };

describe('the document', () => {
  it('has a row for every set-up, and a set-up for every row', () => {
    expect(
      rows()
        .map(({ code }) => code)
        .sort(),
    ).toEqual(Object.keys(SET_UPS).sort());
  });

  it('has every mistake and every fault once, in the words of the program', () => {
    const all = [...rows(), ...others()].map(({ code, cause, remedy }) => [code, { cause, remedy }]);
    expect(all.map(([code]) => code).sort()).toEqual(Object.keys(TEXTS).sort());
    const texts = Object.entries(TEXTS).map(([code, { cause, remedy }]) => [code, { cause, remedy }]);
    expect(Object.fromEntries(all)).toEqual(Object.fromEntries(texts));
  });

  it('names somebody who sees each mistake', () => {
    expect(
      rows().filter(({ code, error, perhaps, check }) => ![error, perhaps].includes(code) && !check),
    ).toEqual([]);
  });
});

const ofTable = (setUps: SetUps) => rows().filter(({ code }) => Object.hasOwn(setUps, code));

describe.concurrent('a mistake in one place', () => {
  it.each(ofTable(APART))('$code', play);
});

describe('a mistake that everybody meets', () => {
  it.each(ofTable(ONE_BY_ONE))('$code', play);

  it('leaves nothing behind', async () => {
    await lab.enter((await lab.served(0, 'after-all')).workload);
  });
});

async function play(row: Row): Promise<void> {
  const setUp = SET_UPS[row.code];
  if (!setUp) throw new Error(`There is no set-up for ${row.code}`);
  const broken = await setUp(lab);
  await askWorkload(row, broken);
  await until(`doctor to see ${row.code}`, () => seenByDoctor(row, broken));

  await broken.mend();
  await broken.workload?.();
  await broken.works?.();
  await until(`doctor to see ${row.code} mended`, async () =>
    (await findings(row, broken)).every(({ id, status, code }) =>
      id === row.check ? status === 'OK' : row.check !== undefined || code !== row.code,
    )
      ? true
      : undefined,
  );
}

async function askWorkload({ code, remedy, error, perhaps }: Row, { workload }: Broken): Promise<void> {
  if (error === undefined) return workload?.();
  if (!workload) throw new Error('No workload is concerned');
  const refused = await workload().then(
    () => undefined,
    (reason: Partial<Refusal>) => reason,
  );
  if (!refused?.code) throw refused ?? new Error('The workload gets in');
  const { mayBe = [] } = refused;
  expect(refused.code).toBe(error);
  if (perhaps !== undefined) expect(mayBe).toContain(perhaps);
  if ([refused.code, mayBe[0]].includes(code)) expect(refused.remedy).toContain(remedy);
}

const findings = async ({ check }: Row, { role, config, token }: Broken) =>
  lab.doctor(role(), config?.(), check === 'role.token' ? await token?.() : undefined);

/** Queues and counts follow a moment later. */
async function seenByDoctor(row: Row, broken: Broken): Promise<true | undefined> {
  const found = await findings(row, broken);
  if (row.check === undefined) {
    expect(found.filter(({ code }) => code === row.code)).toEqual([]);
    return true;
  }
  const line = found.find(({ id }) => id === row.check);
  if (line?.status === 'OK') return undefined;
  expect(line).toMatchObject({ status: 'FAIL', code: row.code, remedy: row.remedy });
  return true;
}
