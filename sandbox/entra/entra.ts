/** The sandbox's Microsoft Entra ID: one tenant with its authority, Graph and a metadata service, on loopback. */
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Recorder, SandboxTime } from '../cloud.ts';
import type { HostResolver } from '../issuer-fetch.ts';
import { createAuthority } from './authority.ts';
import { createDirectory, type DirectoryState } from './directory-state.ts';
import { createGraph, isGraphPath } from './graph.ts';
import { close, type HttpAnswer, type HttpRequest, listen, listener } from './http.ts';
import { createImds } from './imds.ts';
import { addGraph, type SeededTenant, seedTenant, type TenantSeed } from './seed.ts';
import type { Certificates } from './tls.ts';
import { createTokenService } from './token-endpoint.ts';
import { createTokenIssuer, type TokenIssuer } from './tokens.ts';

/** The public cloud's names; other clouds are not served. */
export const ENTRA_HOSTS = {
  login: 'login.microsoftonline.com',
  v1Issuer: 'sts.windows.net',
  graph: 'graph.microsoft.com',
} as const;

export interface EntraOptions {
  readonly tenantId: string;
  readonly recorder: Recorder;
  readonly time: SandboxTime;
  readonly certificates: Certificates;
  /** Where issuers of client assertions are served, this server's own names included. */
  readonly resolveIssuer: HostResolver;
  /** @default 250 */
  readonly objectsPerCreator?: number;
}

export interface Entra {
  readonly tenantId: string;
  readonly issuer: TokenIssuer;
  /** The tenant's state, for tests and for `listen`'s caller; it checks no permissions. */
  readonly directory: DirectoryState;
  seed(seed: TenantSeed): SeededTenant;
  /**
   * Publishes JSON documents of another issuer (AWS's outbound federation) under its host name, which the certificate
   * must cover. `document` answers, or resolves to, undefined for a path that it does not have.
   */
  publish(host: string, document: (path: string) => unknown): void;
  /** `origin` is both authority and Graph; `imds` is plain http. Ports default to free ones. */
  listen(ports?: { https?: number; imds?: number }): Promise<{ origin: string; port: number; imds: string }>;
  close(): Promise<void>;
}

export async function createEntra(options: EntraOptions): Promise<Entra> {
  const { tenantId, recorder, time, certificates } = options;
  const { objectsPerCreator } = options;
  const directory = createDirectory({
    tenantId,
    time,
    ...(objectsPerCreator !== undefined && { objectsPerCreator }),
  });
  const graphUri = `https://${ENTRA_HOSTS.graph}`;
  const graphPrincipal = addGraph(directory, [graphUri, `${graphUri}/`]);
  const [loginHost, v1Host] = [ENTRA_HOSTS.login, ENTRA_HOSTS.v1Issuer];
  const issuer = await createTokenIssuer({ tenantId, loginHost, v1Host });
  const tokens = createTokenService({
    directory,
    issuer,
    resolve: options.resolveIssuer,
    ca: certificates.ca,
  });
  const authority = createAuthority({ tenantId, loginHost, v1Host, issuer, tokens, recorder });
  const graph = createGraph({ directory, issuer, recorder });
  const imds = createImds({ directory, tokens, recorder });

  const local = ['127.0.0.1', 'localhost'];
  const own = new Set<string>([...local, ...Object.values(ENTRA_HOSTS)]);

  const published = new Map<string, (path: string) => unknown>();

  async function publishedDocument({ host, path, method }: HttpRequest): Promise<HttpAnswer> {
    const body = method === 'GET' ? await published.get(host)?.(path) : undefined;
    return body === undefined ? { status: 404, body: { error: 'not_found' } } : { status: 200, body };
  }

  const secure = createHttpsServer(
    { key: certificates.key, cert: certificates.cert },
    listener(
      (host) => own.has(host) || published.has(host),
      (request) => {
        if (!own.has(request.host)) return publishedDocument(request);
        return isGraphPath(request.path) ? graph(request) : authority(request);
      },
    ),
  );
  const plain = createHttpServer(listener((host) => local.includes(host), imds));

  return {
    tenantId,
    issuer,
    directory,
    seed: (seed) => seedTenant(directory, seed),
    publish: (host, document) => {
      published.set(host.toLowerCase(), document);
    },
    async listen(ports = {}) {
      const port = await listen(secure, ports.https ?? 0);
      const origin = `https://127.0.0.1:${port}`;
      // Clients that derive the scope from Graph's address ask for this name.
      graphPrincipal.platform?.identifierUris.push(origin);
      const imdsPort = await listen(plain, ports.imds ?? 0);
      return { origin, port, imds: `http://127.0.0.1:${imdsPort}` };
    },
    async close() {
      await Promise.all([close(secure), close(plain)]);
    },
  };
}
