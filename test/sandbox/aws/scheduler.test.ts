import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createScheduler, type SchedulerService } from '../../../sandbox/aws/scheduler.ts';
import { createSqs } from '../../../sandbox/aws/sqs.ts';
import { createLab, document, FACTORY, type Lab, MEMBER, REGION } from './lambda-lab.ts';

const MACHINE = `arn:aws:states:${REGION}:${FACTORY}:stateMachine:sweep`;
const scheduleArn = (name: string) => `arn:aws:scheduler:${REGION}:${FACTORY}:schedule/default/${name}`;

let lab: Lab;
let scheduler: SchedulerService;
let roleArn: string;
const QUEUES = `arn:aws:sqs:${REGION}:${FACTORY}:dead-*`;
/** What was started, and what StartExecution answers next. */
const started: { stateMachineArn: string; input?: string }[] = [];
let failures: Error[] = [];

beforeAll(async () => {
  lab = await createLab(0.0005);
  const { cloud } = lab;
  scheduler = createScheduler(cloud, {
    iam: {
      passRole: (call, arn, service) =>
        call.authorize({
          action: 'iam:PassRole',
          resource: arn,
          context: { 'iam:PassedToService': service },
        }),
    },
    sqs: createSqs(cloud, { endpoint: () => 'http://127.0.0.1:4566' }),
    random: () => 0.5,
    report: (problem) => lab.problems.push(problem),
  });
  cloud.register(scheduler);
  cloud.register({
    id: 'states',
    operations: {
      StartExecution: (input: { stateMachineArn: string; input?: string }, call) => {
        call.authorize({ action: 'states:StartExecution', resource: input.stateMachineArn });
        const [failure] = failures.splice(0, 1);
        if (failure) throw failure;
        started.push(input);
        return { executionArn: 'any', startDate: new Date() };
      },
    },
  });
  roleArn = await lab.role(FACTORY, 'scheduler', 'scheduler.amazonaws.com', [
    { Effect: 'Allow', Action: 'states:StartExecution', Resource: MACHINE },
    { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: QUEUES },
  ]);
});
afterEach(async () => {
  const { Schedules } = await lab.call<{ Schedules: { Name: string }[] }>('scheduler', 'ListSchedules', {});
  for (const { Name } of Schedules) await lab.call('scheduler', 'DeleteSchedule', { Name });
  started.length = 0;
  failures = [];
  expect(lab.problems).toEqual([]);
});
afterAll(async () => {
  scheduler.close();
  await lab.close();
});

const schedule = (more: object = {}, target: object = {}) => ({
  Name: 'sweep',
  ScheduleExpression: 'rate(1 minute)',
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: { Arn: MACHINE, RoleArn: roleArn, ...target },
  ...more,
});
const create = (more?: object, target?: object) =>
  lab.call<{ ScheduleArn: string }>('scheduler', 'CreateSchedule', schedule(more, target));

