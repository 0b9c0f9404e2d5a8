import type { Clock } from '../lambdas/ports.ts';
import type { RoleEvent } from './events.ts';

/** How often the queue delivers a message before it gives it to the dead-letter queue. */
const MAX_RECEIVES = 5;
const VISIBILITY_TIMEOUT_MS = 360_000;

/** SQS between the bus and the dispatcher. What its function does not confirm comes again. */
export class Queue {
  readonly deadLetters: RoleEvent[] = [];
  readonly deliveries: Promise<void>[] = [];
  readonly #clock: Clock;
  readonly #dispatch: (batch: object) => Promise<unknown>;

  constructor(clock: Clock, dispatch: (batch: object) => Promise<unknown>) {
    this.#clock = clock;
    this.#dispatch = dispatch;
  }

  send(event: RoleEvent, afterMs: number): void {
    this.deliveries.push(this.#receive(event, afterMs));
  }

  async #receive(event: RoleEvent, afterMs: number): Promise<void> {
    await this.#clock.sleep(afterMs);
    const batch = { Records: [{ messageId: String(event.id), body: JSON.stringify(event) }] };
    for (let receives = 0; receives < MAX_RECEIVES; receives++) {
      if (await this.#isHandled(batch)) return;
      await this.#clock.sleep(VISIBILITY_TIMEOUT_MS);
    }
    this.deadLetters.push(event);
  }

  async #isHandled(batch: object): Promise<boolean> {
    try {
      const answer = (await this.#dispatch(batch)) as { batchItemFailures: readonly unknown[] };
      return answer.batchItemFailures.length === 0;
    } catch {
      // The function died or was not reached: Lambda leaves the batch where it is.
      return false;
    }
  }
}
