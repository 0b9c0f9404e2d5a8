/** `/applications`: create, upsert, read, update, delete. */
import {
  assertMayCreate,
  assertMayManage,
  assertMayRead,
  type GraphCaller,
  isUnlimited,
} from './graph-access.ts';
import { badRequest, unsupported, valueTaken } from './graph-fault.ts';
import { clearable, dateTime, flag, listOf, oneOf, pattern, readBody, record, text } from './graph-input.ts';
import {
  entity,
  expandedOwners,
  type GraphRequest,
  type GraphRoutes,
  NO_CONTENT,
  objectPage,
  referenced,
  visibleApplication,
} from './graph-request.ts';
import { applicationView } from './graph-views.ts';
import type { Application, AppRole, RequiredAccess } from './objects.ts';
import { type Filter, parseQuery, project } from './odata.ts';

/** Limits: Microsoft's service limits and the application resource's documentation. */
const UPDATABLE = {
  displayName: text(256),
  uniqueName: text(120),
  signInAudience: oneOf(
    'AzureADMyOrg',
    'AzureADMultipleOrgs',
    'AzureADandPersonalMicrosoftAccount',
    'PersonalMicrosoftAccount',
  ),
  identifierUris: listOf(text(255), 50),
  notes: clearable(text(1024, 0)),
  description: clearable(text(1024, 0)),
  tags: listOf(text(256), 100),
  api: record,
  appRoles: listOf(record, 100),
  requiredResourceAccess: listOf(record, 50),
};
const CREATABLE = { ...UPDATABLE, 'owners@odata.bind': listOf(text(1024), 20) };
const API = { requestedAccessTokenVersion: oneOf(1, 2, null) };
const APP_ROLE = {
  id: text(36),
  value: clearable(text(250)),
  displayName: text(256),
  description: text(1024),
  allowedMemberTypes: listOf(oneOf('Application', 'User'), 2),
  isEnabled: flag,
  origin: text(64),
  createdDateTime: dateTime,
};
const GUID = pattern(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
const REQUIRED_ACCESS = { resourceAppId: GUID, resourceAccess: listOf(record, 400) };
const RESOURCE_ACCESS = { id: GUID, type: oneOf('Role', 'Scope') };

type Wanted = ReturnType<typeof readBody<typeof UPDATABLE>>;

export const applicationRoutes: GraphRoutes = {
  'GET /applications': (request) => {
    assertMayRead(request.caller);
    const query = parseQuery(request.parameters, ['$select', '$filter', '$expand', '$top']);
    const fits = by(query.filter, ['identifierUris', 'tags']);
    const found = request.directory.applications().filter((one) => fits(applicationView(one)));
    return objectPage(request, 'applications', found, query, 'application', applicationView);
  },

  'POST /applications': (request) => {
    const body = readBody(request.body, CREATABLE);
    const { 'owners@odata.bind': references = [], ...wanted } = body;
    // The creator becomes an owner, and every owner that is bound.
    const owners = [request.caller.servicePrincipalId, ...referenced(request.directory, references)];
    const application = create(request, wanted, owners);
    return entity(request, 'applications', applicationView(application), 201);
  },

  'GET /applications/{id}': (request) => {
    assertMayRead(request.caller);
    const { select, expand } = parseQuery(request.parameters, ['$select', '$expand']);
    const application = visibleApplication(request);
    const view = project(applicationView(application), select, 'application');
    const owners = expandedOwners(request.directory, application.owners, expand);
    return entity(request, 'applications', { ...view, ...owners });
  },

  'PATCH /applications/{id}': (request) => {
    const wanted = readBody(request.body, UPDATABLE);
    if (request.key.by === 'uniqueName' && request.upsert && !request.directory.application(request.key)) {
      // With OwnedBy an upsert may leave the new application without an owner: the stricter reading.
      const owners = isUnlimited(request.caller) ? [request.caller.servicePrincipalId] : [];
      const application = create(request, { ...wanted, uniqueName: request.key.value }, owners);
      return entity(request, 'applications', applicationView(application), 201);
    }
    const application = visibleApplication(request);
    assertMayManage(request.caller, application);
    update(request, application, wanted);
    return NO_CONTENT;
  },

  'DELETE /applications/{id}': (request) => {
    if (request.key.by === 'uniqueName') throw badRequest('Deletion by uniqueName is not documented.');
    const application = visibleApplication(request);
    assertMayManage(request.caller, application);
    request.directory.softDelete(application);
    return NO_CONTENT;
  },
};

function create({ directory, caller }: GraphRequest, wanted: Wanted, owners: readonly string[]): Application {
  assertMayCreate(caller);
  const { displayName, api, appRoles, requiredResourceAccess = [], ...rest } = wanted;
  if (displayName === undefined) throw badRequest('Property displayName is required.');
  assertQuota(directory, caller);
  const tokenVersion = readBody(api ?? {}, API).requestedAccessTokenVersion ?? null;
  const draft = { signInAudience: 'AzureADMyOrg', tokenVersion, ...rest };
  // No application id yet: a URI can only hold the tenant's.
  assertIdentifierUris(rest.identifierUris ?? [], draft, [directory.tenantId]);
  return directory.addApplication({
    ...rest,
    displayName,
    tokenVersion,
    appRoles: (appRoles ?? []).map(readRole),
    required: requiredResourceAccess.map(readRequired),
    owners: new Set(owners),
    createdByAppId: caller.appId,
  });
}

export function assertQuota(directory: GraphRequest['directory'], caller: GraphCaller): void {
  if (!isUnlimited(caller)) directory.assertQuota(caller.appId);
}

function update({ directory }: GraphRequest, application: Application, wanted: Wanted): void {
  const { uniqueName, api, appRoles, requiredResourceAccess, ...rest } = wanted;
  const version = readBody(api ?? {}, API).requestedAccessTokenVersion;
  const changed = { ...application, ...rest, ...(version !== undefined && { tokenVersion: version }) };
  if (rest.identifierUris) {
    const added = rest.identifierUris.filter((uri) => !application.identifierUris.includes(uri));
    assertIdentifierUris(added, changed, [directory.tenantId, application.appId]);
    directory.assertIdentifierUrisFree(rest.identifierUris, application);
  }
  if (uniqueName !== undefined && uniqueName !== application.uniqueName) {
    // Immutable, but an application made without one can be given one, once.
    if (application.uniqueName !== null) throw badRequest("Property 'uniqueName' is read-only.");
    directory.assertUniqueNameFree(uniqueName);
    application.uniqueName = uniqueName;
  }
  Object.assign(application, rest, { tokenVersion: changed.tokenVersion });
  if (appRoles) application.appRoles = appRoles.map(readRole);
  if (requiredResourceAccess) application.required = requiredResourceAccess.map(readRequired);
}

/**
 * Microsoft's policy for new URIs: they contain the tenant's id or the application's. Single-tenant applications on
 * v2 tokens are exempt, and so can claim any word.
 */
function assertIdentifierUris(
  added: readonly string[],
  application: { signInAudience: string; tokenVersion: 1 | 2 | null },
  allowed: readonly string[],
): void {
  if (new Set(added).size !== added.length) throw valueTaken('identifierUris');
  const exempt = application.signInAudience === 'AzureADMyOrg' && application.tokenVersion === 2;
  for (const uri of added) {
    const wellFormed = /^[\u0021-\u007e]+$/.test(uri) && !uri.endsWith('/');
    const named = /^[a-z][a-z0-9+.-]*:/i.test(uri) && allowed.some((id) => uri.toLowerCase().includes(id));
    if (wellFormed && (exempt || named)) continue;
    throw badRequest(
      `Failed to add identifier URI ${uri}. All newly added URIs must contain a tenant verified domain, tenant ID, or app ID, as per the default tenant policy of your organization.`,
    );
  }
}

function readRequired(body: Record<string, unknown>): RequiredAccess {
  const { resourceAppId, resourceAccess = [] } = readBody(body, REQUIRED_ACCESS);
  const access = resourceAccess.map((one) => readBody(one, RESOURCE_ACCESS));
  const whole = access.flatMap(({ id, type }) => (id && type ? [{ id, type }] : []));
  if (!resourceAppId || whole.length !== access.length) {
    throw badRequest(
      "Invalid value specified for property 'requiredResourceAccess' of resource 'Application'.",
    );
  }
  return { resourceAppId, resourceAccess: whole };
}

function readRole(body: Record<string, unknown>): AppRole {
  const role = readBody(body, APP_ROLE);
  const { id, displayName, description, allowedMemberTypes } = role;
  if (!id || !displayName || !description || !allowedMemberTypes?.length) {
    throw badRequest("Invalid value specified for property 'appRoles' of resource 'Application'.");
  }
  return {
    id,
    displayName,
    description,
    allowedMemberTypes,
    value: role.value ?? null,
    isEnabled: role.isEnabled ?? true,
  };
}

/** `$filter` on the properties that support `eq`, and on `lists` of values; `uniqueName` is a key, not a filter. */
export function by(
  filter: Filter | undefined,
  lists: readonly string[] = [],
): (view: Record<string, unknown>) => boolean {
  if (!filter) return () => true;
  const { property, value, any } = filter;
  if (!(any ? lists : ['appId', 'displayName', 'servicePrincipalType']).includes(property)) {
    throw unsupported(`Unsupported or invalid query filter clause specified for property '${property}'.`);
  }
  return (view) =>
    [view[property]].flat().some((found) => String(found).toLowerCase() === value.toLowerCase());
}
