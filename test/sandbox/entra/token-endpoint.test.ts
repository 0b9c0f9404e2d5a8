import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AWS_ISSUER, addClient, PLACEHOLDER, startTenant, TENANT_ID, type Tenant } from './tenant.ts';

let tenant: Tenant;
let client: Awaited<ReturnType<typeof addClient>>;

beforeAll(async () => {
  tenant = await startTenant();
  client = await addClient(tenant);
});
afterAll(() => tenant.close());

const grant = (form: Record<string, string> = {}): Record<string, string> => ({
  grant_type: 'client_credentials',
  client_id: client.appId,
  client_secret: client.secret,
  scope: `${client.appId}/.default`,
  ...form,
});
const federated = (assertion: string, form: Record<string, string> = {}): Record<string, string> => ({
  grant_type: 'client_credentials',
  client_id: tenant.seeded.factory.appId,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
  scope: 'https://graph.microsoft.com/.default',
  ...form,
});

describe('discovery', () => {
  it.each([
    ['v1', '', `https://sts.windows.net/${TENANT_ID}/`],
    ['v2', '/v2.0', `https://login.microsoftonline.com/${TENANT_ID}/v2.0`],
  ])('publishes the %s issuer exactly', async (_version, path, issuer) => {
    const url = `${tenant.origin}/${TENANT_ID}${path}/.well-known/openid-configuration`;
    const { body } = await tenant.send('GET', url);
    expect(body.issuer).toBe(issuer);
    expect(body.token_endpoint).toBe(`${tenant.origin}/${TENANT_ID}/oauth2/v2.0/token`);
  });

  it('does not know another tenant', async () => {
    const other = TENANT_ID.replaceAll('1', '9');
    const answer = await tenant.send(
      'GET',
      `${tenant.origin}/${other}/v2.0/.well-known/openid-configuration`,
    );
    expect(answer).toMatchObject({ status: 400, body: { error_codes: [90002] } });
  });
});

describe('an access token', () => {
  it('of version 1 names the resource as it was asked for and the caller as appid and sub', async () => {
    const uri = `api://${client.appId}`;
    await tenant.admin('PATCH', `/applications/${client.objectId}`, { identifierUris: [uri] });
    const token = await tenant.token(client.appId, client.secret, uri);
    expect(decodeJwt(token)).toMatchObject({
      iss: `https://sts.windows.net/${TENANT_ID}/`,
      aud: uri,
      appid: client.appId,
      oid: client.servicePrincipalId,
      sub: client.servicePrincipalId,
      tid: TENANT_ID,
      ver: '1.0',
    });
    expect(decodeJwt(token)).not.toHaveProperty('azp');
    expect(decodeJwt(await tenant.token(client.appId, client.secret, client.appId)).aud).toBe(client.appId);
  });

  it('of version 2 names the client id, whatever was asked for, and the caller as azp', async () => {
    const resource = await addClient(tenant, { api: { requestedAccessTokenVersion: 2 } });
    await tenant.admin('PATCH', `/applications/${resource.objectId}`, {
      identifierUris: [`api://${resource.appId}`],
    });
    const token = await tenant.token(client.appId, client.secret, `api://${resource.appId}`);
    expect(decodeJwt(token)).toMatchObject({
      iss: `https://login.microsoftonline.com/${TENANT_ID}/v2.0`,
      aud: resource.appId,
      azp: client.appId,
      sub: client.servicePrincipalId,
      ver: '2.0',
    });
    expect(decodeJwt(token)).not.toHaveProperty('appid');
  });

  it('verifies with the published keys', async () => {
    const token = await tenant.token(client.appId, client.secret, client.appId);
    const { body } = await tenant.send(
      'GET',
      `${tenant.origin}/${TENANT_ID}/v2.0/.well-known/openid-configuration`,
    );
    const verified = await jwtVerify(token, createRemoteJWKSet(new URL(body.jwks_uri)));
    expect(verified.payload.sub).toBe(client.servicePrincipalId);
  });

  it('is given for a secret in the Authorization header too', async () => {
    const { client_secret, client_id, ...form } = grant();
    const basic = Buffer.from(`${client_id}:${encodeURIComponent(client_secret ?? '')}`).toString('base64');
    const answer = await tenant.send('POST', `${tenant.origin}/${TENANT_ID}/oauth2/v2.0/token`, {
      form,
      headers: { authorization: `Basic ${basic}` },
    });
    expect(answer.status).toBe(200);
  });
});

