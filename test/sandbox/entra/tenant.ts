/** A tenant of the sandbox for tests, with plain HTTP clients as ordinary programs would use them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createEntra, ENTRA_HOSTS, type Entra, type EntraOptions } from '../../../sandbox/entra/entra.ts';
import type { SeededTenant, TenantSeed } from '../../../sandbox/entra/seed.ts';
import { createCertificates } from '../../../sandbox/entra/tls.ts';
import { createRecorder, type SandboxRecorder } from '../../../sandbox/recorder.ts';

export const TENANT_ID = '11111111-2222-4333-8444-555555555555';
export const PLACEHOLDER = `api://${TENANT_ID}/oidc-factory-placeholder`;
export const AWS_ISSUER_HOST = 'c0000000-0000-4000-8000-000000000001.tokens.sts.global.api.aws';
export const AWS_ISSUER = `https://${AWS_ISSUER_HOST}`;
export const FUNCTION_ROLE = 'arn:aws:iam::111122223333:role/oidc-factory-register-application';
export const EXCHANGE_AUDIENCE = 'api://AzureADTokenExchange';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form
  readonly body: any;
}

interface Send {
  readonly token?: string;
  readonly json?: unknown;
  readonly form?: Record<string, string>;
  readonly headers?: Record<string, string>;
}

export interface Tenant {
  readonly entra: Entra;
  readonly recorder: SandboxRecorder;
  readonly seeded: SeededTenant;
  readonly origin: string;
  readonly imds: string;
  readonly caFile: string;
  /** Lets the directory's time pass; tokens keep real time. */
  passTime(milliseconds: number): void;
  send(method: string, url: string, options?: Send): Promise<Answer>;
  requestToken(form: Record<string, string>, tenant?: string): Promise<Answer>;
  /** An access token by client secret. */
  token(clientId: string, clientSecret: string, resource?: string): Promise<string>;
  /** Graph as the tenant's administrator. */
  admin(method: string, path: string, json?: unknown): Promise<Answer>;
  /** Graph as the factory's application. */
  factory(method: string, path: string, json?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A token of AWS's outbound federation. */
  assertion(claims?: JWTPayload, algorithm?: 'RS256' | 'ES384'): Promise<string>;
  close(): Promise<void>;
}

export async function startTenant(
  options: Partial<EntraOptions> & { seed?: Partial<TenantSeed> } = {},
): Promise<Tenant> {
  let passed = 0;
  const time = { scale: 1, now: () => Date.now() + passed, sleep: async () => {} };
  const recorder = createRecorder({ time, random: () => 0 });
  const directory = mkdtempSync(join(tmpdir(), 'sandbox-entra-'));
  const hosts = [...Object.values(ENTRA_HOSTS), '*.tokens.sts.global.api.aws'];
  const certificates = await createCertificates(hosts, directory);
  setDefaultCACertificates([...getCACertificates('default'), certificates.ca]);
  let port = 0;
  const { seed, ...rest } = options;
  const entra = await createEntra({
    tenantId: TENANT_ID,
    recorder,
    time,
    certificates,
    resolveIssuer: () => port,
    ...rest,
  });
  const seeded = entra.seed({
    factory: {
      withSecret: true,
      federated: { issuer: AWS_ISSUER, audience: EXCHANGE_AUDIENCE, subjects: [FUNCTION_ROLE] },
    },
    reservation: { identifierUri: PLACEHOLDER },
    ...seed,
  });
  const keys = { RS256: await generateKeyPair('RS256'), ES384: await generateKeyPair('ES384') };
  const jwks = {
    keys: await Promise.all(
      Object.entries(keys).map(async ([alg, { publicKey }]) => ({
        ...(await exportJWK(publicKey)),
        kid: alg,
        alg,
        use: 'sig',
      })),
    ),
  };
  entra.publish(AWS_ISSUER_HOST, (path) => {
    if (path === '/.well-known/openid-configuration') {
      return { issuer: AWS_ISSUER, jwks_uri: `${AWS_ISSUER}/.well-known/jwks.json` };
    }
    return path === '/.well-known/jwks.json' ? jwks : undefined;
  });
  const listening = await entra.listen();
  port = listening.port;
  const { origin } = listening;

  async function send(
    method: string,
    url: string,
    { token, json, form, headers }: Send = {},
  ): Promise<Answer> {
    const response = await fetch(url, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(form !== undefined && { body: new URLSearchParams(form) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  const requestToken = (form: Record<string, string>, tenant = TENANT_ID) =>
    send('POST', `${origin}/${tenant}/oauth2/v2.0/token`, { form });

  async function token(
    clientId: string,
    clientSecret: string,
    resource = 'https://graph.microsoft.com',
  ): Promise<string> {
    const answer = await requestToken({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: `${resource}/.default`,
    });
    if (answer.status !== 200) throw new Error(`no token: ${answer.body.error_description}`);
    return answer.body.access_token;
  }

  const as =
    (clientId: string, clientSecret: string) =>
    async (method: string, path: string, json?: unknown, headers?: Record<string, string>): Promise<Answer> =>
      send(method, `${origin}/v1.0${path}`, {
        token: await token(clientId, clientSecret),
        ...(json !== undefined && { json }),
        ...(headers && { headers }),
      });

  return {
    entra,
    recorder,
    seeded,
    origin,
    imds: listening.imds,
    caFile: certificates.caFile,
    passTime: (milliseconds) => {
      passed += milliseconds;
    },
    send,
    requestToken,
    token,
    admin: as(seeded.admin.clientId, seeded.admin.clientSecret),
    factory: as(seeded.factory.appId, seeded.factory.clientSecret ?? ''),
    assertion: (claims = {}, algorithm = 'RS256') =>
      new SignJWT({
        iss: AWS_ISSUER,
        sub: FUNCTION_ROLE,
        aud: EXCHANGE_AUDIENCE,
        iat: Math.floor(Date.now() / 1000),
        exp: Math.floor(Date.now() / 1000) + 300,
        ...claims,
      })
        .setProtectedHeader({ alg: algorithm, kid: algorithm, typ: 'JWT' })
        .sign(keys[algorithm].privateKey),
    async close() {
      await entra.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** An application with a service principal and a secret, made by the administrator. */
export async function addClient(
  tenant: Tenant,
  application: Record<string, unknown> = {},
): Promise<{ objectId: string; appId: string; servicePrincipalId: string; secret: string }> {
  const created = await tenant.admin('POST', '/applications', { displayName: 'a client', ...application });
  const { id: objectId, appId } = created.body;
  const principal = await tenant.admin('POST', '/servicePrincipals', { appId });
  const password = await tenant.admin('POST', `/applications/${objectId}/addPassword`, {
    passwordCredential: { displayName: 'test' },
  });
  return { objectId, appId, servicePrincipalId: principal.body.id, secret: password.body.secretText };
}
