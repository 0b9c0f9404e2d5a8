import { ManagedIdentityCredential } from '@azure/identity';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addClient, startTenant, type Tenant } from './tenant.ts';

let tenant: Tenant;
let resource: string;

beforeAll(async () => {
  tenant = await startTenant({ seed: { managedIdentities: ['build', 'deploy'] } });
  const { appId, objectId } = await addClient(tenant);
  resource = `api://${appId}`;
  await tenant.admin('PATCH', `/applications/${objectId}`, { identifierUris: [resource] });
});
afterAll(() => tenant.close());
afterEach(() => {
  delete process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST;
});

const ask = (query: Record<string, string>, headers: Record<string, string> = { metadata: 'true' }) =>
  tenant.send(
    'GET',
    `${tenant.imds}/metadata/identity/oauth2/token?${new URLSearchParams({
      'api-version': '2018-02-01',
      resource,
      ...query,
    })}`,
    { headers },
  );

describe('the metadata service', () => {
  it('gives each managed identity tokens with its own subject', async () => {
    for (const { clientId, objectId } of tenant.seeded.managedIdentities) {
      const { status, body } = await ask({ client_id: clientId });
      expect(status).toBe(200);
      expect(body).toMatchObject({ client_id: clientId, resource, token_type: 'Bearer' });
      expect(decodeJwt(body.access_token)).toMatchObject({ aud: resource, appid: clientId, sub: objectId });
    }
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['without the Metadata header', {}, {}],
    ['through a proxy', {}, { metadata: 'true', 'x-forwarded-for': '10.0.0.1' }],
    ['without saying which of several identities', {}, { metadata: 'true' }],
    ['an unknown identity', { client_id: '99999999-2222-4333-8444-555555555555' }, { metadata: 'true' }],
    ['an unknown parameter', { bypass_cache: 'true' }, { metadata: 'true' }],
  ])('refuses: %s', async (_name, query, headers) => {
    expect(await ask(query, headers)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('serves the Azure library as it is', async () => {
    process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = tenant.imds;
    const [identity] = tenant.seeded.managedIdentities;
    const credential = new ManagedIdentityCredential({ clientId: identity?.clientId ?? '' });
    const { token } = await credential.getToken(`${resource}/.default`);
    expect(decodeJwt(token).sub).toBe(identity?.objectId);
  });
});
