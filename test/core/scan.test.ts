import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateConsent, MAX_CLIENT_IDS } from '../../core/consent.ts';
import { isFactoryError } from '../../core/errors.ts';
import { type ProviderArn, roleArn, roleId, roleName } from '../../core/ids.ts';
import { type Estate, type RoleFinding, type ScannedRole, scan, tenantsOf } from '../../core/scan.ts';
import { MARK_KEY, readyTags } from '../../core/tags.ts';
import {
  ACCOUNT,
  APP_ID,
  AUDIENCE,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER,
  PROVIDER_ARN,
  PROVIDER_ARN_V2,
  policy,
  policyWith,
  SETTINGS,
  SETTINGS_V2,
  statement,
  TENANT,
} from '../fixtures/domain.ts';
import { rewriteCase } from '../generators/trust-policy.ts';

const ANOTHER_TENANT = '99999999-8888-4777-8666-555555555555';
const aud = key('aud');

const role = (trustPolicy: string, more: Partial<ScannedRole> = {}): ScannedRole => ({
  roleName: roleName('deploy'),
  roleId: roleId('AROAEXAMPLEROLE00001'),
  roleArn: roleArn(`arn:aws:iam::${ACCOUNT}:role/deploy`),
  accountId: ACCOUNT,
  path: '/',
  createdAt: '2026-03-02T09:15:27.000Z',
  trustPolicy,
  tags: {},
  policies: [],
  ...more,
});
const provider = (providerArn: string, clientIds: readonly string[] = [PLACEHOLDER]) => ({
  providerArn: providerArn as ProviderArn,
  clientIds,
});
const found = (
  trustPolicy: string,
  more: Partial<ScannedRole> = {},
  providers: Estate['providers'] = [PROVIDER],
) => scan({ roles: [role(trustPolicy, more)], providers }, SETTINGS).roles;
const full = provider(
  PROVIDER_ARN,
  Array.from({ length: MAX_CLIENT_IDS }, (_, index) => `api://${index}`),
);
const audiences = (value: unknown) => policyWith({ StringEquals: { [aud]: value } });

