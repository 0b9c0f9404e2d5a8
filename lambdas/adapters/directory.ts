/** The directory port on Microsoft Graph v1.0. */
import type { DesiredApplication } from '../../core/application.ts';
import { FactoryError } from '../../core/errors.ts';
import type { ServicePrincipalId } from '../../core/ids.ts';
import { inParallel } from '../in-parallel.ts';
import type { Directory } from '../ports.ts';
import {
  APPLICATION,
  CREDENTIAL,
  ORIGIN,
  OWNERS,
  ownersOf,
  PRINCIPAL,
  pageOf,
  readApplication,
  readCredential,
  readOrigin,
  readPrincipal,
  understood,
} from './graph-answers.ts';
import { type GraphClientOptions, graphClient, graphRoot, type Name } from './graph-client.ts';
import { isAbsent, isCredentialNameTaken, isPrincipalTaken, isUniqueNameTaken } from './graph-errors.ts';

export interface GraphDirectoryOptions extends GraphClientOptions {
  /** The factory's own service principal: owner of everything that it makes. */
  readonly ownerId: ServicePrincipalId;
}

export function graphDirectory(options: GraphDirectoryOptions): Directory {
  const call = graphClient(options);
  const { ownerId } = options;
  const ownerReference = `${graphRoot(options)}/directoryObjects/${ownerId}`;

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
        federatedCredentials: [],
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
        call(name, `${path}?${APPLICATION}&${OWNERS}`, { accept: isAbsent }),
        call(nameOfList, `${path}/federatedIdentityCredentials?${CREDENTIAL}`, { accept: isAbsent }),
      );
      if (answer === undefined) return undefined;
      if (list === undefined) throw new FactoryError('NotReplicated', `${nameOfList}: 404`);
      return {
        ...understood(name, () => ({ ...readApplication(answer), ownerIds: ownersOf(answer) })),
        federatedCredentials: understood(nameOfList, () => pageOf(list, 'value').map(readCredential)),
      };
    },

    async setIdentifierUris(objectId, uris) {
      await call('PATCH /applications/{id}', `/applications/${objectId}`, { json: { identifierUris: uris } });
    },

    async createFederatedCredential(objectId, { audience, ...credential }) {
      const path = `/applications/${objectId}/federatedIdentityCredentials`;
      const json = { ...credential, audiences: [audience] };
      const accept = isCredentialNameTaken;
      await call('POST /applications/{id}/federatedIdentityCredentials', path, { json, accept });
    },

    deleteFederatedCredential: (objectId, name) =>
      remove(
        'DELETE /applications/{id}/federatedIdentityCredentials/{name}',
        `/applications/${objectId}/federatedIdentityCredentials/${name}`,
      ),

    async createServicePrincipal(ofApp) {
      const name = 'POST /servicePrincipals';
      // It takes over the application's tags: HideApp keeps it out of users' portals, and lists find it by its account.
      const json = { appId: ofApp, 'owners@odata.bind': [ownerReference] };
      const answer = await call(name, '/servicePrincipals', { json, accept: isPrincipalTaken });
      if (answer === undefined) return undefined;
      return { ...understood(name, () => readPrincipal(answer)), ownerIds: [ownerId] };
    },

    async servicePrincipal(ofApp) {
      const name = 'GET /servicePrincipals(appId)';
      const path = `/servicePrincipals(appId='${ofApp}')?${PRINCIPAL}&${OWNERS}`;
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
