/** What entries say of roles that are not in the account any more. */

import { isWithdrawn } from '../consent.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import { isExhausted } from '../reverts.ts';
import { type Account, isLeased, isPast, roleSubject } from './account.ts';
import { evidenceOf, isCauseGone } from './cause.ts';
import type { Draft, Start } from './step.ts';

export function entrySteps(account: Account, entry: LedgerEntry): Draft[] {
  if (isLeased(account, entry)) return [];
  if (entry.phase === 'removing') return stuckRemoval(account, entry);
  if (account.roleIds.has(entry.roleId)) return [];
  return entry.phase === 'removed' ? orphanedAudience(account, entry) : missedDeletion(account, entry);
}

const removal = (
  { roleName, roleId }: LedgerEntry,
  more: { readonly again?: true; readonly withdrawn?: true } = {},
): Start => ({ workflow: 'delete-role', run: { roleName, roleId, ...more } });

const young = (account: Account, entry: LedgerEntry) =>
  !isPast(account, entry.updatedAt, account.durations.ageSeconds) && ({ hold: 'young' } as const);

/** The account was looked at after the ledger: a role that had an entry by then was there, or is gone. */
function missedDeletion(account: Account, entry: LedgerEntry): Draft[] {
  return [
    {
      reason: 'missed-deletion',
      subject: roleSubject(entry),
      detail: entry.appId ?? entry.phase,
      start: removal(entry),
      ...young(account, entry),
    },
  ];
}

function stuckRemoval(account: Account, entry: LedgerEntry): Draft[] {
  const isOld = isPast(account, entry.updatedAt, account.durations.ageSeconds);
  const code = entry.error?.code;
  const isRepaired = code === undefined || isCauseGone(code, evidenceOf(account, entry, undefined, isOld));
  // Of a role that lives, since it has withdrawn; should it consent again, a person must decide.
  const role = account.roles.get(entry.roleId);
  const lives = account.roleIds.has(entry.roleId);
  const withdrawn = role && isWithdrawn({ ...role, accountId: entry.accountId }, entry, account.settings);
  return [
    {
      reason: 'removal-stuck',
      subject: roleSubject(entry),
      detail: code ?? entry.step,
      ...(isRepaired &&
        (!lives || withdrawn) && {
          start: removal(entry, lives ? { withdrawn: true } : {}),
          ...young(account, entry),
        }),
    },
  ];
}

/** Put back on the list by whoever keeps a list of their own; after two rounds they may keep it. */
function orphanedAudience(account: Account, entry: LedgerEntry): Draft[] {
  const { audience, providerArn, roleName, roleId } = entry;
  const provider = account.seen.providers.find((known) => known.providerArn === providerArn);
  if (audience === undefined || provider?.clientIds.includes(audience) !== true) return [];
  const isFought = isExhausted(entry.reverts, account.seen.now);
  return [
    {
      reason: 'orphaned-audience',
      subject: { kind: 'audience', audience, roleName, roleId },
      detail: isFought ? 'others keep putting it back' : (providerArn ?? ''),
      ...(!isFought && { start: removal(entry, { again: true }), ...young(account, entry) }),
    },
  ];
}
