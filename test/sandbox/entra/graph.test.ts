import { request } from 'node:https';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addClient, PLACEHOLDER, startTenant, TENANT_ID, type Tenant } from './tenant.ts';

const NOBODY = '99999999-2222-4333-8444-555555555555';
const DAY_MS = 86_400_000;
let tenant: Tenant;
let names = 0;

beforeAll(async () => {
  tenant = await startTenant();
});
afterAll(() => tenant.close());
beforeEach(() => {
  tenant.entra.directory.setReplicationMs(0);
  tenant.recorder.clearCalls();
  tenant.recorder.clearFaults();
});

const newName = () => `made-${++names}`;
const create = async (body: Record<string, unknown> = {}) => {
  const answer = await tenant.admin('POST', '/applications', { displayName: 'made', ...body });
  expect(answer.status).toBe(201);
  return answer.body;
};

describe('an application', () => {
  it('is found by id and by both alternate keys, with the properties asked for', async () => {
    const uniqueName = newName();
    const { id, appId } = await create({ uniqueName, tags: ['one'], notes: 'a note' });
    for (const path of [id, `(appId='${appId}')`, `(uniqueName='${uniqueName}')`]) {
      const at = path.startsWith('(') ? `/applications${path}` : `/applications/${path}`;
      const { body } = await tenant.admin('GET', `${at}?$select=id,uniqueName,createdByAppId`);
      const { '@odata.context': _context, ...selected } = body;
      expect(selected).toEqual({ id, uniqueName, createdByAppId: tenant.seeded.admin.clientId });
    }
  });

  it('keeps its unique name for 30 days after deletion, and is restored with it', async () => {
    const uniqueName = newName();
    const { id } = await create({ uniqueName });
    await tenant.admin('DELETE', `/applications/${id}`);
    expect((await tenant.admin('GET', `/applications(uniqueName='${uniqueName}')`)).status).toBe(404);
    const taken = await tenant.admin('POST', '/applications', { displayName: 'again', uniqueName });
    expect(taken).toMatchObject({
      status: 400,
      body: {
        error: {
          code: 'Request_BadRequest',
          message: 'Another object with the same value for property uniqueName already exists.',
        },
      },
    });
    await tenant.admin('POST', `/directory/deletedItems/${id}/restore`);
    expect((await tenant.admin('GET', `/applications(uniqueName='${uniqueName}')`)).body.id).toBe(id);
    await tenant.admin('DELETE', `/applications/${id}`);
    tenant.passTime(30 * DAY_MS + 1);
    expect((await tenant.admin('GET', `/directory/deletedItems/${id}`)).status).toBe(404);
    await create({ uniqueName });
  });

  it('leaves its service principal when it is deleted, and both can be purged', async () => {
    const client = await addClient(tenant);
    await tenant.admin('DELETE', `/applications/${client.objectId}`);
    const principal = `/servicePrincipals/${client.servicePrincipalId}`;
    expect((await tenant.admin('GET', principal)).status).toBe(200);
    await tenant.admin('DELETE', principal);
    for (const id of [client.objectId, client.servicePrincipalId]) {
      expect((await tenant.admin('DELETE', `/directory/deletedItems/${id}`)).status).toBe(204);
      expect((await tenant.admin('DELETE', `/directory/deletedItems/${id}`)).status).toBe(404);
    }
  });

  it('is made by upsert where it is missing and asked for, and updated where it exists', async () => {
    const path = `/applications(uniqueName='${newName()}')`;
    const upsert = () =>
      tenant.factory('PATCH', path, { displayName: 'upserted' }, { prefer: 'create-if-missing' });
    expect((await tenant.admin('PATCH', path, { displayName: 'x' })).status).toBe(404);
    expect((await upsert()).status).toBe(201);
    // The trap of OwnedBy: the upsert left it without an owner, so its maker may not touch it.
    expect((await upsert()).status).toBe(403);
    expect((await tenant.admin('PATCH', path, { displayName: 'renamed' })).status).toBe(204);
    expect((await tenant.admin('GET', path)).body.displayName).toBe('renamed');
  });

  it.each<[string, unknown]>([
    ['an unknown property', { displayName: 'x', favouriteColour: 'red' }],
    ['no display name', { notes: 'x' }],
    ['a value of another form', { displayName: 42 }],
    ['an unknown token version', { displayName: 'x', api: { requestedAccessTokenVersion: 3 } }],
    ['an unknown api property', { displayName: 'x', api: { acceptMappedClaims: true } }],
    ['a foreign identifier URI', { displayName: 'x', identifierUris: ['api://somebody-else'] }],
    ["another application's identifier URI", { displayName: 'x', identifierUris: [PLACEHOLDER] }],
    ['a list', []],
  ])('is refused with %s', async (_name, body) => {
    expect(await tenant.admin('POST', '/applications', body)).toMatchObject({
      status: 400,
      body: { error: { code: 'Request_BadRequest' } },
    });
  });

  it('may claim any word as identifier URI once it takes v2 tokens', async () => {
    const { id } = await create({ api: { requestedAccessTokenVersion: 2 } });
    const uris = { identifierUris: ['dummy'] };
    expect((await tenant.admin('PATCH', `/applications/${id}`, uris)).status).toBe(204);
    const plain = await create();
    expect((await tenant.admin('PATCH', `/applications/${plain.id}`, uris)).status).toBe(400);
  });

  it('has a unique name that is given once', async () => {
    const [uniqueName, { id }] = [newName(), await create()];
    expect((await tenant.admin('PATCH', `/applications/${id}`, { uniqueName })).status).toBe(204);
    expect((await tenant.admin('PATCH', `/applications/${id}`, { uniqueName: 'other' })).status).toBe(400);
  });
});

