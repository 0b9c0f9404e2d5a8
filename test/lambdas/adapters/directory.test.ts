import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DesiredApplication } from '../../../core/application.ts';
import { FactoryError } from '../../../core/errors.ts';
import { appId, appObjectId, servicePrincipalId } from '../../../core/ids.ts';
import { graphDirectory } from '../../../lambdas/adapters/directory.ts';
import type { Directory } from '../../../lambdas/ports.ts';
import { directoryContract } from '../../contracts/directory.contract.ts';
import { addClient, startTenant, type Tenant } from '../../sandbox/entra/tenant.ts';

let tenant: Tenant;
let directory: Directory;
let slept: number[] = [];
let names = 0;

beforeAll(async () => {
  tenant = await startTenant();
  directory = open();
});
afterAll(() => tenant.close());
beforeEach(() => {
  slept = [];
  tenant.entra.directory.setReplicationMs(0);
  tenant.recorder.clearCalls();
  tenant.recorder.clearFaults();
});

/** Its own clock: pauses pass at once, and are the tenant's time too. */
function open(change: { clientId?: string; secret?: string } = {}): Directory {
  let now = Date.now();
  const { appId: clientId, clientSecret, servicePrincipalId: owner } = tenant.seeded.factory;
  return graphDirectory({
    patienceSeconds: 5,
    graphEndpoint: tenant.origin,
    ownerId: servicePrincipalId(owner),
    credential: {
      getToken: () => tenant.token(change.clientId ?? clientId, change.secret ?? clientSecret ?? ''),
      forget: () => undefined,
    },
    clock: {
      now: () => now,
      sleep: async (milliseconds) => {
        slept.push(milliseconds);
        now += milliseconds;
        tenant.passTime(milliseconds);
      },
    },
  });
}

directoryContract('through Graph', async () => ({
  directory,
  settings: {
    factoryAppId: appId(tenant.seeded.factory.appId),
    factoryServicePrincipalId: servicePrincipalId(tenant.seeded.factory.servicePrincipalId),
  },
  squat: async (uniqueName) => {
    await tenant.admin('POST', '/applications', { displayName: 'squatter', uniqueName });
  },
}));

const desired = (change: Partial<DesiredApplication> = {}): DesiredApplication => ({
  uniqueName: `oidc-factory-111122223333-AROAEXAMPLE${++names}-1`,
  displayName: 'aws-111122223333-nightly',
  notes: 'arn:aws:iam::111122223333:role/nightly',
  tags: ['HideApp', 'managed-by:oidc-factory'],
  signInAudience: 'AzureADMyOrg',
  tokenVersion: 1,
  ownerId: servicePrincipalId(tenant.seeded.factory.servicePrincipalId),
  ...change,
});

async function made(change: Partial<DesiredApplication> = {}) {
  const application = await directory.createApplication(desired(change));
  if (!application) throw new Error('no application');
  return application;
}

const graphCalls = () =>
  tenant.recorder
    .calls()
    .filter(({ service }) => service === 'graph')
    .map(({ operation }) => operation);

describe('creating', () => {
  it('makes an application that only the factory owns', async () => {
    const wanted = desired({ tokenVersion: 2 });
    const created = await directory.createApplication(wanted);
    expect(created).toMatchObject({
      uniqueName: wanted.uniqueName,
      createdByAppId: tenant.seeded.factory.appId,
      ownerIds: [tenant.seeded.factory.servicePrincipalId],
      signInAudience: 'AzureADMyOrg',
      tokenVersion: 2,
      identifierUris: [],
      passwords: 0,
      keys: 0,
      federatedCredentials: [],
    });
    expect(await directory.application(created?.objectId ?? appObjectId(''))).toEqual(created);
  });

  it('answers undefined where the name is taken, also by a deleted application', async () => {
    const wanted = desired();
    const application = await directory.createApplication(wanted);
    expect(await directory.createApplication(wanted)).toBeUndefined();
    await directory.deleteApplication(application?.objectId ?? appObjectId(''));
    expect(await directory.createApplication(wanted)).toBeUndefined();
    expect(await directory.originOf({ uniqueName: wanted.uniqueName })).toBeUndefined();
  });

  it('makes a service principal that users do not see, once', async () => {
    const application = await made();
    const principal = await directory.createServicePrincipal(application.appId);
    expect(principal).toMatchObject({ appId: application.appId, enabled: true });
    expect(await directory.createServicePrincipal(application.appId)).toBeUndefined();
    expect(await directory.servicePrincipal(application.appId)).toEqual(principal);
    const shown = await tenant.admin('GET', `/servicePrincipals/${principal?.id}`);
    expect(shown.body.tags).toEqual(expect.arrayContaining(['HideApp', 'managed-by:oidc-factory']));
  });

  it('sets the identifier URI that holds the client id', async () => {
    const { appId: id, objectId } = await made();
    await directory.setIdentifierUris(objectId, [`api://${id}`]);
    expect((await directory.application(objectId))?.identifierUris).toEqual([`api://${id}`]);
  });
});

