/** The directory port on Microsoft Graph v1.0. */
import type {
  ApplicationOrigin,
  DesiredApplication,
  ObservedApplication,
  ObservedServicePrincipal,
} from '../../core/application.ts';
import { FactoryError, isFactoryError } from '../../core/errors.ts';
import { appId, appObjectId, type ServicePrincipalId, servicePrincipalId } from '../../core/ids.ts';
import { inParallel } from '../in-parallel.ts';
import type { Clock, Directory } from '../ports.ts';
import type { EntraCredential } from './entra-login.ts';
import {
  factoryError,
  type GraphFailure,
  isAbsent,
  isPrincipalTaken,
  isUniqueNameTaken,
  noAnswer,
  readFailure,
} from './graph-errors.ts';
import { type HttpsRequest, sendHttps } from './https.ts';

export interface GraphDirectoryOptions {
  /** `https://graph.microsoft.com`, without version. */
  readonly graphEndpoint: string;
  readonly credential: EntraCredential;
  readonly clock: Clock;
  /** The factory's own service principal: owner of everything that it makes. */
  readonly ownerId: ServicePrincipalId;
  /** A call is tried again for this long, in the function; the minutes are the workflow's. */
  readonly patienceSeconds: number;
}

/** A call as Graph's documentation names it: the method, and the path with names in place of ids. */
type Name = `${HttpsRequest['method']} ${string}`;

const FIRST_PAUSE_MS = 250;

const ORIGIN = '$select=id,appId,uniqueName,createdByAppId';
/** Graph expands one relationship of an object, and shows 20 at most; one owner is expected. */
const OWNERS = '$expand=owners($select=id)';
const APPLICATION = `${ORIGIN},signInAudience,identifierUris,api,passwordCredentials,keyCredentials&${OWNERS}`;
const PRINCIPAL = `$select=id,appId,accountEnabled&${OWNERS}`;

export function graphDirectory(options: GraphDirectoryOptions): Directory {
  const { graphEndpoint, credential, clock, ownerId, patienceSeconds } = options;
  const root = `${graphEndpoint}/v1.0`;
  const ownerReference = `${root}/directoryObjects/${ownerId}`;

  /** `accept`: failures that are an answer; undefined is returned for them. */
  async function call(
    name: Name,
    path: string,
    { json, accept }: { json?: object; accept?: (failure: GraphFailure) => boolean } = {},
  ): Promise<unknown> {
    const deadline = clock.now() + patienceSeconds * 1000;
    let renewed = false;
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      const attempted = await attempt(name, path, json);
      if ('body' in attempted) return attempted.body;
      const { failure, error } = attempted;
      if (failure && accept?.(failure)) return undefined;
      // Rights that were granted meanwhile are in no old token.
      if (!renewed && isFactoryError(error, 'DirectoryForbidden')) {
        renewed = true;
        credential.forget();
        continue;
      }
      // Full jitter: many roles are created at once. Never sooner than Graph asks for.
      const wait = Math.max(failure?.retryAfterMs ?? 0, pause * Math.random());
      if (!isFactoryError(error) || !error.retryable || clock.now() + wait > deadline) throw error;
      await clock.sleep(wait);
    }
  }

  type Attempt = { readonly body: unknown } | { readonly failure?: GraphFailure; readonly error: unknown };

  async function attempt(name: Name, path: string, json: object | undefined): Promise<Attempt> {
    try {
      const token = await credential.getToken();
      const answer = await sendHttps(root + path, {
        method: name.split(' ')[0] as HttpsRequest['method'],
        headers: {
          authorization: `Bearer ${token}`,
          ...(json && { 'content-type': 'application/json' }),
        },
        ...(json && { body: JSON.stringify(json) }),
      });
      if (answer.status < 300) return { body: answer.body };
      return failed(name, readFailure(answer));
    } catch (error) {
      // Of the login; everything else is that no answer came.
      return isFactoryError(error) ? { error } : failed(name, noAnswer(error));
    }
  }

  const failed = (name: Name, failure: GraphFailure): Attempt => ({
    failure,
    error: factoryError(name, failure),
  });

  const remove = async (name: Name, path: string): Promise<void> => {
    await call(name, path, { accept: isAbsent });
  };

  return {
    async createApplication(desired) {
      const name = 'POST /applications';
      const json = { ...applicationBody(desired), 'owners@odata.bind': [ownerReference] };
      const answer = await call(name, '/applications', { json, accept: isUniqueNameTaken });
      if (answer === undefined) return undefined;
      // Bound above, and new: neither needs another look.
      return {
        ...understood(name, () => readApplication(answer)),
        ownerIds: [desired.ownerId],
        federatedCredentials: 0,
      };
    },

    async originOf(key) {
      const [name, path]: [Name, string] =
        'uniqueName' in key
          ? ['GET /applications(uniqueName)', `/applications(uniqueName='${literal(key.uniqueName)}')`]
          : ['GET /applications/{id}', `/applications/${key.objectId}`];
      const answer = await call(name, `${path}?${ORIGIN}`, { accept: isAbsent });
      return answer === undefined ? undefined : understood(name, () => readOrigin(answer));
    },

    async application(objectId) {
      const name = 'GET /applications/{id}';
      const nameOfList = 'GET /applications/{id}/federatedIdentityCredentials';
      const path = `/applications/${objectId}`;
      const [answer, list] = await inParallel(
        call(name, `${path}?${APPLICATION}`, { accept: isAbsent }),
        call(nameOfList, `${path}/federatedIdentityCredentials?$select=id`, { accept: isAbsent }),
      );
      if (answer === undefined) return undefined;
      if (list === undefined) throw new FactoryError('NotReplicated', `${nameOfList}: 404`);
      return {
        ...understood(name, () => ({ ...readApplication(answer), ownerIds: ownersOf(answer) })),
        federatedCredentials: understood(nameOfList, () => idsOf(list, 'value').length),
      };
    },

    async setIdentifierUris(objectId, uris) {
      await call('PATCH /applications/{id}', `/applications/${objectId}`, { json: { identifierUris: uris } });
    },

    async createServicePrincipal(ofApp) {
      const name = 'POST /servicePrincipals';
      // HideApp keeps it out of the portal where users find their applications.
      const json = { appId: ofApp, tags: ['HideApp'], 'owners@odata.bind': [ownerReference] };
      const answer = await call(name, '/servicePrincipals', { json, accept: isPrincipalTaken });
      if (answer === undefined) return undefined;
      return { ...understood(name, () => readPrincipal(answer)), ownerIds: [ownerId] };
    },

    async servicePrincipal(ofApp) {
      const name = 'GET /servicePrincipals(appId)';
      const path = `/servicePrincipals(appId='${ofApp}')?${PRINCIPAL}`;
      const answer = await call(name, path, { accept: isAbsent });
      if (answer === undefined) return undefined;
      return understood(name, () => ({ ...readPrincipal(answer), ownerIds: ownersOf(answer) }));
    },

    deleteServicePrincipal: (id) => remove('DELETE /servicePrincipals/{id}', `/servicePrincipals/${id}`),
    deleteApplication: (objectId) => remove('DELETE /applications/{id}', `/applications/${objectId}`),
    purge: (objectId) => remove('DELETE /directory/deletedItems/{id}', `/directory/deletedItems/${objectId}`),
  };
}

