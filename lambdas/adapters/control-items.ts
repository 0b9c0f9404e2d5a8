/** The items of the ledger's table that are no entries: the control document and what is read of accounts' records. */
import type { ControlDocument, Place } from '../../core/control.ts';
import { FactoryError } from '../../core/errors.ts';
import type { AccountId } from '../../core/ids.ts';
import { type Item, read } from './ledger-items.ts';

export const CONTROL_KEY: Item = { role: { S: 'control' }, roleId: { S: 'control' } };

export const accountKeyOf = (accountId: AccountId): Item => ({
  role: { S: 'account' },
  roleId: { S: accountId },
});

/** Counts the places that are taken of one hour. */
export const countKeyOf = (accountId: AccountId, { of, hour }: Place): Item => ({
  role: { S: `count#${accountId}` },
  roleId: { S: `${of}#${hour}` },
});

/** Whoever cannot read it must not go on: what is there and is no document fails with Unexpected. */
export function controlOf(item: Item | undefined): ControlDocument {
  const { paused, directoryFullUntil } = fieldsOf(item);
  if (
    (paused === undefined || isPause(paused)) &&
    (directoryFullUntil === undefined || isTime(directoryFullUntil))
  ) {
    return { ...(paused && { paused }), ...(directoryFullUntil !== undefined && { directoryFullUntil }) };
  }
  throw new FactoryError('Unexpected', 'The control document has another form');
}

/** Undefined: the record says nothing of them. */
export function unitsOf(record: Item | undefined): readonly string[] | undefined {
  const { organizationalUnits: units } = fieldsOf(record);
  if (units === undefined || (Array.isArray(units) && units.every((unit) => typeof unit === 'string')))
    return units;
  throw new FactoryError('Unexpected', 'The record of the account has another form');
}

const fieldsOf = (item: Item | undefined): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(item ?? {}).map(([name, value]) => [name, read(value)]));

function isPause(value: unknown): value is NonNullable<ControlDocument['paused']> {
  const { since, by, reason } = (value ?? {}) as Record<string, unknown>;
  return isTime(since) && typeof by === 'string' && (reason === undefined || typeof reason === 'string');
}

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value));
