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
/** Member roles of the guard, which are there where the config asks for it. */
export type GuardRolePurpose = 'audit' | 'contain' | 'report';
export const GUARD_ROLE_PURPOSES: readonly GuardRolePurpose[] = ['audit', 'contain', 'report'];
export const MEMBER_ROLE_PURPOSES: readonly MemberRolePurpose[] = [
  'inspect',
  'provider',
  'trust',
  'forwarder',
];

/** Throws InvalidInput where the prefix makes it longer than IAM's 64 characters. */
export const memberRoleName = (prefix: string, purpose: MemberRolePurpose | GuardRolePurpose): RoleName =>
  roleName(`${prefix}-${purpose}`);

export const memberRoleArn = (
  partition: Partition,
  accountId: AccountId,
  prefix: string,
  purpose: MemberRolePurpose | GuardRolePurpose,
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

/** The one function of the guard. Its own name is fixed too, for the command line invokes it. */
export const GUARD_FUNCTION = 'guard-role';

/** The policy that cuts off a role's federated sessions, in every member account. */
export const quarantinePolicyArn = (partition: Partition, accountId: AccountId, prefix: string): string =>
  `arn:${partition}:iam::${accountId}:policy/${quarantinePolicyName(prefix)}`;
export const quarantinePolicyName = (prefix: string): string => `${prefix}-quarantine`;

/** Functions that log in to Entra: the subjects of the federated credentials on the factory's own application. */
export const ENTRA_FUNCTIONS = [
  'register-application',
  'verify-application',
  'delete-application',
] as const satisfies FunctionName[];

/** Which functions may assume which member role. No member role alone can open a role to anyone. */
export const MEMBER_ROLE_USERS = {
  inspect: ['inspect-role', 'confirm-role-gone', 'record-outcome'],
  provider: ['add-audience', 'remove-audience'],
  trust: ['assign-audience'],
} as const satisfies Partial<Record<MemberRolePurpose, readonly FunctionName[]>>;

/** Fixed, path `/`: its ARN is what member roles and Entra recognise. */
export const functionRoleName = (
  prefix: string,
  functionName: FunctionName | typeof GUARD_FUNCTION,
): RoleName => roleName(`${prefix}-${functionName}`);

/** Fixed, so that functions may be allowed to start and describe the executions. */
export const workflowName = (prefix: string, workflow: 'create-role' | 'delete-role'): string =>
  `${prefix}-${workflow}`;

export const functionRoleArn = (
  partition: Partition,
  accountId: AccountId,
  prefix: string,
  functionName: FunctionName | typeof GUARD_FUNCTION,
): RoleArn => rootRoleArn(partition, accountId, functionRoleName(prefix, functionName));

const rootRoleArn = (partition: Partition, accountId: AccountId, name: RoleName): RoleArn =>
  roleArn(`arn:${partition}:iam::${accountId}:role/${name}`);
