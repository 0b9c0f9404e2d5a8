/** What fails on a role. */
import { roleArn, roleId } from '../../../core/ids.ts';
import { providerArnOf } from '../../../core/issuer.ts';
import {
  ACCOUNT,
  AUDIENCE,
  ENTRY,
  ISSUER,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER_ARN,
  policy,
  policyWith,
  SERVICE_PRINCIPAL,
  statement,
  TENANT,
} from '../../fixtures/domain.ts';
import { type Change, entries, type Failing, provider, role, trust, unserved } from './changes.ts';
import { ESTATE, healthy, ROLE, run, SERVED, TRUST } from './healthy.ts';

const withoutSlash = providerArnOf('aws', ACCOUNT, ISSUER.url.replace(/\/$/, ''));
const failedRun = run(ESTATE.stateMachineArn('create-role'), ENTRY.eventIds[0] ?? '', 'FAILED', 1);
const TRUSTED: readonly object[] = JSON.parse(TRUST).Statement;

const application = (change: object): Change => ({
  tenant: {
    application: async (objectId) => {
      const whole = await healthy().tenant.application(objectId);
      return whole && { ...whole, ...change };
    },
  },
});

export const FAILING: readonly Failing[] = [
  ['role.exists', 'no such role', { member: { role: async () => undefined } }, 'RoleMissing'],
  [
    'role.exists',
    'a role under another path',
    role({ roleArn: roleArn(ROLE.replace('role/', 'role/path/')) }),
    'RoleMissing',
  ],
  ['role.entry', 'no run yet', unserved, 'RoleNotReady'],
  ['role.entry', 'tags without entry', entries(undefined), 'EntryMissing'],
  [
    'role.entry',
    'an entry of an earlier incarnation only',
    entries({ roleId: roleId('AROAEXAMPLEROLE00000') }),
    'EntryMissing',
  ],
  ['role.entry', 'a run under way', entries({ phase: 'creating' }), 'RoleNotReady'],
  ['role.entry', 'a removal under way', entries({ phase: 'removing' }), 'BeingRemoved'],
  [
    'role.entry',
    'a failed run',
    entries({
      phase: 'failed',
      error: { code: 'TrustPolicyTooLong', step: 'assign-audience', at: '2026-03-02T09:16:00.000Z' },
    }),
    'TrustPolicyTooLong',
  ],
  ['role.tags', 'ready without entry', entries(undefined), 'TagsChanged'],
  [
    'role.tags',
    'another client id',
    role({ tags: { ...SERVED.tags, 'oidc-factory:client-id': TENANT } }),
    'TagsChanged',
  ],
  ['role.tags', 'none', role({ tags: {} }), 'TagsChanged'],
  ['role.trust', 'a placeholder that nobody has filled in', unserved, 'RoleNotReady'],
  [
    'role.trust',
    'an audience of its own',
    { ...trust(policyWith({ StringEquals: { [key('aud')]: 'api://other' } })), ...entries(undefined) },
    'RoleIgnored',
  ],
  [
    'role.trust',
    'the tag that keeps the factory away',
    {
      ...role({ trustPolicy: policy(statement()), tags: { 'oidc-factory:ignore': '' } }),
      ...entries(undefined),
    },
    'RoleIgnored',
  ],
  ['role.trust', 'the placeholder once more', trust(policy(statement())), 'TrustChanged'],
  ['role.trust', 'another audience', trust(TRUST.replace(AUDIENCE, 'api://other')), 'TrustChanged'],
  [
    'role.trust',
    'one audience more',
    trust(TRUST.replace(`"${AUDIENCE}"`, `["${AUDIENCE}","please-fill-in"]`)),
    'TrustChanged',
  ],
  ['role.trust', 'no pin', trust(policyWith({ StringEquals: { [key('aud')]: AUDIENCE } })), 'SubjectOpen'],
  [
    'role.trust',
    'a further statement without pin',
    trust(policy(...TRUSTED, statement({ Condition: { StringEquals: { [key('aud')]: 'api://other' } } }))),
    'SubjectOpen',
  ],
  [
    'role.trust',
    'a Deny',
    trust(
      policy(...TRUSTED, {
        ...statement(),
        Effect: 'Deny',
        Condition: { StringEquals: { [key('aud')]: AUDIENCE } },
      }),
    ),
    'DeniedExplicitly',
  ],
  [
    'role.trust',
    'two demands on sub that contradict each other',
    trust(
      policyWith({
        StringEquals: { [key('aud')]: AUDIENCE, [key('sub')]: SERVICE_PRINCIPAL },
        StringLike: { [key('sub')]: MANAGED_IDENTITY },
      }),
    ),
    'SubjectNotTrusted',
  ],
  [
    'role.trust',
    'two providers of the tenant',
    trust(policy(...TRUSTED, statement({ Principal: { Federated: withoutSlash } }))),
    'SeveralTenantProviders',
  ],

  ['role.trust', 'no policy', trust('{'), 'TrustPolicyUnreadable'],
  ['role.trust', 'no provider', { member: { provider: async () => undefined } }, 'ProviderMissing'],
  ['role.audience', 'not listed', provider([PLACEHOLDER]), 'AudienceNotOnProvider'],
  ['role.audience', 'no provider', { member: { provider: async () => undefined } }, 'ProviderMissing'],
  [
    'role.application',
    'no application',
    { tenant: { application: async () => undefined } },
    'ApplicationMissing',
  ],
  [
    'role.application',
    'no service principal',
    { tenant: { servicePrincipal: async () => undefined } },
    'ApplicationMissing',
  ],
  ['role.application', 'tokens of version 2', application({ tokenVersion: 2 }), 'TokenVersionMismatch'],
  ['role.application', 'no version at all', application({ tokenVersion: null }), 'ApplicationChanged'],
  ['role.application', 'no identifier URI', application({ identifierUris: [] }), 'ApplicationChanged'],
  [
    'role.application',
    'made by somebody else',
    application({ createdByAppId: TENANT }),
    'ApplicationChanged',
  ],
  [
    'role.tokens',
    'disabled',
    { tenant: { resource: async () => ({ enabled: false, assignmentRequired: false, assigned: 0 }) } },
    'AudienceDisabled',
  ],
  [
    'role.tokens',
    'nobody assigned',
    { tenant: { resource: async () => ({ enabled: true, assignmentRequired: true, assigned: 0 }) } },
    'CallerNotAssigned',
  ],
  [
    'role.tokens',
    'no service principal',
    { tenant: { resource: async () => undefined } },
    'ApplicationMissing',
  ],
  ...(['client-id', 'application', 'absent'] as const).map(
    (kind) =>
      [
        'role.subjects',
        `an id that is: ${kind}`,
        { tenant: { kindOf: async () => kind } },
        'SubjectNotPrincipal',
      ] as const,
  ),
  ['role.subjects', 'a disabled principal', { tenant: { kindOf: async () => 'disabled' } }, 'ClientDisabled'],
  ['role.token', 'another audience', trust(TRUST.replace(AUDIENCE, 'api://other')), 'AudienceNotTrusted'],
  [
    'role.token',
    'another subject',
    trust(TRUST.replace(SERVICE_PRINCIPAL, MANAGED_IDENTITY)),
    'SubjectNotTrusted',
  ],
  [
    'role.token',
    'no statement about it',
    trust(
      policy(
        statement({ Action: 'sts:TagSession' }),
        statement({
          Principal: { Federated: PROVIDER_ARN },
          Condition: { StringEquals: { [key('sub')]: TENANT } },
        }),
      ),
    ),
    'SubjectNotTrusted',
  ],
  [
    'role.token',
    'a Deny',
    trust(policy(...TRUSTED, { ...statement(), Effect: 'Deny', Condition: {} })),
    'DeniedExplicitly',
  ],
  ['role.token', 'an audience that is not listed', provider([PLACEHOLDER]), 'AudienceNotOnProvider'],
  ['role.token', 'no provider', { member: { provider: async () => undefined } }, 'ProviderMissing'],
  ['role.runs', 'a failed run', { factory: { runs: async () => [failedRun] } }, 'RunsFailed'],
];
