/** Branded identifiers: strings that are easily confused and must not be. Each is checked where it enters. */
import { FactoryError } from './errors.ts';

declare const brand: unique symbol;
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Twelve digits. */
export type AccountId = Branded<'AccountId'>;
/** As the caller wrote it; IAM keeps names unique without regard to case, so compare with {@link roleNameKey}. */
export type RoleName = Branded<'RoleName'>;
/** `AROA…`: one incarnation of a role. */
export type RoleId = Branded<'RoleId'>;
export type RoleArn = Branded<'RoleArn'>;
/** ARN of an IAM OIDC provider; a trailing slash is part of it. */
export type ProviderArn = Branded<'ProviderArn'>;
/** Value on a provider's client id list, in a role's `aud` condition and in a token's `aud` claim. */
export type Audience = Branded<'Audience'>;
export type TenantId = Branded<'TenantId'>;
/** An application's client id. */
export type AppId = Branded<'AppId'>;
/** An application's object id in the directory; not its client id. */
export type AppObjectId = Branded<'AppObjectId'>;
/** A service principal's object id: what an app-only token carries as `sub`. */
export type ServicePrincipalId = Branded<'ServicePrincipalId'>;
export type ExecutionArn = Branded<'ExecutionArn'>;
export type EventId = Branded<'EventId'>;

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether `value` is a GUID in its canonical, hyphenated form, in any case. */
export const isGuid = (value: string): boolean => GUID.test(value);

function checked<Name extends string>(name: Name, pattern: RegExp, expected: string) {
  return (value: unknown): Branded<Name> => {
    if (typeof value === 'string' && pattern.test(value)) return value as Branded<Name>;
    throw new FactoryError('InvalidInput', `${name}: expected ${expected}`);
  };
}

export const accountId = checked('AccountId', /^\d{12}$/, 'twelve digits');
/** IAM: 1 to 64 of `[\w+=,.@-]`. */
export const ROLE_NAME = /^[\w+=,.@-]{1,64}$/;
export const roleName = checked('RoleName', ROLE_NAME, '1 to 64 letters, digits or _+=,.@-');
export const roleId = checked('RoleId', /^AROA[A-Z0-9]{12,124}$/, 'a role id (AROA…)');
export const roleArn = checked(
  'RoleArn',
  /^arn:aws[a-z-]*:iam::\d{12}:role\/[\u0021-\u007e]+$/,
  'the ARN of an IAM role',
);
export const providerArn = checked(
  'ProviderArn',
  /^arn:aws[a-z-]*:iam::\d{12}:oidc-provider\/[\u0021-\u007e]+$/,
  'the ARN of an IAM OIDC provider',
);
/** IAM: a client id is 1 to 255 characters. */
export const audience = checked('Audience', /^[\u0021-\u007e]{1,255}$/, '1 to 255 printable characters');
export const tenantId = checked('TenantId', GUID, 'a tenant id (GUID)');
export const appId = checked('AppId', GUID, 'a client id (GUID)');
export const appObjectId = checked('AppObjectId', GUID, 'an object id (GUID)');
export const servicePrincipalId = checked('ServicePrincipalId', GUID, 'an object id (GUID)');
export const executionArn = checked(
  'ExecutionArn',
  /^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:execution:[^:]+:[^:]+$/,
  'the ARN of an execution',
);
/** CloudTrail writes UUIDs; anything that fits an execution name is accepted. */
export const eventId = checked('EventId', /^[0-9A-Za-z-]{1,36}$/, 'a CloudTrail event id');

/** The last part of a role's ARN; what precedes it is the path. */
export const roleNameIn = (arn: RoleArn): RoleName => roleName(arn.slice(arn.lastIndexOf('/') + 1));
/** The form under which two spellings of one role name compare equal. */
export const roleNameKey = (name: RoleName): string => name.toLowerCase();
