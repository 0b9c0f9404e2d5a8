/** Names of what the factory makes and of what it uses. */
import type { AccountId, RoleArn, RoleId, RoleName } from './ids.ts';
import { roleArn, roleName } from './ids.ts';
import type { Partition } from './issuer.ts';

/** The alternate key of an incarnation's application. It stays taken for 30 days after a soft deletion. */
export const uniqueName = (of: { accountId: AccountId; roleId: RoleId; generation: number }): string =>
  `oidc-factory-${of.accountId}-${of.roleId}-${of.generation}`;

/** What people see in the Entra admin center; neither unique nor ever searched for. */
export const displayName = (role: { accountId: AccountId; roleName: RoleName }): string =>
  `aws-${role.accountId}-${role.roleName}`;

/** What a role in a member account is for. */
export type MemberRolePurpose = 'inspect' | 'provider' | 'trust' | 'forwarder';
export const MEMBER_ROLE_PURPOSES: readonly MemberRolePurpose[] = [
  'inspect',
  'provider',
  'trust',
  'forwarder',
];

/** Throws InvalidInput where the prefix makes it longer than IAM's 64 characters. */
export const memberRoleName = (prefix: string, purpose: MemberRolePurpose): RoleName =>
  roleName(`${prefix}-${purpose}`);

export const memberRoleArn = (
  partition: Partition,
  accountId: AccountId,
  prefix: string,
  purpose: MemberRolePurpose,
): RoleArn => rootRoleArn(partition, accountId, memberRoleName(prefix, purpose));

/** The functions, by the names of their folders. */
export const FUNCTION_NAMES = [
  'dispatch-role-event',
  'inspect-role',
  'register-application',
  'add-audience',
  'verify-application',
  'assign-audience',
  'record-outcome',
  'confirm-role-gone',
  'remove-audience',
  'delete-application',
] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** Fixed, path `/`: its ARN is what member roles and Entra recognise. */
export const functionRoleName = (prefix: string, functionName: FunctionName): RoleName =>
  roleName(`${prefix}-${functionName}`);

/** Fixed, so that functions may be allowed to start and describe the executions. */
export const workflowName = (prefix: string, workflow: 'create-role' | 'delete-role'): string =>
  `${prefix}-${workflow}`;

export const functionRoleArn = (
  partition: Partition,
  accountId: AccountId,
  prefix: string,
  functionName: FunctionName,
): RoleArn => rootRoleArn(partition, accountId, functionRoleName(prefix, functionName));

const rootRoleArn = (partition: Partition, accountId: AccountId, name: RoleName): RoleArn =>
  roleArn(`arn:${partition}:iam::${accountId}:role/${name}`);
