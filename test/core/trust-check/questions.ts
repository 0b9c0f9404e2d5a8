/** A token of the role's own application, a policy that lets it in, and what a test changes of them. */

import { parsePolicy } from '../../../core/policy/document.ts';
import type { TokenClaims } from '../../../core/policy/web-identity.ts';
import { answerTrust, type TrustAnswer } from '../../../core/trust-check/answer.ts';
import type { ChangeQuestion } from '../../../core/trust-check/smallest-change.ts';
import { readTrustPolicy } from '../../../core/trust-policy/document.ts';
import {
  AUDIENCE,
  ISSUER,
  key,
  PLACEHOLDER,
  PROVIDER_ARN,
  policy,
  SERVICE_PRINCIPAL,
  statement,
} from '../../fixtures/domain.ts';

export const [aud, sub] = [key('aud'), key('sub')];
export const NOW = Date.parse('2026-03-02T09:15:00Z');
const seconds = NOW / 1000;

export const CLAIMS: TokenClaims = {
  iss: ISSUER.url,
  aud: AUDIENCE,
  sub: SERVICE_PRINCIPAL,
  iat: seconds - 60,
  exp: seconds + 3600,
};

/** A statement with these conditions, StringEquals unless told otherwise. */
export const trusting = (demands: object, operator = 'StringEquals') =>
  statement({ Condition: { [operator]: demands } });
/** What the factory writes. */
export const OWN = { [aud]: AUDIENCE, [sub]: SERVICE_PRINCIPAL };

export interface Asked extends Partial<Omit<ChangeQuestion, 'root' | 'policy' | 'token' | 'provider'>> {
  readonly trustPolicy?: string;
  readonly claims?: TokenClaims;
  readonly algorithm?: string | undefined;
  readonly arn?: string;
  readonly clientIds?: readonly string[] | undefined;
}

export function question({
  trustPolicy = policy(trusting(OWN)),
  claims,
  arn,
  ...rest
}: Asked = {}): ChangeQuestion {
  return {
    root: readTrustPolicy(trustPolicy).root,
    policy: parsePolicy(trustPolicy, 'trust policy', 'trust'),
    provider: {
      arn: arn ?? PROVIDER_ARN,
      clientIds: 'clientIds' in rest ? rest.clientIds : [PLACEHOLDER, AUDIENCE],
    },
    token: { algorithm: 'algorithm' in rest ? rest.algorithm : 'RS256', claims: { ...CLAIMS, ...claims } },
    sessionName: rest.sessionName,
    now: NOW,
  };
}

export const ask = (asked: Asked = {}): TrustAnswer => answerTrust(question(asked), [PLACEHOLDER]);