describe('a schedule', () => {
  it('starts its state machine again and again, with its input', async () => {
    expect(await create({}, { Input: '{"by":"clock"}' })).toEqual({ ScheduleArn: scheduleArn('sweep') });
    await vi.waitFor(() => expect(started.length).toBeGreaterThan(1));
    expect(started[0]).toEqual({ stateMachineArn: MACHINE, input: '{"by":"clock"}' });
  });

  it('starts within its window', async () => {
    await create({ FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 1 } });
    await vi.waitFor(() => expect(started.length).toBeGreaterThan(0));
  });

  it('is shown, and stops when it is deleted', async () => {
    await create();
    expect(await lab.call('scheduler', 'GetSchedule', { Name: 'sweep' })).toMatchObject({
      Arn: scheduleArn('sweep'),
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Target: { Arn: MACHINE },
    });
    await lab.call('scheduler', 'DeleteSchedule', { Name: 'sweep' });
    await expect(lab.call('scheduler', 'GetSchedule', { Name: 'sweep' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('that is disabled starts nothing', async () => {
    await create({ State: 'DISABLED' });
    await create({ Name: 'other' });
    await vi.waitFor(() => expect(started.length).toBeGreaterThan(0));
    await lab.call('scheduler', 'DeleteSchedule', { Name: 'other' });
    started.length = 0;
    await lab.cloud.time.sleep(180_000);
    expect(started).toEqual([]);
  });

  it('tries again', async () => {
    failures = [new Error('one'), new Error('two')];
    await create();
    await vi.waitFor(() => expect(started.length).toBeGreaterThan(0));
    expect(failures).toEqual([]);
  });

  it.each<[string, object, () => Error[], Record<string, string>]>([
    [
      'it has tried as often as it may',
      { RetryPolicy: { MaximumRetryAttempts: 0 } },
      () => [Object.assign(new Error('busy'), { name: 'ThrottlingException' })],
      { ERROR_CODE: 'ThrottlingException', EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts' },
    ],
    [
      'its role may not start it',
      { Arn: `${MACHINE}-of-others` },
      () => [],
      { ERROR_CODE: 'NO_PERMISSIONS', RETRY_ATTEMPTS: '0' },
    ],
  ])('goes to its dead-letter queue where %s', async (_, target, failing, attributes) => {
    failures = failing();
    const queue = await lab.queue(`dead-${Object.keys(target)}`);
    await create({}, { Input: '{"n":1}', DeadLetterConfig: { Arn: queue.arn }, ...target });
    const [message] = await lab.messages(queue.url);
    expect(message?.Body).toBe('{"n":1}');
    const shown = Object.entries(message?.MessageAttributes ?? {}).map(([name, { StringValue }]) => [
      name,
      StringValue,
    ]);
    expect(Object.fromEntries(shown)).toMatchObject({ SCHEDULE_ARN: scheduleArn('sweep'), ...attributes });
  });

  it.each<[string, () => object, string]>([
    ['a cron expression', () => schedule({ ScheduleExpression: 'cron(0 9 * * ? *)' }), 'rates only'],
    ['a window without its length', () => schedule({ FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }), 'Window'],
    ['another group', () => schedule({ GroupName: 'mine' }), 'group'],
    ['an unknown field', () => schedule({ KmsKeyArn: 'x' }), 'KmsKeyArn'],
    ['another kind of target', () => schedule({}, { Arn: QUEUES }), 'state machines'],
    ['a context attribute', () => schedule({}, { Input: '"<aws.scheduler.schedule-arn>"' }), 'context'],
    ['a dead-letter queue that is none', () => schedule({}, { DeadLetterConfig: { Arn: MACHINE } }), 'SQS'],
  ])('is not created with %s', async (_, input, message) => {
    await expect(lab.call('scheduler', 'CreateSchedule', input())).rejects.toThrow(message);
  });

  it('is not created twice, but for a repeated request', async () => {
    await create({ ClientToken: 'a' });
    await expect(create({ ClientToken: 'a' })).resolves.toBeDefined();
    await expect(create()).rejects.toMatchObject({ name: 'ConflictException' });
  });

  it('is not created with a role that Scheduler may not assume', async () => {
    const RoleArn = await lab.role(FACTORY, 'other', 'lambda.amazonaws.com', []);
    await expect(create({}, { RoleArn })).rejects.toThrow('must allow AWS EventBridge Scheduler');
  });

  it('assumes a role that demands the schedule group as source', async () => {
    const condition = (SourceArn: string) =>
      document([
        {
          Effect: 'Allow',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: {
            ArnEquals: { 'aws:SourceArn': SourceArn },
            StringEquals: { 'aws:SourceAccount': FACTORY },
          },
        },
      ]);
    const trust = (SourceArn: string) =>
      lab.call('iam', 'UpdateAssumeRolePolicy', {
        RoleName: 'scheduler',
        PolicyDocument: condition(SourceArn),
      });
    await trust(`arn:aws:scheduler:${REGION}:${FACTORY}:schedule-group/default`);
    await expect(create()).resolves.toBeDefined();
    await trust(`arn:aws:scheduler:${REGION}:${MEMBER}:schedule-group/default`);
    await expect(create({ Name: 'other' })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
