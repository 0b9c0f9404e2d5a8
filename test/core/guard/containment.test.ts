import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ContainmentInput,
  containable,
  decideContainment,
  quarantine,
} from '../../../core/guard/containment.ts';
import type { Containment } from '../../../core/guard/role-file.ts';
import { GUARD_MODES } from '../../../core/guard/settings.ts';
import { SEVERITIES } from '../../../core/lint/finding.ts';
import { RULE_IDS } from '../../../core/lint/rules.ts';
import {
  ATTACHED,
  at,
  CRITICAL,
  DAY,
  GUARD_SETTINGS,
  NEW_ROLE,
  NOW,
  OLD_ROLE,
  OPERATOR,
  tracked,
} from '../../fixtures/guard.ts';

const decide = (input: Partial<ContainmentInput>) =>
  decideContainment({
    role: NEW_ROLE,
    findings: [CRITICAL],
    containment: undefined,
    accepted: [],
    settings: GUARD_SETTINGS,
    recent: [],
    now: NOW,
    ...input,
  });
const { shownBy: _, ...notShown } = tracked('WI10', 'critical');
const quarantined = { ...NEW_ROLE, isQuarantined: true };
const HOUR = 3_600_000;

describe('a role that is not contained', () => {
  it('is contained for a critical finding while it is new', () => {
    expect(decide({})).toEqual({
      act: 'attach',
      counts: true,
      containment: { phase: 'attaching', by: 'guard', rules: ['WI01'], since: at(0), detachments: 0 },
    });
  });

  it.each<[string, Partial<ContainmentInput>, string]>([
    ['nothing was found', { findings: [] }, 'nothing-critical'],
    ['nothing critical was found', { findings: [tracked('WI02', 'high')] }, 'nothing-critical'],
    ['it was mended', { findings: [{ ...CRITICAL, resolvedAt: at(0) }] }, 'nothing-critical'],
    [
      'no token shows it: AWS principals get in, whom the quarantine leaves alone',
      { findings: [notShown] },
      'nothing-critical',
    ],
    ['only the role is at fault', { findings: [tracked('WR01', 'critical')] }, 'nothing-critical'],
    ['the mode is observe', { settings: { ...GUARD_SETTINGS, mode: 'observe' } }, 'mode'],
    ['the mode is suggest', { settings: { ...GUARD_SETTINGS, mode: 'suggest' } }, 'mode'],
    ['it is protected', { role: { ...NEW_ROLE, isProtected: true } }, 'protected'],
    ['others have done it', { role: quarantined }, 'quarantined-by-others'],
    ['an operator has accepted it', { accepted: ['WI01'] }, 'accepted'],
    ['others took it off twice', { containment: { ...ATTACHED, phase: 'contested' } }, 'contested'],
    [
      'it had no room, and has no more now',
      {
        role: { ...NEW_ROLE, attachedPolicies: 10 },
        containment: { ...ATTACHED, phase: 'impossible', attachedPolicies: 10 },
      },
      'no-room',
    ],
    ['it is old and the finding is fresh', { role: OLD_ROLE }, 'grace'],
    [
      'it is old and in use',
      { role: { ...OLD_ROLE, lastUsedAt: at(-89 * DAY) }, findings: [seen(-30 * DAY)] },
      'needs-approval',
    ],
    ['the hour is full', { recent: [NOW - 1, NOW - HOUR + 1] }, 'hourly-cap'],
  ])('is left alone where %s', (_, input, because) => {
    expect(decide(input)).toMatchObject({ act: 'none', because });
  });

  it.each(['WI07', 'WI08', 'WI14', 'WI15', 'WI16'] as const)('is never contained for %s', (rule) => {
    expect(decide({ findings: [tracked(rule, 'critical')] })).toMatchObject({
      act: 'none',
      because: 'nothing-critical',
    });
  });

  it.each<[string, Partial<ContainmentInput>]>([
    ['it is old, unused, and the grace is over', { role: OLD_ROLE, findings: [seen(-73 * HOUR)] }],
    [
      'its last use is long ago',
      { role: { ...OLD_ROLE, lastUsedAt: at(-91 * DAY) }, findings: [seen(-73 * HOUR)] },
    ],
    [
      'it may do everything, and a token gets in that should not',
      { findings: [tracked('WR01', 'critical'), tracked('WI02', 'high')] },
    ],
    ['another critical finding stands than was accepted', { accepted: ['WI10'] }],
    ['the places of the hour are free again', { recent: [NOW - HOUR, NOW - HOUR - 1, NOW - 1] }],
    [
      'it has room now',
      {
        role: { ...NEW_ROLE, attachedPolicies: 9 },
        containment: { ...ATTACHED, phase: 'impossible', attachedPolicies: 10 },
      },
    ],
    ['it was mended before, and is broken again', { containment: { ...ATTACHED, phase: 'lifted' } }],
  ])('is contained where %s', (_, input) => {
    expect(decide(input)).toMatchObject({ act: 'attach', counts: true });
  });

  it('is looked at again when the grace ends, or a place of the hour', () => {
    expect(decide({ role: OLD_ROLE })).toMatchObject({ dueAt: at(72 * HOUR) });
    expect(decide({ recent: [NOW - 600_000, NOW - 60_000] })).toMatchObject({ dueAt: at(HOUR - 600_000) });
  });
});

