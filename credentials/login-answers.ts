/** What a failed login leaves behind: in the answers beneath the login library, and in its errors. */
import type { ClientAssertionCredentialOptions } from '@azure/identity';

export interface Answer {
  /** AADSTS codes. */
  readonly codes: readonly number[];
  readonly status?: number | undefined;
  /** Code of the network's failure, where no answer came. */
  readonly network?: string | undefined;
}

export interface AnswerWatch {
  /** To be put into the pipeline of a credential. */
  readonly policy: Policy;
  /** Undefined before the first answer. */
  last(): (Answer & { readonly url: string }) | undefined;
}

type Policy = NonNullable<ClientAssertionCredentialOptions['additionalPolicies']>[number]['policy'];

const TIMEOUT_MS = 10_000;

/**
 * Watches the requests of the login library, whose errors do not tell a tenant that does not exist, a certificate
 * that is not trusted and a network that is down from each other.
 */
export function watchAnswers(): AnswerWatch {
  let last: ReturnType<AnswerWatch['last']>;
  const policy: Policy = {
    name: 'watchAnswers',
    async sendRequest(request, next) {
      const { url } = request;
      // Not the request's own timeout: after a failure its timer keeps the process from ending.
      request.abortSignal = AbortSignal.timeout(TIMEOUT_MS);
      try {
        const response = await next(request);
        last = { url, status: response.status, codes: codesIn(response.bodyAsText ?? '') };
        return response;
      } catch (error) {
        const { code, name } = error as LoginError;
        last = { url, codes: [], network: String(code ?? name) };
        throw error;
      }
    },
  };
  return { policy, last: () => last };
}

/** Of what the login library throws, and the errors beneath. */
interface LoginError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly status?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** What an error says of the answer behind it. Its text is looked through and dropped: it quotes the answer. */
export function answerIn(error: unknown): Answer {
  const chain = chainOf(error);
  const text = chain.map(({ message }) => String(message)).join('\n');
  const status = chain.map(({ statusCode, status }) => statusCode ?? status).find(isNumber);
  const request = chain.find(({ name }) => name === 'RestError');
  const network = /\b(?:network_error|endpoints_resolution_error)\b/.exec(text)?.[0] ?? request?.code;
  return {
    codes: codesIn(text),
    status,
    ...(status === undefined && typeof network === 'string' && { network }),
  };
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

const codesIn = (text: string): number[] => [
  ...new Set([...text.matchAll(/AADSTS(\d+)/g)].map(([, code]) => Number(code))),
];

/** An error, its causes, and what it unites. */
function chainOf(error: unknown, depth = 0): LoginError[] {
  if (typeof error !== 'object' || error === null || depth > 5) return [];
  const { cause, errors } = error as LoginError;
  const beneath = [cause, ...(Array.isArray(errors) ? errors : [])];
  return [error, ...beneath.flatMap((one) => chainOf(one, depth + 1))];
}
