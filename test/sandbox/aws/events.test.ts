import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createLab,
  document,
  eventually,
  FACTORY,
  type Lab,
  MEMBER,
  ORGANIZATION,
  OUTSIDE,
  REGION,
} from './lambda-lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterAll(() => lab.close());

const PATTERN = JSON.stringify({ source: ['aws.iam'], detail: { eventName: ['CreateRole'] } });
const busArn = (name: string, region = REGION) => `arn:aws:events:${region}:${FACTORY}:event-bus/${name}`;
const ruleArn = (path: string, accountId = FACTORY) => `arn:aws:events:${REGION}:${accountId}:rule/${path}`;
let roles = 0;

/** The event of a role creation; its name is the mark that tests look for. */
async function createRole(accountId: string) {
  const RoleName = `created-${++roles}`;
  const AssumeRolePolicyDocument = document([
    { Effect: 'Allow', Principal: { Service: 'x.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ]);
  await lab.call('iam', 'CreateRole', { RoleName, AssumeRolePolicyDocument }, { accountId });
  return RoleName;
}

const from = (rule: string, queueArn: string) => ({
  Effect: 'Allow',
  Principal: { Service: 'events.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: queueArn,
  Condition: { ArnEquals: { 'aws:SourceArn': rule } },
});

/** A queue that this rule may send to. */
async function queueFor(rule: string, name: string, accountId = FACTORY) {
  const queue = await lab.queue(name, {}, accountId);
  const Attributes = { Policy: document([from(rule, queue.arn)]) };
  await lab.call('sqs', 'SetQueueAttributes', { QueueUrl: queue.url, Attributes }, { accountId });
  return queue;
}

async function busWithQueue(name: string, policy?: object, region = REGION) {
  await lab.call('events', 'CreateEventBus', { Name: name }, { region });
  if (policy) {
    const Policy = document([{ ...policy, Resource: busArn(name, region) }]);
    await lab.call('events', 'PutPermission', { EventBusName: name, Policy }, { region });
  }
  const rule = ruleArn(`${name}/all`).replace(REGION, region);
  const EventPattern = JSON.stringify({ account: [{ exists: true }] });
  await lab.call('events', 'PutRule', { Name: 'all', EventBusName: name, EventPattern }, { region });
  const queue = { arn: `arn:aws:sqs:${region}:${FACTORY}:${name}`, url: '' };
  const made = await lab.call<{ QueueUrl: string }>(
    'sqs',
    'CreateQueue',
    { QueueName: name, Attributes: { Policy: document([from(rule, queue.arn)]) } },
    { region },
  );
  queue.url = made.QueueUrl;
  const Targets = [{ Id: 'queue', Arn: queue.arn }];
  await lab.call('events', 'PutTargets', { Rule: 'all', EventBusName: name, Targets }, { region });
  return queue;
}

const ADMIT = {
  Effect: 'Allow',
  Principal: '*',
  Action: 'events:PutEvents',
  Condition: {
    StringEquals: {
      'aws:PrincipalOrgID': ORGANIZATION,
      'events:source': 'aws.iam',
      'events:detail-type': 'AWS API Call via CloudTrail',
      'events:eventBusInvocation': 'true',
    },
    ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/forwarder' },
  },
};

/** A rule on an account's default bus that forwards CreateRole to the bus; its dead-letter queue. */
async function forward(
  name: string,
  target: string,
  { accountId = MEMBER, role = 'forwarder', bus = target } = {},
) {
  const deadLetters = await queueFor(ruleArn(name, accountId), `${name}-dead`, accountId);
  const statement = { Effect: 'Allow', Action: 'events:PutEvents', Resource: bus };
  const RoleArn = await lab.role(accountId, role, 'events.amazonaws.com', [statement]);
  await lab.call('events', 'PutRule', { Name: name, EventPattern: PATTERN }, { accountId });
  const Targets = [{ Id: 'bus', Arn: target, RoleArn, DeadLetterConfig: { Arn: deadLetters.arn } }];
  await lab.call('events', 'PutTargets', { Rule: name, Targets }, { accountId });
  return {
    deadLetters,
    async remove() {
      await lab.call('events', 'RemoveTargets', { Rule: name, Ids: ['bus'] }, { accountId });
      await lab.call('events', 'DeleteRule', { Name: name }, { accountId });
      const PolicyName = 'inline';
      await lab.call('iam', 'DeleteRolePolicy', { RoleName: role, PolicyName }, { accountId });
      await lab.call('iam', 'DeleteRole', { RoleName: role }, { accountId });
    },
  };
}

const bodies = async (url: string, accountId = FACTORY) =>
  (await lab.messages(url, accountId)).map(({ Body }) => JSON.parse(Body));

describe('the way of an IAM event to the factory', () => {
  it('goes from the member account over the factory bus to a queue and a function', async () => {
    const queue = await busWithQueue('factory', ADMIT);
    const rule = await forward('to-factory', busArn('factory'));
    const roleName = await createRole(MEMBER);
    const [event] = await bodies(queue.url);
    expect(event).toMatchObject({
      version: '0',
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.iam',
      account: MEMBER,
      region: REGION,
      resources: [],
      detail: { eventName: 'CreateRole', requestParameters: { roleName }, recipientAccountId: MEMBER },
    });
    expect(event.time).toBe(event.detail.eventTime);
    await rule.remove();
  });

  it('keeps account and region over a hop to another region, which gives a new id', async () => {
    const queue = await busWithQueue('elsewhere', ADMIT, 'eu-west-1');
    const local = await queueFor(ruleArn('local', MEMBER), 'local', MEMBER);
    await lab.call('events', 'PutRule', { Name: 'local', EventPattern: PATTERN }, { accountId: MEMBER });
    const Targets = [{ Id: 'queue', Arn: local.arn }];
    await lab.call('events', 'PutTargets', { Rule: 'local', Targets }, { accountId: MEMBER });
    const rule = await forward('to-elsewhere', busArn('elsewhere', 'eu-west-1'));
    const roleName = await createRole(MEMBER);
    const [origin] = (await bodies(local.url, MEMBER)).filter(
      ({ detail }) => detail.requestParameters.roleName === roleName,
    );
    const input = { QueueUrl: queue.url, WaitTimeSeconds: 20 };
    const far = await eventually(async () => {
      const { Messages } = await lab.call<{ Messages?: { Body: string }[] }>('sqs', 'ReceiveMessage', input, {
        region: 'eu-west-1',
      });
      return Messages?.[0] && JSON.parse(Messages[0].Body);
    });
    expect(far).toMatchObject({
      account: MEMBER,
      region: REGION,
      detail: { eventID: origin.detail.eventID },
    });
    expect(far.id).not.toBe(origin.id);
    await rule.remove();
  });

  it.each([
    ['an account outside the organization', 'outside', { accountId: OUTSIDE }],
    ['a role of another name', 'stranger', { role: 'stranger' }],
    ['a role that may not put events there', 'powerless', { bus: busArn('other') }],
  ])('is closed to %s: the event goes straight to the dead-letter queue', async (_, name, options) => {
    const queue = await busWithQueue(`bus-${name}`, ADMIT);
    const rule = await forward(name, busArn(`bus-${name}`), options);
    const accountId = 'accountId' in options ? options.accountId : MEMBER;
    const roleName = await createRole(accountId);
    const [dead] = await lab.messages(rule.deadLetters.url, accountId);
    expect(JSON.parse(dead?.Body ?? '')).toMatchObject({ detail: { requestParameters: { roleName } } });
    const attributes = Object.entries(dead?.MessageAttributes ?? {}).map(([key, value]) => [
      key,
      value.StringValue,
    ]);
    expect(Object.fromEntries(attributes)).toEqual({
      RULE_ARN: ruleArn(name, accountId),
      TARGET_ARN: busArn(`bus-${name}`),
      ERROR_CODE: 'NO_PERMISSIONS',
      ERROR_MESSAGE: expect.stringContaining('events:PutEvents'),
    });
    const names = ['ApproximateNumberOfMessages'];
    const input = { QueueUrl: queue.url, AttributeNames: names };
    const { Attributes } = await lab.call<{ Attributes: object }>('sqs', 'GetQueueAttributes', input);
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: '0' });
    await rule.remove();
  });

  it('ends after the second bus', async () => {
    await busWithQueue('second', { ...ADMIT, Condition: { Bool: { 'events:eventBusInvocation': 'true' } } });
    await lab.call('events', 'CreateEventBus', { Name: 'third' });
    const deadLetters = await queueFor(ruleArn('second/on'), 'second-dead');
    const RoleArn = await lab.role(FACTORY, 'onward', 'events.amazonaws.com', [
      { Effect: 'Allow', Action: 'events:PutEvents', Resource: '*' },
    ]);
    await lab.call('events', 'PutRule', { Name: 'on', EventBusName: 'second', EventPattern: PATTERN });
    const target = { Id: 'bus', Arn: busArn('third'), RoleArn, DeadLetterConfig: { Arn: deadLetters.arn } };
    await lab.call('events', 'PutTargets', { Rule: 'on', EventBusName: 'second', Targets: [target] });
    const rule = await forward('to-second', busArn('second'));
    await createRole(MEMBER);
    const [dead] = await lab.messages(deadLetters.url);
    expect(dead?.MessageAttributes?.ERROR_CODE?.StringValue).toBe('THIRD_ACCOUNT_HOP_DETECTED');
    await rule.remove();
  });
});

describe('delivery to a queue', () => {
  const put = (Source: string, EventBusName = 'default') =>
    lab.call('events', 'PutEvents', {
      Entries: [{ Source, DetailType: 'test', Detail: '{}', EventBusName }],
    });
  async function rule(name: string, target: object) {
    await lab.call('events', 'PutRule', { Name: name, EventPattern: JSON.stringify({ source: [name] }) });
    await lab.call('events', 'PutTargets', { Rule: name, Targets: [{ Id: 'queue', ...target }] });
  }

  it('needs a queue policy that names the rule', async () => {
    const queue = await queueFor(ruleArn('another'), 'closed');
    const deadLetters = await queueFor(ruleArn('closed'), 'closed-dead');
    await rule('closed', { Arn: queue.arn, DeadLetterConfig: { Arn: deadLetters.arn } });
    await put('closed');
    const [dead] = await lab.messages(deadLetters.url);
    expect(dead?.MessageAttributes?.ERROR_CODE?.StringValue).toBe('NO_PERMISSIONS');
  });

  it('is tried again after a passing error', async () => {
    const queue = await queueFor(ruleArn('flaky'), 'flaky');
    await rule('flaky', { Arn: queue.arn });
    lab.recorder.inject({ service: 'sqs', operation: 'SendMessage', kind: 'throttle', times: 2 });
    await put('flaky');
    expect(await lab.messages(queue.url)).toHaveLength(1);
  });

  it('ends in the dead-letter queue when its attempts are used up', async () => {
    const queue = await queueFor(ruleArn('bounded'), 'bounded');
    const deadLetters = await queueFor(ruleArn('bounded'), 'bounded-dead');
    const RetryPolicy = { MaximumRetryAttempts: 1 };
    await rule('bounded', { Arn: queue.arn, RetryPolicy, DeadLetterConfig: { Arn: deadLetters.arn } });
    lab.recorder.inject({ service: 'sqs', operation: 'SendMessage', kind: 'error', times: 2 });
    await put('bounded');
    const [dead] = await lab.messages(deadLetters.url);
    expect(dead?.MessageAttributes).toMatchObject({
      RETRY_ATTEMPTS: { StringValue: '1' },
      EXHAUSTED_RETRY_CONDITION: { StringValue: 'MaximumRetryAttempts' },
    });
  });

  it('stops while the rule is disabled', async () => {
    const queue = await queueFor(ruleArn('paused'), 'paused');
    await rule('paused', { Arn: queue.arn });
    await lab.call('events', 'DisableRule', { Name: 'paused' });
    await put('paused');
    await lab.call('events', 'EnableRule', { Name: 'paused' });
    await put('paused');
    expect(await lab.messages(queue.url)).toHaveLength(1);
  });

  it('is found from its target, by who may look at all rules', async () => {
    const queue = await queueFor(ruleArn('found'), 'found');
    await rule('found', { Arn: queue.arn });
    const of = (TargetArn: string) => lab.call('events', 'ListRuleNamesByTarget', { TargetArn });
    expect(await of(queue.arn)).toEqual({ RuleNames: ['found'] });
    expect(await of(`${queue.arn}-other`)).toEqual({ RuleNames: [] });
  });
});

describe('PutEvents', () => {
  const entry = { Source: 'me', DetailType: 'test', Detail: '{}' };
  it.each([
    ["a source of AWS's", { Source: 'aws.iam' }, 'NotAuthorizedForSourceException'],
    ['a detail that is no JSON', { Detail: '{' }, 'MalformedDetail'],
    ['a detail that is no object', { Detail: '[]' }, 'MalformedDetail'],
    ['an empty source', { Source: '' }, 'InvalidArgument'],
  ])('refuses an entry with %s, and takes the others', async (_, change, ErrorCode) => {
    const answer = await lab.call('events', 'PutEvents', { Entries: [{ ...entry, ...change }, entry] });
    expect(answer).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{ ErrorCode }, { EventId: expect.any(String) }],
    });
  });

  it('is refused on the bus that only rules may forward to, also from within the organization', async () => {
    const Condition = { Bool: { 'events:eventBusInvocation': 'true' } };
    await busWithQueue('rules-only', { ...ADMIT, Condition });
    const attempt = lab.call(
      'events',
      'PutEvents',
      { Entries: [{ ...entry, EventBusName: busArn('rules-only') }] },
      { accountId: MEMBER },
    );
    await expect(attempt).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('is refused on a bus that does not exist', async () => {
    const Entries = [{ ...entry, EventBusName: 'nowhere' }];
    await expect(lab.call('events', 'PutEvents', { Entries })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('archive and replay', () => {
  it('puts archived events on the bus again, marked, once, and does not archive them again', async () => {
    const queue = await busWithQueue('archived');
    const archive = { ArchiveName: 'all', EventSourceArn: busArn('archived'), RetentionDays: 10 };
    const { ArchiveArn } = await lab.call<{ ArchiveArn: string }>('events', 'CreateArchive', archive);
    const entry = { Source: 'me', DetailType: 'test', Detail: '{"n":1}', EventBusName: 'archived' };
    await lab.call('events', 'PutEvents', { Entries: [entry] });
    const [original] = await bodies(queue.url);
    const window = {
      EventStartTime: new Date(Date.now() - 60_000),
      EventEndTime: new Date(Date.now() + 60_000),
    };
    await lab.call('events', 'StartReplay', {
      ReplayName: 'again',
      EventSourceArn: ArchiveArn,
      Destination: { Arn: busArn('archived') },
      ...window,
    });
    const [replayed] = await bodies(queue.url);
    expect(replayed).toEqual({ ...original, 'replay-name': 'again' });
    await eventually(async () => {
      const { State } = await lab.call<{ State: string }>('events', 'DescribeReplay', {
        ReplayName: 'again',
      });
      return State === 'COMPLETED';
    });
    expect(await lab.call('events', 'DescribeArchive', { ArchiveName: 'all' })).toMatchObject({
      EventCount: 1,
    });
  });

  it('replays only what happened in the window', async () => {
    const queue = await busWithQueue('window');
    const { ArchiveArn } = await lab.call<{ ArchiveArn: string }>('events', 'CreateArchive', {
      ArchiveName: 'window',
      EventSourceArn: busArn('window'),
    });
    const at = (time: string) => ({
      Source: time,
      DetailType: 'test',
      Detail: '{}',
      Time: new Date(time),
      EventBusName: 'window',
    });
    await lab.call('events', 'PutEvents', {
      Entries: [at('2026-01-01T00:00:00Z'), at('2026-01-02T00:00:00Z'), at('2026-01-03T00:00:00Z')],
    });
    expect(await bodies(queue.url)).toHaveLength(3);
    await lab.call('events', 'StartReplay', {
      ReplayName: 'one-day',
      EventSourceArn: ArchiveArn,
      EventStartTime: new Date('2026-01-01T12:00:00Z'),
      EventEndTime: new Date('2026-01-02T12:00:00Z'),
      Destination: { Arn: busArn('window') },
    });
    expect((await bodies(queue.url)).map(({ source }) => source)).toEqual(['2026-01-02T00:00:00Z']);
  });
});

describe('refusing', () => {
  const pattern = { Name: 'r', EventPattern: PATTERN };
  it.each([
    [
      'an unknown operator',
      'PutRule',
      { Name: 'r', EventPattern: '{"a":[{"x":1}]}' },
      'InvalidEventPatternException',
    ],
    ['a rule on an unknown bus', 'PutRule', { ...pattern, EventBusName: 'x' }, 'ResourceNotFoundException'],
    ['a bus twice', 'CreateEventBus', { Name: 'default' }, 'ResourceAlreadyExistsException'],
    ['a policy that is none', 'PutPermission', { Policy: '{}' }, 'ValidationException'],
    [
      'a policy over 10,240 characters',
      'PutPermission',
      { Policy: ' '.repeat(10_241) },
      'PolicyLengthExceededException',
    ],
    ['an unknown rule', 'DescribeRule', { Name: 'unknown' }, 'ResourceNotFoundException'],
  ])('refuses %s', async (_, operation, input, name) => {
    await expect(lab.call('events', operation, input)).rejects.toMatchObject({ name });
  });

  it.each([
    ['a target of a kind that the sandbox lacks', { Arn: 'arn:aws:sns:us-east-1:111122223333:topic' }],
    ['a bus without a role', { Arn: busArn('default') }],
    ['an input transformer', { Arn: 'arn:aws:sqs:us-east-1:111122223333:q', InputPath: '$.detail' }],
    ['a queue in another region', { Arn: 'arn:aws:sqs:eu-west-1:111122223333:q' }],
  ])('refuses %s', async (_, target) => {
    await lab.call('events', 'PutRule', { Name: 'targets', EventPattern: PATTERN });
    const attempt = lab.call('events', 'PutTargets', { Rule: 'targets', Targets: [{ Id: '1', ...target }] });
    await expect(attempt).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('refuses to pass a role of another account', async () => {
    await lab.call('events', 'PutRule', { Name: 'pass', EventPattern: PATTERN });
    const RoleArn = await lab.role(MEMBER, 'foreign', 'events.amazonaws.com', []);
    const Targets = [{ Id: '1', Arn: busArn('default'), RoleArn }];
    await expect(lab.call('events', 'PutTargets', { Rule: 'pass', Targets })).rejects.toThrow();
  });
});
