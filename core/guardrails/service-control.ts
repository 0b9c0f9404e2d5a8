/**
 * The service control policies that go with the factory: what is in member accounts for its sake is changed by it and by
 * those who administer the organization, and by nobody else.
 */
import { GUARD_TAG } from '../guard/tags.ts';
import { providerPath } from '../issuer.ts';
import {
  ENTRA_FUNCTIONS,
  functionRoleArn,
  type GuardRolePurpose,
  type MemberRolePurpose,
  memberRoleName,
} from '../naming.ts';
import { MARK_KEY, OUTCOME_KEYS } from '../tags.ts';
import {
  type DenyStatement,
  type GuardrailDocument,
  type GuardrailSettings,
  inDocuments,
} from './document.ts';

/**
 * Roles by which an organization administers its accounts; member stacks are deployed with one of them. Exceptions by
 * name hold only as long as nobody else can make a role of such a name: the policy forbids that, too.
 */
export const ADMINISTRATOR_ROLES: readonly string[] = [
  'OrganizationAccountAccessRole',
  'AWSControlTowerExecution',
  'AWSCloudFormationStackSetExecutionRole',
  'stacksets-exec-*',
  // Landing Zone Accelerator's CDK bootstrap.
  'cdk-accel-*',
];

const ROLE_WRITES = [
  'iam:AttachRolePolicy',
  'iam:CreateRole',
  'iam:DeleteRole',
  'iam:DeleteRolePermissionsBoundary',
  'iam:DeleteRolePolicy',
  'iam:DetachRolePolicy',
  // Who may hand a role to a service is as powerful as the role.
  'iam:PassRole',
  'iam:PutRolePermissionsBoundary',
  'iam:PutRolePolicy',
  'iam:TagRole',
  'iam:UntagRole',
  'iam:UpdateAssumeRolePolicy',
  'iam:UpdateRole',
  'iam:UpdateRoleDescription',
];

const FORWARDING_WRITES = [
  'events:DeleteRule',
  'events:DisableRule',
  'events:EnableRule',
  'events:PutRule',
  'events:PutTargets',
  'events:RemoveTargets',
  'sqs:AddPermission',
  'sqs:DeleteQueue',
  'sqs:PurgeQueue',
  'sqs:RemovePermission',
  'sqs:SetQueueAttributes',
];

const PROVIDER_WRITES = [
  'iam:AddClientIDToOpenIDConnectProvider',
  'iam:CreateOpenIDConnectProvider',
  'iam:DeleteOpenIDConnectProvider',
  'iam:RemoveClientIDFromOpenIDConnectProvider',
  'iam:TagOpenIDConnectProvider',
  'iam:UntagOpenIDConnectProvider',
  'iam:UpdateOpenIDConnectProviderThumbprint',
];

/** What belongs to the factory in member accounts. One document, for the units with the member stack. */
export function memberProtection(settings: GuardrailSettings): readonly GuardrailDocument[] {
  const { partition, memberRolePrefix: prefix, issuer, factoryAccountId, provider } = settings;
  const role = (name: string) => `arn:${partition}:iam::*:role/${name}`;
  const administrators = [
    ...ADMINISTRATOR_ROLES.map(role),
    // The factory's own deployment.
    `arn:${partition}:iam::${factoryAccountId}:role/cdk-*`,
  ];
  const own = (purpose: MemberRolePurpose | GuardRolePurpose) => role(memberRoleName(prefix, purpose));
  const path = providerPath(issuer.url).replace(/\/$/, '');
  return inDocuments([
    {
      Sid: 'Roles',
      Effect: 'Deny',
      Action: ROLE_WRITES,
      Resource: [role(`${prefix}-*`), role(`*/${prefix}-*`), ...ADMINISTRATOR_ROLES.map(role)],
      Condition: unlessBy(administrators),
    },
    {
      Sid: 'Forwarding',
      Effect: 'Deny',
      Action: FORWARDING_WRITES,
      Resource: [`arn:${partition}:events:*:*:rule/${prefix}-*`, `arn:${partition}:sqs:*:*:${prefix}-*`],
      Condition: unlessBy(administrators),
    },
    ...(provider === 'external'
      ? []
      : [
          {
            Sid: 'Provider',
            Effect: 'Deny' as const,
            Action: PROVIDER_WRITES,
            Resource: `arn:${partition}:iam::*:oidc-provider/${path}*`,
            Condition: unlessBy([...administrators, own('provider')]),
          },
        ]),
    {
      Sid: 'Tags',
      Effect: 'Deny',
      // Not UntagRole: Terraform takes off what it did not set, and a tag that is missing opens nothing.
      Action: ['iam:CreateRole', 'iam:TagRole'],
      Resource: '*',
      Condition: {
        // IAM compares keys without regard to case.
        'ForAnyValue:StringEqualsIgnoreCase': { 'aws:TagKeys': [MARK_KEY, ...OUTCOME_KEYS, GUARD_TAG] },
        ...unlessBy([own('inspect'), own('trust'), own('audit')]),
      },
    },
  ]);
}

/**
 * Tokens that AWS signs for roles: only the functions that log in to Entra get any. Apart, since an organization may
 * use them for other things as well. None where the factory logs in with a secret.
 */
export function tokenProtection(settings: GuardrailSettings): readonly GuardrailDocument[] {
  const { partition, factoryAccountId, memberRolePrefix, login } = settings;
  if (login === 'secret') return [];
  const functions = ENTRA_FUNCTIONS.map((name) =>
    functionRoleArn(partition, factoryAccountId, memberRolePrefix, name),
  );
  return inDocuments([
    {
      Sid: 'Tokens',
      Effect: 'Deny',
      Action: 'sts:GetWebIdentityToken',
      Resource: '*',
      Condition: unlessBy(functions),
    },
  ]);
}

const unlessBy = (roles: readonly string[]): DenyStatement['Condition'] => ({
  ArnNotLike: { 'aws:PrincipalArn': roles },
});