describe('a refused grant', () => {
  it.each<[string, Record<string, string>, number, string]>([
    [
      'an unknown client',
      { client_id: '99999999-2222-4333-8444-555555555555' },
      700016,
      'unauthorized_client',
    ],
    ['a wrong secret', { client_secret: 'wrong' }, 7000215, 'invalid_client'],
    ['no credential', { client_secret: '' }, 7000216, 'invalid_client'],
    ['another grant type', { grant_type: 'password' }, 70003, 'unsupported_grant_type'],
    ['no grant type', { grant_type: '' }, 900144, 'invalid_request'],
    ['no scope', { scope: '' }, 900144, 'invalid_request'],
    [
      'a scope without .default',
      { scope: 'https://graph.microsoft.com/User.Read' },
      1002012,
      'invalid_scope',
    ],
    ['an unknown resource', { scope: 'api://nothing/.default' }, 500011, 'invalid_resource'],
    ['the reserved placeholder', { scope: `${PLACEHOLDER}/.default` }, 500014, 'invalid_resource'],
  ])('says why: %s', async (_name, form, code, error) => {
    const answer = await tenant.requestToken(grant(form));
    expect(answer.body).toMatchObject({ error, error_codes: [code] });
    expect(answer.body.error_description).toContain(`AADSTS${code}:`);
  });

  it.each([
    ['99999999-2222-4333-8444-555555555555', 90002],
    ['common', 50194],
  ])('says why: tenant %s', async (name, code) => {
    expect((await tenant.requestToken(grant(), name)).body.error_codes).toEqual([code]);
  });

  it('says why: a resource without service principal, or with a disabled one', async () => {
    const { body } = await tenant.admin('POST', '/applications', { displayName: 'bare' });
    const scope = `${body.appId}/.default`;
    expect((await tenant.requestToken(grant({ scope }))).body.error_codes).toEqual([500011]);
    const principal = await tenant.admin('POST', '/servicePrincipals', { appId: body.appId });
    await tenant.admin('PATCH', `/servicePrincipals/${principal.body.id}`, { accountEnabled: false });
    expect((await tenant.requestToken(grant({ scope }))).body.error_codes).toEqual([500014]);
  });

  it('says why: a client without service principal, or with a disabled one', async () => {
    const other = await addClient(tenant);
    const form = grant({ client_id: other.appId, client_secret: other.secret });
    await tenant.admin('PATCH', `/servicePrincipals/${other.servicePrincipalId}`, { accountEnabled: false });
    expect((await tenant.requestToken(form)).body.error_codes).toEqual([7000112]);
    await tenant.admin('DELETE', `/servicePrincipals/${other.servicePrincipalId}`);
    expect((await tenant.requestToken(form)).body.error_codes).toEqual([7000229]);
  });

  it('says why: an expired or removed secret', async () => {
    const other = await addClient(tenant);
    const expired = await tenant.admin('POST', `/applications/${other.objectId}/addPassword`, {
      passwordCredential: { startDateTime: '2020-01-01T00:00:00Z', endDateTime: '2020-02-01T00:00:00Z' },
    });
    const form = (secret: string) => grant({ client_id: other.appId, client_secret: secret });
    expect((await tenant.requestToken(form(expired.body.secretText))).body.error_codes).toEqual([7000222]);
    const [password] = (await tenant.admin('GET', `/applications/${other.objectId}`)).body
      .passwordCredentials;
    await tenant.admin('POST', `/applications/${other.objectId}/removePassword`, { keyId: password.keyId });
    expect((await tenant.requestToken(form(other.secret))).body.error_codes).toEqual([7000215]);
  });

  it('says why: an assignment is required, also of the application itself', async () => {
    const resource = await addClient(tenant, {
      appRoles: [
        {
          id: 'aaaaaaaa-2222-4333-8444-555555555555',
          value: 'enter',
          displayName: 'Enter',
          description: 'Enter',
          allowedMemberTypes: ['Application'],
          isEnabled: true,
        },
      ],
    });
    await tenant.admin('PATCH', `/servicePrincipals/${resource.servicePrincipalId}`, {
      appRoleAssignmentRequired: true,
    });
    const scope = `${resource.appId}/.default`;
    expect((await tenant.requestToken(grant({ scope }))).body).toMatchObject({
      error: 'invalid_grant',
      error_codes: [501051],
    });
    const self = grant({ scope, client_id: resource.appId, client_secret: resource.secret });
    expect((await tenant.requestToken(self)).body.error_codes).toEqual([501051]);
    const assignment = {
      principalId: client.servicePrincipalId,
      resourceId: resource.servicePrincipalId,
      appRoleId: 'aaaaaaaa-2222-4333-8444-555555555555',
    };
    const path = `/servicePrincipals/${resource.servicePrincipalId}/appRoleAssignedTo`;
    expect((await tenant.admin('POST', path, assignment)).status).toBe(201);
    const token = await tenant.token(client.appId, client.secret, resource.appId);
    expect(decodeJwt(token).roles).toEqual(['enter']);
  });
});

