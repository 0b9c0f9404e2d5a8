/** Fetches what an OIDC issuer publishes, where its host name is served by this sandbox and nowhere else. */
import { request } from 'node:https';

/** The loopback port that serves a host name; undefined: the sandbox does not know the host. */
export type HostResolver = (host: string) => number | undefined;

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 5_000;

/**
 * GET `url`, expecting status 200 and JSON. It connects to 127.0.0.1 with SNI and Host of the URL's name and trusts
 * `ca` (PEM) alone; a host that `resolve` does not know is an error, so a name never reaches the real issuer.
 */
export function fetchJson(url: string, options: { resolve: HostResolver; ca: string }): Promise<unknown> {
  const { protocol, hostname, pathname, search } = new URL(url);
  if (protocol !== 'https:') return Promise.reject(new Error(`${url}: an issuer must be https`));
  const port = options.resolve(hostname);
  if (port === undefined) return Promise.reject(new Error(`${hostname}: no issuer of this sandbox`));
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      servername: hostname,
      path: pathname + search,
      headers: { host: hostname, accept: 'application/json' },
      ca: options.ca,
      timeout: TIMEOUT_MS,
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${url}: no answer in time`)));
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES) outgoing.destroy(new Error(`${url}: the answer is too long`));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 200) return reject(new Error(`${url}: status ${response.statusCode}`));
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        } catch (cause) {
          reject(new Error(`${url}: the answer is not JSON`, { cause }));
        }
      });
    });
    outgoing.end();
  });
}
