/** The factory's login to Entra: with a token that AWS issues for the function's role, or with a client secret. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetWebIdentityTokenCommand, STSClient } from '@aws-sdk/client-sts';
import {
  type AccessToken,
  ClientAssertionCredential,
  type ClientAssertionCredentialOptions,
  ClientSecretCredential,
  type TokenCredential,
} from '@azure/identity';
import { FactoryError } from '../../core/errors.ts';
import type { AppId, TenantId } from '../../core/ids.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { calling } from './aws-errors.ts';

export interface EntraLogin {
  readonly tenantId: TenantId;
  readonly clientId: AppId;
  /** `https://login.microsoftonline.com`. */
  readonly authorityHost: string;
  readonly login:
    | {
        readonly kind: 'federated';
        /** As the federated credential of the factory's application has it. */
        readonly audience: string;
        /** AWS issues such tokens at its regional endpoints only. */
        readonly region: string;
      }
    | {
        readonly kind: 'secret';
        /** A secret in Secrets Manager whose whole string is the client secret: plain text, no JSON. */
        readonly secretArn: string;
      };
}

export interface EntraCredential extends TokenCredential {
  /** Drops what is cached, so that the next token carries the rights of that time. */
  forget(): void;
}

/** The longest that the functions may ask for; used at once, so it is never kept. */
const ASSERTION_SECONDS = 300;
/** A token is renewed this long before it expires: far longer than a function runs. */
const MARGIN_MS = 5 * 60_000;

interface Login {
  readonly token: Promise<AccessToken>;
  /** Undefined while the login is under way. */
  expiresAt?: number;
}

/**
 * A credential that logs in once and hands out that token until shortly before it expires; concurrent callers share
 * one login. Fails with DirectoryLoginFailed, OutboundFederationDisabled, NotReplicated (Entra does not know the
 * federated credential yet), Throttled or Unavailable. No error carries a token, a secret or an upstream body.
 */
export function entraCredential(options: EntraLogin): EntraCredential {
  const { login } = options;
  const connect = login.kind === 'federated' ? federated(options, login) : withSecret(options, login);
  const logins = new Map<string, Login>();

  async function logIn(scopes: string | string[]): Promise<AccessToken> {
    const answers = watchAnswers();
    // A new credential for every login: MSAL keeps a throttled or failed answer and repeats it for a minute.
    const credential = await connect({
      authorityHost: options.authorityHost,
      // It would ask Microsoft's public host whether the authority is genuine; ours is configured.
      disableInstanceDiscovery: true,
      // Trying again is for the caller, who knows how much time there is.
      retryOptions: { maxRetries: 0 },
      additionalPolicies: [{ position: 'perCall', policy: answers.policy }],
    });
    const token = await credential.getToken(scopes).catch((error: unknown) => {
      throw loginFailure(error, answers.last());
    });
    if (token === null) throw new FactoryError('DirectoryLoginFailed');
    return token;
  }

  return {
    async getToken(scopes) {
      const key = [scopes].flat().join(' ');
      const known = logins.get(key);
      if (known && (known.expiresAt ?? Number.POSITIVE_INFINITY) - Date.now() > MARGIN_MS) return known.token;
      const started: Login = { token: logIn(scopes) };
      logins.set(key, started);
      try {
        const token = await started.token;
        started.expiresAt = token.expiresOnTimestamp;
        return token;
      } catch (error) {
        if (logins.get(key) === started) logins.delete(key);
        throw error;
      }
    },
    forget: () => logins.clear(),
  };
}

type Connect = (options: ClientAssertionCredentialOptions) => Promise<TokenCredential>;

