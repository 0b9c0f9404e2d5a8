import { setImmediate as macrotask } from 'node:timers/promises';
import type { Clock } from '../../lambdas/ports.ts';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Time that passes only while everybody waits: hours in milliseconds, and always in the same order. */
export class MemoryClock implements Clock {
  #now: number;
  #order = 0;
  #sleepers: Sleeper[] = [];

  constructor(start = '2026-11-20T10:00:00.000Z') {
    this.#now = Date.parse(start);
  }

  now = (): number => this.#now;

  sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { at: this.#now + Math.max(0, milliseconds), order: this.#order++, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
    });

  /** Lets time pass until `work` is done. Throws where nobody waits for time and it still is not. */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    work.then(mark, mark);
    for (;;) {
      await macrotask();
      if (settled) return work;
      const next = this.#earliest();
      if (!next) throw new Error('Everybody waits, and nobody for the time');
      this.#wake(next);
    }
  }

  /** Lets this much time pass, whoever wakes meanwhile. */
  pass = (milliseconds: number): Promise<void> => this.run(this.sleep(milliseconds));

  #earliest(): Sleeper | undefined {
    return this.#sleepers.reduce<Sleeper | undefined>(
      (first, other) =>
        !first || other.at < first.at || (other.at === first.at && other.order < first.order) ? other : first,
      undefined,
    );
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    this.#now = Math.max(this.#now, sleeper.at);
    sleeper.wake();
  }
}
