/**
 * What a session in a member account may do: no more than the one role or provider of the event in hand. It guards
 * against our own mistakes; the member roles' policies are the limit. STS takes 2,048 characters at most.
 */
import type { AccountId, ProviderArn, RoleId, RoleName } from '../../core/ids.ts';
import type { Partition } from '../../core/issuer.ts';
import { MARK_KEY } from '../../core/tags.ts';

interface RoleTarget {
  readonly partition: Partition;
  readonly accountId: AccountId;
  readonly roleName: RoleName;
}

interface SessionStatement {
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const policyOf = (...statements: readonly SessionStatement[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })),
  });

/**
 * Both forms are one role: names are unique in an account whatever the path. The form without a path is needed for
 * roles with one too, since IAM asks about it where the role does not exist. Paths may hold wildcards, names not.
 */
const roleArns = ({ partition, accountId, roleName }: RoleTarget): string[] => [
  `arn:${partition}:iam::${accountId}:role/${roleName}`,
  `arn:${partition}:iam::${accountId}:role/*/${roleName}`,
];

/**
 * As {@link roleArns}, in any case: IAM finds a role however its name is spelled, and then asks about the ARN with
 * the role's own spelling. That is another one where a name was used again. Policies compare with regard to case,
 * so each letter is left open; names of the same length and form can be read as well.
 */
const roleArnsInAnyCase = (target: RoleTarget): string[] =>
  roleArns({ ...target, roleName: target.roleName.replace(/[a-z]/gi, '?') as RoleName });

/** Read and tag this role; read the account's providers, one of which the role names. */
export const inspectSessionPolicy = (target: RoleTarget): string =>
  policyOf(
    { Action: ['iam:GetRole'], Resource: roleArnsInAnyCase(target) },
    { Action: ['iam:TagRole'], Resource: roleArns(target) },
    {
      Action: ['iam:GetOpenIDConnectProvider'],
      Resource: [`arn:${target.partition}:iam::${target.accountId}:oidc-provider/*`],
    },
  );

/** Change the audiences of this provider. */
export const providerSessionPolicy = (providerArn: ProviderArn): string =>
  policyOf({
    Action: ['iam:AddClientIDToOpenIDConnectProvider', 'iam:RemoveClientIDFromOpenIDConnectProvider'],
    Resource: [providerArn],
  });

/** Read this role and its provider; write to this incarnation only, by its mark, should the name be another's by then. */
export const trustSessionPolicy = (
  target: RoleTarget & { readonly roleId: RoleId; readonly providerArn: ProviderArn },
): string =>
  policyOf(
    { Action: ['iam:GetRole'], Resource: roleArnsInAnyCase(target) },
    {
      Action: ['iam:TagRole', 'iam:UpdateAssumeRolePolicy'],
      Resource: roleArns(target),
      Condition: { StringEquals: { [`iam:ResourceTag/${MARK_KEY}`]: target.roleId } },
    },
    { Action: ['iam:GetOpenIDConnectProvider'], Resource: [target.providerArn] },
  );

type Account = Pick<RoleTarget, 'partition' | 'accountId'>;

/** Find the tenant's provider among the account's. */
export const lookSessionPolicy = ({ partition, accountId }: Account): string =>
  policyOf(
    // The action knows no resource.
    { Action: ['iam:ListOpenIDConnectProviders'], Resource: ['*'] },
    {
      Action: ['iam:GetOpenIDConnectProvider'],
      Resource: [`arn:${partition}:iam::${accountId}:oidc-provider/*`],
    },
  );

/** Read every role of the account and its providers. */
export const sweepSessionPolicy = ({ partition, accountId }: Account): string =>
  policyOf(
    // The actions know no resource, or all of them.
    { Action: ['iam:ListRoles', 'iam:ListOpenIDConnectProviders'], Resource: ['*'] },
    { Action: ['iam:GetRole'], Resource: [`arn:${partition}:iam::${accountId}:role/*`] },
    {
      Action: ['iam:GetOpenIDConnectProvider'],
      Resource: [`arn:${partition}:iam::${accountId}:oidc-provider/*`],
    },
  );

/** Make this provider, put audiences on its list and the heartbeat on it. */
export const careSessionPolicy = (providerArn: ProviderArn): string =>
  policyOf({
    Action: [
      'iam:CreateOpenIDConnectProvider',
      'iam:AddClientIDToOpenIDConnectProvider',
      'iam:TagOpenIDConnectProvider',
    ],
    Resource: [providerArn],
  });

const policiesOf = ({ partition, accountId }: Account): readonly string[] => [
  `arn:${partition}:iam::${accountId}:policy/*`,
  `arn:${partition}:iam::aws:policy/*`,
];

/** Read this role with its policies and providers, and tag it. */
export const auditSessionPolicy = (target: RoleTarget): string =>
  policyOf(
    {
      Action: ['iam:GetRole', 'iam:GetRolePolicy', 'iam:ListRolePolicies', 'iam:ListAttachedRolePolicies'],
      Resource: roleArnsInAnyCase(target),
    },
    { Action: ['iam:TagRole'], Resource: roleArns(target) },
    { Action: ['iam:GetPolicy', 'iam:GetPolicyVersion'], Resource: policiesOf(target) },
    {
      Action: ['iam:GetOpenIDConnectProvider'],
      Resource: [`arn:${target.partition}:iam::${target.accountId}:oidc-provider/*`],
    },
  );

/** List the account's roles, and those that a policy is attached to. */
export const surveySessionPolicy = (account: Account): string =>
  policyOf(
    { Action: ['iam:ListRoles'], Resource: ['*'] },
    { Action: ['iam:ListEntitiesForPolicy'], Resource: policiesOf(account).slice(0, 1) },
  );

/** Put this policy on this role, and take it off. */
export const containSessionPolicy = (target: RoleTarget, quarantineArn: string): string =>
  policyOf({
    Action: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
    Resource: roleArns(target),
    Condition: { ArnEquals: { 'iam:PolicyARN': quarantineArn } },
  });

/** Import findings under this product. */
export const reportSessionPolicy = (productArn: string): string =>
  policyOf({ Action: ['securityhub:BatchImportFindings'], Resource: [productArn] });
