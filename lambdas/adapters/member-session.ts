/** Sessions of the member roles, each narrowed by a session policy. */
import { IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { FactoryError } from '../../core/errors.ts';
import type { AccountId } from '../../core/ids.ts';
import { PARTITIONS, type Partition } from '../../core/issuer.ts';
import { type GuardRolePurpose, type MemberRolePurpose, memberRoleArn } from '../../core/naming.ts';
import { CLIENT_OPTIONS, USER_AGENT } from './aws-client.ts';
import { awsErrorName, calling, type ErrorTable } from './aws-errors.ts';

export interface MemberSessionOptions {
  readonly partition: Partition;
  readonly memberRolePrefix: string;
  /** Name and source identity of the sessions to come: say in the member's CloudTrail which execution acted. */
  sessionName(): string;
  /** Its HTTP handler, hence its connections, serves the IAM clients too. */
  readonly client?: STSClient;
}

/** What a client of any service needs to act in a session. */
export interface MemberSession {
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  };
  readonly requestHandler: STSClient['config']['requestHandler'];
  readonly maxAttempts: STSClient['config']['maxAttempts'];
}

export type OpenSession = (
  accountId: AccountId,
  purpose: Exclude<MemberRolePurpose, 'forwarder'> | GuardRolePurpose,
  policy: string,
) => Promise<MemberSession>;

/** STS's least. A step ends long before. */
const SESSION_SECONDS = 900;

const ASSUME_ROLE_ERRORS: ErrorTable = {
  AccessDenied: 'MemberRoleNotAssumable',
  RegionDisabled: 'MemberRoleNotAssumable',
};

/** What the member account answers where it refuses; each call adds its own. */
export const MEMBER_ERRORS: ErrorTable = {
  AccessDenied: 'MemberAccessDenied',
  // A closed or suspended account does not know the keys of its sessions any more.
  InvalidClientTokenId: 'MemberAccessDenied',
  UnmodifiableEntity: 'RoleUnmodifiable',
};

export const TAG_ERRORS: ErrorTable = {
  ...MEMBER_ERRORS,
  NoSuchEntity: 'RoleGone',
  LimitExceeded: 'RoleNotTaggable',
  InvalidInput: 'RoleNotTaggable',
};

export function memberSessions(options: MemberSessionOptions): OpenSession {
  const { partition, memberRolePrefix, client: sts = new STSClient(CLIENT_OPTIONS) } = options;
  return async (accountId, purpose, policy) => {
    const arn = memberRoleArn(partition, accountId, memberRolePrefix, purpose);
    const name = options.sessionName();
    const command = new AssumeRoleCommand({
      RoleArn: arn,
      RoleSessionName: name,
      // Beside the name, for it stays in the sessions that this one opens, and policies can ask for it.
      SourceIdentity: name,
      DurationSeconds: SESSION_SECONDS,
      Policy: policy,
    });
    const { Credentials: session } = await calling(`AssumeRole ${arn}`, ASSUME_ROLE_ERRORS, () =>
      sts.send(command),
    );
    if (!session?.AccessKeyId || !session.SecretAccessKey || !session.SessionToken) {
      throw new FactoryError('Unexpected', `AssumeRole ${arn}: the answer holds no credentials`);
    }
    return {
      // IAM answers in one region of the partition, wherever the function runs.
      region: PARTITIONS[partition].iamEventRegion,
      credentials: {
        accessKeyId: session.AccessKeyId,
        secretAccessKey: session.SecretAccessKey,
        sessionToken: session.SessionToken,
      },
      requestHandler: sts.config.requestHandler,
      maxAttempts: sts.config.maxAttempts,
    };
  };
}

export const iamOf = (session: MemberSession): IAMClient =>
  new IAMClient({ ...session, defaultUserAgentProvider: USER_AGENT });

/** One call for which NoSuchEntity is an answer and no failure. */
export function absentIsUndefined<T>(call: string, send: () => Promise<T>): Promise<T | undefined> {
  return calling(call, MEMBER_ERRORS, async () => {
    try {
      return await send();
    } catch (error) {
      if (awsErrorName(error) === 'NoSuchEntity') return undefined;
      throw error;
    }
  });
}
