/** The guard's adapters, as far as their services' answers need a reading; the factory's tests run them for real. */
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { FindingChange } from '../../../core/guard/findings.ts';
import { parseGuardMessage } from '../../../core/guard/request.ts';
import { roleName } from '../../../core/ids.ts';
import { publishedFindings } from '../../../lambdas/adapters/findings.ts';
import { filesIn, guardRecord } from '../../../lambdas/adapters/guard-record.ts';
import { workQueue } from '../../../lambdas/adapters/work-queue.ts';
import { ACCOUNT } from '../../fixtures/domain.ts';
import { ATTACHED, at, CRITICAL, FILE } from '../../fixtures/guard.ts';

const REGION = { region: 'us-east-1' };
const condition = Object.assign(new Error(), { name: 'ConditionalCheckFailedException', $metadata: {} });

function record() {
  const client = new DynamoDBClient(REGION);
  const mock = mockClient(client).on(PutItemCommand).resolves({});
  return { mock, record: guardRecord({ table: 'guard', client }) };
}
const itemsOf = (mock: ReturnType<typeof record>['mock']) =>
  mock.commandCalls(PutItemCommand).map(({ args: [{ input }] }) => input);

describe("the guard's record", () => {
  it('keeps a file as it is, one for each incarnation, on condition of the version before', async () => {
    const { mock, record: guard } = record();
    const file = { ...FILE, roleName: roleName('Deploy'), containment: ATTACHED, dueAt: at(5), version: 7 };
    await guard.save(file);
    const [input] = itemsOf(mock);
    expect(input?.Item).toMatchObject({
      account: { S: ACCOUNT },
      item: { S: `deploy#${FILE.roleId}` },
    });
    expect(input?.ConditionExpression).toContain('#version = :before');
    expect(input?.ExpressionAttributeValues).toEqual({ ':before': { N: '6' } });
    expect(filesIn([input?.Item ?? {}])).toEqual([file]);
  });

  it('begins a file only where there is none', async () => {
    const { mock, record: guard } = record();
    await guard.save(FILE);
    expect(itemsOf(mock)[0]?.ConditionExpression).toBe('attribute_not_exists(#account)');
    mock.on(PutItemCommand).rejects(condition);
    await expect(guard.save(FILE)).rejects.toMatchObject({ code: 'LedgerConflict', retryable: true });
  });

  it.each([
    ['what stands', FILE, undefined],
    ['a quarantine', { ...FILE, findings: [], containment: ATTACHED }, undefined],
    ['what is clean', { ...FILE, findings: [] }, 30],
    ['what is mended', { ...FILE, findings: [{ ...CRITICAL, resolvedAt: at(0) }] }, 30],
    ['what is gone', { ...FILE, goneAt: at(0) }, 400],
  ])('forgets %s never, or after days', async (_, file, days) => {
    const { mock, record: guard } = record();
    await guard.save(file);
    const expected = days && Math.floor(Date.parse(FILE.checkedAt) / 1000) + days * 86_400;
    expect(itemsOf(mock)[0]?.Item?.expiresAt).toEqual(expected && { N: String(expected) });
  });

  it('reads all pages', async () => {
    const { mock, record: guard } = record();
    const item = { accountId: { S: ACCOUNT }, roleName: { S: 'deploy' }, roleId: { S: FILE.roleId } };
    mock
      .on(QueryCommand)
      .resolvesOnce({ Items: [item], LastEvaluatedKey: { account: { S: 'x' } } })
      .resolvesOnce({ Items: [item] });
    expect(await guard.files(ACCOUNT, roleName('Deploy'))).toHaveLength(2);
    const [first, second] = mock.commandCalls(QueryCommand).map(({ args: [{ input }] }) => input);
    expect(first?.ExpressionAttributeValues).toEqual({ ':a': { S: ACCOUNT }, ':i': { S: 'deploy#' } });
    expect(first?.ConsistentRead).toBe(true);
    expect(second?.ExclusiveStartKey).toEqual({ account: { S: 'x' } });
  });

  it('knows an account once, and sweeps it once in a while', async () => {
    const { mock, record: guard } = record();
    await guard.enrol(ACCOUNT);
    expect(await guard.beginSweep(ACCOUNT, 5, 10)).toBe(true);
    mock.on(PutItemCommand).rejects(condition);
    await guard.enrol(ACCOUNT);
    expect(await guard.beginSweep(ACCOUNT, 5, 10)).toBe(false);
    mock.on(QueryCommand).resolves({ Items: [{ account: { S: 'accounts' }, item: { S: ACCOUNT } }] });
    expect(await guard.accounts()).toEqual([ACCOUNT]);
  });

  it('counts the last hour on condition that nobody else did', async () => {
    const { mock, record: guard } = record();
    mock.on(GetItemCommand).resolvesOnce({});
    expect(await guard.recent()).toEqual({ times: [], version: 0 });
    await guard.setRecent([1, 2], 0);
    const [{ Item } = {}] = itemsOf(mock);
    mock.on(GetItemCommand).resolves({ Item });
    expect(await guard.recent()).toEqual({ times: [1, 2], version: 1 });
    await guard.setRecent([1, 2, 3], 1);
    expect(itemsOf(mock)[1]?.ExpressionAttributeValues).toEqual({ ':before': { N: '1' } });
  });

  it('takes no item of another table for a file', () => {
    expect(() => filesIn([{ roleId: { S: 'not one' } }])).toThrow('no file');
    expect(filesIn([{ account: { S: 'accounts' } }])).toEqual([]);
  });
});

