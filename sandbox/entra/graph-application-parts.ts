/** What hangs on an application: passwords, federated identity credentials, owners. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { assertMayChangeOwners, assertMayManage, assertMayRead } from './graph-access.ts';
import { badRequest, GraphFault, notFound } from './graph-fault.ts';
import { clearable, dateTime, listOf, pattern, readBody, record, text } from './graph-input.ts';
import {
  entity,
  type GraphRequest,
  type GraphRoutes,
  NO_CONTENT,
  ownerViews,
  page,
  referenced,
  visibleApplication,
} from './graph-request.ts';
import { federatedView, passwordView } from './graph-views.ts';
import type { Application, FederatedCredential, Password } from './objects.ts';
import { parseQuery, project } from './odata.ts';

const YEAR_MS = 365 * 86_400_000;
/** Microsoft: 20 federated credentials, 100 owners for each application. */
const MAX_FEDERATED = 20;
const MAX_OWNERS = 100;

const PASSWORD = { displayName: clearable(text(256)), startDateTime: dateTime, endDateTime: dateTime };
const FEDERATED_CHANGE = {
  issuer: text(600),
  subject: text(600),
  audiences: listOf(text(600), 1),
  description: clearable(text(600, 0)),
};
const FEDERATED = { ...FEDERATED_CHANGE, name: pattern(/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/) };

export const applicationPartRoutes: GraphRoutes = {
  'POST /applications/{id}/addPassword': (request) => {
    const application = managed(request);
    const { passwordCredential = {} } = readBody(request.body ?? {}, { passwordCredential: record });
    const { password, secret } = newPassword(readBody(passwordCredential, PASSWORD));
    application.passwords.push(password);
    const view = { ...passwordView(password), secretText: secret };
    return {
      status: 200,
      body: { '@odata.context': `${request.base}/$metadata#microsoft.graph.passwordCredential`, ...view },
    };
  },

  'POST /applications/{id}/removePassword': (request) => {
    const application = managed(request);
    const { keyId } = readBody(request.body, { keyId: text(36) });
    const left = application.passwords.filter((one) => one.keyId !== keyId);
    if (left.length === application.passwords.length) {
      throw badRequest(`No password credential found with keyId ${keyId}.`);
    }
    application.passwords = left;
    return NO_CONTENT;
  },

  'GET /applications/{id}/federatedIdentityCredentials': (request) => {
    const { application, set } = readable(request, 'federatedIdentityCredentials');
    const query = parseQuery(request.parameters, ['$select', '$top']);
    const views = application.federated.filter(request.directory.isVisible).map(federatedView);
    return page(request, set, views, query, 'federatedIdentityCredential');
  },

  'POST /applications/{id}/federatedIdentityCredentials': (request) => {
    const application = managed(request);
    const body = readBody(request.body, FEDERATED);
    const { name, issuer, subject, audiences } = body;
    const audience = audiences?.[0];
    if (!name || !issuer || !subject || !audience) {
      throw badRequest('name, issuer, subject and one audience are required.');
    }
    const credential = addFederatedCredential(application, {
      name,
      issuer,
      subject,
      audience,
      description: body.description ?? null,
      visibleAt: request.directory.visibleFromNow(),
    });
    return entity(request, 'federatedIdentityCredentials', federatedView(credential), 201);
  },

  'GET /applications/{id}/federatedIdentityCredentials/*': (request) => {
    const { application, set } = readable(request, 'federatedIdentityCredentials');
    const { select } = parseQuery(request.parameters, ['$select']);
    const view = federatedView(credentialOf(request, application));
    return entity(request, set, project(view, select, 'federatedIdentityCredential'));
  },

  'PATCH /applications/{id}/federatedIdentityCredentials/*': (request) => {
    const application = managed(request);
    const credential = credentialOf(request, application);
    const { audiences, ...rest } = readBody(request.body, FEDERATED_CHANGE);
    const changed = { ...credential, ...rest };
    assertPairFree(application, changed, credential);
    Object.assign(credential, rest, audiences?.[0] !== undefined && { audience: audiences[0] });
    return NO_CONTENT;
  },

  'DELETE /applications/{id}/federatedIdentityCredentials/*': (request) => {
    const application = managed(request);
    const credential = credentialOf(request, application);
    application.federated = application.federated.filter((one) => one !== credential);
    return NO_CONTENT;
  },

  'GET /applications/{id}/owners': (request) => {
    const { application, set } = readable(request, 'owners');
    const query = parseQuery(request.parameters, ['$select', '$top']);
    return page(request, set, ownerViews(request.directory, application.owners), query, 'directoryObject');
  },

  'POST /applications/{id}/owners/$ref': (request) => {
    assertMayChangeOwners(request.caller);
    const application = visibleApplication(request);
    const { '@odata.id': reference } = readBody(request.body, { '@odata.id': text(1024) });
    const [id = ''] = referenced(request.directory, reference === undefined ? [''] : [reference]);
    if (application.owners.has(id)) {
      throw badRequest(
        "One or more added object references already exist for the following modified properties: 'owners'.",
      );
    }
    if (application.owners.size >= MAX_OWNERS) throw badRequest('The application has too many owners.');
    application.owners.add(id);
    return NO_CONTENT;
  },

  'DELETE /applications/{id}/owners/*/$ref': (request) => {
    assertMayChangeOwners(request.caller);
    const application = visibleApplication(request);
    const [id = ''] = request.segments;
    if (!application.owners.delete(id)) throw notFound(id);
    return NO_CONTENT;
  },
};

