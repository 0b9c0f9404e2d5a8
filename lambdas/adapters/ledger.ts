import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { Ledger } from '../ports.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { calling, type ErrorTable } from './aws-errors.ts';
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

/** The ledger in one DynamoDB table. */
export function dynamoLedger(options: DynamoLedgerOptions): Ledger {
  const { table, client = new DynamoDBClient(CLIENT_OPTIONS) } = options;

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

    write: async (next, previous) => {
      const command = new PutItemCommand({ TableName: table, Item: itemOf(next), ...unchanged(previous) });
      await calling('PutItem of the ledger', TABLE_ERRORS, () => client.send(command));
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
