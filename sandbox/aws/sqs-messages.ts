/** Messages as the SQS API checks and shows them. */
import { createHash } from 'node:crypto';
import {
  InvalidMessageContents,
  type MessageAttributeValue,
  type Message as ShownMessage,
} from '@aws-sdk/client-sqs';
import { type Caller, ServiceError } from '../cloud.ts';
import type { Message, Queue } from './sqs-queue.ts';

export type MessageAttributes = Readonly<Record<string, MessageAttributeValue>>;

/** Characters that XML 1.0 does not allow; SQS refuses them in every protocol. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are meant
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Throws where a queue would not take the message. Returns its size in bytes. */
export function checkMessage(body: string | undefined, attributes: MessageAttributes, queue: Queue): number {
  if (!body)
    throw new ServiceError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (FORBIDDEN.test(body)) {
    throw new InvalidMessageContents({ message: 'Invalid characters in the message body.', $metadata: {} });
  }
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    const kind = DataType?.split('.')[0];
    const valid =
      kind === 'Binary' ? BinaryValue?.length : /^(?:String|Number)$/.test(kind ?? '') && StringValue;
    if (!valid) {
      const reason = `The message attribute '${name}' is invalid.`;
      throw new ServiceError(
        'InvalidParameterValue',
        `One or more parameters are invalid. Reason: ${reason}`,
      );
    }
  }
  const size = Buffer.byteLength(body) + attributesSize(attributes);
  const { MaximumMessageSize } = queue.attributes;
  if (size > MaximumMessageSize) {
    const reason = `Message must be shorter than ${MaximumMessageSize} bytes.`;
    throw new ServiceError('InvalidParameterValue', `One or more parameters are invalid. Reason: ${reason}`);
  }
  return size;
}

const attributesSize = (attributes: MessageAttributes): number =>
  Object.entries(attributes).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name + (value.DataType ?? '')) + bytesOf(value).length,
    0,
  );

const bytesOf = (value: MessageAttributeValue): Buffer =>
  value.BinaryValue ? Buffer.from(value.BinaryValue) : Buffer.from(value.StringValue ?? '');

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** The checksum that SDKs verify: names in order, each part with its length before it. Undefined for none. */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const part = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const value = attributes[name] as MessageAttributeValue;
    part(Buffer.from(name));
    part(Buffer.from(value.DataType ?? ''));
    hash.update(Buffer.from([value.BinaryValue ? 2 : 1]));
    part(bytesOf(value));
  }
  return hash.digest('hex');
}

/** A received message with the attributes that were asked for. */
export function show(
  message: Message,
  wanted: { system: readonly string[]; attributes: readonly string[] },
): ShownMessage {
  const system: Record<string, string> = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ...(message.firstReceivedAt && { ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt) }),
    ...(message.deadLetterSourceArn && { DeadLetterQueueSourceArn: message.deadLetterSourceArn }),
  };
  const shownSystem = pick(system, (name) => wanted.system.includes(name) || wanted.system.includes('All'));
  const shown = pick(message.attributes, (name) =>
    wanted.attributes.some((pattern) =>
      /^(?:All|\.\*)$/.test(pattern) || pattern.endsWith('.*')
        ? /^(?:All|\.\*)$/.test(pattern) || name.startsWith(pattern.slice(0, -1))
        : name === pattern,
    ),
  );
  const checksum = md5OfAttributes(shown);
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(Object.keys(shownSystem).length > 0 && { Attributes: shownSystem }),
    ...(checksum && { MessageAttributes: shown, MD5OfMessageAttributes: checksum }),
  };
}

function pick<Value>(
  record: Readonly<Record<string, Value>>,
  wanted: (name: string) => boolean,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => wanted(name)));
}

export function senderOf({ principal }: Caller): string {
  if (principal.type === 'aws') return principal.arn;
  return principal.type === 'service' ? principal.service : 'anonymous';
}
