/** `/servicePrincipals`, with the role assignments on them. */
import {
  assertMayAssignRoles,
  assertMayCreate,
  assertMayManagePrincipal,
  assertMayRead,
  isUnlimited,
} from './graph-access.ts';
import { assertQuota, by } from './graph-applications.ts';
import { badRequest, forbidden, GraphFault, notFound } from './graph-fault.ts';
import { clearable, flag, listOf, readBody, text } from './graph-input.ts';
import {
  entity,
  expandedOwners,
  type GraphAnswer,
  type GraphRequest,
  type GraphRoutes,
  NO_CONTENT,
  objectPage,
  ownerViews,
  page,
  referenced,
  visiblePrincipal,
} from './graph-request.ts';
import { assignmentView, servicePrincipalView } from './graph-views.ts';
import type { Application, ServicePrincipal } from './objects.ts';
import { parseQuery, project } from './odata.ts';

const UPDATABLE = {
  accountEnabled: flag,
  appRoleAssignmentRequired: flag,
  notes: clearable(text(1024, 0)),
  tags: listOf(text(256), 100),
};
const CREATABLE = { ...UPDATABLE, appId: text(36), 'owners@odata.bind': listOf(text(1024), 20) };
const ASSIGNMENT = { principalId: text(36), resourceId: text(36), appRoleId: text(36) };
/** The role of a resource that declares none. */
const DEFAULT_ROLE = '00000000-0000-0000-0000-000000000000';

export const servicePrincipalRoutes: GraphRoutes = {
  'GET /servicePrincipals': (request) => {
    assertMayRead(request.caller);
    const query = parseQuery(request.parameters, ['$select', '$filter', '$expand', '$top']);
    const fits = by(query.filter, ['tags']);
    const viewed = (one: ServicePrincipal) => view(request, one);
    const found = request.directory.servicePrincipals().filter((one) => fits(viewed(one)));
    return objectPage(request, 'servicePrincipals', found, query, 'servicePrincipal', viewed);
  },

  'POST /servicePrincipals': (request) => {
    const { 'owners@odata.bind': references = [], ...wanted } = readBody(request.body, CREATABLE);
    if (wanted.appId === undefined) throw badRequest('Property appId is required.');
    return create(request, { ...wanted, appId: wanted.appId }, references);
  },

  'GET /servicePrincipals/{id}': (request) => {
    assertMayRead(request.caller);
    const { select, expand } = parseQuery(request.parameters, ['$select', '$expand']);
    const principal = visiblePrincipal(request);
    const shown = project(view(request, principal), select, 'servicePrincipal');
    const owners = expandedOwners(request.directory, principal.owners, expand);
    return entity(request, 'servicePrincipals', { ...shown, ...owners });
  },

  'PATCH /servicePrincipals/{id}': (request) => {
    const wanted = readBody(request.body, UPDATABLE);
    if (request.key.by === 'appId' && request.upsert && !request.directory.servicePrincipal(request.key)) {
      return create(request, { ...wanted, appId: request.key.value }, []);
    }
    Object.assign(managed(request), wanted);
    return NO_CONTENT;
  },

  'DELETE /servicePrincipals/{id}': (request) => {
    request.directory.softDelete(managed(request));
    return NO_CONTENT;
  },

  'GET /servicePrincipals/{id}/owners': (request) => {
    assertMayRead(request.caller);
    const principal = visiblePrincipal(request);
    const query = parseQuery(request.parameters, ['$select', '$top']);
    const owners = ownerViews(request.directory, principal.owners);
    return page(request, `servicePrincipals/${principal.id}/owners`, owners, query, 'directoryObject');
  },

  'GET /servicePrincipals/{id}/ownedObjects': (request) => {
    assertMayRead(request.caller);
    const { id } = visiblePrincipal(request);
    const query = parseQuery(request.parameters, ['$select', '$top']);
    const owned = [...request.directory.applications(), ...request.directory.servicePrincipals()]
      .filter((one) => one.owners.has(id))
      .map((one) => ({
        '@odata.type': `#microsoft.graph.${'passwords' in one ? 'application' : 'servicePrincipal'}`,
        id: one.id,
        appId: one.appId,
        displayName: one.displayName,
      }));
    return page(request, `servicePrincipals/${id}/ownedObjects`, owned, query, 'directoryObject');
  },

  'GET /servicePrincipals/{id}/appRoleAssignedTo': (request) => assignments(request, 'resourceId'),
  'GET /servicePrincipals/{id}/appRoleAssignments': (request) => assignments(request, 'principalId'),
  'POST /servicePrincipals/{id}/appRoleAssignedTo': (request) => assign(request, 'resourceId'),
  'POST /servicePrincipals/{id}/appRoleAssignments': (request) => assign(request, 'principalId'),
  'DELETE /servicePrincipals/{id}/appRoleAssignedTo/*': (request) => unassign(request, 'resourceId'),
  'DELETE /servicePrincipals/{id}/appRoleAssignments/*': (request) => unassign(request, 'principalId'),
};

