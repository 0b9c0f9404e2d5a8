import { describe, expect, it } from 'vitest';
import { readContext } from '../../../core/policy/context.ts';
import { matchesGlob, wildcards } from '../../../core/policy/match.ts';
import { expand } from '../../../core/policy/variables.ts';

describe('a pattern with variables', () => {
  const value = 'x'.repeat(30_000);
  const context = readContext({ 'k:a': value, 'k:b': 'b' });

  it('grows no longer than what it is compared with, however often it repeats a value', () => {
    const pattern = expand(`\${k:a}`.repeat(5000), '2012-10-17', context, wildcards, value.length);
    expect(pattern?.length).toBeLessThanOrEqual(2 * value.length);
    expect(matchesGlob(pattern ?? [], value)).toBe(false);
  });

  it('is whole where it may match', () => {
    const pattern = expand(`*\${k:b}*\${k:a}*`, '2012-10-17', context, wildcards, value.length + 2);
    expect(matchesGlob(pattern ?? [], `b_${value}`)).toBe(true);
  });

  it('takes values longer than a call has arguments', () => {
    const long = 'y'.repeat(500_000);
    expect(expand(`*${long}`, '2012-10-17', context, wildcards, long.length)?.length).toBe(long.length + 1);
  });
});
