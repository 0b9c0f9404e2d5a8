/** Workloads of a deployed factory: roles that are ready, ways to log in, and programs that do, as processes of their own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetWebIdentityTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll } from 'vitest';
import { tokenFacts } from '../../../core/token.ts';
import { addManagedIdentity } from '../../../sandbox/entra/seed.ts';
import { createCertificates } from '../../../sandbox/entra/tls.ts';
import { createRole, type Factory, placeholderOf, roleWithStatus, trustOn, useFactory } from '../harness.ts';

export const ROOT = join(import.meta.dirname, '..', '..', '..');
const ASSERTION_AUDIENCE = 'api://AzureADTokenExchange';

export type Environment = Readonly<Record<string, string>>;

export interface ReadyRole {
  readonly arn: string;
  readonly audience: string;
  /** Of the role's own application. */
  readonly clientId: string;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Workloads = Awaited<ReturnType<typeof prepare>>;

/** A factory with two roles, and what workloads need to be them. */
export function useWorkloads(): () => Workloads {
  const factory = useFactory();
  let workloads: Workloads | undefined;
  beforeAll(async () => {
    workloads = await prepare(factory());
  });
  afterAll(() => workloads?.close());
  return () => {
    if (!workloads) throw new Error('The workloads are not prepared');
    return workloads;
  };
}

async function prepare(factory: Factory) {
  const { sandbox, member } = factory;
  const { aws, entra } = sandbox.ready;
  const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-workload-'));
  /** Everything that opens something, so that tests can look for it. */
  const secrets: string[] = [];
  const secret = <T extends string>(value: T): T => {
    secrets.push(value);
    return value;
  };
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  /** Nothing of the machine's own configuration, and no metadata service of its. */
  const closing: (() => Promise<void>)[] = [];
  const surroundings = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    TMPDIR: folder,
    NODE_EXTRA_CA_CERTS: entra.caFile,
    AZURE_AUTHORITY_HOST: entra.authority,
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: aws.region,
    AWS_DEFAULT_REGION: aws.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };

  const identity = addManagedIdentity(sandbox.entra.directory, 'deployer');
  const ready = async (name: string, sub?: string): Promise<ReadyRole> => {
    await createRole(member, name, trustOn(member, { aud: placeholderOf(factory), ...(sub && { sub }) }));
    const { arn, tags } = await roleWithStatus(member, name, 'ready');
    return {
      arn,
      audience: tags['oidc-factory:audience'] ?? '',
      clientId: tags['oidc-factory:client-id'] ?? '',
    };
  };
  const [own, pinned] = await Promise.all([ready('own'), ready('pinned', identity.id)]);

  /** A token of a platform that Entra can verify: AWS is an issuer like any other. */
  const platformToken = async (audience = ASSERTION_AUDIENCE, algorithm = 'RS256') => {
    const sts = new STSClient({ ...factory.awsOptions, credentials: { ...aws.factory } });
    const { WebIdentityToken = '' } = await sts.send(
      new GetWebIdentityTokenCommand({ Audience: [audience], SigningAlgorithm: algorithm }),
    );
    return secret(WebIdentityToken);
  };
  const { iss = '', sub = '' } = tokenFacts(await platformToken()) ?? {};
  const { status } = await factory.graph(
    'POST',
    `/applications(appId='${own.clientId}')/federatedIdentityCredentials`,
    { name: 'platform', issuer: iss, subject: sub, audiences: [ASSERTION_AUDIENCE] },
  );
  if (status !== 201) throw new Error(`Graph refuses the federated credential: ${status}`);

  const application = { AZURE_TENANT_ID: entra.tenantId, AZURE_CLIENT_ID: own.clientId };
  const env = {
    clientSecret: {
      ...surroundings,
      ...application,
      AZURE_CLIENT_SECRET: secret(await factory.addPassword(own.clientId)),
    },
    federated: {
      ...surroundings,
      ...application,
      AZURE_FEDERATED_TOKEN_FILE: file('token', await platformToken()),
    },
    managedIdentity: {
      ...surroundings,
      AZURE_POD_IDENTITY_AUTHORITY_HOST: sandbox.imds,
      AZURE_CLIENT_ID: identity.appId,
    },
  };

  return {
    ...{ factory, own, pinned, env, secrets, secret, file, platformToken },
    /** Changes something in the tenant. */
    patch: async (path: string, body: object): Promise<void> => {
      const answer = await factory.graph('PATCH', path, body);
      if (answer.status >= 400) throw new Error(`Graph refuses to change ${path}: ${answer.status}`);
    },
    /** Of a job in Azure Pipelines whose service connection is the application of `own`. */
    pipelines: async (): Promise<Environment> => {
      const { origin, ca, close } = await tokenService(folder, () => platformToken());
      closing.push(close);
      return {
        ...surroundings,
        NODE_EXTRA_CA_CERTS: file('both-ca.pem', `${readFileSync(entra.caFile, 'utf8')}\n${ca}`),
        AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: 'a-service-connection',
        AZURESUBSCRIPTION_TENANT_ID: application.AZURE_TENANT_ID,
        AZURESUBSCRIPTION_CLIENT_ID: application.AZURE_CLIENT_ID,
        SYSTEM_OIDCREQUESTURI: `${origin}/oidctoken`,
        SYSTEM_ACCESSTOKEN: secret('access-token-of-the-job'),
      };
    },
    /** Where the profile `workload` is this role, by way of the command. */
    profile: (name: string, role: ReadyRole): Environment => {
      const command = [process.execPath, join(ROOT, 'bin/oidc-factory.ts')].map((part) => `"${part}"`);
      const args = ['credentials', '--role-arn', role.arn, '--audience', role.audience];
      const text = `[profile workload]\ncredential_process = ${[...command, ...args].join(' ')}\n`;
      return { AWS_CONFIG_FILE: file(name, text) };
    },
    credentials: (role: Pick<ReadyRole, 'arn' | 'audience'>, environment: Environment, ...more: string[]) =>
      program(
        process.execPath,
        ['bin/oidc-factory.ts', 'credentials', '--role-arn', role.arn, '--audience', role.audience, ...more],
        environment,
      ),
    /** What there is in the folders that a workload may write to. */
    files: () => readdirSync(folder, { recursive: true }),
    close: async () => {
      for (const close of closing) await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What Azure Pipelines has for its jobs: tokens for their service connection, to whoever has the job's access token. */
async function tokenService(folder: string, token: () => Promise<string>) {
  const { ca, cert, key } = await createCertificates([], join(folder, 'pipelines'));
  const server = createServer({ cert, key }, async ({ method, url, headers }, response) => {
    const asked = new URL(url ?? '', 'https://localhost').searchParams.get('serviceConnectionId');
    const known = method === 'POST' && headers.authorization?.startsWith('Bearer ') && asked !== null;
    response.statusCode = known ? 200 : 401;
    response.end(known ? JSON.stringify({ oidcToken: await token() }) : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { origin: `https://127.0.0.1:${port}`, ca, close };
}

/** A program to its end, in the repository's folder. */
export function program(command: string, args: readonly string[], env: Environment): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
