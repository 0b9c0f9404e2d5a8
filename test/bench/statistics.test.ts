import fc from 'fast-check';
import { expect, it } from 'vitest';
import { interleaved, median, pairedRatio, quantile, rounded } from '../../bench/statistics.ts';

it.each([
  [[3], 0.5, 3],
  [[4, 1, 3, 2], 0.5, 2.5],
  [[5, 1, 3], 0, 1],
  [[5, 1, 3], 1, 5],
  [[0, 10], 0.95, 9.5],
])('the quantile of %j at %d is %d', (values, share, expected) => {
  expect(quantile(values, share)).toBeCloseTo(expected);
});

it('refuses the quantile of nothing and pairs with one side', () => {
  expect(() => quantile([], 0.5)).toThrow(RangeError);
  expect(() => pairedRatio([1], [])).toThrow(RangeError);
});

it('a quantile does not depend on the order, and leaves the values as they are', () => {
  const numbers = fc.array(fc.integer(), { minLength: 1 });
  fc.assert(
    fc.property(numbers, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
      const given = [...values];
      const found = quantile(values, share);
      expect(values).toEqual(given);
      expect(quantile([...values].reverse(), share)).toBe(found);
      expect(found).toBeGreaterThanOrEqual(Math.min(...values));
      expect(found).toBeLessThanOrEqual(Math.max(...values));
    }),
  );
});

it('a paired ratio is the median of the ratios, not the ratio of the medians', () => {
  const [values, bases] = [
    [10, 200, 5],
    [10, 100, 1],
  ];
  expect(pairedRatio(values, bases)).toBe(2);
  expect(median(values) / median(bases)).toBe(1);
});

it.each([
  [0, 0],
  [1234.5, 1230],
  [0.012345, 0.0123],
])('%d is told as %d', (value, expected) => {
  expect(rounded(value)).toBe(expected);
});

it('runs each once a round, every one in every place', async () => {
  const order: string[] = [];
  const run = (name: string) => async () => {
    order.push(name);
    return order.length;
  };
  const results = await interleaved({ a: run('a'), b: run('b'), c: run('c') }, 6);
  expect(Object.values(results).map((each) => each.length)).toEqual([6, 6, 6]);
  const rounds = Array.from({ length: 6 }, (_, round) => order.slice(3 * round, 3 * round + 3));
  for (const round of rounds) expect([...round].sort()).toEqual(['a', 'b', 'c']);
  for (const place of [0, 1, 2]) expect(new Set(rounds.map((round) => round[place])).size).toBe(3);
});
