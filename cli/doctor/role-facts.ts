/** What the checks of one role have in common: the role, its entry, and what its trust policy should say. */
import type { ExpectedTrust, TrustQuestion } from '../../core/doctor/trust.ts';
import {
  type AccountId,
  appId,
  audience,
  type RoleArn,
  roleNameIn,
  servicePrincipalId,
} from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { roleStatus } from '../../core/role-status.ts';
import { tenantProviderOf } from '../../lambdas/inspect-role/tenant-provider.ts';
import type { RoleView } from '../../lambdas/ports.ts';
import { CommandFailure } from '../failure.ts';
import type { Estate } from './estate.ts';
import { ledgerTable } from './factory-checks.ts';
import type { FactoryReads, MemberReads } from './reads.ts';

export type RoleFacts = ReturnType<typeof roleFacts>;

export function roleFacts(
  { member, factory }: { readonly member: MemberReads; readonly factory: FactoryReads },
  arn: RoleArn,
  accountId: AccountId,
  { settings }: Estate,
) {
  const role = async (): Promise<RoleView> => {
    const found = await member.role(roleNameIn(arn));
    if (found) return found;
    throw new CommandFailure('refused', 'RoleMissing', 'there is no such role', {
      remedy: 'See the check of the role itself.',
    });
  };

  /** Of this very incarnation. */
  const entry = async (): Promise<LedgerEntry | undefined> => {
    const { roleId, roleName } = await role();
    const table = await ledgerTable(factory);
    const entries = table === undefined ? [] : await factory.incarnations(table, accountId, roleName);
    return entries.find((candidate) => candidate.roleId === roleId);
  };

  const questionWith = async (expected: ExpectedTrust | undefined): Promise<TrustQuestion> => {
    const seen = await role();
    const provider = await tenantProviderOf(
      { getProvider: member.provider },
      seen,
      accountId,
      settings.issuer,
    );
    return { role: seen, accountId, provider, settings, expected };
  };

  return {
    role,
    entry,
    question: (found: LedgerEntry | undefined) => questionWith(expectedBy(found)),
    /** What there is to go by without the ledger. */
    questionByTags: async () => questionWith(expectedByTags(await role())),
    /** By the ledger, or where that cannot be read by the tags. */
    application: async (): Promise<ExpectedTrust | undefined> => {
      try {
        return expectedBy(await entry());
      } catch (error) {
        const byTags = error instanceof CommandFailure ? expectedByTags(await role()) : undefined;
        if (byTags) return byTags;
        throw error;
      }
    },
  };
}

const expectedBy = (entry: LedgerEntry | undefined): ExpectedTrust | undefined => {
  const { appId, audience, servicePrincipalId } = entry ?? {};
  return appId && audience && servicePrincipalId ? { appId, audience, servicePrincipalId } : undefined;
};

/** The tags do not say who it logs in as, but any pinned policy is pinned to somebody. */
const NOBODY = servicePrincipalId('00000000-0000-0000-0000-000000000000');

function expectedByTags(role: RoleView): ExpectedTrust | undefined {
  const { application } = roleStatus(role);
  return (
    application && {
      appId: appId(application.clientId),
      audience: audience(application.audience),
      servicePrincipalId: NOBODY,
    }
  );
}
