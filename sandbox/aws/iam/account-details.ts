/** Everything about an account's identities in one list: roles and customer managed policies. */
import {
  EntityType,
  type GetAccountAuthorizationDetailsRequest,
  type GetAccountAuthorizationDetailsResponse,
  type ManagedPolicyDetail,
  type RoleDetail,
} from '@aws-sdk/client-iam';
import type { OperationHandler } from '../../cloud.ts';
import { encode } from '../sigv4.ts';
import { accountOf, authorize, type IamEnvironment } from './access.ts';
import { invalidInput } from './errors.ts';
import type { Checked } from './input.ts';
import { roleShape } from './roles.ts';
import type { ManagedPolicy, Role } from './store.ts';
import { page } from './validation.ts';

const SERVED: readonly string[] = [EntityType.Role, EntityType.LocalManagedPolicy];

export function accountDetailOperations(env: IamEnvironment): Record<string, OperationHandler> {
  const roleDetail = (role: Role): RoleDetail => {
    const { Description: _, MaxSessionDuration: __, ...shape } = roleShape(role);
    return {
      ...shape,
      InstanceProfileList: [],
      RolePolicyList: [...role.inline].map(([PolicyName, { text }]) => ({
        PolicyName,
        PolicyDocument: encode(text),
      })),
      AttachedManagedPolicies: [...role.attached].flatMap((PolicyArn) => {
        const policy = env.iam.managedPolicy(PolicyArn);
        return policy ? [{ PolicyName: policy.name, PolicyArn }] : [];
      }),
    };
  };

  return {
    GetAccountAuthorizationDetails: (
      input: Checked<GetAccountAuthorizationDetailsRequest>,
      call,
    ): GetAccountAuthorizationDetailsResponse => {
      const account = accountOf(env, call);
      authorize(call, '*');
      const { Filter = [] } = input;
      if (Filter.length === 0 || !Filter.every((type) => SERVED.includes(type))) {
        throw invalidInput(`The sandbox serves the filters ${SERVED.join(' and ')}, and needs one of them`);
      }
      const all = [
        ...(Filter.includes(EntityType.Role) ? account.roles.values() : []),
        ...(Filter.includes(EntityType.LocalManagedPolicy) ? account.policies.values() : []),
      ];
      const { items, ...rest } = page<Role | ManagedPolicy>(all, ({ arn }) => arn, input);
      return {
        RoleDetailList: items.flatMap((item) => ('trustPolicy' in item ? [roleDetail(item)] : [])),
        Policies: items.flatMap((item) => ('trustPolicy' in item ? [] : [policyDetail(item)])),
        ...rest,
      };
    },
  };
}

const policyDetail = ({
  name,
  id,
  arn,
  path,
  createDate,
  versions,
  inForce,
}: ManagedPolicy): ManagedPolicyDetail => ({
  PolicyName: name,
  PolicyId: id,
  Arn: arn,
  Path: path,
  CreateDate: createDate,
  DefaultVersionId: inForce.id,
  PolicyVersionList: versions.map((version) => ({
    VersionId: version.id,
    IsDefaultVersion: version === inForce,
    CreateDate: version.createDate,
    Document: encode(version.document.text),
  })),
});
