/** Every schedule of a family: single faults, pairs of faults, interleavings. */
import { faultOf } from './faults.ts';
import { run } from './run.ts';
import { type Action, CALM, type Deed, type Fault, type Schedule, scheduleOf } from './schedule.ts';
import { type CallSite, faultKindsOf } from './sites.ts';

const CREATE: Action = { do: 'create', role: 'a', shape: 'placeholder', when: { ms: 0 } };
const HOUR = 3_600_000;
const then = (deed: Deed, ms = HOUR): Action => ({ ...deed, when: { ms } });
const fault = (site: CallSite, kind: Fault['kind'], more: Partial<Fault> = {}): Fault => ({
  ...faultOf(site, kind),
  ...more,
});

/** The two workflows when all goes well. */
export const MAIN_PATHS: Readonly<Record<'create' | 'delete', Schedule>> = {
  create: scheduleOf([CREATE]),
  delete: scheduleOf([CREATE, then({ do: 'delete', role: 'a' })]),
};

/** Faults of a creation meet the removal of its role, or its successor. */
const MEETINGS: Readonly<Record<string, Schedule>> = {
  'a role that is deleted within seconds': scheduleOf([
    CREATE,
    { do: 'delete', role: 'a', when: { ms: 18_000 } },
  ]),
  'a role that is replaced within seconds': scheduleOf([
    CREATE,
    { do: 'delete', role: 'a', when: { ms: 18_000 } },
    { do: 'create', role: 'a', shape: 'placeholder', when: { ms: 18_000 } },
  ]),
};

/** What leads to the calls that the main paths do not make. */
export const OTHER_PATHS: Readonly<Record<string, Schedule>> = {
  ...MEETINGS,
  'a role that disappears while it is served': scheduleOf(
    [CREATE, { do: 'delete', role: 'a', when: { call: 12 } }],
    {
      deliveries: [{ event: 1, afterMs: [7_200_000] }],
    },
  ),
  'a failure that is recorded and tagged': scheduleOf([CREATE], {
    faults: [fault('register-application directory.createApplication', 'denied')],
  }),
  'a failure, run again': scheduleOf([CREATE, then({ do: 'again', event: 0, replay: false })], {
    faults: [fault('assign-audience trust.updateTrustPolicy', 'denied', { ms: 600_000 })],
  }),
  'an application whose answer was lost': scheduleOf([CREATE], {
    faults: [fault('register-application directory.createApplication', 'lost-answer')],
  }),
  'a service principal whose answer was lost': scheduleOf([CREATE], {
    faults: [fault('register-application directory.createServicePrincipal', 'lost-answer')],
  }),
  'an application that an administrator deleted': scheduleOf(
    [
      CREATE,
      then({ do: 'delete-application', role: 'a' }),
      then({ do: 'again', event: 0, replay: true }, 2 * HOUR),
      then({ do: 'delete', role: 'a' }, 4 * HOUR),
    ],
    { faults: [fault('assign-audience accounts.trust', 'denied', { ms: 600_000 })] },
  ),
  'a write of the ledger that is lost at every step': scheduleOf(
    [CREATE, then({ do: 'delete', role: 'a' })],
    {
      faults: (
        [
          'register-application ledger.write',
          'add-audience ledger.write',
          'verify-application ledger.write',
          'assign-audience ledger.write',
          'record-outcome ledger.write',
        ] as const
      ).map((site) => fault(site, 'repeated')),
    },
  ),
  'a workload that is let in and kept out again': scheduleOf([
    CREATE,
    then({ do: 'tag', role: 'a', tag: 'workload', value: 'own' }),
    then({ do: 'again', event: 0, replay: true }, HOUR + 1000),
    then({ do: 'untag', role: 'a', tag: 'workload' }, 2 * HOUR),
    then({ do: 'again', event: 0, replay: true }, 2 * HOUR + 1000),
  ]),
  'a directory that is full': scheduleOf([
    { do: 'fill-directory', when: { ms: 0 } },
    { ...CREATE, when: { ms: 1000 } },
  ]),
  'two runs at once': scheduleOf([CREATE, { do: 'again', event: 0, replay: true, when: { ms: 10 } }]),
  'a run beside a run that waits': scheduleOf(
    [
      CREATE,
      { do: 'again', event: 0, replay: true, when: { ms: 100 } },
      then({ do: 'delete', role: 'a' }),
      { do: 'again', event: 2, replay: true, when: { ms: HOUR + 20_000 } },
    ],
    { faults: [fault('register-application directory.createApplication', 'hung')] },
  ),
  'an event that is redriven after its execution failed': scheduleOf(
    [CREATE, then({ do: 'again', event: 0, replay: false })],
    { faults: [fault('inspect-role accounts.inspect', 'denied', { ms: 600_000 })] },
  ),
  'a role on the audience of another': scheduleOf([
    { do: 'create', role: 'b', shape: 'placeholder', when: { ms: 0 } },
    then({ do: 'create', role: 'a', shape: 'copied' }),
  ]),
  'a removal by name, purged': scheduleOf([CREATE, { do: 'delete', role: 'a', when: { ms: 20_000 } }], {
    deletion: 'purge',
    faults: [
      fault('register-application directory.createApplication', 'aborted'),
      fault('register-application ledger.write', 'aborted', { nth: 2 }),
    ],
  }),
  'an application that nobody recorded': scheduleOf(
    [CREATE, { do: 'delete', role: 'a', when: { ms: 30_000 } }],
    {
      deletion: 'purge',
      faults: [
        fault('register-application directory.createApplication', 'lost-answer'),
        fault('register-application directory.originOf', 'unavailable', { times: 24 }),
      ],
    },
  ),
  'a removal that cannot be done': scheduleOf(
    [CREATE, then({ do: 'delete', role: 'a' }), then({ do: 'again', event: 1, replay: false }, 3 * HOUR)],
    { faults: [fault('delete-application directory.deleteApplication', 'denied', { ms: 600_000 })] },
  ),
};

