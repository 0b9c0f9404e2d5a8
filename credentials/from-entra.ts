import { hostname } from 'node:os';
import type { TokenCredential } from '@azure/identity';
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider, Logger } from '@smithy/types';
import { FactoryError } from '../core/errors.ts';
import { audience as checkedAudience, roleArn as checkedRoleArn, type RoleArn } from '../core/ids.ts';
import { PARTITIONS, type Partition } from '../core/issuer.ts';
import { tokenFacts } from '../core/token.ts';
import { entraTokens } from './entra-token.ts';
import { CredentialsError } from './errors.ts';
import { exchange } from './exchange.ts';
import type { AssertionLogin, Environment, LoginName } from './login.ts';
import { type Ports, systemPorts } from './ports.ts';
import { retrying } from './retry.ts';
import { cacheSession, type Session } from './session-cache.ts';
import { SESSION_NAME, sessionNameFor } from './session-name.ts';

export interface FromEntraOptions {
  /** The role to be. */
  readonly roleArn: string;
  /** Value of the role's tag `oidc-factory:audience`: `api://<client id>`, without `/.default`. */
  readonly audience: string;
  /**
   * How to log in to Entra: by name; with tokens of the platform; or any credential of `@azure/identity`.
   * @default what the environment configures: a client secret, a federated token file, the service connection of
   * Azure Pipelines, else the managed identity. Never a developer's own login: ask for `developer`.
   */
  readonly credential?: LoginName | AssertionLogin | TokenCredential | undefined;
  /** Name of the session in CloudTrail: 2 to 64 of `[\w+=,.@-]`. @default `<host name>@<client id that logs in>` */
  readonly sessionName?: string | undefined;
  /** 900 to the role's maximum, at most 43200. @default 3600 */
  readonly durationSeconds?: number | undefined;
  /** Of STS. @default AWS_REGION, AWS_DEFAULT_REGION, else the region where the role's partition keeps IAM */
  readonly region?: string | undefined;
  /** Is warned when a renewal fails while the old session still lasts. */
  readonly logger?: Pick<Logger, 'warn'> | undefined;
}

/**
 * Credentials of an AWS role for a workload that logs in with Entra, for any client of the AWS SDK. Makes no call
 * before it is asked; keeps the session in memory, renews it from five minutes before its end, and goes on with it
 * to its end where renewals fail. Needs no credentials of AWS.
 *
 * The provider rejects with {@link CredentialsError}.
 * @throws FactoryError InvalidInput where an option is not of the expected form.
 */
export function fromEntra(options: FromEntraOptions): AwsCredentialIdentityProvider {
  return credentialsFromEntra(options, process.env, systemPorts);
}

/** {@link fromEntra} with the world in the caller's hands. */
export function credentialsFromEntra(
  options: FromEntraOptions,
  env: Environment,
  ports: Ports,
): AwsCredentialIdentityProvider {
  const { credential, logger } = options;
  const { roleArn, audience, region, sessionName, durationSeconds } = checked(options, env);
  const getToken = entraTokens({ audience, credential, env });

  const exchanged = (token: string) => {
    const name = sessionName ?? sessionNameFor(hostname(), token);
    const request = { roleArn, region, sessionName: name, durationSeconds, now: ports.now };
    return retrying(() => exchange(token, request), ports);
  };

  async function start(): Promise<Session<AwsCredentialIdentity>> {
    const token = await retrying(getToken, ports);
    try {
      return await exchanged(token);
    } catch (error) {
      if (!(error instanceof CredentialsError && error.code === 'TokenExpired')) throw error;
      // The login library keeps tokens by the workload's clock, which may be wrong.
      const refused = tokenFacts(token);
      return exchanged(await retrying(() => getToken(refused), ports));
    }
  }

  return cacheSession(start, ports, (error) => {
    logger?.warn(`No new session for ${roleArn} yet: ${error instanceof Error ? error.message : error}`);
  });
}

/** @throws FactoryError InvalidInput */
function checked(options: FromEntraOptions, env: Environment) {
  const { sessionName, durationSeconds } = options;
  const roleArn = checkedRoleArn(options.roleArn);
  const audience = checkedAudience(options.audience);
  if (audience.endsWith('/.default')) throw invalid('audience', 'no /.default at its end');
  if (sessionName !== undefined && !SESSION_NAME.test(sessionName)) {
    throw invalid('sessionName', '2 to 64 letters, digits or _+=,.@-');
  }
  if (durationSeconds !== undefined && !isDuration(durationSeconds)) {
    throw invalid('durationSeconds', '900 to 43200');
  }
  const region = options.region || env.AWS_REGION || env.AWS_DEFAULT_REGION || homeRegion(roleArn);
  return { roleArn, audience, region, sessionName, durationSeconds };
}

const invalid = (option: string, expected: string) =>
  new FactoryError('InvalidInput', `${option}: expected ${expected}`);

const isDuration = (seconds: number): boolean =>
  Number.isInteger(seconds) && seconds >= 900 && seconds <= 43_200;

const homeRegion = (roleArn: RoleArn): string =>
  (PARTITIONS[roleArn.split(':')[1] as Partition] ?? PARTITIONS.aws).iamEventRegion;
