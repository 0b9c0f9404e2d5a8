import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EnvironmentPool, type PoolOptions } from '../../../sandbox/aws/lambda-pool.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const PAYLOAD = Buffer.from('{}');

/** A pool whose environments answer only when they are told, or killed. */
function setup(options: Partial<PoolOptions> = {}) {
  const environments: { worked: number; alive: boolean; finish(): void }[] = [];
  const pool = new EnvironmentPool({
    limit: 2,
    patience: 1000,
    reserved: () => undefined,
    start: () => {
      let answer: ((failed: boolean) => void) | undefined;
      const environment = {
        alive: true,
        worked: 0,
        createdAt: performance.now(),
        ended: Promise.resolve(),
        invoke: () =>
          new Promise<{ payload: Uint8Array; failed: boolean }>((resolve) => {
            environment.worked += 1;
            answer = (failed) => resolve({ payload: PAYLOAD, failed });
          }),
        finish: () => answer?.(false),
        kill: () => {
          environment.alive = false;
          answer?.(true);
        },
      };
      environments.push(environment);
      return environment;
    },
    ...options,
  });
  const worked = () => environments.reduce((sum, environment) => sum + environment.worked, 0);
  return { pool, environments, worked };
}

describe('more invocations than environments', () => {
  it('wait for the first that is free, in their order', async () => {
    const { pool, environments, worked } = setup();
    const done: string[] = [];
    const invoke = (name: string) => pool.invoke(PAYLOAD).then(() => done.push(name));
    const all = ['a', 'b', 'c', 'd'].map(invoke);
    await vi.advanceTimersByTimeAsync(500);
    expect(worked()).toBe(2);
    environments[1]?.finish();
    await vi.advanceTimersByTimeAsync(0);
    expect([done, worked()]).toEqual([['b'], 3]);
    environments[1]?.finish();
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toEqual(['b', 'c']);
    environments[0]?.finish();
    environments[1]?.finish();
    await Promise.all(all);
    expect(environments).toHaveLength(2);
  });

  it('are throttled when none becomes free in time, and are never worked on', async () => {
    const { pool, environments, worked } = setup();
    const working = [pool.invoke(PAYLOAD), pool.invoke(PAYLOAD)];
    const refused = expect(pool.invoke(PAYLOAD)).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      Reason: 'ConcurrentInvocationLimitExceeded',
    });
    await vi.advanceTimersByTimeAsync(1000);
    await refused;
    for (const environment of environments) environment.finish();
    await Promise.all(working);
    await vi.advanceTimersByTimeAsync(1000);
    expect(worked()).toBe(2);
  });

  it('do not wait where the function’s concurrency is reserved', async () => {
    const { pool } = setup({ reserved: () => 0 });
    await expect(pool.invoke(PAYLOAD)).rejects.toMatchObject({
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
  });
});

describe('a crash of one process', () => {
  it('strikes one that works, whose invocation fails; the next gets a new one', async () => {
    const { pool, environments } = setup();
    expect(pool.crashOne()).toBe(false);
    const first = pool.invoke(PAYLOAD);
    await vi.advanceTimersByTimeAsync(0);
    expect(pool.crashOne()).toBe(true);
    expect((await first).failed).toBe(true);
    const second = pool.invoke(PAYLOAD);
    await vi.advanceTimersByTimeAsync(0);
    expect(environments.map(({ alive }) => alive)).toEqual([false, true]);
    environments[1]?.finish();
    expect((await second).failed).toBe(false);
    expect(pool.crashOne()).toBe(false);
  });
});
