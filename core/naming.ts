/** Names of what the factory makes and of what it uses. */
import type { AccountId, RoleArn, RoleId, RoleName } from './ids.ts';
import { accountId, ROLE_NAME, roleArn, roleId, roleName } from './ids.ts';
import type { Partition } from './issuer.ts';

/** The alternate key of an incarnation's application. It stays taken for 30 days after a soft deletion. */
export const uniqueName = (of: { accountId: AccountId; roleId: RoleId; generation: number }): string =>
  `oidc-factory-${of.accountId}-${of.roleId}-${of.generation}`;

/** Whose application a unique name says it is; undefined where it is not of the factory's form. */
export function parseUniqueName(
  name: string,
): { readonly accountId: AccountId; readonly roleId: RoleId; readonly generation: number } | undefined {
  const [, account, role, generation] =
    /^oidc-factory-(\d{12})-(AROA[A-Z0-9]{12,124})-([1-9]\d{0,8})$/.exec(name) ?? [];
  if (account === undefined || role === undefined) return undefined;
  return { accountId: accountId(account), roleId: roleId(role), generation: Number(generation) };
}

/** The role's name in an application's {@link displayName}; undefined where people have changed it. */
export function roleNameOf(account: AccountId, shown: string): RoleName | undefined {
  const prefix = displayName({ accountId: account, roleName: '' as RoleName });
  const name = shown.startsWith(prefix) ? shown.slice(prefix.length) : '';
  return ROLE_NAME.test(name) ? roleName(name) : undefined;
}

/** What people see in the Entra admin center; neither unique nor ever searched for. */
export const displayName = (role: { accountId: AccountId; roleName: RoleName }): string =>
  `aws-${role.accountId}-${role.roleName}`;

/** Tag of every application that was made for a role of the account: what lists are filtered by. */
export const accountTag = (accountId: AccountId): string => `aws-account:${accountId}`;

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

/** The functions that look after single roles, by the names of their folders. */
export const ROLE_FUNCTION_NAMES = [
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
export type RoleFunctionName = (typeof ROLE_FUNCTION_NAMES)[number];

/** All of them; the others look after whole member accounts. */
export const FUNCTION_NAMES = [
  ...ROLE_FUNCTION_NAMES,
  'enrol-account',
  'list-accounts',
  'list-applications',
  'sweep-account',
  'finish-sweep',
] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** The one function of the guard. Its own name is fixed too, for the command line invokes it. */
export const GUARD_FUNCTION = 'guard-role';

/** A custom resource of the factory's stack. */
export const OUTBOUND_FUNCTION = 'enable-outbound-federation';

/** Tells people what the factory cannot mend by itself. Its own name is fixed too, for the command line asks for its queue. */
export const NOTIFY_FUNCTION = 'notify-team';

/** Every function that there can be. */
export type AnyFunctionName =
  | FunctionName
  | typeof GUARD_FUNCTION
  | typeof OUTBOUND_FUNCTION
  | typeof NOTIFY_FUNCTION;

/** Of a rule in member accounts. Fixed, as its queue's name, for a service control policy protects them by name. */
export const forwardingRuleName = (prefix: string, events: 'role-events' | 'guard-events'): string =>
  `${prefix}-forward-${events}`;

/** The policy that cuts off a role's federated sessions, in every member account. */
export const quarantinePolicyArn = (partition: Partition, accountId: AccountId, prefix: string): string =>
  `arn:${partition}:iam::${accountId}:policy/${quarantinePolicyName(prefix)}`;
export const quarantinePolicyName = (prefix: string): string => `${prefix}-quarantine`;

/** Functions that log in to Entra: the subjects of the federated credentials on the factory's own application. */
export const ENTRA_FUNCTIONS = [
  'register-application',
  'verify-application',
  'delete-application',
  'list-applications',
] as const satisfies FunctionName[];

/** Which functions may assume which member role. No member role alone can open a role to anyone. */
export const MEMBER_ROLE_USERS = {
  inspect: ['inspect-role', 'confirm-role-gone', 'record-outcome', 'enrol-account', 'sweep-account'],
  provider: ['add-audience', 'remove-audience', 'enrol-account'],
  trust: ['assign-audience'],
} as const satisfies Partial<Record<MemberRolePurpose, readonly FunctionName[]>>;

/** Fixed, path `/`: its ARN is what member roles and Entra recognise. */
export const functionRoleName = (prefix: string, functionName: AnyFunctionName): RoleName =>
  roleName(`${prefix}-${functionName}`);

/** The workflows, by the names of their definitions. */
export const WORKFLOW_NAMES = ['create-role', 'delete-role', 'enrol-account', 'sweep'] as const;
export type WorkflowName = (typeof WORKFLOW_NAMES)[number];

/** Fixed, so that functions may be allowed to start and describe the executions. */
export const workflowName = (prefix: string, workflow: WorkflowName): string => `${prefix}-${workflow}`;

/** What sweeps that only plan are called: they stand in no other sweep's way. */
export const planningName = (id: string): string => `plan-${id}`;
export const isPlanning = (executionName: string): boolean => executionName.startsWith(planningName(''));

export const functionRoleArn = (
  partition: Partition,
  accountId: AccountId,
  prefix: string,
  functionName: AnyFunctionName,
): RoleArn => rootRoleArn(partition, accountId, functionRoleName(prefix, functionName));

const rootRoleArn = (partition: Partition, accountId: AccountId, name: RoleName): RoleArn =>
  roleArn(`arn:${partition}:iam::${accountId}:role/${name}`);
