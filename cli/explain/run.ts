import type { KnownIncarnation } from '../../core/dispatch.ts';
import { type ExplainedEvent, explainEvent } from '../../core/explain/event.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { knownFactory } from '../settings.ts';
import type { SettingsOptions } from '../settings-options.ts';
import { type KnownRoles, readKnownRoles } from './known-roles.ts';
import { printHeadline, printSteps } from './print.ts';
import { readRecords } from './read-records.ts';

export interface ExplainOptions extends SettingsOptions {
  readonly ledger?: string;
  readonly json?: boolean;
}

export function runExplain(io: Io, file: string, options: ExplainOptions): void {
  const { settings } = knownFactory(options);
  const known = options.ledger === undefined ? undefined : readKnownRoles(io, options.ledger);
  const records = readRecords(io, file);
  if (records.length === 0)
    throw new CommandFailure('usage', 'InvalidInput', `${file}: expected at least one record`);
  const events = records.map((record) => {
    const event = explainEvent(record, settings);
    return known ? explainEvent(record, settings, incarnationsOf(event, known)) : event;
  });
  if (options.json) for (const event of events) io.out(JSON.stringify(event));
  else print(events, io);
}

/** Undefined: the ledger is known by role names, and an audience has none. */
const incarnationsOf = (
  { accountId, roleName }: ExplainedEvent,
  known: KnownRoles,
): readonly KnownIncarnation[] | undefined =>
  accountId === null || roleName === null ? undefined : known(accountId, roleName);

/** Records that have nothing to do with roles: a log file is full of them. */
const PASSERS_BY: ReadonlySet<string> = new Set([
  'not-an-event',
  'not-iam',
  'not-an-api-call',
  'not-a-role-event',
]);

function print(events: readonly ExplainedEvent[], io: Io): void {
  const [only] = events;
  if (events.length === 1 && only) {
    printHeadline(only, io);
    printSteps(only, io);
    return;
  }
  for (const event of events) if (!PASSERS_BY.has(event.reason)) printHeadline(event, io);
  io.out(`${events.length} records: ${counted(events.map(({ decision }) => decision))}`);
  const ignored = events.filter(({ decision }) => decision === 'ignore');
  if (ignored.length > 0) io.out(`ignored: ${counted(ignored.map(({ reason }) => reason))}`);
}

/** `3 create, 1 delete`, the most first. */
const counted = (words: readonly string[]): string =>
  [...Map.groupBy(words, (word) => word)]
    .map(([word, { length }]) => ({ word, length }))
    .sort((a, b) => b.length - a.length)
    .map(({ word, length }) => `${length} ${word}`)
    .join(', ');
