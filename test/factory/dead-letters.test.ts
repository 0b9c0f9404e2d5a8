/** Nothing is lost: what cannot be understood or delivered waits in a dead-letter queue, and goes on after the repair. */
import {
  DescribeEventBusCommand,
  EventBridgeClient,
  ListArchivesCommand,
  PutPermissionCommand,
  RemovePermissionCommand,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetQueueAttributesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CloudTrailRecord } from '../../sandbox/aws/cloudtrail.ts';
import { until } from '../../sandbox/clients.ts';
import { eventFixture } from '../fixtures/events.ts';
import { administratorKeys } from './callers.ts';
import { createRole, logged, placeholderOf, roleWithStatus, trustOn, useFactory } from './harness.ts';
import { queueOf, reasonOf, taken } from './queues.ts';
import { Trail } from './trail.ts';

const trail = new Trail();
const factory = useFactory({ onCloudTrailRecord: trail.receive });

const factoryAccount = () => factory().sandbox.world.factoryAccountId;
const eventBridge = () => {
  const options = { ...factory().awsOptions, credentials: administratorKeys(factory(), factoryAccount()) };
  return new EventBridgeClient(options);
};
const source = () => queueOf(factory(), factoryAccount(), 'RoleEvents');
const notDispatched = () => queueOf(factory(), factoryAccount(), 'NotDispatched');
const served = (roleName: string) => roleWithStatus(factory().member, roleName, 'ready');
const create = (roleName: string) =>
  createRole(factory().member, roleName, trustOn(factory().member, { aud: placeholderOf(factory()) }));

beforeAll(async () => {
  // Five deliveries six minutes apart come before the dead-letter queue: too long for a test, even scaled.
  const { sqs, url } = source();
  const Attributes = { VisibilityTimeout: '20' };
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes }));
});

describe('an event that the dispatcher cannot understand', () => {
  const bodies: Readonly<Record<string, string>> = {
    ...Object.fromEntries(
      [
        'create-role.recipient-account-absent',
        'create-role.event-id-absent',
        'create-role.name-absent',
        'create-role.everything-absent',
        'delete-role.name-invalid',
      ].map((name) => [name, JSON.stringify(eventFixture(name))]),
    ),
    'no JSON': 'neither { nor }',
  };

  beforeAll(async () => {
    const { sqs, url } = source();
    for (const MessageBody of Object.values(bodies))
      await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody }));
  });

  it.each(Object.entries(bodies))('waits in the dead-letter queue: %s', async (name, body) => {
    expect((await taken(notDispatched(), name, ({ Body }) => Body === body)).Body).toBe(body);
  });

  it('is counted, for an alarm, and named in the log', async () => {
    const metrics = await logged(factory(), 'dispatch-role-event', '"_aws"');
    expect(metrics).toContainEqual(
      expect.objectContaining({
        _aws: expect.objectContaining({
          CloudWatchMetrics: [
            expect.objectContaining({
              Namespace: 'OidcFactory',
              Metrics: expect.arrayContaining([{ Name: 'MalformedEvent', Unit: 'Count' }]),
            }),
          ],
        }),
      }),
    );
    const problems = await logged(factory(), 'dispatch-role-event', '"MalformedEvent"');
    expect(problems.map(({ error }) => error)).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('roleName') }),
    );
  });

  it('comes there from the edge, which cannot tell, and is handled after it is repaired and redriven', async () => {
    trail.hold('repaired');
    await create('repaired');
    const [record] = await until('its record', async () => {
      const found = trail.of('CreateRole', 'repaired');
      return found.length > 0 ? found : undefined;
    });
    if (!record) throw new Error('CloudTrail has no record');
    const { eventID, ...spoilt } = record;
    factory().sandbox.aws.events.deliverCloudTrail(spoilt as CloudTrailRecord);
    const queue = notDispatched();
    const { Body = '' } = await taken(queue, 'the event', (message) => /"repaired"/.test(message.Body ?? ''));

    const event = JSON.parse(Body);
    const MessageBody = JSON.stringify({ ...event, detail: { ...event.detail, eventID } });
    await queue.sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody }));
    // A message that was put there by hand comes from no queue that a move could go back to.
    const way = { SourceArn: queue.arn, DestinationArn: source().arn };
    await queue.sqs.send(new StartMessageMoveTaskCommand(way));
    await served('repaired');
  });
});

describe('an event that cannot be delivered', () => {
  it('from the bus to the queue waits, and is replayed from the archive', async () => {
    const { sqs, url } = source();
    const answer = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['Policy'] }),
    );
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy: '' } }));
    await create('not-queued');
    const message = await taken(queueOf(factory(), factoryAccount(), 'NotQueued'), 'the event');
    expect(reasonOf(message)).toBe('NO_PERMISSIONS');
    expect(message.Body).toContain('"not-queued"');

    const Policy = answer.Attributes?.Policy ?? '';
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }));
    const events = eventBridge();
    const { Archives: [archive] = [] } = await events.send(new ListArchivesCommand({}));
    const now = Date.now();
    await events.send(
      new StartReplayCommand({
        ReplayName: 'after-the-repair',
        EventSourceArn: `arn:aws:events:us-east-1:${factoryAccount()}:archive/${archive?.ArchiveName}`,
        EventStartTime: new Date(now - 60_000),
        EventEndTime: new Date(now + 1_000),
        Destination: { Arn: archive?.EventSourceArn },
      }),
    );
    await served('not-queued');
  });

  it('from a member account to the factory waits there, and is handled once put on the queue', async () => {
    const events = eventBridge();
    const EventBusName = 'oidc-factory';
    const { Policy } = await events.send(new DescribeEventBusCommand({ Name: EventBusName }));
    await events.send(new RemovePermissionCommand({ EventBusName, RemoveAllPermissions: true }));
    await create('not-forwarded');
    const message = await taken(queueOf(factory(), factory().member.accountId, 'NotForwarded'), 'the event');
    expect(reasonOf(message)).toBe('NO_PERMISSIONS');
    await events.send(new PutPermissionCommand({ EventBusName, Policy }));

    const { sqs, url } = source();
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: message.Body }));
    await served('not-forwarded');
  });
});
