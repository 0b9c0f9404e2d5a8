import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOLDS, isUnaltered, ofKinds, runIdOf, startsOf, verdictOn } from '../../../core/drift/approval.ts';
import { executionOf, planHash, type Step } from '../../../core/drift/step.ts';
import { PLACEHOLDER } from '../../fixtures/domain.ts';
import { ago, changed, HOUR, plan, served } from './world.ts';

const ONE = served();
const reverted = { role: { trustPolicy: ONE.role.trustPolicy.replace(ONE.audience, PLACEHOLDER) } };
const [approved] = startsOf(plan(changed(reverted)));
if (!approved) throw new Error('The plan is empty');
const why = (now: readonly Step[] | undefined) => verdictOn(approved, now);

describe('an approved step', () => {
  it('is started as it is seen now', () => {
    const now = plan(changed(reverted));
    expect(why(now)).toEqual({ kind: 'start', step: now[0] });
  });

  it.each<[string, readonly Step[] | undefined, RegExp]>([
    ['nothing is wrong any more', plan(changed({})), /nothing is wrong/],
    ['the role is gone', plan(changed({ role: null })), /another matter now: A role is gone/],
    [
      'the same role has another problem',
      plan(changed({ ...reverted, entry: { reverts: { count: 2, lastAt: ago(HOUR) } } })),
      /another matter now: Others keep changing/,
    ],
    ['the account is only observed by now', plan({ ...changed(reverted), mode: 'observe' }), /only observed/],
    [
      'the account cannot be asked',
      [
        {
          reason: 'account-suspended',
          also: [],
          accountId: ONE.entry.accountId,
          subject: { kind: 'account' },
          detail: 'SUSPENDED',
          risk: 'none',
        },
      ],
      /The account is suspended/,
    ],
    ['the account could not be planned', undefined, /could not be planned again/],
  ])('is refused where %s, which is said', (_, now, text) => {
    expect(why(now)).toEqual({ kind: 'refused', why: expect.stringMatching(text) });
  });

  it('has the same execution whenever the plan is carried out', () => {
    const hash = planHash([approved]);
    const run = { id: runIdOf(hash), startedAt: ago(HOUR) };
    expect(executionOf(approved, run)).toEqual(executionOf(structuredClone(approved), run));
    expect(executionOf(approved, run).name.length).toBeLessThanOrEqual(70);
    expect(runIdOf(planHash([]))).not.toBe(runIdOf(hash));
  });
});

describe('the kinds of a plan', () => {
  const steps = plan(changed({ ...reverted, application: { identifierUris: [] } }));

  it('are chosen by reason, and left out by any reason of a run', () => {
    expect(ofKinds(steps, {})).toEqual(steps);
    expect(ofKinds(steps, { only: ['trust-reverted'] }).map(({ reason }) => reason)).toEqual([
      'trust-reverted',
    ]);
    expect(ofKinds(steps, { only: ['missed-deletion'] })).toEqual([]);
    expect(ofKinds(steps, { exclude: ['identifier-uri-missing'] })).toEqual([]);
  });
});

describe('the hash of a plan', () => {
  const steps = plan(changed(reverted));

  it('is of its steps in whatever order, and of nothing else', () => {
    const all = [...steps, ...plan(changed({ role: null }))];
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (order) => {
        expect(isUnaltered({ hash: planHash(all), steps: order })).toBe(true);
      }),
    );
  });

  it('shows what was changed', () => {
    const [first] = steps;
    const altered = [{ ...first, hold: undefined, detail: 'other' }] as unknown as readonly Step[];
    expect(isUnaltered({ hash: planHash(steps), steps: altered })).toBe(false);
  });
});

it('has words for every hold', () => {
  for (const text of Object.values(HOLDS)) expect(text).toMatch(/^[a-z].*[^.]$/);
});
