/** `npm start -- --json`, as a program that knows nothing but its contract meets it. */
import { readFileSync, statSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clients, connect, until } from '../../sandbox/clients.ts';
import type { ReadyLine } from '../../sandbox/start.ts';
import { createRole, trustOn } from './harness.ts';
import { descendantsOf, isRunning, type Program, runScript, startProgram } from './programs.ts';

let port: number;
let program: Program;
let ready: ReadyLine;
let clients: Clients;
let ca: Buffer;

beforeAll(async () => {
  port = await freePort();
  program = startProgram('npm', [
    ...['start', '--', '--json', '--members', '3', '--time-scale', '0.05', '--port', String(port)],
  ]);
  ready = JSON.parse(await program.jsonLine) as ReadyLine;
  clients = connect(ready);
  ca = readFileSync(ready.entra.caFile);
});
afterAll(async () => {
  // Without effect where it has ended. Not SIGKILL: npm could not pass that on.
  program.process.kill('SIGTERM');
  await program.ended;
});

describe('the ready line', () => {
  it('has exactly what the contract says', () => {
    const account = {
      accountId: expect.stringMatching(/^\d{12}$/),
      accessKeyId: expect.stringMatching(/^AKIA/),
      secretAccessKey: expect.stringMatching(/.{20,}/),
    };
    const member = { ...account, providerArn: expect.stringContaining(':oidc-provider/sts.windows.net/') };
    const origin = expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(ready).toEqual({
      ready: true,
      controlToken: expect.stringMatching(/.{32,}/),
      aws: {
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        factory: account,
        members: [member, member, member],
      },
      entra: {
        authority: origin,
        graph: origin,
        tenantId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        caFile: expect.any(String),
        admin: {
          clientId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          clientSecret: expect.stringMatching(/.{20,}/),
        },
      },
    });
    const accounts = [ready.aws.factory, ...ready.aws.members].map(({ accountId }) => accountId);
    expect(new Set(accounts).size).toBe(4);
  });

  it('names a certificate that only its owner can read, and no key of it', () => {
    expect(statSync(ready.entra.caFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(ready.entra.caFile, 'utf8')).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(readFileSync(ready.entra.caFile, 'utf8')).not.toContain('PRIVATE KEY');
  });

  it('comes when every member account is enrolled', async () => {
    const placeholder = `api://${ready.entra.tenantId}/oidc-factory-placeholder`;
    for (const member of clients.members) expect(await member.audiences()).toEqual([placeholder]);
  });
});

/** An answer's status and text; `headers` may say what no browser and no fetch lets one say. */
function get(url: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? secureRequest : plainRequest;
    send(url, { headers, ca, servername: 'localhost' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on('error', reject)
      .end();
  });
}

const REFUSED = { status: 403, text: expect.stringMatching(/local programs only|foreign Host or Origin/) };

describe('a server of the sandbox', () => {
  const authorized = () => ({ authorization: `Bearer ${ready.controlToken}` });
  const urls: readonly (readonly [name: string, url: () => string])[] = [
    ['AWS', () => `${ready.aws.endpoint}/`],
    ['control', () => `${ready.aws.endpoint}/_sandbox/calls`],
    ['authority', () => `${ready.entra.authority}/${ready.entra.tenantId}/discovery/v2.0/keys`],
    ['Graph', () => `${ready.entra.graph}/v1.0/applications`],
  ];

  it.each(urls)('answers local programs (%s)', async (_, url) => {
    expect(await get(url(), authorized())).not.toEqual(REFUSED);
  });

  it.each(urls)('refuses a foreign Host (%s)', async (_, url) => {
    for (const host of ['rebound.example', `127.0.0.1.rebound.example:${port}`])
      expect(await get(url(), { ...authorized(), host })).toEqual(REFUSED);
  });

  it.each(urls)('refuses any Origin (%s)', async (_, url) => {
    for (const origin of ['https://page.example', 'null', new URL(url()).origin])
      expect(await get(url(), { ...authorized(), origin })).toEqual(REFUSED);
  });

  it.each([
    ['GET', 'calls'],
    ['DELETE', 'calls'],
    ['GET', 'faults'],
    ['POST', 'faults'],
    ['DELETE', 'faults'],
  ])('does %s /_sandbox/%s with the token alone', async (method, path) => {
    const url = `${ready.aws.endpoint}/_sandbox/${path}`;
    const body = method === 'POST' ? JSON.stringify({ kind: 'delay', delayMs: 1, times: 1 }) : null;
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: ready.controlToken }])
      expect((await fetch(url, { method, headers, body })).status).toBe(401);
    expect((await fetch(url, { method, headers: authorized(), body })).ok).toBe(true);
  });

  it('lists the calls that it served', async () => {
    await clients.whoAmI(ready.aws.factory);
    const answer = await fetch(`${ready.aws.endpoint}/_sandbox/calls`, { headers: authorized() });
    const { calls } = (await answer.json()) as { calls: unknown[] };
    expect(calls).toContainEqual(
      expect.objectContaining({
        service: 'sts',
        operation: 'GetCallerIdentity',
        caller: expect.stringContaining(ready.aws.factory.accountId),
        outcome: 'ok',
      }),
    );
  });
});

describe('the program', () => {
  it.each<[string, string[]]>([
    ['an unknown option', ['--yaml']],
    ['no member account', ['--members', '0']],
  ])('exits with 2 and its usage for %s', async (_, args) => {
    const { code, stdout, stderr, left } = await runScript('bin/sandbox.ts', args);
    expect({ code, stdout, left }).toEqual({ code: 2, stdout: '', left: [] });
    expect(stderr).toContain('npm start -- [options]');
  });

  it('ends at SIGTERM with 0, in the middle of its work, and leaves no process and no file', async () => {
    const [member] = clients.members;
    if (!member) throw new Error('There is no member account');
    await createRole(member, 'half-made', trustOn(member, { aud: 'please-fill-in' }));
    await until('the factory to be at work', async () => {
      const executions = await clients.executions('create-role', 'half-made');
      return executions.some(({ status }) => status === 'RUNNING') || undefined;
    });
    const started = descendantsOf(program.process.pid ?? 0);
    expect(started.length).toBeGreaterThan(0);

    // A signal to the whole process group comes a second time by way of npm.
    program.process.kill('SIGTERM');
    program.process.kill('SIGTERM');
    const { code, stdout, left } = await program.ended;
    expect({ code, left }).toEqual({ code: 0, left: [] });
    // The rest is npm's banner.
    const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('>'));
    expect(lines).toEqual([JSON.stringify(ready)]);
    await until('its processes to be gone', async () => !started.some(isRunning) || undefined);
    await expect(fetch(ready.aws.endpoint)).rejects.toThrow();
    await expect(get(ready.entra.authority, {})).rejects.toThrow();
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port: free } = server.address() as AddressInfo;
        server.close(() => resolve(free));
      });
  });
}
