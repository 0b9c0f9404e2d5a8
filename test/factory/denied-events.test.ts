/** Deny stays denied on the way of the events: who may put what on the factory's bus and on its queues. */
import {
  PutEventsCommand,
  type PutEventsRequestEntry,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { type Message, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import {
  administratorKeys,
  clientsOf,
  deployMemberStack,
  forwarderKeys,
  functionKeys,
  type Keys,
  memberRole,
  verdict,
} from './callers.ts';
import { createRole, logged, placeholderOf, roleWithStatus, trustOn, useFactory } from './harness.ts';
import { type DeployedQueue, queueOf, reasonOf, taken } from './queues.ts';

const factory = useFactory({ showsNeed: false });

const accounts = () => {
  const { factoryAccountId, outsideAccountId } = factory().sandbox.world;
  return { factory: factoryAccountId, member: factory().member.accountId, outside: outsideAccountId };
};
const busArn = () => `arn:aws:events:us-east-1:${accounts().factory}:event-bus/oidc-factory`;
const CLOUDTRAIL = 'AWS API Call via CloudTrail';

const CALLERS = {
  'an administrator of a member account': () => administratorKeys(factory(), accounts().member),
  'an administrator outside the organization': () => administratorKeys(factory(), accounts().outside),
  'the forwarder role of a member account': () => forwarderKeys(factory(), accounts().member),
  'the dispatcher': () => functionKeys(factory(), 'dispatch-role-event'),
  'another function': () => functionKeys(factory(), 'inspect-role'),
} as const satisfies Record<string, () => Keys>;
type CallerName = keyof typeof CALLERS;
const CALLER_NAMES = Object.keys(CALLERS) as CallerName[];

describe('PutEvents straight to the factory bus', () => {
  const put = (keys: Keys, entry: Partial<PutEventsRequestEntry> = {}) =>
    clientsOf(factory(), keys).events.send(
      new PutEventsCommand({
        Entries: [
          { EventBusName: busArn(), Source: 'custom', DetailType: CLOUDTRAIL, Detail: '{}', ...entry },
        ],
      }),
    );

  it.each(CALLER_NAMES)('is denied to %s', async (caller) => {
    expect(await verdict(put(CALLERS[caller]()))).toBe('denied');
  });

  it('cannot claim to be an event of AWS, not even in the factory account', async () => {
    const { Entries } = await put(administratorKeys(factory(), accounts().factory), { Source: 'aws.iam' });
    expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual(['NotAuthorizedForSourceException']);
  });
});

describe('forwarding to the factory bus', () => {
  /** A rule of an administrator's own; what it cannot deliver goes where the factory's rule sends it, too. */
  async function forwardBy(pattern: object, RoleArn: string, deadLetters: DeployedQueue, name: string) {
    const { events } = clientsOf(factory(), administratorKeys(factory(), accounts().member));
    const { RuleArn } = await events.send(
      new PutRuleCommand({ Name: name, EventPattern: JSON.stringify(pattern) }),
    );
    await deadLetters.admit(RuleArn ?? '');
    const target = { Id: 'bus', Arn: busArn(), RoleArn, DeadLetterConfig: { Arn: deadLetters.arn } };
    await events.send(new PutTargetsCommand({ Rule: name, Targets: [target] }));
    return events;
  }

  it('is allowed to the rule of a member account', async () => {
    await createRole(
      factory().member,
      'forwarded',
      trustOn(factory().member, { aud: placeholderOf(factory()) }),
    );
    await roleWithStatus(factory().member, 'forwarded', 'ready');
  });

  it('is denied to an account outside the organization, though it has the same rule and role', async () => {
    const { outside } = accounts();
    const stack = await deployMemberStack(factory(), outside);
    const trust = JSON.stringify(trustOn(factory().member, { aud: placeholderOf(factory()) }));
    await clientsOf(factory(), administratorKeys(factory(), outside)).iam.send(
      new CreateRoleCommand({
        RoleName: 'stranger',
        AssumeRolePolicyDocument: trust.replaceAll(accounts().member, outside),
      }),
    );
    const refused = queueOf(factory(), outside, 'NotForwarded', stack);
    // Its inspect role, which would have announced it, and its role.
    for (const name of ['oidc-factory-inspect', 'stranger']) {
      const isOf = ({ Body = '' }: Message) => Body.includes(`"roleName":"${name}"`);
      expect(reasonOf(await taken(refused, `the event of ${name}`, isOf))).toBe('NO_PERMISSIONS');
    }
    expect(await logged(factory(), 'dispatch-role-event', outside)).toEqual([]);
  });

  it('is denied to the forwarder role for other events', async () => {
    const deadLetters = queueOf(factory(), accounts().member, 'NotForwarded');
    const forwarder = memberRole(factory(), accounts().member, 'forwarder');
    const events = await forwardBy({ source: ['custom'] }, forwarder, deadLetters, 'other-events');
    const entry = { Source: 'custom', DetailType: CLOUDTRAIL, Detail: '{"eventName":"CreateRole"}' };
    await events.send(new PutEventsCommand({ Entries: [entry] }));
    const message = await taken(deadLetters, 'the other event', ({ Body }) => /"custom"/.test(Body ?? ''));
    expect(reasonOf(message)).toBe('NO_PERMISSIONS');
  });

  it('is denied to any other role of a member account, for the same events', async () => {
    const { member } = factory();
    const trust = {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'events.amazonaws.com' },
      },
    };
    await createRole(member, 'own-forwarder', trust);
    const mayPut = { Effect: 'Allow', Action: 'events:PutEvents', Resource: busArn() };
    await member.iam.send(
      new PutRolePolicyCommand({
        RoleName: 'own-forwarder',
        PolicyName: 'forward',
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: mayPut }),
      }),
    );
    const deadLetters = queueOf(factory(), member.accountId, 'NotForwarded');
    const { arn } = await member.role('own-forwarder');
    await forwardBy({ source: ['aws.iam'] }, arn, deadLetters, 'same-events');
    await createRole(member, 'by-own-forwarder', trust);
    const message = await taken(deadLetters, 'the event', ({ Body }) =>
      /"by-own-forwarder"/.test(Body ?? ''),
    );
    expect(reasonOf(message)).toBe('NO_PERMISSIONS');
  });
});

