import { tmpdir } from 'node:os';
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROL_KEY } from '../../lambdas/adapters/control-items.ts';
import { fieldsOf, type Item } from '../../lambdas/adapters/ledger-items.ts';
import { run } from './recorded-io.ts';

// Where no config lies about.
const home = process.cwd();
beforeAll(() => process.chdir(tmpdir()));
afterAll(() => process.chdir(home));

const OPERATOR = 'arn:aws:iam::123456789012:user/operator';
const THEIRS = {
  since: '2026-11-20T10:00:00.000Z',
  by: 'arn:aws:iam::123456789012:user/other',
  reason: 'INC-1',
};
const FUNCTION = 'arn:aws:lambda:eu-central-1:123456789012:function:inspect';

const mockedDynamo = () => mockClient(DynamoDBClient);
type Dynamo = ReturnType<typeof mockedDynamo>;

/** A command in a factory account whose table answers as `arrange` says. */
async function inFactory(arrange: (dynamo: Dynamo) => void, ...args: string[]) {
  const [sts, states] = [mockClient(STSClient), mockClient(SFNClient)];
  const [lambda, dynamo] = [mockClient(LambdaClient), mockedDynamo()];
  sts.on(GetCallerIdentityCommand).resolves({ Account: '123456789012', Arn: OPERATOR });
  states
    .on(DescribeStateMachineCommand)
    .resolves({ definition: JSON.stringify({ States: { InspectRole: { Resource: FUNCTION } } }) });
  const Variables = { LEDGER_TABLE: 'the-ledger', MODE: 'enforce', MODES: '{}', CONTROL_SECONDS: '10' };
  lambda.on(GetFunctionConfigurationCommand).resolves({ Environment: { Variables } });
  arrange(dynamo);
  try {
    const ran = await run([...args, '--region', 'eu-central-1']);
    return { ...ran, updates: dynamo.commandCalls(UpdateItemCommand).map((call) => call.args[0].input) };
  } finally {
    for (const mock of [sts, states, lambda, dynamo]) mock.restore();
  }
}

const succeeds = (dynamo: Dynamo) => dynamo.on(UpdateItemCommand).resolves({});
const isPaused = (dynamo: Dynamo) => {
  const error = new ConditionalCheckFailedException({ message: 'no', $metadata: {} });
  dynamo.on(UpdateItemCommand).rejects(error);
  dynamo.on(GetItemCommand).resolves({ Item: { ...CONTROL_KEY, paused: { M: fieldsOf(THEIRS) } } });
};

describe('pause', () => {
  it('says who, when and why, in the one document', async () => {
    const { exitCode, json, updates } = await inFactory(succeeds, 'pause', '--reason', 'INC-4711', '--json');
    expect(exitCode).toBe(0);
    const paused = { since: expect.stringMatching(/^\d{4}-.*Z$/), by: OPERATOR, reason: 'INC-4711' };
    expect(json()).toEqual({ paused, changed: true });
    expect(updates).toEqual([
      expect.objectContaining({
        TableName: 'the-ledger',
        Key: CONTROL_KEY,
        ConditionExpression: 'attribute_not_exists(paused)',
        ExpressionAttributeValues: { ':paused': { M: fieldsOf(json().paused) } },
      }),
    ]);
  });

  it('leaves an earlier pause as it is, and tells of it', async () => {
    const { exitCode, json } = await inFactory(isPaused, 'pause', '--json');
    expect({ exitCode, ...json() }).toEqual({ exitCode: 0, paused: THEIRS, changed: false });
    const { stdout } = await inFactory(isPaused, 'pause');
    expect(stdout).toBe(`paused already: since ${THEIRS.since} by ${THEIRS.by}: INC-1`);
  });

  it('says so where somebody resumes at the same time', async () => {
    const { exitCode, json } = await inFactory(
      (dynamo) => {
        isPaused(dynamo);
        dynamo.on(GetItemCommand).resolves({});
      },
      'pause',
      '--json',
    );
    expect({ exitCode, code: json().error.code }).toEqual({ exitCode: 4, code: 'ResumedMeanwhile' });
  });
});

describe('resume', () => {
  const was = (attributes: Item) => (dynamo: Dynamo) =>
    dynamo.on(UpdateItemCommand).resolves({ Attributes: attributes });

  it('lifts the pause and closes the breaker, and tells what there was', async () => {
    const directoryFullUntil = '2026-11-20T11:00:00.000Z';
    const both = was({
      ...CONTROL_KEY,
      paused: { M: fieldsOf(THEIRS) },
      directoryFullUntil: { S: directoryFullUntil },
    });
    const { exitCode, json, updates } = await inFactory(both, 'resume', '--json');
    expect({ exitCode, ...json() }).toEqual({ exitCode: 0, paused: THEIRS, directoryFullUntil });
    expect(updates).toEqual([
      expect.objectContaining({ Key: CONTROL_KEY, UpdateExpression: 'REMOVE paused, directoryFullUntil' }),
    ]);
    const { stdout } = await inFactory(both, 'resume');
    expect(stdout).toContain(`resumed: was paused since ${THEIRS.since} by ${THEIRS.by}: INC-1`);
    expect(stdout).toContain(directoryFullUntil);
  });

  it('is no failure where nothing was paused', async () => {
    const { exitCode, json } = await inFactory(was(CONTROL_KEY), 'resume', '--json');
    expect({ exitCode, ...json() }).toEqual({ exitCode: 0, paused: null, directoryFullUntil: null });
    expect((await inFactory(was(CONTROL_KEY), 'resume')).stdout).toBe('It was not paused.');
  });
});
