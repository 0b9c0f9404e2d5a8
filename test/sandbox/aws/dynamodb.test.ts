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
