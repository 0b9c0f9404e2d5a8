/** Exchanges of tokens at STS, as they should be and as they should not, for the policies of trust-policy.ts. */
import fc from 'fast-check';
import { FactoryError } from '../../core/errors.ts';
import { parsePolicy } from '../../core/policy/document.ts';
import type { TokenClaims } from '../../core/policy/web-identity.ts';
import type { ChangeQuestion } from '../../core/trust-check/smallest-change.ts';
import { readTrustPolicy } from '../../core/trust-policy/document.ts';
import { rewriteTrustPolicy } from '../../core/trust-policy/rewrite.ts';
import { ISSUER, ISSUER_V2, MANAGED_IDENTITY } from '../fixtures/domain.ts';
import { claims, type RewriteCase, rewriteCase, sessionName } from './trust-policy.ts';

/** Whole seconds. */
export const NOW = Date.parse('2026-03-02T09:15:00Z');

/** The policy as it was found, or as the factory has rewritten it. */
const policyOf = ({ request }: RewriteCase, isRewritten: boolean): string => {
  try {
    return isRewritten ? rewriteTrustPolicy(request).document : request.trustPolicy;
  } catch (error) {
    if (error instanceof FactoryError) return request.trustPolicy;
    throw error;
  }
};

/** Weighted towards what is in order, so that trust policies decide in most cases. */
const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));

const seconds = NOW / 1000;
const lifetime = fc.record({
  iat: mostly<number | undefined>(seconds - 60, seconds + 299, seconds + 301, undefined),
  exp: mostly<number | undefined>(seconds + 3600, seconds - 299, seconds - 300, undefined),
});

/** A policy that can be read, asked about for one token. `algorithm` is ES256, or one that STS does not take. */
export const exchange: fc.Arbitrary<ChangeQuestion> = rewriteCase
  .chain((rewrite) => {
    const { audience, settings } = rewrite.request;
    const isV1 = settings.issuer.url === ISSUER.url;
    return fc.record({
      trustPolicy: fc.boolean().map((isRewritten) => policyOf(rewrite, isRewritten)),
      // Also those that tokens are generated with in the place of the audience.
      clientIds: mostly(
        [...rewrite.provider.clientIds, audience, MANAGED_IDENTITY, 'dummy-value'],
        rewrite.provider.clientIds,
        [],
      ),
      arn: fc.constant(rewrite.provider.providerArn),
      iss: mostly<string | undefined>(
        settings.issuer.url,
        (isV1 ? ISSUER_V2 : ISSUER).url,
        ISSUER.url.replace(/\/$/, ''),
        settings.issuer.url.replace('https', 'http'),
        undefined,
      ),
      algorithm: mostly('ES256', 'EdDSA'),
      lifetime,
      claims: fc
        .tuple(
          claims(audience),
          mostly<object>({}, { sub: '' }, { aud: [audience, 'other'] }, { aud: [audience] }),
        )
        .map(([usual, odd]): TokenClaims => ({ ...usual, ...odd })),
      sessionName,
    });
  })
  .filter(({ trustPolicy }) => isUnderstood(trustPolicy))
  .map(
    ({ trustPolicy, clientIds, arn, iss, algorithm, lifetime: times, claims: own, sessionName: name }) => ({
      root: readTrustPolicy(trustPolicy).root,
      policy: parsePolicy(trustPolicy, 'trust policy', 'trust'),
      provider: { arn, clientIds },
      token: { algorithm, claims: { iss, ...times, ...own } },
      sessionName: name,
      now: NOW,
    }),
  );

function isUnderstood(trustPolicy: string): boolean {
  try {
    parsePolicy(trustPolicy, 'trust policy', 'trust');
    return true;
  } catch (error) {
    if (error instanceof FactoryError) return false;
    throw error;
  }
}
