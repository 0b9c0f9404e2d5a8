/** Amazon SQS: standard queues with visibility, long polling, dead-letter queues, queue policies and redrive. */

import type * as Sqs from '@aws-sdk/client-sqs';
import { BatchRequestTooLong, MessageNotInflight, QueueNameExists } from '@aws-sdk/client-sqs';
import { type Cloud, type ServiceCall, type ServiceDefinition, ServiceError } from '../cloud.ts';
import { arnOf, pageOf, parseArn, Regional } from './regional.ts';
import { allowsRedriveFrom, changeAttributes, invalidValue } from './sqs-attributes.ts';
import { checkMessage, md5, md5OfAttributes, senderOf, show } from './sqs-messages.ts';
import { createMoveTasks } from './sqs-move-tasks.ts';
import { Queue } from './sqs-queue.ts';
import { checkBatch, inBatch, noQueue, validHandle, within } from './sqs-requests.ts';

/** What other services of the cloud ask of SQS beside its API. */
export interface SqsService extends ServiceDefinition {
  queueUrl(queueArn: string): string;
  /** How many messages each queue shows. */
  depths(): { readonly queueArn: string; readonly visible: number }[];
  /** Resolves when the queue may have a message to receive, or when the signal fires. */
  whenVisible(queueArn: string, signal: AbortSignal): Promise<void>;
}

const MAX_BATCH_BYTES = 1_048_576;

