import { request } from 'node:https';

export interface JsonAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the answer's shape is its reader's business
  readonly body: any;
}

/** One request over TLS that trusts `ca` alone: what an ordinary client does with the sandbox's CA file. */
export function httpsJson(
  url: string,
  options: {
    ca: string | Buffer;
    method?: string;
    headers?: Record<string, string>;
    form?: Record<string, string>;
    json?: object;
  },
): Promise<JsonAnswer> {
  const body = options.form
    ? new URLSearchParams(options.form).toString()
    : options.json && JSON.stringify(options.json);
  const type = options.form ? 'application/x-www-form-urlencoded' : 'application/json';
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        ca: options.ca,
        method: options.method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { ...(body === undefined ? {} : { 'content-type': type }), ...options.headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          try {
            resolve({ status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) });
          } catch (cause) {
            reject(new Error(`${url} answered ${response.statusCode} without JSON`, { cause }));
          }
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}
