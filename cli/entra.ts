/** The caller's own login to Entra. */
import { CLOUDS, type EntraCloud } from '../core/issuer.ts';
import { entraTokens } from '../credentials/entra-token.ts';
import { CredentialsError } from '../credentials/errors.ts';
import type { LoginName } from '../credentials/login.ts';
import { CommandFailure } from './failure.ts';
import type { GraphLogin } from './graph.ts';
import type { Io } from './io.ts';

/** What a login without asking may use: a managed identity is looked for over the network, where there may be none. */
const CONFIGURED = [
  'AZURE_CLIENT_SECRET',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID',
];

/** Whether the environment says how to log in. */
export const isLoginConfigured = (io: Io): boolean => CONFIGURED.some((name) => io.env[name]);

/** Logs in with the first call that needs it, once. Fails with InsecureEndpoint. */
export function graphLogin(io: Io, wanted: LoginName | undefined, cloud: EntraCloud): GraphLogin {
  const graphEndpoint = io.env.GRAPH_ENDPOINT ?? CLOUDS[cloud].graphEndpoint;
  if (!graphEndpoint.startsWith('https://')) {
    throw new CommandFailure('usage', 'InsecureEndpoint', 'GRAPH_ENDPOINT: expected an https URL');
  }
  const logIn = entraTokens({ audience: graphEndpoint, credential: wanted, env: io.env });
  let token: Promise<string> | undefined;
  return { graphEndpoint, getToken: () => (token ??= logIn().catch(refusedLogin)) };
}

function refusedLogin(error: unknown): never {
  if (!(error instanceof CredentialsError)) throw error;
  const outcome = error.retryable ? 'unavailable' : 'refused';
  throw new CommandFailure(outcome, error.code, `No login to Entra: ${error.summary}`, {
    remedy: error.remedy,
    cause: error,
  });
}
