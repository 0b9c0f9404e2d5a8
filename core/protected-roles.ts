/** Roles that the factory never touches, whatever their trust policy says. */
import { GUARD_ROLE_PURPOSES, MEMBER_ROLE_PURPOSES, memberRoleName } from './naming.ts';
import { matchesGlob, wildcards } from './policy/match.ts';
import type { FactorySettings } from './settings.ts';

/** Paths that AWS reserves for roles of Identity Center and of services. */
export const PROTECTED_PATHS: readonly string[] = ['/aws-reserved/', '/aws-service-role/'];

/** Roles that administer the account. `*` is any run of characters, as in an IAM resource. */
export const BUILT_IN_PROTECTED_ROLES: readonly string[] = [
  'OrganizationAccountAccessRole',
  'AWSControlTower*',
  'aws-controltower-*',
  'AWSCloudFormationStackSet*',
  'stacksets-exec-*',
  // The roles of CDK's bootstrap stack: cdk-<qualifier>-<purpose>-role-<account>-<region>.
  'cdk-*-role-*',
  // By name as well as by path, since a DeleteRole event carries no path.
  'AWSReservedSSO_*',
  'AWSServiceRoleFor*',
];

/** The member roles themselves. */
const ownRoles = (memberRolePrefix: string): readonly string[] =>
  [...MEMBER_ROLE_PURPOSES, ...GUARD_ROLE_PURPOSES].map((purpose) =>
    memberRoleName(memberRolePrefix, purpose),
  );

/** Every pattern in force: built in, configured, and the member roles. */
export const protectedRoleNames = (
  settings: Pick<FactorySettings, 'protectedRoles' | 'memberRolePrefix'>,
): readonly string[] => [
  ...BUILT_IN_PROTECTED_ROLES,
  ...ownRoles(settings.memberRolePrefix),
  ...settings.protectedRoles,
];

/** Compared without regard to case; names also without regard to path. */
export function isProtected(
  role: { readonly roleName: string; readonly path?: string },
  settings: Pick<FactorySettings, 'protectedRoles' | 'memberRolePrefix'>,
): boolean {
  const path = role.path?.toLowerCase() ?? '/';
  if (PROTECTED_PATHS.some((reserved) => path.startsWith(reserved))) return true;
  return protectedRoleNames(settings).some((pattern) => covers(pattern, role.roleName));
}

/** Patterns, built in or configured, that cover a member role, each with the first such role. */
export const patternsOverMemberRoles = (
  settings: Pick<FactorySettings, 'protectedRoles' | 'memberRolePrefix'>,
): readonly { readonly pattern: string; readonly roleName: string }[] =>
  [...BUILT_IN_PROTECTED_ROLES, ...settings.protectedRoles].flatMap((pattern) => {
    const roleName = ownRoles(settings.memberRolePrefix).find((name) => covers(pattern, name));
    return roleName === undefined ? [] : [{ pattern, roleName }];
  });

const covers = (pattern: string, roleName: string): boolean =>
  matchesGlob(wildcards(pattern.toLowerCase()), roleName.toLowerCase());
