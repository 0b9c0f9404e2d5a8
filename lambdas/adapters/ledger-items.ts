/** The table's layout: ledger entries as DynamoDB items and back. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { FactoryError } from '../../core/errors.ts';
import { type AccountId, accountId, type RoleName, roleId, roleName, roleNameKey } from '../../core/ids.ts';
import { type Incarnation, isLive, type LedgerEntry } from '../../core/ledger-entry.ts';

export type Item = Record<string, AttributeValue>;

/** Index of live entries by account and audience. */
export const AUDIENCE_INDEX = 'by-audience';

/** How long a removed incarnation is remembered: beyond a year of audits, and Entra's 30 days of soft deletion. */
const REMEMBERED_SECONDS = 400 * 24 * 60 * 60;

/** Partition key: all incarnations of one role name, which IAM keeps unique without regard to case. */
export const roleKey = (account: AccountId, name: RoleName): string => `${account}#${roleNameKey(name)}`;
export const audienceKey = (account: AccountId, audience: string): string => `${account}#${audience}`;

export const keyOf = (incarnation: Incarnation): Item => ({
  role: { S: roleKey(incarnation.accountId, incarnation.roleName) },
  roleId: { S: incarnation.roleId },
});

/** The entry's item: its fields, its keys, and the time when DynamoDB may forget it. */
export function itemOf(entry: LedgerEntry): Item {
  const item: Item = { ...fieldsOf(entry), ...keyOf(entry) };
  if (!isLive(entry)) {
    const forgetAt = Math.floor(Date.parse(entry.updatedAt) / 1000) + REMEMBERED_SECONDS;
    return { ...item, expiresAt: { N: String(forgetAt) } };
  }
  if (entry.audience === undefined) return item;
  return { ...item, accountAudience: { S: audienceKey(entry.accountId, entry.audience) } };
}

/** The entry of an item. Fails with Unexpected where the item is none. */
export function entryOf(item: Item): LedgerEntry {
  const { role: _key, accountAudience: _index, expiresAt: _ttl, ...fields } = item;
  const entry = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, read(value)]));
  try {
    accountId(entry.accountId);
    roleName(entry.roleName);
    roleId(entry.roleId);
  } catch (cause) {
    throw new FactoryError('Unexpected', 'The ledger holds an item that is no entry', { cause });
  }
  // Only this adapter writes the table, and it writes entries; the ids above guard against another table.
  return entry as unknown as LedgerEntry;
}

/** The entries among the items of the table: their key begins with an account, that of others with a word. */
export const entriesIn = (items: readonly Item[]): LedgerEntry[] =>
  items.filter(({ role }) => /^\d{12}#/.test(role?.S ?? '')).map(entryOf);

export const fieldsOf = (fields: object): Item =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, written(value)]),
  );

/** Entries consist of strings, numbers, lists and objects of these. */
function written(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (Array.isArray(value)) return { L: value.map(written) };
  if (typeof value === 'object' && value !== null) return { M: fieldsOf(value) };
  throw new FactoryError('Unexpected', `A ledger entry cannot hold a ${typeof value}`);
}

/** Reverses what {@link fieldsOf} made of a value. */
export function read(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.L !== undefined) return value.L.map(read);
  if (value.M !== undefined) {
    return Object.fromEntries(Object.entries(value.M).map(([name, field]) => [name, read(field)]));
  }
  throw new FactoryError('Unexpected', 'The ledger holds a value of a type that entries do not have');
}
