/** What stops the factory or holds it back: the pause, modes, the directory's breaker, caps. */
import type { AccountId } from './ids.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import type { Mode } from './settings.ts';

/** Set and lifted by operators. `since` is ISO 8601. */
export interface Pause {
  readonly since: string;
  /** ARN of the caller. */
  readonly by: string;
  readonly reason?: string;
}

/** The one small document that every step reads. Empty: nothing stops anybody. */
export interface ControlDocument {
  readonly paused?: Pause;
  /** The breaker: until then (ISO 8601) the directory takes no new objects of the factory. */
  readonly directoryFullUntil?: string;
}

export interface ModeSettings {
  readonly mode: Mode;
  /** Of accounts and organizational units, by id. */
  readonly modes: Readonly<Record<string, Mode>>;
}

/** What a mistake can do at most, per account. */
export interface Caps {
  /** Audiences on the provider, beside the placeholders. */
  readonly rolesPerAccount: number;
  readonly creationsPerHour: number;
  readonly removalsPerHour: number;
}

/**
 * The mode of an account: its own, else that of the nearest unit (`units`: nearest first), else the general one. With
 * undefined units, of an account that nobody has enrolled, a unit's mode may be the one that counts: then `observe`.
 */
export function modeOf(
  { mode, modes }: ModeSettings,
  accountId: AccountId,
  units: readonly string[] | undefined,
): Mode {
  if (units === undefined && dependsOnUnits({ modes }, accountId)) return 'observe';
  for (const id of [accountId, ...(units ?? [])]) {
    const own = Object.hasOwn(modes, id) ? modes[id] : undefined;
    if (own !== undefined) return own;
  }
  return mode;
}

/** Whether the mode of the account can be that of a unit. */
export const dependsOnUnits = ({ modes }: Pick<ModeSettings, 'modes'>, accountId: AccountId): boolean =>
  !Object.hasOwn(modes, accountId) && Object.keys(modes).some((id) => !/^\d{12}$/.test(id));

/** Whether the breaker is open. `now`: milliseconds since the epoch. */
export const isDirectoryFull = ({ directoryFullUntil }: ControlDocument, now: number): boolean =>
  directoryFullUntil !== undefined && Date.parse(directoryFullUntil) > now;

/** One of the places that an account has within an hour. */
export interface Place {
  readonly of: 'creations' | 'removals';
  /** When the hour begins, ISO 8601. */
  readonly hour: string;
  readonly most: number;
}

/**
 * The place that serving a role takes; undefined where it has taken one already, whose application may exist or be
 * about to. `hourSeconds`: length of an hour.
 */
export function placeOfCreation(
  entry: Pick<LedgerEntry, 'phase' | 'applicationIntentAt'> | undefined,
  { creationsPerHour: most }: Caps,
  now: number,
  hourSeconds: number,
): Place | undefined {
  if (entry?.phase === 'creating' || entry?.applicationIntentAt !== undefined) return undefined;
  return { of: 'creations', hour: hourOf(now, hourSeconds), most };
}

/** The same of a removal. */
export function placeOfRemoval(
  { phase }: Pick<LedgerEntry, 'phase'>,
  { removalsPerHour: most }: Caps,
  now: number,
  hourSeconds: number,
): Place | undefined {
  return phase === 'removing' ? undefined : { of: 'removals', hour: hourOf(now, hourSeconds), most };
}

const hourOf = (now: number, hourSeconds: number): string =>
  new Date(Math.floor(now / (hourSeconds * 1000)) * hourSeconds * 1000).toISOString();
