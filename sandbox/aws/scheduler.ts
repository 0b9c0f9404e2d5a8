/** Amazon EventBridge Scheduler: rates of the product's time that start executions of a state machine. */
import { randomUUID } from 'node:crypto';
import { type Caller, type Cloud, type ServiceCall, type ServiceDefinition, ServiceError } from '../cloud.ts';
import { failureOf, pauseAfter } from './events-delivery.ts';
import { readSchedule } from './events-schedule.ts';
import type { Iam } from './iam.ts';
import { arnOf, pageOf, parseArn } from './regional.ts';
import type { SqsService } from './sqs.ts';

interface Target {
  readonly Arn: string;
  readonly RoleArn: string;
  readonly Input?: string;
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly RetryPolicy?: {
    readonly MaximumEventAgeInSeconds?: number;
    readonly MaximumRetryAttempts?: number;
  };
}

interface CreateScheduleInput {
  readonly Name: string;
  readonly ScheduleExpression: string;
  readonly FlexibleTimeWindow: { readonly Mode: string; readonly MaximumWindowInMinutes?: number };
  readonly Target: Target;
  readonly ClientToken?: string;
  readonly Description?: string;
  readonly GroupName?: string;
  readonly State?: string;
}

interface Schedule {
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  readonly rate: number;
  /** Milliseconds of the flexible window; 0: none. */
  readonly window: number;
  readonly createdAt: Date;
  readonly input: CreateScheduleInput;
}

export interface SchedulerService extends ServiceDefinition {
  /** Ends every schedule. */
  close(): void;
}

export interface SchedulerOptions {
  readonly iam: Pick<Iam, 'passRole'>;
  readonly sqs: Pick<SqsService, 'queueUrl'>;
  /** Draws the moment within a flexible window; 0 to 1, exclusive. */
  readonly random: () => number;
  /** Told of defects of the sandbox itself. */
  readonly report: (problem: unknown) => void;
}

const SERVICE = 'scheduler.amazonaws.com';
const GROUP = 'default';
const MINUTE = 60_000;
const MAX_PAGE = 100;

