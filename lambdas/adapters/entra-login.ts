/** The factory's login to Entra: with a token that AWS issues for the function's role, or with a client secret. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetWebIdentityTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { FactoryError } from '../../core/errors.ts';
import type { AppId, TenantId } from '../../core/ids.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { calling } from './aws-errors.ts';
import { type HttpsAnswer, sendHttps } from './https.ts';

export interface EntraLogin {
  readonly tenantId: TenantId;
  readonly clientId: AppId;
  /** `https://login.microsoftonline.com`. */
  readonly authorityHost: string;
  /** What the tokens are for: `https://graph.microsoft.com`. */
  readonly graphEndpoint: string;
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

export interface EntraCredential {
  /** An access token for Graph. */
  getToken(): Promise<string>;
  /** Drops what is cached, so that the next token carries the rights of that time. */
  forget(): void;
}

/** The longest that the functions may ask for; used at once, so it is never kept. */
const ASSERTION_SECONDS = 300;
/** A token is renewed this long before it expires: far longer than a function runs. */
const MARGIN_MS = 5 * 60_000;

interface Login {
  readonly token: Promise<string>;
  /** Not while the login is under way. */
  expiresAt: number;
}

/**
 * A credential that logs in once and hands out that token until shortly before it expires; concurrent callers share
 * one login. Fails with DirectoryLoginFailed, OutboundFederationDisabled, NotReplicated (Entra does not know the
 * federated credential yet), Throttled or Unavailable; trying again is for the caller, who knows how much time there
 * is. No error carries a token, a secret or an upstream body.
 */
export function entraCredential(options: EntraLogin): EntraCredential {
  const { login } = options;
  const prove = login.kind === 'federated' ? federated(login) : withSecret(login);
  let current: Login | undefined;

  function logIn(): Login {
    const started: Login = {
      expiresAt: Number.POSITIVE_INFINITY,
      token: prove()
        .then((proof) => requestToken(options, proof))
        .then(
          ({ token, expiresAt }) => {
            started.expiresAt = expiresAt;
            return token;
          },
          (error) => {
            if (current === started) current = undefined;
            throw error;
          },
        ),
    };
    return started;
  }

  return {
    getToken() {
      if (!current || current.expiresAt - Date.now() <= MARGIN_MS) current = logIn();
      return current.token;
    },
    forget: () => {
      current = undefined;
    },
  };
}

/** What proves to Entra that the caller is the factory: parameters of the token request. */
type Prove = () => Promise<Readonly<Record<string, string>>>;

function federated({ audience, region }: Extract<EntraLogin['login'], { kind: 'federated' }>): Prove {
  const sts = new STSClient({ ...CLIENT_OPTIONS, region });
  const meanings = {
    OutboundWebIdentityFederationDisabled: 'OutboundFederationDisabled',
    AccessDenied: 'DirectoryLoginFailed',
  } as const;
  return async () => {
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
    return {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    };
  };
}

function withSecret({ secretArn }: Extract<EntraLogin['login'], { kind: 'secret' }>): Prove {
  const secrets = new SecretsManagerClient(CLIENT_OPTIONS);
  const meanings = {
    AccessDenied: 'DirectoryLoginFailed',
    ResourceNotFound: 'DirectoryLoginFailed',
  } as const;
  return async () => {
    // Read again for every login, about once an hour: a rotated secret is picked up.
    const { SecretString: secret } = await calling(`GetSecretValue ${secretArn}`, meanings, () =>
      secrets.send(new GetSecretValueCommand({ SecretId: secretArn })),
    );
    if (!secret) throw new FactoryError('DirectoryLoginFailed', `${secretArn}: the secret has no string`);
    return { client_secret: secret };
  };
}

/** OAuth 2.0 client credentials (RFC 6749, section 4.4; with an assertion, RFC 7523). */
async function requestToken(
  { authorityHost, tenantId, clientId, graphEndpoint }: EntraLogin,
  proof: Readonly<Record<string, string>>,
): Promise<{ token: string; expiresAt: number }> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    scope: `${graphEndpoint}/.default`,
    ...proof,
  });
  const answer = await sendHttps(`${authorityHost}/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  }).catch((cause: unknown) => {
    throw new FactoryError('Unavailable', 'Entra did not answer', { cause });
  });
  const { access_token: token, expires_in: seconds } = fieldsOf(answer);
  if (answer.status !== 200 || typeof token !== 'string' || typeof seconds !== 'number') {
    throw loginFailure(answer);
  }
  return { token, expiresAt: Date.now() + seconds * 1000 };
}

const fieldsOf = ({ body }: HttpsAnswer): Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null ? { ...body } : {};

/** Entra's own passing troubles, and that it could not read the keys of the assertion's issuer (50166). */
const PASSING = new Set([90006, 90012, 90024, 90033, 90055, 90090, 50166]);
/** No matching federated credential, issuer or subject: true for minutes after one has been added. */
const FEDERATION_NOT_REPLICATED = new Set([70021, 700211, 700213]);

/** By status and AADSTS codes alone: the description quotes what was sent. */
function loginFailure(answer: HttpsAnswer): FactoryError {
  const { status } = answer;
  const { error_codes: list } = fieldsOf(answer);
  const codes = Array.isArray(list) ? list.filter((code) => typeof code === 'number') : [];
  const cause = { status, codes };
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
