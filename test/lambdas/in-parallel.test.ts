import { expect, it } from 'vitest';
import { inParallel } from '../../lambdas/in-parallel.ts';

it('answers the values of all of them, in their order', async () => {
  const slow = new Promise<number>((resolve) => setImmediate(resolve, 1));
  expect(await inParallel(slow, Promise.resolve('two'))).toEqual([1, 'two']);
});

it('fails with the first failure, but not before the others have ended', async () => {
  const ended: string[] = [];
  const slow = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    ended.push('slow');
  });
  const failure = Promise.reject(new Error('first'));
  await expect(inParallel(slow, failure, Promise.reject(new Error('second')))).rejects.toThrow('first');
  expect(ended).toEqual(['slow']);
});
