import { describe, expect, it } from 'vitest';
import { authorize } from '../../../core/policy/evaluate.ts';
import { explain } from '../../../core/policy/explain.ts';
import { ALLOW_ALL, ALLOW_OTHER, DENY_ALL, policyOf, request } from './policies.ts';

const explained = (...statements: object[]) =>
  explain(
    authorize(request({ context: { 'k:a': ['1', '2'] } }), {
      identity: [policyOf('identity', ...statements)],
    }),
  );

describe('an explanation', () => {
  it('of an allowed request names what allows and why the rest does not', () => {
    expect(explained(ALLOW_OTHER, { ...ALLOW_ALL, Sid: 'All' })).toEqual([
      'Allowed.',
      '  Allow in identity policy "identity policy", statement 1 (All) applies',
      '  Allow in identity policy "identity policy", statement 0 is about another action',
    ]);
  });

  it('of a denied request names the denying statement', () => {
    expect(explained(ALLOW_ALL, DENY_ALL)).toEqual([
      'Refused: a statement denies it.',
      '  Deny in identity policy "identity policy", statement 1 applies',
      '  Allow in identity policy "identity policy", statement 0 applies, but does not decide',
    ]);
  });

  it('of a request that nothing allows names the condition, what it wants and what it got', () => {
    expect(
      explained(
        { ...ALLOW_ALL, Condition: { StringEquals: { 'k:a': ['1', '3'] } } },
        { ...ALLOW_ALL, Condition: { Bool: { 'k:b': 'true' } } },
      ),
    ).toEqual([
      'Refused: no identity policy allows it.',
      '  Allow in identity policy "identity policy", statement 0 does not apply: ' +
        'StringEquals k:a wants "1" or "3", the request has "1" and "2"',
      '  Allow in identity policy "identity policy", statement 1 does not apply: ' +
        'Bool k:b wants "true", the request has no such key',
    ]);
  });

  it('survives a decision that went through JSON', () => {
    const decision = authorize(request(), { identity: [policyOf('identity', ALLOW_ALL)] });
    expect(explain(JSON.parse(JSON.stringify(decision)))).toEqual(explain(decision));
  });
});
