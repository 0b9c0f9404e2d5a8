import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Place } from '../../core/control.ts';
import { FactoryError } from '../../core/errors.ts';
import type { AccountId } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { Ledger } from '../ports.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { calling, type ErrorTable } from './aws-errors.ts';
import { countKeyOf } from './control-items.ts';
import { AUDIENCE_INDEX, audienceKey, entryOf, type Item, itemOf, keyOf, roleKey } from './ledger-items.ts';

export interface DynamoLedgerOptions {
  readonly table: string;
  readonly client?: DynamoDBClient;
}

/** What DynamoDB's refusals mean, of this table and of the guard's. */
export const TABLE_ERRORS: ErrorTable = {
  AccessDenied: 'LedgerForbidden',
  ResourceNotFound: 'InvalidSettings',
  ConditionalCheckFailed: 'LedgerConflict',
};

let sharedClient: DynamoDBClient | undefined;

/** Of all that a function keeps in DynamoDB: one connection. */
export const dynamoClient = (): DynamoDBClient => {
  sharedClient ??= new DynamoDBClient(CLIENT_OPTIONS);
  return sharedClient;
};

/** The ledger in one DynamoDB table. */
export function dynamoLedger({ table, client = dynamoClient() }: DynamoLedgerOptions): Ledger {
  async function query(input: Omit<QueryCommandInput, 'TableName'>): Promise<LedgerEntry[]> {
    const items: Item[] = [];
    let start: Item | undefined;
    do {
      const command = new QueryCommand({
        ...input,
        TableName: table,
        ...(start && { ExclusiveStartKey: start }),
      });
      const page = await calling('Query the ledger', TABLE_ERRORS, () => client.send(command));
      items.push(...(page.Items ?? []));
      start = page.LastEvaluatedKey;
    } while (start);
    return items.map(entryOf);
  }

  return {
    incarnations: (accountId, roleName) =>
      query({
        ConsistentRead: true,
        KeyConditionExpression: '#role = :role',
        ExpressionAttributeNames: { '#role': 'role' },
        ExpressionAttributeValues: { ':role': { S: roleKey(accountId, roleName) } },
      }),

    read: async (incarnation) => {
      const command = new GetItemCommand({
        TableName: table,
        Key: keyOf(incarnation),
        ConsistentRead: true,
      });
      const { Item: item } = await calling('GetItem of the ledger', TABLE_ERRORS, () => client.send(command));
      return item && entryOf(item);
    },

    holdersOf: (accountId, audience) =>
      query({
        IndexName: AUDIENCE_INDEX,
        KeyConditionExpression: '#key = :key',
        ExpressionAttributeNames: { '#key': 'accountAudience' },
        ExpressionAttributeValues: { ':key': { S: audienceKey(accountId, audience) } },
      }),

    write: async (next, previous, place) => {
      const put = { TableName: table, Item: itemOf(next), ...unchanged(previous) };
      if (!place) {
        await calling('PutItem of the ledger', TABLE_ERRORS, () => client.send(new PutItemCommand(put)));
        return;
      }
      const update = { TableName: table, ...taking(place, next.accountId) };
      // The SDK names each attempt by one token, so that its repetition after a lost answer takes no second place.
      const command = new TransactWriteItemsCommand({ TransactItems: [{ Put: put }, { Update: update }] });
      await calling('TransactWriteItems of the ledger', TABLE_ERRORS, async () => {
        try {
          await client.send(command);
        } catch (error) {
          throw error instanceof TransactionCanceledException ? cancelled(error) : error;
        }
      });
    },
  };
}

/** Why a transaction of a write and a place was cancelled; a conflict with another transaction passes. */
function cancelled({ CancellationReasons: reasons = [] }: TransactionCanceledException): FactoryError {
  const [write, place] = reasons.map(({ Code }) => Code);
  if (write === 'ConditionalCheckFailed') return new FactoryError('LedgerConflict');
  return new FactoryError(place === 'ConditionalCheckFailed' ? 'CapReached' : 'Throttled');
}

/** How long counts stay, which is longer than any hour. */
const COUNTED_SECONDS = 24 * 60 * 60;

/** One more in the count of the hour, while there are fewer than it has places. */
function taking(place: Place, accountId: AccountId) {
  const forgetAt = Math.floor(Date.parse(place.hour) / 1000) + COUNTED_SECONDS;
  return {
    Key: countKeyOf(accountId, place),
    UpdateExpression: 'ADD #taken :one SET expiresAt = :forgetAt',
    ConditionExpression: 'attribute_not_exists(#taken) OR #taken < :most',
    ExpressionAttributeNames: { '#taken': 'taken' },
    ExpressionAttributeValues: {
      ':one': { N: '1' },
      ':most': { N: String(place.most) },
      ':forgetAt': { N: String(forgetAt) },
    },
  };
}

/** Holds only while the item is still the one that was read. */
function unchanged(previous: LedgerEntry | undefined) {
  if (!previous) {
    return {
      ConditionExpression: 'attribute_not_exists(#role)',
      ExpressionAttributeNames: { '#role': 'role' },
    };
  }
  const { version, owner } = previous;
  return {
    ConditionExpression: `#version = :version AND ${owner ? '#owner = :owner' : 'attribute_not_exists(#owner)'}`,
    ExpressionAttributeNames: { '#version': 'version', '#owner': 'owner' },
    ExpressionAttributeValues: {
      ':version': { N: String(version) },
      ...(owner && { ':owner': { S: owner } }),
    },
  };
}
