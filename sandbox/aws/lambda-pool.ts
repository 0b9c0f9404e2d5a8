/**
 * The environments of one function: reused while warm, more when busy, up to a limit. Beyond it invocations wait a
 * little, for a laptop is small, and are then throttled as over an account's concurrency: AWS lets none of them wait,
 * and one that waits longer than its caller does would be worked on for nobody.
 */
import { randomUUID } from 'node:crypto';
import { type ThrottleReason, TooManyRequestsException } from '@aws-sdk/client-lambda';
import type { Environment as EnvironmentProcess, InvocationResult } from './lambda-environment.ts';

/** What the pool needs of an environment. */
type Environment = Pick<EnvironmentProcess, 'invoke' | 'kill' | 'ended' | 'alive' | 'createdAt'>;

export interface PoolOptions {
  /** Starts a process; throws where the function's role cannot be assumed. */
  readonly start: () => Environment;
  /** Several, so that what runs at the same time does run at the same time. */
  readonly limit: number;
  /** How long an invocation waits for a free environment, in milliseconds of real time. */
  readonly patience: number;
  /** With reserved concurrency Lambda throttles instead of growing. */
  readonly reserved: () => number | undefined;
}

/** Well before the credentials of an environment expire; Lambda replaces environments too. */
const MAX_AGE = 6 * 3_600_000;

export class EnvironmentPool {
  readonly #options: PoolOptions;
  readonly #idle: Environment[] = [];
  readonly #busy = new Set<Environment>();
  /** Who waits for a free environment: to be told that one may be, or that none was. */
  readonly #waiting = new Set<(mayBeFree: boolean) => void>();
  #closed = false;
  /** Environments that are older take no more work. */
  #oldest = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Runs one invocation in a free environment. Throws TooManyRequestsException where none is or becomes free. */
  async invoke(payload: Uint8Array): Promise<InvocationResult> {
    const environment = await this.#take();
    try {
      return await environment.invoke(payload, randomUUID());
    } finally {
      this.#busy.delete(environment);
      if (this.#closed || !this.#isUsable(environment)) environment.kill();
      else this.#idle.push(environment);
      this.#admitNext();
    }
  }

  /** Kills one process in the middle of its invocation, the one that works longest; false where none works. */
  crashOne(): boolean {
    const environment = [...this.#busy].find(({ alive }) => alive);
    environment?.kill();
    return environment !== undefined;
  }

  /** Kills every process; invocations under way fail, later ones find none of them. */
  async crash(): Promise<void> {
    const all = [...this.#idle, ...this.#busy];
    for (const environment of all) environment.kill();
    await Promise.all(all.map((environment) => environment.ended));
  }

  /** From now on invocations get new processes; those under way end as they would. */
  retire(): void {
    this.#oldest = performance.now();
    for (const environment of this.#idle.splice(0)) environment.kill();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.crash();
  }

  async #take(): Promise<Environment> {
    const reserved = this.#options.reserved();
    if (reserved !== undefined && this.#busy.size >= reserved) {
      throw throttled('ReservedFunctionConcurrentInvocationLimitExceeded');
    }
    const deadline = performance.now() + this.#options.patience;
    while (this.#busy.size >= this.#options.limit) {
      if (!(await this.#turn(deadline))) throw throttled('ConcurrentInvocationLimitExceeded');
    }
    try {
      const environment = this.#warm() ?? this.#options.start();
      this.#busy.add(environment);
      return environment;
    } catch (error) {
      // The place is free for the next that waits.
      this.#admitNext();
      throw error;
    }
  }

  /** False: the deadline has passed. */
  #turn(deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (mayBeFree: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        resolve(mayBeFree);
      };
      const timer = setTimeout(() => settle(false), Math.max(0, deadline - performance.now()));
      this.#waiting.add(settle);
    });
  }

  #admitNext(): void {
    const [next] = this.#waiting;
    next?.(true);
  }

  #isUsable({ alive, createdAt }: Environment): boolean {
    return alive && createdAt >= this.#oldest && performance.now() - createdAt < MAX_AGE;
  }

  #warm(): Environment | undefined {
    for (let environment = this.#idle.pop(); environment; environment = this.#idle.pop()) {
      if (this.#isUsable(environment)) return environment;
      environment.kill();
    }
    return undefined;
  }
}

function throttled(Reason: ThrottleReason): TooManyRequestsException {
  return new TooManyRequestsException({ message: 'Rate Exceeded.', Type: 'User', Reason, $metadata: {} });
}
