/** Microsoft Graph v1.0, as far as applications and service principals go. */
import type { Recorder } from '../cloud.ts';
import { FaultError } from '../recorder.ts';
import type { DirectoryState } from './directory-state.ts';
import { type GraphCaller, identify } from './graph-access.ts';
import { applicationPartRoutes } from './graph-application-parts.ts';
import { applicationRoutes } from './graph-applications.ts';
import { deletedItemRoutes } from './graph-deleted-items.ts';
import { forbidden, GraphFault } from './graph-fault.ts';
import type { GraphAnswer, GraphHandler, GraphRoutes } from './graph-request.ts';
import { servicePrincipalRoutes } from './graph-service-principals.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { type GraphPath, parsePath } from './odata.ts';
import type { TokenIssuer } from './tokens.ts';

const VERSION = '/v1.0';
const ROUTES: GraphRoutes = {
  ...applicationRoutes,
  ...applicationPartRoutes,
  ...servicePrincipalRoutes,
  ...deletedItemRoutes,
  // Existence by id of any object needs Directory.Read.All, which nobody here has.
  'POST /directoryObjects/getByIds': () => {
    throw forbidden();
  },
};

export const isGraphPath = (path: string): boolean => path === VERSION || path.startsWith(`${VERSION}/`);

export function createGraph(options: { directory: DirectoryState; issuer: TokenIssuer; recorder: Recorder }) {
  const { directory, issuer, recorder } = options;

  function perform(http: HttpRequest, path: GraphPath | undefined, caller: GraphCaller): GraphAnswer {
    const route = path && find(http.method, path.segments);
    if (!path || !route) {
      throw new GraphFault(
        400,
        'BadRequest',
        `Resource not found for the segment of ${http.method} ${http.path}.`,
      );
    }
    return route.handler({
      directory,
      caller,
      parameters: http.query,
      key: path.key ?? { by: 'id', value: '' },
      segments: route.wildcards,
      body: bodyOf(http),
      upsert: /(^|[,;\s])create-if-missing([,;\s]|$)/i.test(http.headers.prefer?.toString() ?? ''),
      base: `https://${http.headers.host ?? ''}${VERSION}`,
    });
  }

  /** Answers one request below `/v1.0`; undefined: the answer is to be lost. */
  return async (http: HttpRequest): Promise<HttpAnswer | undefined> => {
    const path = parsePath(http.path.slice(VERSION.length));
    const caller = await identify(http.headers.authorization, issuer, directory).catch(
      (error: unknown) => error,
    );
    try {
      return await recorder.observe(
        {
          cloud: 'entra',
          service: 'graph',
          operation: `${http.method} ${operationPath(http, path)}`,
          caller: isCaller(caller) ? caller.appId : 'anonymous',
          input: { path: http.path, query: [...http.query], body: http.body },
        },
        async () => {
          if (!isCaller(caller)) throw caller;
          return perform(http, path, caller);
        },
      );
    } catch (error) {
      return refusal(error);
    }
  };
}

const isCaller = (value: unknown): value is GraphCaller =>
  typeof value === 'object' && value !== null && 'servicePrincipalId' in value;

/** The path with the object's key taken out, so that calls can be counted and faults aimed. */
function operationPath(http: HttpRequest, path: GraphPath | undefined): string {
  if (!path) return '/';
  const { segments, key } = path;
  const route = find(http.method, segments)?.name ?? `/${segments.join('/')}`;
  return key && key.by !== 'id' ? route.replace('/{id}', `(${key.by})`) : route.replaceAll('*', '{id}');
}

function find(
  method: string,
  segments: readonly string[],
): { name: string; handler: GraphHandler; wildcards: string[] } | undefined {
  // A literal segment goes before a wildcard: `deletedItems/microsoft.graph.application`.
  const exact = ROUTES[`${method} /${segments.join('/')}`];
  if (exact) return { name: `/${segments.join('/')}`, handler: exact, wildcards: [] };
  for (const [route, handler] of Object.entries(ROUTES)) {
    const [routeMethod, name = ''] = route.split(' ');
    const pattern = name.split('/').slice(1);
    if (routeMethod !== method || pattern.length !== segments.length) continue;
    if (!pattern.every((part, index) => part === '*' || part === segments[index])) continue;
    return { name, handler, wildcards: segments.filter((_, index) => pattern[index] === '*') };
  }
  return undefined;
}

function bodyOf(http: HttpRequest): unknown {
  if (http.method === 'GET' || http.method === 'DELETE' || http.body === '') return undefined;
  if (!/^application\/json\b/i.test(http.headers['content-type'] ?? '')) {
    throw new GraphFault(
      400,
      'BadRequest',
      'Write requests (excluding DELETE) must contain the Content-Type header declaration.',
    );
  }
  try {
    return JSON.parse(http.body);
  } catch {
    throw new GraphFault(
      400,
      'BadRequest',
      'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
    );
  }
}

function refusal(error: unknown): HttpAnswer | undefined {
  if (error instanceof GraphFault) return errorAnswer(error.status, error.code, error.message);
  if (!(error instanceof FaultError)) throw error;
  if (error.kind === 'lost') return undefined;
  if (error.kind === 'error') {
    return errorAnswer(503, 'ServiceUnavailable', 'The service is temporarily unavailable.');
  }
  // Zero: a client that waits in real time must not be slowed where the sandbox's time is scaled.
  const answer = errorAnswer(429, 'TooManyRequests', 'Too many requests. Please retry later.');
  return { ...answer, headers: { ...answer.headers, 'retry-after': '0' } };
}

function errorAnswer(status: number, code: string, message: string): HttpAnswer & { headers: object } {
  const id = crypto.randomUUID();
  const innerError = {
    date: new Date().toISOString().slice(0, 19),
    'request-id': id,
    'client-request-id': id,
  };
  return { status, headers: { 'request-id': id }, body: { error: { code, message, innerError } } };
}