/** The application as wanted; the identifier URI follows, since it holds the id that Graph gives. */
function applicationBody(desired: DesiredApplication): object {
  const { uniqueName, displayName, notes, tags, signInAudience, tokenVersion } = desired;
  return {
    uniqueName,
    displayName,
    notes,
    tags,
    signInAudience,
    api: { requestedAccessTokenVersion: tokenVersion },
  };
}

/** Inside an OData literal a quote is doubled. */
const literal = (value: string): string => encodeURIComponent(value.replaceAll("'", "''"));

/** What is read from an answer, or DirectoryRejected where it is not of the documented form. */
function understood<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new FactoryError('DirectoryRejected', `${name}: the answer is not of the documented form`, {
      cause,
    });
  }
}

function readOrigin(answer: unknown): ApplicationOrigin {
  const body = objectOf(answer);
  return {
    objectId: appObjectId(body.id),
    appId: appId(body.appId),
    uniqueName: textOrNull(body.uniqueName),
    createdByAppId: textOrNull(body.createdByAppId),
  };
}

function readApplication(answer: unknown): Omit<ObservedApplication, 'ownerIds' | 'federatedCredentials'> {
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

function readPrincipal(answer: unknown): ObservedServicePrincipal {
  const body = objectOf(answer);
  if (typeof body.accountEnabled !== 'boolean') throw new TypeError('accountEnabled: expected a boolean');
  return { id: servicePrincipalId(body.id), appId: appId(body.appId), enabled: body.accountEnabled };
}

const ownersOf = (answer: unknown): string[] => idsOf(answer, 'owners');

/** A second page would mean that not all were seen: Graph shows 20 owners, and 20 federated credentials may exist. */
function idsOf(answer: unknown, list: 'owners' | 'value'): string[] {
  const body = objectOf(answer);
  const next = list === 'value' ? '@odata.nextLink' : `${list}@odata.nextLink`;
  if (body[next] !== undefined) throw new TypeError('expected one page');
  return arrayOf(body[list]).map((item) => text(objectOf(item).id));
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new TypeError('expected an object');
}

function arrayOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('expected an array');
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('expected text');
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);
