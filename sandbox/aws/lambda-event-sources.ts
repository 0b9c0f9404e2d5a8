/**
 * Event source mappings of SQS queues: messages are polled, and deleted, with the rights of the function's role. AWS
 * polls all the time; here a mapping asks the queue when it has something, so that idle queues fill no log.
 */
import { randomUUID } from 'node:crypto';
import type * as Lambda from '@aws-sdk/client-lambda';
import { ResourceConflictException, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import type { GetQueueAttributesResult, Message, ReceiveMessageResult } from '@aws-sdk/client-sqs';
import type { Caller, Cloud, OperationHandler, ServiceCall } from '../cloud.ts';
import type { InvocationResult } from './lambda-environment.ts';
import { invalidParameter, type LambdaFunction } from './lambda-model.ts';
import { arnOf, given, pageOf, parseArn } from './regional.ts';
import type { SqsService } from './sqs.ts';

interface Mapping {
  readonly id: string;
  readonly arn: string;
  readonly fn: LambdaFunction;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly reportsFailures: boolean;
  readonly concurrency: number;
  readonly enabled: boolean;
  readonly modifiedAt: Date;
  readonly stop: AbortController;
  lastResult: string;
}

interface EventSourcesOptions {
  readonly cloud: Cloud;
  readonly sqs: Pick<SqsService, 'queueUrl' | 'whenVisible'>;
  readonly find: (name: string | undefined, call: Pick<ServiceCall, 'caller' | 'region'>) => LambdaFunction;
  readonly roleOf: (fn: LambdaFunction) => Caller;
  readonly invoke: (fn: LambdaFunction, payload: Uint8Array) => Promise<InvocationResult>;
  /** Batches of one mapping that are worked on at the same time. */
  readonly concurrency: number;
}

interface EventSources {
  readonly operations: Record<string, OperationHandler>;
  close(): void;
}

const MAX_RECEIVE = 10;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

export function createEventSources(options: EventSourcesOptions): EventSources {
  const { cloud, sqs, find, roleOf } = options;
  const mappings = new Map<string, Mapping>();

  const sqsCall = <Output>(operation: string, input: object, mapping: Mapping): Promise<Output> => {
    const { fn, queueArn } = mapping;
    const whole = { QueueUrl: sqs.queueUrl(queueArn), ...input };
    return cloud.invoke<Output>('sqs', operation, whole, roleOf(fn), fn.region);
  };

  /** Up to a batch: at once with what is there, or gathered for as long as the batching window is. */
  async function receiveBatch(mapping: Mapping): Promise<Message[]> {
    const { batchSize, windowSeconds } = mapping;
    const end = cloud.time.now() + windowSeconds * 1000 * cloud.time.scale;
    const batch: Message[] = [];
    do {
      const { Messages = [] } = await sqsCall<ReceiveMessageResult>(
        'ReceiveMessage',
        {
          MaxNumberOfMessages: Math.min(MAX_RECEIVE, batchSize - batch.length),
          WaitTimeSeconds: Math.min(20, windowSeconds),
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        },
        mapping,
      );
      batch.push(...Messages);
    } while (batch.length < batchSize && cloud.time.now() < end);
    return batch;
  }

  async function work(mapping: Mapping): Promise<void> {
    const batch = await receiveBatch(mapping);
    if (batch.length === 0) return;
    const event = { Records: batch.map((message) => recordOf(message, mapping)) };
    const result = await options.invoke(mapping.fn, Buffer.from(JSON.stringify(event)));
    const failed = failedOf(result, mapping, batch);
    const done = batch.filter(({ MessageId = '' }) => !failed.has(MessageId));
    mapping.lastResult = result.failed ? 'PROBLEM: Function call failed' : 'OK';
    for (let at = 0; at < done.length; at += MAX_RECEIVE) {
      const Entries = done
        .slice(at, at + MAX_RECEIVE)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqsCall('DeleteMessageBatch', { Entries }, mapping);
    }
  }

  async function poll(mapping: Mapping): Promise<void> {
    const { signal } = mapping.stop;
    for (let failures = 0; !signal.aborted; ) {
      await sqs.whenVisible(mapping.queueArn, signal);
      if (signal.aborted) return;
      try {
        await work(mapping);
        failures = 0;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        mapping.lastResult = `PROBLEM: ${error.name}: ${error.message}`;
        const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures++);
        await cloud.time.sleep(pause, signal).catch(() => undefined);
      }
    }
  }

  /** What AWS checks before it makes a mapping. */
  async function check(mapping: Mapping): Promise<void> {
    const names = ['VisibilityTimeout'];
    const { Attributes } = await sqsCall<GetQueueAttributesResult>(
      'GetQueueAttributes',
      { AttributeNames: names },
      mapping,
    ).catch((cause: unknown) => {
      const message = `The function's role cannot call GetQueueAttributes on ${mapping.queueArn}.`;
      throw Object.assign(invalidParameter(message), { cause });
    });
    const visibility = Number(Attributes?.VisibilityTimeout);
    const { timeoutSeconds } = mapping.fn;
    if (visibility < timeoutSeconds) {
      const message = `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeoutSeconds} seconds`;
      throw invalidParameter(message);
    }
  }

  function mappingOf(id: string | undefined, action: string, call: ServiceCall): Mapping {
    const arn = arnOf('lambda', call.region, call.caller.accountId, `event-source-mapping:${id}`);
    call.authorize({ action: `lambda:${action}`, resource: arn });
    const mapping = mappings.get(arn);
    if (mapping) return mapping;
    const message = 'The resource you requested does not exist.';
    throw new ResourceNotFoundException({ message, Type: 'User', $metadata: {} });
  }

  return {
    close: () => {
      for (const { stop } of mappings.values()) stop.abort();
    },

    operations: {
      async CreateEventSourceMapping(input: Lambda.CreateEventSourceMappingRequest, call) {
        const fn = find(input.FunctionName, call);
        const context = { 'lambda:FunctionArn': fn.arn };
        call.authorize({ action: 'lambda:CreateEventSourceMapping', resource: '*', context });
        const id = randomUUID();
        const mapping: Mapping = {
          id,
          arn: arnOf('lambda', fn.region, fn.accountId, `event-source-mapping:${id}`),
          fn,
          ...settingsOf(input, options.concurrency),
          modifiedAt: new Date(cloud.time.now()),
          stop: new AbortController(),
          lastResult: 'No records processed',
        };
        for (const other of mappings.values()) {
          if (other.queueArn !== mapping.queueArn || other.fn.arn !== fn.arn) continue;
          const message = 'An event source mapping with this event source and function exists.';
          throw new ResourceConflictException({ message, Type: 'User', $metadata: {} });
        }
        await check(mapping);
        mappings.set(mapping.arn, mapping);
        if (mapping.enabled) for (let n = 0; n < mapping.concurrency; n++) void poll(mapping);
        return shown(mapping);
      },

      GetEventSourceMapping: (input: Lambda.GetEventSourceMappingRequest, call) =>
        shown(mappingOf(input.UUID, 'GetEventSourceMapping', call)),

      UpdateEventSourceMapping(input: Lambda.UpdateEventSourceMappingRequest, call) {
        const { UUID, Enabled: enabled, ...others } = input;
        if (given(others).length > 0 || enabled === undefined) {
          throw invalidParameter('The sandbox switches event source mappings on and off, no more.');
        }
        const former = mappingOf(UUID, 'UpdateEventSourceMapping', call);
        if (former.enabled === enabled) return shown(former);
        former.stop.abort();
        const modifiedAt = new Date(cloud.time.now());
        const mapping = { ...former, enabled, modifiedAt, stop: new AbortController() };
        mappings.set(mapping.arn, mapping);
        if (enabled) for (let n = 0; n < mapping.concurrency; n++) void poll(mapping);
        return shown(mapping);
      },

      DeleteEventSourceMapping(input: Lambda.DeleteEventSourceMappingRequest, call) {
        const mapping = mappingOf(input.UUID, 'DeleteEventSourceMapping', call);
        mapping.stop.abort();
        mappings.delete(mapping.arn);
        return { ...shown(mapping), State: 'Deleting' };
      },

      ListEventSourceMappings(input: Lambda.ListEventSourceMappingsRequest, call) {
        call.authorize({ action: 'lambda:ListEventSourceMappings', resource: '*' });
        const { accountId } = call.caller;
        const only = input.FunctionName === undefined ? undefined : find(input.FunctionName, call).arn;
        const found = [...mappings.values()].filter(
          ({ fn, queueArn }) =>
            fn.accountId === accountId &&
            fn.region === call.region &&
            (only === undefined || fn.arn === only) &&
            (input.EventSourceArn === undefined || queueArn === input.EventSourceArn),
        );
        const { items, next } = pageOf(found.map(shown), {
          limit: input.MaxItems,
          token: input.Marker,
          refuse: () => invalidParameter('Invalid marker.'),
        });
        return { EventSourceMappings: items, ...(next && { NextMarker: next }) };
      },
    },
  };
}

