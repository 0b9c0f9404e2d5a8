/** Roles: creation, reading, trust policy, tags, deletion. */
import {
  type CreateRoleRequest,
  type CreateRoleResponse,
  type DeleteRolePermissionsBoundaryRequest,
  type DeleteRoleRequest,
  type GetRoleRequest,
  type GetRoleResponse,
  type ListRolesRequest,
  type ListRolesResponse,
  type ListRoleTagsRequest,
  type ListRoleTagsResponse,
  PermissionsBoundaryAttachmentType,
  type PutRolePermissionsBoundaryRequest,
  type Role as RoleShape,
  type TagRoleRequest,
  type UntagRoleRequest,
  type UpdateAssumeRolePolicyRequest,
  type UpdateRoleRequest,
  type UpdateRoleResponse,
} from '@aws-sdk/client-iam';
import type { OperationHandler, ServiceCall } from '../../cloud.ts';
import { encode } from '../sigv4.ts';
import {
  accountOf,
  authorize,
  authorizedRole,
  changeableRole,
  type IamEnvironment,
  isOwnedByAws,
  tagContext,
  tagKeysContext,
} from './access.ts';
import { trustDocument } from './documents.ts';
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity, unmodifiable } from './errors.ts';
import type { Checked } from './input.ts';
import { iamArn, type Role, uniqueId, wholeSeconds } from './store.ts';
import {
  checkDescription,
  checkName,
  checkPath,
  checkPathPrefix,
  checkSessionDuration,
  checkTagKey,
  page,
  replaceTags,
  withTags,
} from './validation.ts';

const ROLES_PER_ACCOUNT = 1000;
const DEFAULT_SESSION_SECONDS = 3600;

