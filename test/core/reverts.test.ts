import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countRevert,
  isContested,
  isExhausted,
  MAX_ROUNDS,
  QUIET_DAYS,
  type Reverts,
} from '../../core/reverts.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const DAY = 86_400_000;

const rounds = (times: readonly number[]): Reverts | undefined =>
  times.reduce<Reverts | undefined>((before, time) => countRevert(before, time), undefined);

describe('a tug of war', () => {
  it('is over after two rounds', () => {
    expect(isContested(undefined, NOW)).toBe(false);
    expect(isContested(rounds([NOW]), NOW)).toBe(false);
    expect(isContested(rounds([NOW, NOW]), NOW)).toBe(false);
    expect(isContested(rounds([NOW, NOW, NOW]), NOW)).toBe(true);
    expect(isExhausted(rounds([NOW, NOW]), NOW)).toBe(true);
  });

  it('begins anew after a quiet window, and not a moment before', () => {
    const three = rounds([NOW, NOW, NOW]);
    expect(isContested(three, NOW + QUIET_DAYS * DAY - 1)).toBe(true);
    expect(isContested(three, NOW + QUIET_DAYS * DAY)).toBe(false);
    expect(countRevert(three, NOW + QUIET_DAYS * DAY).count).toBe(1);
  });

  it('counts a time that cannot be read as recent', () => {
    expect(isContested({ count: MAX_ROUNDS + 1, lastAt: 'once' }, NOW)).toBe(true);
  });

  it('is allowed no more than two rounds within any window, whenever they come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 20 }), (pauses) => {
        let now = NOW;
        let reverts: Reverts | undefined;
        const healed: number[] = [];
        for (const pause of pauses) {
          now += pause * DAY;
          const next = countRevert(reverts, now);
          if (isContested(next, now)) continue;
          reverts = next;
          healed.push(now);
        }
        for (const [index, time] of healed.entries()) {
          const third = healed[index + MAX_ROUNDS];
          if (third !== undefined) expect(third - time).toBeGreaterThanOrEqual(QUIET_DAYS * DAY);
        }
      }),
    );
  });
});
