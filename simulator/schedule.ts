/** All that happens in a run, as plain data: the same schedule gives the same run. */
import type { CallSite, FaultKind } from './sites.ts';

/** A moment of virtual time, or just before the how-manieth call of a function (from 0; at the latest at rest). */
export type When = { readonly ms: number } | { readonly call: number };

/** A role by a letter; each has one name in one account, `c` in the other one. */
export type RoleKey = 'a' | 'b' | 'c';

/**
 * What a developer may write into a trust policy.
 * - `placeholder`, `listed` (as the console writes it), `word`: consent in one form or another.
 * - `pinned`: consents, and lets a managed identity in. `beside`: consents, beside statements of another purpose.
 * - `foreign`: an audience of Microsoft's. `copied`: the audience that another role has. `former`: what the factory
 *   wrote for the incarnation before. `open`: trusts the tenant without naming an audience.
 */
export const SHAPES = [
  'placeholder',
  'listed',
  'word',
  'pinned',
  'beside',
  'foreign',
  'copied',
  'former',
  'open',
] as const;
export type Shape = (typeof SHAPES)[number];

/**
 * What a tag is set to: the role's own id, that of its former incarnation, another role's, or nonsense. Of a workload:
 * one of three that may get in, or one that may not.
 */
export type TagValue = 'own' | 'former' | 'other' | 'nonsense';
export type TagName = 'mark' | 'ignore' | 'status' | 'workload';

export type Deed =
  // Developers and their tools.
  | { readonly do: 'create'; readonly role: RoleKey; readonly shape: Shape; readonly mark?: TagValue }
  | { readonly do: 'delete'; readonly role: RoleKey }
  | { readonly do: 'edit-trust'; readonly role: RoleKey; readonly shape: Shape }
  | { readonly do: 'restore-trust'; readonly role: RoleKey }
  | { readonly do: 'restore-client-ids'; readonly role: RoleKey }
  | { readonly do: 'tag'; readonly role: RoleKey; readonly tag: TagName; readonly value: TagValue }
  | { readonly do: 'untag'; readonly role: RoleKey; readonly tag: TagName }
  // Administrators of the tenant and of the member account.
  | { readonly do: 'delete-application'; readonly role: RoleKey }
  | { readonly do: 'delete-principal'; readonly role: RoleKey }
  | { readonly do: 'add-credential'; readonly role: RoleKey }
  | { readonly do: 'remove-audience'; readonly role: RoleKey }
  | { readonly do: 'fill-provider'; readonly role: RoleKey }
  // Whoever means harm.
  | { readonly do: 'squat'; readonly role: RoleKey; readonly generation: number }
  | {
      readonly do: 'forge';
      readonly role: RoleKey;
      readonly event: 'create' | 'delete';
      readonly from: 'home' | 'abroad';
    }
  | { readonly do: 'fill-directory' }
  // Operators. A pause is lifted by itself.
  | { readonly do: 'pause'; readonly forMs: number }
  | { readonly do: 'again'; readonly event: number; readonly replay: boolean };

export type Action = Deed & { readonly when: When };

/** How an event, by its place among all events, reaches the queue: once for each delay, not at all for none. */
export interface Delivery {
  readonly event: number;
  readonly afterMs: readonly number[];
}

export interface Fault {
  readonly site: CallSite;
  readonly kind: FaultKind;
  /** The how-manieth call of that site meets it first, from 1. */
  readonly nth: number;
  /** So many calls of the site meet it, one after the other. */
  readonly times: number;
  /** `stale`: how far behind. `denied`: for how long. `hung`: after how long it happens. `slow`: how long. */
  readonly ms: number;
}

export interface Weather {
  /** The most that a call takes. */
  readonly latencyMs: number;
  /** From an API call to the queue. */
  readonly deliveryMs: number;
  /** Until requests see a new object of the directory. */
  readonly directoryMs: number;
  /** So much longer until they see its lists (owners, credentials). */
  readonly listMs: number;
}

export interface Schedule {
  readonly seed: number;
  readonly weather: Weather;
  readonly tokenVersion: 1 | 2;
  readonly deletion: 'soft' | 'purge';
  readonly actions: readonly Action[];
  readonly deliveries: readonly Delivery[];
  readonly faults: readonly Fault[];
}

export const CALM: Weather = { latencyMs: 0, deliveryMs: 8000, directoryMs: 0, listMs: 0 };

export const scheduleOf = (actions: readonly Action[], more: Partial<Schedule> = {}): Schedule => ({
  seed: 1,
  weather: CALM,
  tokenVersion: 1,
  deletion: 'soft',
  actions,
  deliveries: [],
  faults: [],
  ...more,
});

/** Where nothing but what passes by itself goes wrong, everything must end well; otherwise it may end announced. */
export function endsWell({ actions, faults, weather, deliveries }: Schedule): boolean {
  return (
    actions.every((action) => HARMLESS.has(action.do)) &&
    deliveries.every(({ afterMs }) => afterMs.length > 0) &&
    weather.directoryMs + weather.listMs <= 240_000 &&
    faults.every(
      ({ site, kind, times, ms }) =>
        kind !== 'denied' &&
        times <= (site.startsWith('dispatch-role-event ') ? 2 : 6) &&
        (kind !== 'stale' || ms <= 240_000),
    ) &&
    faults.filter(({ site }) => site.startsWith('dispatch-role-event ')).length <= 2 &&
    faults.reduce((sum, { times }) => sum + times, 0) <= 12
  );
}

const HARMLESS: ReadonlySet<Deed['do']> = new Set(['create', 'delete', 'again', 'pause']);
