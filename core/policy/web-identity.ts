/** What STS evaluates when a token is exchanged: the role's trust policy, with the token's claims as keys. */
import { parsePolicy } from './document.ts';
import { authorize } from './evaluate.ts';
import type { Decision, Policy, RequestContext } from './types.ts';

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
 * Condition keys of a token from an OIDC provider that AWS gives no keys of its own. `aud` holds the token's
 * `azp` where it has one, and `oaud` then its audience; a claim that is neither text nor a list of text is no key.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 * @param provider ARN of the OIDC provider, or what follows `oidc-provider/` in it, trailing slash included.
 */
export function webIdentityContext(provider: string, claims: TokenClaims): RequestContext {
  const path = provider.replace(/^arn:[^:]*:iam::\d{12}:oidc-provider\//, '');
  const azp = textOf(claims.azp);
  const keys = {
    aud: azp ?? textOf(claims.aud),
    oaud: azp === undefined ? undefined : textOf(claims.aud),
    sub: textOf(claims.sub),
    amr: textOf(claims.amr),
    email: textOf(claims.email),
  };
  return Object.fromEntries(Object.entries(keys).map(([claim, value]) => [`${path}:${claim}`, value]));
}

/**
 * Whether a trust policy lets the bearer of a token in. `context` adds further condition keys and has the last
 * word. The token itself (signature, issuer, client id list, expiry) is not this function's business.
 * @throws FactoryError PolicyNotUnderstood when the trust policy cannot be read.
 */
export function evaluateWebIdentityTrust(request: {
  readonly trustPolicy: string | Policy;
  readonly providerArn: string;
  readonly claims: TokenClaims;
  /** Default `sts:AssumeRoleWithWebIdentity`. */
  readonly action?: string;
  readonly sessionName?: string;
  readonly context?: RequestContext;
}): Decision {
  const { trustPolicy, providerArn, claims, sessionName } = request;
  const policy =
    typeof trustPolicy === 'string' ? parsePolicy(trustPolicy, 'trust policy', 'trust') : trustPolicy;
  return authorize(
    {
      principal: { type: 'federated', provider: providerArn },
      action: request.action ?? 'sts:AssumeRoleWithWebIdentity',
      resource: '*',
      context: {
        ...webIdentityContext(providerArn, claims),
        'aws:FederatedProvider': providerArn,
        'sts:RoleSessionName': sessionName,
        ...request.context,
      },
    },
    { identity: [], resource: policy },
    { resourcePolicyMustAllow: true },
  );
}

function textOf(claim: unknown): string | readonly string[] | undefined {
  if (typeof claim === 'string') return claim;
  return Array.isArray(claim) && claim.every((entry) => typeof entry === 'string') ? claim : undefined;
}
