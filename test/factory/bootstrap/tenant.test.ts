/** `bootstrap entra` on a tenant in which nobody has prepared anything. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../../cli/failure.ts';
import { ENTRA_FUNCTIONS } from '../../../core/naming.ts';
import { addClient, FUNCTION_ROLE, PLACEHOLDER } from '../../sandbox/entra/tenant.ts';
import { type BareTenant, startBareTenant } from './bare-tenant.ts';

let tenant: BareTenant;
beforeEach(async () => {
  tenant = await startBareTenant();
});
afterEach(() => tenant.close());

const writes = () =>
  tenant.recorder
    .calls()
    .filter(({ service, operation }) => service === 'graph' && !operation.startsWith('GET '))
    .map(({ operation }) => operation);

const NAME = 'oidc-factory-login-111122223333';
const application = async () =>
  (await tenant.admin('GET', `/applications(uniqueName='${NAME}')?$expand=owners`)).body;

/** What the token endpoint answers to a token of AWS for this role: claims of Graph's token, or the codes of errors. */
async function logIn(clientId: string, claims: object = {}) {
  const answer = await tenant.requestToken({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await tenant.assertion({ sub: FUNCTION_ROLE, ...claims }),
    scope: 'https://graph.microsoft.com/.default',
  });
  if (answer.status !== 200) return answer.body.error_codes;
  return JSON.parse(Buffer.from(answer.body.access_token.split('.')[1], 'base64url').toString('utf8')).roles;
}

describe('before anybody agrees', () => {
  it.each([
    ['with nobody to ask', [], {}],
    ['after a no', [], { agrees: false }],
    ['as JSON', ['--json'], {}],
  ])('it shows what it would do, and does nothing: %s', async (_, args, more) => {
    tenant.recorder.clearCalls();
    const { exitCode, stdout, stderr } = await tenant.bootstrap(args, more);
    expect(exitCode).toBe(EXIT.no);
    expect(`${stdout}${stderr}`).toMatch(/grant Microsoft Graph Application.ReadWrite.OwnedBy/);
    expect(`${stdout}${stderr}`).toContain(FUNCTION_ROLE);
    expect(writes()).toEqual([]);
  });
});

describe('agreed to', () => {
  it('makes an application that the functions can be, with one permission, and nobody else', async () => {
    const { exitCode, stdout } = await tenant.bootstrap([], { agrees: true });
    expect(exitCode).toBe(EXIT.ok);
    const made = await application();
    expect(stdout).toContain(`"factoryAppId": "${made.appId}"`);
    expect(made.passwordCredentials).toEqual([]);
    for (const name of ENTRA_FUNCTIONS) {
      const sub = `arn:aws:iam::111122223333:role/oidc-factory-${name}`;
      expect(await logIn(made.appId, { sub })).toEqual(['Application.ReadWrite.OwnedBy']);
    }
    expect(await logIn(made.appId, { sub: 'arn:aws:iam::111122223333:role/other' })).toEqual([700213]);
    expect(await logIn(made.appId, { aud: 'api://other' })).toEqual([700212]);
    expect(made.owners.map(({ id }: { id: string }) => id)).toEqual([tenant.seeded.admin.servicePrincipalId]);
  });

  it('reserves the placeholder: no token can carry it, and nobody else can claim it', async () => {
    await tenant.bootstrap();
    const client = await addClient(tenant);
    await expect(tenant.token(client.appId, client.secret, PLACEHOLDER)).rejects.toThrow('disabled');
    const claim = await tenant.admin('POST', '/applications', {
      displayName: 'claims',
      identifierUris: [PLACEHOLDER],
    });
    expect(claim.status).toBe(400);
  });

  it('does nothing the second time, and says the same', async () => {
    const first = (await tenant.bootstrap()).json();
    const { entra } = first;
    expect(first).toMatchObject({ complete: true, left: [], quota: { status: 'OK' } });
    tenant.recorder.clearCalls();
    const again = await tenant.bootstrap();
    expect(again.exitCode).toBe(EXIT.ok);
    expect(again.json()).toMatchObject({ complete: true, done: [], left: [], notices: [], entra });
    tenant.configure(entra);
    expect((await tenant.bootstrap(['--yes'])).stdout).toContain('The config says so already');
    expect(writes()).toEqual([]);
  });

  it('waits for what Entra does not show yet', async () => {
    tenant.entra.directory.setReplicationMs(700);
    const { exitCode, stdout } = await tenant.bootstrap();
    expect(exitCode).toBe(EXIT.ok);
    expect(JSON.parse(stdout).complete).toBe(true);
  });

  it('repairs what was changed, and nothing else', async () => {
    await tenant.bootstrap();
    const made = await application();
    const credentials = `/applications/${made.id}/federatedIdentityCredentials`;
    const [first] = (await tenant.admin('GET', credentials)).body.value;
    await tenant.admin('DELETE', `${credentials}/${first.id}`);
    await tenant.admin('POST', credentials, {
      ...first,
      id: undefined,
      name: 'intruder',
      subject: 'arn:other',
    });
    tenant.recorder.clearCalls();
    expect((await tenant.bootstrap()).json().done).toEqual([
      expect.stringMatching(/remove the federated credential intruder/),
      expect.stringMatching(/add the federated credential oidc-factory-/),
    ]);
    expect(writes()).toHaveLength(2);
  });
});