const view = ({ directory }: GraphRequest, principal: ServicePrincipal): Record<string, unknown> =>
  servicePrincipalView(principal, directory);

function managed(request: GraphRequest): ServicePrincipal {
  const principal = visiblePrincipal(request);
  const application = request.directory.existingApplication({ by: 'appId', value: principal.appId });
  assertMayManagePrincipal(request.caller, principal, application);
  return principal;
}

/** Owned by those who are bound, and nobody else: that its creator becomes an owner is not documented. */
function create(
  request: GraphRequest,
  wanted: { appId: string } & Partial<ServicePrincipal>,
  references: readonly string[],
): GraphAnswer {
  const { directory, caller } = request;
  assertMayCreate(caller);
  const application = directory.existingApplication({ by: 'appId', value: wanted.appId });
  if (!application || !directory.isVisible(application))
    throw notReplicated(request, wanted.appId, application);
  if (!isUnlimited(caller) && !application.owners.has(caller.servicePrincipalId)) throw forbidden();
  assertQuota(directory, caller);
  const principal = directory.addServicePrincipal({
    // Entra copies the application's tags where the request names none.
    tags: [...application.tags],
    ...wanted,
    appId: application.appId,
    displayName: application.displayName,
    owners: new Set(referenced(directory, references)),
    createdByAppId: caller.appId,
  });
  return entity(request, 'servicePrincipals', view(request, principal), 201);
}

/** Both forms that have been seen where the application has not replicated yet, in turn; the 403 misleads. */
function notReplicated(
  { directory, caller }: GraphRequest,
  appId: string,
  application: Application | undefined,
): GraphFault {
  if (application && !isUnlimited(caller) && directory.countRefusal() % 2 === 0) {
    return new GraphFault(
      403,
      'Authorization_RequestDenied',
      'When using this permission, the backing application of the service principal being created must in the local tenant',
    );
  }
  return badRequest(
    `The appId '${appId}' of the service principal does not reference a valid application object.`,
  );
}

type Side = 'principalId' | 'resourceId';

function assignments(request: GraphRequest, side: Side): GraphAnswer {
  assertMayRead(request.caller);
  const { id } = visiblePrincipal(request);
  const query = parseQuery(request.parameters, ['$select', '$top']);
  const found = request.directory
    .assignments()
    .filter((one) => one[side] === id)
    .map((one) => assignmentView(one, request.directory));
  return page(request, `servicePrincipals/${id}/appRoleAssignments`, found, query, 'appRoleAssignment');
}

function assign(request: GraphRequest, side: Side): GraphAnswer {
  assertMayAssignRoles(request.caller);
  const { directory } = request;
  const { principalId, resourceId, appRoleId } = readBody(request.body, ASSIGNMENT);
  if (!principalId || !resourceId || !appRoleId)
    throw badRequest('principalId, resourceId and appRoleId are required.');
  if ({ principalId, resourceId }[side] !== visiblePrincipal(request).id) {
    throw badRequest(`The ${side} of the assignment is not the object in the path.`);
  }
  const resource = directory.servicePrincipal({ by: 'id', value: resourceId });
  const principal = directory.servicePrincipal({ by: 'id', value: principalId });
  if (!resource || !principal) throw notFound(resource ? principalId : resourceId);
  const roles = directory.rolesOf(resource);
  const declared = roles.some(
    (role) => role.id === appRoleId && role.allowedMemberTypes.includes('Application'),
  );
  if (!declared && !(roles.length === 0 && appRoleId === DEFAULT_ROLE)) {
    throw badRequest('Permission being assigned was not found on application');
  }
  const same = directory
    .assignments()
    .some(
      (one) =>
        one.principalId === principalId && one.resourceId === resourceId && one.appRoleId === appRoleId,
    );
  if (same) throw badRequest('Permission being assigned already exists on the object');
  const assignment = directory.assign({ principalId, resourceId, appRoleId });
  return entity(request, 'appRoleAssignments', assignmentView(assignment, directory), 201);
}

function unassign(request: GraphRequest, side: Side): GraphAnswer {
  assertMayAssignRoles(request.caller);
  const { id } = visiblePrincipal(request);
  const [assignmentId = ''] = request.segments;
  const found = request.directory.assignments().find((one) => one.id === assignmentId && one[side] === id);
  if (!found) throw notFound(assignmentId);
  request.directory.unassign(assignmentId);
  return NO_CONTENT;
}
