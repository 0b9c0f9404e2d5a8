/** Schedules by chance: the same seed gives the same one. */
import { USUAL_MS } from './faults.ts';
import { Chance } from './random.ts';
import type {
  Action,
  Deed,
  Delivery,
  Fault,
  RoleKey,
  Schedule,
  Shape,
  TagName,
  TagValue,
  When,
} from './schedule.ts';
import { CALL_SITES, type CallSite, type FaultKind, faultKindsOf } from './sites.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * - `weather`: developers create and delete; whatever goes wrong passes by itself, so all must end well.
 * - `trouble`: permissions are missing for a while, events get lost, administrators and IaC change things.
 * - `malice`: somebody means harm.
 */
type Climate = 'weather' | 'trouble' | 'malice';

const CONSENTING: readonly Shape[] = ['placeholder', 'listed', 'word', 'pinned', 'beside'];
const OTHERS: readonly Shape[] = ['foreign', 'copied', 'former', 'open'];
/** Where every role passes. */
const ON_THE_WAY: readonly CallSite[] = [
  'dispatch-role-event lambda.invoke',
  'dispatch-role-event executions.start',
  'inspect-role lambda.invoke',
  'inspect-role accounts.inspect',
  'inspect-role inspect.getRole',
  'inspect-role inspect.getProvider',
  'inspect-role inspect.tagRole',
  'inspect-role ledger.incarnations',
  'inspect-role ledger.write',
  'register-application lambda.invoke',
  'register-application ledger.write',
  'register-application directory.createApplication',
  'register-application directory.setIdentifierUris',
  'register-application directory.createServicePrincipal',
  'add-audience lambda.invoke',
  'add-audience ledger.write',
  'add-audience accounts.provider',
  'add-audience provider.addAudience',
  'verify-application ledger.write',
  'verify-application directory.application',
  'verify-application directory.servicePrincipal',
  'assign-audience lambda.invoke',
  'assign-audience ledger.write',
  'assign-audience accounts.trust',
  'assign-audience trust.getRole',
  'assign-audience trust.getProvider',
  'assign-audience trust.updateTrustPolicy',
  'assign-audience trust.tagRole',
  'confirm-role-gone lambda.invoke',
  'confirm-role-gone ledger.read',
  'confirm-role-gone accounts.inspect',
  'confirm-role-gone inspect.getRole',
  'confirm-role-gone ledger.write',
  'remove-audience ledger.read',
  'remove-audience provider.removeAudience',
  'delete-application ledger.read',
  'delete-application directory.originOf',
  'delete-application directory.deleteServicePrincipal',
  'delete-application directory.deleteApplication',
  'record-outcome lambda.invoke',
  'record-outcome ledger.read',
  'record-outcome ledger.incarnations',
  'record-outcome ledger.write',
];
const TAG_VALUES: readonly TagValue[] = ['own', 'former', 'other', 'nonsense'];
const TAG_NAMES: readonly TagName[] = ['mark', 'mark', 'ignore', 'status', 'workload'];

export function generate(seed: number): Schedule {
  const chance = new Chance(seed).fork('schedule');
  const climate: Climate = chance.oneOf(['weather', 'weather', 'trouble', 'malice']);
  const roles = (['a', 'b', 'c'] as const).slice(0, chance.oneOf([1, 1, 2, 3]));
  const actions = roles.flatMap((role) => lifeOf(chance, role, climate));
  if (chance.happens(0.15)) {
    actions.push({ do: 'pause', forMs: chance.between(1, 180) * MINUTE, when: moment(chance) });
  }
  const events = actions.filter(({ do: deed }) => deed === 'create' || deed === 'delete').length;
  for (let again = chance.between(0, 2); again > 0; again--) {
    const replay = chance.happens(0.5);
    const when = replay && chance.happens(0.5) ? { ms: chance.between(1, 30) * DAY } : moment(chance);
    actions.push({ do: 'again', event: chance.between(0, events - 1), replay, when });
  }
  return {
    seed,
    weather: {
      latencyMs: chance.oneOf([0, 50, 300, 2000]),
      deliveryMs: chance.oneOf([0, 3000, 8000, 60_000]),
      directoryMs: chance.oneOf([0, 0, 2000, 30_000, 200_000]),
      listMs: chance.oneOf([0, 0, 10_000, 40_000]),
    },
    tokenVersion: chance.happens(0.15) ? 2 : 1,
    deletion: chance.happens(0.2) ? 'purge' : 'soft',
    actions,
    deliveries: deliveriesOf(chance, events, climate),
    faults: faultsOf(chance, climate),
  };
}

