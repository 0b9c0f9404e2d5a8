import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CLIENT_IDS } from '../../core/consent.ts';
import {
  decideEnrolment,
  PROVIDER_OWNERS,
  type ProviderOwner,
  tenantProviders,
  unlessContested,
} from '../../core/enrolment.ts';
import { audience, providerArn } from '../../core/ids.ts';
import { ACCOUNT, ISSUER, ISSUER_V2, PLACEHOLDER, PROVIDER_ARN } from '../fixtures/domain.ts';

const SLASHLESS = providerArn(PROVIDER_ARN.replace(/\/$/, ''));
const SECOND = audience('dummy-value');

describe('the tenant’s providers of an account', () => {
  it('are those of the issuer in either spelling, the exact one first', () => {
    expect(
      tenantProviders(
        [
          'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com',
          SLASHLESS,
          PROVIDER_ARN.replace('111122223333', '444455556666'),
          PROVIDER_ARN.replace('sts.windows.net/1', 'sts.windows.net/9'),
          PROVIDER_ARN,
          'no ARN',
        ],
        ACCOUNT,
        ISSUER,
      ),
    ).toEqual([PROVIDER_ARN, SLASHLESS]);
    expect(tenantProviders([PROVIDER_ARN], ACCOUNT, ISSUER_V2)).toEqual([]);
  });
});

const decide = (
  clientIds: readonly string[] | undefined,
  { owner = 'factory' as ProviderOwner, arns = [PROVIDER_ARN] } = {},
) =>
  decideEnrolment({
    found: clientIds === undefined ? [] : arns.map((arn) => ({ providerArn: arn, clientIds })),
    placeholders: [PLACEHOLDER, SECOND],
    owner,
  });
const NOTHING = { create: false, add: [], notes: [] };
const others = (count: number) => Array.from({ length: count }, (_, index) => `api://other-${index}`);

describe('enrolment', () => {
  it('makes a missing provider where that is the factory’s affair, and only there', () => {
    expect(decide(undefined)).toEqual({ ...NOTHING, create: true });
    for (const owner of ['stack', 'external'] as const)
      expect(decide(undefined, { owner })).toEqual({ ...NOTHING, notes: ['provider-missing'] });
  });

  it('leaves a provider alone that lists every placeholder', () => {
    expect(decide([SECOND, 'api://other', PLACEHOLDER])).toEqual(NOTHING);
  });

  it('adds the placeholders that are missing', () => {
    expect(decide(['api://other'])).toEqual({ ...NOTHING, add: [PLACEHOLDER, SECOND] });
    expect(decide([PLACEHOLDER])).toEqual({ ...NOTHING, add: [SECOND] });
  });

  it.each([
    [98, [PLACEHOLDER, SECOND], []],
    [99, [PLACEHOLDER], ['provider-full']],
    [100, [], ['provider-full']],
  ])('adds no more than there is room for: %i are listed', (count, add, notes) => {
    expect(decide(others(count))).toEqual({ create: false, add, notes });
  });

  it('leaves the list of a provider to those who own it', () => {
    expect(decide([], { owner: 'external' })).toEqual({ ...NOTHING, notes: ['placeholder-missing'] });
  });

  it('adopts a provider without the slash, and says what is wrong with it', () => {
    expect(decide([PLACEHOLDER, SECOND], { arns: [SLASHLESS] })).toEqual({
      ...NOTHING,
      notes: ['provider-misspelt'],
    });
  });

  it('uses the first of two, and says that there are two', () => {
    expect(decide([PLACEHOLDER, SECOND], { arns: [PROVIDER_ARN, SLASHLESS] })).toEqual({
      ...NOTHING,
      notes: ['provider-twice'],
    });
  });

  it('has nothing to do after it was done, and never exceeds what IAM takes', () => {
    const lists = fc.uniqueArray(fc.constantFrom(PLACEHOLDER, SECOND, ...others(100)), { maxLength: 100 });
    fc.assert(
      fc.property(lists, fc.constantFrom(...PROVIDER_OWNERS), (clientIds, owner) => {
        const { add } = decide(clientIds, { owner });
        const after = [...clientIds, ...add];
        expect(after.length).toBeLessThanOrEqual(MAX_CLIENT_IDS);
        expect(decide(after, { owner }).add).toEqual([]);
      }),
    );
  });
});

describe('a tug of war over the provider', () => {
  const NOW = Date.parse('2026-11-20T10:00:00Z');
  const DAY = 86_400_000;
  const ENROLLED = { providerArn: PROVIDER_ARN, placeholders: [PLACEHOLDER] };
  const reverts = (count: number, daysAgo = 0) => ({
    count,
    lastAt: new Date(NOW - daysAgo * DAY).toISOString(),
  });
  const missing = decide(undefined);
  const unlisted = decide([SECOND]);

  it('is not, where the account was never enrolled or nothing is undone', () => {
    expect(unlessContested(missing, undefined, NOW)).toEqual(missing);
    expect(unlessContested(decide([PLACEHOLDER, SECOND]), ENROLLED, NOW)).toEqual(NOTHING);
  });

  it('does not count what was never right', () => {
    expect(unlessContested(missing, { ...ENROLLED, providerArn: null }, NOW)).toEqual(missing);
    // A placeholder that the config has got since.
    expect(unlessContested(decide([PLACEHOLDER]), ENROLLED, NOW)).toEqual(decide([PLACEHOLDER]));
  });

  it.each([missing, unlisted])('counts each time that others undo what was right', (decision) => {
    expect(unlessContested(decision, ENROLLED, NOW)).toEqual({ ...decision, reverts: reverts(1) });
    const before = { ...ENROLLED, providerReverts: reverts(1, 3) };
    expect(unlessContested(decision, before, NOW)).toEqual({ ...decision, reverts: reverts(2) });
  });

  it.each([missing, unlisted])(
    'is given up after two rounds, and taken up after 30 quiet days',
    (decision) => {
      const lost = { ...ENROLLED, providerReverts: reverts(2, 29) };
      expect(unlessContested(decision, lost, NOW)).toEqual({ ...NOTHING, notes: ['provider-contested'] });
      const quiet = { ...ENROLLED, providerReverts: reverts(2, 30) };
      expect(unlessContested(decision, quiet, NOW)).toEqual({ ...decision, reverts: reverts(1) });
    },
  );
});
