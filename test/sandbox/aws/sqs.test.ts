import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAwsServer } from '../../../sandbox/aws/http-server.ts';
import { createLab, document, eventually, FACTORY, type Lab, MEMBER, REGION } from './lambda-lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterAll(() => lab.close());

interface Received {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes?: Record<string, string>;
}
const call = <Output = Record<string, unknown>>(operation: string, input: object, options = {}) =>
  lab.call<Output>('sqs', operation, input, options);
const send = (url: string, MessageBody: string, more: object = {}) =>
  call<{ MessageId: string }>('SendMessage', { QueueUrl: url, MessageBody, ...more });
const receive = async (url: string, more: object = {}): Promise<Received[]> => {
  const input = { QueueUrl: url, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'], ...more };
  return (await call<{ Messages?: Received[] }>('ReceiveMessage', input)).Messages ?? [];
};
const attributesOf = async (url: string) =>
  (
    await call<{ Attributes: Record<string, string> }>('GetQueueAttributes', {
      QueueUrl: url,
      AttributeNames: ['All'],
    })
  ).Attributes;

/** A queue and its dead-letter queue; a message moves after one receive. */
async function pair(name: string) {
  const deadLetters = await lab.queue(`${name}-dead`);
  const redrive = { deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 1 };
  const queue = await lab.queue(name, { VisibilityTimeout: '1', RedrivePolicy: JSON.stringify(redrive) });
  return { queue, deadLetters };
}
const bury = async (url: string) => {
  await receive(url, { VisibilityTimeout: 0 });
  await receive(url);
};

describe('a message', () => {
  it('is hidden once it is received, counted, and comes back after the visibility timeout', async () => {
    const { url } = await lab.queue('visibility', { VisibilityTimeout: '10' });
    await send(url, 'x');
    const [first] = await receive(url);
    expect(first?.Attributes?.ApproximateReceiveCount).toBe('1');
    expect(await receive(url)).toEqual([]);
    const [second] = await eventually(async () => {
      const found = await receive(url);
      return found.length > 0 && found;
    });
    expect(second).toMatchObject({ MessageId: first?.MessageId, Body: 'x' });
    expect(second?.Attributes?.ApproximateReceiveCount).toBe('2');
  });

  it('is deleted by the handle of its last receive, and by no earlier one', async () => {
    const { url } = await lab.queue('handles');
    await send(url, 'x');
    const [first] = await receive(url, { VisibilityTimeout: 0 });
    const [second] = await receive(url, { VisibilityTimeout: 0 });
    await call('DeleteMessage', { QueueUrl: url, ReceiptHandle: first?.ReceiptHandle });
    const [third] = await receive(url, { VisibilityTimeout: 0 });
    expect(third?.MessageId).toBe(second?.MessageId);
    await call('DeleteMessage', { QueueUrl: url, ReceiptHandle: third?.ReceiptHandle });
    expect(await receive(url)).toEqual([]);
  });

  it('is not visible before its delay is over', async () => {
    const { url } = await lab.queue('delay');
    await send(url, 'x', { DelaySeconds: 30 });
    expect(await receive(url)).toEqual([]);
    expect(await lab.messages(url)).toHaveLength(1);
  });

  it('is given to one receiver that waits for it', async () => {
    const { url } = await lab.queue('waiting');
    const waiting = [receive(url, { WaitTimeSeconds: 20 }), receive(url, { WaitTimeSeconds: 20 })];
    await send(url, 'x');
    expect((await Promise.all(waiting)).flat()).toHaveLength(1);
  });

  it('can be shown again at once, while it is in flight only', async () => {
    const { url } = await lab.queue('change');
    await send(url, 'x');
    const [{ ReceiptHandle } = { ReceiptHandle: '' }] = await receive(url);
    const change = { QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 };
    await call('ChangeMessageVisibility', change);
    await expect(call('ChangeMessageVisibility', change)).rejects.toMatchObject({
      name: 'MessageNotInflight',
    });
    expect(await receive(url)).toHaveLength(1);
  });

  it('is sent in batches, where one bad entry does not hold up the others', async () => {
    const { url } = await lab.queue('batch', { MaximumMessageSize: '1024' });
    const Entries = [
      { Id: 'a', MessageBody: 'x' },
      { Id: 'b', MessageBody: 'y', MessageGroupId: 'g' },
    ];
    expect(await call('SendMessageBatch', { QueueUrl: url, Entries })).toMatchObject({
      Successful: [{ Id: 'a' }],
      Failed: [{ Id: 'b', SenderFault: true, Code: 'InvalidParameterValue' }],
    });
  });
});

describe('dead letters', () => {
  it('keep id, body and time of sending, and say where they come from', async () => {
    const { queue, deadLetters } = await pair('letters');
    const { MessageId } = await send(queue.url, 'x');
    const [sent] = await receive(queue.url, { VisibilityTimeout: 0 });
    expect(await receive(queue.url)).toEqual([]);
    const [dead] = await receive(deadLetters.url);
    expect(dead).toMatchObject({
      MessageId,
      Body: 'x',
      Attributes: {
        SentTimestamp: sent?.Attributes?.SentTimestamp,
        DeadLetterQueueSourceArn: queue.arn,
      },
    });
    expect(await call('ListDeadLetterSourceQueues', { QueueUrl: deadLetters.url })).toEqual({
      queueUrls: [queue.url],
    });
  });

  it('are moved back to the queue that gave them up', async () => {
    const { queue, deadLetters } = await pair('redrive');
    await send(queue.url, 'x');
    await bury(queue.url);
    await call('StartMessageMoveTask', { SourceArn: deadLetters.arn });
    expect(await call('ListMessageMoveTasks', { SourceArn: deadLetters.arn })).toMatchObject({
      Results: [{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 }],
    });
    const [again] = await receive(queue.url);
    expect(again).toMatchObject({ Body: 'x', Attributes: { ApproximateReceiveCount: '1' } });
    expect(await receive(deadLetters.url)).toEqual([]);
  });

  it('that were sent to the queue directly are moved only where it is said to', async () => {
    const { queue, deadLetters } = await pair('direct');
    await send(deadLetters.url, 'x');
    await call('StartMessageMoveTask', { SourceArn: deadLetters.arn });
    expect(await call('ListMessageMoveTasks', { SourceArn: deadLetters.arn })).toMatchObject({
      Results: [{ Status: 'FAILED', FailureReason: 'CouldNotDetermineMessageSource' }],
    });
    await call('StartMessageMoveTask', { SourceArn: deadLetters.arn, DestinationArn: queue.arn });
    expect(await receive(queue.url)).toHaveLength(1);
  });

  it('are not taken from a queue that is no dead-letter queue', async () => {
    const { arn } = await lab.queue('ordinary');
    await expect(call('StartMessageMoveTask', { SourceArn: arn })).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
  });

  it('go only where that queue allows it', async () => {
    const RedriveAllowPolicy = JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: ['other'] });
    const { arn } = await lab.queue('exclusive', { RedriveAllowPolicy });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 });
    await expect(lab.queue('uninvited', { RedrivePolicy })).rejects.toMatchObject({
      name: 'InvalidAttributeValue',
    });
  });
});

