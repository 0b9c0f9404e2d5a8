/** The loopback HTTP server behind which every AWS service and the sandbox's own control paths are. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FaultError } from '../recorder.ts';
import type { AwsCloud } from './cloud.ts';
import { answer, type WireRequest } from './wire.ts';

export interface AwsServerOptions {
  readonly cloud: AwsCloud;
  /** 0: any free port. */
  readonly port: number;
  /** Serves `/_sandbox/*`; checks its own token. */
  readonly control: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
  /** Told of defects of the sandbox itself. */
  readonly report: (error: unknown) => void;
}

export interface AwsServer {
  /** `http://127.0.0.1:<port>`. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Events, invocations and inputs of executions are at most 1 MB; asynchronous payloads of Lambda 6 MB. */
const MAX_BODY = 6 * 1024 * 1024;

/** Listens on 127.0.0.1 only, and resolves when it does. */
export async function startAwsServer(options: AwsServerOptions): Promise<AwsServer> {
  const server = createServer((request, response) => {
    serve(options, request, response).catch((error: unknown) => {
      if (!(error instanceof FaultError)) options.report(error);
      // A lost answer: the call was performed, and its caller never hears of it.
      request.socket.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}

async function serve(options: AwsServerOptions, request: IncomingMessage, response: ServerResponse) {
  if (!isLocal(request)) {
    response.writeHead(403, { 'content-type': 'text/plain' }).end('The sandbox serves local programs only\n');
    return;
  }
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname === '/_sandbox' || url.pathname.startsWith('/_sandbox/')) {
    await options.control(request, response);
    return;
  }
  const body = await read(request);
  if (!body) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const [path = '/'] = (request.url ?? '/').split('?');
  const wireRequest: WireRequest = {
    method: request.method ?? 'GET',
    path,
    query: url.searchParams,
    headers: flat(request),
    body,
    sourceIp: request.socket.remoteAddress ?? '',
  };
  const { status, headers, body: content } = await answer(options.cloud, wireRequest, options.report);
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(content) }).end(content);
}

/** A web page reaches loopback by its own name (DNS rebinding) or says where it is from: neither is let in. */
function isLocal(request: IncomingMessage): boolean {
  if (request.headers.origin !== undefined) return false;
  const [host] = (request.headers.host ?? '').split(':');
  return host === '127.0.0.1' || host === 'localhost';
}

/** Undefined: too large. */
async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function flat(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
}
