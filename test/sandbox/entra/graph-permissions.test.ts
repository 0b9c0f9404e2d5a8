import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addManagedIdentity } from '../../../sandbox/entra/seed.ts';
import { type Answer, addClient, startTenant, type Tenant } from './tenant.ts';

let tenant: Tenant;
let foreign: Awaited<ReturnType<typeof addClient>>;
let own: { objectId: string; appId: string; servicePrincipalId: string };

beforeAll(async () => {
  tenant = await startTenant();
  foreign = await addClient(tenant);
  const application = await tenant.factory('POST', '/applications', { displayName: 'own' });
  const { appId } = application.body;
  const principal = await tenant.factory('POST', '/servicePrincipals', { appId, ...ownedByFactory() });
  own = { objectId: application.body.id, appId, servicePrincipalId: principal.body.id };
});
afterAll(() => tenant.close());

const ownedByFactory = () => ({
  'owners@odata.bind': [
    `https://graph.microsoft.com/v1.0/directoryObjects/${tenant.seeded.factory.servicePrincipalId}`,
  ],
});
const denied = (answer: Answer) =>
  expect(answer).toMatchObject({
    status: 403,
    body: {
      error: {
        code: 'Authorization_RequestDenied',
        message: 'Insufficient privileges to complete the operation.',
      },
    },
  });

