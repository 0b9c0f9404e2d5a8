import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountId, appObjectId, servicePrincipalId } from '../../../core/ids.ts';
import { graphDirectory } from '../../../lambdas/adapters/directory.ts';
import { directorySurvey } from '../../../lambdas/adapters/directory-survey.ts';
import { pack, unpack } from '../../../lambdas/pack.ts';
import type { Directory } from '../../../lambdas/ports.ts';
import type { DirectorySurvey } from '../../../lambdas/sweep-ports.ts';
import { startTenant, type Tenant } from '../../sandbox/entra/tenant.ts';

const ACCOUNT = accountId('111122223333');
const OTHER = accountId('444455556666');

let tenant: Tenant;
let directory: Directory;
let survey: DirectorySurvey;
let names = 0;

beforeAll(async () => {
  tenant = await startTenant();
  const { appId: clientId, clientSecret = '', servicePrincipalId: owner } = tenant.seeded.factory;
  const options = {
    patienceSeconds: 5,
    graphEndpoint: tenant.origin,
    ownerId: servicePrincipalId(owner),
    credential: { getToken: () => tenant.token(clientId, clientSecret ?? ''), forget: () => undefined },
    clock: { now: () => Date.now(), sleep: async () => undefined },
  };
  directory = graphDirectory(options);
  survey = directorySurvey(options);
});
afterAll(() => tenant.close());
beforeEach(() => {
  tenant.entra.directory.setReplicationMs(0);
  tenant.recorder.clearCalls();
});

async function made(account: string) {
  const application = await directory.createApplication({
    uniqueName: `oidc-factory-${account}-AROAEXAMPLE${++names}-1`,
    displayName: `aws-${account}-role-${names}`,
    notes: '',
    tags: ['HideApp', `aws-account:${account}`],
    signInAudience: 'AzureADMyOrg',
    tokenVersion: 1,
    ownerId: servicePrincipalId(tenant.seeded.factory.servicePrincipalId),
  });
  if (!application) throw new Error('no application');
  return application;
}

const operations = () =>
  tenant.recorder
    .calls()
    .filter(({ service }) => service === 'graph')
    .map(({ operation }) => operation);

describe('the applications of an account', () => {
  it('are one call where there are none', async () => {
    expect(await survey.applicationsOf(OTHER)).toEqual([]);
    expect(operations()).toEqual(['GET /applications']);
  });

  it('are told with owners, credentials and service principal, in three calls however many there are', async () => {
    const applications = [await made(ACCOUNT), await made(ACCOUNT)];
    await made(OTHER);
    const credential = {
      name: 'workload',
      issuer: 'https://issuer.example',
      subject: 'repo',
      audience: 'api://x',
    };
    const [first] = applications;
    if (!first) throw new Error('no application');
    await directory.createFederatedCredential(first.objectId, { ...credential, description: null });
    for (const { appId } of applications) await directory.createServicePrincipal(appId);
    tenant.recorder.clearCalls();

    const listed = await survey.applicationsOf(ACCOUNT);
    expect(operations()).toEqual(['GET /applications', 'GET /applications', 'GET /servicePrincipals']);
    expect(listed).toHaveLength(2);
    expect(listed.find(({ objectId }) => objectId === first.objectId)).toMatchObject({
      ...first,
      displayName: expect.stringContaining('aws-111122223333-role-'),
      federatedCredentials: [credential],
      servicePrincipal: { appId: first.appId, enabled: true, assignmentRequired: false },
    });
    expect(unpack(pack(listed))).toEqual(JSON.parse(JSON.stringify(listed)));
  });

  it('have their service principal even where its tags are gone, and say where there is none', async () => {
    const account = accountId('777788889999');
    const application = await made(account);
    expect(await survey.applicationsOf(account)).toMatchObject([{ servicePrincipal: undefined }]);
    const principal = await directory.createServicePrincipal(application.appId);
    await tenant.admin('PATCH', `/servicePrincipals/${principal?.id}`, { tags: [], accountEnabled: false });
    expect(await survey.applicationsOf(account)).toMatchObject([
      { servicePrincipal: { id: principal?.id, enabled: false } },
    ]);
  });
});

describe('an application', () => {
  it('is found by its id, whatever its tags', async () => {
    const account = accountId('777788880000');
    const { objectId } = await made(account);
    await tenant.admin('PATCH', `/applications/${objectId}`, { tags: [] });
    expect(await survey.applicationsOf(account)).toEqual([]);
    expect(await survey.application(objectId)).toMatchObject({ objectId, federatedCredentials: [] });
  });

  it('is none where it was deleted', async () => {
    const { objectId } = await made(ACCOUNT);
    await directory.deleteApplication(objectId);
    expect(await survey.application(objectId)).toBeUndefined();
    expect(await survey.application(appObjectId(crypto.randomUUID()))).toBeUndefined();
  });
});

describe('a principal', () => {
  it('is there or not', async () => {
    expect(await survey.hasPrincipal(tenant.seeded.factory.servicePrincipalId)).toBe(true);
    expect(await survey.hasPrincipal(crypto.randomUUID())).toBe(false);
  });
});
