/** Sweeps, as the clock or an operator starts them, and what they leave behind. */
import {
  type AttributeValue,
  DeleteItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Step } from '../../core/drift/step.ts';
import type { SweepReport } from '../../core/sweep.ts';
import { until } from '../../sandbox/clients.ts';
import { atRest } from '../../sandbox/enrolment.ts';
import type { Factory } from './harness.ts';

async function machineArn({ states }: Factory): Promise<string> {
  const { stateMachines = [] } = await states.send(new ListStateMachinesCommand({}));
  const machine = stateMachines.find(({ name }) => name === 'oidc-factory-sweep');
  if (!machine?.stateMachineArn) throw new Error('There is no sweep');
  return machine.stateMachineArn;
}

export const startSweep = async (factory: Factory): Promise<string> => {
  const command = new StartExecutionCommand({ stateMachineArn: await machineArn(factory) });
  return (await factory.states.send(command)).executionArn ?? '';
};

/** Every sweep, newest first. */
export const sweeps = async (factory: Factory) =>
  (await factory.states.send(new ListExecutionsCommand({ stateMachineArn: await machineArn(factory) })))
    .executions ?? [];

export const sweepEnded = (factory: Factory, executionArn: string) =>
  until('the end of the sweep', async () => {
    const execution = await factory.states.send(new DescribeExecutionCommand({ executionArn }));
    return execution.status === 'RUNNING' ? undefined : execution;
  });

/** One sweep from its start until everything that it has started is over. */
export async function sweep(factory: Factory): Promise<SweepReport> {
  const { status, output, error, cause } = await sweepEnded(factory, await startSweep(factory));
  if (status !== 'SUCCEEDED') throw new Error(`The sweep ${status}: ${error} ${cause}`);
  await resting(factory);
  return JSON.parse(output ?? '');
}

/** When no execution runs. */
export const resting = ({ sandbox }: Factory) => {
  const { caller } = sandbox.administrator(sandbox.world.factoryAccountId);
  return atRest({ world: sandbox.world, cloud: sandbox.aws.cloud }, caller);
};

/** What a sweep has found of an account. */
export async function findings(
  { dynamo }: Pick<Factory, 'dynamo'>,
  sweepId: string,
  accountId: string,
): Promise<readonly Step[]> {
  const { Items: [item] = [] } = await dynamo.send(
    new QueryCommand({
      TableName: await tableName({ dynamo }),
      KeyConditionExpression: '#role = :role AND roleId = :account',
      ExpressionAttributeNames: { '#role': 'role' },
      ExpressionAttributeValues: { ':role': { S: `sweep#${sweepId}` }, ':account': { S: accountId } },
      ConsistentRead: true,
    }),
  );
  return JSON.parse(item?.steps?.S ?? '[]');
}

/** The whole of the ledger's table. */
export async function allItems({
  dynamo,
}: Pick<Factory, 'dynamo'>): Promise<Record<string, AttributeValue>[]> {
  const TableName = await tableName({ dynamo });
  return (await dynamo.send(new ScanCommand({ TableName, ConsistentRead: true }))).Items ?? [];
}

const CONTROL = { role: { S: 'control' }, roleId: { S: 'control' } };

/** As an operator does it with the command line. */
export async function pause(factory: Factory): Promise<void> {
  const paused = { M: { since: { S: new Date().toISOString() }, by: { S: 'test' } } };
  const TableName = await tableName(factory);
  await factory.dynamo.send(new PutItemCommand({ TableName, Item: { ...CONTROL, paused } }));
}
export async function resume(factory: Factory): Promise<void> {
  await factory.dynamo.send(new DeleteItemCommand({ TableName: await tableName(factory), Key: CONTROL }));
}

async function tableName({ dynamo }: Pick<Factory, 'dynamo'>): Promise<string | undefined> {
  const { TableNames } = await dynamo.send(new ListTablesCommand({}));
  return TableNames?.find((name) => name.includes('Ledger'));
}