function managed(request: GraphRequest): Application {
  const application = visibleApplication(request);
  assertMayManage(request.caller, application);
  return application;
}

function readable(request: GraphRequest, part: string): { application: Application; set: string } {
  assertMayRead(request.caller);
  const application = visibleApplication(request);
  return { application, set: `applications/${application.id}/${part}` };
}

/** By id, or by name, which is an alternate key. */
function credentialOf({ segments, directory }: GraphRequest, application: Application): FederatedCredential {
  const [id = ''] = segments;
  const found = application.federated
    .filter(directory.isVisible)
    .find((one) => one.id === id || one.name === id);
  if (!found) throw notFound(id);
  return found;
}

/** A new secret, which is random, and what the directory keeps of it. */
export function newPassword(wanted: {
  displayName?: string | null;
  startDateTime?: number;
  endDateTime?: number;
}): { password: Password; secret: string } {
  const secret = `sbx~${randomBytes(27).toString('base64url')}`;
  const startsAt = wanted.startDateTime ?? Date.now();
  const password: Password = {
    keyId: randomUUID(),
    displayName: wanted.displayName ?? null,
    hint: secret.slice(0, 3),
    digest: createHash('sha256').update(secret).digest(),
    startsAt,
    endsAt: wanted.endDateTime ?? startsAt + 2 * YEAR_MS,
  };
  return { password, secret };
}

export function addFederatedCredential(
  application: Application,
  wanted: Omit<FederatedCredential, 'id'>,
): FederatedCredential {
  if (application.federated.length >= MAX_FEDERATED) {
    throw badRequest(`The application already has ${MAX_FEDERATED} federated identity credentials.`);
  }
  if (application.federated.some(({ name }) => name === wanted.name)) {
    throw new GraphFault(
      409,
      'Request_MultipleObjectsWithSameKeyValue',
      `FederatedIdentityCredential with name ${wanted.name} already exists.`,
    );
  }
  assertPairFree(application, wanted);
  const credential = { id: randomUUID(), ...wanted };
  application.federated.push(credential);
  return credential;
}

function assertPairFree(
  application: Application,
  wanted: { issuer: string; subject: string },
  except?: FederatedCredential,
): void {
  const taken = application.federated.some(
    (one) => one !== except && one.issuer === wanted.issuer && one.subject === wanted.subject,
  );
  if (taken) throw badRequest('A credential with the same issuer and subject already exists.');
}
