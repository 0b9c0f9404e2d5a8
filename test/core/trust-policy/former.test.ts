import { describe, expect, it } from 'vitest';
import { appId, audience, servicePrincipalId } from '../../../core/ids.ts';
import { audienceFor } from '../../../core/issuer.ts';
import { rewriteTrustPolicy } from '../../../core/trust-policy/rewrite.ts';
import {
  ACCOUNT,
  APP_ID,
  AUDIENCE,
  AUDIENCE_V2,
  key,
  MANAGED_IDENTITY,
  PROVIDER,
  PROVIDER_ARN_V2,
  PROVIDER_V2,
  policy,
  policyWith,
  SERVICE_PRINCIPAL,
  SETTINGS,
  SETTINGS_V2,
  statement,
} from '../../fixtures/domain.ts';

const LOST_APP = appId('10570000-0000-4000-8000-000000000001');
const LOST = {
  audience: audienceFor(LOST_APP, 1),
  servicePrincipalId: servicePrincipalId('10570000-0000-4000-8000-000000000002'),
};
const rewritten = (Condition: object, former = [LOST]) =>
  JSON.parse(
    rewriteTrustPolicy({
      trustPolicy: policyWith(Condition),
      provider: PROVIDER,
      accountId: ACCOUNT,
      settings: SETTINGS,
      audience: AUDIENCE,
      appId: APP_ID,
      servicePrincipalId: SERVICE_PRINCIPAL,
      former,
    }).document,
  ).Statement[0].Condition;

describe('a role that trusts a lost application', () => {
  it('trusts its successor in its place', () => {
    expect(
      rewritten({ StringEquals: { [key('aud')]: LOST.audience, [key('sub')]: LOST.servicePrincipalId } }),
    ).toEqual({ StringEquals: { [key('aud')]: AUDIENCE, [key('sub')]: SERVICE_PRINCIPAL } });
  });

  it('keeps whom else its developer named, and under which operator', () => {
    const sub = [LOST.servicePrincipalId.toUpperCase(), MANAGED_IDENTITY];
    expect(
      rewritten({ StringEquals: { [key('aud')]: LOST.audience }, StringLike: { [key('sub')]: sub } }),
    ).toEqual({
      StringEquals: { [key('aud')]: AUDIENCE },
      StringLike: { [key('sub')]: [SERVICE_PRINCIPAL, MANAGED_IDENTITY] },
    });
  });

  it('does not let the successor in where the developer named others alone', () => {
    const Condition = { StringEquals: { [key('aud')]: LOST.audience, [key('sub')]: MANAGED_IDENTITY } };
    expect(rewritten(Condition)).toEqual({
      StringEquals: { [key('aud')]: AUDIENCE, [key('sub')]: MANAGED_IDENTITY },
    });
  });

  it('is not the business of another incarnation', () => {
    const Condition = { StringEquals: { [key('aud')]: LOST.audience } };
    expect(() => rewritten(Condition, [])).toThrowError(
      expect.objectContaining({ name: 'ConsentWithdrawn' }),
    );
  });

  it('also by the real audience of version 2 tokens', () => {
    const v2 = (claim: string) => key(claim, PROVIDER_ARN_V2);
    const { servicePrincipalId: sub } = LOST;
    const { document } = rewriteTrustPolicy({
      trustPolicy: policy(
        statement({
          Principal: { Federated: PROVIDER_ARN_V2 },
          Condition: { StringEquals: { [v2('aud')]: LOST_APP, [v2('oaud')]: LOST_APP, [v2('sub')]: sub } },
        }),
      ),
      provider: PROVIDER_V2,
      accountId: ACCOUNT,
      settings: SETTINGS_V2,
      audience: AUDIENCE_V2,
      appId: APP_ID,
      servicePrincipalId: SERVICE_PRINCIPAL,
      former: [{ audience: audience(LOST_APP), servicePrincipalId: sub }],
    });
    expect(JSON.parse(document).Statement[0].Condition).toEqual({
      StringEquals: { [v2('aud')]: APP_ID, [v2('oaud')]: APP_ID, [v2('sub')]: SERVICE_PRINCIPAL },
    });
  });
});
