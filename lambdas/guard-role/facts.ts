/** What the linter judges a role by, beside its trust policy. */

import { providerPathOf } from '../../core/ci/issuers.ts';
import { isFactoryError } from '../../core/errors.ts';
import type { AccountId, ProviderArn } from '../../core/ids.ts';
import { providerArn } from '../../core/ids.ts';
import type { RoleFacts } from '../../core/lint/role-facts.ts';
import { isObject, readTrustPolicy, strings } from '../../core/trust-policy/document.ts';
import type { AuditAccess, AuditedRole } from './ports.ts';

export async function factsOf(
  access: AuditAccess,
  role: AuditedRole,
  accountId: AccountId,
): Promise<{
  readonly facts: RoleFacts;
  readonly clientIds: ReadonlyMap<string, readonly string[]>;
  /** ARNs of the managed policies on the role. */
  readonly attached: readonly string[];
}> {
  const attached = await access.attachedPolicies(role.roleName);
  const [policies, boundary, clientIds] = await Promise.all([
    access.policies(role.roleName, attached),
    role.boundaryArn === undefined ? null : access.managedPolicy(role.boundaryArn),
    clientIdsOf(
      access,
      providersIn(role.trustPolicy).filter((arn) => arn.includes(`:${accountId}:`)),
    ),
  ]);
  const { tags, maxSessionSeconds } = role;
  // A boundary that is gone allows nothing; what it was is not known.
  const limits = boundary === undefined ? {} : { boundary };
  return { facts: { tags, maxSessionSeconds, policies, ...limits }, clientIds, attached };
}

async function clientIdsOf(
  access: AuditAccess,
  providers: readonly ProviderArn[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const lists = await Promise.all(
    providers.map(async (arn) => [providerPathOf(arn), await access.clientIds(arn)] as const),
  );
  return new Map(lists.flatMap(([path, list]) => (list === undefined ? [] : [[path, list] as const])));
}

/** The OIDC providers that a trust policy names; none where it cannot be read. */
export function providersIn(trustPolicy: string): readonly ProviderArn[] {
  try {
    const { statements } = readTrustPolicy(trustPolicy);
    const named = statements.flatMap(({ Principal }) =>
      isObject(Principal) ? (strings(Principal.Federated) ?? []) : [],
    );
    return [...new Set(named)].filter((name) => name.includes(':oidc-provider/')).map(providerArn);
  } catch (error) {
    if (!isFactoryError(error)) throw error;
    return [];
  }
}