describe('the queue of role events', () => {
  const queue = () => queueOf(factory(), accounts().factory, 'RoleEvents');

  it.each(CALLER_NAMES)('takes no messages from %s', async (caller) => {
    const { sqs } = clientsOf(factory(), CALLERS[caller]());
    const message = new SendMessageCommand({ QueueUrl: queue().url, MessageBody: '{}' });
    expect(await verdict(sqs.send(message))).toBe('denied');
  });

  it.each(CALLER_NAMES)('hands messages to the dispatcher alone (%s)', async (caller) => {
    const { sqs } = clientsOf(factory(), CALLERS[caller]());
    const received = verdict(sqs.send(new ReceiveMessageCommand({ QueueUrl: queue().url })));
    expect(await received).toBe(caller === 'the dispatcher' ? 'allowed' : 'denied');
  });

  it('takes no messages from another rule of its own account', async () => {
    const { events } = clientsOf(factory(), administratorKeys(factory(), accounts().factory));
    const pattern = JSON.stringify({ source: ['custom'] });
    await events.send(new PutRuleCommand({ Name: 'other-rule', EventPattern: pattern }));
    const deadLetters = queueOf(factory(), accounts().factory, 'NotQueued');
    const target = { Id: 'queue', Arn: queue().arn, DeadLetterConfig: { Arn: deadLetters.arn } };
    await events.send(new PutTargetsCommand({ Rule: 'other-rule', Targets: [target] }));
    factory().sandbox.recorder.clearCalls();
    const entry = { Source: 'custom', DetailType: 'by hand', Detail: '{}' };
    await events.send(new PutEventsCommand({ Entries: [entry] }));
    await expect
      .poll(() =>
        factory()
          .sandbox.recorder.calls()
          .filter(({ operation }) => operation === 'SendMessage'),
      )
      .toMatchObject([
        // To the queue, and then to the dead-letter queue.
        { caller: 'events.amazonaws.com', outcome: expect.stringMatching(/AccessDenied/) },
        { caller: 'events.amazonaws.com', outcome: expect.stringMatching(/AccessDenied/) },
      ]);
  });
});
