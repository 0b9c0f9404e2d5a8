/**
 * GetAccountAuthorizationDetails, as the SDK answers it or as the AWS CLI prints it: documents are percent-encoded
 * JSON in the one, JSON values in the other, and some tools store them as plain text.
 */
import type { RolePolicy } from '../../core/administrator.ts';
import { accountId, roleArn, roleId, roleName } from '../../core/ids.ts';
import type { ScannedRole } from '../../core/scan.ts';
import { CommandFailure } from '../failure.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The roles of an account. Fails with InvalidInput where the input is something else. */
export function rolesOf(details: unknown): ScannedRole[] {
  const { RoleDetailList, Policies = [] } = fieldsOf(details);
  if (!Array.isArray(RoleDetailList)) throw notDetails('a list RoleDetailList');
  const documents = new Map(
    listOf(Policies).map((policy): [unknown, string | undefined] => [policy.Arn, defaultVersion(policy)]),
  );
  return RoleDetailList.map((role: unknown, index) => {
    try {
      return roleOf(fieldsOf(role), documents);
    } catch (cause) {
      throw notDetails(`Arn, RoleName and RoleId of a role in RoleDetailList[${index}]`, cause);
    }
  });
}

const notDetails = (expected: string, cause?: unknown): CommandFailure =>
  new CommandFailure(
    'usage',
    'InvalidInput',
    `The input is no answer of GetAccountAuthorizationDetails: expected ${expected}`,
    {
      remedy:
        'aws iam get-account-authorization-details --filter Role LocalManagedPolicy --output json > file',
      cause,
    },
  );

function roleOf(role: Fields, documents: ReadonlyMap<unknown, string | undefined>): ScannedRole {
  const arn = roleArn(role.Arn);
  return {
    roleArn: arn,
    accountId: accountId(arn.split(':')[4]),
    roleName: roleName(role.RoleName),
    roleId: roleId(role.RoleId),
    path: typeof role.Path === 'string' ? role.Path : '/',
    createdAt: role.CreateDate instanceof Date ? role.CreateDate.toISOString() : String(role.CreateDate),
    trustPolicy: textOf(role.AssumeRolePolicyDocument) ?? '',
    tags: Object.fromEntries(listOf(role.Tags).map(({ Key, Value }) => [String(Key), String(Value ?? '')])),
    policies: [
      ...listOf(role.RolePolicyList).map((policy) =>
        policyOf(policy.PolicyName, undefined, textOf(policy.PolicyDocument)),
      ),
      ...listOf(role.AttachedManagedPolicies).map(({ PolicyName, PolicyArn }) =>
        policyOf(PolicyName, PolicyArn, documents.get(PolicyArn)),
      ),
    ],
    boundary: boundaryOf(fieldsOf(role.PermissionsBoundary), documents),
  };
}

const boundaryOf = (
  { PermissionsBoundaryArn: arn }: Fields,
  documents: ReadonlyMap<unknown, string | undefined>,
): RolePolicy | null => (typeof arn === 'string' ? policyOf(arn, arn, documents.get(arn)) : null);

const policyOf = (name: unknown, arn: unknown, document: string | undefined): RolePolicy => ({
  name: String(name),
  ...(typeof arn === 'string' && { arn }),
  ...(document !== undefined && { document }),
});

const defaultVersion = ({ PolicyVersionList }: Fields): string | undefined =>
  textOf(listOf(PolicyVersionList).find(({ IsDefaultVersion }) => IsDefaultVersion === true)?.Document);

/** A document as JSON text, whichever way it is kept. */
function textOf(document: unknown): string | undefined {
  if (typeof document !== 'string') return document === undefined ? undefined : JSON.stringify(document);
  if (document.trimStart().startsWith('{')) return document;
  try {
    return decodeURIComponent(document);
  } catch {
    // Not percent-encoded either: whoever evaluates it says that it cannot be read.
    return document;
  }
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
