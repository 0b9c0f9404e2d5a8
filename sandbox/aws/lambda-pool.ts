/** The environments of one function: reused while warm, more when busy, up to a limit; beyond it invocations wait. */
import { randomUUID } from 'node:crypto';
import { TooManyRequestsException } from '@aws-sdk/client-lambda';
import type { Environment, InvocationResult } from './lambda-environment.ts';

interface PoolOptions {
  /** Starts a process; throws where the function's role cannot be assumed. */
  readonly start: () => Environment;
  /** Several, so that what runs at the same time does run at the same time. */
  readonly limit: number;
  /** With reserved concurrency Lambda throttles instead of growing. */
  readonly reserved: () => number | undefined;
}

/** Well before the credentials of an environment expire; Lambda replaces environments too. */
const MAX_AGE = 6 * 3_600_000;

export class EnvironmentPool {
  readonly #options: PoolOptions;
  readonly #idle: Environment[] = [];
  readonly #busy = new Set<Environment>();
  readonly #waiting: (() => void)[] = [];
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Runs one invocation in a free environment. Throws TooManyRequestsException over the reserved concurrency. */
  async invoke(payload: Uint8Array): Promise<InvocationResult> {
    const environment = await this.#take();
    try {
      return await environment.invoke(payload, randomUUID());
    } finally {
      this.#busy.delete(environment);
      if (this.#closed || !environment.alive) environment.kill();
      else this.#idle.push(environment);
      this.#waiting.shift()?.();
    }
  }

  /** Kills every process; invocations under way fail, later ones find none of them. */
  async crash(): Promise<void> {
    const all = [...this.#idle, ...this.#busy];
    for (const environment of all) environment.kill();
    await Promise.all(all.map((environment) => environment.ended));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.crash();
  }

  async #take(): Promise<Environment> {
    const reserved = this.#options.reserved();
    if (reserved !== undefined && this.#busy.size >= reserved) {
      const message = 'Rate Exceeded.';
      throw new TooManyRequestsException({
        message,
        Type: 'User',
        Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
        $metadata: {},
      });
    }
    while (this.#busy.size >= this.#options.limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      const environment = this.#warm() ?? this.#options.start();
      this.#busy.add(environment);
      return environment;
    } catch (error) {
      // The place is free for the next that waits.
      this.#waiting.shift()?.();
      throw error;
    }
  }

  #warm(): Environment | undefined {
    for (let environment = this.#idle.pop(); environment; environment = this.#idle.pop()) {
      if (environment.alive && performance.now() - environment.createdAt < MAX_AGE) return environment;
      environment.kill();
    }
    return undefined;
  }
}
