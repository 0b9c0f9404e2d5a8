/** One call to Microsoft Graph v1.0, tried again as long as a function has patience. */
import { isFactoryError } from '../../core/errors.ts';
import type { Clock } from '../ports.ts';
import type { EntraCredential } from './entra-login.ts';
import { factoryError, type GraphFailure, noAnswer, readFailure } from './graph-errors.ts';
import { type HttpsRequest, sendHttps } from './https.ts';

export interface GraphClientOptions {
  /** `https://graph.microsoft.com`, without version. */
  readonly graphEndpoint: string;
  readonly credential: EntraCredential;
  readonly clock: Clock;
  /** A call is tried again for this long, in the function; the minutes are the workflow's. */
  readonly patienceSeconds: number;
}

/** A call as Graph's documentation names it: the method, and the path with names in place of ids. */
export type Name = `${HttpsRequest['method']} ${string}`;

const FIRST_PAUSE_MS = 250;

/** `accept`: failures that are an answer; undefined is returned for them. */
export type GraphCall = (
  name: Name,
  path: string,
  more?: { json?: object; accept?: (failure: GraphFailure) => boolean },
) => Promise<unknown>;

/** Paths are below the version. */
export const graphRoot = ({ graphEndpoint }: Pick<GraphClientOptions, 'graphEndpoint'>): string =>
  `${graphEndpoint}/v1.0`;

export function graphClient(options: GraphClientOptions): GraphCall {
  const { credential, clock, patienceSeconds } = options;
  const root = graphRoot(options);

  const call: GraphCall = async (name, path, { json, accept } = {}) => {
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
  };

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

  return call;
}
