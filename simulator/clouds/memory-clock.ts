import { nextTick } from 'node:process';
import type { Clock } from '../../lambdas/ports.ts';
import { Agenda } from './agenda.ts';

/** Time that passes only while everybody waits: hours in milliseconds, and always in the same order. */
export class MemoryClock implements Clock {
  #now: number;
  readonly #agenda = new Agenda();

  constructor(start = '2026-11-20T10:00:00.000Z') {
    this.#now = Date.parse(start);
  }

  now = (): number => this.#now;

  /** Acts once when so much time has passed; what it returns calls that off. */
  after = (milliseconds: number, act: () => void): (() => void) =>
    this.#agenda.add(this.#now + Math.max(0, milliseconds), act);

  sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (!signal) {
        this.after(milliseconds, resolve);
        return;
      }
      if (signal.aborted) return reject(signal.reason);
      const wake = this.after(milliseconds, () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
      const stop = () => {
        wake();
        reject(signal.reason);
      };
      signal.addEventListener('abort', stop);
    });

  /** Lets time pass until `work` is done. Throws where nobody waits for time and it still is not. */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    work.then(mark, mark);
    for (;;) {
      await everybodyWaits();
      if (settled) return work;
      if (!this.step()) throw new Error('Everybody waits, and nobody for the time');
    }
  }

  /** Lets this much time pass, whoever wakes meanwhile. */
  pass = (milliseconds: number): Promise<void> => this.run(this.sleep(milliseconds));

  /** Goes on to the next moment that somebody waits for; false where there is none. */
  step(): boolean {
    const next = this.#agenda.next();
    if (!next) return false;
    this.#now = Math.max(this.#now, next.at);
    next.act();
    return true;
  }
}

/** Node empties the queue of microtasks before it takes the next tick: then nobody has anything left to do. */
export const everybodyWaits = (): Promise<void> => new Promise((resolve) => nextTick(resolve));
