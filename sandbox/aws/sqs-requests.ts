/** Checks of SQS requests, and the batch operations' partial results. */
import {
  BatchEntryIdsNotDistinct,
  EmptyBatchRequest,
  InvalidBatchEntryId,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  TooManyEntriesInBatchRequest,
} from '@aws-sdk/client-sqs';
import { ServiceError } from '../cloud.ts';

interface BatchFailure {
  Id: string;
  SenderFault: boolean;
  Code: string;
  Message: string;
}

export const noQueue = () =>
  new QueueDoesNotExist({ message: 'The specified queue does not exist.', $metadata: {} });

export function within(name: string, value: number, from: number, to: number): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  const reason = `Must be between ${from} and ${to}, if provided.`;
  throw new ServiceError(
    'InvalidParameterValue',
    `Value ${value} for parameter ${name} is invalid. Reason: ${reason}`,
  );
}

export function validHandle(receiptHandle: string | undefined): string {
  if (receiptHandle && /^[\da-f-]{36}\/[\da-f-]{36}$/.test(receiptHandle)) return receiptHandle;
  throw new ReceiptHandleIsInvalid({ message: 'The input receipt handle is invalid.', $metadata: {} });
}

/** The entries of a batch: one to ten, with distinct ids. */
export function checkBatch<Entry extends { Id: string | undefined }>(entries: Entry[] | undefined) {
  const $metadata = {};
  const checked = entries ?? [];
  if (checked.length === 0) throw new EmptyBatchRequest({ message: 'The batch is empty.', $metadata });
  if (checked.length > 10) {
    throw new TooManyEntriesInBatchRequest({ message: 'A batch holds at most 10 entries.', $metadata });
  }
  if (!checked.every((entry) => /^[\w-]{1,80}$/.test(entry.Id ?? ''))) {
    throw new InvalidBatchEntryId({ message: 'A batch entry id is invalid.', $metadata });
  }
  if (new Set(checked.map((entry) => entry.Id)).size < checked.length) {
    throw new BatchEntryIdsNotDistinct({ message: 'Two batch entries have the same id.', $metadata });
  }
  return checked;
}

/** Runs each entry by itself: what fails does not keep the others from being done. */
export function inBatch<Entry extends { Id: string | undefined }, Result extends object>(
  entries: readonly Entry[],
  run: (entry: Entry) => Result,
): { Successful: (Result & { Id: string })[]; Failed: BatchFailure[] } {
  const Successful: (Result & { Id: string })[] = [];
  const Failed: BatchFailure[] = [];
  for (const entry of entries) {
    const Id = entry.Id ?? '';
    try {
      Successful.push({ Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      Failed.push({ Id, SenderFault: true, Code: error.name, Message: error.message });
    }
  }
  return { Successful, Failed };
}
