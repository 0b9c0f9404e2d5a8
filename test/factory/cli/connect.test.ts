/** What `connect` prints, run as it stands: the AWS CLI, boto3, the SDK, curl, and the scripts of CI jobs. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenFacts } from '../../../core/token.ts';
import { addManagedIdentity } from '../../../sandbox/entra/seed.ts';
import { createCertificates } from '../../../sandbox/entra/tls.ts';
import { createRole, placeholderOf, roleWithStatus, trustOn } from '../harness.ts';
import { type Environment, program, ROOT, useWorkloads } from './workload.ts';

const workloads = useWorkloads();

let folder = '';
/** Of the machine that a workload runs on: the command is on its path, its own package can be imported. */
let machine: Environment = {};
let platform: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oidc-factory-connect-'));
  const command = join(folder, 'oidc-factory');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${ROOT}/bin/oidc-factory.ts" "$@"\n`);
  chmodSync(command, 0o700);
  const installed = join(folder, 'node_modules', 'oidc-factory');
  mkdirSync(installed, { recursive: true });
  writeFileSync(
    join(installed, 'package.json'),
    JSON.stringify({
      name: 'oidc-factory',
      type: 'module',
      exports: { './credentials': './credentials/index.ts' },
    }),
  );
  symlinkSync(join(ROOT, 'credentials'), join(installed, 'credentials'));
  symlinkSync(join(ROOT, 'node_modules', '@aws-sdk'), join(folder, 'node_modules', '@aws-sdk'));
  const { factory, env } = workloads();
  const own = await createCertificates([], join(folder, 'platform'));
  const trusted = join(folder, 'trusted.pem');
  writeFileSync(trusted, [own.ca, readFileSync(factory.sandbox.ready.entra.caFile, 'utf8')].join('\n'));
  machine = {
    PATH: `${folder}:${env.clientSecret.PATH}`,
    HOME: folder,
    AWS_CONFIG_FILE: join(folder, 'config'),
    AZURE_POD_IDENTITY_AUTHORITY_HOST: factory.sandbox.imds,
    NODE_EXTRA_CA_CERTS: trusted,
    CURL_CA_BUNDLE: trusted,
  };
  // Hands out the token of a job, as GitHub and Azure DevOps do.
  platform = createServer(own, (request, response) => {
    workloads()
      .platformToken(new URL(request.url ?? '', 'https://platform').searchParams.get('audience') ?? undefined)
      .then((token) => {
        const isAllowed = request.headers.authorization?.toLowerCase() === 'bearer of the job';
        response.statusCode = isAllowed ? 200 : 401;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(isAllowed ? { value: token, oidcToken: token } : {}));
      });
  });
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  platform.close();
  rmSync(folder, { recursive: true, force: true });
});

const platformUrl = () => `https://127.0.0.1:${(platform.address() as AddressInfo).port}`;

const answers = new Map<string, ReturnType<typeof ask>>();
/** The answer of `connect`, asked once for each role and place. */
function connect(roleArn: string, place: string) {
  const key = `${roleArn} ${place}`;
  const answer = answers.get(key) ?? ask(roleArn, place);
  answers.set(key, answer);
  return answer;
}

