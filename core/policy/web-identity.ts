/** What STS evaluates when a token is exchanged: the role's trust policy, with the token's claims as keys. */
import { issuerAt, providerPathOf } from '../ci/issuers.ts';
import { parsePolicy } from './document.ts';
import { authorize } from './evaluate.ts';
import type { AccessRequest, Decision, Policy, RequestContext } from './types.ts';

/** A token's claims, verified. Only those that AWS makes condition keys of are read. */
export interface TokenClaims {
  readonly aud?: unknown;
  /** Client id of the application that asked for the token; in Entra's v2.0 tokens. */
  readonly azp?: unknown;
  readonly sub?: unknown;
  readonly amr?: unknown;
  readonly email?: unknown;
  readonly [claim: string]: unknown;
}

/**
 * Condition keys of a token: those that every issuer has, and those that AWS gives this issuer. `aud` holds the token's
 * `azp` where it has one, and `oaud` then its audience; a claim that is neither text nor a list of text is no key.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 * @param provider ARN of the OIDC provider, or what follows `oidc-provider/` in it, trailing slash included.
 */
export function webIdentityContext(provider: string, claims: TokenClaims): RequestContext {
  const path = providerPathOf(provider);
  const azp = textOf(claims.azp);
  const own = Object.keys(issuerAt(path).claims).map((claim) => [claim, textOf(claims[claim])] as const);
  const keys = {
    ...Object.fromEntries(own),
    aud: azp ?? textOf(claims.aud),
    oaud: azp === undefined ? undefined : textOf(claims.aud),
    sub: textOf(claims.sub),
    amr: textOf(claims.amr),
    email: textOf(claims.email),
  };
  return Object.fromEntries(Object.entries(keys).map(([claim, value]) => [`${path}:${claim}`, value]));
}

export interface WebIdentityQuestion {
  readonly providerArn: string;
  readonly claims: TokenClaims;
  /** Default `sts:AssumeRoleWithWebIdentity`. */
  readonly action?: string;
  readonly sessionName?: string | undefined;
  /** Further condition keys; they have the last word. */
  readonly context?: RequestContext;
}

/** The request that STS evaluates a role's trust policy for. */
export const webIdentityRequest = (question: WebIdentityQuestion): AccessRequest => ({
  principal: { type: 'federated', provider: question.providerArn },
  action: question.action ?? 'sts:AssumeRoleWithWebIdentity',
  resource: '*',
  context: {
    ...webIdentityContext(question.providerArn, question.claims),
    'aws:FederatedProvider': question.providerArn,
    'sts:RoleSessionName': question.sessionName,
    ...question.context,
  },
});

/**
 * Whether a trust policy lets the bearer of a token in. The token itself (signature, issuer, client id list, expiry)
 * is not this function's business.
 * @throws FactoryError PolicyNotUnderstood when the trust policy cannot be read.
 */
export function evaluateWebIdentityTrust({
  trustPolicy,
  ...question
}: WebIdentityQuestion & { readonly trustPolicy: string | Policy }): Decision {
  const policy =
    typeof trustPolicy === 'string' ? parsePolicy(trustPolicy, 'trust policy', 'trust') : trustPolicy;
  return authorize(
    webIdentityRequest(question),
    { identity: [], resource: policy },
    { resourcePolicyMustAllow: true },
  );
}

function textOf(claim: unknown): string | readonly string[] | undefined {
  if (typeof claim === 'string') return claim;
  return Array.isArray(claim) && claim.every((entry) => typeof entry === 'string') ? claim : undefined;
}
