import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { FactoryError } from '../../core/errors.ts';
import { guardMessage } from '../../core/guard/request.ts';
import type { WorkQueue } from '../guard-role/ports.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { calling } from './aws-errors.ts';

/** SQS's most in one batch. */
const BATCH = 10;

/** The guard's queue, for work that it gives itself: at once unless it says otherwise, without the delay that events have. */
export function workQueue(queueUrl: string, client = new SQSClient(CLIENT_OPTIONS)): WorkQueue {
  return {
    send: async (requests, delaySeconds = 0) => {
      for (let at = 0; at < requests.length; at += BATCH) {
        const Entries = requests.slice(at, at + BATCH).map((request, index) => ({
          Id: String(index),
          MessageBody: guardMessage(request),
          DelaySeconds: delaySeconds,
        }));
        const { Failed = [] } = await calling('SendMessageBatch to the guard', {}, () =>
          client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries })),
        );
        if (Failed.length > 0) throw new FactoryError('Unavailable', 'The queue of the guard takes not all');
      }
    },
  };
}
