import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificates, createCertificates } from '../../../sandbox/entra/tls.ts';
import { fetchJson } from '../../../sandbox/issuer-fetch.ts';

let directory: string;
let certificates: Certificates;
let server: Server;
let port: number;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'issuer-fetch-'));
  certificates = await createCertificates(['sts.windows.net', '*.tokens.example'], directory);
  server = createServer(certificates, (request, response) => {
    if (request.url === '/missing') response.writeHead(404);
    if (request.url === '/text') response.end('not json');
    else response.end(JSON.stringify({ host: request.headers.host, path: request.url }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

const get = (url: string, ca = certificates.ca) =>
  fetchJson(url, { resolve: (host) => (host.endsWith('unknown.example') ? undefined : port), ca });

describe('fetchJson', () => {
  it('reaches a real host name on loopback', async () => {
    expect(await get('https://sts.windows.net/a/b')).toEqual({ host: 'sts.windows.net', path: '/a/b' });
    expect(await get('https://one.tokens.example/')).toMatchObject({ host: 'one.tokens.example' });
  });

  it.each([
    ['a host that the sandbox does not know', 'https://unknown.example/', /no issuer of this sandbox/],
    ['a name that the certificate does not cover', 'https://two.one.tokens.example/', /altnames/],
    ['plain http', 'http://sts.windows.net/', /must be https/],
    ['another status than 200', 'https://sts.windows.net/missing', /status 404/],
    ['what is not JSON', 'https://sts.windows.net/text', /not JSON/],
  ])('refuses %s', async (_name, url, message) => {
    await expect(get(url)).rejects.toThrow(message);
  });

  it('trusts the given certificate alone', async () => {
    const other = await createCertificates(['sts.windows.net'], join(directory, 'other'));
    await expect(get('https://sts.windows.net/', other.ca)).rejects.toThrow();
  });
});

describe('the certificate file', () => {
  it('is readable by its owner alone', () => {
    expect(statSync(certificates.caFile).mode & 0o777).toBe(0o600);
  });
});
