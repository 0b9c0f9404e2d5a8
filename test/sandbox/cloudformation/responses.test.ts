import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startStackResponses } from '../../../sandbox/cloudformation/responses.ts';
import { createCertificates } from '../../../sandbox/entra/tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-responses-'));
let responses: Awaited<ReturnType<typeof startStackResponses>>;
beforeAll(async () => {
  const certificates = await createCertificates([], folder);
  setDefaultCACertificates([...getCACertificates('default'), certificates.ca]);
  responses = await startStackResponses(certificates);
});
afterAll(async () => {
  await responses.close();
  rmSync(folder, { recursive: true });
});

/** Without a content type, as bytes are sent. */
const put = async (url: string, text: string, more: RequestInit = {}) =>
  (await fetch(url, { method: 'PUT', body: Buffer.from(text), ...more })).status;

it('a URL takes one answer, and no other URL does', async () => {
  const [{ url, taken }, other] = [responses.open(), responses.open()];
  expect(taken()).toBeUndefined();
  expect(await put(url, '{"Status":"SUCCESS"}')).toBe(200);
  expect(taken()).toBe('{"Status":"SUCCESS"}');
  expect(other.taken()).toBeUndefined();
  expect(await put(url, 'again')).toBe(403);
  expect(await put(`${url}x`, 'elsewhere')).toBe(403);
});

it('what was not signed is refused: another method, a content type; and what is too long', async () => {
  const { url, taken } = responses.open();
  expect(await put(url, 'x', { method: 'POST' })).toBe(403);
  expect(await put(url, 'x', { headers: { 'content-type': 'application/json' } })).toBe(403);
  expect(await put(url, 'x'.repeat(4097))).toBe(400);
  expect(taken()).toBeUndefined();
});
