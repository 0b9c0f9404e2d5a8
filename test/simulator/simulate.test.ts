import { describe, expect, it } from 'vitest';
import { burst } from '../../simulator/burst.ts';
import { reportOf, simulate } from '../../simulator/simulate.ts';

describe('a simulation', () => {
  it('runs schedules on several threads and reports what they came to', { timeout: 30_000 }, async () => {
    const report = await simulate(
      { runs: 40, seed: 1, exhaustive: false, burst: false, sweep: false },
      () => undefined,
    );
    expect(report.json).toMatchObject({ runs: 40, violations: 0, findings: [], seed: 1 });
    expect(report.json.calls).toBeGreaterThan(40);
    expect(Object.keys(report.json.faults)).toContain('hung');
    expect(reportOf(report)).toContain('Every invariant held.');
  });
});

describe('a burst of roles', () => {
  it('is served within the limits, and evenly', async () => {
    expect(await burst(() => undefined, { roles: 60, accounts: 6 })).toMatchObject({
      holds: true,
      ready: 60,
      deadLetters: 0,
    });
  });
});
