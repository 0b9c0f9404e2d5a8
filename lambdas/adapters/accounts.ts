/** The records of the member accounts, in the ledger's table. */
import {
  DynamoDBClient,
  GetItemCommand,
  paginateQuery,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { isFactoryError } from '../../core/errors.ts';
import { type AccountId, accountId as accountIdOf } from '../../core/ids.ts';
import type { KnownAccount } from '../../core/overview.ts';
import type { AccountRecords, EnrolledAccount } from '../enrol-account/ports.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { calling } from './aws-errors.ts';
import { accountKeyOf } from './control-items.ts';
import { type DynamoLedgerOptions, TABLE_ERRORS } from './ledger.ts';
import { fieldsOf, type Item, read } from './ledger-items.ts';

export function accountRecords({
  table,
  client = new DynamoDBClient(CLIENT_OPTIONS),
}: DynamoLedgerOptions): AccountRecords {
  const update = (
    accountId: AccountId,
    input: Pick<
      UpdateItemCommandInput,
      'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeValues'
    >,
  ) =>
    calling('UpdateItem of an account', TABLE_ERRORS, () =>
      client.send(new UpdateItemCommand({ TableName: table, Key: accountKeyOf(accountId), ...input })),
    );

  return {
    accountIds: () =>
      calling('Query the accounts', TABLE_ERRORS, async () => {
        const ids: AccountId[] = [];
        const query = {
          TableName: table,
          KeyConditionExpression: '#role = :account',
          ProjectionExpression: 'roleId',
          ExpressionAttributeNames: { '#role': 'role' },
          ExpressionAttributeValues: { ':account': { S: 'account' } },
        };
        for await (const { Items = [] } of paginateQuery({ client }, query)) {
          ids.push(...Items.map(({ roleId }) => accountIdOf(roleId?.S)));
        }
        return ids;
      }),

    read: async (accountId) => {
      const command = new GetItemCommand({
        TableName: table,
        Key: accountKeyOf(accountId),
        ConsistentRead: true,
      });
      const { Item: item } = await calling('GetItem of an account', TABLE_ERRORS, () => client.send(command));
      return item && enrolledOf(item);
    },

    swept: async (accountId, now, changesTold) => {
      await update(accountId, {
        UpdateExpression: 'SET lastSweptAt = :now, changesTold = :told',
        ConditionExpression: 'attribute_exists(enrolledAt)',
        ExpressionAttributeValues: fieldsOf({ ':now': now, ':told': changesTold }),
      });
    },

    enrolled: async (
      { accountId, organizationalUnits, providerArn, notes, ...more },
      now,
      heartbeatSentAt,
    ) => {
      await update(accountId, {
        UpdateExpression: [
          'SET enrolledAt = if_not_exists(enrolledAt, :now), organizationalUnits = :units, notes = :notes',
          ', placeholders = :placeholders',
          ...(more.providerReverts ? [', providerReverts = :reverts'] : []),
          ...(providerArn === null ? [] : [', providerArn = :provider']),
          ...(heartbeatSentAt === undefined ? [] : [', heartbeatSentAt = :sent']),
          ...(providerArn === null ? [' REMOVE providerArn'] : []),
        ].join(''),
        ExpressionAttributeValues: fieldsOf({
          ':now': now,
          ':units': organizationalUnits,
          ':notes': notes,
          ':placeholders': more.placeholders,
          ':reverts': more.providerReverts,
          ':provider': providerArn ?? undefined,
          ':sent': heartbeatSentAt,
        }),
      });
    },

    heartbeatSeen: async (accountId, at) => {
      try {
        await update(accountId, {
          UpdateExpression: 'SET heartbeatSeenAt = :at',
          // Events come late, twice and in any order.
          ConditionExpression:
            'attribute_exists(enrolledAt) AND (attribute_not_exists(heartbeatSeenAt) OR heartbeatSeenAt < :at)',
          ExpressionAttributeValues: { ':at': { S: at } },
        });
      } catch (error) {
        if (!isFactoryError(error, 'LedgerConflict')) throw error;
      }
    },
  };
}

/** Only this adapter writes these items; what an older one has not written is as if it had been empty. */
function enrolledOf(item: Item): EnrolledAccount {
  const fields: Partial<EnrolledAccount> = Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, read(value)]),
  );
  const {
    enrolledAt = '',
    providerArn = null,
    notes = [],
    placeholders = [],
    providerReverts,
    heartbeatSeenAt,
    changesTold,
  } = fields;
  return {
    enrolledAt,
    providerArn,
    notes,
    placeholders,
    ...(providerReverts && { providerReverts }),
    ...(heartbeatSeenAt !== undefined && { heartbeatSeenAt }),
    ...(changesTold && { changesTold }),
  };
}

/** Partition key of all records. */
export const ACCOUNTS = 'account';

/** As operators see it. */
export function knownAccountIn(item: Item): KnownAccount {
  const { enrolledAt, heartbeatSeenAt, notes } = enrolledOf(item);
  return {
    accountId: accountIdOf(item.roleId?.S),
    enrolledAt,
    notes,
    ...(heartbeatSeenAt !== undefined && { heartbeatSeenAt }),
    ...(item.lastSweptAt?.S !== undefined && { lastSweptAt: item.lastSweptAt.S }),
  };
}
