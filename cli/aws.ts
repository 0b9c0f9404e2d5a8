/** AWS as commands use it: with the caller's own credentials, and with refusals that say what to do. */
import { type Command, InvalidArgumentError } from 'commander';
import { CLIENT_OPTIONS } from '../lambdas/adapters/aws-client.ts';
import { awsErrorName, factoryErrorOf, httpStatus } from '../lambdas/adapters/aws-errors.ts';
import { CommandFailure } from './failure.ts';
import type { Io } from './io.ts';

export interface AwsOptions {
  /** Default: AWS_PROFILE, else the SDK's default chain. */
  readonly profile?: string;
  /** Default: AWS_REGION, AWS_DEFAULT_REGION, else the profile's. */
  readonly region?: string;
}

/** Adds `--profile` and `--region`. */
export const withAwsOptions = (command: Command): Command =>
  command
    .option('--profile <name>', 'profile of the AWS configuration (default: as the environment says)')
    .option('--region <region>', 'AWS region (default: as the environment or the profile says)', regionName);

/** Adds those, and `--config`, of commands on a deployed factory. */
export const withFactoryOptions = (command: Command): Command =>
  withAwsOptions(command).option(
    '--config <file>',
    "the factory's config, for its prefix and region (default: as it is found here)",
  );

function regionName(text: string): string {
  if (/^[a-z]{2}(-[a-z]+)+-\d$/.test(text)) return text;
  throw new InvalidArgumentError('Expected a region such as eu-central-1.');
}

/**
 * What every SDK client of a command is built with. Endpoints come from AWS_ENDPOINT_URL and its like, which the SDK
 * reads by itself; AWS_DEFAULT_REGION, which it does not read, counts as it does for the AWS CLI.
 */
export function clientConfig(io: Io, { profile, region = io.env.AWS_REGION }: AwsOptions) {
  const known = region || io.env.AWS_DEFAULT_REGION;
  return { ...CLIENT_OPTIONS, ...(profile && { profile }), ...(known && { region: known }) };
}

/** A call by its IAM action and what it is about: `iam:GetRole role/deploy`. Holds names and ids only. */
export type AwsCall = `${string}:${string}`;

/** One call to AWS; whatever AWS, the network or missing credentials refuse comes out as a CommandFailure. */
export async function calling<T>(call: AwsCall, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw awsFailure(error, call);
  }
}

const ABSENT: ReadonlySet<string> = new Set([
  'NoSuchEntity',
  'ResourceNotFound',
  'StateMachineDoesNotExist',
  'QueueDoesNotExist',
]);

/** As {@link calling}. Undefined: AWS says that there is no such thing. */
export const lookingUp = <T>(call: AwsCall, send: () => Promise<T>): Promise<T | undefined> =>
  calling(call, async () => {
    try {
      return await send();
    } catch (error) {
      if (ABSENT.has(awsErrorName(error))) return undefined;
      throw error;
    }
  });

const EXPIRED: ReadonlySet<string> = new Set(['ExpiredToken', 'TokenRefreshRequired']);
const DENIED: ReadonlySet<string> = new Set(['AccessDenied', 'AuthorizationError', 'UnauthorizedOperation']);
const CLOCK: ReadonlySet<string> = new Set(['RequestExpired', 'RequestInTheFuture', 'RequestTimeTooSkewed']);
const UNKNOWN_KEY: ReadonlySet<string> = new Set([
  'AuthFailure',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignature',
  'MissingAuthenticationToken',
  'SignatureDoesNotMatch',
  'UnrecognizedClient',
]);

const SIGN_IN = 'Sign in again (aws sso login, aws login), or choose other credentials with --profile.';

/** What a failed call means for the one who ran the command. A fault of the program comes back as it is. */
function awsFailure(error: unknown, call: AwsCall): unknown {
  if (error instanceof CommandFailure) return error;
  const name = awsErrorName(error);
  const [action] = call.split(' ');
  const refused = (code: string, message: string, remedy: string) =>
    new CommandFailure('refused', code, message, { remedy, cause: error });

  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') return withoutCredentials(error);
  if (EXPIRED.has(name)) return refused('AwsSessionExpired', 'The AWS session has expired', SIGN_IN);
  if (DENIED.has(name)) {
    const remedy = `Allow ${action} to the caller, or choose other credentials with --profile.`;
    return refused('AwsAccessDenied', `AWS denies ${call}`, remedy);
  }
  if (CLOCK.has(name)) {
    return refused('ClockSkew', 'AWS takes the request for too old or too new', "Set this machine's clock.");
  }
  if (UNKNOWN_KEY.has(name)) {
    return refused('AwsCredentialsInvalid', `AWS does not know the credentials (${name})`, SIGN_IN);
  }
  if (error instanceof Error && error.message === 'Region is missing') {
    const remedy = 'Say --region, or set AWS_REGION.';
    return new CommandFailure('usage', 'NoAwsRegion', `${call} needs a region`, { remedy, cause: error });
  }
  return unclassified(error, call, name);
}

function unclassified(error: unknown, call: AwsCall, name: string): unknown {
  const unavailable = (code: string, message: string) =>
    new CommandFailure('unavailable', code, message, { remedy: 'Try again later.', cause: error });
  const { code } = factoryErrorOf(error, call);
  if (code === 'Throttled') return unavailable('AwsThrottled', `AWS throttles ${call}`);
  if (code === 'Unavailable') {
    const { code: socket } = error as NodeJS.ErrnoException;
    return unavailable('AwsUnreachable', `${call} got no answer (${socket ?? name})`);
  }
  const status = httpStatus(error);
  if (status === undefined) return error;
  return new CommandFailure('refused', 'AwsRefused', `AWS refuses ${call}: ${status} ${name}`, {
    cause: error,
  });
}

/** The SDK has no codes here. That a session ended it only says in words. */
function withoutCredentials(error: unknown): CommandFailure {
  const cause = error as Error;
  if (/SSO session|expired/i.test(cause.message)) {
    return new CommandFailure('refused', 'AwsSessionExpired', 'The AWS session has expired', {
      remedy: SIGN_IN,
      cause,
    });
  }
  return new CommandFailure('usage', 'NoAwsCredentials', 'There are no AWS credentials', {
    remedy: 'Name a profile that has some with --profile, or sign in (aws sso login, aws configure).',
    cause,
  });
}
