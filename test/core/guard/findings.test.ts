import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingId, isOpen, type TrackedFinding, trackFindings } from '../../../core/guard/findings.ts';
import { guardTag } from '../../../core/guard/tags.ts';
import { type Finding, SEVERITIES } from '../../../core/lint/finding.ts';
import { RULE_IDS } from '../../../core/lint/rules.ts';
import { at, FILE, finding, tracked } from '../../fixtures/guard.ts';

const kinds = (before: readonly TrackedFinding[], judged: readonly Finding[]) =>
  trackFindings(before, judged, at(1000)).changes.map(({ kind, finding: { rule } }) => `${rule} ${kind}`);

describe('what was found before and is found now', () => {
  it('is opened, changed, left, or resolved, and opened again', () => {
    expect(kinds([], [finding('WI01', 'critical')])).toEqual(['WI01 opened']);
    expect(kinds([tracked('WI01', 'critical')], [finding('WI01', 'critical')])).toEqual([]);
    expect(kinds([tracked('WI01', 'critical')], [finding('WI01', 'high')])).toEqual(['WI01 changed']);
    expect(kinds([tracked('WI01', 'critical')], [finding('WI01', 'critical', 'otherwise')])).toEqual([
      'WI01 changed',
    ]);
    expect(kinds([tracked('WI01', 'critical')], [])).toEqual(['WI01 resolved']);
    const resolved = tracked('WI01', 'critical', { resolvedAt: at(0) });
    expect(kinds([resolved], [])).toEqual([]);
    expect(kinds([resolved], [finding('WI01', 'critical')])).toEqual(['WI01 opened']);
  });

  it('keeps since when it stands; one that comes back stands since then', () => {
    const before = tracked('WI02', 'high', { firstSeenAt: at(-5000), changedAt: at(-5000) });
    const [changed] = trackFindings([before], [finding('WI02', 'low')], at(1000)).findings;
    expect(changed).toMatchObject({ firstSeenAt: at(-5000), changedAt: at(1000), severity: 'low' });
    const [back] = trackFindings(
      [{ ...before, resolvedAt: at(0) }],
      [finding('WI02', 'high')],
      at(1000),
    ).findings;
    expect(back).toEqual({ ...before, firstSeenAt: at(1000), changedAt: at(1000) });
  });

  it('is one finding for each rule: the worst, with what all of them say', () => {
    const judged = [finding('WI01', 'low', 'Second.'), finding('WI01', 'critical', 'First.')];
    const { findings } = trackFindings([], judged, at(0));
    expect(findings).toMatchObject([{ rule: 'WI01', severity: 'critical', message: 'First. Second.' }]);
  });

  const judged = fc.array(
    fc
      .record({ rule: fc.constantFrom(...RULE_IDS), severity: fc.constantFrom(...SEVERITIES) })
      .map(({ rule, severity }) => finding(rule, severity)),
  );

  it('is told once: looking again changes nothing, and finding nothing resolves all', () => {
    fc.assert(
      fc.property(judged, judged, (first, second) => {
        const before = trackFindings([], first, at(0)).findings;
        const { findings, changes } = trackFindings(before, second, at(1));
        expect(
          findings
            .filter(isOpen)
            .map(({ rule }) => rule)
            .sort(),
        ).toEqual([...new Set(second.map(({ rule }) => rule))].sort());
        expect(new Set(changes.map(({ finding: { rule } }) => rule)).size).toBe(changes.length);
        const again = trackFindings(findings, second, at(2));
        expect(again.changes).toEqual([]);
        expect(again.findings).toEqual(findings);
        expect(trackFindings(findings, [], at(2)).findings.filter(isOpen)).toEqual([]);
      }),
    );
  });
});

it('a finding has an id of incarnation and rule', () => {
  expect(findingId(FILE, 'WI01')).toBe('arn:aws:iam::111122223333:role/deploy/AROAEXAMPLEROLE00001/WI01');
});

describe('the tag on the role', () => {
  it.each([
    [[tracked('WI07', 'medium'), tracked('WI01', 'critical')], false, 'WI01 critical WI07 medium'],
    [[tracked('WI01', 'critical')], true, 'quarantined: WI01 critical'],
    [[tracked('WI01', 'critical', { resolvedAt: at(0) })], false, 'nothing found any more'],
    [[], true, 'quarantined: nothing found any more'],
  ])('says the worst first: %#', (findings, isQuarantined, expected) => {
    expect(guardTag(findings, isQuarantined)).toBe(expected);
  });

  it('is within what IAM takes, however much is found', () => {
    const all = RULE_IDS.map((rule) => tracked(rule, 'critical'));
    expect(guardTag(all, true)).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u);
  });
});
