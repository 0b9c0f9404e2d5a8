import { describe, expect, it } from 'vitest';
import { ACCEPT_TAG, readSuppressions, type Suppression } from '../../../core/lint/suppressions.ts';
import { GITHUB, linted, policy, subject, TODAY } from './policies.ts';

const OPEN = policy(subject(GITHUB, 'repo:acme@1001/*'));
const found = (suppressions: readonly Suppression[], tags = {}) =>
  linted(OPEN, { tags }, { today: TODAY, suppressions }).findings[0];
const accept = (more: Partial<Suppression> = {}): Suppression => ({
  rule: 'WI02',
  reason: 'inventory, reads only',
  until: '2026-12-31',
  ...more,
});

describe('a finding is accepted', () => {
  const accepted = { reason: 'inventory, reads only', until: '2026-12-31' };

  it.each([
    ['by a suppression', [accept()], {}],
    ['for roles of that name', [accept({ role: 'ro*' })], {}],
    ['on its last day', [accept({ until: TODAY })], {}],
    ['by a tag of the role', [], { [ACCEPT_TAG]: 'WI02 2026-12-31 inventory, reads only' }],
    [
      'by a tag in other case, with a suffix',
      [],
      { 'OIDC-Factory:Lint-Accept:2': 'WI02 2026-12-31 inventory, reads only' },
    ],
    ['by the suppression that lasts longest', [accept({ until: '2026-11-30' }), accept()], {}],
  ])('%s', (_, suppressions, tags) => {
    expect(found(suppressions, tags)).toMatchObject({ rule: 'WI02', accepted: { reason: accepted.reason } });
    expect(found(suppressions, tags)).not.toHaveProperty('note');
  });

  it.each([
    ['for another rule', [accept({ rule: 'WI03' })], {}, undefined],
    ['for other roles', [accept({ role: 'other-*' })], {}, undefined],
    [
      'after its last day',
      [accept({ until: '2026-11-19' })],
      {},
      'was accepted until 2026-11-19: inventory, reads only',
    ],
    [
      'by a tag without a reason',
      [],
      { [ACCEPT_TAG]: 'WI02 2026-12-31' },
      expect.stringContaining(ACCEPT_TAG),
    ],
    ['by a tag without an end', [], { [ACCEPT_TAG]: 'WI02 for ever' }, expect.stringContaining(ACCEPT_TAG)],
    [
      'by a tag with a day that is none',
      [],
      { [ACCEPT_TAG]: 'WI02 2026-02-30 reason' },
      expect.stringContaining(ACCEPT_TAG),
    ],
  ])('not %s', (_, suppressions, tags, note) => {
    expect(found(suppressions, tags)).not.toHaveProperty('accepted');
    expect(found(suppressions, tags)?.note).toEqual(note);
  });
});

describe('a list of suppressions', () => {
  it('is read', () => {
    expect(readSuppressions([accept({ role: '*' })])).toEqual([accept({ role: '*' })]);
  });

  it.each([
    [{}, /list/],
    [[null], /entry 0: rule/],
    [[accept(), { ...accept(), rule: 'WI99' }], /entry 1: rule/],
    [[{ ...accept(), reason: ' ' }], /reason/],
    [[{ ...accept(), until: '31.12.2026' }], /until/],
    [[{ ...accept(), role: 7 }], /role/],
  ])('%j is refused', (value, problem) => {
    expect(readSuppressions(value)).toMatch(problem);
  });
});
