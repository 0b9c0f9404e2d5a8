import { expect, it } from 'vitest';
import { accessTo } from '../../core/access.ts';
import { accessRows, applicationKeys, type ReportedApplication } from '../../core/access-report.ts';
import { ACCOUNT, SETTINGS } from '../fixtures/domain.ts';
import { account, ago, served } from './drift/world.ts';

const ONE = served();
const APPLICATION: ReportedApplication = {
  clientId: ONE.application.appId,
  displayName: 'aws-deploy',
  identifierUris: [ONE.audience],
  owners: ['factory'],
  federatedCredentials: [],
  secrets: [{ name: 'ci', expiresAt: ago(0) }],
  certificates: [],
};
const seen = { accountId: ACCOUNT, seenAt: ago(0), ...accessTo(account(ONE), ACCOUNT, SETTINGS.issuer) };
const [principal = ''] = seen.roles[0]?.subjects ?? [];

it('joins what the directory knows', () => {
  const facts = {
    applications: new Map([[APPLICATION.clientId.toLowerCase(), APPLICATION]]),
    names: new Map([[principal.toLowerCase(), 'aws-deploy']]),
  };
  expect(accessRows([seen], facts)).toMatchObject([
    {
      accountId: ACCOUNT,
      roleArn: ONE.role.roleArn,
      factory: 'ready',
      application: APPLICATION,
      principals: [{ objectId: principal, name: 'aws-deploy' }],
      seenAt: ago(0),
    },
  ]);
});

it('leaves open what the directory was not asked', () => {
  expect(accessRows([seen], undefined)).toMatchObject([
    { application: null, principals: [{ objectId: principal, name: null }] },
  ]);
});

it('knows applications by client id in whatever form, and by identifier URI', () => {
  const id = 'A9900000-0000-4000-8000-000000000001';
  expect(applicationKeys({ audiences: [id, `api://${id}`, 'api://Shared/x'] })).toEqual([
    id.toLowerCase(),
    id.toLowerCase(),
    'api://shared/x',
  ]);
});
