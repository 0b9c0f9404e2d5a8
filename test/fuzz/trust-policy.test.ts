import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { evaluateConsent, tenantProviderArns } from '../../core/consent.ts';
import { roleName } from '../../core/ids.ts';
import { ignoredTags } from '../../core/tags.ts';
import { readTrustPolicy } from '../../core/trust-policy/document.ts';
import { rewriteTrustPolicy } from '../../core/trust-policy/rewrite.ts';
import { ACCOUNT } from '../fixtures/domain.ts';
import { type RewriteCase, rewriteCase } from '../generators/trust-policy.ts';
import { mutatedJson } from './mutate.ts';
import { numbersOf } from './numbers.ts';
import { failing, outcome } from './outcome.ts';
import { fuzz } from './runs.ts';
import { trustPolicySeed } from './seeds.ts';

const text = mutatedJson(trustPolicySeed);
/** A question about a policy that may never have been one. */
const subject = fc.tuple(rewriteCase, text).map(
  ([{ request, provider, settings }, trustPolicy]): RewriteCase => ({
    request: { ...request, trustPolicy },
    provider,
    settings,
  }),
);

const consent = ({ request, provider, settings }: RewriteCase) =>
  outcome(
    () =>
      evaluateConsent({
        role: {
          accountId: ACCOUNT,
          roleName: roleName('deploy'),
          path: '/',
          trustPolicy: request.trustPolicy,
          tags: {},
        },
        provider,
        settings,
        recordedAudience: request.audience,
      }),
    failing('TrustPolicyUnreadable', 'SeveralTenantProviders'),
  );

describe('whatever a role has as its trust policy,', () => {
  fuzz('it is read whole or not at all', text, (trustPolicy) => {
    const answer = outcome(() => readTrustPolicy(trustPolicy), failing('TrustPolicyUnreadable'));
    if ('error' in answer) return;
    const { Statement } = JSON.parse(trustPolicy);
    expect(answer.value.statements).toEqual([Statement].flat());
  });

  fuzz('consent is decided, and said in few words', subject, (question) => {
    const answer = consent(question);
    if ('error' in answer || answer.value.kind !== 'refused') return;
    const { detail, foreignAudiences = [] } = answer.value;
    expect(detail.length).toBeLessThanOrEqual(1024);
    // Each is looked up in the ledger; a provider lists at most a hundred.
    expect(foreignAudiences.length).toBeLessThanOrEqual(100);
    for (const value of Object.values(ignoredTags(detail))) {
      expect(value).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u);
    }
  });

  fuzz('its providers are named or it is refused', subject, ({ request, settings }) => {
    outcome(
      () => tenantProviderArns(request.trustPolicy, ACCOUNT, settings.issuer),
      failing('TrustPolicyUnreadable'),
    );
  });

  fuzz('rewriting changes all that consent names, and nothing where it refuses', subject, (question) => {
    const { request, provider } = question;
    const decided = consent(question);
    const answer = outcome(
      () => rewriteTrustPolicy({ ...request, recordedAudience: request.audience }),
      failing(
        'ConsentWithdrawn',
        'SubjectNotPinnable',
        'TrustPolicyTooLong',
        'TrustPolicyUnreadable',
        'SeveralTenantProviders',
      ),
    );
    if ('error' in answer) return;
    expect(decided).toMatchObject({ value: { kind: expect.stringMatching(/consents|managed/) } });
    const { document } = answer.value;
    const again = rewriteTrustPolicy({
      ...request,
      trustPolicy: document,
      recordedAudience: request.audience,
    });
    expect(again).toMatchObject({ document, changed: false, changes: [] });
    expect(numbersOf(document)).toEqual(expect.arrayContaining(numbersOf(request.trustPolicy)));

    const managed = new Set(
      'value' in decided && 'managedStatements' in decided.value ? decided.value.managedStatements : [],
    );
    const before = [JSON.parse(request.trustPolicy).Statement].flat() as Record<string, unknown>[];
    const after = [JSON.parse(document).Statement].flat().map((statement) => JSON.stringify(statement));
    expect(after.length).toBeGreaterThanOrEqual(before.length);
    let at = 0;
    for (const [index, statement] of before.entries()) {
      const kept = after.indexOf(JSON.stringify(statement), at);
      if (!managed.has(index) || !JSON.stringify(statement).includes(provider.providerArn)) {
        expect(kept, `statement ${index} survives, in order`).toBeGreaterThanOrEqual(at);
      }
      if (kept >= 0) at = kept + 1;
    }
  });
});
