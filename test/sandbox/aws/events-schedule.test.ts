/** Rules that fire by the clock. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, document, eventually, FACTORY, type Lab, REGION } from './lambda-lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterAll(() => lab.close());

const put = (Name: string, more: object) => lab.call('events', 'PutRule', { Name, ...more });
const ruleArn = (name: string) => `arn:aws:events:${REGION}:${FACTORY}:rule/${name}`;

async function firing(name: string, ScheduleExpression: string) {
  await put(name, { ScheduleExpression });
  const queue = await lab.queue(name, {}, FACTORY);
  const Policy = document([
    {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queue.arn,
      Condition: { ArnEquals: { 'aws:SourceArn': ruleArn(name) } },
    },
  ]);
  await lab.call('sqs', 'SetQueueAttributes', { QueueUrl: queue.url, Attributes: { Policy } });
  await lab.call('events', 'PutTargets', { Rule: name, Targets: [{ Id: 'queue', Arn: queue.arn }] });
  return queue;
}

const next = async (queue: { url: string }) =>
  eventually(async () => {
    const { Messages: [message] = [] } = (await lab.call('sqs', 'ReceiveMessage', {
      QueueUrl: queue.url,
    })) as { Messages?: { Body: string; ReceiptHandle: string }[] };
    if (!message) return undefined;
    await lab.call('sqs', 'DeleteMessage', { QueueUrl: queue.url, ReceiptHandle: message.ReceiptHandle });
    return JSON.parse(message.Body);
  });

describe('a rule with a schedule', () => {
  it('sends an event to its targets again and again', async () => {
    const queue = await firing('ticking', 'rate(1 minute)');
    const expected = {
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      account: FACTORY,
      resources: [ruleArn('ticking')],
      detail: {},
    };
    const [first, second] = [await next(queue), await next(queue)];
    expect(first).toMatchObject(expected);
    expect(second).toMatchObject(expected);
    expect(second.id).not.toBe(first.id);
    expect(await lab.call('events', 'DescribeRule', { Name: 'ticking' })).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
    });
  });

  it('gives other rules nothing to match', async () => {
    await put('everything', { EventPattern: JSON.stringify({ account: [{ exists: true }] }) });
    const seen = await lab.queue('everything', {}, FACTORY);
    await lab.call('events', 'PutTargets', { Rule: 'everything', Targets: [{ Id: 'q', Arn: seen.arn }] });
    await next(await firing('alone', 'rate(1 minute)'));
    const counts = (await lab.call('sqs', 'GetQueueAttributes', {
      QueueUrl: seen.url,
      AttributeNames: ['ApproximateNumberOfMessages'],
    })) as { Attributes: Record<string, string> };
    expect(counts.Attributes.ApproximateNumberOfMessages).toBe('0');
  });

  it.each([
    'rate(1 minutes)',
    'rate(2 minute)',
    'rate(0 hours)',
    'rate(5 seconds)',
    'cron(0 12 * * ? *)',
    'every hour',
  ])('is refused where the sandbox, or AWS, does not know it: %s', async (ScheduleExpression) => {
    await expect(put('odd', { ScheduleExpression })).rejects.toThrow('ScheduleExpression');
  });

  it('needs one, or a pattern; and the default bus', async () => {
    await expect(put('neither', {})).rejects.toThrow('must be specified');
    await lab.call('events', 'CreateEventBus', { Name: 'other' });
    await expect(
      put('elsewhere', { EventBusName: 'other', ScheduleExpression: 'rate(1 hour)' }),
    ).rejects.toThrow('default event bus');
  });
});
