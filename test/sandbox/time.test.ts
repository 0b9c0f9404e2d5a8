import { describe, expect, it } from 'vitest';
import { createTime } from '../../sandbox/time.ts';

describe('a sleep', () => {
  it('ends with its signal, however long it is', async () => {
    const stop = new AbortController();
    const asleep = createTime(10).sleep(99_999_999_000, stop.signal);
    stop.abort();
    await expect(asleep).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('does not begin after its signal', async () => {
    await expect(createTime(1).sleep(1, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('time does not run at the scale %s', (scale) => {
  expect(() => createTime(scale)).toThrow(RangeError);
});
