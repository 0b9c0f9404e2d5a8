import {
  AddClientIDToOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  IAMClient,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  type Role,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { FactoryError } from '../../core/errors.ts';
import {
  type AccountId,
  type ProviderArn,
  type RoleArn,
  type RoleName,
  roleArn,
  roleId,
  roleName,
} from '../../core/ids.ts';
import { PARTITIONS, type Partition } from '../../core/issuer.ts';
import { memberRoleArn } from '../../core/naming.ts';
import type {
  InspectAccess,
  MemberAccounts,
  ProviderAccess,
  ProviderView,
  RoleView,
  TrustAccess,
} from '../ports.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { awsErrorName, calling, type ErrorTable } from './aws-errors.ts';
import { inspectSessionPolicy, providerSessionPolicy, trustSessionPolicy } from './session-policies.ts';

export interface MemberAccountsOptions {
  readonly partition: Partition;
  readonly memberRolePrefix: string;
  /** RoleSessionName of the sessions to come: says in the member's CloudTrail which execution acted. */
  sessionName(): string;
  /** Its HTTP handler, hence its connections, serves the IAM clients too. */
  readonly client?: STSClient;
}

/** STS's least. A step ends long before. */
const SESSION_SECONDS = 900;

const ASSUME_ROLE_ERRORS: ErrorTable = {
  AccessDenied: 'MemberRoleNotAssumable',
  RegionDisabled: 'MemberRoleNotAssumable',
};

/** What the member account answers where it refuses; each call adds its own. */
const MEMBER_ERRORS: ErrorTable = {
  AccessDenied: 'MemberAccessDenied',
  // A closed or suspended account does not know the keys of its sessions any more.
  InvalidClientTokenId: 'MemberAccessDenied',
  UnmodifiableEntity: 'RoleUnmodifiable',
};

const TAG_ERRORS: ErrorTable = {
  ...MEMBER_ERRORS,
  NoSuchEntity: 'RoleGone',
  LimitExceeded: 'RoleNotTaggable',
  InvalidInput: 'RoleNotTaggable',
};

const TRUST_ERRORS: ErrorTable = {
  ...MEMBER_ERRORS,
  NoSuchEntity: 'RoleGone',
  // ACLSizePerRole: 2,048 characters unless raised.
  LimitExceeded: 'TrustPolicyTooLong',
  MalformedPolicyDocument: 'TrustPolicyRejected',
};

const ADD_AUDIENCE_ERRORS: ErrorTable = {
  ...MEMBER_ERRORS,
  NoSuchEntity: 'ProviderMissing',
  // 100 client ids, not adjustable.
  LimitExceeded: 'ProviderFull',
};

/** The member accounts, each session narrowed to its target by a session policy. */
export function memberAccounts(options: MemberAccountsOptions): MemberAccounts {
  const { partition, memberRolePrefix, client: sts = new STSClient(CLIENT_OPTIONS) } = options;

  /** IAM answers in one region of the partition, wherever the function runs. */
  async function open(
    accountId: AccountId,
    purpose: 'inspect' | 'provider' | 'trust',
    policy: string,
  ): Promise<IAMClient> {
    const arn = memberRoleArn(partition, accountId, memberRolePrefix, purpose);
    const command = new AssumeRoleCommand({
      RoleArn: arn,
      RoleSessionName: options.sessionName(),
      DurationSeconds: SESSION_SECONDS,
      Policy: policy,
    });
    const { Credentials: session } = await calling(`AssumeRole ${arn}`, ASSUME_ROLE_ERRORS, () =>
      sts.send(command),
    );
    if (!session?.AccessKeyId || !session.SecretAccessKey || !session.SessionToken) {
      throw new FactoryError('Unexpected', `AssumeRole ${arn}: the answer holds no credentials`);
    }
    return new IAMClient({
      region: PARTITIONS[partition].iamEventRegion,
      credentials: {
        accessKeyId: session.AccessKeyId,
        secretAccessKey: session.SecretAccessKey,
        sessionToken: session.SessionToken,
      },
      requestHandler: sts.config.requestHandler,
      maxAttempts: sts.config.maxAttempts,
    });
  }

  return {
    async inspect({ accountId, roleName: name }): Promise<InspectAccess> {
      const policy = inspectSessionPolicy({ partition, accountId, roleName: name });
      const iam = await open(accountId, 'inspect', policy);
      return readAndTag(iam, accountId);
    },

    async provider({ accountId, providerArn }): Promise<ProviderAccess> {
      const iam = await open(accountId, 'provider', providerSessionPolicy(providerArn));
      return {
        addAudience: async (arn, audience) => {
          await calling(`AddClientIDToOpenIDConnectProvider ${arn}`, ADD_AUDIENCE_ERRORS, () =>
            iam.send(
              new AddClientIDToOpenIDConnectProviderCommand({
                OpenIDConnectProviderArn: arn,
                ClientID: audience,
              }),
            ),
          );
        },
        removeAudience: async (arn, audience) => {
          await absentIsUndefined(`RemoveClientIDFromOpenIDConnectProvider ${arn}`, () =>
            iam.send(
              new RemoveClientIDFromOpenIDConnectProviderCommand({
                OpenIDConnectProviderArn: arn,
                ClientID: audience,
              }),
            ),
          );
        },
      };
    },

    async trust({ accountId, roleArn: arn, roleId: id, providerArn }): Promise<TrustAccess> {
      const target = { partition, accountId, roleName: nameIn(arn), roleId: id, providerArn };
      const iam = await open(accountId, 'trust', trustSessionPolicy(target));
      return {
        ...readAndTag(iam, accountId),
        updateTrustPolicy: async (name, document) => {
          await calling(`UpdateAssumeRolePolicy role ${name} in ${accountId}`, TRUST_ERRORS, () =>
            iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: name, PolicyDocument: document })),
          );
        },
      };
    },
  };
}

