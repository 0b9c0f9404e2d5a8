/** Sweeps that people start: the one workflow that may look into every account, asked by the caller's own credentials. */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { planningName } from '../../core/naming.ts';
import type { SweepRequest } from '../../core/sweep.ts';
import { systemClock } from '../../lambdas/adapters/clock.ts';
import type { Item } from '../../lambdas/adapters/ledger-items.ts';
import { calling, clientConfig } from '../aws.ts';
import { readControl } from '../control/document.ts';
import { pauseText } from '../control/run.ts';
import type { DeployedFactory } from '../factory.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Where nobody may write, no plan is worth much by the time it is approved. */
export async function refusePaused(io: Io, factory: DeployedFactory): Promise<void> {
  const { paused } = await readControl(io, factory);
  if (!paused) return;
  throw new CommandFailure('refused', 'Paused', `The factory is paused ${pauseText(paused)}`, {
    remedy: 'Say oidc-factory resume once the reason is gone.',
  });
}

/** Starts a sweep and waits for its end; what its execution answered. Whoever stops waiting stops nothing. */
export async function runSweep(io: Io, factory: DeployedFactory, request: SweepRequest): Promise<unknown> {
  await refusePaused(io, factory);
  const { options, stateMachineArn } = factory;
  const states = new SFNClient(clientConfig(io, options));
  const name = request.planOnly ? planningName(randomUUID()) : `manual-${randomUUID()}`;
  const { executionArn = '' } = await calling('states:StartExecution sweep', () =>
    states.send(
      new StartExecutionCommand({
        stateMachineArn: stateMachineArn('sweep'),
        name,
        input: JSON.stringify(request),
      }),
    ),
  );
  io.tell(`Looking at the accounts: ${executionArn}`);
  const { status, output = 'null', error } = await untilEnded(io, states, executionArn);
  if (status === 'SUCCEEDED') return JSON.parse(output);
  throw new CommandFailure(
    'unavailable',
    'SweepFailed',
    `The sweep has ended as ${status}: ${error ?? 'no code'}`,
    {
      remedy: 'Look at the execution, repair the cause, and try again.',
      facts: { execution: executionArn },
    },
  );
}

/** Polls with growing pauses: seconds for a few accounts, minutes for hundreds. */
export async function untilEnded(io: Io, states: SFNClient, executionArn: string) {
  for (let pause = FIRST_PAUSE_MS, waited = 0; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const execution = await calling('states:DescribeExecution', () =>
      states.send(new DescribeExecutionCommand({ executionArn })),
    );
    if (execution.status !== 'RUNNING' && execution.status !== 'PENDING_REDRIVE') return execution;
    await systemClock.sleep(pause);
    waited += pause;
    if (waited % 60_000 < pause) io.tell(`${Math.floor(waited / 60_000)} min: still running`);
  }
}

/** Items of the ledger's table by their partition key, in the order of their sort keys. */
export async function itemsOf(
  io: Io,
  { options, ledger }: Pick<DeployedFactory, 'options' | 'ledger'>,
  role: string,
  { newest }: { readonly newest?: number } = {},
): Promise<Item[]> {
  const client = new DynamoDBClient(clientConfig(io, options));
  const items: Item[] = [];
  const query = {
    TableName: ledger,
    ConsistentRead: true,
    KeyConditionExpression: '#role = :role',
    ExpressionAttributeNames: { '#role': 'role' },
    ExpressionAttributeValues: { ':role': { S: role } },
    ...(newest !== undefined && { ScanIndexForward: false, Limit: newest }),
  };
  await calling(`dynamodb:Query ${ledger}`, async () => {
    for await (const page of paginateQuery({ client }, query)) {
      items.push(...(page.Items ?? []));
      if (newest !== undefined && items.length >= newest) break;
    }
  });
  return items;
}