describe('a scanned role', () => {
  it('is served where it consents, with all that a reviewer asks about it', () => {
    const policies = [
      { name: 'AdministratorAccess', arn: 'arn:aws-us-gov:iam::aws:policy/AdministratorAccess' },
      { name: 'logs', document: '{"Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}' },
    ];
    expect(found(policy(statement()), { policies })).toEqual([
      {
        roleArn: `arn:aws:iam::${ACCOUNT}:role/deploy`,
        decision: 'served',
        reason: 'placeholder',
        detail: expect.any(String),
        subject: 'open',
        subjects: [],
        administrator: ['AdministratorAccess'],
        status: 'none',
      },
    ]);
  });

  it.each<[string, readonly RoleFinding[], Partial<RoleFinding>]>([
    [
      'with a Statement that is an object',
      found(JSON.stringify({ Statement: statement() })),
      { decision: 'served' },
    ],
    ['with a bare word', found(audiences('please-fill-in')), { decision: 'served' }],
    [
      'with a bare word that the provider lists',
      found(audiences('word'), {}, [provider(PROVIDER_ARN, ['word'])]),
      { decision: 'ignored', reason: 'audience-not-placeholder' },
    ],
    [
      'with a bare word where the providers are not known',
      scan({ roles: [role(audiences('word'))], providers: undefined }, SETTINGS).roles,
      { decision: 'served' },
    ],
    [
      "with another product's audience",
      found(audiences('api://1462b192-27f7-4cb9-8523-0f4ecb54b47e')),
      { decision: 'ignored', reason: 'audience-not-placeholder', subject: 'open' },
    ],
    [
      'that pins its subject',
      found(policyWith({ StringEquals: { [aud]: 'x', [key('sub')]: MANAGED_IDENTITY } })),
      { decision: 'served', subject: 'pinned', subjects: [MANAGED_IDENTITY] },
    ],
    [
      'without an audience',
      found(policy(statement({ Condition: {} }))),
      { decision: 'ignored', reason: 'no-audience-condition', subject: 'open' },
    ],
    [
      'that is protected',
      found(policy(statement()), { roleName: roleName('OrganizationAccountAccessRole') }),
      { decision: 'ignored', reason: 'protected' },
    ],
    [
      'that asks to be ignored',
      found(policy(statement()), { tags: { 'oidc-factory:ignore': '' } }),
      { decision: 'ignored', reason: 'ignore-tag' },
    ],
    [
      'that everybody may assume',
      found(policy(statement({ Principal: '*', Condition: {} }))),
      { decision: 'ignored', reason: 'not-web-identity', subject: 'open' },
    ],
    [
      'with a wildcard as federated principal, which nobody can evaluate',
      found(policy(statement({ Principal: { Federated: [PROVIDER_ARN, '*'] } }))),
      { decision: 'served', subject: 'unknown' },
    ],
    [
      'on the other version of the tenant',
      found(policy(statement({ Principal: { Federated: PROVIDER_ARN_V2 } })), {}, [
        provider(PROVIDER_ARN_V2),
      ]),
      { decision: 'ignored', reason: 'not-tenant-provider' },
    ],
    [
      'on the provider of another account',
      found(policy(statement({ Principal: { Federated: PROVIDER_ARN.replace(ACCOUNT, '444455556666') } }))),
      { decision: 'ignored', reason: 'not-tenant-provider', subject: 'closed' },
    ],
    [
      'on both versions of the tenant',
      found(policy(statement(), statement({ Principal: { Federated: PROVIDER_ARN_V2 } }))),
      { decision: 'fails', reason: 'SeveralTenantProviders' },
    ],
    [
      'on a provider that is not there',
      found(policy(statement()), {}, []),
      { decision: 'fails', reason: 'ProviderMissing' },
    ],
    [
      'on a provider that is full',
      found(policy(statement()), {}, [full]),
      { decision: 'fails', reason: 'ProviderFull' },
    ],
    [
      'that mentions the tenant and is no policy',
      found(`%%${TENANT}`),
      { decision: 'ignored', reason: 'trust-policy-unreadable', subject: 'unknown' },
    ],
    [
      'that a factory has served already',
      found(audiences(AUDIENCE), {
        tags: { [MARK_KEY]: 'AROAEXAMPLEROLE00001', ...readyTags({ appId: APP_ID, audience: AUDIENCE }) },
      }),
      { decision: 'ignored', status: 'ready' },
    ],
  ])('%s', (_, roles, expected) => {
    expect(roles).toEqual([expect.objectContaining(expected)]);
  });

  it.each<[string, string]>([
    [
      'of a service',
      policy(
        statement({
          Principal: { Service: 'lambda.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: {},
        }),
      ),
    ],
    [
      'of another tenant',
      policy(statement({ Principal: { Federated: PROVIDER_ARN.replace(TENANT, ANOTHER_TENANT) } })),
    ],
    [
      'that everybody may assume, but not with a token',
      policy(statement({ Principal: '*', Action: 'sts:AssumeRole' })),
    ],
    ['that denies the tenant alone', policy(statement({ Effect: 'Deny' }))],
    ['without a policy', ''],
    ['with a policy of no statement', '{}'],
  ])('%s is left out', (_, trustPolicy) => {
    expect(found(trustPolicy)).toEqual([]);
  });

  it('is ignored exactly where it does not consent, and served unless that is bound to fail', () => {
    fc.assert(
      fc.property(rewriteCase, ({ request: { trustPolicy }, provider: known, settings }) => {
        const [finding] = scan({ roles: [role(trustPolicy)], providers: [known] }, settings).roles;
        const { decision = 'ignored', reason = '' } = finding ?? {};
        const expected = consents(trustPolicy, known, settings);
        // No operator left for a pin: the one thing that consent does not know of.
        const doomed = expected === 'served' && reason === 'SubjectNotPinnable';
        expect(decision).toBe(doomed ? 'fails' : expected);
      }),
      { numRuns: 500 },
    );
  });
});

function consents(
  trustPolicy: string,
  known: typeof PROVIDER,
  settings: typeof SETTINGS,
): RoleFinding['decision'] {
  try {
    const { kind } = evaluateConsent({ role: role(trustPolicy), provider: known, settings });
    return kind === 'consents' ? 'served' : 'ignored';
  } catch (error) {
    if (isFactoryError(error, 'SeveralTenantProviders')) return 'fails';
    throw error;
  }
}

describe('a scanned provider', () => {
  const providersOf = (...providers: ReturnType<typeof provider>[]) =>
    scan({ roles: [], providers }, SETTINGS).providers;

  it('says how it is spelled, what it has room for, and whether the console offers the placeholder', () => {
    expect(
      providersOf(
        provider(PROVIDER_ARN),
        provider(PROVIDER_ARN.slice(0, -1), ['a', 'b']),
        provider(PROVIDER_ARN_V2, []),
        full,
      ),
    ).toMatchObject([
      { tokenVersion: 1, spelling: 'exact', audiences: 1, free: 99, placeholder: true },
      { tokenVersion: 1, spelling: 'slash-missing', audiences: 2, free: 98, placeholder: false },
      { tokenVersion: 2, spelling: 'exact', audiences: 0, free: 100 },
      { free: 0 },
    ]);
  });

  it('of others is left out', () => {
    expect(
      providersOf(
        provider(`arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`),
        provider(PROVIDER_ARN.replace(TENANT, ANOTHER_TENANT)),
      ),
    ).toEqual([]);
  });
});

describe('the tenants of an account', () => {
  it('are those of its providers and of its trust policies, once each', () => {
    const estate = {
      roles: [
        role(
          policy(
            statement({
              Principal: { Federated: [PROVIDER_ARN_V2, PROVIDER_ARN.replace(TENANT, ANOTHER_TENANT)] },
            }),
          ),
        ),
        role(policy(statement({ Principal: { Service: 'lambda.amazonaws.com' } }))),
        role('%%'),
      ],
      providers: [PROVIDER],
    };
    expect(tenantsOf(estate)).toEqual([
      { tenantId: TENANT, cloud: 'public' },
      { tenantId: ANOTHER_TENANT, cloud: 'public' },
    ]);
    expect(tenantsOf({ roles: [], providers: undefined })).toEqual([]);
  });

  it('decide the version that counts', () => {
    const trust = policy(
      statement({
        Principal: { Federated: PROVIDER_ARN_V2 },
        Condition: { StringEquals: { [key('aud', PROVIDER_ARN_V2)]: 'x' } },
      }),
    );
    const { roles } = scan({ roles: [role(trust)], providers: [provider(PROVIDER_ARN_V2)] }, SETTINGS_V2);
    expect(roles).toMatchObject([{ decision: 'served' }]);
  });
});
