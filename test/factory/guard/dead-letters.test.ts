/** What the guard cannot be told waits in a dead-letter queue, and what it was about is found all the same. */
import {
  DescribeEventBusCommand,
  EventBridgeClient,
  ListRulesCommand,
  PutPermissionCommand,
  PutRuleCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetQueueAttributesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, it } from 'vitest';
import { administratorKeys } from '../callers.ts';
import { configure } from '../functions.ts';
import { logged } from '../harness.ts';
import { queueOf, reasonOf, taken } from '../queues.ts';
import { alarmIs } from '../topics.ts';
import { createGithubRole, fileThat, isIn, OPEN_SUB, useGuardedFactory } from './guarded.ts';

const factory = useGuardedFactory();

const factoryAccount = () => factory().sandbox.world.factoryAccountId;
const guardQueue = () => queueOf(factory(), factoryAccount(), 'GuardQueue');
const eventBridge = () =>
  new EventBridgeClient({
    ...factory().awsOptions,
    credentials: administratorKeys(factory(), factoryAccount()),
  });
const contained = (name: string) => fileThat(factory(), name, 'contained', isIn('attached'));

beforeAll(async () => {
  const { sqs, url } = guardQueue();
  // Five deliveries six minutes apart come before the dead-letter queue: too long for a test, even scaled.
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: '20' } }));
  // And every sweep is due.
  await configure(factory(), 'guard-role', 'SWEEP_SECONDS', '0.001');
});

/** The clock strikes every three seconds until `done` resolves: its rule says an hour, here it says a minute. */
async function whileTicking<T>(done: () => Promise<T>): Promise<T> {
  const events = eventBridge();
  const { Rules: [rule] = [] } = await events.send(
    new ListRulesCommand({ NamePrefix: 'OidcFactory-GuardTick' }),
  );
  const { Name, ScheduleExpression } = rule ?? {};
  expect(ScheduleExpression).toBe('rate(1 hour)');
  await events.send(new PutRuleCommand({ Name, ScheduleExpression: 'rate(1 minute)' }));
  try {
    return await done();
  } finally {
    await events.send(new PutRuleCommand({ Name, ScheduleExpression }));
  }
}

describe('an event that cannot be delivered', () => {
  it('from a member account to the factory waits there; the sweep finds the role', async () => {
    // Known before: an account that never said anything is nobody's to sweep.
    await createGithubRole(factory(), 'known', OPEN_SUB);
    await contained('known');
    const events = eventBridge();
    const EventBusName = 'oidc-factory';
    const { Policy } = await events.send(new DescribeEventBusCommand({ Name: EventBusName }));
    await events.send(new RemovePermissionCommand({ EventBusName, RemoveAllPermissions: true }));
    await createGithubRole(factory(), 'not-forwarded', OPEN_SUB);
    await alarmIs(factory(), 'guard-events-not-forwarded', 'ALARM', factory().member.accountId);
    const queue = queueOf(factory(), factory().member.accountId, 'GuardNotForwarded');
    const message = await taken(queue, 'the event', ({ Body }) => /"not-forwarded"/.test(Body ?? ''));
    expect(reasonOf(message)).toBe('NO_PERMISSIONS');
    await events.send(new PutPermissionCommand({ EventBusName, Policy }));
    await whileTicking(() => contained('not-forwarded'));
    await alarmIs(factory(), 'guard-events-not-forwarded', 'OK', factory().member.accountId);
  });

  it('from the bus to the queue waits; the sweep finds the role', async () => {
    const { sqs, url } = guardQueue();
    const answer = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['Policy'] }),
    );
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy: '' } }));
    await createGithubRole(factory(), 'not-queued', OPEN_SUB);
    await alarmIs(factory(), 'guard-events-not-queued', 'ALARM');
    const queue = queueOf(factory(), factoryAccount(), 'GuardNotQueued');
    const message = await taken(queue, 'the event', ({ Body }) => /"not-queued"/.test(Body ?? ''));
    expect(reasonOf(message)).toBe('NO_PERMISSIONS');
    const Policy = answer.Attributes?.Policy ?? '';
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }));
    await whileTicking(() => contained('not-queued'));
    await alarmIs(factory(), 'guard-events-not-queued', 'OK');
  });
});

it('a message that nobody understands is dead after five attempts, and counted', async () => {
  const { sqs, url } = guardQueue();
  const MessageBody = JSON.stringify({ guard: { kind: 'tidy', accountId: '111122223333' } });
  await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody, DelaySeconds: 0 }));
  await alarmIs(factory(), 'roles-not-guarded', 'ALARM');
  const dead = await taken(queueOf(factory(), factoryAccount(), 'GuardNotJudged'), 'the message');
  expect(dead.Body).toBe(MessageBody);
  const metrics = await logged(factory(), 'guard-role', '"_aws"');
  expect(JSON.stringify(metrics)).toContain('"MalformedEvent"');
});
