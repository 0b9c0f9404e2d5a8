import { CredentialsError } from './errors.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/** As URLs and the SDK's requests have them. */
export interface Destination {
  /** With its colon. */
  readonly protocol: string;
  readonly hostname: string;
}

/** A token goes over https, or does not leave the machine. @throws CredentialsError InsecureEndpoint */
export function refuseInsecure({ protocol, hostname }: Destination): void {
  if (protocol === 'https:' || LOOPBACK.test(hostname)) return;
  throw new CredentialsError('InsecureEndpoint', { facts: { endpoint: `${protocol}//${hostname}` } });
}
