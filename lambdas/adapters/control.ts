import { BatchGetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { FactoryError } from '../../core/errors.ts';
import type { Control } from '../ports.ts';
import { calling } from './aws-errors.ts';
import { accountKeyOf, CONTROL_KEY, controlOf, unitsOf } from './control-items.ts';
import { type DynamoLedgerOptions, dynamoClient, TABLE_ERRORS } from './ledger.ts';
import type { Item } from './ledger-items.ts';

/** The control document and the accounts' records, in the ledger's table. */
export function dynamoControl({ table, client = dynamoClient() }: DynamoLedgerOptions): Control {
  return {
    read: async (accountId) => {
      const Keys = [CONTROL_KEY, ...(accountId === undefined ? [] : [accountKeyOf(accountId)])];
      // One call for both; and nothing else is read in batches, so that what control costs is seen.
      const command = new BatchGetItemCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } });
      const answer = await calling('BatchGetItem of control', TABLE_ERRORS, () => client.send(command));
      if (Object.keys(answer.UnprocessedKeys ?? {}).length > 0) throw new FactoryError('Throttled');
      const items = answer.Responses?.[table] ?? [];
      const find = (key: Item) => items.find(({ role }) => role?.S === key.role?.S);
      const record = accountId === undefined ? undefined : find(accountKeyOf(accountId));
      return { document: controlOf(find(CONTROL_KEY)), organizationalUnits: unitsOf(record) };
    },

    openBreaker: async (until) => {
      const command = new UpdateItemCommand({
        TableName: table,
        Key: CONTROL_KEY,
        UpdateExpression: 'SET directoryFullUntil = :until',
        ExpressionAttributeValues: { ':until': { S: until } },
      });
      await calling('UpdateItem of control', TABLE_ERRORS, () => client.send(command));
    },
  };
}
