/** The control document of a deployed factory, as operators see and change it. */
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { ControlDocument, Pause } from '../../core/control.ts';
import { CONTROL_KEY, controlOf } from '../../lambdas/adapters/control-items.ts';
import { fieldsOf } from '../../lambdas/adapters/ledger-items.ts';
import { calling, clientConfig } from '../aws.ts';
import type { DeployedFactory } from '../factory.ts';
import type { Io } from '../io.ts';

type Factory = Pick<DeployedFactory, 'options' | 'ledger'>;

export async function readControl(io: Io, { options, ledger }: Factory): Promise<ControlDocument> {
  const client = new DynamoDBClient(clientConfig(io, options));
  const command = new GetItemCommand({ TableName: ledger, Key: CONTROL_KEY, ConsistentRead: true });
  const { Item: item } = await calling(`dynamodb:GetItem ${ledger}`, () => client.send(command));
  return controlOf(item);
}

/** False: it is paused already, and stays as it is. */
export async function setPause(io: Io, { options, ledger }: Factory, pause: Pause): Promise<boolean> {
  const client = new DynamoDBClient(clientConfig(io, options));
  const command = new UpdateItemCommand({
    TableName: ledger,
    Key: CONTROL_KEY,
    UpdateExpression: 'SET paused = :paused',
    ConditionExpression: 'attribute_not_exists(paused)',
    ExpressionAttributeValues: { ':paused': { M: fieldsOf(pause) } },
  });
  return calling(`dynamodb:UpdateItem ${ledger}`, async () => {
    try {
      await client.send(command);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  });
}

/** Lifts the pause and closes the breaker. Answers what there was. */
export async function clearControl(io: Io, { options, ledger }: Factory): Promise<ControlDocument> {
  const client = new DynamoDBClient(clientConfig(io, options));
  const command = new UpdateItemCommand({
    TableName: ledger,
    Key: CONTROL_KEY,
    UpdateExpression: 'REMOVE paused, directoryFullUntil',
    ReturnValues: 'ALL_OLD',
  });
  const { Attributes } = await calling(`dynamodb:UpdateItem ${ledger}`, () => client.send(command));
  return controlOf(Attributes);
}