describe('Application.ReadWrite.OwnedBy', () => {
  it('makes its holder the owner of what it posts', async () => {
    const { body } = await tenant.factory('GET', `/applications/${own.objectId}/owners`);
    expect(body.value).toMatchObject([{ id: tenant.seeded.factory.servicePrincipalId }]);
  });

  it('reads the whole tenant', async () => {
    expect((await tenant.factory('GET', `/applications/${foreign.objectId}`)).status).toBe(200);
    expect((await tenant.factory('GET', '/servicePrincipals')).status).toBe(200);
  });

  it('sees by its object id whether a managed identity exists, not by asking for any object', async () => {
    const identity = addManagedIdentity(tenant.entra.directory, 'a vm');
    const path = (id: string) => `/servicePrincipals/${id}?$select=id,servicePrincipalType`;
    expect((await tenant.factory('GET', path(identity.id))).body).toMatchObject({
      id: identity.id,
      servicePrincipalType: 'ManagedIdentity',
    });
    expect((await tenant.factory('GET', path(crypto.randomUUID()))).status).toBe(404);
    denied(await tenant.factory('POST', '/directoryObjects/getByIds', { ids: [identity.id] }));
  });

  it('manages what its holder owns', async () => {
    const path = `/applications/${own.objectId}`;
    expect((await tenant.factory('PATCH', path, { notes: 'x' })).status).toBe(204);
    expect((await tenant.factory('POST', `${path}/addPassword`, {})).status).toBe(200);
    const principal = `/servicePrincipals/${own.servicePrincipalId}`;
    expect((await tenant.factory('PATCH', principal, { notes: 'x' })).status).toBe(204);
  });

  it.each<[string, string, (tenant: Tenant) => string, unknown]>([
    ['update', 'PATCH', () => `/applications/${foreign.objectId}`, { notes: 'x' }],
    ['delete', 'DELETE', () => `/applications/${foreign.objectId}`, undefined],
    ['add a password to', 'POST', () => `/applications/${foreign.objectId}/addPassword`, {}],
    [
      'federate',
      'POST',
      () => `/applications/${foreign.objectId}/federatedIdentityCredentials`,
      { name: 'abc', issuer: 'https://i', subject: 's', audiences: ['a'] },
    ],
    ['disable', 'PATCH', () => `/servicePrincipals/${foreign.servicePrincipalId}`, { accountEnabled: false }],
    [
      'delete the service principal of',
      'DELETE',
      () => `/servicePrincipals/${foreign.servicePrincipalId}`,
      undefined,
    ],
    [
      'touch its own application',
      'PATCH',
      ({ seeded }) => `/applications/${seeded.factory.objectId}`,
      { notes: 'x' },
    ],
  ])('does not let its holder %s what it does not own', async (_name, method, path, body) => {
    denied(await tenant.factory(method, path(tenant), body));
  });

  it('creates a service principal only for an application that its holder owns', async () => {
    const { body } = await tenant.admin('POST', '/applications', { displayName: 'theirs' });
    denied(await tenant.factory('POST', '/servicePrincipals', { appId: body.appId }));
  });

  it('does not manage a service principal that was made without binding its owner', async () => {
    const application = await tenant.factory('POST', '/applications', { displayName: 'unbound' });
    const { appId } = application.body;
    const principal = await tenant.factory('POST', '/servicePrincipals', { appId });
    denied(await tenant.factory('DELETE', `/servicePrincipals/${principal.body.id}`));
  });

  it('changes no owners, assigns no roles and lists no deleted items', async () => {
    const reference = `https://graph.microsoft.com/v1.0/directoryObjects/${foreign.servicePrincipalId}`;
    denied(
      await tenant.factory('POST', `/applications/${own.objectId}/owners/$ref`, { '@odata.id': reference }),
    );
    const owner = tenant.seeded.factory.servicePrincipalId;
    denied(await tenant.factory('DELETE', `/applications/${own.objectId}/owners/${owner}/$ref`));
    denied(
      await tenant.factory('POST', `/servicePrincipals/${own.servicePrincipalId}/appRoleAssignedTo`, {
        principalId: own.servicePrincipalId,
        resourceId: own.servicePrincipalId,
        appRoleId: '00000000-0000-0000-0000-000000000000',
      }),
    );
    denied(await tenant.factory('GET', '/directory/deletedItems/microsoft.graph.application'));
  });

  it('purges what its holder owns, and nothing else', async () => {
    const mine = await tenant.factory('POST', '/applications', { displayName: 'to purge' });
    const theirs = await tenant.admin('POST', '/applications', { displayName: 'to keep' });
    for (const { body } of [mine, theirs]) await tenant.admin('DELETE', `/applications/${body.id}`);
    expect((await tenant.factory('DELETE', `/directory/deletedItems/${mine.body.id}`)).status).toBe(204);
    denied(await tenant.factory('DELETE', `/directory/deletedItems/${theirs.body.id}`));
    denied(await tenant.factory('POST', `/directory/deletedItems/${theirs.body.id}/restore`));
  });

  it('loses an application whose ownership is taken away', async () => {
    const { body } = await tenant.factory('POST', '/applications', { displayName: 'to lose' });
    const owner = tenant.seeded.factory.servicePrincipalId;
    await tenant.admin('DELETE', `/applications/${body.id}/owners/${owner}/$ref`);
    denied(await tenant.factory('DELETE', `/applications/${body.id}`));
  });

  it('holds a limited number of objects; deleted ones count, purged ones a quarter', async () => {
    const small = await startTenant({ objectsPerCreator: 4 });
    const create = () => small.factory('POST', '/applications', { displayName: 'one of many' });
    const [one, two, three, four] = [await create(), await create(), await create(), await create()];
    expect([one, two, three, four].map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(await create()).toMatchObject({
      status: 403,
      body: { error: { code: 'Directory_QuotaExceeded' } },
    });
    for (const { body } of [one, two]) await small.factory('DELETE', `/applications/${body.id}`);
    expect((await create()).status).toBe(403);
    for (const { body } of [one, two]) await small.factory('DELETE', `/directory/deletedItems/${body.id}`);
    expect((await create()).status).toBe(201);
    expect((await create()).status).toBe(403);
    small.passTime(30 * 86_400_000 + 1);
    expect((await create()).status).toBe(201);
    await small.close();
  });
});

describe('an administrator', () => {
  it('takes a permission away and grants it again; a token carries the rights of its time', async () => {
    const { appId, clientSecret, servicePrincipalId } = tenant.seeded.factory;
    const before = await tenant.token(appId, clientSecret ?? '');
    const path = `/servicePrincipals/${servicePrincipalId}/appRoleAssignments`;
    const [assignment] = (await tenant.admin('GET', path)).body.value;
    await tenant.admin('DELETE', `${path}/${assignment.id}`);
    denied(await tenant.factory('GET', '/applications'));
    const old = await tenant.send('GET', `${tenant.origin}/v1.0/applications`, { token: before });
    expect(old.status).toBe(200);
    const { principalId, resourceId, appRoleId } = assignment;
    await tenant.admin('POST', path, { principalId, resourceId, appRoleId });
    expect((await tenant.factory('GET', '/applications')).status).toBe(200);
  });
});

describe('a client without permissions', () => {
  it('neither reads nor writes', async () => {
    const token = await tenant.token(foreign.appId, foreign.secret);
    const as = (method: string, path: string, json?: unknown) =>
      tenant.send(method, `${tenant.origin}/v1.0${path}`, { token, ...(json !== undefined && { json }) });
    denied(await as('GET', '/applications'));
    denied(await as('POST', '/applications', { displayName: 'x' }));
    denied(await as('PATCH', `/applications/${foreign.objectId}`, { notes: 'x' }));
    denied(await as('GET', `/servicePrincipals/${foreign.servicePrincipalId}`));
  });
});
