/**
 * How a step writes to the ledger. An entry belongs to the execution that leases it; every write is conditional on
 * the version before, so a former owner stops at its next write. The entry travels in the workflow's state: the
 * first write of a step needs no read, and a read tells a lost answer from a lost race.
 */
import type { Place } from '../core/control.ts';
import { FactoryError, isFactoryError } from '../core/errors.ts';
import type { EventId, ExecutionArn } from '../core/ids.ts';
import type { Incarnation, LedgerEntry } from '../core/ledger-entry.ts';
import type { Clock, Executions, Ledger, Ports } from './ports.ts';
import type { HandlerSettings } from './settings.ts';

/** Who writes, and what for. */
export interface LedgerWriter {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly execution: ExecutionArn;
  /** Longer than the longest pause between two attempts of a step. */
  readonly leaseSeconds: number;
}

/** What a step knows now, from what the ledger holds; may run more than once. Owner, lease and version are added. */
export type Edit = (stored: LedgerEntry) => LedgerEntry;

/** Attempts of one write that loses to this execution's own earlier ones; more than one is rare already. */
const WRITE_ATTEMPTS = 3;

export const ledgerWriter = (
  ports: Pick<Ports, 'ledger' | 'clock'>,
  settings: Pick<HandlerSettings, 'leaseSeconds'>,
  execution: ExecutionArn,
): LedgerWriter => ({
  ledger: ports.ledger,
  clock: ports.clock,
  execution,
  leaseSeconds: settings.leaseSeconds,
});

/** ISO 8601 of milliseconds since the epoch. */
export const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Whether `time` (ISO 8601) is less than `seconds` ago. */
export const isWithin = (seconds: number, time: string | undefined, clock: Clock): boolean =>
  clock.now() - Date.parse(time ?? '') < seconds * 1000;

/** Whether another execution may still write: it holds a lease that has not run out, and it has not ended. */
export async function isHeldByAnother(
  writer: LedgerWriter,
  executions: Pick<Executions, 'isRunning'>,
  entry: LedgerEntry,
): Promise<boolean> {
  return isLeasedByAnother(writer, entry) && (await executions.isRunning(entry.owner));
}

/** Whether another execution holds a lease that has not run out. It may have ended without releasing it. */
export function isLeasedByAnother(
  { clock, execution }: Pick<LedgerWriter, 'clock' | 'execution'>,
  entry: LedgerEntry,
): entry is LedgerEntry & { readonly owner: ExecutionArn } {
  const { owner, leaseUntil } = entry;
  return owner !== undefined && owner !== execution && Date.parse(leaseUntil ?? '') > clock.now();
}

/**
 * Takes the entry for this execution: `next` replaces `previous` (undefined: there is none yet). The lease ends
 * `leaseSeconds` after `from`. LedgerConflict where somebody else was faster: read again and decide again. CapReached
 * where the claim needs a place of the hour and none is left.
 */
export const claim = (
  writer: LedgerWriter,
  next: Omit<LedgerEntry, 'updatedAt' | 'version'>,
  previous: LedgerEntry | undefined,
  { from = writer.clock.now(), place }: { readonly from?: number; readonly place?: Place | undefined } = {},
): Promise<LedgerEntry> => write(writer, leased(writer, next, from), previous, place);

/** Writes what a step of the owning execution knows and renews its lease. Superseded where it owns no more. */
export const advance = (writer: LedgerWriter, entry: LedgerEntry, edit: Edit): Promise<LedgerEntry> =>
  writeOwned(writer, entry, (stored) => leased(writer, edit(stored), writer.clock.now()));

/** As {@link advance}, but gives the entry up. */
export const finish = (writer: LedgerWriter, entry: LedgerEntry, edit: Edit): Promise<LedgerEntry> =>
  writeOwned(writer, entry, (stored) => released(edit(stored)));

/** Replaces what was just read, whoever owned it, and leaves it to nobody. LedgerConflict where it has changed. */
export const record = (
  writer: LedgerWriter,
  next: Omit<LedgerEntry, 'updatedAt' | 'version'>,
  previous: LedgerEntry | undefined,
): Promise<LedgerEntry> => write(writer, released(next), previous);

/** As many events of an incarnation as anyone will look at. */
const MAX_EVENT_IDS = 20;

/** The entry with one more event that concerned it, newest last. */
export const withEvent = (entry: LedgerEntry, eventId: EventId): LedgerEntry => ({
  ...entry,
  eventIds: [...entry.eventIds.filter((known) => known !== eventId), eventId].slice(-MAX_EVENT_IDS),
});

/** The entry without the error of an earlier run. */
export function withoutError({ error: _error, ...entry }: LedgerEntry): LedgerEntry {
  return entry;
}

/** The entry as stored, which this execution still owns as `removing`; else Superseded. Reads only. */
export async function removalFence(
  ledger: Ledger,
  incarnation: Incarnation,
  execution: ExecutionArn,
): Promise<LedgerEntry> {
  const stored = await ledger.read(incarnation);
  if (stored?.phase === 'removing' && stored.owner === execution) return stored;
  throw new FactoryError('Superseded');
}

async function writeOwned(writer: LedgerWriter, entry: LedgerEntry, edit: Edit): Promise<LedgerEntry> {
  let base = entry;
  for (let attempt = 1; ; attempt++) {
    if (base.owner !== writer.execution) throw new FactoryError('Superseded');
    try {
      return await write(writer, edit(base), base);
    } catch (error) {
      if (!isFactoryError(error, 'LedgerConflict') || attempt === WRITE_ATTEMPTS) throw error;
    }
    const stored = await writer.ledger.read(entry);
    if (!stored) throw new FactoryError('Superseded');
    base = stored;
  }
}

async function write(
  writer: LedgerWriter,
  next: Omit<LedgerEntry, 'updatedAt' | 'version'>,
  previous: LedgerEntry | undefined,
  place?: Place,
): Promise<LedgerEntry> {
  const entry = {
    ...next,
    updatedAt: isoTime(writer.clock.now()),
    version: (previous?.version ?? 0) + 1,
  };
  await writer.ledger.write(entry, previous, place);
  return entry;
}

const leased = <T extends object>(writer: LedgerWriter, entry: T, from: number) => ({
  ...entry,
  owner: writer.execution,
  leaseUntil: isoTime(from + writer.leaseSeconds * 1000),
});

function released<T extends Partial<LedgerEntry>>(entry: T): Omit<T, 'owner' | 'leaseUntil'> {
  const { owner: _owner, leaseUntil: _leaseUntil, ...rest } = entry;
  return rest;
}