/** `endpoint` gives the origin that queue URLs carry: SDKs send requests about a queue there. */
export function createSqs(cloud: Cloud, options: { endpoint: () => string }): SqsService {
  const regions = new Regional(() => new Map<string, Queue>());

  function queueByArn(queueArn: string): Queue | undefined {
    const arn = parseArn(queueArn);
    if (arn?.service !== 'sqs') return undefined;
    const queue = regions.of(arn.accountId, arn.region).get(arn.resource);
    return queue?.arn === queueArn ? queue : undefined;
  }

  const queueUrl = (queueArn: string) => {
    const arn = parseArn(queueArn);
    return `${options.endpoint()}/${arn?.accountId}/${arn?.resource}`;
  };

  /** The queue of a URL, once the caller is allowed the action on it. */
  function authorized(url: string | undefined, action: string, call: ServiceCall): Queue {
    const [accountId, name] = /\/(\d{12})\/([\w-]{1,80})$/.exec(url ?? '')?.slice(1) ?? [];
    if (!accountId || !name) throw noQueue();
    const queue = regions.of(accountId, call.region).get(name);
    if (!queue) throw noQueue();
    authorizeOn(queue, action, call);
    return queue;
  }

  function authorizeOn(queue: Queue, action: string, call: ServiceCall): void {
    call.authorize({
      action: `sqs:${action}`,
      resource: queue.arn,
      resourceAccountId: queue.accountId,
      ...(queue.attributes.policy && { resourcePolicy: queue.attributes.policy }),
    });
  }

  function deadLettersOf(queue: Queue): Queue | undefined {
    const { redrive } = queue.attributes;
    const target = redrive && queueByArn(redrive.deadLetterTargetArn);
    return target && allowsRedriveFrom(target.attributes.documents.RedriveAllowPolicy, queue.arn)
      ? target
      : undefined;
  }

  function withAttributes(queue: Queue, changes: Readonly<Record<string, string>>) {
    const next = changeAttributes(queue.attributes, changes, queue.arn);
    if (changes.RedrivePolicy && next.redrive) {
      const target = queueByArn(next.redrive.deadLetterTargetArn);
      if (!target || !allowsRedriveFrom(target.attributes.documents.RedriveAllowPolicy, queue.arn)) {
        throw invalidValue('RedrivePolicy: the dead-letter target does not exist or does not allow it');
      }
    }
    return next;
  }

  const sourcesOf = (deadLetters: Queue): Queue[] =>
    [...regions.all()]
      .flatMap((queues) => [...queues.values()])
      .filter((queue) => queue.attributes.redrive?.deadLetterTargetArn === deadLetters.arn);

  function sendTo(queue: Queue, entry: Sqs.SendMessageBatchRequestEntry, call: ServiceCall) {
    const attributes = entry.MessageAttributes ?? {};
    checkMessage(entry.MessageBody, attributes, queue);
    if (entry.MessageGroupId || entry.MessageDeduplicationId || entry.MessageSystemAttributes) {
      throw new ServiceError(
        'InvalidParameterValue',
        'The sandbox knows neither groups nor system attributes.',
      );
    }
    const message = queue.send(
      { body: entry.MessageBody ?? '', attributes, senderId: senderOf(call.caller) },
      entry.DelaySeconds,
    );
    const checksum = md5OfAttributes(attributes);
    return {
      MessageId: message.id,
      MD5OfMessageBody: md5(message.body),
      ...(checksum && { MD5OfMessageAttributes: checksum }),
    };
  }

  function remove(queue: Queue, receiptHandle: string | undefined) {
    queue.delete(validHandle(receiptHandle));
    return {};
  }

  function hide(queue: Queue, receiptHandle: string | undefined, seconds: number | undefined) {
    if (seconds === undefined || seconds < 0 || seconds > 43_200) throw invalidValue('VisibilityTimeout');
    if (!queue.changeVisibility(validHandle(receiptHandle), seconds)) {
      throw new MessageNotInflight({ message: 'The message is not in flight.', $metadata: {} });
    }
    return {};
  }

  const moveTasks = createMoveTasks(cloud.time, { queueByArn, sourcesOf, authorizeOn });

  return {
    id: 'sqs',
    queueUrl,
    depths: () =>
      [...regions.all()].flatMap((queues) =>
        [...queues.values()].map((queue) => ({ queueArn: queue.arn, visible: queue.counts().visible })),
      ),
    whenVisible: async (queueArn, signal) => queueByArn(queueArn)?.whenVisible(signal),
    operations: {
      ...moveTasks,

      CreateQueue(input: Sqs.CreateQueueRequest, call) {
        const { QueueName: name = '', Attributes: attributes = {} } = input;
        const { accountId } = call.caller;
        if (!/^[\w-]{1,80}$/.test(name)) {
          throw new ServiceError(
            'InvalidParameterValue',
            'Can only include alphanumeric characters, - and _.',
          );
        }
        const arn = arnOf('sqs', call.region, accountId, name);
        call.authorize({ action: 'sqs:CreateQueue', resource: arn });
        const queues = regions.of(accountId, call.region);
        const existing = queues.get(name);
        if (existing) {
          const same = JSON.stringify(withAttributes(existing, attributes as Record<string, string>));
          if (same === JSON.stringify(existing.attributes)) return { QueueUrl: queueUrl(arn) };
          throw new QueueNameExists({ message: 'A queue exists with other attributes.', $metadata: {} });
        }
        const queue = new Queue({ name, arn, accountId }, cloud.time);
        queue.attributes = withAttributes(queue, attributes as Record<string, string>);
        queues.set(name, queue);
        return { QueueUrl: queueUrl(arn) };
      },

      DeleteQueue(input: Sqs.DeleteQueueRequest, call) {
        const queue = authorized(input.QueueUrl, 'DeleteQueue', call);
        regions.of(queue.accountId, call.region).delete(queue.name);
        return {};
      },

      GetQueueUrl(input: Sqs.GetQueueUrlRequest, call) {
        const accountId = input.QueueOwnerAWSAccountId ?? call.caller.accountId;
        const queue = regions.of(accountId, call.region).get(input.QueueName ?? '');
        if (!queue) throw noQueue();
        authorizeOn(queue, 'GetQueueUrl', call);
        return { QueueUrl: queueUrl(queue.arn) };
      },

      ListQueues(input: Sqs.ListQueuesRequest, call) {
        call.authorize({ action: 'sqs:ListQueues', resource: '*' });
        const queues = [...regions.of(call.caller.accountId, call.region).values()].filter((queue) =>
          queue.name.startsWith(input.QueueNamePrefix ?? ''),
        );
        return urlPage('QueueUrls', queues, input);
      },

      ListDeadLetterSourceQueues(input: Sqs.ListDeadLetterSourceQueuesRequest, call) {
        const queue = authorized(input.QueueUrl, 'ListDeadLetterSourceQueues', call);
        return urlPage('queueUrls', sourcesOf(queue), input);
      },

      GetQueueAttributes(input: Sqs.GetQueueAttributesRequest, call) {
        const queue = authorized(input.QueueUrl, 'GetQueueAttributes', call);
        const { policy: _, redrive: __, documents, ...plain } = queue.attributes;
        const counts = queue.counts();
        const all: Record<string, string | number | boolean> = {
          ...plain,
          ...documents,
          QueueArn: queue.arn,
          CreatedTimestamp: Math.floor(queue.createdAt / 1000),
          ApproximateNumberOfMessages: counts.visible,
          ApproximateNumberOfMessagesNotVisible: counts.inFlight,
          ApproximateNumberOfMessagesDelayed: counts.delayed,
        };
        const wanted = input.AttributeNames ?? [];
        const shown = Object.entries(all).filter(([name]) =>
          wanted.some((attribute) => attribute === 'All' || attribute === name),
        );
        return { Attributes: Object.fromEntries(shown.map(([name, value]) => [name, String(value)])) };
      },

      SetQueueAttributes(input: Sqs.SetQueueAttributesRequest, call) {
        const queue = authorized(input.QueueUrl, 'SetQueueAttributes', call);
        queue.attributes = withAttributes(queue, (input.Attributes ?? {}) as Record<string, string>);
        return {};
      },

      SendMessage(input: Sqs.SendMessageRequest, call) {
        const queue = authorized(input.QueueUrl, 'SendMessage', call);
        return sendTo(queue, { Id: 'single', ...input }, call);
      },

      SendMessageBatch(input: Sqs.SendMessageBatchRequest, call) {
        const queue = authorized(input.QueueUrl, 'SendMessage', call);
        const entries = checkBatch(input.Entries);
        const size = entries.reduce(
          (sum, entry) => sum + checkMessage(entry.MessageBody, entry.MessageAttributes ?? {}, queue),
          0,
        );
        if (size > MAX_BATCH_BYTES) {
          throw new BatchRequestTooLong({ message: 'The batch is too long.', $metadata: {} });
        }
        return inBatch(entries, (entry) => sendTo(queue, entry, call));
      },

      async ReceiveMessage(input: Sqs.ReceiveMessageRequest, call) {
        const queue = authorized(input.QueueUrl, 'ReceiveMessage', call);
        const limit = within('MaxNumberOfMessages', input.MaxNumberOfMessages ?? 1, 1, 10);
        const { ReceiveMessageWaitTimeSeconds } = queue.attributes;
        const wait = within('WaitTimeSeconds', input.WaitTimeSeconds ?? ReceiveMessageWaitTimeSeconds, 0, 20);
        const { VisibilityTimeout: timeout } = input;
        if (timeout !== undefined) within('VisibilityTimeout', timeout, 0, 43_200);
        const deadline = AbortSignal.timeout(Math.ceil(wait * 1000 * cloud.time.scale));
        for (;;) {
          const received = queue.receive(limit, deadLettersOf(queue), timeout);
          if (received.length > 0 || wait === 0 || deadline.aborted) {
            const wanted = {
              system: [...(input.MessageSystemAttributeNames ?? []), ...(input.AttributeNames ?? [])],
              attributes: input.MessageAttributeNames ?? [],
            };
            return received.length > 0 ? { Messages: received.map((message) => show(message, wanted)) } : {};
          }
          await queue.whenVisible(deadline);
        }
      },

      DeleteMessage(input: Sqs.DeleteMessageRequest, call) {
        return remove(authorized(input.QueueUrl, 'DeleteMessage', call), input.ReceiptHandle);
      },

      DeleteMessageBatch(input: Sqs.DeleteMessageBatchRequest, call) {
        const queue = authorized(input.QueueUrl, 'DeleteMessage', call);
        return inBatch(checkBatch(input.Entries), (entry) => remove(queue, entry.ReceiptHandle));
      },

      ChangeMessageVisibility(input: Sqs.ChangeMessageVisibilityRequest, call) {
        const queue = authorized(input.QueueUrl, 'ChangeMessageVisibility', call);
        return hide(queue, input.ReceiptHandle, input.VisibilityTimeout);
      },

      ChangeMessageVisibilityBatch(input: Sqs.ChangeMessageVisibilityBatchRequest, call) {
        const queue = authorized(input.QueueUrl, 'ChangeMessageVisibility', call);
        return inBatch(checkBatch(input.Entries), (entry) =>
          hide(queue, entry.ReceiptHandle, entry.VisibilityTimeout),
        );
      },

      PurgeQueue(input: Sqs.PurgeQueueRequest, call) {
        authorized(input.QueueUrl, 'PurgeQueue', call).purge();
        return {};
      },
    },
  };

  function urlPage(
    field: string,
    queues: readonly Queue[],
    input: { MaxResults?: number | undefined; NextToken?: string | undefined },
  ) {
    const { items, next } = pageOf(queues, {
      limit: input.MaxResults,
      token: input.NextToken,
      refuse: () => invalidValue('NextToken'),
    });
    return { [field]: items.map((queue) => queueUrl(queue.arn)), ...(next && { NextToken: next }) };
  }
}
