/** From a matched rule to its target: role or service principal, retries, dead-letter queue. */
import type { Target } from '@aws-sdk/client-eventbridge';
import type { Caller, Cloud } from '../cloud.ts';
import type { Arrival, EventEnvelope, Rule } from './events-model.ts';
import { parseArn } from './regional.ts';

interface Delivery {
  readonly rule: Rule;
  readonly target: Target & { Id: string; Arn: string };
  readonly event: EventEnvelope;
  readonly arrival: Arrival;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  /** Trying again cannot help: the event goes to the dead-letter queue at once. */
  readonly permanent: boolean;
}

interface Ways {
  readonly cloud: Cloud;
  readonly queueUrl: (queueArn: string) => string;
  /** Puts a copy of the event on another bus, as this caller. */
  readonly forward: (busArn: string, event: EventEnvelope, from: Rule, as: Caller) => Promise<void>;
}

const SERVICE = 'events.amazonaws.com';
/** EventBridge's defaults; bus targets have no others. */
const MAX_ATTEMPTS = 185;
const MAX_AGE_SECONDS = 86_400;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 600_000;

/** Resolves when the event has reached its target or dead-letter queue, or has none and is lost, as on AWS. */
export async function deliver(ways: Ways, delivery: Delivery, signal: AbortSignal): Promise<void> {
  const { time } = ways.cloud;
  const { RetryPolicy: policy } = delivery.target;
  const { MaximumRetryAttempts: most = MAX_ATTEMPTS, MaximumEventAgeInSeconds: oldest = MAX_AGE_SECONDS } =
    policy ?? {};
  let age = 0;
  for (let retries = 0; ; retries++) {
    const failure = await attempt(ways, delivery);
    if (!failure) return;
    if (failure.permanent) return sendToDeadLetters(ways, delivery, failure, signal);
    const pause = pauseAfter(retries);
    age += pause;
    const exhausted =
      retries >= most ? 'MaximumRetryAttempts' : age > oldest * 1000 ? 'MaximumEventAgeInSeconds' : undefined;
    if (exhausted) return sendToDeadLetters(ways, delivery, failure, signal, { retries, exhausted });
    await time.sleep(pause, signal);
  }
}

async function attempt(ways: Ways, delivery: Delivery): Promise<Failure | undefined> {
  const { rule, target, event, arrival } = delivery;
  const toBus = parseArn(target.Arn)?.service === 'events';
  if (toBus && arrival.forwarded) {
    const message = 'An event that came from another event bus is not forwarded again.';
    return { code: 'THIRD_ACCOUNT_HOP_DETECTED', message, permanent: true };
  }
  try {
    const caller = callerFor(ways.cloud, rule, target.RoleArn);
    if (toBus) await ways.forward(target.Arn, event, rule, caller);
    else await send(ways, target.Arn, rule, caller, { MessageBody: target.Input ?? JSON.stringify(event) });
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

function callerFor(cloud: Cloud, rule: Rule, roleArn: string | undefined): Caller {
  const context = { 'aws:SourceArn': rule.arn, 'aws:SourceAccount': rule.bus.accountId };
  return roleArn === undefined
    ? { principal: { type: 'service', service: SERVICE }, accountId: '', context }
    : cloud.assumeRoleAsService(roleArn, SERVICE, rule.name, context);
}

const send = (ways: Ways, queueArn: string, rule: Rule, as: Caller, message: object): Promise<unknown> =>
  ways.cloud.invoke(
    'sqs',
    'SendMessage',
    { QueueUrl: ways.queueUrl(queueArn), ...message },
    as,
    rule.bus.region,
  );

/** Throws what is no error of a service. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) throw error;
  const { name, message } = error;
  if (/^AccessDenied/.test(name)) return { code: 'NO_PERMISSIONS', message, permanent: true };
  if (/^(?:ResourceNotFoundException|QueueDoesNotExist|StateMachineDoesNotExist)$/.test(name)) {
    return { code: 'NO_RESOURCE', message, permanent: true };
  }
  return { code: name, message, permanent: false };
}

/**
 * The event with why it was not delivered. Where the dead-letter queue refuses it, it is lost, as on AWS; the log of
 * calls shows the refused SendMessage.
 */
async function sendToDeadLetters(
  ways: Ways,
  { rule, target, event }: Delivery,
  failure: Failure,
  signal: AbortSignal,
  retried?: { retries: number; exhausted: string },
): Promise<void> {
  const queueArn = target.DeadLetterConfig?.Arn;
  if (queueArn === undefined) return;
  const attributes = {
    RULE_ARN: rule.arn,
    TARGET_ARN: target.Arn,
    ERROR_CODE: failure.code,
    ERROR_MESSAGE: failure.message,
    ...(retried && {
      RETRY_ATTEMPTS: String(retried.retries),
      EXHAUSTED_RETRY_CONDITION: retried.exhausted,
    }),
  };
  const message = {
    MessageBody: JSON.stringify(event),
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    ),
  };
  for (let retries = 0; retries < MAX_ATTEMPTS; retries++) {
    try {
      await send(ways, queueArn, rule, callerFor(ways.cloud, rule, undefined), message);
      return;
    } catch (error) {
      if (failureOf(error).permanent) return;
    }
    await ways.cloud.time.sleep(pauseAfter(retries), signal);
  }
}

/** Milliseconds of the product's time. */
export const pauseAfter = (retries: number): number => Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** retries);
