/** How a workload logs in to Entra: what its environment says, or what the caller asks for. */
import { readFile } from 'node:fs/promises';
import { CredentialsError } from './errors.ts';

export const LOGINS = [
  'client-secret',
  'federated',
  'azure-pipelines',
  'managed-identity',
  'developer',
] as const;
export type LoginName = (typeof LOGINS)[number];

/** Logs in with a token of the workload's own platform, as CI systems issue them, instead of a secret. */
export interface AssertionLogin {
  /** A token with the audience `api://AzureADTokenExchange`. Called once for every login. */
  readonly assertion: () => Promise<string>;
  /** @default AZURE_TENANT_ID */
  readonly tenantId?: string | undefined;
  /** Of the application that has the federated credential. @default AZURE_CLIENT_ID */
  readonly clientId?: string | undefined;
}

export type Login =
  | { readonly kind: 'client-secret'; readonly secret: string; readonly application: Application }
  | {
      readonly kind: 'federated';
      readonly assertion: () => Promise<string>;
      readonly application: Application;
    }
  | {
      readonly kind: 'azure-pipelines';
      readonly serviceConnectionId: string;
      readonly accessToken: string;
      readonly requestUri: string;
      readonly application: Application;
    }
  /** Without a client id the system-assigned identity, or the only one. */
  | { readonly kind: 'managed-identity'; readonly clientId: string | undefined }
  | { readonly kind: 'developer' };

export interface Application {
  readonly tenantId: string;
  readonly clientId: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Without `wanted` the first that the environment configures: client secret, token file, Azure Pipelines' service
 * connection, else the managed identity; a developer's own login only where it is asked for.
 * @throws CredentialsError CredentialIncomplete, InsecureEndpoint, TenantUnknown
 */
export function loginOf(env: Environment, wanted?: LoginName | AssertionLogin): Login {
  if (typeof wanted === 'object') {
    const { assertion, tenantId, clientId } = wanted;
    const own = { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId };
    return { kind: 'federated', assertion, application: applicationOf({ ...env, ...defined(own) }) };
  }
  switch (wanted ?? configured(env)) {
    case 'client-secret': {
      const { AZURE_CLIENT_SECRET: secret } = required(env, 'AZURE_CLIENT_SECRET', ...APPLICATION);
      return { kind: 'client-secret', secret, application: applicationOf(env) };
    }
    case 'federated': {
      const { AZURE_FEDERATED_TOKEN_FILE: file } = required(
        env,
        'AZURE_FEDERATED_TOKEN_FILE',
        ...APPLICATION,
      );
      // Read for every login: the platform replaces it before the token in it expires.
      const assertion = () => readFile(file, 'utf8');
      return { kind: 'federated', assertion, application: applicationOf(env) };
    }
    case 'azure-pipelines': {
      const found = required(env, ...PIPELINE);
      return {
        kind: 'azure-pipelines',
        serviceConnectionId: found.AZURESUBSCRIPTION_SERVICE_CONNECTION_ID,
        accessToken: found.SYSTEM_ACCESSTOKEN,
        requestUri: found.SYSTEM_OIDCREQUESTURI,
        application: applicationOf({
          ...env,
          AZURE_TENANT_ID: found.AZURESUBSCRIPTION_TENANT_ID,
          AZURE_CLIENT_ID: found.AZURESUBSCRIPTION_CLIENT_ID,
        }),
      };
    }
    case 'managed-identity':
      return { kind: 'managed-identity', clientId: env.AZURE_CLIENT_ID || undefined };
    case 'developer':
      return { kind: 'developer' };
  }
}

function configured(env: Environment): LoginName {
  if (env.AZURE_CLIENT_SECRET) return 'client-secret';
  if (env.AZURE_FEDERATED_TOKEN_FILE) return 'federated';
  if (env.AZURESUBSCRIPTION_SERVICE_CONNECTION_ID) return 'azure-pipelines';
  return 'managed-identity';
}

const APPLICATION = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID'] as const;
/** Set by the tasks that take an Azure service connection; the access token only where the job maps it. */
const PIPELINE = [
  'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID',
  'AZURESUBSCRIPTION_TENANT_ID',
  'AZURESUBSCRIPTION_CLIENT_ID',
  'SYSTEM_OIDCREQUESTURI',
  'SYSTEM_ACCESSTOKEN',
] as const;

function applicationOf(env: Environment): Application {
  const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId } = required(env, ...APPLICATION);
  // An id or a domain name: it becomes part of a URL.
  if (!/^[\w.-]+$/.test(tenantId)) throw new CredentialsError('TenantUnknown', { facts: { tenantId } });
  return { tenantId, clientId };
}

function required<Name extends string>(env: Environment, ...names: Name[]): Record<Name, string> {
  const missing = names.filter((name) => !env[name]);
  if (missing.length > 0) {
    throw new CredentialsError('CredentialIncomplete', { facts: { missing: missing.join(', ') } });
  }
  return Object.fromEntries(names.map((name) => [name, env[name]])) as Record<Name, string>;
}

const defined = (values: Environment): Environment =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