describe('permissions that an application declares', () => {
  const required = [
    {
      resourceAppId: '00000003-0000-0000-c000-000000000000',
      resourceAccess: [{ id: '18a4783c-866b-4cc7-a460-3d5e5662c884', type: 'Role' }],
    },
  ];

  it('are kept, replaced as a whole, and grant nothing', async () => {
    const made = await tenant.admin('POST', '/applications', {
      displayName: 'declares',
      requiredResourceAccess: required,
    });
    expect(made.body.requiredResourceAccess).toEqual(required);
    const principal = await tenant.admin('POST', '/servicePrincipals', { appId: made.body.appId });
    const granted = await tenant.admin('GET', `/servicePrincipals/${principal.body.id}/appRoleAssignments`);
    expect(granted.body.value).toEqual([]);
    await tenant.admin('PATCH', `/applications/${made.body.id}`, { requiredResourceAccess: [] });
    const after = await tenant.admin('GET', `/applications/${made.body.id}?$select=requiredResourceAccess`);
    expect(after.body.requiredResourceAccess).toEqual([]);
  });

  it.each([
    ['no list', {}],
    ['another type', [{ ...required[0], resourceAccess: [{ id: required[0]?.resourceAppId, type: 'Any' }] }]],
    ['no id', [{ ...required[0], resourceAccess: [{ type: 'Role' }] }]],
    ['an unknown property', [{ ...required[0], more: true }]],
  ])('are refused with %s', async (_, requiredResourceAccess) => {
    const answer = await tenant.admin('POST', '/applications', { displayName: 'x', requiredResourceAccess });
    expect(answer.status).toBe(400);
  });
});

