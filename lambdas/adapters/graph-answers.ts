/** Graph's answers as the ports know them. */
import type {
  ApplicationOrigin,
  ObservedApplication,
  ObservedServicePrincipal,
} from '../../core/application.ts';
import { FactoryError } from '../../core/errors.ts';
import type { FederatedCredential } from '../../core/federated-credentials.ts';
import { appId, appObjectId, servicePrincipalId } from '../../core/ids.ts';

/** What an application, one of its credentials and a service principal are asked for. */
export const ORIGIN = '$select=id,appId,uniqueName,createdByAppId';
/** Graph expands one relationship of an object, and shows 20 at most; one owner is expected. */
export const OWNERS = '$expand=owners($select=id)';
export const APPLICATION = `${ORIGIN},signInAudience,identifierUris,api,passwordCredentials,keyCredentials`;
export const CREDENTIAL = '$select=name,issuer,subject,audiences,description';
export const PRINCIPAL = '$select=id,appId,accountEnabled';

/** What is read from an answer, or DirectoryRejected where it is not of the documented form. */
export function understood<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new FactoryError('DirectoryRejected', `${name}: the answer is not of the documented form`, {
      cause,
    });
  }
}

export function readOrigin(answer: unknown): ApplicationOrigin {
  const body = objectOf(answer);
  return {
    objectId: appObjectId(body.id),
    appId: appId(body.appId),
    uniqueName: textOrNull(body.uniqueName),
    createdByAppId: textOrNull(body.createdByAppId),
  };
}

export function readApplication(
  answer: unknown,
): Omit<ObservedApplication, 'ownerIds' | 'federatedCredentials'> {
  const body = objectOf(answer);
  return {
    ...readOrigin(body),
    signInAudience: textOrNull(body.signInAudience) ?? '',
    identifierUris: arrayOf(body.identifierUris).map(text),
    tokenVersion: numberOrNull(objectOf(body.api).requestedAccessTokenVersion),
    passwords: arrayOf(body.passwordCredentials).length,
    keys: arrayOf(body.keyCredentials).length,
  };
}

export function readPrincipal(answer: unknown): ObservedServicePrincipal {
  const body = objectOf(answer);
  if (typeof body.accountEnabled !== 'boolean') throw new TypeError('accountEnabled: expected a boolean');
  return { id: servicePrincipalId(body.id), appId: appId(body.appId), enabled: body.accountEnabled };
}

/** Previews have no subject but an expression; what is not of the usual form equals nothing that is wanted. */
export function readCredential(item: unknown): FederatedCredential {
  const { name, issuer, subject, audiences, description } = objectOf(item);
  return {
    name: text(name),
    issuer: textOrNull(issuer) ?? '',
    subject: textOrNull(subject) ?? '',
    audience: arrayOf(audiences).map(text).join(' '),
    description: textOrNull(description),
  };
}

export const ownersOf = (answer: unknown): string[] =>
  pageOf(answer, 'owners').map((item) => text(objectOf(item).id));

/** A second page would mean that not all were seen: Graph shows 20 owners, and 20 federated credentials may exist. */
export function pageOf(
  answer: unknown,
  list: 'owners' | 'value' | 'federatedIdentityCredentials',
): unknown[] {
  const body = objectOf(answer);
  const next = list === 'value' ? '@odata.nextLink' : `${list}@odata.nextLink`;
  if (body[next] !== undefined) throw new TypeError('expected one page');
  return arrayOf(body[list]);
}

export function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new TypeError('expected an object');
}

function arrayOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('expected an array');
}

export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('expected text');
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);
