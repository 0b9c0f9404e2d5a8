import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AssertionLogin, type Environment, type LoginName, loginOf } from '../../credentials/login.ts';
import { APP_ID, TENANT } from '../fixtures/domain.ts';

const APPLICATION = { AZURE_TENANT_ID: TENANT, AZURE_CLIENT_ID: APP_ID };
const SECRET = { ...APPLICATION, AZURE_CLIENT_SECRET: 's' };
const FILE = { ...APPLICATION, AZURE_FEDERATED_TOKEN_FILE: '/token' };
const PIPELINE = {
  AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: 'connection',
  AZURESUBSCRIPTION_TENANT_ID: TENANT,
  AZURESUBSCRIPTION_CLIENT_ID: APP_ID,
  SYSTEM_OIDCREQUESTURI: 'https://ci.example.com/oidctoken',
  SYSTEM_ACCESSTOKEN: 't',
};

describe('the login that the environment configures', () => {
  it.each<[string, Environment]>([
    ['client-secret', SECRET],
    ['client-secret', { ...SECRET, ...FILE, ...PIPELINE }],
    ['federated', FILE],
    ['federated', { ...FILE, ...PIPELINE, AZURE_CLIENT_SECRET: '' }],
    ['azure-pipelines', PIPELINE],
    ['managed-identity', {}],
    ['managed-identity', APPLICATION],
    // Every job of Azure Pipelines has it; the service connection makes the difference.
    ['managed-identity', { SYSTEM_OIDCREQUESTURI: 'https://ci.example.com/oidctoken' }],
  ])('is %s with %j', (kind, env) => {
    expect(loginOf(env).kind).toBe(kind);
  });

  it('holds what it needs', () => {
    const application = { tenantId: TENANT, clientId: APP_ID };
    expect(loginOf(SECRET)).toEqual({ kind: 'client-secret', secret: 's', application });
    expect(loginOf(FILE)).toMatchObject({ kind: 'federated', application });
    expect(loginOf(PIPELINE)).toEqual({
      kind: 'azure-pipelines',
      serviceConnectionId: 'connection',
      accessToken: 't',
      requestUri: 'https://ci.example.com/oidctoken',
      application,
    });
    expect(loginOf(APPLICATION)).toEqual({ kind: 'managed-identity', clientId: APP_ID });
    expect(loginOf({})).toEqual({ kind: 'managed-identity', clientId: undefined });
  });
});

describe('a login that is asked for', () => {
  it('is taken whatever else is configured', () => {
    const all = { ...SECRET, ...FILE, ...PIPELINE };
    for (const name of ['client-secret', 'federated', 'azure-pipelines', 'managed-identity'] as const) {
      expect(loginOf(all, name).kind).toBe(name);
    }
    expect(loginOf(all, 'developer')).toEqual({ kind: 'developer' });
  });

  it.each<[LoginName | AssertionLogin | undefined, Environment, string]>([
    ['client-secret', {}, 'AZURE_CLIENT_SECRET, AZURE_TENANT_ID, AZURE_CLIENT_ID'],
    ['federated', APPLICATION, 'AZURE_FEDERATED_TOKEN_FILE'],
    [undefined, { AZURE_CLIENT_SECRET: 's', AZURE_CLIENT_ID: '' }, 'AZURE_TENANT_ID, AZURE_CLIENT_ID'],
    [undefined, { AZURE_FEDERATED_TOKEN_FILE: 'f', AZURE_TENANT_ID: TENANT }, 'AZURE_CLIENT_ID'],
    [undefined, { ...PIPELINE, SYSTEM_ACCESSTOKEN: undefined }, 'SYSTEM_ACCESSTOKEN'],
    [{ assertion: async () => '', clientId: APP_ID }, {}, 'AZURE_TENANT_ID'],
  ])('says what is missing: %s with %j lacks %s', (wanted, env, missing) => {
    expect(() => loginOf(env, wanted)).toThrowError(
      expect.objectContaining({ code: 'CredentialIncomplete', facts: { missing } }),
    );
  });

  it('refuses a tenant that is none: it becomes part of a URL', () => {
    expect(() => loginOf({ ...SECRET, AZURE_TENANT_ID: '../x' })).toThrowError(
      expect.objectContaining({ code: 'TenantUnknown' }),
    );
  });
});

describe("a platform's token", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'oidc-factory-login-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read from its file anew for every login', async () => {
    const file = join(folder, 'token');
    const login = loginOf({ ...FILE, AZURE_FEDERATED_TOKEN_FILE: file });
    if (login.kind !== 'federated') throw new Error(login.kind);
    for (const token of ['one', 'two']) {
      writeFileSync(file, token);
      expect(await login.assertion()).toBe(token);
    }
  });

  it("comes from the caller, for the caller's application or the environment's", async () => {
    const assertion = async () => 'token';
    expect(loginOf(APPLICATION, { assertion, clientId: 'mine' })).toEqual({
      kind: 'federated',
      assertion,
      application: { tenantId: TENANT, clientId: 'mine' },
    });
  });
});