describe('federated credentials', () => {
  const credential = (change: Record<string, unknown> = {}) => ({
    name: 'pipeline',
    issuer: 'https://token.actions.githubusercontent.com',
    subject: 'repo:example/example:ref:refs/heads/main',
    audiences: ['api://AzureADTokenExchange'],
    ...change,
  });

  it('are added, read by id and name, changed and removed', async () => {
    const { id } = await create();
    const path = `/applications/${id}/federatedIdentityCredentials`;
    const added = await tenant.admin('POST', path, credential());
    expect(added).toMatchObject({ status: 201, body: credential() });
    await tenant.admin('PATCH', `${path}/${added.body.id}`, { subject: 'other' });
    expect((await tenant.admin('GET', `${path}/pipeline`)).body.subject).toBe('other');
    expect((await tenant.admin('DELETE', `${path}/${added.body.id}`)).status).toBe(204);
    expect((await tenant.admin('GET', path)).body.value).toEqual([]);
  });

  it('have one name and one issuer and subject each, and are at most twenty', async () => {
    const { id } = await create();
    const add = async (change: Record<string, unknown>) =>
      (await tenant.admin('POST', `/applications/${id}/federatedIdentityCredentials`, credential(change)))
        .status;
    expect(await add({})).toBe(201);
    expect(await add({ subject: 'other' })).toBe(409);
    expect(await add({ name: 'other' })).toBe(400);
    expect(await add({ name: 'flexible', claimsMatchingExpression: {} })).toBe(400);
    expect(await add({ name: 'x' })).toBe(400);
    for (let index = 2; index <= 20; index++) {
      expect(await add({ name: `name-${index}`, subject: `subject-${index}` })).toBe(201);
    }
    expect(await add({ name: 'one-more', subject: 'one-more' })).toBe(400);
  });
});

