/** Users and their access keys. */
import {
  type AccessKey as AccessKeyShape,
  type CreateAccessKeyRequest,
  type CreateAccessKeyResponse,
  type CreateUserRequest,
  type CreateUserResponse,
  type DeleteAccessKeyRequest,
  type DeleteUserRequest,
  type GetUserRequest,
  type GetUserResponse,
  type ListAccessKeysRequest,
  type ListAccessKeysResponse,
  type ListUsersRequest,
  type ListUsersResponse,
  StatusType,
  type User as UserShape,
} from '@aws-sdk/client-iam';
import type { OperationHandler, ServiceCall } from '../../cloud.ts';
import { accountOf, authorize, authorizedUser, type IamEnvironment, tagContext } from './access.ts';
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity } from './errors.ts';
import type { Checked } from './input.ts';
import {
  type AccessKey,
  type IamAccount,
  iamArn,
  randomSecret,
  type Tags,
  type User,
  uniqueId,
  wholeSeconds,
} from './store.ts';
import { checkName, checkPath, checkPathPrefix, page, withTags } from './validation.ts';

const USERS_PER_ACCOUNT = 5000;
const KEYS_PER_USER = 2;

export function userOperations(env: IamEnvironment): Record<string, OperationHandler> {
  const now = (): Date => wholeSeconds(env.time.now());

  function createUser(input: Checked<CreateUserRequest>, call: ServiceCall): CreateUserResponse {
    const { UserName, Path = '/', Tags = [], PermissionsBoundary } = input;
    checkName(UserName, 'userName');
    checkPath(Path);
    const account = accountOf(env, call);
    const arn = iamArn(account.accountId, `user${Path}${UserName}`);
    authorize(call, arn, { ...tagContext(Tags), 'iam:PermissionsBoundary': PermissionsBoundary });
    if (Tags.length > 0) call.authorize({ action: 'iam:TagUser', resource: arn, context: tagContext(Tags) });
    const tags = withTags(new Map(), Tags);
    if (PermissionsBoundary !== undefined && !env.iam.managedPolicy(PermissionsBoundary)) {
      throw noSuchEntity(`Scope ARN: ${PermissionsBoundary} does not exist or is not attachable.`);
    }
    if (account.users.has(UserName.toLowerCase()))
      throw alreadyExists(`User with name ${UserName} already exists.`);
    if (account.users.size >= USERS_PER_ACCOUNT) throw limitExceeded(`UsersPerAccount: ${USERS_PER_ACCOUNT}`);
    const user = addUser(account, { name: UserName, path: Path, createDate: now(), tags });
    if (PermissionsBoundary !== undefined) user.permissionsBoundary = PermissionsBoundary;
    return { User: shape(user) };
  }

  return {
    CreateUser: createUser,
    GetUser: ({ UserName }: Checked<GetUserRequest>, call): GetUserResponse => ({
      User: shape(authorizedUser(env, call, UserName)),
    }),
    ListUsers: (input: Checked<ListUsersRequest>, call): ListUsersResponse => {
      const account = accountOf(env, call);
      authorize(call, '*');
      const { PathPrefix = '/' } = input;
      checkPathPrefix(PathPrefix);
      const users = [...account.users.values()].filter(({ path }) => path.startsWith(PathPrefix));
      const { items, ...rest } = page(users, ({ name }) => name.toLowerCase(), input);
      return { Users: items.map(brief), ...rest };
    },
    DeleteUser: ({ UserName }: Checked<DeleteUserRequest>, call) => {
      const user = authorizedUser(env, call, UserName);
      if (user.attached.size > 0)
        throw deleteConflict('Cannot delete entity, must detach all policies first.');
      if (user.inline.size > 0) throw deleteConflict('Cannot delete entity, must delete policies first.');
      if (user.accessKeys.size > 0)
        throw deleteConflict('Cannot delete entity, must delete access keys first.');
      accountOf(env, call).users.delete(user.name.toLowerCase());
    },
    CreateAccessKey: ({ UserName }: Checked<CreateAccessKeyRequest>, call): CreateAccessKeyResponse => {
      const user = authorizedUser(env, call, UserName);
      if (user.accessKeys.size >= KEYS_PER_USER) throw limitExceeded(`AccessKeysPerUser: ${KEYS_PER_USER}`);
      const key = addAccessKey(user, now());
      const AccessKey: AccessKeyShape = {
        UserName: user.name,
        AccessKeyId: key.accessKeyId,
        Status: StatusType.Active,
        SecretAccessKey: key.secretAccessKey,
        CreateDate: key.createDate,
      };
      return { AccessKey };
    },
    ListAccessKeys: (input: Checked<ListAccessKeysRequest>, call): ListAccessKeysResponse => {
      const user = authorizedUser(env, call, input.UserName);
      const { items, ...rest } = page(user.accessKeys.values(), ({ accessKeyId }) => accessKeyId, input);
      const AccessKeyMetadata = items.map(({ accessKeyId, createDate }) => ({
        UserName: user.name,
        AccessKeyId: accessKeyId,
        Status: StatusType.Active,
        CreateDate: createDate,
      }));
      return { AccessKeyMetadata, ...rest };
    },
    DeleteAccessKey: ({ UserName, AccessKeyId }: Checked<DeleteAccessKeyRequest>, call) => {
      const user = authorizedUser(env, call, UserName);
      if (!user.accessKeys.delete(AccessKeyId)) {
        throw noSuchEntity(`The Access Key with id ${AccessKeyId} cannot be found.`);
      }
    },
  };
}

/** A new user, without checks. */
export function addUser(
  account: IamAccount,
  { name, path, createDate, tags }: { name: string; path: string; createDate: Date; tags: Tags },
): User {
  const user: User = {
    kind: 'user',
    accountId: account.accountId,
    name,
    id: uniqueId('AIDA'),
    path,
    arn: iamArn(account.accountId, `user${path}${name}`),
    createDate,
    tags,
    inline: new Map(),
    attached: new Set(),
    accessKeys: new Map(),
  };
  account.users.set(name.toLowerCase(), user);
  return user;
}

/** A new key of the user, without checks. */
export function addAccessKey(user: User, createDate: Date): AccessKey {
  const key = { accessKeyId: uniqueId('AKIA', 16), secretAccessKey: randomSecret(), createDate };
  user.accessKeys.set(key.accessKeyId, key);
  return key;
}

const brief = (user: User): UserShape => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: user.arn,
  CreateDate: user.createDate,
});

const shape = (user: User): UserShape => ({
  ...brief(user),
  ...(user.tags.size > 0 && { Tags: [...user.tags.values()] }),
});