function federated(
  { tenantId, clientId }: EntraLogin,
  { audience, region }: Extract<EntraLogin['login'], { kind: 'federated' }>,
): Connect {
  const sts = new STSClient({ ...CLIENT_OPTIONS, region });
  return async (options) => {
    const meanings = {
      OutboundWebIdentityFederationDisabled: 'OutboundFederationDisabled',
      AccessDenied: 'DirectoryLoginFailed',
    } as const;
    const { WebIdentityToken: assertion } = await calling('GetWebIdentityToken', meanings, () =>
      sts.send(
        new GetWebIdentityTokenCommand({
          Audience: [audience],
          // Entra takes no other algorithm (AADSTS5002738).
          SigningAlgorithm: 'RS256',
          DurationSeconds: ASSERTION_SECONDS,
        }),
      ),
    );
    if (!assertion) throw new FactoryError('Unavailable', 'GetWebIdentityToken: no token in the answer');
    // Its callback is called twice for each token: it must not be the call to STS.
    return new ClientAssertionCredential(tenantId, clientId, async () => assertion, options);
  };
}

function withSecret(
  { tenantId, clientId }: EntraLogin,
  { secretArn }: Extract<EntraLogin['login'], { kind: 'secret' }>,
): Connect {
  const secrets = new SecretsManagerClient(CLIENT_OPTIONS);
  return async (options) => {
    const meanings = {
      AccessDenied: 'DirectoryLoginFailed',
      ResourceNotFound: 'DirectoryLoginFailed',
    } as const;
    // Read again for every login, about once an hour: a rotated secret is picked up.
    const { SecretString: secret } = await calling(`GetSecretValue ${secretArn}`, meanings, () =>
      secrets.send(new GetSecretValueCommand({ SecretId: secretArn })),
    );
    if (!secret) throw new FactoryError('DirectoryLoginFailed', `${secretArn}: the secret has no string`);
    return new ClientSecretCredential(tenantId, clientId, secret, options);
  };
}

/** What Entra answered last, beneath MSAL, which turns some answers into errors that no longer show them. */
interface Answer {
  readonly status: number;
  /** AADSTS codes. */
  readonly codes: readonly number[];
}

type Policy = NonNullable<ClientAssertionCredentialOptions['additionalPolicies']>[number]['policy'];

/** `last` is undefined where the last request got no answer at all. */
function watchAnswers(): { policy: Policy; last: () => Answer | undefined } {
  let answer: Answer | undefined;
  return {
    policy: {
      name: 'watchAnswers',
      async sendRequest(request, next) {
        answer = undefined;
        const response = await next(request);
        answer = { status: response.status, codes: codesIn(response.bodyAsText) };
        return response;
      },
    },
    last: () => answer,
  };
}

function codesIn(body: string | null | undefined): number[] {
  try {
    const { error_codes: codes } = JSON.parse(body ?? '{}') as { error_codes?: unknown };
    return Array.isArray(codes) ? codes.filter((code) => typeof code === 'number') : [];
  } catch {
    return [];
  }
}

/** Entra's own passing troubles, and that it could not read the keys of the assertion's issuer (50166). */
const PASSING = new Set([90006, 90012, 90024, 90033, 90055, 90090, 50166]);
/** No matching federated credential, issuer or subject: true for minutes after one has been added. */
const FEDERATION_NOT_REPLICATED = new Set([70021, 700211, 700213]);

function loginFailure(error: unknown, answer: Answer | undefined): FactoryError {
  // MSAL's messages quote the answer, so neither they nor the error itself go along.
  const kind = error instanceof Error ? error.name : typeof error;
  if (!answer) return new FactoryError('Unavailable', 'Entra did not answer', { cause: { kind } });
  const { status, codes } = answer;
  const cause = { kind, status, codes };
  const said = codes.length > 0 ? codes.map((code) => `AADSTS${code}`).join(' ') : `status ${status}`;
  if (status === 429) return new FactoryError('Throttled', `Entra: ${said}`, { cause });
  if (status >= 500 || codes.some((code) => PASSING.has(code))) {
    return new FactoryError('Unavailable', `Entra: ${said}`, { cause });
  }
  if (codes.some((code) => FEDERATION_NOT_REPLICATED.has(code))) {
    return new FactoryError('NotReplicated', `Entra knows no matching federated credential: ${said}`, {
      cause,
    });
  }
  return new FactoryError('DirectoryLoginFailed', `Entra refuses the login: ${said}`, { cause });
}