describe('a role in quarantine', () => {
  const inside = (input: Partial<ContainmentInput>) =>
    decide({ role: quarantined, containment: ATTACHED, ...input });
  const byOperator: Containment = { ...ATTACHED, by: OPERATOR, rules: [] };

  it('stays in it while the finding stands, in whatever mode', () => {
    for (const mode of GUARD_MODES)
      expect(inside({ settings: { ...GUARD_SETTINGS, mode } })).toMatchObject({
        act: 'none',
        because: 'quarantined',
      });
  });

  it.each<[string, Partial<ContainmentInput>, string]>([
    ['it is mended', { findings: [] }, 'fixed'],
    ['it is protected', { role: { ...quarantined, isProtected: true } }, 'protected'],
    ['the time is over', { containment: { ...byOperator, expiresAt: at(0) } }, 'expired'],
  ])('is let out when %s', (_, input, because) => {
    expect(inside(input)).toMatchObject({
      act: 'detach',
      containment: { phase: 'detaching', lifted: { because, by: 'guard', at: at(0) } },
    });
  });

  it("is kept there by an operator's own reasons, whatever is found, and looked at when the time is over", () => {
    const containment = { ...byOperator, expiresAt: at(HOUR) };
    expect(inside({ findings: [], containment })).toMatchObject({ because: 'quarantined', dueAt: at(HOUR) });
  });

  it('is put back once when others took it off, and the second time left to them', () => {
    const off = { role: NEW_ROLE };
    const again = inside(off);
    expect(again).toMatchObject({
      act: 'attach',
      counts: false,
      containment: { phase: 'attaching', detachments: 1, since: at(0) },
    });
    expect(inside({ ...off, containment: { ...ATTACHED, detachments: 1 } })).toMatchObject({
      act: 'none',
      because: 'contested',
      containment: { phase: 'contested', detachments: 2 },
    });
  });

  it.each(['observe', 'suggest'] as const)('is never put back in mode %s', (mode) => {
    expect(inside({ role: NEW_ROLE, settings: { ...GUARD_SETTINGS, mode } })).toMatchObject({
      because: 'contested',
    });
  });

  it('is not thought taken off before IAM has settled', () => {
    expect(inside({ role: NEW_ROLE, containment: { ...ATTACHED, since: at(-299_000) } })).toEqual({
      act: 'wait',
    });
  });
});

