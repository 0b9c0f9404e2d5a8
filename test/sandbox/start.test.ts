import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { createWorld } from '../../sandbox/world.ts';

/** Temporary files of this test alone: other sandboxes run at the same time. */
const temporary = mkdtempSync(join(tmpdir(), 'oidc-factory-start-'));
beforeAll(() => vi.stubEnv('TMPDIR', temporary));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});
const privateDirs = () => readdirSync(temporary).filter((name) => name.startsWith('oidc-factory-sandbox-'));
const processes = () => process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length;
const start = (assemblyDir: string, members = 1) =>
  startSandbox({ world: createWorld({ members }), assemblyDir, port: 0, timeScale: 0.05 });

describe('the sandbox', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await start(inject('assemblyDir'), 2);
  });
  afterAll(() => sandbox.close());

  it('is ready with everything that a program needs', () => {
    const { aws, entra } = sandbox.ready;
    expect(aws.members.map(({ accountId, providerArn }) => [accountId, providerArn])).toEqual(
      sandbox.world.memberAccountIds.map((id) => [
        id,
        `arn:aws:iam::${id}:oidc-provider/sts.windows.net/${sandbox.world.tenantId}/`,
      ]),
    );
    expect(JSON.parse(JSON.stringify(sandbox.ready))).toEqual(sandbox.ready);
    expect(new URL(aws.endpoint).hostname).toBe('127.0.0.1');
    expect(new URL(entra.authority).hostname).toBe('127.0.0.1');
  });

  it('gives administrators of the accounts, whom ordinary clients can be', async () => {
    const { endpoint, region, factory, members } = sandbox.ready.aws;
    for (const credentials of [factory, ...members]) {
      const roles = await new IAMClient({ endpoint, region, credentials }).send(new ListRolesCommand({}));
      expect(roles.Roles?.every(({ Arn }) => Arn?.includes(credentials.accountId))).toBe(true);
      expect(roles.Roles?.length).toBeGreaterThan(0);
    }
  });

  it('keeps its files to itself', () => {
    const { caFile } = sandbox.ready.entra;
    expect(statSync(caFile).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(caFile)).mode & 0o777).toBe(0o700);
    expect(readFileSync(caFile, 'utf8')).not.toContain('PRIVATE KEY');
  });

  it('tells nobody of its calls who does not have the token', async () => {
    const url = `${sandbox.ready.aws.endpoint}/_sandbox/calls`;
    expect((await fetch(url)).status).toBe(401);
    const headers = { authorization: `Bearer ${sandbox.ready.controlToken}` };
    expect((await fetch(url, { headers })).status).toBe(200);
  });
});

it('leaves no process and no file behind', async () => {
  const before = { dirs: privateDirs(), processes: processes() };
  const sandbox = await start(inject('assemblyDir'));
  const { endpoint, region, factory } = sandbox.ready.aws;
  const lambda = new LambdaClient({ endpoint, region, credentials: factory });
  const { Functions } = await lambda.send(new ListFunctionsCommand({}));
  const FunctionName = Functions?.[0]?.FunctionName;
  await lambda.send(new InvokeCommand({ FunctionName, Payload: Buffer.from('{}') }));
  expect(processes()).toBeGreaterThan(before.processes);
  await sandbox.close();
  expect({ dirs: privateDirs(), processes: processes() }).toEqual(before);
  await expect(fetch(endpoint)).rejects.toThrow();
});

it('leaves nothing behind where it cannot deploy everything', async () => {
  const before = privateDirs();
  const copy = mkdtempSync(join(tmpdir(), 'oidc-factory-broken-'));
  try {
    cpSync(inject('assemblyDir'), copy, { recursive: true });
    const file = join(copy, 'OidcFactoryMember.template.json');
    const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: object };
    Object.assign(template.Resources, { Bucket: { Type: 'AWS::S3::Bucket' } });
    writeFileSync(file, JSON.stringify(template));
    await expect(start(copy)).rejects.toThrow('AWS::S3::Bucket');
    expect(privateDirs()).toEqual(before);
  } finally {
    rmSync(copy, { recursive: true });
  }
});
