/** What the factory knows of a member account. */
import { ListTablesCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { read } from '../../lambdas/adapters/ledger-items.ts';
import type { Factory } from './harness.ts';

/** Undefined: nobody has enrolled it. */
export async function accountRecord(
  { dynamo }: Pick<Factory, 'dynamo'>,
  accountId: string,
): Promise<Record<string, unknown> | undefined> {
  const { TableNames } = await dynamo.send(new ListTablesCommand({}));
  const { Items: [item] = [] } = await dynamo.send(
    new QueryCommand({
      TableName: TableNames?.find((name) => name.includes('Ledger')),
      KeyConditionExpression: '#role = :role AND roleId = :account',
      ExpressionAttributeNames: { '#role': 'role' },
      ExpressionAttributeValues: { ':role': { S: 'account' }, ':account': { S: accountId } },
      ConsistentRead: true,
    }),
  );
  return item && Object.fromEntries(Object.entries(item).map(([name, value]) => [name, read(value)]));
}
