/** The authority (`login.microsoftonline.com`): discovery for both versions, keys, the token endpoint. */
import { randomUUID } from 'node:crypto';
import type { Recorder } from '../cloud.ts';
import { FaultError } from '../recorder.ts';
import { EntraFault } from './entra-fault.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { clientIdOf, type TokenService, tenantNotFound } from './token-endpoint.ts';
import type { TokenIssuer } from './tokens.ts';

export interface AuthorityOptions {
  readonly tenantId: string;
  readonly loginHost: string;
  /** Host of v1 issuers; its documents point to the login host for everything else. */
  readonly v1Host: string;
  readonly issuer: TokenIssuer;
  readonly tokens: TokenService;
  readonly recorder: Recorder;
}

/** Answers one request of the authority; undefined: the answer is to be lost. */
export function createAuthority(options: AuthorityOptions) {
  const { tenantId, loginHost, v1Host, issuer, tokens, recorder } = options;

  function discovery(request: HttpRequest, tenant: string, v2: boolean): HttpAnswer {
    if (tenant.toLowerCase() !== tenantId.toLowerCase()) throw tenantNotFound(tenant);
    // Clients that came over loopback stay there: the real names resolve to the real Entra elsewhere.
    const host = request.host === v1Host ? loginHost : (request.headers.host ?? loginHost);
    const base = `https://${host}/${tenantId}`;
    const version = v2 ? '/v2.0' : '';
    return {
      status: 200,
      body: {
        issuer: v2 ? issuer.v2Issuer : issuer.v1Issuer,
        authorization_endpoint: `${base}/oauth2${version}/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        jwks_uri: `${base}/discovery${version}/keys`,
        token_endpoint_auth_methods_supported: [
          'client_secret_post',
          'private_key_jwt',
          'client_secret_basic',
        ],
        response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
        response_modes_supported: ['query', 'fragment', 'form_post'],
        subject_types_supported: ['pairwise'],
        id_token_signing_alg_values_supported: ['RS256'],
        scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
        claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'tid', 'ver', 'oid'],
      },
    };
  }

  function route(request: HttpRequest): { operation: string; run: () => Promise<HttpAnswer> } {
    const [tenant = '', ...rest] = request.path.split('/').slice(1).map(decodeURIComponent);
    const operation = `${request.method} /${rest.join('/')}`;
    const found = (answer: () => HttpAnswer) => ({ operation, run: async () => answer() });
    switch (operation) {
      case 'GET /.well-known/openid-configuration':
        return found(() => discovery(request, tenant, false));
      case 'GET /v2.0/.well-known/openid-configuration':
        return found(() => discovery(request, tenant, true));
      case 'GET /discovery/keys':
      case 'GET /discovery/v2.0/keys':
        return found(() => ({ status: 200, body: issuer.jwks }));
      case 'POST /oauth2/v2.0/token':
        return { operation, run: async () => token(request, tenant) };
      default:
        return found(() => ({ status: 404, body: { error: 'not_found', path: request.path } }));
    }
  }

  async function token(request: HttpRequest, tenant: string): Promise<HttpAnswer> {
    const { authorization } = request.headers;
    const form = new URLSearchParams(request.body);
    return { status: 200, body: await tokens.clientCredentials({ tenant, form, authorization }) };
  }

  return async (request: HttpRequest): Promise<HttpAnswer | undefined> => {
    const { operation, run } = route(request);
    const form = new URLSearchParams(request.method === 'POST' ? request.body : '');
    const caller = clientIdOf({ tenant: '', form, authorization: request.headers.authorization });
    // Never the whole form: it holds a secret or an assertion.
    const input = { path: request.path, host: request.host, scope: form.get('scope') };
    try {
      return await recorder.observe(
        { cloud: 'entra', service: 'entra', operation, caller: caller ?? 'anonymous', input },
        run,
      );
    } catch (error) {
      return refusal(error);
    }
  };
}

/** The error answer for what went wrong; undefined: the answer is to be lost. */
export function refusal(error: unknown): HttpAnswer | undefined {
  if (error instanceof EntraFault) return errorAnswer(error);
  if (!(error instanceof FaultError)) throw error;
  if (error.kind === 'lost') return undefined;
  if (error.kind === 'error') {
    return errorAnswer(
      new EntraFault(
        90033,
        'temporarily_unavailable',
        'A transient error has occurred. Please try again.',
        503,
      ),
    );
  }
  const answer = errorAnswer(
    new EntraFault(90055, 'temporarily_unavailable', 'There are too many incoming requests.', 429),
  );
  return { ...answer, headers: { 'retry-after': '0' } };
}

function errorAnswer(fault: EntraFault): HttpAnswer {
  const timestamp = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const [trace_id, correlation_id] = [randomUUID(), randomUUID()];
  return {
    status: fault.status,
    body: {
      error: fault.error,
      error_description: `${fault.message} Trace ID: ${trace_id} Correlation ID: ${correlation_id} Timestamp: ${timestamp}`,
      error_codes: [fault.aadsts],
      timestamp,
      trace_id,
      correlation_id,
      error_uri: `https://login.microsoftonline.com/error?code=${fault.aadsts}`,
    },
  };
}