describe('a queue', () => {
  it('is open to another account only under its policy', async () => {
    const { url, arn } = await lab.queue('shared');
    const attempt = () => call('SendMessage', { QueueUrl: url, MessageBody: 'x' }, { accountId: MEMBER });
    await expect(attempt()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const Policy = document([
      { Effect: 'Allow', Principal: { AWS: MEMBER }, Action: 'sqs:SendMessage', Resource: arn },
    ]);
    await call('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy } });
    await expect(attempt()).resolves.toBeDefined();
    await call('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy: '' } });
    await expect(attempt()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('shows its attributes and counts', async () => {
    const { url, arn } = await lab.queue('shown', { MessageRetentionPeriod: '1209600' });
    await send(url, 'x');
    await send(url, 'y');
    await send(url, 'z', { DelaySeconds: 900 });
    await receive(url, { MaxNumberOfMessages: 1 });
    expect(await attributesOf(url)).toMatchObject({
      QueueArn: arn,
      MessageRetentionPeriod: '1209600',
      VisibilityTimeout: '30',
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '1',
    });
    await call('PurgeQueue', { QueueUrl: url });
    expect(await attributesOf(url)).toMatchObject({ ApproximateNumberOfMessages: '0' });
  });

  it('is made once; with other attributes its name is taken', async () => {
    const { url } = await lab.queue('once', { VisibilityTimeout: '7' });
    expect((await lab.queue('once', { VisibilityTimeout: '7' })).url).toBe(url);
    await expect(lab.queue('once', { VisibilityTimeout: '8' })).rejects.toMatchObject({
      name: 'QueueNameExists',
    });
  });

  it('is gone when it is deleted', async () => {
    const { url } = await lab.queue('gone');
    await call('DeleteQueue', { QueueUrl: url });
    await expect(send(url, 'x')).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });

  it('is listed in pages', async () => {
    for (const name of ['list-a', 'list-b', 'list-c']) await lab.queue(name);
    const input = { QueueNamePrefix: 'list-', MaxResults: 2 };
    const first = await call<{ QueueUrls: string[]; NextToken: string }>('ListQueues', input);
    const { NextToken } = first;
    const second = await call<{ QueueUrls: string[] }>('ListQueues', { ...input, NextToken });
    expect([first.QueueUrls.length, second.QueueUrls.length]).toEqual([2, 1]);
    expect(second).not.toHaveProperty('NextToken');
  });
});

describe('refusing', () => {
  it.each([
    ['an unknown attribute', { FifoQueue: 'true' }, 'InvalidAttributeName'],
    ['a number out of range', { VisibilityTimeout: '43201' }, 'InvalidAttributeValue'],
    ['a number that is none', { DelaySeconds: 'x' }, 'InvalidAttributeValue'],
    ['a policy that is none', { Policy: '{}' }, 'InvalidAttributeValue'],
    [
      'a dead-letter queue that does not exist',
      { RedrivePolicy: '{"deadLetterTargetArn":"x","maxReceiveCount":1}' },
      'InvalidAttributeValue',
    ],
  ])('refuses %s', async (what, attributes, name) => {
    await expect(lab.queue(`refused-${what.length}`, attributes)).rejects.toMatchObject({ name });
  });

  it.each([
    ['an empty batch', 'SendMessageBatch', { Entries: [] }, 'EmptyBatchRequest'],
    [
      'eleven entries',
      'SendMessageBatch',
      { Entries: Array.from({ length: 11 }, (_, at) => ({ Id: `${at}`, MessageBody: 'x' })) },
      'TooManyEntriesInBatchRequest',
    ],
    [
      'two entries of one id',
      'DeleteMessageBatch',
      { Entries: [1, 2].map(() => ({ Id: 'a', ReceiptHandle: 'x' })) },
      'BatchEntryIdsNotDistinct',
    ],
    ['an empty message', 'SendMessage', { MessageBody: '' }, 'MissingParameter'],
    ['characters that XML lacks', 'SendMessage', { MessageBody: '\u0000' }, 'InvalidMessageContents'],
    ['a handle that is none', 'DeleteMessage', { ReceiptHandle: 'x' }, 'ReceiptHandleIsInvalid'],
    ['eleven messages at once', 'ReceiveMessage', { MaxNumberOfMessages: 11 }, 'InvalidParameterValue'],
  ])('refuses %s', async (_, operation, input, name) => {
    const { url } = await lab.queue('refusing');
    await expect(call(operation, { QueueUrl: url, ...input })).rejects.toMatchObject({ name });
  });
});

it('serves the SDK, which verifies the checksums of bodies', async () => {
  const server = await startAwsServer({
    cloud: lab.cloud,
    port: 0,
    control: () => undefined,
    report: (error) => lab.problems.push(error),
  });
  const credentials = lab.cloud.issueCredentials(lab.admin(FACTORY), 3600);
  const client = new SQSClient({ endpoint: server.endpoint, region: REGION, credentials });
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'by-sdk' }));
  const MessageAttributes = { kind: { DataType: 'String', StringValue: 'test' } };
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hällo', MessageAttributes }));
  const { Messages } = await client.send(
    new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'], WaitTimeSeconds: 1 }),
  );
  expect(Messages).toMatchObject([
    { Body: 'hällo', MessageAttributes, MD5OfMessageAttributes: 'b208efaf010247370cb046e6adfb8858' },
  ]);
  client.destroy();
  await server.close();
});