export function createScheduler(cloud: Cloud, options: SchedulerOptions): SchedulerService {
  const { time } = cloud;
  const schedules = new Map<string, Schedule>();
  const stopped = new AbortController();

  const arnIn = ({ caller, region }: ServiceCall, name: string) =>
    arnOf('scheduler', region, caller.accountId, `schedule/${GROUP}/${name}`);

  /** The schedule's ARN, once the caller is allowed the action on it. */
  function authorized(call: ServiceCall, { Name, GroupName = GROUP }: { Name: string; GroupName?: string }) {
    if (GroupName !== GROUP) throw invalid(`The sandbox has no schedule group ${GroupName}.`);
    const arn = arnIn(call, Name);
    call.authorize({ action: `scheduler:${call.operation}`, resource: arn });
    return arn;
  }

  function existing(arn: string): Schedule {
    const schedule = schedules.get(arn);
    if (schedule) return schedule;
    throw new ServiceError('ResourceNotFoundException', `Schedule ${arn} does not exist.`, 404);
  }

  /** The first time after one interval: whether AWS also begins at once is not documented. */
  async function run(schedule: Schedule): Promise<void> {
    for (;;) {
      await time.sleep(schedule.rate, stopped.signal).catch(() => undefined);
      if (stopped.signal.aborted || schedules.get(schedule.arn) !== schedule) return;
      if (schedule.input.State === 'DISABLED') continue;
      fire(schedule).catch((problem) => {
        if (!stopped.signal.aborted) options.report(problem);
      });
    }
  }

  async function fire(schedule: Schedule): Promise<void> {
    const { Target: target } = schedule.input;
    const { MaximumRetryAttempts: most = 185, MaximumEventAgeInSeconds: oldest = 86_400 } =
      target.RetryPolicy ?? {};
    const scheduledAt = new Date(time.now());
    if (schedule.window > 0) await time.sleep(schedule.window * options.random(), stopped.signal);
    let age = 0;
    for (let retries = 0; ; retries++) {
      const failure = await start(schedule).then(() => undefined, failureOf);
      if (!failure) return;
      const pause = pauseAfter(retries);
      age += pause;
      const exhausted =
        retries >= most
          ? 'MaximumRetryAttempts'
          : age > oldest * 1000
            ? 'MaximumEventAgeInSeconds'
            : undefined;
      if (failure.permanent || exhausted) {
        await sendToDeadLetters(schedule, {
          ERROR_CODE: failure.code,
          ERROR_MESSAGE: failure.message,
          EXECUTION_ID: randomUUID(),
          SCHEDULED_TIME: scheduledAt.toISOString(),
          RETRY_ATTEMPTS: String(retries),
          ...(exhausted && { EXHAUSTED_RETRY_CONDITION: exhausted }),
        });
        return;
      }
      await time.sleep(pause, stopped.signal);
    }
  }

  /** As the target's role; Scheduler names its group as the source. */
  const callerFor = ({ input, accountId, region }: Schedule): Caller =>
    cloud.assumeRoleAsService(input.Target.RoleArn, SERVICE, 'scheduler', {
      'aws:SourceArn': arnOf('scheduler', region, accountId, `schedule-group/${GROUP}`),
      'aws:SourceAccount': accountId,
    });

  async function start(schedule: Schedule): Promise<void> {
    const { Arn: stateMachineArn, Input: input } = schedule.input.Target;
    await cloud.invoke(
      'states',
      'StartExecution',
      { stateMachineArn, ...(input !== undefined && { input }) },
      callerFor(schedule),
      schedule.region,
    );
  }

  /** Where the queue refuses it, it is lost, as on AWS; the log of calls shows the refused SendMessage. */
  async function sendToDeadLetters(schedule: Schedule, why: Readonly<Record<string, string>>): Promise<void> {
    const { DeadLetterConfig, Arn, Input = '{}' } = schedule.input.Target;
    if (DeadLetterConfig?.Arn === undefined) return;
    const attributes = { SCHEDULE_ARN: schedule.arn, TARGET_ARN: Arn, ...why };
    const message = {
      QueueUrl: options.sqs.queueUrl(DeadLetterConfig.Arn),
      MessageBody: Input,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
      ),
    };
    try {
      await cloud.invoke('sqs', 'SendMessage', message, callerFor(schedule), schedule.region);
    } catch (error) {
      failureOf(error);
    }
  }

  return {
    id: 'scheduler',
    close: () => stopped.abort(),
    operations: {
      CreateSchedule(input: CreateScheduleInput, call) {
        const arn = authorized(call, input);
        const { Name, ScheduleExpression, FlexibleTimeWindow, Target: target, ClientToken } = input;
        options.iam.passRole(call, target.RoleArn, SERVICE);
        if (!/^[\w.-]{1,64}$/.test(Name)) throw invalid(`Schedule name ${Name} is not valid.`);
        if (!['ENABLED', 'DISABLED', undefined].includes(input.State)) throw invalid('State is not valid.');
        checkTarget(target, call);
        const earlier = schedules.get(arn);
        if (earlier && ClientToken !== undefined && earlier.input.ClientToken === ClientToken) {
          return { ScheduleArn: arn };
        }
        if (earlier) throw new ServiceError('ConflictException', `Schedule ${Name} already exists.`, 409);
        const schedule: Schedule = {
          arn,
          accountId: call.caller.accountId,
          region: call.region,
          rate: readSchedule(ScheduleExpression).milliseconds,
          window: windowOf(FlexibleTimeWindow),
          createdAt: new Date(time.now()),
          input,
        };
        assertAssumable(() => callerFor(schedule));
        schedules.set(arn, schedule);
        void run(schedule);
        return { ScheduleArn: arn };
      },

      GetSchedule(input: { Name: string; GroupName?: string }, call) {
        const schedule = existing(authorized(call, input));
        const { ClientToken: _, ...shown } = schedule.input;
        return {
          GroupName: GROUP,
          State: 'ENABLED',
          ...shown,
          Arn: schedule.arn,
          CreationDate: schedule.createdAt,
        };
      },

      DeleteSchedule(input: { Name: string; GroupName?: string }, call) {
        schedules.delete(existing(authorized(call, input)).arn);
        return {};
      },

      ListSchedules(input: { MaxResults?: number; NamePrefix?: string; NextToken?: string }, call) {
        call.authorize({ action: 'scheduler:ListSchedules', resource: arnIn(call, '*') });
        const own = [...schedules.values()].filter(
          (schedule) =>
            schedule.accountId === call.caller.accountId &&
            schedule.region === call.region &&
            schedule.input.Name.startsWith(input.NamePrefix ?? ''),
        );
        const { items, next } = pageOf(own, {
          limit: Math.min(input.MaxResults ?? MAX_PAGE, MAX_PAGE),
          token: input.NextToken,
          refuse: () => invalid('The NextToken is not valid.'),
        });
        return {
          Schedules: items.map(({ arn, createdAt, input: { Name, State = 'ENABLED', Target: target } }) => ({
            Arn: arn,
            CreationDate: createdAt,
            GroupName: GROUP,
            Name,
            State,
            Target: { Arn: target.Arn },
          })),
          ...(next !== undefined && { NextToken: next }),
        };
      },
    },
  };
}

function windowOf({ Mode, MaximumWindowInMinutes: most }: CreateScheduleInput['FlexibleTimeWindow']): number {
  if (Mode === 'OFF' && most === undefined) return 0;
  if (Mode === 'FLEXIBLE' && most !== undefined && most >= 1 && most <= 1440) return most * MINUTE;
  throw invalid('A FlexibleTimeWindow is OFF, or FLEXIBLE with 1 to 1440 minutes.');
}

function checkTarget({ Arn, Input, DeadLetterConfig, RetryPolicy = {} }: Target, call: ServiceCall): void {
  const arn = parseArn(Arn);
  if (arn?.service !== 'states' || !arn.resource.startsWith('stateMachine:') || arn.region !== call.region) {
    throw invalid(`The sandbox starts state machines of the schedule's region, not ${Arn}.`);
  }
  if (Input?.includes('<aws.scheduler.')) throw invalid('The sandbox fills in no context attributes.');
  const queue = DeadLetterConfig?.Arn === undefined ? undefined : parseArn(DeadLetterConfig.Arn);
  if (DeadLetterConfig?.Arn !== undefined && (queue?.service !== 'sqs' || queue.region !== call.region)) {
    throw invalid('A dead-letter queue is an SQS queue in the region of the schedule.');
  }
  const { MaximumRetryAttempts: attempts = 0, MaximumEventAgeInSeconds: age = 60 } = RetryPolicy;
  if (attempts < 0 || attempts > 185) throw invalid('MaximumRetryAttempts must be between 0 and 185.');
  if (age < 60 || age > 86_400) throw invalid('MaximumEventAgeInSeconds must be between 60 and 86400.');
}

function assertAssumable(assume: () => Caller): void {
  try {
    assume();
  } catch (cause) {
    const message = 'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.';
    throw Object.assign(invalid(message), { cause });
  }
}

const invalid = (message: string) => new ServiceError('ValidationException', message);