describe('queries', () => {
  it('filter by client id and page through a collection', async () => {
    const { appId } = await create();
    await create();
    const filtered = await tenant.admin('GET', `/applications?$filter=appId eq '${appId}'&$select=appId`);
    expect(filtered.body.value).toEqual([{ appId }]);
    const ids: string[] = [];
    let next: string | undefined = '/applications?$top=2&$select=id';
    while (next) {
      const { body }: { body: Record<string, unknown> } = await tenant.admin('GET', next);
      ids.push(...(body.value as { id: string }[]).map(({ id }) => id));
      const link = body['@odata.nextLink'] as string | undefined;
      next = link?.slice(`${tenant.origin}/v1.0`.length);
    }
    expect(new Set(ids)).toEqual(new Set(tenant.entra.directory.applications().map(({ id }) => id)));
    expect(ids).toHaveLength(new Set(ids).size);
  });

  it('filter by one of several identifier URIs', async () => {
    const { id, appId } = await create();
    await create();
    const uris = [`api://${appId}`, `api://${appId}/second`];
    await tenant.admin('PATCH', `/applications/${id}`, { identifierUris: uris });
    const holding = async (uri: string) => {
      const filter = encodeURIComponent(`identifierUris/any(u:u eq '${uri}')`);
      return (await tenant.admin('GET', `/applications?$filter=${filter}&$select=appId`)).body;
    };
    expect(await holding(uris[1] ?? '')).toMatchObject({ value: [{ appId }] });
    expect(await holding('api://nobody')).toMatchObject({ value: [] });
  });

  it('filter by tag, page by page, and show the owners along', async () => {
    const tag = `account:${crypto.randomUUID()}`;
    const made = [await create({ tags: [tag, 'other'] }), await create({ tags: [tag] }), await create()];
    for (const { appId } of made) await tenant.admin('POST', '/servicePrincipals', { appId });
    const owners = [{ id: tenant.seeded.admin.servicePrincipalId }];
    const listed = async (collection: string) => {
      const filter = encodeURIComponent(`tags/any(t:t eq '${tag}')`);
      const found: { appId: string; owners: { id: string }[] }[] = [];
      let next = `/${collection}?$filter=${filter}&$select=appId&$expand=owners($select=id)&$top=1`;
      while (next) {
        const { body } = await tenant.admin('GET', next);
        found.push(...body.value);
        next = body['@odata.nextLink']?.slice(`${tenant.origin}/v1.0`.length);
      }
      return found;
    };
    const expected = made.slice(0, 2).map(({ appId }) => ({ appId }));
    expect(await listed('applications')).toMatchObject(expected.map((one) => ({ ...one, owners })));
    // Entra copied the tags; nobody was bound as owner.
    expect(await listed('servicePrincipals')).toMatchObject(expected.map((one) => ({ ...one, owners: [] })));
  });

  it('expand the federated credentials of listed applications', async () => {
    const tag = `account:${crypto.randomUUID()}`;
    const { id } = await create({ tags: [tag] });
    const credential = {
      name: 'workload',
      issuer: 'https://issuer.example',
      subject: 'repo',
      audiences: ['api://x'],
    };
    await tenant.admin('POST', `/applications/${id}/federatedIdentityCredentials`, credential);
    const filter = encodeURIComponent(`tags/any(t:t eq '${tag}')`);
    const path = (collection: string) =>
      `/${collection}?$filter=${filter}&$select=id&$expand=federatedIdentityCredentials`;
    const { body } = await tenant.admin('GET', path('applications'));
    expect(body.value).toMatchObject([{ id, federatedIdentityCredentials: [credential] }]);
  });

  it('expand owners', async () => {
    const { id } = await create();
    const { body } = await tenant.admin('GET', `/applications/${id}?$select=id&$expand=owners`);
    expect(body.owners).toMatchObject([{ id: tenant.seeded.admin.servicePrincipalId }]);
  });

  it('expand the ids of owners of both', async () => {
    const { id, appId } = await create();
    const owner = tenant.seeded.admin.servicePrincipalId;
    const owners = [{ '@odata.type': '#microsoft.graph.servicePrincipal', id: owner }];
    const shown = await tenant.admin('GET', `/applications/${id}?$select=id&$expand=owners($select=id)`);
    expect(shown.body).toMatchObject({ id, owners });
    await tenant.admin('POST', '/servicePrincipals', {
      appId,
      'owners@odata.bind': [`https://graph.microsoft.com/v1.0/directoryObjects/${owner}`],
    });
    const path = `/servicePrincipals(appId='${appId}')?$select=appId&$expand=owners($select=id)`;
    expect((await tenant.admin('GET', path)).body).toMatchObject({ appId, owners });
  });

  it.each([
    ['GET', '/applications?$search="displayName:x"', 'Request_UnsupportedQuery'],
    ['GET', '/applications?$orderby=displayName', 'Request_UnsupportedQuery'],
    ['GET', "/applications?$filter=uniqueName eq 'x'", 'Request_UnsupportedQuery'],
    ['GET', "/applications?$filter=startswith(displayName,'x')", 'Request_UnsupportedQuery'],
    ['GET', "/applications?$filter=notes/any(t:t eq 'x')", 'Request_UnsupportedQuery'],
    ['GET', '/applications?$expand=tokenIssuancePolicies', 'Request_UnsupportedQuery'],
    ['GET', "/applications?$filter=identifierUris/any(u:v eq 'x')", 'Request_UnsupportedQuery'],
    ['GET', '/applications?$top=0', 'Request_BadRequest'],
    ['GET', '/users', 'BadRequest'],
    ['GET', '/applications(displayName=%27x%27)', 'BadRequest'],
    ['PUT', '/applications', 'BadRequest'],
    ['POST', `/applications/${NOBODY}/addKey`, 'BadRequest'],
    ['GET', "/servicePrincipals(uniqueName='x')", 'Request_BadRequest'],
  ])('refuse what they do not know: %s %s', async (method, path, code) => {
    const answer = await tenant.admin(method, path, method === 'GET' ? undefined : {});
    expect(answer).toMatchObject({ status: 400, body: { error: { code } } });
  });

  it('refuse to expand more than one relationship', async () => {
    const { id } = await create();
    const answer = await tenant.admin('GET', `/applications/${id}?$expand=owners,tokenIssuancePolicies`);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'Request_UnsupportedQuery' } } });
  });

  it('refuse a property that the type does not have', async () => {
    const { id } = await create();
    expect((await tenant.admin('GET', `/applications/${id}?$select=colour`)).status).toBe(400);
  });
});

