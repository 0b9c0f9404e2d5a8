/** Each IAM operation's action, resource and condition keys, and the entity it is about. */
import type { RequestContext } from '../../../core/policy/types.ts';
import { type SandboxTime, type ServiceCall, ServiceError } from '../../cloud.ts';
import { noSuchEntity, unmodifiable } from './errors.ts';
import {
  type IamAccount,
  type IamStore,
  iamArn,
  type ManagedPolicy,
  type Role,
  type Tags,
  type User,
} from './store.ts';
import { checkName, type Tag } from './validation.ts';

/** What the operations work on. */
export interface IamEnvironment {
  readonly iam: IamStore;
  readonly time: SandboxTime;
}

/** The caller's own account: IAM has no call into another. */
export function accountOf(env: IamEnvironment, call: ServiceCall): IamAccount {
  const account = env.iam.account(call.caller.accountId);
  if (account) return account;
  throw new ServiceError('AccessDenied', `Not authorized to perform iam:${call.operation}`, 403);
}

/** Tags and boundary of the entity that the call is about; `tags` of providers and policies come alone. */
export function resourceContext(
  entity: { tags: Tags; permissionsBoundary?: string } | undefined,
): RequestContext {
  if (!entity) return {};
  const tags = [...entity.tags.values()].flatMap(({ Key, Value }) => [
    [`aws:ResourceTag/${Key}`, Value],
    [`iam:ResourceTag/${Key}`, Value],
  ]);
  return { ...Object.fromEntries(tags), 'iam:PermissionsBoundary': entity.permissionsBoundary };
}

/** Tags that a call brings; of keys that differ in case only, which IAM refuses later, the last. */
export function tagContext(tags: readonly Tag[]): RequestContext {
  const byKey = new Map(tags.map((tag) => [tag.Key.toLowerCase(), tag]));
  return {
    ...Object.fromEntries([...byKey.values()].map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value])),
    'aws:TagKeys': tags.map(({ Key }) => Key),
  };
}

export const tagKeysContext = (keys: readonly string[]): RequestContext => ({ 'aws:TagKeys': keys });

/** Fails with AccessDenied before it says whether the role exists. */
export function authorizedRole(
  env: IamEnvironment,
  call: ServiceCall,
  name: string,
  context?: RequestContext,
): Role {
  checkName(name, 'roleName');
  const account = accountOf(env, call);
  const role = account.roles.get(name.toLowerCase());
  authorize(call, role?.arn ?? iamArn(account.accountId, `role/${name}`), {
    ...resourceContext(role),
    ...context,
  });
  if (!role) throw noSuchEntity(`The role with name ${name} cannot be found.`);
  return role;
}

/** A role that the caller may change; service-linked and Identity Center roles are AWS's own. */
export function changeableRole(
  env: IamEnvironment,
  call: ServiceCall,
  name: string,
  context?: RequestContext,
): Role {
  const role = authorizedRole(env, call, name, context);
  if (isOwnedByAws(role.path)) {
    throw unmodifiable(
      `Cannot perform the operation on the protected role '${role.name}' - this role is only modifiable by AWS`,
    );
  }
  return role;
}

export const isOwnedByAws = (path: string): boolean => /^\/aws-(service-role|reserved)\//.test(path);

/** Absent name: the user who calls. */
export function authorizedUser(
  env: IamEnvironment,
  call: ServiceCall,
  name: string | undefined,
  context?: RequestContext,
): User {
  const account = accountOf(env, call);
  const { principal } = call.caller;
  const own = principal.type === 'aws' ? env.iam.userByArn(principal.arn) : undefined;
  if (name !== undefined) checkName(name, 'userName', 128);
  const user = name === undefined ? own : account.users.get(name.toLowerCase());
  if (name === undefined && !user) {
    throw new ServiceError('ValidationError', 'Must specify userName when calling with non-User credentials');
  }
  authorize(call, user?.arn ?? iamArn(account.accountId, `user/${name}`), {
    ...resourceContext(user),
    ...context,
  });
  if (!user) throw noSuchEntity(`The user with name ${name} cannot be found.`);
  return user;
}

/** A policy that the caller's account can see: its own, or AWS's. */
export function authorizedPolicy(env: IamEnvironment, call: ServiceCall, arn: string): ManagedPolicy {
  const policy = env.iam.managedPolicy(arn);
  authorize(call, arn, resourceContext(policy));
  const visible = policy && (policy.accountId === 'aws' || policy.accountId === call.caller.accountId);
  if (!visible) throw noSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

/** The call's own action on a resource; `*` where the action has none. */
export function authorize(call: ServiceCall, resource: string, context: RequestContext = {}): void {
  call.authorize({ action: `iam:${call.operation}`, resource, context });
}
