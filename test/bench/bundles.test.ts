import { describe, expect, it } from 'vitest';
import { BOUNDS } from '../../bench/bounds.ts';
import { measureBundles } from '../../bench/bundles.ts';
import {
  ENTRA_FUNCTIONS,
  FUNCTION_NAMES,
  GUARD_FUNCTION,
  NOTIFY_FUNCTION,
  OUTBOUND_FUNCTION,
} from '../../core/naming.ts';

describe('the bundles', () => {
  const sizes = measureBundles();

  it('are those of all functions', () => {
    expect(sizes.map(({ name }) => name)).toEqual([
      ...FUNCTION_NAMES,
      NOTIFY_FUNCTION,
      GUARD_FUNCTION,
      OUTBOUND_FUNCTION,
    ]);
    expect(sizes.filter(({ bound }) => bound === 'bundle-entra').map(({ name }) => name)).toEqual(
      ENTRA_FUNCTIONS,
    );
  });

  it.each(sizes)('stay within their budget: $name, $kB kB, zipped $zippedKB', ({ bound, kB, zippedKB }) => {
    expect(kB).toBeLessThanOrEqual(BOUNDS[bound].bound);
    expect(zippedKB).toBeLessThanOrEqual(BOUNDS[`${bound}-zipped`].bound);
  });

  it.each(sizes)('are accounted for, part by part: $name', ({ kB, parts }) => {
    const sum = parts.reduce((total, [, size]) => total + size, 0);
    expect(sum).toBeGreaterThan(0.95 * kB);
    expect(sum).toBeLessThan(1.02 * kB);
    expect(parts.map(([part]) => part)).toEqual(expect.arrayContaining(['lambdas', 'core', '@smithy/core']));
  });
});
