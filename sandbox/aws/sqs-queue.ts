/** One standard queue: its messages, who may see them when, and when they go to the dead-letter queue. */
import { randomUUID } from 'node:crypto';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { SandboxTime } from '../cloud.ts';
import { INITIAL_ATTRIBUTES, type QueueAttributes } from './sqs-attributes.ts';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  readonly senderId: string;
  /** Milliseconds since the epoch; kept when the message becomes a dead letter, so its retention runs on. */
  readonly sentAt: number;
  /** The queue that gave the message up. */
  readonly deadLetterSourceArn?: string;
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt?: number;
  /** Handle of the last receive; earlier ones delete nothing. */
  receiptHandle?: string;
}

type NewMessage = Pick<Message, 'body' | 'attributes' | 'senderId'>;

export class Queue {
  readonly name: string;
  readonly arn: string;
  readonly accountId: string;
  readonly createdAt: number;
  attributes: QueueAttributes = INITIAL_ATTRIBUTES;
  readonly #time: SandboxTime;
  readonly #messages = new Map<string, Message>();
  readonly #waiting = new Set<() => void>();

  constructor(identity: { name: string; arn: string; accountId: string }, time: SandboxTime) {
    this.name = identity.name;
    this.arn = identity.arn;
    this.accountId = identity.accountId;
    this.createdAt = time.now();
    this.#time = time;
  }

  send({ body, attributes, senderId }: NewMessage, delaySeconds?: number): Message {
    const now = this.#time.now();
    const sent: Message = {
      body,
      attributes,
      senderId,
      id: randomUUID(),
      sentAt: now,
      visibleAt: now + this.#real(delaySeconds ?? this.attributes.DelaySeconds),
      receiveCount: 0,
    };
    this.#put(sent);
    return sent;
  }

  /** Takes over a message that `source` gave up; id and time of sending stay. */
  addDeadLetter(message: Message, source: Queue): void {
    const { id, body, attributes, senderId, sentAt } = message;
    this.#put({
      id,
      body,
      attributes,
      senderId,
      sentAt,
      deadLetterSourceArn: source.arn,
      visibleAt: this.#time.now(),
      receiveCount: 0,
    });
  }

  /**
   * Up to `limit` visible messages, each hidden for the visibility timeout (seconds). One that was received as
   * often as the redrive policy allows goes to `deadLetters` instead.
   */
  receive(limit: number, deadLetters: Queue | undefined, visibilityTimeout?: number): Message[] {
    const now = this.#time.now();
    const received: Message[] = [];
    for (const message of this.visible()) {
      if (received.length === limit) break;
      const { redrive } = this.attributes;
      if (redrive && deadLetters && message.receiveCount >= redrive.maxReceiveCount) {
        this.#messages.delete(message.id);
        deadLetters.addDeadLetter(message, this);
        continue;
      }
      message.receiveCount += 1;
      message.firstReceivedAt ??= now;
      message.visibleAt = now + this.#real(visibilityTimeout ?? this.attributes.VisibilityTimeout);
      message.receiptHandle = `${message.id}/${randomUUID()}`;
      received.push(message);
    }
    return received;
  }

  /** Deletes by the handle of the last receive; an older handle deletes nothing, as AWS may do. */
  delete(receiptHandle: string): void {
    const message = this.#byHandle(receiptHandle);
    if (message) this.#messages.delete(message.id);
  }

  /** False where the message of this handle is not in flight. */
  changeVisibility(receiptHandle: string, seconds: number): boolean {
    const message = this.#byHandle(receiptHandle);
    if (!message || message.visibleAt <= this.#time.now()) return false;
    message.visibleAt = this.#time.now() + this.#real(seconds);
    this.#wake();
    return true;
  }

  /** Takes a visible message out, for a move task. */
  take(message: Message): void {
    this.#messages.delete(message.id);
  }

  purge(): void {
    this.#messages.clear();
  }

  visible(): Message[] {
    const now = this.#time.now();
    return this.#alive().filter((message) => message.visibleAt <= now);
  }

  counts(): { visible: number; inFlight: number; delayed: number } {
    const now = this.#time.now();
    const hidden = this.#alive().filter((message) => message.visibleAt > now);
    const inFlight = hidden.filter((message) => message.receiveCount > 0).length;
    return { visible: this.visible().length, inFlight, delayed: hidden.length - inFlight };
  }

  /** Resolves when a message is visible, or when the signal fires. */
  async whenVisible(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.visible().length === 0) {
      const next = Math.min(...this.#alive().map((message) => message.visibleAt));
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = Number.isFinite(next)
          ? setTimeout(done, Math.max(1, next - this.#time.now()))
          : undefined;
        this.#waiting.add(done);
        signal.addEventListener('abort', done);
      });
    }
  }

  #alive(): Message[] {
    const oldest = this.#time.now() - this.#real(this.attributes.MessageRetentionPeriod);
    for (const message of this.#messages.values()) {
      if (message.sentAt < oldest) this.#messages.delete(message.id);
    }
    return [...this.#messages.values()];
  }

  #byHandle(receiptHandle: string): Message | undefined {
    const message = this.#messages.get(receiptHandle.split('/')[0] ?? '');
    return message?.receiptHandle === receiptHandle ? message : undefined;
  }

  #put(message: Message): void {
    this.#messages.set(message.id, message);
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Milliseconds that a time of the product, in seconds, takes in reality. */
  #real(seconds: number): number {
    return seconds * 1000 * this.#time.scale;
  }
}
