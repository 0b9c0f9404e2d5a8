/** Who can get into the roles of an account that trust the tenant. Ids and names; never a policy. */
import type { SeenRole } from './drift/observation.ts';
import { isFactoryError } from './errors.ts';
import type { AccountId, AppId, RoleArn, RoleId } from './ids.ts';
import { conditionKey, type Issuer } from './issuer.ts';
import type { LedgerEntry, Phase } from './ledger-entry.ts';
import { conditionsOf, conditionsOn } from './trust-policy/conditions.ts';
import { readTrustPolicy } from './trust-policy/document.ts';
import { type TenantStatement, tenantStatements } from './trust-policy/statements.ts';
import { type WhoEnters, whoEnters } from './trust-policy/who-enters.ts';

export interface RoleAccess {
  readonly roleArn: RoleArn;
  readonly roleId: RoleId;
  /** ISO 8601. */
  readonly createdAt: string;
  /** When somebody last used the role, as IAM knows it; absent: never within IAM's memory of 400 days. */
  readonly lastUsedAt?: string;
  /** Of its ledger entry; absent: the factory has made nothing for it. */
  readonly phase?: Phase;
  /** Of the application that the factory has made for it. */
  readonly clientId?: AppId;
  /** Who created the role, where the factory has heard of it. */
  readonly createdBy?: string;
  /** That the policy demands of the tenant's tokens. */
  readonly audiences: readonly string[];
  /** `unknown`: the policy cannot be evaluated. */
  readonly subject: WhoEnters['subject'] | 'unknown';
  /** Object ids that the policy names and lets in. */
  readonly subjects: readonly string[];
}

export interface AccountAccess {
  readonly roles: readonly RoleAccess[];
  /** Further roles that there was no room for. */
  readonly left: number;
}

/** What is kept of an account; DynamoDB's items hold 400 KB, findings included. */
const MAX_CHARACTERS = 200_000;

/** Of the roles that let the tenant's provider of this account in, by name. */
export function accessTo(
  { roles, entries }: { readonly roles: readonly SeenRole[]; readonly entries: readonly LedgerEntry[] },
  accountId: AccountId,
  issuer: Issuer,
): AccountAccess {
  const known = new Map(entries.map((entry) => [entry.roleId, entry]));
  const found = [...roles]
    .sort((a, b) => (a.roleArn < b.roleArn ? -1 : 1))
    .flatMap((role) => accessToRole(role, known.get(role.roleId), accountId, issuer) ?? []);
  let room = MAX_CHARACTERS;
  const kept = found.filter((access) => {
    room -= JSON.stringify(access).length;
    return room >= 0;
  });
  return { roles: kept, left: found.length - kept.length };
}

function accessToRole(
  { roleArn, roleId, createdAt, lastUsedAt, trustPolicy }: SeenRole,
  entry: LedgerEntry | undefined,
  accountId: AccountId,
  issuer: Issuer,
): RoleAccess | undefined {
  const statements = statementsOf(trustPolicy, accountId, issuer);
  if (statements?.length === 0) return undefined;
  return {
    roleArn,
    roleId,
    createdAt,
    ...(lastUsedAt !== undefined && { lastUsedAt }),
    ...(entry && { phase: entry.phase }),
    ...(entry?.appId && { clientId: entry.appId }),
    ...(entry?.createdBy && { createdBy: entry.createdBy }),
    audiences: audiencesOf(statements ?? []),
    ...entrance(trustPolicy, statements, issuer),
  };
}

/** Undefined: the policy cannot be read. */
function statementsOf(
  trustPolicy: string,
  accountId: AccountId,
  issuer: Issuer,
): readonly TenantStatement[] | undefined {
  try {
    return tenantStatements(readTrustPolicy(trustPolicy), issuer, accountId);
  } catch (error) {
    if (isFactoryError(error, 'TrustPolicyUnreadable')) return undefined;
    throw error;
  }
}

const audiencesOf = (statements: readonly TenantStatement[]): string[] => {
  const values = statements.flatMap(({ statement, providerArns }) =>
    providerArns.flatMap((arn) =>
      conditionsOn(conditionsOf(statement) ?? {}, conditionKey(arn, 'aud'))
        .filter(({ kind }) => kind === 'positive')
        .flatMap(({ values: demanded }) => demanded ?? []),
    ),
  );
  return [...new Set(values)].sort();
};

/** Worst first. */
const SUBJECTS: readonly RoleAccess['subject'][] = ['open', 'unknown', 'pinned', 'closed'];

function entrance(
  trustPolicy: string,
  statements: readonly TenantStatement[] | undefined,
  { tokenVersion }: Issuer,
): Pick<RoleAccess, 'subject' | 'subjects'> {
  const arns = [...new Set((statements ?? []).flatMap(({ providerArns }) => providerArns))];
  try {
    const entrances = arns.map((arn) => whoEnters(trustPolicy, arn, tokenVersion));
    return {
      subject: SUBJECTS.find((one) => entrances.some(({ subject }) => subject === one)) ?? 'unknown',
      subjects: [...new Set(entrances.flatMap(({ subjects }) => subjects))].sort(),
    };
  } catch (error) {
    if (isFactoryError(error, 'PolicyNotUnderstood')) return { subject: 'unknown', subjects: [] };
    throw error;
  }
}
