/** A token for a session: AssumeRoleWithWebIdentity, which needs no credentials of AWS. */
import type { Credentials } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import { exchangeFacts, exchangeMistake } from '../core/exchange-failure.ts';
import type { RoleArn } from '../core/ids.ts';
import { networkMistake } from '../core/login-failure.ts';
import { tokenFacts } from '../core/token.ts';
import { type Destination, refuseInsecure } from './endpoints.ts';
import { CredentialsError } from './errors.ts';
import type { Session } from './session-cache.ts';

export interface ExchangeOptions {
  readonly roleArn: RoleArn;
  readonly region: string;
  readonly sessionName: string;
  readonly durationSeconds?: number | undefined;
  readonly now: () => number;
}

/** The whole exchange is tried again from outside, so that one attempt must not last. */
const TIMEOUTS = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
/** What the dates of HTTP (whole seconds) and the way of an answer may differ by. */
const SKEW_TOLERANCE_MS = 60_000;

/** @throws CredentialsError */
export async function exchange(
  token: string,
  options: ExchangeOptions,
): Promise<Session<AwsCredentialIdentity>> {
  const { roleArn, region, sessionName, durationSeconds, now } = options;
  // Slow to load: not before it is needed.
  const { AssumeRoleWithWebIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({ region, maxAttempts: 1, requestHandler: TIMEOUTS });
  let skewMs = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      refuseInsecure(args.request as Destination);
      const result = await next(args);
      skewMs = skewOf(result.response, now());
      return result;
    },
    // Last before the wire: what is checked is where it goes, whatever variable or profile said so.
    { step: 'deserialize', priority: 'low', name: 'watchEndpointAndClock' },
  );
  try {
    const { Credentials } = await client.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn,
        RoleSessionName: sessionName,
        WebIdentityToken: token,
        DurationSeconds: durationSeconds,
      }),
    );
    return sessionOf(Credentials, roleArn, skewMs);
  } catch (error) {
    throw failure(error, token, { ...options, skewMs });
  } finally {
    client.destroy();
  }
}

function sessionOf(
  credentials: Credentials | undefined,
  roleArn: RoleArn,
  skewMs: number,
): Session<AwsCredentialIdentity> {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
    throw new CredentialsError('StsUnavailable', { facts: { answer: 'STS: no credentials in it' } });
  }
  const expiresAt = Expiration.getTime() - skewMs;
  const [, , , , accountId = ''] = roleArn.split(':');
  return {
    expiresAt,
    identity: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: new Date(expiresAt),
      accountId,
    },
  };
}

/** By how much STS's clock is ahead of the workload's; 0 where it hardly differs, or where STS does not say. */
function skewOf(response: unknown, now: number): number {
  const { headers = {} } = response as { headers?: Readonly<Record<string, string>> };
  const skew = Date.parse(headers.date ?? '') - now;
  return Math.abs(skew) > SKEW_TOLERANCE_MS ? skew : 0;
}

/** What the SDK throws: an answer of STS, one that it cannot read, or a failure of the network beneath. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number };
}

function failure(error: unknown, token: string, context: ExchangeOptions & { skewMs: number }): unknown {
  if (error instanceof CredentialsError) return error;
  const { name, message, code, $metadata, $response } = error as SdkError;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  const network = typeof code === 'string' ? code : name === 'TimeoutError' ? name : undefined;
  const claims = tokenFacts(token);
  const facts = (answer: string) => ({
    answer: `${answer} from STS in ${context.region}`,
    ...(claims && exchangeFacts(context.roleArn, claims)),
  });
  if (status !== undefined) {
    const mistake = exchangeMistake({
      refusal: { code: name, message, status },
      token: claims,
      now: context.now() + context.skewMs,
      clockSkewMs: context.skewMs,
    });
    const answer = facts(`${name} (${status})`);
    return new CredentialsError(mistake.code, { mayBe: mistake.mayBe, facts: answer });
  }
  if (network === undefined) return error;
  return new CredentialsError(networkMistake(network, 'StsUnavailable'), { facts: facts(network) });
}
