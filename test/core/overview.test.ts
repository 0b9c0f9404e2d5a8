import { expect, it } from 'vitest';
import { accountId } from '../../core/ids.ts';
import { type AccountOverview, overviewOf } from '../../core/overview.ts';
import type { AccountFindings } from '../../core/sweep.ts';
import { ACCOUNT } from '../fixtures/domain.ts';
import { ago, served } from './drift/world.ts';

const record = { accountId: ACCOUNT, enrolledAt: ago(0), notes: [] };
const findings = (more: Partial<AccountFindings> = {}): AccountFindings => ({
  accountId: ACCOUNT,
  outcome: 'swept',
  steps: [],
  heartbeatMissing: false,
  ...more,
});
const overview = (more: Partial<Parameters<typeof overviewOf>[0]>): AccountOverview[] =>
  overviewOf({ known: [record], entries: [], found: [findings()], caps: { rolesPerAccount: 90 }, ...more });

it.each<[AccountOverview['coverage'], Partial<Parameters<typeof overviewOf>[0]>]>([
  ['covered', {}],
  ['covered', { found: [] }],
  ['silent', { found: [findings({ heartbeatMissing: true })] }],
  ['unseen', { found: [findings({ outcome: 'unseen' })] }],
  ['absent', { known: [], found: [findings({ outcome: 'absent' })] }],
])('calls an account %s', (coverage, more) => {
  expect(overview(more)).toMatchObject([{ accountId: ACCOUNT, coverage }]);
});

it('counts roles by phase, without what is removed', () => {
  const entries = [
    served(1).entry,
    served(2).entry,
    { ...served(3).entry, phase: 'failed' as const },
    { ...served(4).entry, phase: 'removed' as const },
  ];
  expect(overview({ entries })).toMatchObject([
    { roles: { ready: 2, failed: 1 }, places: { taken: 3, most: 90 }, nearLimit: false },
  ]);
});

it('tells of limits from nine tenths on', () => {
  const entries = [...Array(81).keys()].map((n) => served(n + 1).entry);
  expect(overview({ entries })).toMatchObject([{ nearLimit: true }]);
  expect(overview({ entries: entries.slice(1) })).toMatchObject([{ nearLimit: false }]);
});

it('lists every account that is known anywhere, by id', () => {
  const other = accountId('222233334444');
  const entries = [{ ...served(1).entry, accountId: accountId('999988887777') }];
  expect(
    overview({ found: [findings({ accountId: other, outcome: 'absent' })], entries }).map(
      (one) => one.accountId,
    ),
  ).toEqual([ACCOUNT, other, '999988887777']);
});
