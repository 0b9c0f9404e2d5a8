import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { sendHttps } from '../../../lambdas/adapters/https.ts';
import { createCertificates } from '../../../sandbox/entra/tls.ts';

let server: Server;
let untrusted: Server;
let folder: string;
let origin: string;
let connections: number;
let answer: RequestListener;

const originOf = (of: Server) => `https://127.0.0.1:${(of.address() as AddressInfo).port}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'https-'));
  const trusted = await createCertificates([], folder);
  setDefaultCACertificates([...getCACertificates('default'), trusted.ca]);
  const listen = async ({ key, cert }: typeof trusted) => {
    const listening = createServer({ key, cert }, (request, response) => answer(request, response));
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    return listening;
  };
  server = await listen(trusted);
  server.on('secureConnection', () => {
    connections++;
  });
  untrusted = await listen(await createCertificates([], folder));
  origin = originOf(server);
});
afterAll(() => {
  for (const one of [server, untrusted]) {
    one.closeAllConnections();
    one.close();
  }
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  connections = 0;
});

const get = (path = '/') => sendHttps(origin + path, { method: 'GET', headers: {} });

it('sends method, headers and body, and answers status, headers and parsed JSON', async () => {
  answer = async (request, response) => {
    const body = await request.toArray();
    const { method, url, headers } = request;
    response.writeHead(201, { 'request-id': 'r-1' });
    response.end(JSON.stringify({ method, url, type: headers['content-type'], body: body.join('') }));
  };
  const headers = { 'content-type': 'text/plain' };
  expect(await sendHttps(`${origin}/a?b=%20`, { method: 'POST', headers, body: 'grüezi' })).toMatchObject({
    status: 201,
    headers: { 'request-id': 'r-1' },
    body: { method: 'POST', url: '/a?b=%20', type: 'text/plain', body: 'grüezi' },
  });
});

it.each([[''], ['<html>']])('answers no body where it is no JSON: %j', async (text) => {
  answer = (_, response) => response.end(text);
  expect(await get()).toMatchObject({ status: 200, body: undefined });
});

it('keeps its connection from call to call', async () => {
  answer = (_, response) => response.end('{}');
  for (let calls = 0; calls < 5; calls++) await get();
  expect(connections).toBeLessThanOrEqual(1);
});

it('never follows a redirect, for the request may carry a token', async () => {
  const paths: (string | undefined)[] = [];
  answer = (request, response) => {
    paths.push(request.url);
    response.writeHead(302, { location: `${origin}/elsewhere` }).end();
  };
  expect(await get('/here')).toMatchObject({ status: 302 });
  expect(paths).toEqual(['/here']);
});

it('fails where the answer breaks off', async () => {
  answer = (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"access_token":');
    setImmediate(() => response.destroy());
  };
  await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' });
});

it.each([
  ['nobody listens', () => 'https://127.0.0.1:9/', 'ECONNREFUSED'],
  ['the endpoint is not https', () => origin.replace('https', 'http'), 'ERR_INVALID_PROTOCOL'],
  ['the certificate is not trusted', () => originOf(untrusted), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
])('fails where %s', async (_, url, code) => {
  answer = (_request, response) => response.end('{}');
  await expect(sendHttps(url(), { method: 'GET', headers: {} })).rejects.toMatchObject({ code });
});
