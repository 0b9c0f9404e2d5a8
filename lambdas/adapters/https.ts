/**
 * HTTPS with JSON answers, on Node's own client and on connections that are kept. Not `fetch`: to load it takes half of
 * the time of a function's first call, and 12 MB; `node:https` is what the AWS SDK loads anyway.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';

export interface HttpsRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed; undefined where there is none, or none that is JSON. */
  readonly body: unknown;
}

/** From the connection to the last byte. */
const TIMEOUT_MS = 10_000;

const agent = new Agent({ keepAlive: true });

/**
 * One request. Rejects where no whole answer came. A redirect is an answer like any other and never followed, for the
 * request may carry a token.
 */
export function sendHttps(url: string, { method, headers, body }: HttpsRequest): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const outgoing = request(url, { agent, method, headers, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed(text) }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
