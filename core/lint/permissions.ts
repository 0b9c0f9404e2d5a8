/** WR01–WR04: what the role may do once somebody is in. */
import type { RolePolicy } from '../administrator.ts';
import { isFactoryError } from '../errors.ts';
import { parsePolicy } from '../policy/document.ts';
import { authorize } from '../policy/evaluate.ts';
import type { Policy, Principal } from '../policy/types.ts';
import { readTrustPolicy } from '../trust-policy/document.ts';
import type { Draft } from './draft.ts';
import { isAtLeast } from './finding.ts';
import type { RoleFacts } from './role-facts.ts';

const ACCOUNT = '000000000000';
const SESSION: Principal = {
  type: 'aws',
  accountId: ACCOUNT,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/judged/session`,
  roleArn: `arn:aws:iam::${ACCOUNT}:role/judged`,
};

/** AWS's own policies that give a role everything or nearly so, for inputs that only name them. */
const WIDE: Readonly<Record<string, object>> = {
  AdministratorAccess: { Effect: 'Allow', Action: '*', Resource: '*' },
  PowerUserAccess: { Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' },
  IAMFullAccess: {
    Effect: 'Allow',
    Action: ['iam:*', 'organizations:Describe*', 'organizations:List*'],
    Resource: '*',
  },
};
const AWS_POLICY = /^arn:aws[a-z-]*:iam::aws:policy\/(?:.*\/)?([^/]+)$/;

/** Resources that nobody grants by name. */
const SOME_ROLE = `arn:aws:iam::${ACCOUNT}:role/some-other-role`;
const SOME_USER = `arn:aws:iam::${ACCOUNT}:user/some-other-user`;
const SOME_POLICY = `arn:aws:iam::${ACCOUNT}:policy/some-policy`;
const ESCALATIONS: readonly (readonly [action: string, resource: string])[] = [
  ['iam:PassRole', SOME_ROLE],
  ['iam:UpdateAssumeRolePolicy', SOME_ROLE],
  ['iam:AttachRolePolicy', SOME_ROLE],
  ['iam:PutRolePolicy', SOME_ROLE],
  ['iam:AttachUserPolicy', SOME_USER],
  ['iam:PutUserPolicy', SOME_USER],
  ['iam:CreateAccessKey', SOME_USER],
  ['iam:CreateLoginProfile', SOME_USER],
  ['iam:UpdateLoginProfile', SOME_USER],
  ['iam:CreatePolicyVersion', SOME_POLICY],
  ['iam:SetDefaultPolicyVersion', SOME_POLICY],
  ['sts:AssumeRole', SOME_ROLE],
];
/** A service that nobody names: allowed only where nearly everything is. */
const ANYTHING = ['no-such-service:DoAnything', '*'] as const;

export interface Permissions {
  readonly administrator: boolean;
  /** By `*`, a policy of AWS with IAM in it, or one of the calls that escalate. */
  readonly escalations: readonly string[];
}

/** What the policies allow within the boundary. Policies that cannot be read allow nothing here. */
export function permissionsOf({ policies = [], boundary }: RoleFacts): Permissions {
  const identity = policies.flatMap((policy) => read(policy, 'identity'));
  // A boundary without a document limits, but nobody knows to what.
  const limits = boundary ? read(boundary, 'boundary') : [];
  const limit = limits[0] && { ...limits[0], statements: limits.flatMap(({ statements }) => statements) };
  const allows = (action: string, resource: string) =>
    authorize(
      { principal: SESSION, action, resource, context: {} },
      { identity, ...(limit && { boundary: limit }) },
      { crossAccount: false },
    ).allowed;
  return {
    administrator: allows(...ANYTHING) || policies.some(({ arn }) => awsPolicy(arn) === 'IAMFullAccess'),
    escalations: ESCALATIONS.filter(([action, resource]) => allows(action, resource)).map(
      ([action]) => action,
    ),
  };
}

const awsPolicy = (arn: string | undefined): string => AWS_POLICY.exec(arn ?? '')?.[1] ?? '';

/** The policy's statements, each as a policy, as far as they can be read. */
function read({ name, arn, document }: RolePolicy, kind: 'identity' | 'boundary'): readonly Policy[] {
  const known = Object.hasOwn(WIDE, awsPolicy(arn)) ? WIDE[awsPolicy(arn)] : undefined;
  const source = document ?? (known && JSON.stringify({ Version: '2012-10-17', Statement: known }));
  const parts =
    source === undefined ? undefined : ifUnderstood(() => readTrustPolicy(withKnownResources(source)));
  return (parts?.statements ?? []).flatMap(
    (statement) =>
      ifUnderstood(() => parsePolicy({ ...parts?.root, Statement: statement }, name, kind)) ?? [],
  );
}

/** A resource that is not known is not everything. */
const withKnownResources = (document: string): string =>
  document.replaceAll(/"\uE000[^"]*"/g, '"arn:aws:unknown:::unknown"');

function ifUnderstood<T>(reading: () => T): T | undefined {
  try {
    return reading();
  } catch (error) {
    if (isFactoryError(error)) return undefined;
    throw error;
  }
}

/** @param others what else was found: an administrator whom a stranger can become is worse. */
export function permissionDrafts(
  facts: RoleFacts,
  permissions: Permissions,
  others: readonly Draft[],
): readonly Draft[] {
  const { administrator, escalations } = permissions;
  const open = others.some(
    ({ rule, severity }) => (rule === 'WI01' || rule === 'WI02') && isAtLeast(severity, 'high'),
  );
  const draft = (rule: Draft['rule'], severity: Draft['severity'], message: string): Draft => ({
    rule,
    severity,
    message,
    statements: [],
  });
  const canEscalate = escalations.length > 0;
  return [
    ...(administrator
      ? [draft('WR01', open ? 'critical' : 'high', 'The role may do nearly everything.')]
      : []),
    ...(canEscalate && !administrator
      ? [draft('WR02', 'high', `The role may call ${escalations.join(', ')} on anything.`)]
      : []),
    ...(canEscalate && facts.boundary === null
      ? [
          draft(
            'WR03',
            'medium',
            'The role can extend its own rights, and no permissions boundary limits it.',
          ),
        ]
      : []),
    ...((facts.maxSessionSeconds ?? 0) > 3600
      ? [draft('WR04', 'low', `Sessions may last ${facts.maxSessionSeconds} seconds.`)]
      : []),
  ];
}