describe('looking', () => {
  it('shows owners and credentials that others added', async () => {
    const { objectId } = await made();
    const other = await addClient(tenant);
    await tenant.admin('POST', `/applications/${objectId}/addPassword`, {});
    await tenant.admin('POST', `/applications/${objectId}/federatedIdentityCredentials`, {
      name: 'pipeline',
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:example/example:ref:refs/heads/main',
      audiences: ['api://AzureADTokenExchange'],
    });
    await tenant.admin('POST', `/applications/${objectId}/owners/$ref`, {
      '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${other.servicePrincipalId}`,
    });
    expect(await directory.application(objectId)).toMatchObject({
      passwords: 1,
      federatedCredentials: [
        {
          name: 'pipeline',
          issuer: 'https://token.actions.githubusercontent.com',
          subject: 'repo:example/example:ref:refs/heads/main',
          audience: 'api://AzureADTokenExchange',
          description: null,
        },
      ],
      ownerIds: [tenant.seeded.factory.servicePrincipalId, other.servicePrincipalId],
    });
  });

  it('answers undefined for what does not exist', async () => {
    const nothing = '99999999-2222-4333-8444-555555555555';
    expect(await directory.application(appObjectId(nothing))).toBeUndefined();
    expect(await directory.servicePrincipal(appId(nothing))).toBeUndefined();
    expect(await directory.originOf({ uniqueName: "it's not there" })).toBeUndefined();
  });
});

describe('deleting', () => {
  it('is soft, tolerates what is gone, and purges on demand', async () => {
    const wanted = desired();
    const application = await made(wanted);
    const principal = await directory.createServicePrincipal(application.appId);
    if (!principal) throw new Error('no service principal');
    for (const _again of [1, 2]) {
      await directory.deleteServicePrincipal(principal.id);
      await directory.deleteApplication(application.objectId);
    }
    expect(tenant.entra.directory.deleted().map(({ id }) => id)).toEqual(
      expect.arrayContaining([application.objectId, principal.id]),
    );
    for (const _again of [1, 2]) {
      await directory.purge(principal.id);
      await directory.purge(application.objectId);
    }
    expect(await directory.createApplication(wanted)).toBeDefined();
  });
});

describe('while the directory replicates', () => {
  it('retries within the function and succeeds when it is short', async () => {
    tenant.entra.directory.setReplicationMs(600);
    const application = await made();
    expect(await directory.createServicePrincipal(application.appId)).toMatchObject({
      appId: application.appId,
    });
    expect(slept.length).toBeGreaterThan(0);
  });

  it('leaves minutes to the workflow', async () => {
    tenant.entra.directory.setReplicationMs(600_000);
    const { appId: id, objectId } = await made();
    await expect(directory.createServicePrincipal(id)).rejects.toMatchObject({ code: 'NotReplicated' });
    await expect(directory.setIdentifierUris(objectId, [`api://${id}`])).rejects.toMatchObject({
      code: 'NotReplicated',
    });
    expect(await directory.application(objectId)).toBeUndefined();
    expect(slept.reduce((sum, one) => sum + one, 0)).toBeLessThan(10_001);
  });
});

