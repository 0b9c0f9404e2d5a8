/** Roles in member accounts that functions of the factory assume, and what their policies have in common. */
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import {
  type FunctionName,
  functionRoleName,
  type GUARD_FUNCTION,
  type GuardRolePurpose,
  type MemberRolePurpose,
  memberRoleName,
} from '../../core/naming.ts';
import { PROTECTED_PATHS, protectedRoleNames } from '../../core/protected-roles.ts';
import type { FactoryConfig } from '../config/config.ts';
import { acknowledgeWide } from './wide-statement.ts';

export interface MemberRoleProps {
  readonly config: FactoryConfig;
  readonly purpose: MemberRolePurpose | GuardRolePurpose;
  /** The only ones that may assume it. */
  readonly users: readonly (FunctionName | typeof GUARD_FUNCTION)[];
  readonly statements: readonly iam.PolicyStatement[];
  /** Why statements name resources by wildcards. */
  readonly reason: string;
}

export function memberRole(scope: Construct, props: MemberRoleProps): iam.Role {
  const { config, purpose, users, statements, reason } = props;
  const { factory, prefix } = config;
  const functionRoles = users.map(
    (name) =>
      `arn:${Stack.of(scope).partition}:iam::${factory.accountId}:role/${functionRoleName(prefix, name)}`,
  );
  // A condition and not the principal: a principal must exist, and this stack may come before the factory.
  const functions = new iam.PrincipalWithConditions(new iam.AccountPrincipal(factory.accountId), {
    ArnEquals: { 'aws:PrincipalArn': functionRoles },
  });
  const role = new iam.Role(scope, `${purpose[0]?.toUpperCase()}${purpose.slice(1)}Role`, {
    roleName: memberRoleName(prefix, purpose),
    description: `Assumed by the OIDC factory: ${users.join(', ')}`,
    assumedBy: functions,
    inlinePolicies: { member: new iam.PolicyDocument({ statements: [...statements] }) },
  });
  role.assumeRolePolicy?.addStatements(
    new iam.PolicyStatement({ actions: ['sts:SetSourceIdentity'], principals: [functions] }),
  );
  for (const statement of statements) acknowledgeWide(role, { statement, reason });
  return role;
}

/** In the account of the stack. */
export const iamArn = (scope: Construct, resource: string): string => {
  const { partition, account } = Stack.of(scope);
  return `arn:${partition}:iam::${account}:${resource}`;
};

/** Keeps protected roles from these writes. */
export const denyOnProtected = (
  scope: Construct,
  { prefix, protectedRoles }: FactoryConfig,
  actions: string[],
): iam.PolicyStatement =>
  new iam.PolicyStatement({
    sid: 'Protected',
    effect: iam.Effect.DENY,
    actions,
    resources: [
      ...PROTECTED_PATHS.map((path) => iamArn(scope, `role${path}*`)),
      // ARNs match with path and case: a name alone does not cover a role under a path.
      ...protectedRoleNames({ protectedRoles, memberRolePrefix: prefix }).flatMap((name) => [
        iamArn(scope, `role/${name}`),
        iamArn(scope, `role/*/${name}`),
      ]),
    ],
  });

/** These keys only, and at least one: ForAllValues alone is true where there is none. */
export const onlyTags = (keys: readonly string[], alsoPresent: Record<string, 'false'> = {}) => ({
  'ForAllValues:StringEquals': { 'aws:TagKeys': [...keys] },
  Null: { 'aws:TagKeys': 'false', ...alsoPresent },
});

export const tagRoles = (
  scope: Construct,
  keys: readonly string[],
  alsoPresent: Record<string, 'false'> = {},
): iam.PolicyStatement =>
  new iam.PolicyStatement({
    sid: 'Tag',
    actions: ['iam:TagRole'],
    resources: [iamArn(scope, 'role/*')],
    conditions: onlyTags(keys, alsoPresent),
  });
