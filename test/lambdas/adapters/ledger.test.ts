import {
  DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../core/errors.ts';
import * as ids from '../../../core/ids.ts';
import type { LedgerEntry } from '../../../core/ledger-entry.ts';
import { dynamoLedger } from '../../../lambdas/adapters/ledger.ts';
import { entryOf, itemOf } from '../../../lambdas/adapters/ledger-items.ts';

const entry: LedgerEntry = {
  accountId: ids.accountId('111122223333'),
  roleName: ids.roleName('Deploy'),
  roleId: ids.roleId('AROAEXAMPLEEXAMPLE001'),
  phase: 'failed',
  step: 'add-audience',
  error: { code: 'ProviderFull', step: 'add-audience', at: '2026-01-02T03:04:05.000Z' },
  eventIds: [ids.eventId('11111111-aaaa-4bbb-8ccc-000000000001')],
  generation: 2,
  audience: ids.audience('api://99999999-2222-4333-8444-555555555555'),
  createdAt: '2026-01-02T03:04:05.000Z',
  updatedAt: '2026-01-02T03:04:06.000Z',
  version: 7,
};
const owner = ids.executionArn('arn:aws:states:us-east-1:999999999999:execution:oidc-factory-create-role:e1');
const owned: LedgerEntry = { ...entry, owner, leaseUntil: '2026-01-02T03:14:06.000Z' };

const dynamodb = mockClient(DynamoDBClient);
beforeEach(() => dynamodb.reset());
const ledger = dynamoLedger({ table: 'ledger', client: new DynamoDBClient({ region: 'us-east-1' }) });

describe('an entry as an item', () => {
  it.each([
    ['owned', owned],
    ['failed', entry],
    ['removed', { ...entry, phase: 'removed' as const }],
  ])('comes back as it was (%s)', (_name, stored) => {
    expect(entryOf(itemOf(stored))).toEqual(stored);
  });

  it('is keyed by account and lower-cased role name, then by role id', () => {
    expect(itemOf(entry)).toMatchObject({
      role: { S: '111122223333#deploy' },
      roleId: { S: 'AROAEXAMPLEEXAMPLE001' },
      roleName: { S: 'Deploy' },
    });
  });

  it('is in the index of audiences while it is live, and expires 400 days after it was removed', () => {
    const live = itemOf(entry);
    expect(live.accountAudience).toEqual({ S: `111122223333#${entry.audience}` });
    expect(live.expiresAt).toBeUndefined();
    const removed = itemOf({ ...entry, phase: 'removed' });
    expect(removed.accountAudience).toBeUndefined();
    expect(removed.expiresAt).toEqual({
      N: String(Date.parse('2026-01-02T03:04:06Z') / 1000 + 400 * 86_400),
    });
  });

  it('is in no index before it has an audience', () => {
    const { audience: _, ...without } = entry;
    expect(itemOf(without).accountAudience).toBeUndefined();
  });

  it.each([
    ['of another table', { ...itemOf(entry), accountId: { S: 'nobody' } }],
    ['with a value of a foreign type', { ...itemOf(entry), extra: { BOOL: true } }],
  ])('is refused %s', (_name, item) => {
    expect(() => entryOf(item)).toThrow(expect.objectContaining({ name: 'Unexpected' }));
  });
});

describe('the ledger', () => {
  it('reads one incarnation with strong consistency', async () => {
    dynamodb.on(GetItemCommand).resolves({ Item: itemOf(owned) });
    await expect(ledger.read(entry)).resolves.toEqual(owned);
    expect(dynamodb.commandCalls(GetItemCommand)[0]?.args[0].input).toEqual({
      TableName: 'ledger',
      Key: { role: { S: '111122223333#deploy' }, roleId: { S: entry.roleId } },
      ConsistentRead: true,
    });
  });

  it('answers undefined for an incarnation that it does not know', async () => {
    dynamodb.on(GetItemCommand).resolves({});
    await expect(ledger.read(entry)).resolves.toBeUndefined();
  });

  it('reads every page of a role name with strong consistency', async () => {
    const second = { ...entry, roleId: ids.roleId('AROAEXAMPLEEXAMPLE002') };
    const next = { role: { S: '111122223333#deploy' }, roleId: { S: entry.roleId } };
    dynamodb
      .on(QueryCommand)
      .resolvesOnce({ Items: [itemOf(entry)], LastEvaluatedKey: next })
      .resolvesOnce({ Items: [itemOf(second)] });
    await expect(ledger.incarnations(entry.accountId, ids.roleName('DEPLOY'))).resolves.toEqual([
      entry,
      second,
    ]);
    const [first, last] = dynamodb.commandCalls(QueryCommand).map(({ args }) => args[0].input);
    expect(first).toMatchObject({
      ConsistentRead: true,
      ExpressionAttributeValues: { ':role': { S: '111122223333#deploy' } },
    });
    expect(first?.ExclusiveStartKey).toBeUndefined();
    expect(last?.ExclusiveStartKey).toEqual(next);
  });

  it('finds the holders of an audience through the index, which knows no strong consistency', async () => {
    dynamodb.on(QueryCommand).resolves({ Items: [itemOf(entry)] });
    await expect(ledger.holdersOf(entry.accountId, 'api://x')).resolves.toEqual([entry]);
    const input = dynamodb.commandCalls(QueryCommand)[0]?.args[0].input;
    expect(input).toMatchObject({
      IndexName: 'by-audience',
      ExpressionAttributeValues: { ':key': { S: '111122223333#api://x' } },
    });
    expect(input?.ConsistentRead).toBeUndefined();
  });

  it.each([
    ['there is none', undefined, 'attribute_not_exists(#role)', undefined],
    [
      'the version is the same and nobody owns it',
      entry,
      '#version = :version AND attribute_not_exists(#owner)',
      { ':version': { N: '7' } },
    ],
    [
      'version and owner are the same',
      owned,
      '#version = :version AND #owner = :owner',
      { ':version': { N: '7' }, ':owner': { S: owner } },
    ],
  ])('writes only where %s', async (_name, previous, condition, values) => {
    dynamodb.on(PutItemCommand).resolves({});
    await ledger.write(entry, previous);
    const input = dynamodb.commandCalls(PutItemCommand)[0]?.args[0].input;
    expect(input).toMatchObject({ TableName: 'ledger', Item: itemOf(entry), ConditionExpression: condition });
    expect(input?.ExpressionAttributeValues).toEqual(values);
  });

  it('takes a place of the hour in the same call, while there are fewer taken than there are', async () => {
    dynamodb.on(TransactWriteItemsCommand).resolves({});
    await ledger.write(entry, owned, { of: 'removals', hour: '2026-01-02T03:00:00.000Z', most: 50 });
    const { TransactItems: items = [] } =
      dynamodb.commandCalls(TransactWriteItemsCommand)[0]?.args[0].input ?? {};
    expect(items).toEqual([
      { Put: expect.objectContaining({ TableName: 'ledger', Item: itemOf(entry) }) },
      {
        Update: expect.objectContaining({
          TableName: 'ledger',
          Key: { role: { S: 'count#111122223333' }, roleId: { S: 'removals#2026-01-02T03:00:00.000Z' } },
          ExpressionAttributeValues: {
            ':one': { N: '1' },
            ':most': { N: '50' },
            ':forgetAt': { N: String(Date.parse('2026-01-03T03:00:00Z') / 1000) },
          },
        }),
      },
    ]);
    expect(items[0]?.Put?.ConditionExpression).toBe('#version = :version AND #owner = :owner');
  });

  it.each<[string[], ErrorCode]>([
    [['ConditionalCheckFailed', 'None'], 'LedgerConflict'],
    [['ConditionalCheckFailed', 'ConditionalCheckFailed'], 'LedgerConflict'],
    [['None', 'ConditionalCheckFailed'], 'CapReached'],
    [['None', 'TransactionConflict'], 'Throttled'],
    [['ThrottlingError', 'None'], 'Throttled'],
  ])('fails on a transaction that is cancelled because of %j with %s', async (codes, code) => {
    dynamodb.on(TransactWriteItemsCommand).rejects(
      new TransactionCanceledException({
        message: 'from DynamoDB',
        CancellationReasons: codes.map((Code) => ({ Code })),
        $metadata: { httpStatusCode: 400 },
      }),
    );
    const place = { of: 'creations', hour: '2026-01-02T03:00:00.000Z', most: 50 } as const;
    await expect(ledger.write(entry, undefined, place)).rejects.toMatchObject({ name: code });
  });

  it.each<[string, number, ErrorCode]>([
    ['ConditionalCheckFailedException', 400, 'LedgerConflict'],
    ['AccessDeniedException', 400, 'LedgerForbidden'],
    ['ResourceNotFoundException', 400, 'InvalidSettings'],
    ['ProvisionedThroughputExceededException', 400, 'Throttled'],
    ['ThrottlingException', 400, 'Throttled'],
    ['InternalServerError', 500, 'Unavailable'],
    ['ValidationException', 400, 'Unexpected'],
  ])('fails on %s with %3$s', async (name, status, code) => {
    dynamodb.onAnyCommand().rejects(
      new DynamoDBServiceException({
        name,
        message: 'from DynamoDB',
        $fault: 'client',
        $metadata: { httpStatusCode: status },
      }),
    );
    await expect(ledger.write(entry, owned)).rejects.toMatchObject({ name: code });
    await expect(ledger.read(entry)).rejects.toMatchObject({ name: code });
    await expect(ledger.incarnations(entry.accountId, entry.roleName)).rejects.toMatchObject({ name: code });
  });
});
