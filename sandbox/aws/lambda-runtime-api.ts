/**
 * AWS Lambda's Runtime API over loopback, one path of random letters per environment: a function reaches its own
 * invocations only.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Invocation {
  readonly requestId: string;
  readonly payload: Uint8Array;
  readonly functionArn: string;
  /** Milliseconds since the epoch, real time. */
  readonly deadline: number;
}

/** One environment, as its process sees it. */
export interface RuntimeClient {
  /** Resolves when there is work. */
  next(): Promise<Invocation>;
  /** False where this is not the current invocation. */
  respond(requestId: string, payload: Uint8Array): boolean;
  /** `fatal`: the process cannot go on. */
  fail(requestId: string, error: Uint8Array, fatal: boolean): boolean;
  failInit(error: Uint8Array): void;
}

export interface RuntimeApi {
  /** `127.0.0.1:<port>`; a client's path follows it. */
  readonly address: string;
  readonly clients: Map<string, RuntimeClient>;
  close(): Promise<void>;
}

/** Lambda takes 6 MB of response. */
const MAX_RESPONSE = 6 * 1024 * 1024;
const ROUTE = /^\/([\w-]+)\/2018-06-01\/runtime\/(.+)$/;

/** Starts the API; resolves when it listens. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const clients = new Map<string, RuntimeClient>();
  const server = createServer((request, response) => {
    serve(clients, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    clients,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  clients: ReadonlyMap<string, RuntimeClient>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, id = '', path = ''] = ROUTE.exec(request.url ?? '') ?? [];
  const client = clients.get(id);
  if (!client || request.headers.origin !== undefined) return end(response, 403);
  if (request.method === 'GET' && path === 'invocation/next') {
    const { requestId, payload, functionArn, deadline } = await client.next();
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': String(deadline),
      'lambda-runtime-invoked-function-arn': functionArn,
    });
    response.end(payload);
    return;
  }
  const body = await read(request);
  const [, requestId = '', kind] = /^invocation\/([\w-]+)\/(response|error)$/.exec(path) ?? [];
  if (request.method !== 'POST') return end(response, 404);
  if (path === 'init/error') {
    client.failInit(body);
    return end(response, 202);
  }
  if (!kind) return end(response, 404);
  if (kind === 'response' && body.length > MAX_RESPONSE) {
    const message = 'Response payload size exceeded maximum allowed payload size (6291556 bytes).';
    client.fail(requestId, functionError('Function.ResponseSizeTooLarge', message), false);
    return end(response, 413);
  }
  const fatal =
    request.headers['lambda-runtime-function-error-type']?.toString().startsWith('Runtime.') === true;
  const known = kind === 'response' ? client.respond(requestId, body) : client.fail(requestId, body, fatal);
  end(response, known ? 202 : 400);
}

/** The payload of a failed invocation. */
export const functionError = (errorType: string, errorMessage: string): Uint8Array =>
  Buffer.from(JSON.stringify({ errorType, errorMessage }));

const end = (response: ServerResponse, status: number): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end('{"status":"OK"}');
};

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
