/** The guard's record in one DynamoDB table: files of roles by account, the accounts, and the last hour. */
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { FactoryError, isFactoryError } from '../../core/errors.ts';
import { isOpen } from '../../core/guard/findings.ts';
import { isContained, type RoleFile } from '../../core/guard/role-file.ts';
import { type AccountId, accountId, type RoleName, roleId, roleName, roleNameKey } from '../../core/ids.ts';
import type { GuardRecord } from '../guard-role/ports.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { calling } from './aws-errors.ts';
import { TABLE_ERRORS } from './ledger.ts';
import { fieldsOf, type Item, read } from './ledger-items.ts';

export interface GuardRecordOptions {
  readonly table: string;
  readonly client?: DynamoDBClient;
}

/** Partition of the accounts that are known; no account has such an id. */
const ACCOUNTS = 'accounts';
const LAST_HOUR = { account: { S: 'quarantines' }, item: { S: 'last-hour' } };

const DAY = 24 * 60 * 60;
/** What a role that is gone is remembered for, and one that nothing is wrong with: until the sweeps after that. */
const GONE_DAYS = 400;
const CLEAN_DAYS = 30;

export function guardRecord(options: GuardRecordOptions): GuardRecord {
  const { table, client = new DynamoDBClient(CLIENT_OPTIONS) } = options;

  async function query(account: string, prefix = ''): Promise<Item[]> {
    const items: Item[] = [];
    let start: Item | undefined;
    do {
      const command = new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: prefix === '' ? '#a = :a' : '#a = :a AND begins_with(#i, :i)',
        ExpressionAttributeNames: { '#a': 'account', ...(prefix !== '' && { '#i': 'item' }) },
        ExpressionAttributeValues: { ':a': { S: account }, ...(prefix !== '' && { ':i': { S: prefix } }) },
        ...(start && { ExclusiveStartKey: start }),
      });
      const page = await calling("Query the guard's record", TABLE_ERRORS, () => client.send(command));
      items.push(...(page.Items ?? []));
      start = page.LastEvaluatedKey;
    } while (start);
    return items;
  }

  /** On condition; whether it held. */
  async function put(
    item: Item,
    condition: string,
    names: Record<string, string>,
    values?: Item,
  ): Promise<void> {
    const command = new PutItemCommand({
      TableName: table,
      Item: item,
      ConditionExpression: condition,
      ExpressionAttributeNames: names,
      ...(values && { ExpressionAttributeValues: values }),
    });
    await calling("PutItem of the guard's record", TABLE_ERRORS, () => client.send(command));
  }

  /** Replaces an item of the version before; version 1 is a new one. */
  const replace = (item: Item, version: number): Promise<void> =>
    version === 1
      ? put(item, 'attribute_not_exists(#account)', { '#account': 'account' })
      : put(item, '#version = :before', { '#version': 'version' }, { ':before': { N: String(version - 1) } });

  return {
    files: async (account, name) => (await query(account, `${roleNameKey(name)}#`)).map(fileOf),
    filesOf: async (account) => (await query(account)).map(fileOf),
    save: (next) => replace(itemOf(next), next.version),

    enrol: async (account) => {
      const item = { account: { S: ACCOUNTS }, item: { S: account } };
      await ifFree(() => put(item, 'attribute_not_exists(#account)', { '#account': 'account' }));
    },
    accounts: async () => (await query(ACCOUNTS)).map(({ item }) => accountId(item?.S)),
    beginSweep: (account, before, now) => {
      const item = { account: { S: ACCOUNTS }, item: { S: account }, sweptAt: { N: String(now) } };
      const condition = 'attribute_not_exists(#swept) OR #swept < :before';
      return ifFree(() =>
        put(item, condition, { '#swept': 'sweptAt' }, { ':before': { N: String(before) } }),
      );
    },

    recent: async () => {
      const command = new GetItemCommand({ TableName: table, Key: LAST_HOUR, ConsistentRead: true });
      const { Item: item } = await calling("GetItem of the guard's record", TABLE_ERRORS, () =>
        client.send(command),
      );
      const times = item?.times && read(item.times);
      return { times: (times ?? []) as readonly number[], version: Number(item?.version?.N ?? 0) };
    },
    setRecent: (times, version) =>
      replace({ ...LAST_HOUR, ...fieldsOf({ times, version: version + 1 }) }, version + 1),
  };
}

/** Whether the condition of a write held. */
async function ifFree(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isFactoryError(error, 'LedgerConflict')) return false;
    throw error;
  }
}

const keyOf = (file: { accountId: AccountId; roleName: RoleName; roleId: string }): Item => ({
  account: { S: file.accountId },
  item: { S: `${roleNameKey(file.roleName)}#${file.roleId}` },
});

/** What may be forgotten has a time; DynamoDB removes it then. */
function itemOf(file: RoleFile): Item {
  const days = file.goneAt
    ? GONE_DAYS
    : file.findings.some(isOpen) || isContained(file)
      ? undefined
      : CLEAN_DAYS;
  const expiresAt = days && Math.floor(Date.parse(file.checkedAt) / 1000) + days * DAY;
  return { ...fieldsOf(file), ...keyOf(file), ...(expiresAt && { expiresAt: { N: String(expiresAt) } }) };
}

/** Of all items of the table, those that are files. */
export const filesIn = (items: readonly Item[]): readonly RoleFile[] =>
  items.filter(({ roleId: id }) => id !== undefined).map(fileOf);

/** The file of an item. Fails with Unexpected where the item is none. */
function fileOf(stored: Item): RoleFile {
  const { account: _, item: __, expiresAt: ___, ...fields } = stored;
  const file = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, read(value)]));
  try {
    accountId(file.accountId);
    roleName(file.roleName);
    roleId(file.roleId);
  } catch (cause) {
    throw new FactoryError('Unexpected', "The guard's record holds an item that is no file", { cause });
  }
  // Only this adapter writes the table; the ids above guard against another one.
  return file as unknown as RoleFile;
}
