/** `/directory/deletedItems`: soft-deleted objects, for 30 days. */
import {
  assertMayManage,
  assertMayManagePrincipal,
  assertMayReadDeleted,
  type GraphCaller,
} from './graph-access.ts';
import { GraphFault, notFound } from './graph-fault.ts';
import {
  entity,
  type GraphAnswer,
  type GraphRequest,
  type GraphRoutes,
  NO_CONTENT,
  page,
} from './graph-request.ts';
import { applicationView, servicePrincipalView } from './graph-views.ts';
import type { Application, ServicePrincipal } from './objects.ts';
import { parseQuery, project } from './odata.ts';

export const deletedItemRoutes: GraphRoutes = {
  'GET /directory/deletedItems/microsoft.graph.application': (request) => list(request, 'application'),
  'GET /directory/deletedItems/microsoft.graph.servicePrincipal': (request) =>
    list(request, 'servicePrincipal'),

  'GET /directory/deletedItems/*': (request) => {
    assertMayReadDeleted(request.caller);
    const { select } = parseQuery(request.parameters, ['$select']);
    const object = deleted(request);
    return entity(request, 'directoryObjects', project(view(request, object), select, typeOf(object)));
  },

  'POST /directory/deletedItems/*/restore': (request) => {
    const object = deleted(request);
    assertMayManageDeleted(request, request.caller, object);
    if (!isApplication(object) && request.directory.servicePrincipal({ by: 'appId', value: object.appId })) {
      throw new GraphFault(
        409,
        'Request_MultipleObjectsWithSameKeyValue',
        `The service principal cannot be created, updated, or restored because the service principal name ${object.appId} is already in use.`,
      );
    }
    if (isApplication(object)) request.directory.assertIdentifierUrisFree(object.identifierUris, object);
    request.directory.restore(object);
    return entity(request, 'directoryObjects', view(request, object));
  },

  'DELETE /directory/deletedItems/*': (request) => {
    const object = deleted(request);
    assertMayManageDeleted(request, request.caller, object);
    request.directory.purge(object);
    return NO_CONTENT;
  },
};

const isApplication = (object: Application | ServicePrincipal): object is Application =>
  'passwords' in object;
const typeOf = (object: Application | ServicePrincipal): 'application' | 'servicePrincipal' =>
  isApplication(object) ? 'application' : 'servicePrincipal';

const view = (
  { directory }: GraphRequest,
  object: Application | ServicePrincipal,
): Record<string, unknown> => ({
  '@odata.type': `#microsoft.graph.${typeOf(object)}`,
  ...(isApplication(object) ? applicationView(object) : servicePrincipalView(object, directory)),
});

function deleted({ directory, segments }: GraphRequest): Application | ServicePrincipal {
  const [id = ''] = segments;
  const object = directory.deleted().find((one) => one.id === id.toLowerCase());
  if (!object) throw notFound(id);
  return object;
}

function list(request: GraphRequest, type: 'application' | 'servicePrincipal'): GraphAnswer {
  assertMayReadDeleted(request.caller);
  const query = parseQuery(request.parameters, ['$select', '$top']);
  const objects = request.directory.deleted().filter((one) => typeOf(one) === type);
  const views = objects.map((one) => view(request, one));
  return page(request, `directory/deletedItems/microsoft.graph.${type}`, views, query, type);
}

function assertMayManageDeleted(
  { directory }: GraphRequest,
  caller: GraphCaller,
  object: Application | ServicePrincipal,
): void {
  if (isApplication(object)) {
    assertMayManage(caller, object);
  } else {
    const application = directory.existingApplication({ by: 'appId', value: object.appId });
    assertMayManagePrincipal(caller, object, application);
  }
}
