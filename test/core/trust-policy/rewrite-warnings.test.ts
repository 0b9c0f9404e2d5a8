import { describe, expect, it } from 'vitest';
import { audience } from '../../../core/ids.ts';
import type { RewriteRequest } from '../../../core/trust-policy/rewrite.ts';
import { rewriteTrustPolicy } from '../../../core/trust-policy/rewrite.ts';
import { leftAlone, rewriteWarnings } from '../../../core/trust-policy/rewrite-warnings.ts';
import {
  ACCOUNT,
  APP_ID,
  AUDIENCE,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER_ARN,
  policy,
  SERVICE_PRINCIPAL,
  SETTINGS,
  statement,
} from '../../fixtures/domain.ts';

const [aud, sub] = [key('aud'), key('sub')];
const CONSENTING = statement();
const GITHUB = `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`;

const requestFor = (trustPolicy: string, overrides: Partial<RewriteRequest> = {}): RewriteRequest => ({
  trustPolicy,
  provider: { providerArn: PROVIDER_ARN, clientIds: [AUDIENCE] },
  accountId: ACCOUNT,
  settings: SETTINGS,
  audience: AUDIENCE,
  appId: APP_ID,
  servicePrincipalId: SERVICE_PRINCIPAL,
  ...overrides,
});
const warnings = (trustPolicy: string, overrides?: Partial<RewriteRequest>) => {
  const request = requestFor(trustPolicy, overrides);
  return rewriteWarnings(request, rewriteTrustPolicy(request));
};
const codes = (...args: Parameters<typeof warnings>) => warnings(...args).map(({ code }) => code);

describe('what is left alone', () => {
  const asked = (...statements: readonly object[]) => leftAlone(requestFor(policy(...statements)));

  it.each([
    [
      'an audience of its own',
      statement({ Condition: { StringEquals: { [aud]: 'api://theirs' } } }),
      'left-alone',
      /api:\/\/theirs is not a placeholder/,
    ],
    ['no audience', statement({ Condition: undefined }), 'left-alone', /no condition names an audience/],
    ['a Deny', statement({ Effect: 'Deny' }), 'denies', /Deny/],
    [
      'another provider',
      statement({ Principal: { Federated: GITHUB } }),
      'lets-others-in',
      /Federated .*github/,
    ],
    ['everybody', statement({ Principal: '*', Action: 'sts:AssumeRole' }), 'lets-others-in', /"\*"/],
    [
      'many',
      statement({ Principal: { AWS: ['1', '2', '3', '4', '5'] }, Action: 'sts:AssumeRole' }),
      'lets-others-in',
      /AWS 1, AWS 2, AWS 3 and 2 more$/,
    ],
  ])('%s', (_, other, code, message) => {
    expect(asked(CONSENTING, other)).toEqual([
      { code, statement: 1, message: expect.stringMatching(message) },
    ]);
  });

  it('is a statement on the provider in another spelling', () => {
    const Condition = { StringEquals: { [aud.replace('/:', ':')]: 'fill-in' } };
    const other = statement({ Principal: { Federated: PROVIDER_ARN.slice(0, -1) }, Condition });
    expect(asked(other)).toEqual([
      {
        code: 'left-alone',
        statement: 0,
        message: `it names ${PROVIDER_ARN.slice(0, -1)}, not ${PROVIDER_ARN}`,
      },
    ]);
  });

  it('is nothing where the factory serves every statement', () => {
    expect(asked(CONSENTING)).toEqual([]);
  });
});

describe('warnings', () => {
  it('are none for a policy that is as it should be', () => {
    expect(warnings(policy(CONSENTING))).toEqual([]);
  });

  it('tell a bare word that only the provider’s list can make an audience', () => {
    const trustPolicy = policy(
      statement({ Condition: { StringEquals: { [aud]: [PLACEHOLDER, 'fill-in'] } } }),
    );
    expect(warnings(trustPolicy)).toEqual([
      { code: 'bare-word', statement: 0, message: expect.stringMatching(/^fill-in counts/) },
    ]);
  });

  it('tell who is pinned already', () => {
    const Condition = { StringEquals: { [aud]: PLACEHOLDER, [sub]: MANAGED_IDENTITY } };
    expect(codes(policy(statement({ Condition })))).toEqual(['pinned-already']);
  });

  it('tell that another statement is open to the tenant', () => {
    const Condition = { StringEquals: { [aud]: 'api://theirs' } };
    expect(codes(policy(CONSENTING, statement({ Condition })))).toEqual(['subject-open']);
    const pinned = { StringEquals: { ...Condition.StringEquals, [sub]: MANAGED_IDENTITY } };
    expect(codes(policy(CONSENTING, statement({ Condition: pinned })))).toEqual([]);
  });

  it('tell what the evaluator does not understand', () => {
    expect(
      codes(policy(CONSENTING, { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole', Odd: 1 })),
    ).toEqual(['not-evaluated']);
  });

  it('tell what exceeds the quota that a role has by default', () => {
    const long = statement({ Sid: 'x'.repeat(2000), Effect: 'Deny' });
    expect(warnings(policy(CONSENTING, long))).toMatchObject([
      { code: 'too-long', message: expect.stringMatching(/^it has 2\d{3} characters/) },
    ]);
  });

  it('tell an audience that no token of version 1 carries', () => {
    expect(codes(policy(CONSENTING), { audience: audience(APP_ID) })).toEqual(['audience-without-prefix']);
  });
});