/** Somewhere while the workflows are at it, or some time. */
const moment = (chance: Chance): When =>
  chance.happens(0.5)
    ? { call: chance.between(0, 60) }
    : {
        ms: chance.oneOf([
          chance.between(0, 30_000),
          chance.between(0, 20 * MINUTE),
          chance.between(0, 3 * HOUR),
        ]),
      };

function lifeOf(chance: Chance, role: RoleKey, climate: Climate): Action[] {
  const shape = () => (chance.happens(0.85) ? chance.oneOf(CONSENTING) : chance.oneOf(OTHERS));
  const forged = climate === 'malice' && chance.happens(0.2) ? { mark: chance.oneOf(TAG_VALUES) } : {};
  const life: Action[] = [
    { do: 'create', role, shape: shape(), when: { ms: chance.happens(0.5) ? 0 : chance.between(0, MINUTE) } },
  ];
  if (chance.happens(0.7)) life.push({ do: 'delete', role, when: moment(chance) });
  if (chance.happens(0.4)) life.push({ do: 'create', role, shape: shape(), ...forged, when: moment(chance) });
  if (chance.happens(0.2)) life.push({ do: 'delete', role, when: moment(chance) });
  if (climate === 'weather') return life;
  for (let deeds = chance.between(1, 3); deeds > 0; deeds--) {
    const deed =
      climate === 'malice' && chance.happens(0.7) ? malice(chance, role) : trouble(chance, role, shape);
    life.push({ ...deed, when: moment(chance) });
  }
  return life;
}

const trouble = (chance: Chance, role: RoleKey, shape: () => Shape): Deed =>
  chance.oneOf<Deed>([
    { do: 'edit-trust', role, shape: shape() },
    { do: 'edit-trust', role, shape: chance.oneOf(OTHERS) },
    { do: 'restore-trust', role },
    { do: 'restore-client-ids', role },
    { do: 'tag', role, tag: 'ignore', value: 'nonsense' },
    { do: 'untag', role, tag: 'ignore' },
    { do: 'tag', role, tag: 'workload', value: chance.oneOf(TAG_VALUES) },
    { do: 'untag', role, tag: 'workload' },
    { do: 'delete-application', role },
    { do: 'delete-principal', role },
    { do: 'remove-audience', role },
    { do: 'fill-provider', role },
  ]);

const malice = (chance: Chance, role: RoleKey): Deed =>
  chance.oneOf<Deed>([
    { do: 'tag', role, tag: chance.oneOf(TAG_NAMES), value: chance.oneOf(TAG_VALUES) },
    { do: 'untag', role, tag: chance.oneOf(TAG_NAMES) },
    { do: 'squat', role, generation: chance.between(1, 2) },
    { do: 'squat', role, generation: 1 },
    { do: 'add-credential', role },
    { do: 'edit-trust', role, shape: chance.oneOf(OTHERS) },
    { do: 'forge', role, event: 'delete', from: 'abroad' },
    { do: 'forge', role, event: chance.oneOf(['create', 'delete'] as const), from: 'home' },
    { do: 'forge', role, event: 'create', from: 'abroad' },
  ]);

function deliveriesOf(chance: Chance, events: number, climate: Climate): Delivery[] {
  const delay = () =>
    chance.oneOf([chance.between(0, 20_000), chance.between(0, 10 * MINUTE), chance.between(0, 5 * HOUR)]);
  return Array.from({ length: events }, (_, event) => event).flatMap((event): Delivery[] => {
    if (chance.happens(0.5)) return [];
    if (climate !== 'weather' && chance.happens(0.1)) return [{ event, afterMs: [] }];
    return [{ event, afterMs: Array.from({ length: chance.oneOf([1, 1, 2, 3]) }, delay) }];
  });
}

function faultsOf(chance: Chance, climate: Climate): Fault[] {
  const count = chance.oneOf([0, 1, 1, 2, 2, 3, 4, 6]);
  const faults: Fault[] = [];
  while (faults.length < count) {
    const site = chance.oneOf(chance.happens(0.85) ? ON_THE_WAY : CALL_SITES);
    const kind = chance.oneOf(faultKindsOf(site));
    if (kind === 'denied' && climate === 'weather') continue;
    faults.push({
      site,
      kind,
      nth: chance.oneOf([1, 1, 1, 2, 3]),
      times: timesOf(chance, site),
      ms: msOf(chance, kind),
    });
  }
  return faults;
}

const timesOf = (chance: Chance, site: CallSite): number =>
  site.startsWith('dispatch-role-event ') ? 1 : chance.oneOf([1, 1, 1, 2, 3]);

const msOf = (chance: Chance, kind: FaultKind): number => {
  const usual = USUAL_MS[kind] ?? 0;
  return usual === 0 ? 0 : chance.oneOf([usual, Math.round(usual * chance.next()), Math.round(usual / 20)]);
};
