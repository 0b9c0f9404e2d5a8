/** The metadata service of a virtual machine that all managed identities of the sandbox are assigned to. */
import type { Recorder } from '../cloud.ts';
import { refusal } from './authority.ts';
import type { DirectoryState } from './directory-state.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import type { ServicePrincipal } from './objects.ts';
import type { TokenService } from './token-endpoint.ts';

const PATH = '/metadata/identity/oauth2/token';
const PARAMETERS = new Set(['api-version', 'resource', 'client_id', 'object_id']);

/** The service's own refusals carry no AADSTS code. */
class ImdsRefusal extends Error {
  override readonly name = 'invalid_request';
}

/** Answers one request of the metadata service; undefined: the answer is to be lost. */
export function createImds(options: { directory: DirectoryState; tokens: TokenService; recorder: Recorder }) {
  const { directory, tokens, recorder } = options;

  function identityOf(query: URLSearchParams): ServicePrincipal {
    const identities = directory.servicePrincipals().filter(({ type }) => type === 'ManagedIdentity');
    const [clientId, objectId] = [query.get('client_id'), query.get('object_id')];
    const [only, ...others] = identities;
    if (!clientId && !objectId && only) {
      if (others.length === 0) return only;
      throw new ImdsRefusal(
        'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request',
      );
    }
    const found = identities.find((one) => one.appId === clientId || one.id === objectId);
    if (!found) throw new ImdsRefusal('Identity not found');
    return found;
  }

  async function token({ headers, query }: HttpRequest): Promise<HttpAnswer> {
    // The header, and the absence of a proxy's, keep a server-side request forgery from reading a token.
    if (headers.metadata?.toString().toLowerCase() !== 'true' || headers['x-forwarded-for'] !== undefined) {
      throw new ImdsRefusal('Required metadata header not specified');
    }
    const unknown = [...query.keys()].find((name) => !PARAMETERS.has(name));
    if (unknown !== undefined) throw new ImdsRefusal(`Unknown parameter '${unknown}'`);
    if (query.get('api-version') === null)
      throw new ImdsRefusal('Required query variable api-version is missing');
    const resource = query.get('resource');
    if (!resource) throw new ImdsRefusal('Required query variable resource is missing');
    const identity = identityOf(query);
    const { access_token, expires_in, token_type } = await tokens.managedIdentity(identity, resource);
    const now = Math.floor(Date.now() / 1000);
    return {
      status: 200,
      body: {
        access_token,
        client_id: identity.appId,
        expires_in: String(expires_in),
        expires_on: String(now + expires_in),
        ext_expires_in: String(expires_in),
        not_before: String(now),
        resource,
        token_type,
      },
    };
  }

  return async (request: HttpRequest): Promise<HttpAnswer | undefined> => {
    // MSAL writes a slash at the end.
    const operation = `${request.method} ${request.path.replace(/\/$/, '')}`;
    const caller = request.query.get('client_id') ?? 'managed identity';
    try {
      return await recorder.observe(
        { cloud: 'entra', service: 'imds', operation, caller, input: { query: [...request.query] } },
        async () =>
          operation === `GET ${PATH}` ? token(request) : { status: 404, body: { error: 'not_found' } },
      );
    } catch (error) {
      if (!(error instanceof ImdsRefusal)) return refusal(error);
      return { status: 400, body: { error: 'invalid_request', error_description: error.message } };
    }
  };
}