export function roleOperations(env: IamEnvironment): Record<string, OperationHandler> {
  const { iam, time } = env;

  function checkBoundary(arn: string): void {
    if (!iam.managedPolicy(arn)) {
      throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
    }
  }

  function createRole(input: Checked<CreateRoleRequest>, call: ServiceCall): CreateRoleResponse {
    const { RoleName, Path = '/', Tags = [], PermissionsBoundary } = input;
    checkName(RoleName, 'roleName');
    checkPath(Path);
    const account = accountOf(env, call);
    const arn = iamArn(account.accountId, `role${Path}${RoleName}`);
    const context = { ...tagContext(Tags), 'iam:PermissionsBoundary': PermissionsBoundary };
    authorize(call, arn, context);
    // Tags at creation need the right to tag as well.
    if (Tags.length > 0) call.authorize({ action: 'iam:TagRole', resource: arn, context: tagContext(Tags) });
    if (isOwnedByAws(Path)) throw unmodifiable(`The path ${Path} is reserved for roles that AWS creates`);
    if (input.Description !== undefined) checkDescription(input.Description);
    if (input.MaxSessionDuration !== undefined) checkSessionDuration(input.MaxSessionDuration);
    const tags = withTags(new Map(), Tags);
    const trustPolicy = trustDocument(iam, input.AssumeRolePolicyDocument, arn);
    if (PermissionsBoundary !== undefined) checkBoundary(PermissionsBoundary);
    if (account.roles.has(RoleName.toLowerCase()))
      throw alreadyExists(`Role with name ${RoleName} already exists.`);
    if (account.roles.size >= ROLES_PER_ACCOUNT) throw limitExceeded(`RolesPerAccount: ${ROLES_PER_ACCOUNT}`);
    const role: Role = {
      kind: 'role',
      accountId: account.accountId,
      name: RoleName,
      id: uniqueId('AROA'),
      path: Path,
      arn,
      createDate: wholeSeconds(time.now()),
      trustPolicy,
      ...(input.Description !== undefined && { description: input.Description }),
      maxSessionDuration: input.MaxSessionDuration ?? DEFAULT_SESSION_SECONDS,
      ...(PermissionsBoundary !== undefined && { permissionsBoundary: PermissionsBoundary }),
      tags,
      inline: new Map(),
      attached: new Set(),
    };
    account.roles.set(RoleName.toLowerCase(), role);
    return { Role: roleShape(role) };
  }

  return {
    CreateRole: createRole,
    GetRole: ({ RoleName }: Checked<GetRoleRequest>, call): GetRoleResponse => {
      const role = authorizedRole(env, call, RoleName);
      return { Role: { ...roleShape(role), RoleLastUsed: lastUse(role) } };
    },
    // As on AWS, the list leaves out tags and boundary.
    ListRoles: (input: Checked<ListRolesRequest>, call): ListRolesResponse => {
      const account = accountOf(env, call);
      authorize(call, '*');
      const { PathPrefix = '/' } = input;
      checkPathPrefix(PathPrefix);
      const roles = [...account.roles.values()].filter((role) => role.path.startsWith(PathPrefix));
      const { items, ...rest } = page(roles, (role) => role.name.toLowerCase(), input);
      return { Roles: items.map(brief), ...rest };
    },
    UpdateRole: (input: Checked<UpdateRoleRequest>, call): UpdateRoleResponse => {
      const role = changeableRole(env, call, input.RoleName);
      if (input.Description !== undefined) checkDescription(input.Description);
      if (input.MaxSessionDuration !== undefined) checkSessionDuration(input.MaxSessionDuration);
      if (input.Description !== undefined) role.description = input.Description;
      if (input.MaxSessionDuration !== undefined) role.maxSessionDuration = input.MaxSessionDuration;
      return {};
    },
    UpdateAssumeRolePolicy: (input: Checked<UpdateAssumeRolePolicyRequest>, call) => {
      const role = changeableRole(env, call, input.RoleName);
      role.trustPolicy = trustDocument(iam, input.PolicyDocument, role.arn);
    },
    PutRolePermissionsBoundary: (input: Checked<PutRolePermissionsBoundaryRequest>, call) => {
      const { RoleName, PermissionsBoundary } = input;
      const role = changeableRole(env, call, RoleName, { 'iam:PermissionsBoundary': PermissionsBoundary });
      checkBoundary(PermissionsBoundary);
      role.permissionsBoundary = PermissionsBoundary;
    },
    DeleteRolePermissionsBoundary: (input: Checked<DeleteRolePermissionsBoundaryRequest>, call) => {
      const role = changeableRole(env, call, input.RoleName);
      if (role.permissionsBoundary === undefined) {
        throw noSuchEntity(`The role with name ${role.name} has no permissions boundary.`);
      }
      delete role.permissionsBoundary;
    },
    DeleteRole: ({ RoleName }: Checked<DeleteRoleRequest>, call) => {
      const role = changeableRole(env, call, RoleName);
      if (role.attached.size > 0)
        throw deleteConflict('Cannot delete entity, must detach all policies first.');
      if (role.inline.size > 0) throw deleteConflict('Cannot delete entity, must delete policies first.');
      accountOf(env, call).roles.delete(RoleName.toLowerCase());
    },
    TagRole: ({ RoleName, Tags }: Checked<TagRoleRequest>, call) => {
      const role = changeableRole(env, call, RoleName, tagContext(Tags));
      replaceTags(role.tags, withTags(role.tags, Tags));
    },
    UntagRole: ({ RoleName, TagKeys }: Checked<UntagRoleRequest>, call) => {
      const role = changeableRole(env, call, RoleName, tagKeysContext(TagKeys));
      TagKeys.forEach(checkTagKey);
      for (const key of TagKeys) role.tags.delete(key.toLowerCase());
    },
    ListRoleTags: (input: Checked<ListRoleTagsRequest>, call): ListRoleTagsResponse => {
      const role = authorizedRole(env, call, input.RoleName);
      const { items, ...rest } = page(role.tags.values(), ({ Key }) => Key.toLowerCase(), input);
      return { Tags: [...items], ...rest };
    },
  };
}

/** As GetRole shows it, but for its last use. */
export const roleShape = (role: Role): RoleShape => ({ ...brief(role), ...details(role) });

function brief(role: Role): RoleShape {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: role.createDate,
    // RFC 3986, as every policy that IAM returns.
    AssumeRolePolicyDocument: encode(role.trustPolicy.text),
    ...(role.description !== undefined && { Description: role.description }),
    MaxSessionDuration: role.maxSessionDuration,
  };
}

const lastUse = ({ lastUsed }: Role): NonNullable<RoleShape['RoleLastUsed']> =>
  lastUsed ? { LastUsedDate: lastUsed.at, Region: lastUsed.region } : {};

const details = (role: Role): Partial<RoleShape> => ({
  ...(role.tags.size > 0 && { Tags: [...role.tags.values()] }),
  ...(role.permissionsBoundary !== undefined && {
    PermissionsBoundary: {
      PermissionsBoundaryType: PermissionsBoundaryAttachmentType.Policy,
      PermissionsBoundaryArn: role.permissionsBoundary,
    },
  }),
});
