/** The directory port on Microsoft Graph v1.0. */
import type { TokenCredential } from '@azure/identity';
import {
  Client,
  type GraphRequest,
  HTTPMessageHandler,
  TelemetryHandler,
} from '@microsoft/microsoft-graph-client';
import type {
  DesiredApplication,
  ObservedApplication,
  ObservedServicePrincipal,
} from '../../core/application.ts';
import { FactoryError, isFactoryError } from '../../core/errors.ts';
import { appId, appObjectId, type ServicePrincipalId, servicePrincipalId } from '../../core/ids.ts';
import type { Clock, Directory } from '../ports.ts';
import {
  factoryError,
  type GraphFailure,
  isAbsent,
  isPrincipalTaken,
  isUniqueNameTaken,
  readFailure,
} from './graph-errors.ts';

export interface GraphDirectoryOptions {
  /** `https://graph.microsoft.com`, without version. */
  readonly graphEndpoint: string;
  /** `forget`: when Graph refuses the caller, one new token is tried, since rights granted meanwhile are in no old one. */
  readonly credential: TokenCredential & { forget?(): void };
  readonly clock: Clock;
  /** The factory's own service principal: owner of everything that it makes. */
  readonly ownerId: ServicePrincipalId;
  /** A call is tried again for this long, in the function; the minutes are the workflow's. */
  readonly patienceSeconds: number;
}

const FIRST_PAUSE_MS = 250;
const REQUEST_TIMEOUT_MS = 10_000;

const APPLICATION_PROPERTIES = [
  'id',
  'appId',
  'uniqueName',
  'createdByAppId',
  'signInAudience',
  'identifierUris',
  'api',
  'passwordCredentials',
  'keyCredentials',
];
const PRINCIPAL_PROPERTIES = ['id', 'appId', 'accountEnabled'];