describe('when Graph fails', () => {
  it.each([['throttle'], ['error'], ['lost-answer']] as const)('goes on after one %s', async (kind) => {
    tenant.recorder.inject({ service: 'graph', operation: 'PATCH /applications/{id}', kind, times: 1 });
    const { appId: id, objectId } = await made();
    await directory.setIdentifierUris(objectId, [`api://${id}`]);
    expect((await directory.application(objectId))?.identifierUris).toEqual([`api://${id}`]);
  });

  it.each([
    ['throttle', 'Throttled'],
    ['error', 'Unavailable'],
    ['lost-answer', 'Unavailable'],
  ] as const)('gives up on a lasting %s, within seconds, with a code', async (kind, code) => {
    const { objectId } = await made();
    tenant.recorder.inject({ service: 'graph', kind });
    await expect(directory.application(objectId)).rejects.toMatchObject({ code });
    expect(slept.reduce((sum, one) => sum + one, 0)).toBeLessThan(5_001);
  });

  it('finds an application again by its name when the answer of its creation was lost', async () => {
    const wanted = desired();
    tenant.recorder.inject({
      service: 'graph',
      operation: 'POST /applications',
      kind: 'lost-answer',
      times: 1,
    });
    expect(await directory.createApplication(wanted)).toBeUndefined();
    expect(graphCalls()).toEqual(['POST /applications', 'POST /applications']);
    expect(await directory.originOf({ uniqueName: wanted.uniqueName })).toMatchObject({
      createdByAppId: tenant.seeded.factory.appId,
    });
  });

  it('says DirectoryForbidden where the caller has no permission, and never shows the answer', async () => {
    const other = await addClient(tenant);
    const error = await open({ clientId: other.appId, secret: other.secret })
      .createApplication(desired())
      .catch((thrown: FactoryError) => thrown);
    expect(error).toBeInstanceOf(FactoryError);
    expect(error).toMatchObject({
      code: 'DirectoryForbidden',
      message: expect.stringMatching(
        /^POST \/applications: 403 Authorization_RequestDenied \(request [0-9a-f-]+\)$/,
      ),
    });
    expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toContain('Insufficient privileges');
  });

  it("says DirectoryForbidden for an application that is not the factory's own", async () => {
    const other = await addClient(tenant);
    await expect(directory.deleteApplication(appObjectId(other.objectId))).rejects.toMatchObject({
      code: 'DirectoryForbidden',
    });
  });

  it('says DirectoryRejected for what Graph does not accept', async () => {
    const { objectId } = await made();
    await expect(directory.setIdentifierUris(objectId, ['https://example.com/'])).rejects.toMatchObject({
      code: 'DirectoryRejected',
    });
  });

  it('says DirectoryQuotaExceeded where the factory may hold no more objects, and does not try again', async () => {
    const small = await startTenant({ objectsPerCreator: 1 });
    const crowded = graphDirectory({
      patienceSeconds: 5,
      graphEndpoint: small.origin,
      ownerId: servicePrincipalId(small.seeded.factory.servicePrincipalId),
      credential: {
        getToken: () => small.token(small.seeded.factory.appId, small.seeded.factory.clientSecret ?? ''),
        forget: () => undefined,
      },
      clock: { now: Date.now, sleep: async () => expect.unreachable('it should not be tried again') },
    });
    const ownerId = servicePrincipalId(small.seeded.factory.servicePrincipalId);
    expect(await crowded.createApplication(desired({ ownerId }))).toBeDefined();
    await expect(crowded.createApplication(desired({ ownerId }))).rejects.toMatchObject({
      code: 'DirectoryQuotaExceeded',
    });
    await small.close();
  });

  it('tries one new token where Graph refuses the old one', async () => {
    const { appId: clientId, clientSecret, servicePrincipalId: owner } = tenant.seeded.factory;
    let token = 'of last week';
    const withStaleToken = (renew: () => Promise<string>) =>
      graphDirectory({
        patienceSeconds: 5,
        graphEndpoint: tenant.origin,
        ownerId: servicePrincipalId(owner),
        credential: {
          getToken: async () => {
            if (token === '') token = await renew();
            return token;
          },
          forget: () => {
            token = '';
          },
        },
        clock: { now: Date.now, sleep: async () => {} },
      });
    const mended = withStaleToken(() => tenant.token(clientId, clientSecret ?? ''));
    expect(await mended.originOf({ uniqueName: 'name' })).toBeUndefined();
    token = 'of last week';
    tenant.recorder.clearCalls();
    await expect(withStaleToken(async () => 'junk').originOf({ uniqueName: 'name' })).rejects.toMatchObject({
      code: 'DirectoryForbidden',
    });
    expect(graphCalls()).toHaveLength(2);
  });
});
