import { describe, expect, it } from 'vitest';
import { accountId, providerArn, roleId, roleName } from '../../../core/ids.ts';
import {
  careSessionPolicy,
  inspectSessionPolicy,
  lookSessionPolicy,
  providerSessionPolicy,
  sweepSessionPolicy,
  trustSessionPolicy,
} from '../../../lambdas/adapters/session-policies.ts';

const LONGEST_PROVIDER = providerArn(
  'arn:aws-us-gov:iam::111122223333:oidc-provider/login.partner.microsoftonline.cn/11111111-2222-4333-8444-555555555555/v2.0/',
);
const longest = {
  partition: 'aws-us-gov',
  accountId: accountId('111122223333'),
  roleName: roleName('r'.repeat(64)),
  roleId: roleId(`AROA${'A'.repeat(124)}`),
  providerArn: LONGEST_PROVIDER,
} as const;
const target = {
  ...longest,
  partition: 'aws',
  roleName: roleName('deploy'),
  roleId: roleId('AROAEXAMPLEEXAMPLE001'),
} as const;

const statements = (policy: string) =>
  (JSON.parse(policy) as { Statement: Record<string, unknown>[] }).Statement;

describe('a session policy', () => {
  it.each([
    ['inspect', inspectSessionPolicy(longest)],
    ['provider', providerSessionPolicy(LONGEST_PROVIDER)],
    ['trust', trustSessionPolicy(longest)],
    ['inspect, to enrol', lookSessionPolicy(longest)],
    ['inspect, to sweep', sweepSessionPolicy(longest)],
    ['provider, to enrol', careSessionPolicy(LONGEST_PROVIDER)],
  ])('of %s fits the 2,048 characters of STS with the longest names', (_role, policy) => {
    expect(policy.length).toBeLessThanOrEqual(2048);
  });

  it('lets a sweep read the roles and providers of one account, and change nothing', () => {
    expect(statements(sweepSessionPolicy(target))).toEqual([
      { Effect: 'Allow', Action: ['iam:ListRoles', 'iam:ListOpenIDConnectProviders'], Resource: ['*'] },
      { Effect: 'Allow', Action: ['iam:GetRole'], Resource: ['arn:aws:iam::111122223333:role/*'] },
      {
        Effect: 'Allow',
        Action: ['iam:GetOpenIDConnectProvider'],
        Resource: ['arn:aws:iam::111122223333:oidc-provider/*'],
      },
    ]);
  });

  it('lets enrolment find the provider of one account, and care for that one', () => {
    expect(statements(lookSessionPolicy(target))).toEqual([
      { Effect: 'Allow', Action: ['iam:ListOpenIDConnectProviders'], Resource: ['*'] },
      {
        Effect: 'Allow',
        Action: ['iam:GetOpenIDConnectProvider'],
        Resource: ['arn:aws:iam::111122223333:oidc-provider/*'],
      },
    ]);
    expect(statements(careSessionPolicy(LONGEST_PROVIDER))).toEqual([
      {
        Effect: 'Allow',
        Action: [
          'iam:CreateOpenIDConnectProvider',
          'iam:AddClientIDToOpenIDConnectProvider',
          'iam:TagOpenIDConnectProvider',
        ],
        Resource: [LONGEST_PROVIDER],
      },
    ]);
  });

  it('lets an inspection read and tag one role, whatever its path, and read providers', () => {
    expect(statements(inspectSessionPolicy(target))).toEqual([
      {
        Effect: 'Allow',
        Action: ['iam:GetRole'],
        Resource: ['arn:aws:iam::111122223333:role/??????', 'arn:aws:iam::111122223333:role/*/??????'],
      },
      {
        Effect: 'Allow',
        Action: ['iam:TagRole'],
        Resource: ['arn:aws:iam::111122223333:role/deploy', 'arn:aws:iam::111122223333:role/*/deploy'],
      },
      {
        Effect: 'Allow',
        Action: ['iam:GetOpenIDConnectProvider'],
        Resource: ['arn:aws:iam::111122223333:oidc-provider/*'],
      },
    ]);
  });

  it.each([
    ['inspect', inspectSessionPolicy],
    ['trust', trustSessionPolicy],
  ])('of %s reads the name however a later role spells it, for IAM finds that one', (_role, policyFor) => {
    const policy = policyFor({ ...target, roleName: roleName('nightly-export_2') });
    const [reading] = statements(policy).filter(({ Action }) => (Action as string[]).includes('iam:GetRole'));
    expect(reading?.Action).toEqual(['iam:GetRole']);
    expect(reading?.Resource).toEqual([
      'arn:aws:iam::111122223333:role/???????-??????_2',
      'arn:aws:iam::111122223333:role/*/???????-??????_2',
    ]);
  });

  it('lets the provider session change the audiences of one provider', () => {
    expect(statements(providerSessionPolicy(LONGEST_PROVIDER))).toEqual([
      {
        Effect: 'Allow',
        Action: ['iam:AddClientIDToOpenIDConnectProvider', 'iam:RemoveClientIDFromOpenIDConnectProvider'],
        Resource: [LONGEST_PROVIDER],
      },
    ]);
  });

  it('lets the trust session write one role only while it carries the mark of the incarnation', () => {
    const writing = statements(trustSessionPolicy(target)).filter(({ Action }) =>
      (Action as string[]).includes('iam:UpdateAssumeRolePolicy'),
    );
    expect(writing).toEqual([
      {
        Effect: 'Allow',
        Action: ['iam:TagRole', 'iam:UpdateAssumeRolePolicy'],
        Resource: ['arn:aws:iam::111122223333:role/deploy', 'arn:aws:iam::111122223333:role/*/deploy'],
        Condition: { StringEquals: { 'iam:ResourceTag/oidc-factory:role-id': 'AROAEXAMPLEEXAMPLE001' } },
      },
    ]);
  });
});
