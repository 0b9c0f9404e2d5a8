/** Microsoft Graph as commands use it: under the caller's own login. */
import { z } from 'zod';
import { FactoryError } from '../core/errors.ts';
import { systemClock } from '../lambdas/adapters/clock.ts';
import {
  factoryError,
  type GraphFailure,
  isAbsent,
  noAnswer,
  readFailure,
} from '../lambdas/adapters/graph-errors.ts';
import { type HttpsRequest, sendHttps } from '../lambdas/adapters/https.ts';

export interface GraphLogin {
  /** `https://graph.microsoft.com`, without version. */
  readonly graphEndpoint: string;
  /** A token for Graph. */
  readonly getToken: () => Promise<string>;
}

export interface Graph {
  /** One entity by its path below the version; undefined: there is none. */
  get<T extends z.ZodType>(path: string, shape: T): Promise<z.infer<T> | undefined>;
  /** All items of a collection. */
  all<T extends z.ZodType>(path: string, item: T): Promise<z.infer<T>[]>;
  /** A write, and the body of its answer. */
  send(method: 'POST' | 'PATCH' | 'DELETE', path: string, more?: Write): Promise<unknown>;
}

interface Write {
  readonly json?: object;
  /** Refusals that are an answer: undefined. */
  readonly accept?: (failure: GraphFailure) => boolean;
  /** Not tried again where it may have been done: to do it twice would do harm. */
  readonly once?: boolean;
}

type Attempt = { readonly body: unknown } | { readonly failure: GraphFailure };

/** Of the first pause between two attempts; each is twice as long as the one before. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** `patienceSeconds`: how long a call is tried again where that may help. Fails with FactoryErrors. */
export function graphClient(
  { graphEndpoint, getToken }: GraphLogin,
  { patienceSeconds = 0 }: { readonly patienceSeconds?: number } = {},
): Graph {
  async function attempt(method: HttpsRequest['method'], url: string, json?: object): Promise<Attempt> {
    const headers = {
      authorization: `Bearer ${await getToken()}`,
      ...(json && { 'content-type': 'application/json' }),
    };
    const body = json && { body: JSON.stringify(json) };
    const answer = await sendHttps(url, { method, headers, ...body }).catch(noAnswer);
    return 'body' in answer && answer.status < 300
      ? { body: answer.body }
      : { failure: 'body' in answer ? readFailure(answer) : answer };
  }

  /** `path`: below the version, or the whole address of a next page. */
  async function call(
    method: HttpsRequest['method'],
    path: string,
    { json, accept = () => false, once = false }: Write,
  ): Promise<unknown> {
    const url = path.startsWith('/') ? `${graphEndpoint}/v1.0${path}` : path;
    const deadline = systemClock.now() + patienceSeconds * 1000;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const attempted = await attempt(method, url, json);
      if ('body' in attempted) return attempted.body;
      const { failure } = attempted;
      if (accept(failure)) return undefined;
      const error = factoryError(`${method} ${nameOf(url)}`, failure);
      const wait = Math.max(failure.retryAfterMs ?? 0, pause);
      const helps = error.retryable && !(once && error.code === 'Unavailable');
      if (!helps || systemClock.now() + wait > deadline) throw error;
      await systemClock.sleep(wait);
    }
  }

  const get: Graph['get'] = async (path, shape) => {
    const body = await call('GET', path, { accept: isAbsent });
    return body === undefined ? undefined : understood(`GET ${nameOf(path)}`, shape, body);
  };

  return {
    get,
    async all(path, item) {
      const shape = z.object({ value: z.array(item), '@odata.nextLink': z.string().optional() });
      const items: z.infer<typeof item>[] = [];
      for (let next: string | undefined = path; next !== undefined; ) {
        // A token goes nowhere but to Graph.
        if (!next.startsWith('/') && new URL(next).origin !== new URL(graphEndpoint).origin) {
          throw new FactoryError('DirectoryRejected', 'a next page is at another host');
        }
        const page: z.infer<typeof shape> | undefined = await get(next, shape);
        items.push(...(page?.value ?? []));
        next = page?.['@odata.nextLink'];
      }
      return items;
    },
    send: (method, path, more = {}) => call(method, path, more),
  };
}

/** The path without ids, names and query. */
const nameOf = (url: string): string =>
  (url.replace(/^https:\/\/[^/]+\/v1\.0/, '').split('?')[0] ?? '').replace(/'[^']*'|[0-9a-f-]{36}/gi, '{id}');

/** The answer of a call as its documentation has it. */
export function understood<T extends z.ZodType>(name: string, shape: T, body: unknown): z.infer<T> {
  const read = shape.safeParse(body);
  if (read.success) return read.data;
  throw new FactoryError('DirectoryRejected', `${name}: the answer is not of the documented form`);
}