/** Every single fault at every call of a schedule. */
export async function singleFaults(base: Schedule): Promise<Schedule[]> {
  return (await faultsOf(base)).map((one) => ({ ...base, faults: [...base.faults, one] }));
}

/** Every fault that can happen at every call site, once: a small set that covers the table. */
export async function oneOfEach(): Promise<Schedule[]> {
  const schedules = new Map<CallSite, Schedule[]>();
  for (const base of [...Object.values(MAIN_PATHS), ...Object.values(OTHER_PATHS)]) {
    const { reached } = await run(base);
    for (const [site, times] of reached) {
      // A call that the base itself lets fail is another one's turn.
      if (schedules.has(site) || base.faults.some((own) => own.site === site)) continue;
      schedules.set(
        site,
        faultKindsOf(site).map((kind) => ({ ...base, faults: [...base.faults, faultOf(site, kind, times)] })),
      );
    }
  }
  return [...schedules.values()].flat();
}

/** Every two faults of a schedule. */
export async function pairsOfFaults(base: Schedule): Promise<Schedule[]> {
  const faults = await faultsOf(base);
  return faults.flatMap((one, index) =>
    faults.slice(index + 1).map((other) => ({ ...base, faults: [...base.faults, one, other] })),
  );
}

/** One of every kind at every call that the schedule makes. */
async function faultsOf(base: Schedule): Promise<Fault[]> {
  const { reached } = await run(base);
  return [...reached].flatMap(([site, times]) =>
    Array.from({ length: times }, (_, index) => index + 1).flatMap((nth) =>
      faultKindsOf(site).map((kind) => faultOf(site, kind, nth)),
    ),
  );
}

/** What a developer does to one role, and how its events arrive, one after the other. */
const LIVES: readonly (readonly Deed[])[] = [
  [{ do: 'delete', role: 'a' }],
  [
    { do: 'delete', role: 'a' },
    { do: 'create', role: 'a', shape: 'placeholder' },
  ],
  [
    { do: 'delete', role: 'a' },
    { do: 'create', role: 'a', shape: 'foreign' },
  ],
  [
    { do: 'delete', role: 'a' },
    { do: 'create', role: 'a', shape: 'foreign', mark: 'former' },
  ],
];
/** How its events arrive: seconds later, at once, minutes later; and in another order, that of the deletion last. */
const ARRIVALS: readonly Pick<Schedule, 'weather' | 'deliveries'>[] = [
  ...[8000, 0, 400_000].map((deliveryMs) => ({ weather: { ...CALM, deliveryMs }, deliveries: [] })),
  { weather: CALM, deliveries: [{ event: 1, afterMs: [7_200_000] }] },
];

/** A life whose deeds happen before the calls at these places, its events arriving in one way. */
const lifeOf = (
  deeds: readonly Deed[],
  places: readonly number[],
  arrival: (typeof ARRIVALS)[number],
): Schedule =>
  scheduleOf(
    [CREATE, ...deeds.map((deed, index): Action => ({ ...deed, when: { call: places[index] ?? 0 } }))],
    arrival,
  );

async function momentsOf(base: Schedule): Promise<number[]> {
  const { calls } = await run(base);
  return [...calls.keys()];
}

/**
 * A role is created, and every further deed of its life happens before any call from then on: every order of up to
 * three deeds (create, delete, create again) and the calls of the workflows, however the events arrive.
 */
export async function interleavings(): Promise<Schedule[]> {
  const moments = await momentsOf(MAIN_PATHS.delete);
  return LIVES.flatMap((deeds) =>
    ARRIVALS.flatMap((arrival) =>
      placements(deeds.length, moments).map((places) => lifeOf(deeds, places, arrival)),
    ),
  );
}

/** Those of them whose deeds all happen between the same two calls. */
export async function replacements(): Promise<Schedule[]> {
  const moments = await momentsOf(MAIN_PATHS.delete);
  return LIVES.flatMap((deeds) =>
    ARRIVALS.flatMap((arrival) =>
      moments.map((moment) => lifeOf(deeds, Array(deeds.length).fill(moment), arrival)),
    ),
  );
}

/** Every ascending choice of `count` moments; the same one may come twice. */
function placements(count: number, moments: readonly number[]): number[][] {
  if (count === 0) return [[]];
  return moments.flatMap((moment, index) =>
    placements(count - 1, moments.slice(index)).map((rest) => [moment, ...rest]),
  );
}
