/** Workloads that know nothing of Entra: AWS's own tools, with the command as their profile, and the SDK. */
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { AWS_TOOLS } from '../aws-tools.ts';
import { program, useWorkloads, type Workloads } from './workload.ts';

const workloads = useWorkloads();

const BOTO3 = `
import boto3, json
print(json.dumps(boto3.Session(profile_name='workload').client('sts').get_caller_identity()))
`;

const SDK = `
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromEntra } from './credentials/index.ts';
const [roleArn, audience] = process.argv.slice(1);
const sts = new STSClient({ credentials: fromEntra({ roleArn, audience }) });
console.log(JSON.stringify(await sts.send(new GetCallerIdentityCommand({}))));
`;

const [cli, boto3] = AWS_TOOLS;
const CLIENTS = [
  { name: 'the AWS CLI', tool: cli, command: ['aws', 'sts', 'get-caller-identity', '--profile', 'workload'] },
  { name: 'boto3', tool: boto3, command: ['python3', '-c', BOTO3] },
  { name: 'the SDK', tool: undefined, command: undefined },
] as const;

/** How a workload logs in, and the role that lets it in so. */
const LOGINS = [
  { login: 'clientSecret', role: 'own' },
  { login: 'federated', role: 'own' },
  { login: 'managedIdentity', role: 'pinned' },
] as const;

const WAYS = CLIENTS.flatMap((client) => LOGINS.map((way) => ({ ...client, ...way })));

/** The arguments of a process that prints its caller identity. */
function commandOf({ command }: (typeof WAYS)[number], { arn, audience }: Workloads['own']) {
  if (command) return [...command, ...(command[0] === 'aws' ? ['--output', 'json'] : [])];
  return [process.execPath, '--input-type=module', '--eval', SDK, arn, audience];
}

describe.concurrent('a workload with the role of its own', () => {
  it.for(WAYS)('is it in $name, by $login', async (way, { skip }) => {
    if (way.tool && (await way.tool.version()) === undefined) {
      const reason = `${way.name} is not installed on this machine`;
      console.warn(reason);
      skip(reason);
    }
    const { env, profile, ...roles } = workloads();
    const role = roles[way.role];
    const [command = '', ...args] = commandOf(way, role);
    const environment = { ...env[way.login], ...profile(`${way.role}-config`, role) };
    const { code, stdout, stderr } = await program(command, args, environment);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const client = env[way.login].AZURE_CLIENT_ID;
    const host = hostname().slice(0, 27);
    expect(JSON.parse(stdout).Arn).toMatch(new RegExp(`:assumed-role/${way.role}/${host}@${client}$`));
  });
});

const OWN_CREDENTIALS = `
import { readFileSync } from 'node:fs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { ClientSecretCredential } from '@azure/identity';
import { fromEntra } from './credentials/index.ts';
const [roleArn, audience, tenantId, clientId, file, secret] = process.argv.slice(1);
const assertion = async () => readFileSync(file, 'utf8');
const ofAzure = new ClientSecretCredential(tenantId, clientId, secret, { disableInstanceDiscovery: true });
for (const credential of [{ assertion, tenantId, clientId }, ofAzure]) {
  const sts = new STSClient({ credentials: fromEntra({ roleArn, audience, credential, sessionName: 'mine' }) });
  console.log((await sts.send(new GetCallerIdentityCommand({}))).Arn);
}
`;

describe('a program', () => {
  it('may bring assertions, or a credential of @azure/identity', async () => {
    const { own, env } = workloads();
    const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, ...others } = env.clientSecret;
    const args = [AZURE_TENANT_ID, AZURE_CLIENT_ID, env.federated.AZURE_FEDERATED_TOKEN_FILE];
    const script = ['--input-type=module', '--eval', OWN_CREDENTIALS, own.arn, own.audience];
    const ended = await program(process.execPath, [...script, ...args, AZURE_CLIENT_SECRET], others);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.trim().split('\n')).toEqual(Array(2).fill(expect.stringMatching(/role\/own\/mine$/)));
  });
});

describe('oidc-factory credentials', () => {
  it('prints what credential_process expects, and nothing else', async () => {
    const { own, env, credentials, factory } = workloads();
    const { code, stdout, stderr } = await credentials(own, env.clientSecret, '--duration', '900');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const printed = JSON.parse(stdout);
    expect(printed).toEqual({
      Version: 1,
      AccessKeyId: expect.stringMatching(/^ASIA/),
      SecretAccessKey: expect.any(String),
      SessionToken: expect.any(String),
      Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      AccountId: factory.member.accountId,
    });
    const lasts = Date.parse(printed.Expiration) - Date.now();
    expect(lasts).toBeGreaterThan(0);
    expect(lasts).toBeLessThanOrEqual(900_000);
  });

  it('needs no credentials of AWS, and names those that would hide the profile', async () => {
    const { own, env, credentials } = workloads();
    const { code, stderr } = await credentials(own, {
      ...env.clientSecret,
      AWS_ACCESS_KEY_ID: 'AKIASTALESTALESTALE',
      AWS_SECRET_ACCESS_KEY: 'stale',
      AWS_PROFILE: 'no-such-profile',
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^StaleAccessKey: .*AKIA…TALE/);
  });

  it('logs in as it is told where the environment has several ways', async () => {
    const { own, pinned, env, credentials } = workloads();
    const all = { ...env.clientSecret, ...env.managedIdentity };
    const identity = await credentials(pinned, all, '--credential', 'managed-identity');
    expect(identity.code).toBe(0);
    const federated = { ...env.federated, AZURE_CLIENT_SECRET: 'wrong' };
    expect((await credentials(own, federated, '--credential', 'federated')).code).toBe(0);
  });

  it.each([
    { cloud: 'entra', service: 'entra', operation: 'POST /oauth2/v2.0/token', kind: 'throttle' },
    { cloud: 'entra', service: 'entra', operation: 'POST /oauth2/v2.0/token', kind: 'error' },
    { cloud: 'entra', service: 'entra', operation: 'POST /oauth2/v2.0/token', kind: 'lost-answer' },
    // STS fetches them.
    { cloud: 'entra', service: 'entra', operation: 'GET /discovery/keys', kind: 'error' },
    { cloud: 'aws', service: 'sts', operation: 'AssumeRoleWithWebIdentity', kind: 'throttle' },
    { cloud: 'aws', service: 'sts', operation: 'AssumeRoleWithWebIdentity', kind: 'error' },
    { cloud: 'aws', service: 'sts', operation: 'AssumeRoleWithWebIdentity', kind: 'lost-answer' },
  ] as const)('gets over a passing failure: $operation $kind', async (fault) => {
    const { own, env, credentials, factory } = workloads();
    const { recorder } = factory.sandbox;
    recorder.inject({ ...fault, times: 2 });
    const { code, stderr } = await credentials(own, env.clientSecret);
    const left = recorder.faults();
    recorder.clearFaults();
    expect({ code, stderr, left }).toEqual({ code: 0, stderr: '', left: [] });
  });

  it('logs in as the service connection of a job in Azure Pipelines', async () => {
    const { own, credentials, pipelines } = workloads();
    const { code, stderr } = await credentials(own, await pipelines());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('leaves nothing on the disk', async () => {
    const { own, env, credentials, files } = workloads();
    const before = files();
    expect((await credentials(own, env.clientSecret)).code).toBe(0);
    expect(files()).toEqual(before);
  });
});