export function graphDirectory({
  graphEndpoint,
  credential,
  clock,
  ownerId,
  patienceSeconds,
}: GraphDirectoryOptions): Directory {
  const { protocol, host, hostname } = new URL(graphEndpoint);
  // The client sends no Authorization, silently, where the endpoint is not https.
  if (protocol !== 'https:') throw new FactoryError('InvalidSettings', 'the Graph endpoint must be https');
  const scope = `https://${host}/.default`;
  const ownerReference = `https://${host}/v1.0/directoryObjects/${ownerId}`;
  // Without the client's retry handler: it waits in real time, and on top of the pauses here and in the workflow.
  const telemetry = new TelemetryHandler();
  telemetry.setNext(new HTTPMessageHandler());
  const client = Client.initWithMiddleware({
    baseUrl: `https://${host}`,
    customHosts: new Set([hostname]),
    middleware: telemetry,
    fetchOptions: { redirect: 'error' },
  });

  /** `accept`: failures that are an answer; undefined is returned for them. */
  async function call(
    name: string,
    path: string,
    send: (request: GraphRequest) => Promise<unknown>,
    accept: (failure: GraphFailure) => boolean = () => false,
  ): Promise<unknown> {
    const deadline = clock.now() + patienceSeconds * 1000;
    let renewed = credential.forget === undefined;
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      const failed = await attempt(path, send);
      if ('answer' in failed) return failed.answer;
      const { failure } = failed;
      if (failure && accept(failure)) return undefined;
      const error = failure ? factoryError(name, failure) : failed.error;
      if (!renewed && isFactoryError(error, 'DirectoryForbidden')) {
        renewed = true;
        credential.forget?.();
        continue;
      }
      // Full jitter: many roles are created at once. Never sooner than Graph asks for.
      const wait = Math.max(failure?.retryAfterMs ?? 0, pause * Math.random());
      if (!isFactoryError(error) || !error.retryable || clock.now() + wait > deadline) throw error;
      await clock.sleep(wait);
    }
  }

  type Attempt = { answer: unknown } | { failure?: GraphFailure; error?: unknown };

  async function attempt(path: string, send: (request: GraphRequest) => Promise<unknown>): Promise<Attempt> {
    // Before the request, and not in its middleware, which would wrap the failure of a login beyond recognition.
    const token = await credential.getToken(scope).catch((error: unknown) => ({ error }));
    if (token === null) return { error: new FactoryError('DirectoryLoginFailed') };
    if ('error' in token) return token;
    const request = client
      .api(path)
      .header('Authorization', `Bearer ${token.token}`)
      .option('signal', AbortSignal.timeout(REQUEST_TIMEOUT_MS));
    try {
      return { answer: await send(request) };
    } catch (error) {
      return { failure: readFailure(error) };
    }
  }

  async function list(name: string, path: string): Promise<string[]> {
    const answer = await call(name, path, (request) => request.select('id').get());
    return understood(name, () => idsOf(answer));
  }

  /** With owners and federated credentials, which Graph keeps apart. */
  async function completed(name: string, answer: unknown): Promise<ObservedApplication | undefined> {
    if (answer === undefined) return undefined;
    const bare = understood(name, () => readApplication(answer));
    const path = `/applications/${bare.objectId}`;
    const [ownerIds, credentials] = await Promise.all([
      list('GET /applications/{id}/owners', `${path}/owners`),
      list('GET /applications/{id}/federatedIdentityCredentials', `${path}/federatedIdentityCredentials`),
    ]);
    return { ...bare, ownerIds, federatedCredentials: credentials.length };
  }

  async function remove(name: string, path: string): Promise<void> {
    await call(name, path, (request) => request.delete(), isAbsent);
  }

  return {
    async createApplication(desired) {
      const name = 'POST /applications';
      const body = { ...applicationBody(desired), 'owners@odata.bind': [ownerReference] };
      const answer = await call(name, '/applications', (request) => request.post(body), isUniqueNameTaken);
      if (answer === undefined) return undefined;
      // Bound above, and new: neither needs another look.
      return {
        ...understood(name, () => readApplication(answer)),
        ownerIds: [desired.ownerId],
        federatedCredentials: 0,
      };
    },

    async applicationByName(uniqueName) {
      const name = 'GET /applications(uniqueName)';
      const path = `/applications(uniqueName='${literal(uniqueName)}')`;
      return completed(
        name,
        await call(name, path, (request) => request.select(APPLICATION_PROPERTIES).get(), isAbsent),
      );
    },

    async application(objectId) {
      const name = 'GET /applications/{id}';
      const path = `/applications/${objectId}`;
      return completed(
        name,
        await call(name, path, (request) => request.select(APPLICATION_PROPERTIES).get(), isAbsent),
      );
    },

    async setIdentifierUris(objectId, uris) {
      const path = `/applications/${objectId}`;
      await call('PATCH /applications/{id}', path, (request) => request.patch({ identifierUris: uris }));
    },

    async createServicePrincipal(ofApp) {
      const name = 'POST /servicePrincipals';
      // HideApp keeps it out of the portal where users find their applications.
      const body = { appId: ofApp, tags: ['HideApp'], 'owners@odata.bind': [ownerReference] };
      const answer = await call(
        name,
        '/servicePrincipals',
        (request) => request.post(body),
        isPrincipalTaken,
      );
      if (answer === undefined) return undefined;
      return { ...understood(name, () => readPrincipal(answer)), ownerIds: [ownerId] };
    },

    async servicePrincipal(ofApp) {
      const name = 'GET /servicePrincipals(appId)';
      const path = `/servicePrincipals(appId='${ofApp}')`;
      const answer = await call(
        name,
        path,
        (request) => request.select(PRINCIPAL_PROPERTIES).get(),
        isAbsent,
      );
      if (answer === undefined) return undefined;
      const bare = understood(name, () => readPrincipal(answer));
      const owners = await list('GET /servicePrincipals/{id}/owners', `/servicePrincipals/${bare.id}/owners`);
      return { ...bare, ownerIds: owners };
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

function readApplication(answer: unknown): Omit<ObservedApplication, 'ownerIds' | 'federatedCredentials'> {
  const body = objectOf(answer);
  return {
    objectId: appObjectId(body.id),
    appId: appId(body.appId),
    uniqueName: textOrNull(body.uniqueName),
    createdByAppId: textOrNull(body.createdByAppId),
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

/** Owners (100) and federated credentials (20) fit one page; a second one means that not all were seen. */
function idsOf(answer: unknown): string[] {
  const body = objectOf(answer);
  if (body['@odata.nextLink'] !== undefined) throw new TypeError('expected one page');
  return arrayOf(body.value).map((item) => text(objectOf(item).id));
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
