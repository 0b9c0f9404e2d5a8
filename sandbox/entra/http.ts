/** Requests and answers of the sandbox's Entra, and the listeners that carry them on loopback. */
import type {
  IncomingHttpHeaders,
  IncomingMessage,
  RequestListener,
  Server,
  ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpRequest {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of the Host header, without port, in lower case. */
  readonly host: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; absent: no content. */
  readonly body?: unknown;
}

const MAX_BODY = 1024 * 1024;

/**
 * A listener that hands requests for a known Host to `handle` and refuses the rest: a page in a browser must reach
 * this server neither by DNS rebinding (foreign Host) nor across origins (any Origin). `handle` answers undefined
 * where the connection is to be dropped without an answer.
 */
export function listener(
  isKnownHost: (host: string) => boolean,
  handle: (request: HttpRequest) => Promise<HttpAnswer | undefined>,
): RequestListener {
  return (incoming, response) => {
    answer(incoming, isKnownHost, handle).then(
      (result) => (result ? send(response, result) : incoming.socket.destroy()),
      // A bug of the sandbox: say so to whoever reads its output, and nothing of it to the client.
      (error: unknown) => {
        console.error(error);
        send(response, { status: 500, body: { error: 'internal error of the sandbox' } });
      },
    );
  };
}

async function answer(
  incoming: IncomingMessage,
  isKnownHost: (host: string) => boolean,
  handle: (request: HttpRequest) => Promise<HttpAnswer | undefined>,
): Promise<HttpAnswer | undefined> {
  const host = (incoming.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  if (incoming.headers.origin !== undefined || !isKnownHost(host)) {
    return { status: 403, body: { error: 'foreign Host or Origin' } };
  }
  const body = await read(incoming);
  if (body === undefined) return { status: 413, body: { error: 'the body is too long' } };
  const [path = '/', query = ''] = (incoming.url ?? '/').split('?');
  if (!isDecodable(path)) return { status: 400, body: { error: 'the path is not percent-encoded' } };
  return handle({
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    headers: incoming.headers,
    body,
    host,
  });
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

async function read(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  const json = body === undefined ? undefined : JSON.stringify(body);
  response.writeHead(status, {
    ...(json !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(json);
}

/** Listens on 127.0.0.1; 0: any free port. Resolves to the port. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

export function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!server.listening) return resolve();
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
