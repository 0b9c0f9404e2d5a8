/** Dead-letter queue redrive: messages go back to the queue that gave them up, or to a queue of choice. */
import { randomUUID } from 'node:crypto';
import type * as Sqs from '@aws-sdk/client-sqs';
import { ResourceNotFoundException, UnsupportedOperation } from '@aws-sdk/client-sqs';
import type { OperationHandler, SandboxTime, ServiceCall } from '../cloud.ts';
import type { Queue } from './sqs-queue.ts';
import { within } from './sqs-requests.ts';

interface Queues {
  queueByArn(queueArn: string): Queue | undefined;
  /** The queues whose dead letters go to this one. */
  sourcesOf(deadLetters: Queue): Queue[];
  authorizeOn(queue: Queue, action: string, call: ServiceCall): void;
}

export function createMoveTasks(time: SandboxTime, queues: Queues): Record<string, OperationHandler> {
  const tasks: Sqs.ListMessageMoveTasksResultEntry[] = [];

  function source(sourceArn: string | undefined): Queue {
    const queue = queues.queueByArn(sourceArn ?? '');
    if (queue) return queue;
    throw new ResourceNotFoundException({
      message: 'The resource that you specified for the SourceArn parameter does not exist.',
      $metadata: {},
    });
  }

  return {
    /** Moves what is visible now. A moved message is a new one: new id, new time of sending. */
    StartMessageMoveTask(input: Sqs.StartMessageMoveTaskRequest, call) {
      const from = source(input.SourceArn);
      for (const action of [
        'StartMessageMoveTask',
        'ReceiveMessage',
        'DeleteMessage',
        'GetQueueAttributes',
      ]) {
        queues.authorizeOn(from, action, call);
      }
      if (input.MaxNumberOfMessagesPerSecond !== undefined) {
        within('MaxNumberOfMessagesPerSecond', input.MaxNumberOfMessagesPerSecond, 1, 500);
      }
      if (queues.sourcesOf(from).length === 0) {
        throw new UnsupportedOperation({
          message: 'Source queue must be configured as a Dead Letter Queue.',
          $metadata: {},
        });
      }
      const destination = input.DestinationArn === undefined ? undefined : source(input.DestinationArn);
      const messages = from.visible();
      const task: Sqs.ListMessageMoveTasksResultEntry = {
        TaskHandle: randomUUID(),
        SourceArn: from.arn,
        ...(destination && { DestinationArn: destination.arn }),
        ApproximateNumberOfMessagesMoved: 0,
        ApproximateNumberOfMessagesToMove: messages.length,
        StartedTimestamp: time.now(),
        Status: 'COMPLETED',
      };
      const moves = messages.map((message) => ({
        message,
        to: destination ?? queues.queueByArn(message.deadLetterSourceArn ?? ''),
      }));
      for (const to of new Set(moves.map((move) => move.to))) {
        if (to) queues.authorizeOn(to, 'SendMessage', call);
      }
      for (const { message, to } of moves) {
        if (!to) {
          // Sent to the dead-letter queue directly, as EventBridge does: AWS does not know where it came from.
          task.Status = 'FAILED';
          task.FailureReason = 'CouldNotDetermineMessageSource';
          break;
        }
        from.take(message);
        to.send(message, 0);
        task.ApproximateNumberOfMessagesMoved = (task.ApproximateNumberOfMessagesMoved ?? 0) + 1;
      }
      tasks.unshift(task);
      return { TaskHandle: task.TaskHandle };
    },

    ListMessageMoveTasks(input: Sqs.ListMessageMoveTasksRequest, call) {
      const from = source(input.SourceArn);
      queues.authorizeOn(from, 'ListMessageMoveTasks', call);
      const limit = within('MaxResults', input.MaxResults ?? 1, 1, 10);
      const mine = tasks.filter((task) => task.SourceArn === from.arn).slice(0, limit);
      return { Results: mine.map(({ TaskHandle: _, ...ended }) => ended) };
    },
  };
}
