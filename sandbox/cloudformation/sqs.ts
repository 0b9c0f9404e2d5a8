import type { CreateQueueResult } from '@aws-sdk/client-sqs';
import { type Creator, policyText } from './creator.ts';

/** Properties that are queue attributes of the same name; the API takes them as text. */
const ATTRIBUTES = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'VisibilityTimeout',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'SqsManagedSseEnabled',
];

export const SQS_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::SQS::Queue': (properties, { invoke, physicalName, partition, region, accountId }) => {
    const QueueName = properties.optional('QueueName', 'string') ?? physicalName(80);
    const Attributes = Object.fromEntries(
      ATTRIBUTES.map((name) => [name, properties.optional(name, 'any')] as const)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
    );
    // Nothing is stored on a disk.
    properties.optional('KmsMasterKeyId', 'string');
    return async () => {
      const { QueueUrl = '' } = await invoke<CreateQueueResult>('sqs', 'CreateQueue', {
        QueueName,
        Attributes,
      });
      const Arn = `arn:${partition}:sqs:${region}:${accountId}:${QueueName}`;
      return {
        ref: QueueUrl,
        attributes: { Arn, QueueName, QueueUrl },
        remove: () => invoke('sqs', 'DeleteQueue', { QueueUrl }),
      };
    };
  },

  'AWS::SQS::QueuePolicy': (properties, { invoke, physicalName }) => {
    const Policy = policyText(properties.required('PolicyDocument', 'any'));
    const queues = properties.required('Queues', 'array');
    return async () => {
      for (const QueueUrl of queues) {
        await invoke('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
      }
      return { ref: physicalName(128) };
    };
  },
};