describe('interrupted', () => {
  it('continues where it stopped, after every step', async () => {
    const steps = (await tenant.bootstrap(['--json'])).json().left.length;
    expect(steps).toBeGreaterThan(5);
    for (let run = 1; run < steps; run++) {
      const { exitCode } = await tenant.bootstrap(['--yes'], { dieAfter: 1 });
      expect(exitCode).not.toBe(EXIT.ok);
    }
    const last = await tenant.bootstrap();
    expect(last.exitCode).toBe(EXIT.ok);
    expect(last.json().done).toHaveLength(1);
    expect(await logIn((await application()).appId)).toEqual(['Application.ReadWrite.OwnedBy']);
  });

  it.each([
    'POST /applications',
    'POST /applications/{id}/federatedIdentityCredentials',
    'POST /servicePrincipals',
    'POST /servicePrincipals/{id}/appRoleAssignedTo',
    'PATCH /applications/{id}',
  ])('gets over an answer that was lost: %s', async (operation) => {
    tenant.recorder.inject({ service: 'graph', operation, kind: 'lost-answer', times: 1 });
    await tenant.bootstrap();
    expect(tenant.recorder.faults()).toEqual([]);
    const again = await tenant.bootstrap();
    expect(again.exitCode).toBe(EXIT.ok);
    expect(again.json()).toMatchObject({ complete: true, notices: [] });
    const names = tenant.entra.directory.applications().map(({ uniqueName }) => uniqueName);
    expect(names.filter((name) => name === NAME)).toHaveLength(1);
  });
});

describe('without the rights', () => {
  it('says which one is missing, and another administrator continues with the application', async () => {
    const env = await tenant.administratorWith('Application.ReadWrite.All');
    const { exitCode, stdout } = await tenant.bootstrap(['--yes', '--json'], { env });
    expect(exitCode).toBe(EXIT.refused);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code: 'DirectoryForbidden', retryable: false });
    expect(error.message).toContain('grant Microsoft Graph');
    expect(error.remedy).toMatch(/Privileged Role Administrator.* of \d+ steps are done/);

    const { appId } = await application();
    expect(error['entra.factoryAppId']).toBe(appId);
    expect((await tenant.bootstrap()).json().error).toMatchObject({ code: 'ApplicationNotOurs' });
    tenant.configure({ factoryAppId: appId });
    const after = await tenant.bootstrap();
    expect(after.json()).toMatchObject({ complete: true, entra: { factoryAppId: appId } });
  });

  it.each([
    ['to read', [], /Directory Readers/],
    ['to write', ['Application.Read.All'], /Cloud Application Administrator/],
  ])('does nothing: %s', async (_, permissions, remedy) => {
    const env = await tenant.administratorWith(...permissions);
    tenant.recorder.clearCalls();
    const { exitCode, stdout } = await tenant.bootstrap(['--yes', '--json'], { env });
    expect(exitCode).toBe(EXIT.refused);
    expect(JSON.parse(stdout).error.remedy).toMatch(remedy);
    expect(await application()).toHaveProperty('error');
  });
});

describe('refuses', () => {
  it('an application of its name that somebody else owns', async () => {
    const stranger = await addClient(tenant);
    const owner = `https://graph.microsoft.com/v1.0/directoryObjects/${stranger.servicePrincipalId}`;
    await tenant.admin('POST', '/applications', {
      displayName: 'OIDC factory',
      uniqueName: NAME,
      'owners@odata.bind': [owner],
    });
    tenant.recorder.clearCalls();
    const { exitCode, stdout } = await tenant.bootstrap();
    expect(exitCode).toBe(EXIT.refused);
    expect(JSON.parse(stdout).error.message).toContain(stranger.servicePrincipalId);
    expect(writes()).toEqual([]);
  });

  it('the name of an application that was deleted', async () => {
    await tenant.bootstrap();
    await tenant.admin('DELETE', `/applications/${(await application()).id}`);
    expect((await tenant.bootstrap()).json().error).toMatchObject({ code: 'NameTaken' });
  });

  it('a login to another tenant than the config’s, before it looks at anything', async () => {
    tenant.configure({ tenantId: '99999999-8888-4777-8666-555555555555' });
    tenant.recorder.clearCalls();
    const { exitCode, stdout } = await tenant.bootstrap();
    expect(exitCode).toBe(EXIT.refused);
    expect(JSON.parse(stdout).error.code).toBe('WrongTenant');
    expect(tenant.recorder.calls().filter(({ service }) => service === 'graph')).toEqual([]);
  });

  it('a config in which more is missing than the two ids', async () => {
    tenant.configure({}, { factory: undefined });
    const { exitCode, stdout } = await tenant.bootstrap();
    expect(exitCode).toBe(EXIT.usage);
    expect(JSON.parse(stdout).error.message).toContain('factory: missing');
  });

  it('an issuer that is none of AWS', async () => {
    const { exitCode, stderr } = await tenant.bootstrap(['--outbound-issuer', 'https://evil.example']);
    expect(exitCode).toBe(EXIT.usage);
    expect(stderr).toContain('IssuerIdentifier');
  });
});
