import { describe, expect, it } from 'vitest';
import { type Check, concludeCheck, concludeGone, planCheck } from '../../../core/guard/check.ts';
import { lifting } from '../../../core/guard/containment.ts';
import type { RoleFile } from '../../../core/guard/role-file.ts';
import { lint } from '../../../core/lint/lint.ts';
import {
  ATTACHED,
  at,
  CLOSED_TRUST,
  CRITICAL,
  FILE,
  finding,
  GUARD_SETTINGS,
  NEW_ROLE,
  NOW,
  OPEN_TRUST,
  OPERATOR,
} from '../../fixtures/guard.ts';

const judge = (trustPolicy: string, tags: Record<string, string> = {}) =>
  lint({ name: FILE.roleArn, trustPolicy, facts: { tags } }, { today: '2026-06-01' });

const check = (more: Partial<Check> = {}): Check => ({
  role: { ...FILE, ...NEW_ROLE },
  file: undefined,
  result: judge(OPEN_TRUST),
  settings: GUARD_SETTINGS,
  recent: [],
  now: NOW,
  ...more,
});
const conclude = (of: Check, containment = of.file?.containment) =>
  concludeCheck(of, planCheck(of), containment);
const open = ({ findings }: RoleFile) =>
  findings.filter(({ resolvedAt }) => resolvedAt === undefined).map(({ rule }) => rule);

describe('a look at a role', () => {
  it('that strangers may enter finds it, shows it and contains it', () => {
    const plan = planCheck(check());
    expect(plan.decision).toMatchObject({ act: 'attach', containment: { rules: ['WI01'] } });
    expect(plan.changes).toContainEqual(
      expect.objectContaining({
        kind: 'opened',
        judged: expect.objectContaining({ witness: expect.anything() }),
      }),
    );
  });

  it('that is closed finds nothing to act on', () => {
    const result = judge(CLOSED_TRUST);
    expect(planCheck(check({ result })).decision).toMatchObject({ because: 'nothing-critical' });
  });

  it('ends what was found before', () => {
    const of = check({ file: { ...FILE, containment: ATTACHED }, result: judge(CLOSED_TRUST) });
    const plan = planCheck(of);
    expect(plan.decision).toMatchObject({ act: 'detach', containment: { lifted: { because: 'fixed' } } });
    expect(conclude(of, { ...ATTACHED, phase: 'lifted' }).changes).toMatchObject([{ kind: 'resolved' }]);
  });

  it('whose policy cannot be judged leaves everything as it is', () => {
    const containment = ATTACHED;
    const of = check({
      role: { ...FILE, ...NEW_ROLE, isQuarantined: true },
      file: { ...FILE, containment },
      result: { name: '', findings: [], unresolved: [], unjudged: 'why' },
    });
    expect(planCheck(of).decision).toEqual({ act: 'none', because: 'not-judged', containment });
    const { file, changes } = conclude(of);
    expect({ open: open(file), changes, containment: file.containment }).toEqual({
      open: ['WI01'],
      changes: [],
      containment,
    });
  });

  it('takes no acceptance by tag for what lets strangers in', () => {
    const tags = { 'oidc-factory:lint-accept': 'WI01 2026-12-31 we like it' };
    expect(planCheck(check({ result: judge(OPEN_TRUST, tags) })).decision.act).toBe('attach');
    const accepted = { reason: 'known', until: '2026-12-31' };
    const result = {
      ...judge(CLOSED_TRUST),
      findings: [
        { ...finding('WI02', 'high'), accepted },
        { ...finding('WI10', 'critical'), accepted },
      ],
    };
    expect(planCheck(check({ result })).findings.map(({ rule }) => rule)).toEqual(['WI10']);
  });
});

describe('what is remembered after a look', () => {
  it('counts versions, and keeps who created the role and since when what stands', () => {
    const { file } = conclude(check({ file: { ...FILE, createdBy: OPERATOR, version: 4 } }));
    expect(file).toMatchObject({ version: 5, createdBy: OPERATOR, checkedAt: at(0) });
    expect(file.findings.find(({ rule }) => rule === 'WI01')?.firstSeenAt).toBe(CRITICAL.firstSeenAt);
  });

  it('tells whoever follows a critical finding that the role is contained', () => {
    const of = check({ file: conclude(check()).file });
    const { changes } = conclude(of, ATTACHED);
    expect(changes).toMatchObject([{ kind: 'changed', finding: { rule: 'WI01' }, judged: { rule: 'WI01' } }]);
  });

  it('tells who created the role when that comes to light, once', () => {
    const before = conclude(check()).file;
    const { file, changes } = conclude(check({ file: before, createdBy: OPERATOR }));
    expect(changes.map(({ kind, finding: { rule } }) => `${rule} ${kind}`)).toEqual(
      open(before).map((rule) => `${rule} changed`),
    );
    expect(file.createdBy).toBe(OPERATOR);
    expect(conclude(check({ file, createdBy: OPERATOR })).changes).toEqual([]);
  });

  it.each(['operator', 'expired'] as const)('accepts what stands when a quarantine ended: %s', (because) => {
    const detaching = lifting(ATTACHED, because, OPERATOR, NOW);
    const of = check({ file: { ...FILE, containment: detaching } });
    const { file } = conclude(of, { ...detaching, phase: 'lifted' });
    expect(file.accepted).toEqual(['WI01']);
    expect(planCheck(check({ file })).decision).toMatchObject({ because: 'accepted' });
    const mended = conclude(check({ file, result: judge(CLOSED_TRUST) })).file;
    expect(mended.accepted).toBeUndefined();
    expect(planCheck(check({ file: mended })).decision.act).toBe('attach');
  });

  it('accepts nothing when the quarantine ended because all was mended', () => {
    const detaching = lifting(ATTACHED, 'fixed', 'guard', NOW);
    const of = check({ file: { ...FILE, containment: detaching }, result: judge(CLOSED_TRUST) });
    expect(conclude(of, { ...detaching, phase: 'lifted' }).file.accepted).toBeUndefined();
  });
});

it('a role that is gone takes findings and quarantine with it', () => {
  const { file, changes } = concludeGone({ ...FILE, containment: ATTACHED, dueAt: at(5) }, NOW);
  expect(changes).toMatchObject([{ kind: 'resolved', finding: { rule: 'WI01' } }]);
  expect(file).toMatchObject({ goneAt: at(0), version: 2, containment: { phase: 'lifted' } });
  expect(file).not.toHaveProperty('dueAt');
});
