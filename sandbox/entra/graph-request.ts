/** What a Graph handler is given, what it answers, and what all of them share. */
import type { DirectoryState } from './directory-state.ts';
import type { GraphCaller } from './graph-access.ts';
import { badRequest, notFound, unsupported } from './graph-fault.ts';
import { federatedView } from './graph-views.ts';
import type { Application, ObjectKey, ServicePrincipal } from './objects.ts';
import { project, type Query } from './odata.ts';

export interface GraphRequest {
  readonly directory: DirectoryState;
  readonly caller: GraphCaller;
  readonly parameters: URLSearchParams;
  readonly key: ObjectKey;
  /** What follows the key in the path, wildcards of the route only. */
  readonly segments: readonly string[];
  readonly body: unknown;
  /** Whether the request carries `Prefer: create-if-missing`. */
  readonly upsert: boolean;
  /** `https://127.0.0.1:<port>/v1.0`, as the client addressed it. */
  readonly base: string;
}

export interface GraphAnswer {
  readonly status: number;
  readonly body?: unknown;
}

export type GraphHandler = (request: GraphRequest) => GraphAnswer;

/** Method and path below the version, `{id}` for the key of the first collection, `*` for any one segment. */
export type GraphRoutes = Readonly<Record<string, GraphHandler>>;

/** Microsoft: of an expanded relationship of a directory object, 20 are shown, and no link to more. */
const MAX_EXPANDED = 20;

export const NO_CONTENT: GraphAnswer = { status: 204 };

export function visibleApplication({ directory, key }: GraphRequest): Application {
  const application = directory.application(key);
  if (!application) throw notFound(key.value);
  return application;
}

export function visiblePrincipal({ directory, key }: GraphRequest): ServicePrincipal {
  if (key.by === 'uniqueName') throw badRequest("Invalid key 'uniqueName' for resource 'servicePrincipals'.");
  const principal = directory.servicePrincipal(key);
  if (!principal) throw notFound(key.value);
  return principal;
}

export const entity = (
  { base }: GraphRequest,
  set: string,
  view: Record<string, unknown>,
  status = 200,
): GraphAnswer => ({ status, body: { '@odata.context': `${base}/$metadata#${set}/$entity`, ...view } });

/** One page of a collection, with a link to the next one. */
export const page = (
  request: GraphRequest,
  set: string,
  items: readonly Record<string, unknown>[],
  query: Query,
  type: string,
): GraphAnswer => pageOf(request, set, items, query, (item) => project(item, query.select, type));

/** The same of applications or service principals, one relationship along with them where it is asked for. */
export const objectPage = <T extends Application | ServicePrincipal>(
  request: GraphRequest,
  set: string,
  objects: readonly T[],
  query: Query,
  type: string,
  view: (object: T) => Record<string, unknown>,
): GraphAnswer =>
  pageOf(request, set, objects, query, (object) => ({
    ...project(view(object), query.select, type),
    ...expanded(request.directory, object, query.expand),
  }));

function pageOf<T>(
  request: GraphRequest,
  set: string,
  items: readonly T[],
  query: Query,
  shown: (item: T) => object,
): GraphAnswer {
  const end = query.skip + query.top;
  const next = new URLSearchParams(request.parameters);
  next.set('$skiptoken', String(end));
  return {
    status: 200,
    body: {
      '@odata.context': `${request.base}/$metadata#${set}`,
      ...(end < items.length && { '@odata.nextLink': `${request.base}/${set}?${next}` }),
      value: items.slice(query.skip, end).map(shown),
    },
  };
}

/** Owners as Graph lists them: directory objects, here always service principals. */
export const ownerViews = (
  directory: DirectoryState,
  owners: ReadonlySet<string>,
): Record<string, unknown>[] =>
  [...owners].flatMap((id) => {
    const owner = directory.servicePrincipal({ by: 'id', value: id });
    if (!owner) return [];
    const { appId, displayName, type } = owner;
    return [
      {
        '@odata.type': '#microsoft.graph.servicePrincipal',
        id,
        appId,
        displayName,
        servicePrincipalType: type,
      },
    ];
  });

/** Of applications also their federated credentials, which no application has more of than are shown. */
function expanded(
  directory: DirectoryState,
  object: Application | ServicePrincipal,
  expand: string | undefined,
): object {
  if (expand !== 'federatedIdentityCredentials' || !('federated' in object)) {
    return expandedOwners(directory, object.owners, expand);
  }
  return { [expand]: object.federated.filter(directory.isVisible).map(federatedView) };
}

/** `$expand=owners`, the only relationship that is shown along with its object; undefined: not asked for. */
export function expandedOwners(
  directory: DirectoryState,
  owners: ReadonlySet<string>,
  expand: string | undefined,
): { owners?: Record<string, unknown>[] } {
  if (expand === undefined) return {};
  if (!/^owners(\(\$select=id\))?$/.test(expand)) throw unsupported(`Unsupported $expand '${expand}'.`);
  const shown = ownerViews(directory, owners).slice(0, MAX_EXPANDED);
  if (expand === 'owners') return { owners: shown };
  return { owners: shown.map(({ '@odata.type': type, id }) => ({ '@odata.type': type, id })) };
}

/** The ids in references such as `https://graph.microsoft.com/v1.0/directoryObjects/<id>`; each must exist. */
export function referenced(directory: DirectoryState, references: readonly string[]): string[] {
  return references.map((reference) => {
    const id = /^https:\/\/[^/]+\/v1\.0\/(?:directoryObjects|servicePrincipals)\/([0-9a-f-]{36})$/i.exec(
      reference,
    )?.[1];
    if (id === undefined) throw badRequest(`Invalid reference '${reference}'.`);
    if (!directory.servicePrincipal({ by: 'id', value: id })) throw notFound(id);
    return id;
  });
}
