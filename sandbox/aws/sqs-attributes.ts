/** The attributes of a queue, with AWS's ranges and defaults. All times are seconds. */
import { InvalidAttributeName, InvalidAttributeValue } from '@aws-sdk/client-sqs';
import { parsePolicy } from '../../core/policy/document.ts';
import type { Policy } from '../../core/policy/types.ts';

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

export interface QueueAttributes {
  readonly DelaySeconds: number;
  readonly MaximumMessageSize: number;
  readonly MessageRetentionPeriod: number;
  readonly ReceiveMessageWaitTimeSeconds: number;
  readonly VisibilityTimeout: number;
  readonly SqsManagedSseEnabled: boolean;
  readonly policy?: Policy;
  readonly redrive?: RedrivePolicy;
  /** Documents as they were set: GetQueueAttributes gives them back. */
  readonly documents: Readonly<Partial<Record<'Policy' | 'RedrivePolicy' | 'RedriveAllowPolicy', string>>>;
}

const RANGES = {
  DelaySeconds: { from: 0, to: 900, initial: 0 },
  MaximumMessageSize: { from: 1024, to: 1_048_576, initial: 1_048_576 },
  MessageRetentionPeriod: { from: 60, to: 1_209_600, initial: 345_600 },
  ReceiveMessageWaitTimeSeconds: { from: 0, to: 20, initial: 0 },
  VisibilityTimeout: { from: 0, to: 43_200, initial: 30 },
} as const;
type Ranged = keyof typeof RANGES;
const isRanged = (name: string): name is Ranged => Object.hasOwn(RANGES, name);

export const INITIAL_ATTRIBUTES: QueueAttributes = {
  DelaySeconds: RANGES.DelaySeconds.initial,
  MaximumMessageSize: RANGES.MaximumMessageSize.initial,
  MessageRetentionPeriod: RANGES.MessageRetentionPeriod.initial,
  ReceiveMessageWaitTimeSeconds: RANGES.ReceiveMessageWaitTimeSeconds.initial,
  VisibilityTimeout: RANGES.VisibilityTimeout.initial,
  SqsManagedSseEnabled: true,
  documents: {},
};

/** Attributes after a change. Throws InvalidAttributeName and InvalidAttributeValue; FIFO and KMS are not offered. */
export function changeAttributes(
  current: QueueAttributes,
  changes: Readonly<Record<string, string>>,
  queueArn: string,
): QueueAttributes {
  let next: QueueAttributes = current;
  for (const [name, value] of Object.entries(changes)) {
    if (isRanged(name)) next = { ...next, [name]: ranged(name, value) };
    else if (name === 'SqsManagedSseEnabled') {
      if (value !== 'true' && value !== 'false') throw invalidValue(name);
      next = { ...next, SqsManagedSseEnabled: value === 'true' };
    } else if (name === 'Policy' || name === 'RedrivePolicy' || name === 'RedriveAllowPolicy') {
      next = withDocument(next, name, value, queueArn);
    } else {
      throw new InvalidAttributeName({ message: `Unknown Attribute ${name}.`, $metadata: {} });
    }
  }
  return next;
}

function ranged(name: Ranged, value: string): number {
  const number = Number(value);
  const { from, to } = RANGES[name];
  if (value.trim() === '' || !Number.isInteger(number) || number < from || number > to) {
    throw invalidValue(name);
  }
  return number;
}

function withDocument(
  current: QueueAttributes,
  name: 'Policy' | 'RedrivePolicy' | 'RedriveAllowPolicy',
  value: string,
  queueArn: string,
): QueueAttributes {
  const { policy, redrive, documents, ...rest } = current;
  const { [name]: _, ...others } = documents;
  // An empty document takes the attribute away.
  const parsed = value === '' ? {} : parseDocument(name, value, queueArn);
  return {
    ...rest,
    ...(name !== 'Policy' && policy && { policy }),
    ...(name !== 'RedrivePolicy' && redrive && { redrive }),
    ...parsed,
    documents: value === '' ? others : { ...others, [name]: value },
  };
}

function parseDocument(
  name: 'Policy' | 'RedrivePolicy' | 'RedriveAllowPolicy',
  value: string,
  queueArn: string,
): { policy?: Policy; redrive?: RedrivePolicy } {
  if (name === 'Policy') {
    try {
      return { policy: parsePolicy(value, `policy of ${queueArn}`, 'resource') };
    } catch (cause) {
      throw invalidValue(name, cause);
    }
  }
  if (name === 'RedrivePolicy') {
    const { deadLetterTargetArn, maxReceiveCount } = jsonObject(name, value);
    const count = Number(maxReceiveCount);
    if (typeof deadLetterTargetArn !== 'string' || !Number.isInteger(count) || count < 1 || count > 1000) {
      throw invalidValue(name);
    }
    return { redrive: { deadLetterTargetArn, maxReceiveCount: count } };
  }
  allowsRedriveFrom(value, '');
  return {};
}

/** Whether a `RedriveAllowPolicy` lets a queue use this one for its dead letters; without one, any may. */
export function allowsRedriveFrom(document: string | undefined, sourceArn: string): boolean {
  if (document === undefined) return true;
  const { redrivePermission = 'allowAll', sourceQueueArns } = jsonObject('RedriveAllowPolicy', document);
  if (redrivePermission === 'allowAll') return true;
  if (redrivePermission === 'denyAll') return false;
  if (redrivePermission !== 'byQueue' || !Array.isArray(sourceQueueArns))
    throw invalidValue('RedriveAllowPolicy');
  return sourceQueueArns.includes(sourceArn);
}

function jsonObject(name: string, value: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Record<string, unknown>;
    }
  } catch (cause) {
    throw invalidValue(name, cause);
  }
  throw invalidValue(name);
}

export function invalidValue(name: string, cause?: unknown): InvalidAttributeValue {
  const error = new InvalidAttributeValue({
    message: `Invalid value for the parameter ${name}.`,
    $metadata: {},
  });
  error.cause = cause;
  return error;
}