function settingsOf(input: Lambda.CreateEventSourceMappingRequest, most: number) {
  const {
    FunctionName: _,
    EventSourceArn: queueArn = '',
    Enabled: enabled = true,
    BatchSize: batchSize = 10,
    MaximumBatchingWindowInSeconds: windowSeconds = 0,
    FunctionResponseTypes: responseTypes = [],
    ScalingConfig,
    ...others
  } = input;
  if (given(others).length > 0) {
    throw invalidParameter(`The sandbox does not support ${given(others).join(', ')} here.`);
  }
  if (parseArn(queueArn)?.service !== 'sqs') throw invalidParameter('The sandbox polls SQS queues only.');
  if (batchSize < 1 || batchSize > (windowSeconds > 0 ? 10_000 : 10)) {
    throw invalidParameter('BatchSize must be between 1 and 10, or up to 10000 with a batching window.');
  }
  if (windowSeconds < 0 || windowSeconds > 300)
    throw invalidParameter('The batching window is at most 300 s.');
  const concurrency = ScalingConfig?.MaximumConcurrency ?? most;
  if (concurrency < 2 && ScalingConfig) throw invalidParameter('MaximumConcurrency is at least 2.');
  return {
    queueArn,
    enabled,
    batchSize,
    windowSeconds,
    reportsFailures: responseTypes.includes('ReportBatchItemFailures'),
    concurrency: Math.min(most, concurrency),
  };
}

