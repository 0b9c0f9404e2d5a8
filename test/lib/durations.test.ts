import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLIENT_OPTIONS } from '../../lambdas/adapters/aws-client.ts';
import { DURATIONS } from '../../lib/durations.ts';

interface State {
  Type: string;
  TimeoutSeconds?: number;
  Retry?: {
    ErrorEquals: string[];
    IntervalSeconds: number;
    BackoffRate: number;
    MaxDelaySeconds: number;
    MaxAttempts: number;
  }[];
  Branches?: { States: Record<string, State> }[];
}

const tasksOf = (states: Record<string, State>): [string, State][] =>
  Object.entries(states).flatMap(([name, state]): [string, State][] => [
    ...(state.Type === 'Task' ? [[name, state] as [string, State]] : []),
    ...(state.Branches ?? []).flatMap((branch) => tasksOf(branch.States)),
  ]);

const tasks = ['create-role', 'delete-role'].flatMap((name) =>
  tasksOf(JSON.parse(readFileSync(`statemachines/${name}.asl.json`, 'utf8')).States),
);

/** What full jitter gives on average: half of the sum of the capped pauses. */
const meanPause = (retry: NonNullable<State['Retry']>[number]): number => {
  let sum = 0;
  for (let attempt = 0; attempt < retry.MaxAttempts; attempt++)
    sum += Math.min(retry.IntervalSeconds * retry.BackoffRate ** attempt, retry.MaxDelaySeconds) / 2;
  return sum;
};

const isOfAttempts = ({ ErrorEquals }: NonNullable<State['Retry']>[number]): boolean =>
  !ErrorEquals.includes('Paused');

describe('durations', () => {
  it.each(tasks.filter(([name]) => name !== 'StartRemoval'))('%s waits out a pause of 14 days', (_, task) => {
    const held = task.Retry?.find((retry) => !isOfAttempts(retry));
    const days = held ? meanPause(held) / 86_400 : 0;
    expect(days).toBeGreaterThan(13.9);
    expect(days).toBeLessThan(14.2);
  });

  it('a pause counts within half a minute: what a function believes, and one call', () => {
    const { connectionTimeout, requestTimeout } = CLIENT_OPTIONS.requestHandler;
    expect(DURATIONS.control * 1000 + connectionTimeout + requestTimeout).toBeLessThanOrEqual(30_000);
  });

  it.each(tasks)('%s times out after its function, so that a timeout is the function’s own', (_, task) => {
    expect(task.TimeoutSeconds).toBeGreaterThan(DURATIONS.functionTimeout);
  });

  it('removal waits longer than a task, hence than any function of a former owner, can run', () => {
    for (const [, task] of tasks) expect(DURATIONS.writers).toBeGreaterThan(task.TimeoutSeconds ?? 0);
  });

  it.each(tasks)('a lease outlasts the longest pause between two attempts of %s', (_, task) => {
    // Whoever is held may lose its lease: nobody else works meanwhile, or it stops at its next write.
    for (const retry of task.Retry?.filter(isOfAttempts) ?? [])
      expect(DURATIONS.lease).toBeGreaterThan(retry.MaxDelaySeconds + 2 * (task.TimeoutSeconds ?? 0));
  });

  it.each(tasks)(
    'the retries of %s outlast a lease, the settling of IAM and the replication of Entra',
    (_, task) => {
      const patience = Math.max(...(task.Retry?.filter(isOfAttempts) ?? []).map(meanPause));
      expect(patience).toBeGreaterThan(DURATIONS.settle);
      expect(patience).toBeGreaterThan(DURATIONS.lease);
      expect(patience).toBeGreaterThan(DURATIONS.replication);
    },
  );

  it('two looks at a missing role are at least a minute apart', () => {
    expect(DURATIONS.lookAgain).toBeGreaterThanOrEqual(60);
  });
});
