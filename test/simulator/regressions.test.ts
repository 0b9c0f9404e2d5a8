/** What the simulator has found, each with the schedule that showed it. */
import { describe, expect, it } from 'vitest';
import { faultOf } from '../../simulator/faults.ts';
import { run } from '../../simulator/run.ts';
import { type Action, CALM, type Fault, type Schedule, scheduleOf } from '../../simulator/schedule.ts';
import type { CallSite, FaultKind } from '../../simulator/sites.ts';

const CREATE: Action = { do: 'create', role: 'a', shape: 'placeholder', when: { ms: 0 } };
const deleteAt = (ms: number): Action => ({ do: 'delete', role: 'a', when: { ms } });
const fault = (site: CallSite, kind: FaultKind, more: Partial<Fault> = {}): Fault => ({
  ...faultOf(site, kind),
  ...more,
});

const FOUND: Readonly<Record<string, Schedule>> = {
  'a role that IAM does not know everywhere yet when it is marked is served all the same': scheduleOf(
    [CREATE],
    {
      faults: [fault('inspect-role inspect.tagRole', 'unseen')],
    },
  ),
  'a role that IAM does not know everywhere yet when its policy is written is served all the same':
    scheduleOf([CREATE], { faults: [fault('assign-audience trust.updateTrustPolicy', 'unseen')] }),
  'a failure is announced although a stale read shows no role': scheduleOf([CREATE], {
    faults: [
      fault('register-application directory.createApplication', 'denied'),
      fault('record-outcome inspect.getRole', 'stale'),
    ],
  }),
  'a failure before anything was claimed is announced although a stale read shows no role': scheduleOf(
    [CREATE],
    {
      faults: [
        fault('inspect-role accounts.inspect', 'denied'),
        fault('record-outcome inspect.getRole', 'stale'),
      ],
    },
  ),
  'a role that is gone is removed although one look at it fails': scheduleOf(
    [CREATE, { do: 'delete', role: 'a', when: { call: 12 } }],
    {
      deliveries: [{ event: 1, afterMs: [7_200_000] }],
      faults: [fault('record-outcome accounts.inspect', 'throttled')],
    },
  ),
  'a role that is gone is removed although one stale look shows it': scheduleOf(
    [CREATE, { do: 'delete', role: 'a', when: { call: 4 } }],
    {
      deliveries: [
        { event: 0, afterMs: [376_000] },
        { event: 1, afterMs: [7_200_000] },
      ],
      faults: [fault('record-outcome inspect.getRole', 'stale', { ms: 10_000 })],
    },
  ),
  'the successor of a role that was replaced while it was inspected is not marked': scheduleOf([
    CREATE,
    { do: 'delete', role: 'a', when: { call: 4 } },
    { do: 'create', role: 'a', shape: 'foreign', when: { call: 6 } },
  ]),
  'the mark of a role that was replaced lands before its successor is marked, or never': scheduleOf(
    [CREATE, deleteAt(8001), { do: 'create', role: 'a', shape: 'placeholder', when: { ms: 8001 } }],
    {
      weather: { ...CALM, directoryMs: 60_000 },
      deliveries: [{ event: 2, afterMs: [0] }],
      faults: [fault('inspect-role inspect.tagRole', 'hung', { ms: 20_000 })],
    },
  ),
  'what a stopped run has begun is not left in silence, where consent is gone since': scheduleOf(
    [
      CREATE,
      { do: 'restore-client-ids', role: 'a', when: { ms: 9000 } },
      { do: 'delete-application', role: 'a', when: { ms: 9000 } },
    ],
    { faults: [fault('assign-audience ledger.write', 'aborted', { times: 3 })] },
  ),
  ...Object.fromEntries(
    [23, 24, 25, 26, 27, 28].map((call) => [
      `a role that is withdrawn around its policy's write (before call ${call}) is not tagged`,
      scheduleOf([CREATE, { do: 'tag', role: 'a', tag: 'ignore', value: 'nonsense', when: { call } }]),
    ]),
  ),
  'a role whose developer chose another audience is not tagged with a failure': scheduleOf(
    [CREATE, { do: 'edit-trust', role: 'a', shape: 'foreign', when: { ms: 10_000 } }],
    {
      faults: [
        fault('register-application directory.createApplication', 'hung'),
        fault('register-application directory.setIdentifierUris', 'denied', { ms: 600_000 }),
      ],
    },
  ),
  'a service principal that nobody recorded is removed although the directory shows it late': scheduleOf(
    [CREATE, deleteAt(240_000)],
    {
      weather: { ...CALM, directoryMs: 200_000 },
      faults: [fault('register-application directory.createServicePrincipal', 'hung', { ms: 0 })],
    },
  ),
  'an application that was made late, its answer lost, is removed although the directory shows it later':
    scheduleOf([CREATE, deleteAt(620_000)], {
      weather: { ...CALM, directoryMs: 240_000 },
      faults: [
        fault('register-application directory.createApplication', 'throttled', { times: 14 }),
        fault('register-application directory.createApplication', 'hung', { nth: 15, ms: 0 }),
      ],
    }),
  'an application that a later run made has its time to be shown': scheduleOf(
    [CREATE, { do: 'again', event: 0, replay: false, when: { ms: 802_000 } }],
    {
      weather: { ...CALM, directoryMs: 200_000 },
      faults: [fault('register-application directory.createApplication', 'denied', { ms: 3000 })],
    },
  ),
  'an application that was made late has its time to be shown': scheduleOf([CREATE], {
    weather: { ...CALM, directoryMs: 240_000 },
    faults: [fault('register-application directory.createApplication', 'throttled', { times: 16 })],
  }),
  'an application that was made late, its answer lost, has its time to be shown': scheduleOf([CREATE], {
    weather: { ...CALM, directoryMs: 240_000 },
    faults: [
      fault('register-application directory.createApplication', 'throttled', { times: 15 }),
      fault('register-application directory.createApplication', 'lost-answer', { nth: 16 }),
    ],
  }),
  'a claim whose role lost its consent before it was marked is not left behind': scheduleOf(
    [CREATE, { do: 'edit-trust', role: 'a', shape: 'foreign', when: { call: 9 } }, deleteAt(1_800_000)],
    {
      faults: [
        fault('inspect-role inspect.tagRole', 'throttled'),
        fault('confirm-role-gone accounts.inspect', 'denied', { ms: 1000 }),
      ],
    },
  ),
  'control is not asked between the last look at a role and its mark': scheduleOf(
    [CREATE, { do: 'edit-trust', role: 'a', shape: 'copied', when: { ms: 9000 } }],
    { faults: [fault('inspect-role inspect.getRole', 'slow', { nth: 2, ms: 10_000 })] },
  ),
  'control is not asked between the last look at a role and the write of its trust': scheduleOf(
    [CREATE, { do: 'edit-trust', role: 'a', shape: 'open', when: { call: 28 } }],
    { faults: [fault('assign-audience trust.getRole', 'slow', { ms: 10_000 })] },
  ),
  'a service principal that was made for a lost one is removed although its answer was lost': scheduleOf(
    [
      { do: 'create', role: 'a', shape: 'copied', when: { ms: 0 } },
      { do: 'create', role: 'b', shape: 'placeholder', when: { ms: 0 } },
      { do: 'delete', role: 'b', when: { ms: 173_000 } },
      { do: 'delete-principal', role: 'b', when: { call: 40 } },
    ],
    {
      deliveries: [{ event: 1, afterMs: [10_624, 172_480] }],
      faults: [
        fault('register-application directory.createServicePrincipal', 'aborted', { nth: 2, ms: 0 }),
        fault('assign-audience accounts.trust', 'denied', { ms: 1000 }),
      ],
    },
  ),
};

describe('what the simulator has found:', () => {
  it.each(Object.entries(FOUND))('%s', async (_, schedule) => {
    expect((await run(schedule)).violations).toEqual([]);
  });
});
