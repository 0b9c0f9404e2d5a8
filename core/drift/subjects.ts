/** Who is named in a managed role's `sub`: whoever has left the directory leaves the role to nobody, or open to chance. */

import { isFactoryError } from '../errors.ts';
import { isGuid } from '../ids.ts';
import { conditionKey } from '../issuer.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { FactorySettings } from '../settings.ts';
import { conditionsOf, conditionsOn } from '../trust-policy/conditions.ts';
import { readTrustPolicy } from '../trust-policy/document.ts';
import { tenantStatements } from '../trust-policy/statements.ts';
import { type Account, roleSubject } from './account.ts';
import type { AccountSeen, SeenRole } from './observation.ts';
import type { Draft } from './step.ts';

/** The object ids that managed roles name beside their own application: what Entra is to be asked for. */
export const principalsNamed = (
  { roles, entries }: Pick<AccountSeen, 'roles' | 'entries'>,
  settings: Pick<FactorySettings, 'issuer'>,
): string[] => {
  const known = new Map(entries.map((entry) => [entry.roleId, entry]));
  const named = roles.flatMap((role) => {
    const entry = known.get(role.roleId);
    return entry?.phase === 'ready' ? subjectsOf(role, entry, settings) : [];
  });
  return [...new Set(named)].sort();
};

export function absentSubjects(
  { seen, settings }: Pick<Account, 'seen' | 'settings'>,
  role: SeenRole,
  entry: LedgerEntry,
): Draft[] {
  if (entry.phase !== 'ready') return [];
  const absent = subjectsOf(role, entry, settings).filter((id) => seen.principals[id] === 'absent');
  if (absent.length === 0) return [];
  return [{ reason: 'subject-gone', subject: roleSubject(role), detail: absent.sort().join(' ') }];
}

function subjectsOf(
  { trustPolicy }: SeenRole,
  { accountId, servicePrincipalId }: LedgerEntry,
  { issuer }: Pick<FactorySettings, 'issuer'>,
): string[] {
  const own = servicePrincipalId?.toLowerCase();
  const values = statementsOf(trustPolicy).flatMap(({ statement, providerArns }) =>
    providerArns.flatMap((arn) =>
      conditionsOn(conditionsOf(statement) ?? {}, conditionKey(arn, 'sub'))
        .filter(({ kind }) => kind === 'positive')
        .flatMap(({ values: demanded }) => demanded ?? []),
    ),
  );
  return [...new Set(values.map((value) => value.toLowerCase()))].filter((id) => isGuid(id) && id !== own);

  function statementsOf(text: string) {
    try {
      return tenantStatements(readTrustPolicy(text), issuer, accountId);
    } catch (error) {
      if (isFactoryError(error, 'TrustPolicyUnreadable')) return [];
      throw error;
    }
  }
}