/** By an administrator of the member account. */
async function ask(roleArn: string, place: string) {
  const { env, factory } = workloads();
  const { accessKeyId, secretAccessKey } = factory.member.credentials;
  const { code, stdout } = await program(
    process.execPath,
    ['bin/oidc-factory.ts', 'connect', '--role-arn', roleArn, '--for', place, '--json'],
    {
      ...env.clientSecret,
      ...machine,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
  );
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

/** Runs a snippet as a workload with this login. */
async function perform(name: string, content: string, login: Environment): Promise<string> {
  const env = { ...login, ...machine };
  if (name === 'boto3') return succeed('python3', ['-c', content], env);
  if (name === 'sdk') {
    const file = join(folder, 'workload.ts');
    writeFileSync(file, content);
    return succeed(process.execPath, [file], env);
  }
  return succeed('bash', ['-euo', 'pipefail', '-c', content], env);
}

async function succeed(command: string, args: readonly string[], env: Environment): Promise<string> {
  const { code, stdout, stderr } = await program(command, args, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const NEEDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  cli: ['aws', '--version'],
  boto3: ['python3', '-c', 'import boto3'],
  curl: ['jq', '--version'],
  sdk: [process.execPath, '--version'],
};

/** Skips, and says so, where the machine lacks the tool. */
async function needs(tool: string, skip: (reason: string) => void): Promise<void> {
  const [command = '', ...args] = NEEDS[tool] ?? [];
  const found = await program(command, args, machine).catch(() => undefined);
  if (found?.code === 0) return;
  console.warn(`${tool}: ${command} is not installed on this machine`);
  skip(`${command} is not installed on this machine`);
}

const SNIPPETS = ['cli', 'boto3', 'sdk', 'curl'];
const APPLICATION = [
  { place: 'onprem', login: 'clientSecret' },
  { place: 'aks', login: 'federated' },
] as const;

describe('a workload that logs in as the application of its role', () => {
  it.for(APPLICATION.flatMap((way) => SNIPPETS.map((name) => ({ ...way, name }))))(
    '$place: $name',
    async ({ place, login, name }, { skip }) => {
      await needs(name, skip);
      const { own, env } = workloads();
      const { snippets } = await connect(own.arn, place);
      writeFileSync(join(folder, 'config'), snippets.profile);
      const printed = await perform(name, snippets[name], env[login]);
      expect(printed).toContain(':assumed-role/own/');
    },
  );
});

describe('a managed identity', () => {
  let arn = '';
  let login: Environment = {};
  beforeAll(async () => {
    const { factory, env } = workloads();
    const { member, sandbox } = factory;
    await createRole(member, 'handed', trustOn(member, { aud: placeholderOf(factory) }));
    arn = (await roleWithStatus(member, 'handed', 'ready')).arn;
    const identity = addManagedIdentity(sandbox.entra.directory, 'identity of the role');
    login = { ...env.managedIdentity, AZURE_CLIENT_ID: identity.appId };
    const { snippets } = await connect(arn, 'azure');
    const { accessKeyId, secretAccessKey } = member.credentials;
    const administrator = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const command = snippets.trust.replace('OBJECT_ID', identity.id);
    await perform('cli', command, { ...env.managedIdentity, ...administrator });
    answers.clear();
  });

  it.for(SNIPPETS)('gets in with the trust policy that was printed: %s', async (name, { skip }) => {
    await needs(name, skip);
    const { snippets, subjects } = await connect(arn, 'azure');
    expect(subjects).toHaveLength(1);
    writeFileSync(join(folder, 'config'), snippets.profile);
    // Without the client id a metadata service with several identities would not know which one is meant.
    const snippet = name === 'curl' ? withIdentity(snippets.curl, login) : snippets[name];
    expect(await perform(name, snippet, login)).toContain(':assumed-role/handed/');
  });

  const withIdentity = (curl: string, { AZURE_CLIENT_ID }: Environment): string =>
    curl.replace('api-version=', `client_id=${AZURE_CLIENT_ID} --data-urlencode api-version=`);
});

describe('a CI job', () => {
  let arn = '';
  let clientId = '';
  beforeAll(async () => {
    const { factory, platformToken } = workloads();
    const { member } = factory;
    await createRole(member, 'job', trustOn(member, { aud: 'please-fill-in' }));
    arn = (await roleWithStatus(member, 'job', 'ready')).arn;
    const { federatedCredential, ...answer } = await connect(arn, 'github');
    clientId = answer.clientId;
    // The platform of the test is none of the three.
    const { iss, sub } = tokenFacts(await platformToken()) ?? {};
    const credential = { ...federatedCredential, name: 'platform', issuer: iss, subject: sub };
    const path = `/applications(appId='${clientId}')/federatedIdentityCredentials`;
    expect((await factory.graph('POST', path, credential)).status).toBe(201);
  });

  /** The lines below a key of a workflow that ends in `|`, and those after it that are one command. */
  const script = (workflow: string, key: RegExp): string => {
    const lines = workflow.split('\n');
    const start = lines.findIndex((line) => key.test(line)) + 1;
    const indent = /^ */.exec(lines[start] ?? '')?.[0] ?? '';
    const end = lines.findIndex((line, index) => index >= start && !line.startsWith(indent));
    return lines
      .slice(start, end < 0 ? undefined : end)
      .map((line) => line.slice(indent.length))
      .join('\n');
  };
  const job = () => {
    const { AZURE_CLIENT_SECRET: _, ...env } = workloads().env.clientSecret;
    const config = join(mkdtempSync(join(folder, 'job-')), 'config');
    return { ...env, AZURE_CLIENT_ID: clientId, config };
  };
  const run = async (commands: string, { config, ...env }: Environment & { config: string }) =>
    succeed('bash', ['-euo', 'pipefail', '-c', commands], { ...env, ...machine, AWS_CONFIG_FILE: config });

  it('of GitHub', async ({ skip }) => {
    await needs('cli', skip);
    await needs('curl', skip);
    const { snippets } = await connect(arn, 'github');
    const env = {
      ...job(),
      ACTIONS_ID_TOKEN_REQUEST_URL: `${platformUrl()}/?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of the job',
      RUNNER_TEMP: folder,
      GITHUB_ENV: join(folder, 'github-env'),
    };
    await run(script(snippets.workflow, /- run: \|$/), env);
    const [, file = ''] =
      /^AZURE_FEDERATED_TOKEN_FILE=(.*)$/m.exec(readFileSync(env.GITHUB_ENV, 'utf8')) ?? [];
    const [, command = ''] = /- run: (aws .*)$/m.exec(snippets.workflow) ?? [];
    expect(await run(command, { ...env, AZURE_FEDERATED_TOKEN_FILE: file })).toContain(':assumed-role/job/');
  });

  it('of GitLab', async ({ skip }) => {
    await needs('cli', skip);
    const { snippets } = await connect(arn, 'gitlab');
    const [, audience] = /aud: (.*)$/m.exec(snippets.workflow) ?? [];
    const env = { ...job(), ENTRA_ASSERTION: await workloads().platformToken(audience) };
    const [, command = ''] = /- (aws .*)$/m.exec(snippets.workflow) ?? [];
    const printed = await run(`${script(snippets.workflow, /- \|$/)}\n${command}`, env);
    expect(printed).toContain(':assumed-role/job/');
  });

  it('of Azure DevOps', async ({ skip }) => {
    await needs('cli', skip);
    const { snippets, tenantId } = await connect(arn, 'azure-devops');
    const { AZURE_CLIENT_ID: _, AZURE_TENANT_ID: __, ...env } = job();
    const printed = await run(script(snippets.workflow, /inlineScript: \|$/), {
      ...env,
      SYSTEM_ACCESSTOKEN: 'of the job',
      SYSTEM_OIDCREQUESTURI: platformUrl(),
      AZURESUBSCRIPTION_CLIENT_ID: clientId,
      AZURESUBSCRIPTION_TENANT_ID: tenantId,
      AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: '77777777-0000-4000-8000-000000000007',
    });
    expect(printed).toContain(':assumed-role/job/');
  });
});