describe('a client assertion', () => {
  it('logs in where issuer, subject and audience match a federated credential', async () => {
    const answer = await tenant.requestToken(federated(await tenant.assertion()));
    expect(answer.status).toBe(200);
    expect(decodeJwt(answer.body.access_token)).toMatchObject({
      appid: tenant.seeded.factory.appId,
      appidacr: '2',
      roles: ['Application.ReadWrite.OwnedBy'],
    });
  });

  it.each<[string, Record<string, unknown>, number]>([
    ['another issuer', { iss: 'https://token.actions.githubusercontent.com' }, 700211],
    ['the issuer with a slash', { iss: `${AWS_ISSUER}/` }, 700211],
    ['another subject', { sub: 'arn:aws:iam::111122223333:role/oidc-factory-inspect-role' }, 700213],
    [
      'the subject in other case',
      { sub: 'arn:aws:iam::111122223333:role/OIDC-factory-register-application' },
      7002138,
    ],
    ['another audience', { aud: 'api://azureadtokenexchange' }, 700212],
    ['an expired token', { iat: 1_700_000_000, exp: 1_700_000_300 }, 700024],
    ['no subject', { sub: undefined }, 50027],
  ])('is refused: %s', async (_name, claims, code) => {
    const answer = await tenant.requestToken(federated(await tenant.assertion(claims)));
    expect(answer.body.error_codes).toEqual([code]);
  });

  it('is refused: signed with another algorithm, by another key, or not a token', async () => {
    const es384 = await tenant.requestToken(federated(await tenant.assertion({}, 'ES384')));
    expect(es384.body.error_codes).toEqual([5002738]);
    const [header, , signature] = (await tenant.assertion()).split('.');
    const forged = Buffer.from(JSON.stringify(decodeJwt(await tenant.assertion({ jti: 'x' })))).toString(
      'base64url',
    );
    const tampered = await tenant.requestToken(federated(`${header}.${forged}.${signature}`));
    expect(tampered.body.error_codes).toEqual([50013]);
    expect((await tenant.requestToken(federated('junk'))).body.error_codes).toEqual([50027]);
  });

  it('is refused: the application has no federated credential', async () => {
    const form = federated(await tenant.assertion(), { client_id: client.appId });
    expect((await tenant.requestToken(form)).body.error_codes).toEqual([70021]);
  });

  it('is refused: its issuer publishes no keys', async () => {
    const issuer = 'https://nobody.tokens.sts.global.api.aws';
    await tenant.admin('POST', `/applications/${client.objectId}/federatedIdentityCredentials`, {
      name: 'nobody',
      issuer,
      subject: 's',
      audiences: ['a'],
    });
    const assertion = await tenant.assertion({ iss: issuer, sub: 's', aud: 'a' });
    const form = federated(assertion, { client_id: client.appId });
    expect((await tenant.requestToken(form)).body.error_codes).toEqual([50166]);
  });
});
