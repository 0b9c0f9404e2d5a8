import {
  type AttributeValue,
  BatchGetItemCommand,
  DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { accountId } from '../../../core/ids.ts';
import { dynamoControl } from '../../../lambdas/adapters/control.ts';

const ACCOUNT = accountId('111122223333');
const CONTROL = { role: { S: 'control' }, roleId: { S: 'control' } };
const RECORD = { role: { S: 'account' }, roleId: { S: ACCOUNT } };
const PAUSE = { since: '2026-11-20T10:00:00.000Z', by: 'arn:aws:iam::999988887777:user/operator' };
const paused = { M: { since: { S: PAUSE.since }, by: { S: PAUSE.by } } };

const dynamodb = mockClient(DynamoDBClient);
beforeEach(() => dynamodb.reset());
const control = dynamoControl({ table: 'ledger', client: new DynamoDBClient({ region: 'us-east-1' }) });
const found = (...items: Record<string, AttributeValue>[]) =>
  dynamodb.on(BatchGetItemCommand).resolves({ Responses: { ledger: items } });

describe('control', () => {
  it('is the document alone, read with strong consistency', async () => {
    found({ ...CONTROL, paused, directoryFullUntil: { S: '2026-11-20T11:00:00.000Z' } });
    expect(await control.read(undefined)).toEqual({
      document: { paused: PAUSE, directoryFullUntil: '2026-11-20T11:00:00.000Z' },
      organizationalUnits: undefined,
    });
    expect(dynamodb.commandCalls(BatchGetItemCommand)[0]?.args[0].input).toEqual({
      RequestItems: { ledger: { Keys: [CONTROL], ConsistentRead: true } },
    });
  });

  it('is the record of an account with it, in one call and whatever order', async () => {
    found({ ...RECORD, organizationalUnits: { L: [{ S: 'ou-ab12-a1b2c3d4' }] } }, { ...CONTROL, paused });
    expect(await control.read(ACCOUNT)).toEqual({
      document: { paused: PAUSE },
      organizationalUnits: ['ou-ab12-a1b2c3d4'],
    });
  });

  it('is empty where nobody ever said anything', async () => {
    found();
    expect(await control.read(ACCOUNT)).toEqual({ document: {}, organizationalUnits: undefined });
  });

  it.each<[string, Record<string, AttributeValue>]>([
    ['a pause of another form', { ...CONTROL, paused: { S: 'yes' } }],
    ['a pause without a time', { ...CONTROL, paused: { M: { by: { S: 'me' }, since: { S: 'yesterday' } } } }],
    ['a pause as a flag', { ...CONTROL, paused: { BOOL: false } }],
    ['a breaker without a time', { ...CONTROL, directoryFullUntil: { S: 'soon' } }],
    ['units of another form', { ...RECORD, organizationalUnits: { S: 'ou-ab12-a1b2c3d4' } }],
  ])('cannot be read with %s, which nobody may take for go', async (_, item) => {
    found(item);
    await expect(control.read(ACCOUNT)).rejects.toMatchObject({ code: 'Unexpected' });
  });

  it('cannot be read where DynamoDB leaves something out', async () => {
    dynamodb.on(BatchGetItemCommand).resolves({
      Responses: { ledger: [] },
      UnprocessedKeys: { ledger: { Keys: [CONTROL] } },
    });
    await expect(control.read(undefined)).rejects.toMatchObject({ code: 'Throttled' });
  });

  it('gets the breaker, and keeps what else it says', async () => {
    dynamodb.on(UpdateItemCommand).resolves({});
    await control.openBreaker('2026-11-20T11:00:00.000Z');
    expect(dynamodb.commandCalls(UpdateItemCommand)[0]?.args[0].input).toMatchObject({
      Key: CONTROL,
      UpdateExpression: 'SET directoryFullUntil = :until',
    });
  });
});