describe('replication', () => {
  it('hides a new object by every key for a while', async () => {
    tenant.entra.directory.setReplicationMs(60_000);
    const uniqueName = newName();
    const { id, appId } = await create({ uniqueName });
    const paths = [
      `/applications/${id}`,
      `/applications(appId='${appId}')`,
      `/applications(uniqueName='${uniqueName}')`,
    ];
    for (const path of paths) {
      expect(await tenant.admin('GET', path)).toMatchObject({
        status: 404,
        body: { error: { code: 'Request_ResourceNotFound' } },
      });
    }
    expect((await tenant.admin('DELETE', `/applications/${id}`)).status).toBe(404);
    const again = await tenant.admin('POST', '/applications', { displayName: 'again', uniqueName });
    expect(again.status).toBe(400);
    tenant.passTime(60_000);
    for (const path of paths) expect((await tenant.admin('GET', path)).body.id).toBe(id);
  });

  it('refuses a service principal meanwhile, with a 400 and with a misleading 403', async () => {
    tenant.entra.directory.setReplicationMs(60_000);
    const application = await tenant.factory('POST', '/applications', { displayName: 'lagging' });
    const { appId } = application.body;
    const statuses = [];
    for (const _again of [1, 2]) {
      statuses.push((await tenant.factory('POST', '/servicePrincipals', { appId })).status);
    }
    expect(statuses.sort()).toEqual([400, 403]);
    tenant.passTime(60_000);
    expect((await tenant.factory('POST', '/servicePrincipals', { appId })).status).toBe(201);
    expect((await tenant.factory('POST', '/servicePrincipals', { appId })).status).toBe(409);
  });
});

describe('every call', () => {
  it('is recorded with its operation and the client id of its caller', async () => {
    const { id, appId } = await create();
    await tenant.admin('GET', `/applications(appId='${appId}')`);
    await tenant.admin('PATCH', `/applications/${id}`, { notes: 'x' });
    await tenant.admin('DELETE', `/directory/deletedItems/${NOBODY}`);
    const calls = tenant.recorder.calls().filter(({ service }) => service === 'graph');
    expect(calls.map(({ operation, caller, outcome }) => [operation, caller, outcome])).toEqual(
      [
        ['POST /applications', 'ok'],
        ['GET /applications(appId)', 'ok'],
        ['PATCH /applications/{id}', 'ok'],
        ['DELETE /directory/deletedItems/{id}', 'Request_ResourceNotFound'],
      ].map(([operation, outcome]) => [operation, tenant.seeded.admin.clientId, outcome]),
    );
  });

  it('is throttled or fails as Graph does when a fault strikes', async () => {
    const token = await tenant.token(tenant.seeded.admin.clientId, tenant.seeded.admin.clientSecret);
    const get = () => tenant.send('GET', `${tenant.origin}/v1.0/applications`, { token });
    tenant.recorder.inject({ service: 'graph', kind: 'throttle', times: 1 });
    const throttled = await get();
    expect(throttled).toMatchObject({ status: 429, body: { error: { code: 'TooManyRequests' } } });
    expect(throttled.headers.get('retry-after')).toBe('0');
    tenant.recorder.inject({ service: 'graph', kind: 'error', times: 1 });
    expect((await get()).status).toBe(503);
    tenant.recorder.inject({ service: 'graph', kind: 'lost-answer', times: 1 });
    await expect(get()).rejects.toThrow();
    expect((await get()).status).toBe(200);
  });

  it('needs a token for Graph, whole and of this tenant', async () => {
    const { appId, secret } = await addClient(tenant);
    const other = await tenant.token(appId, secret, appId);
    for (const token of [undefined, 'junk', other]) {
      const answer = await tenant.send('GET', `${tenant.origin}/v1.0/applications`, {
        ...(token !== undefined && { token }),
      });
      expect(answer).toMatchObject({ status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } });
    }
  });

  it('is refused from a web page and under a foreign name', async () => {
    const url = `${tenant.origin}/${TENANT_ID}/v2.0/.well-known/openid-configuration`;
    const crossOrigin = await tenant.send('GET', url, { headers: { origin: 'https://example.com' } });
    expect(crossOrigin.status).toBe(403);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'rebound.example.com' };
      const outgoing = request(url, { headers, servername: 'localhost' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      outgoing.on('error', reject).end();
    });
    expect(status).toBe(403);
  });
});