function readAndTag(iam: IAMClient, accountId: AccountId): InspectAccess {
  return {
    getRole: async (name) => {
      const call = `GetRole role ${name} in ${accountId}`;
      const answer = await absentIsUndefined(call, () => iam.send(new GetRoleCommand({ RoleName: name })));
      return answer && roleView(answer.Role, call);
    },
    getProvider: async (arn) => {
      const answer = await absentIsUndefined(`GetOpenIDConnectProvider ${arn}`, () =>
        iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })),
      );
      return answer && providerView(arn, answer);
    },
    tagRole: async (name, tags) => {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await calling(`TagRole role ${name} in ${accountId}`, TAG_ERRORS, () =>
        iam.send(new TagRoleCommand({ RoleName: name, Tags })),
      );
    },
  };
}

/** One call for which NoSuchEntity is an answer and no failure. */
function absentIsUndefined<T>(call: string, send: () => Promise<T>): Promise<T | undefined> {
  return calling(call, MEMBER_ERRORS, async () => {
    try {
      return await send();
    } catch (error) {
      if (awsErrorName(error) === 'NoSuchEntity') return undefined;
      throw error;
    }
  });
}

function roleView(role: Role | undefined, call: string): RoleView {
  if (!role?.AssumeRolePolicyDocument || !role.CreateDate || !role.Path) {
    throw new FactoryError('Unexpected', `${call}: the answer is incomplete`);
  }
  return {
    roleName: roleName(role.RoleName),
    roleId: roleId(role.RoleId),
    roleArn: roleArn(role.Arn),
    path: role.Path,
    createdAt: role.CreateDate.toISOString(),
    trustPolicy: decoded(role.AssumeRolePolicyDocument, call),
    tags: Object.fromEntries((role.Tags ?? []).map(({ Key, Value }) => [Key, Value ?? ''])),
  };
}

/** IAM percent-encodes the document (RFC 3986). */
function decoded(document: string, call: string): string {
  try {
    return decodeURIComponent(document);
  } catch (cause) {
    throw new FactoryError('TrustPolicyUnreadable', `${call}: the trust policy is not percent-encoded`, {
      cause,
    });
  }
}

function providerView(
  providerArn: ProviderArn,
  answer: { readonly Url?: string | undefined; readonly ClientIDList?: string[] | undefined },
): ProviderView {
  if (!answer.Url) {
    throw new FactoryError('Unexpected', `GetOpenIDConnectProvider ${providerArn}: the answer holds no URL`);
  }
  return { providerArn, url: answer.Url, clientIds: answer.ClientIDList ?? [] };
}

const nameIn = (arn: RoleArn): RoleName => roleName(arn.slice(arn.lastIndexOf('/') + 1));
