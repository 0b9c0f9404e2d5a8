/** The certificate of the sandbox's TLS server. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface Certificates {
  /** PEM file to trust (`NODE_EXTRA_CA_CERTS`, `--cacert`, `SSL_CERT_FILE`). */
  readonly caFile: string;
  /** Contents of {@link caFile}. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;

/**
 * One self-signed server certificate, valid for loopback and for `hosts` (`*.example.com` is allowed), which is its
 * own trust anchor. There is no certificate authority on purpose: a client that trusts this file trusts this one
 * server and nothing that anybody could sign later, and strict verifiers (Python 3.13 demands a subject key
 * identifier on every authority, which selfsigned cannot write) accept it. The private key stays in memory.
 */
export async function createCertificates(hosts: readonly string[], directory: string): Promise<Certificates> {
  const names = ['localhost', ...hosts];
  const now = Date.now();
  // A name of its own: where the file of an earlier start is trusted too, OpenSSL finds trust anchors by name.
  const subject = `OIDC factory sandbox ${randomUUID()}`;
  const made = await generate([{ name: 'commonName', value: subject }], {
    keyType: 'ec',
    algorithm: 'sha256',
    // Clocks of containers may be a little behind.
    notBeforeDate: new Date(now - 10 * 60_000),
    notAfterDate: new Date(now + 30 * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [{ type: 7, ip: '127.0.0.1' }, ...names.map((value) => ({ type: 2 as const, value }))],
      },
    ],
  });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const caFile = join(directory, 'sandbox-ca.pem');
  await writeFile(caFile, made.cert, { mode: 0o600 });
  return { caFile, ca: made.cert, cert: made.cert, key: made.private };
}