const shown = (mapping: Mapping) => ({
  UUID: mapping.id,
  EventSourceMappingArn: mapping.arn,
  FunctionArn: mapping.fn.arn,
  EventSourceArn: mapping.queueArn,
  BatchSize: mapping.batchSize,
  MaximumBatchingWindowInSeconds: mapping.windowSeconds,
  FunctionResponseTypes: mapping.reportsFailures ? ['ReportBatchItemFailures'] : [],
  State: mapping.enabled ? 'Enabled' : 'Disabled',
  StateTransitionReason: 'USER_INITIATED',
  LastModified: mapping.modifiedAt,
  LastProcessingResult: mapping.lastResult,
});

/** A message as functions get it. */
function recordOf(message: Message, { queueArn, fn }: Mapping) {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    {
      dataType: value.DataType,
      ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
      ...(value.BinaryValue && { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
      stringListValues: [],
      binaryListValues: [],
    },
  ]);
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: fn.region,
  };
}

/**
 * Ids of the messages that stay in the queue. All of them where the function failed, or answers with a failure
 * list that is malformed or names a message that was not in the batch.
 */
function failedOf(result: InvocationResult, mapping: Mapping, batch: readonly Message[]): Set<string> {
  const all = new Set(batch.map(({ MessageId }) => MessageId ?? ''));
  if (result.failed) return all;
  if (!mapping.reportsFailures) return new Set();
  const answer: unknown = JSON.parse(Buffer.from(result.payload).toString('utf8'));
  const list: unknown = (answer as { batchItemFailures?: unknown } | null)?.batchItemFailures ?? [];
  if (!Array.isArray(list)) return all;
  const ids = list.map((item: { itemIdentifier?: unknown } | null) => item?.itemIdentifier);
  return ids.every((id): id is string => typeof id === 'string' && all.has(id)) ? new Set(ids) : all;
}
