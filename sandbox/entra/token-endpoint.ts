/** Client credentials at `/{tenant}/oauth2/v2.0/token`, and what managed identities get from their metadata service. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { HostResolver } from '../issuer-fetch.ts';
import { checkAssertion } from './client-assertion.ts';
import type { DirectoryState } from './directory-state.ts';
import { EntraFault, invalidClient, invalidRequest } from './entra-fault.ts';
import type { Application, ServicePrincipal } from './objects.ts';
import { TOKEN_SECONDS, type TokenIssuer } from './tokens.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const SHARED_TENANTS = ['common', 'organizations', 'consumers'];

export interface TokenAnswer {
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly ext_expires_in: number;
  readonly access_token: string;
}

export interface TokenServiceOptions {
  readonly directory: DirectoryState;
  readonly issuer: TokenIssuer;
  /** Where other issuers' discovery documents and keys are served. */
  readonly resolve: HostResolver;
  readonly ca: string;
}

/** What a client posted, its Authorization header (Basic) included. */
export interface TokenRequest {
  readonly tenant: string;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

export type TokenService = ReturnType<typeof createTokenService>;

export function createTokenService({ directory, issuer, resolve, ca }: TokenServiceOptions) {
  function checkTenant(tenant: string, clientId: string): void {
    if (tenant.toLowerCase() === directory.tenantId.toLowerCase()) return;
    if (SHARED_TENANTS.includes(tenant)) {
      throw invalidRequest(
        50194,
        `Application '${clientId}' is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps.`,
      );
    }
    throw tenantNotFound(tenant);
  }

  async function authenticate(request: TokenRequest, clientId: string): Promise<'secret' | 'assertion'> {
    const application = directory.application({ by: 'appId', value: clientId });
    if (!application) {
      throw new EntraFault(
        700016,
        'unauthorized_client',
        `Application with identifier '${clientId}' was not found in the directory '${directory.tenantId}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`,
      );
    }
    const secret = basic(request.authorization)?.password ?? request.form.get('client_secret');
    const assertion = request.form.get('client_assertion');
    if (secret) {
      checkSecret(secret, application);
      return 'secret';
    }
    if (!assertion) {
      throw invalidClient(
        7000216,
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
      );
    }
    if (request.form.get('client_assertion_type') !== ASSERTION_TYPE) throw missing('client_assertion_type');
    await checkAssertion(assertion, application, { resolve, ca, isVisible: directory.isVisible });
    return 'assertion';
  }

  function clientOf(clientId: string): ServicePrincipal {
    const client = directory.servicePrincipal({ by: 'appId', value: clientId });
    if (!client) {
      throw invalidClient(
        7000229,
        `The client application '${clientId}' is missing service principal in the tenant '${directory.tenantId}'.`,
      );
    }
    if (!client.accountEnabled) {
      throw new EntraFault(7000112, 'unauthorized_client', `Application '${clientId}' is disabled.`);
    }
    return client;
  }

  /**
   * By client id or identifier URI, exactly. `api://<appId>` is a name only where the application lists it: whether
   * Entra knows it otherwise is not documented.
   */
  function resourceOf(named: string): ServicePrincipal {
    const resource = directory.servicePrincipals().find((one) => directory.namesOf(one).includes(named));
    if (!resource) {
      throw new EntraFault(
        500011,
        'invalid_resource',
        `The resource principal named ${named} was not found in the tenant named ${directory.tenantId}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`,
      );
    }
    if (!resource.accountEnabled) {
      throw new EntraFault(
        500014,
        'invalid_resource',
        `The service principal for resource '${named}' is disabled.`,
      );
    }
    return resource;
  }

  async function grant(
    client: ServicePrincipal,
    named: string,
    proof: 'secret' | 'assertion',
  ): Promise<TokenAnswer> {
    const resource = resourceOf(named);
    const held = directory
      .assignments()
      .filter((one) => one.principalId === client.id && one.resourceId === resource.id);
    if (resource.appRoleAssignmentRequired && held.length === 0) {
      throw new EntraFault(
        501051,
        'invalid_grant',
        `Application '${client.appId}'(${client.displayName}) is not assigned to a role for the application '${named}'(${resource.displayName}).`,
      );
    }
    const roles = directory
      .rolesOf(resource)
      .filter((role) => role.isEnabled && held.some(({ appRoleId }) => appRoleId === role.id))
      .flatMap(({ value }) => value ?? []);
    const application = directory.application({ by: 'appId', value: resource.appId });
    const access_token = await issuer.issue({ client, proof, resource, application, named, roles });
    return { token_type: 'Bearer', expires_in: TOKEN_SECONDS, ext_expires_in: TOKEN_SECONDS, access_token };
  }

  return {
    /** The grant of client credentials, with a secret or with an assertion. Throws {@link EntraFault}. */
    async clientCredentials(request: TokenRequest): Promise<TokenAnswer> {
      const { form } = request;
      const grantType = form.get('grant_type');
      if (!grantType) throw missing('grant_type');
      const clientId = clientIdOf(request);
      if (!clientId) throw missing('client_id');
      checkTenant(request.tenant, clientId);
      if (grantType !== 'client_credentials') {
        throw new EntraFault(
          70003,
          'unsupported_grant_type',
          `The app requested an unsupported grant type '${grantType}'.`,
        );
      }
      const proof = await authenticate(request, clientId);
      const client = clientOf(clientId);
      return grant(client, resourceNamed(form.get('scope')), proof);
    },

    /** What a managed identity gets for a resource. Throws {@link EntraFault}. */
    managedIdentity(identity: ServicePrincipal, resource: string): Promise<TokenAnswer> {
      if (!identity.accountEnabled) throw invalidRequest(7000112, 'The identity is disabled.');
      return grant(identity, resource, 'assertion');
    },
  };
}

export const tenantNotFound = (tenant: string): EntraFault =>
  invalidRequest(
    90002,
    `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
  );

/** The client id of a request, for the log; not proven yet. */
export const clientIdOf = (request: TokenRequest): string | undefined =>
  basic(request.authorization)?.username ?? request.form.get('client_id') ?? undefined;

const missing = (parameter: string): EntraFault =>
  invalidRequest(900144, `The request body must contain the following parameter: '${parameter}'.`);

/** RFC 6749, 2.3.1: both halves are form-encoded. */
function basic(header: string | undefined): { username: string; password: string } | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [username = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const decode = (text: string) => new URLSearchParams(`v=${text}`).get('v') ?? '';
  return { username: decode(username), password: decode(rest.join(':')) };
}

function checkSecret(secret: string, application: Application): void {
  const digest = createHash('sha256').update(secret).digest();
  const password = application.passwords.find((one) => timingSafeEqual(one.digest, digest));
  if (!password) {
    throw invalidClient(
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${application.appId}'.`,
    );
  }
  const now = Date.now();
  if (now < password.startsAt || now >= password.endsAt) {
    throw invalidClient(
      7000222,
      `The provided client secret keys for app '${application.appId}' are expired.`,
    );
  }
}

function resourceNamed(scope: string | null): string {
  if (!scope) throw missing('scope');
  const suffix = '/.default';
  if (!scope.includes(' ') && scope.endsWith(suffix) && scope.length > suffix.length) {
    return scope.slice(0, -suffix.length);
  }
  throw new EntraFault(
    1002012,
    'invalid_scope',
    `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
  );
}
