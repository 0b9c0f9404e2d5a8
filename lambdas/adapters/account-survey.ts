import { GetRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { roleId, roleName } from '../../core/ids.ts';
import type { ListedRole, SurveyedAccounts } from '../sweep-ports.ts';
import { calling } from './aws-errors.ts';
import { decoded, roleView } from './iam-views.ts';
import {
  absentIsUndefined,
  iamOf,
  MEMBER_ERRORS,
  type MemberSessionOptions,
  memberSessions,
} from './member-session.ts';
import { listProviders, readProvider } from './provider-reads.ts';
import { sweepSessionPolicy } from './session-policies.ts';

/** Roles of one page: what IAM gives may be fewer. */
const PAGE = 200;

/** Member accounts as a sweep sees them. */
export function surveyedAccounts(options: MemberSessionOptions): SurveyedAccounts {
  const openSession = memberSessions(options);
  return {
    async survey(accountId) {
      const policy = sweepSessionPolicy({ partition: options.partition, accountId });
      const iam = iamOf(await openSession(accountId, 'inspect', policy));
      return {
        roles: async () => {
          const call = `ListRoles in ${accountId}`;
          const roles: ListedRole[] = [];
          let Marker: string | undefined;
          do {
            const page = await calling(call, MEMBER_ERRORS, () =>
              iam.send(new ListRolesCommand({ MaxItems: PAGE, Marker })),
            );
            for (const { RoleName, RoleId, AssumeRolePolicyDocument = '' } of page.Roles ?? []) {
              roles.push({
                roleName: roleName(RoleName),
                roleId: roleId(RoleId),
                trustPolicy: decoded(AssumeRolePolicyDocument, call),
              });
            }
            Marker = page.IsTruncated ? page.Marker : undefined;
          } while (Marker !== undefined);
          return roles;
        },
        getRole: async (name) => {
          const call = `GetRole role ${name} in ${accountId}`;
          const answer = await absentIsUndefined(call, () =>
            iam.send(new GetRoleCommand({ RoleName: name })),
          );
          const lastUsedAt = answer?.Role?.RoleLastUsed?.LastUsedDate?.toISOString();
          return (
            answer && { ...roleView(answer.Role, call), ...(lastUsedAt !== undefined && { lastUsedAt }) }
          );
        },
        providerArns: () => listProviders(iam, accountId),
        getProvider: (arn) => readProvider(iam, arn),
      };
    },
  };
}
