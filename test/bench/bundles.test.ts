import { describe, expect, it } from 'vitest';
import { BOUNDS } from '../../bench/bounds.ts';
import { measureBundles } from '../../bench/bundles.ts';
import { ENTRA_FUNCTIONS, FUNCTION_NAMES } from '../../core/naming.ts';

describe('the bundles', () => {
  const sizes = measureBundles();

  it('are those of all functions', () => {
    expect(sizes.map(({ name }) => name)).toEqual(FUNCTION_NAMES);
    expect(sizes.filter(({ needsEntra }) => needsEntra).map(({ name }) => name)).toEqual(ENTRA_FUNCTIONS);
  });

  it.each(sizes)(
    'stay within their budget: $name, $kB kB, zipped $zippedKB',
    ({ needsEntra, kB, zippedKB }) => {
      expect(kB).toBeLessThanOrEqual(BOUNDS[needsEntra ? 'bundle-entra' : 'bundle'].bound);
      expect(zippedKB).toBeLessThanOrEqual(
        BOUNDS[needsEntra ? 'bundle-entra-zipped' : 'bundle-zipped'].bound,
      );
    },
  );

  it.each(sizes)('are accounted for, part by part: $name', ({ kB, parts }) => {
    const sum = parts.reduce((total, [, size]) => total + size, 0);
    expect(sum).toBeGreaterThan(0.95 * kB);
    expect(sum).toBeLessThan(1.02 * kB);
    expect(parts.map(([part]) => part)).toEqual(expect.arrayContaining(['lambdas', 'core', '@smithy/core']));
  });
});
