/** What an operator does in a run: watches, replays the archive, redrives dead letters. Through the public APIs. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeReplayCommand,
  EventBridgeClient,
  ListArchivesCommand,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { AccountAccess, ReadyLine } from '../start.ts';
import type { Executions } from './executions.ts';

export interface QueueState {
  readonly accountId: string;
  readonly arn: string;
  /** Messages that wait, are worked on, or are delayed. */
  readonly messages: number;
  /** Where its messages go that fail too often; undefined for a dead-letter queue itself. */
  readonly deadLettersTo: string | undefined;
}

export interface OperatorCounts {
  replays: number;
  /** Dead letters that were moved back. */
  redriven: number;
}

interface OperatorOptions {
  readonly ready: ReadyLine;
  readonly executions: Executions;
  /** Deliveries of events that are still to come. */
  readonly deliveriesWaiting: () => number;
  readonly timeScale: number;
}

const POLL_MS = 250;
/** Seconds of the product's time without any work: longer than EventBridge's pauses between a few attempts. */
const QUIET_SECONDS = 30;
const LONGEST_REST_MS = 600_000;

export class Operator {
  readonly counts: OperatorCounts = { replays: 0, redriven: 0 };
  readonly #options: OperatorOptions;
  readonly #queues: readonly { readonly accountId: string; readonly sqs: SQSClient }[];
  readonly #events: EventBridgeClient;
  #archive: { readonly name: string; readonly arn: string; readonly busArn: string } | undefined;

  constructor(options: OperatorOptions) {
    this.#options = options;
    const { aws } = options.ready;
    const clientOptions = ({ accessKeyId, secretAccessKey }: AccountAccess) => ({
      endpoint: aws.endpoint,
      region: aws.region,
      credentials: { accessKeyId, secretAccessKey },
    });
    this.#events = new EventBridgeClient(clientOptions(aws.factory));
    this.#queues = [aws.factory, ...aws.members].map((account) => ({
      accountId: account.accountId,
      sqs: new SQSClient(clientOptions(account)),
    }));
  }

  /** Every queue of every account. */
  async queues(): Promise<QueueState[]> {
    const states = await Promise.all(
      this.#queues.map(async ({ accountId, sqs }) => {
        const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
        return Promise.all(QueueUrls.map((url) => stateOf(sqs, accountId, url)));
      }),
    );
    return states.flat();
  }

  /** Resolves once nothing runs, waits or is under way for a while; rejects after ten minutes of anything else. */
  async rest(report: (running: number) => void): Promise<void> {
    const { executions, deliveriesWaiting, timeScale } = this.#options;
    const deadline = performance.now() + LONGEST_REST_MS;
    let quietSince = performance.now();
    while (performance.now() - quietSince < QUIET_SECONDS * 1000 * timeScale) {
      const running = await executions.running();
      const queued = (await this.queues()).filter(({ deadLettersTo }) => deadLettersTo !== undefined);
      const messages = queued.reduce((sum, queue) => sum + queue.messages, 0);
      report(running.length);
      if (running.length + messages + deliveriesWaiting() > 0) quietSince = performance.now();
      if (performance.now() > deadline) {
        throw new Error(`No rest within ten minutes: ${running.length} executions, ${messages} messages`);
      }
      await delay(POLL_MS);
    }
  }

  /** Replays everything that happened within these seconds since the epoch, each second once. */
  async replay(seconds: Iterable<number>): Promise<void> {
    for (const [from, to] of windowsOf(seconds)) {
      const { arn, busArn } = await this.#roleEvents();
      const ReplayName = `chaos-${++this.counts.replays}`;
      await this.#events.send(
        new StartReplayCommand({
          ReplayName,
          EventSourceArn: arn,
          EventStartTime: new Date(from * 1000),
          EventEndTime: new Date(to * 1000),
          Destination: { Arn: busArn },
        }),
      );
      for (;;) {
        const { State } = await this.#events.send(new DescribeReplayCommand({ ReplayName }));
        if (State === 'COMPLETED') break;
        await delay(POLL_MS);
      }
    }
  }

  /** Moves dead letters back to the queue that gave them up. Those of rules have no such queue. */
  async redrive(): Promise<void> {
    const queues = await this.queues();
    for (const { accountId, arn, messages } of queues) {
      const isOfQueue = queues.some(({ deadLettersTo }) => deadLettersTo === arn);
      if (messages === 0 || !isOfQueue) continue;
      const account = this.#queues.find((one) => one.accountId === accountId);
      await account?.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn }));
      this.counts.redriven += messages;
    }
  }

  async #roleEvents() {
    if (this.#archive) return this.#archive;
    const { Archives = [] } = await this.#events.send(new ListArchivesCommand({}));
    const [archive] = Archives;
    const busArn = archive?.EventSourceArn ?? '';
    const arn = `${busArn.slice(0, busArn.indexOf(':event-bus/'))}:archive/${archive?.ArchiveName}`;
    this.#archive = { name: archive?.ArchiveName ?? '', arn, busArn };
    return this.#archive;
  }
}

async function stateOf(sqs: SQSClient, accountId: string, QueueUrl: string): Promise<QueueState> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  );
  const count = (which: '' | 'NotVisible' | 'Delayed'): number =>
    Number(Attributes[`ApproximateNumberOfMessages${which}`] ?? 0);
  const redrive = Attributes.RedrivePolicy;
  return {
    accountId,
    arn: Attributes.QueueArn ?? '',
    messages: count('') + count('NotVisible') + count('Delayed'),
    deadLettersTo: redrive === undefined ? undefined : JSON.parse(redrive).deadLetterTargetArn,
  };
}

/** Replays take whole seconds and include both ends: neighbours make one window. */
function windowsOf(seconds: Iterable<number>): (readonly [from: number, to: number])[] {
  const windows: [number, number][] = [];
  for (const second of [...new Set(seconds)].sort((a, b) => a - b)) {
    const last = windows.at(-1);
    if (last && second <= last[1]) last[1] = second;
    else windows.push([second, second + 1]);
  }
  return windows;
}