describe("the guard's queue", () => {
  it('takes requests by tens, at once, as the guard reads them', async () => {
    const client = new SQSClient(REGION);
    const mock = mockClient(client).on(SendMessageBatchCommand).resolves({});
    const requests = Array.from({ length: 23 }, () => ({ kind: 'look-after' as const, accountId: ACCOUNT }));
    await workQueue('https://queue', client).send(requests);
    const batches = mock
      .commandCalls(SendMessageBatchCommand)
      .map(({ args: [{ input }] }) => input.Entries ?? []);
    expect(batches.map(({ length }) => length)).toEqual([10, 10, 3]);
    expect(batches.flat().every(({ DelaySeconds }) => DelaySeconds === 0)).toBe(true);
    expect(parseGuardMessage(JSON.parse(batches[0]?.[0]?.MessageBody ?? ''))).toMatchObject({
      request: requests[0],
    });
  });

  it('fails where it takes not all', async () => {
    const client = new SQSClient(REGION);
    mockClient(client)
      .on(SendMessageBatchCommand)
      .resolves({ Failed: [{ Id: '0', Code: 'x', SenderFault: false }] });
    const sent = workQueue('https://queue', client).send([{ kind: 'look-after', accountId: ACCOUNT }]);
    await expect(sent).rejects.toMatchObject({ code: 'Unavailable', retryable: true });
  });
});

describe('findings', () => {
  const change: FindingChange = { kind: 'opened', finding: CRITICAL };
  const hub = { report: async () => undefined };

  it('go to the bus by tens, then to Security Hub', async () => {
    const client = new EventBridgeClient(REGION);
    const mock = mockClient(client).on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
    const reported: number[] = [];
    const findings = publishedFindings(
      'bus',
      { report: async (_, make) => void reported.push(make('arn:aws:securityhub:us-east-1::x').length) },
      client,
    );
    await findings.publish(FILE, Array(12).fill(change));
    const entries = mock.commandCalls(PutEventsCommand).map(({ args: [{ input }] }) => input.Entries ?? []);
    expect(entries.map(({ length }) => length)).toEqual([10, 2]);
    expect(entries[0]?.[0]).toMatchObject({
      EventBusName: 'bus',
      Source: 'oidc-factory.guard',
      DetailType: 'OCSF Compliance Finding',
      Resources: [FILE.roleArn],
    });
    expect(reported).toEqual([12]);
  });

  it('fail where the bus takes not all', async () => {
    const client = new EventBridgeClient(REGION);
    mockClient(client).on(PutEventsCommand).resolves({ FailedEntryCount: 1 });
    await expect(publishedFindings('bus', hub, client).publish(FILE, [change])).rejects.toMatchObject({
      code: 'Unavailable',
    });
  });
});
