/** Where custom resources answer: what CloudFormation has as pre-signed URLs of S3, on loopback. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import { close, type HttpAnswer, type HttpRequest, listen, listener } from '../entra/http.ts';
import type { Certificates } from '../entra/tls.ts';

export interface StackResponses {
  /** A new URL that takes one answer; `taken`: the answer as text, undefined as long as there is none. */
  open(): { readonly url: string; taken(): string | undefined };
}

/** CloudFormation takes no longer answers. */
const MAX_LENGTH = 4096;

export async function startStackResponses(
  certificates: Pick<Certificates, 'key' | 'cert'>,
): Promise<StackResponses & { close(): Promise<void> }> {
  const answers = new Map<string, string | undefined>();

  async function take({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    // The signature covers the method, and that there is no content type.
    const signed = method === 'PUT' && answers.has(path) && !headers['content-type'];
    if (!signed || answers.get(path) !== undefined) return { status: 403, body: { error: 'AccessDenied' } };
    if (body.length > MAX_LENGTH) return { status: 400, body: { error: 'EntityTooLarge' } };
    answers.set(path, body);
    return { status: 200 };
  }

  const server = createServer(
    { key: certificates.key, cert: certificates.cert },
    listener((host) => host === '127.0.0.1', take),
  );
  const port = await listen(server, 0);
  return {
    open() {
      const path = `/${randomBytes(32).toString('base64url')}`;
      answers.set(path, undefined);
      return { url: `https://127.0.0.1:${port}${path}`, taken: () => answers.get(path) };
    },
    close: () => close(server),
  };
}
