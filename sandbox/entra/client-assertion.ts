/** Login with another issuer's token: federated identity credentials. */
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose';
import { fetchJson, type HostResolver } from '../issuer-fetch.ts';
import { EntraFault, invalidClient } from './entra-fault.ts';
import type { Application, FederatedCredential } from './objects.ts';

const DOCS = 'https://learn.microsoft.com/entra/workload-id/workload-identity-federation';

interface Presented {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

/**
 * Throws an {@link EntraFault} unless `assertion` matches a federated credential of the application, exactly and with
 * regard to case, and its signature verifies with the keys that its issuer publishes. RS256 alone: other algorithms
 * may work in places, but only this one is documented.
 */
export async function checkAssertion(
  assertion: string,
  application: Application,
  options: { resolve: HostResolver; ca: string; isVisible: (credential: FederatedCredential) => boolean },
): Promise<void> {
  const presented = read(assertion);
  const credentials = application.federated.filter(options.isVisible);
  match(presented, credentials);
  const keys = await publishedKeys(presented.issuer, options);
  try {
    await jwtVerify(assertion, createLocalJWKSet(keys), { algorithms: ['RS256'], clockTolerance: 5 });
  } catch (error) {
    if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) {
      throw invalidClient(700024, 'Client assertion is not within its valid time range.');
    }
    throw invalidClient(50013, 'Assertion failed signature validation.');
  }
}

function read(assertion: string): Presented {
  try {
    const { alg } = decodeProtectedHeader(assertion);
    if (alg !== 'RS256') {
      throw invalidClient(
        5002738,
        `Invalid JWT token. '${alg}' is not a supported signature algorithm. Supported signing algorithms are: 'RS256'.`,
      );
    }
    const { iss, sub, aud } = decodeJwt(assertion);
    if (!iss || !sub || aud === undefined) throw new Error('iss, sub and aud are needed');
    return { issuer: iss, subject: sub, audiences: [aud].flat() };
  } catch (error) {
    if (error instanceof EntraFault) throw error;
    throw invalidClient(50027, 'JWT token is invalid or malformed.');
  }
}

function match({ issuer, subject, audiences }: Presented, credentials: readonly FederatedCredential[]): void {
  const none = (aadsts: number, what: string) =>
    invalidClient(
      aadsts,
      `No matching federated identity record found for presented assertion${what}. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${DOCS}`,
    );
  if (credentials.length === 0) throw none(70021, '');
  const byIssuer = credentials.filter((one) => one.issuer === issuer);
  if (byIssuer.length === 0) throw none(700211, ` issuer '${issuer}'`);
  const bySubject = byIssuer.filter((one) => one.subject === subject);
  if (bySubject.length === 0) {
    const caseOnly = byIssuer.some((one) => one.subject.toLowerCase() === subject.toLowerCase());
    throw none(caseOnly ? 7002138 : 700213, ` subject '${subject}'`);
  }
  if (bySubject.some((one) => audiences.includes(one.audience))) return;
  throw none(700212, ` audience '${audiences.join(' ')}'`);
}

async function publishedKeys(
  issuer: string,
  options: { resolve: HostResolver; ca: string },
): Promise<JSONWebKeySet> {
  try {
    const document = await fetchJson(
      `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
      options,
    );
    const { issuer: published, jwks_uri } = document as { issuer?: unknown; jwks_uri?: unknown };
    if (published !== issuer) throw new Error('the discovery document names another issuer');
    if (typeof jwks_uri !== 'string') throw new Error('the discovery document has no jwks_uri');
    return (await fetchJson(jwks_uri, options)) as JSONWebKeySet;
  } catch (cause) {
    throw Object.assign(invalidClient(50166, 'Request to External OIDC endpoint failed.'), { cause });
  }
}
