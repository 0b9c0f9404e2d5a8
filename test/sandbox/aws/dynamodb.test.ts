import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDb } from '../../../sandbox/aws/dynamodb.ts';
import { createLab, FACTORY, type Lab, MEMBER, REGION } from './lambda-lab.ts';

let lab: Lab;
let dynamodb: ReturnType<typeof createDynamoDb>;
const call = <Output = Record<string, unknown>>(operation: string, input: object, options = {}) =>
  lab.call<Output>('dynamodb', operation, { TableName: 'ledger', ...input }, options);
const ARN = `arn:aws:dynamodb:${REGION}:${FACTORY}:table/ledger`;

beforeAll(async () => {
  lab = await createLab();
  dynamodb = createDynamoDb(lab.cloud);
  lab.cloud.register(dynamodb);
  await call('CreateTable', {
    AttributeDefinitions: ['role', 'roleId', 'accountAudience'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: [
      { AttributeName: 'role', KeyType: 'HASH' },
      { AttributeName: 'roleId', KeyType: 'RANGE' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-audience',
        KeySchema: [{ AttributeName: 'accountAudience', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
    DeletionProtectionEnabled: true,
  });
});
afterAll(async () => {
  await dynamodb.close();
  await lab.close();
});

const item = (role: string, version = 1) => ({
  role: { S: role },
  roleId: { S: 'AROA1' },
  version: { N: String(version) },
});
const key = (role: string) => ({ role: { S: role }, roleId: { S: 'AROA1' } });

/** A session of a role with these statements. */
async function session(name: string, statements: object[]) {
  const arn = await lab.role(FACTORY, name, 'lambda.amazonaws.com', statements);
  return { as: lab.cloud.assumeRoleAsService(arn, 'lambda.amazonaws.com', 'test') };
}

describe('items', () => {
  it('are written under conditions and read back', async () => {
    const onlyNew = {
      ConditionExpression: 'attribute_not_exists(#r)',
      ExpressionAttributeNames: { '#r': 'role' },
    };
    await call('PutItem', { Item: item('a'), ...onlyNew });
    await expect(call('PutItem', { Item: item('a', 2), ...onlyNew })).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
    });
    expect(await call('GetItem', { Key: key('a'), ConsistentRead: true })).toEqual({ Item: item('a') });
    await call('UpdateItem', {
      Key: key('a'),
      UpdateExpression: 'SET version = :v',
      ExpressionAttributeValues: { ':v': { N: '3' } },
    });
    expect(await call('GetItem', { Key: key('a') })).toEqual({ Item: item('a', 3) });
    await call('DeleteItem', { Key: key('a') });
    expect(await call('GetItem', { Key: key('a') })).toEqual({});
  });

  it('are in an index only while they carry its key', async () => {
    await call('PutItem', { Item: { ...item('b'), accountAudience: { S: 'x' } } });
    await call('PutItem', { Item: item('c') });
    const query = {
      IndexName: 'by-audience',
      KeyConditionExpression: 'accountAudience = :a',
      ExpressionAttributeValues: { ':a': { S: 'x' } },
    };
    expect(await call('Query', query)).toMatchObject({ Count: 1, Items: [{ role: { S: 'b' } }] });
    expect(await call('Scan', { IndexName: 'by-audience' })).toMatchObject({ Count: 1 });
  });

  it('are each account’s own', async () => {
    await call('PutItem', { Item: item('d') });
    await expect(call('GetItem', { Key: key('d') }, { accountId: MEMBER })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it.each([
    ['a malformed expression', 'GetItem', { Key: key('a'), ProjectionExpression: '(' }],
    [
      'what the store would ignore',
      'PutItem',
      { Item: item('a'), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
    ],
  ])('refuse %s', async (_, operation, input) => {
    await expect(call(operation, input)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('a transaction', () => {
  const put = (role: string, more: object = {}) => ({
    Put: {
      TableName: 'ledger',
      Item: item(role),
      ConditionExpression: 'attribute_not_exists(#r)',
      ExpressionAttributeNames: { '#r': 'role' },
      ...more,
    },
  });
  const count = (role: string, most: number) => ({
    Update: {
      TableName: 'ledger',
      Key: key(role),
      UpdateExpression: 'ADD taken :one',
      ConditionExpression: 'attribute_not_exists(taken) OR taken < :most',
      ExpressionAttributeValues: { ':one': { N: '1' }, ':most': { N: String(most) } },
    },
  });
  const transact = (TransactItems: object[], options = {}, more: object = {}) =>
    lab.call('dynamodb', 'TransactWriteItems', { TransactItems, ...more }, options);
  const stored = async (role: string) =>
    (await call<{ Item?: unknown }>('GetItem', { Key: key(role), ConsistentRead: true })).Item;

  it('writes everything or nothing, and says what was in the way', async () => {
    await transact([put('t1'), count('t-count', 2)]);
    await transact([put('t2'), count('t-count', 2)]);
    expect(await stored('t-count')).toMatchObject({ taken: { N: '2' } });
    await expect(transact([put('t3'), count('t-count', 2)])).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
    });
    await expect(transact([put('t1'), count('t-count', 9)])).rejects.toMatchObject({
      CancellationReasons: [{ Code: 'ConditionalCheckFailed' }, { Code: 'None' }],
    });
    expect(await stored('t3')).toBeUndefined();
    expect(await stored('t-count')).toMatchObject({ taken: { N: '2' } });
  });

  it('is alone: of many at once so many get through as may', async () => {
    const all = Array.from({ length: 12 }, (_, index) => transact([put(`m${index}`), count('m-count', 5)]));
    const results = await Promise.allSettled(all);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(await stored('m-count')).toMatchObject({ taken: { N: '5' } });
  });

  it('with the token of one that was performed is not performed again', async () => {
    const token = { ClientRequestToken: 'once' };
    await transact([count('again', 9)], {}, token);
    await transact([count('again', 9)], {}, token);
    expect(await stored('again')).toMatchObject({ taken: { N: '1' } });
    await expect(transact([count('again', 8)], {}, token)).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
  });

  it.each([
    ['two writes of one item', [put('same'), count('same', 1)]],
    ['a condition alone', [{ ConditionCheck: { TableName: 'ledger', Key: key('a') } }]],
    ['no write at all', []],
    ['what the store would ignore', [put('x', { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })]],
  ])('refuses %s', async (_, items) => {
    await expect(transact(items)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('needs the right to each of its writes, on the keys of all', async () => {
    const allow = (Action: string, ...keys: string[]) => ({
      Effect: 'Allow',
      Action,
      Resource: ARN,
      Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': keys } },
    });
    const both = ['p1', 'p-count'];
    const work = [put('p1'), count('p-count', 1)];
    for (const statements of [
      [allow('dynamodb:PutItem', ...both)],
      [allow('dynamodb:PutItem', 'p1'), allow('dynamodb:UpdateItem', 'p-count')],
    ]) {
      const as = await session(`half-${statements.length}`, statements);
      await expect(transact(work, as)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    }
    const statements = [allow('dynamodb:PutItem', ...both), allow('dynamodb:UpdateItem', ...both)];
    await transact(work, await session('whole', statements));
  });
});

describe('a batch', () => {
  it('reads items of one call, as far as they exist and the caller may', async () => {
    await call('PutItem', { Item: item('batched') });
    const RequestItems = { ledger: { Keys: [key('batched'), key('nobody')], ConsistentRead: true } };
    const batch = (options = {}) => lab.call('dynamodb', 'BatchGetItem', { RequestItems }, options);
    expect(await batch()).toMatchObject({ Responses: { ledger: [item('batched')] } });
    const reader = (name: string, ...keys: string[]) =>
      session(name, [
        {
          Effect: 'Allow',
          Action: 'dynamodb:BatchGetItem',
          Resource: ARN,
          Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': keys } },
        },
      ]);
    await batch(await reader('reads-both', 'batched', 'nobody'));
    await expect(batch(await reader('reads-one', 'batched'))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

describe('authorization', () => {
  it('is by operation and by table or index', async () => {
    const reader = await session('reader', [{ Effect: 'Allow', Action: 'dynamodb:Query', Resource: ARN }]);
    const query = {
      KeyConditionExpression: '#r = :r',
      ExpressionAttributeNames: { '#r': 'role' },
      ExpressionAttributeValues: { ':r': { S: 'a' } },
    };
    await expect(call('Query', query, reader)).resolves.toMatchObject({ Count: 0 });
    const denied = { name: 'AccessDeniedException' };
    await expect(call('Query', { ...query, IndexName: 'by-audience' }, reader)).rejects.toMatchObject(denied);
    await expect(call('PutItem', { Item: item('a') }, reader)).rejects.toMatchObject(denied);
  });

  it('can confine a caller to partition keys', async () => {
    const Condition = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['mine'] } };
    const tenant = await session('tenant', [
      { Effect: 'Allow', Action: 'dynamodb:*', Resource: ARN, Condition },
    ]);
    const query = (role: string) => ({
      KeyConditionExpression: '#r = :r',
      ExpressionAttributeNames: { '#r': 'role' },
      ExpressionAttributeValues: { ':r': { S: role } },
    });
    const denied = { name: 'AccessDeniedException' };
    await expect(call('PutItem', { Item: item('mine') }, tenant)).resolves.toEqual({});
    await expect(call('PutItem', { Item: item('yours') }, tenant)).rejects.toMatchObject(denied);
    await expect(call('GetItem', { Key: key('yours') }, tenant)).rejects.toMatchObject(denied);
    await expect(call('Query', query('mine'), tenant)).resolves.toMatchObject({ Count: 1 });
    await expect(call('Query', query('yours'), tenant)).rejects.toMatchObject(denied);
  });
});

describe('a table', () => {
  it('is described with its own ARNs and settings', async () => {
    const TimeToLiveSpecification = { Enabled: true, AttributeName: 'expiresAt' };
    await call('UpdateTimeToLive', { TimeToLiveSpecification });
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
    await call('UpdateContinuousBackups', { PointInTimeRecoverySpecification });
    expect(await call('DescribeTable', {})).toMatchObject({
      Table: {
        TableArn: ARN,
        TableStatus: 'ACTIVE',
        DeletionProtectionEnabled: true,
        GlobalSecondaryIndexes: [{ IndexArn: `${ARN}/index/by-audience` }],
      },
    });
    expect(await call('DescribeTimeToLive', {})).toMatchObject({
      TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' },
    });
    expect(await call('DescribeContinuousBackups', {})).toMatchObject({
      ContinuousBackupsDescription: {
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' },
      },
    });
  });

  it('is not deleted while it is protected', async () => {
    await expect(call('DeleteTable', {})).rejects.toThrow('protected against deletion');
  });

  it('is refused twice, and with settings that the sandbox lacks', async () => {
    const small = {
      TableName: 'small',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    };
    const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' };
    await expect(call('CreateTable', { ...small, StreamSpecification })).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await call('CreateTable', small);
    await expect(call('CreateTable', small)).rejects.toMatchObject({ name: 'ResourceInUseException' });
    await call('DeleteTable', { TableName: 'small' });
    await expect(call('DescribeTable', { TableName: 'small' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});
