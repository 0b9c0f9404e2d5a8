import {
  AddClientIDToOpenIDConnectProviderCommand,
  GetRoleCommand,
  type IAMClient,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { type AccountId, roleNameIn } from '../../core/ids.ts';
import type { InspectAccess, MemberAccounts, ProviderAccess, TrustAccess } from '../ports.ts';
import { calling, type ErrorTable } from './aws-errors.ts';
import { roleView } from './iam-views.ts';
import {
  absentIsUndefined,
  iamOf,
  MEMBER_ERRORS,
  type MemberSessionOptions,
  memberSessions,
  TAG_ERRORS,
} from './member-session.ts';
import { readProvider } from './provider-reads.ts';
import { inspectSessionPolicy, providerSessionPolicy, trustSessionPolicy } from './session-policies.ts';

export type MemberAccountsOptions = MemberSessionOptions;

const TRUST_ERRORS: ErrorTable = {
  ...MEMBER_ERRORS,
  NoSuchEntity: 'RoleGone',
  // ACLSizePerRole: 2,048 characters unless raised.
  LimitExceeded: 'TrustPolicyTooLong',
  MalformedPolicyDocument: 'TrustPolicyRejected',
};

export const ADD_AUDIENCE_ERRORS: ErrorTable = {
  ...MEMBER_ERRORS,
  NoSuchEntity: 'ProviderMissing',
  // 100 client ids, not adjustable.
  LimitExceeded: 'ProviderFull',
};

/** The member accounts, each session narrowed to its target by a session policy. */
export function memberAccounts(options: MemberAccountsOptions): MemberAccounts {
  const { partition } = options;
  const openSession = memberSessions(options);
  const open = async (...target: Parameters<typeof openSession>) => iamOf(await openSession(...target));

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
      const target = { partition, accountId, roleName: roleNameIn(arn), roleId: id, providerArn };
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
    getProvider: (arn) => readProvider(iam, arn),
    tagRole: async (name, tags) => {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await calling(`TagRole role ${name} in ${accountId}`, TAG_ERRORS, () =>
        iam.send(new TagRoleCommand({ RoleName: name, Tags })),
      );
    },
  };
}
