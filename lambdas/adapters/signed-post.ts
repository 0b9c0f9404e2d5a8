/** One POST to a service whose client is not among the bundled ones, signed as the SDK's clients sign. */
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4';
import type { MemberSession } from './member-session.ts';

export interface Signer extends Pick<SignatureV4Init, 'service' | 'credentials'> {
  readonly region: string;
  readonly requestHandler: MemberSession['requestHandler'];
}

export interface PostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Fails with whatever the connection fails with; any status is an answer. */
export async function signedPost(
  { requestHandler, ...signing }: Signer,
  { protocol, hostname, port, host, pathname }: URL,
  contentType: string,
  body: string,
): Promise<PostAnswer> {
  const request = new HttpRequest({
    method: 'POST',
    protocol,
    hostname,
    ...(port !== '' && { port: Number(port) }),
    path: pathname,
    headers: { host, 'content-type': contentType },
    body,
  });
  const signed = await new SignatureV4({ ...signing, sha256: Sha256 }).sign(request);
  const { response } = await requestHandler.handle(signed as HttpRequest);
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return {
    status: response.statusCode,
    headers: response.headers,
    text: Buffer.concat(chunks).toString('utf8'),
  };
}