describe('an act whose answer was lost', () => {
  const attaching = quarantine('guard', ['WI01'], NOW - 1000);

  it('is done again, without another place of the hour', () => {
    const full = { containment: attaching, recent: [NOW - 1, NOW - 2] };
    for (const role of [NEW_ROLE, quarantined])
      expect(decide({ ...full, role })).toEqual({ act: 'attach', containment: attaching, counts: false });
    const detaching: Containment = { ...ATTACHED, phase: 'detaching' };
    expect(decide({ containment: detaching, findings: [] })).toEqual({
      act: 'detach',
      containment: detaching,
    });
  });

  it.each<[string, Partial<ContainmentInput>, string]>([
    ['it is not needed any more', { findings: [] }, 'fixed'],
    ['the mode is another one now', { settings: { ...GUARD_SETTINGS, mode: 'observe' } }, 'mode'],
  ])('is undone where %s', (_, input, because) => {
    expect(decide({ containment: attaching, ...input })).toMatchObject({
      act: 'detach',
      containment: { lifted: { because } },
    });
  });
});

describe('whatever is found, and whatever was done before', () => {
  const time = fc.integer({ min: -500 * DAY, max: 0 }).map(at);
  const findings = fc.array(
    fc
      .record({
        rule: fc.constantFrom(...RULE_IDS),
        severity: fc.constantFrom(...SEVERITIES),
        firstSeenAt: time,
      })
      .map(({ rule, severity, firstSeenAt }) => tracked(rule, severity, { firstSeenAt })),
    { maxLength: 4 },
  );
  const containment = fc.option(
    fc
      .record({
        phase: fc.constantFrom('attaching', 'attached', 'detaching', 'lifted', 'contested', 'impossible'),
        by: fc.constantFrom('guard', OPERATOR),
        rules: fc.subarray([...RULE_IDS], { maxLength: 2 }),
        since: time,
        detachments: fc.nat(3),
      })
      .map((one) => one as Containment),
    { nil: undefined },
  );
  const input = fc.record({
    role: fc.record({
      isProtected: fc.boolean(),
      createdAt: time,
      isQuarantined: fc.boolean(),
      attachedPolicies: fc.nat(20),
    }),
    findings,
    containment,
    accepted: fc.subarray([...RULE_IDS]),
    recent: fc.array(fc.integer({ min: NOW - 2 * HOUR, max: NOW }), { maxLength: 4 }),
    settings: fc.constantFrom(...GUARD_MODES).map((mode) => ({ ...GUARD_SETTINGS, mode })),
    now: fc.constant(NOW),
  });

  it('a quarantine begins only in mode enforce, for a critical finding, on a role that is not protected', () => {
    fc.assert(
      fc.property(input, (given) => {
        const decision = decideContainment(given);
        if (decision.act !== 'attach' || !decision.counts) return;
        expect(given.settings.mode).toBe('enforce');
        expect(given.role.isProtected).toBe(false);
        expect(given.role.isQuarantined).toBe(false);
        expect(containable(given.findings).map(({ rule }) => rule)).toEqual(decision.containment.rules);
        expect(decision.containment.rules.length).toBeGreaterThan(0);
        expect(given.recent.filter((past) => past > NOW - HOUR).length).toBeLessThan(2);
      }),
    );
  });

  it('only what the guard attached, or was about to, is ever detached', () => {
    fc.assert(
      fc.property(input, (given) => {
        if (decideContainment(given).act !== 'detach') return;
        expect(['attaching', 'attached', 'detaching']).toContain(given.containment?.phase);
      }),
    );
  });

  it('a protected role is never given anything', () => {
    fc.assert(
      fc.property(input, (given) => {
        const decision = decideContainment({ ...given, role: { ...given.role, isProtected: true } });
        expect(decision.act).not.toBe('attach');
      }),
    );
  });
});

/** A critical finding that was first seen then. */
function seen(offset: number) {
  return tracked('WI01', 'critical', { firstSeenAt: at(offset) });
}
