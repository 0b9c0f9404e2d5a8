/** What is wrong with the account as a whole, and with its provider. */
import { MAX_CLIENT_IDS } from '../consent.ts';
import type { AccountId } from '../ids.ts';
import { isExhausted, MAX_ROUNDS, QUIET_DAYS } from '../reverts.ts';
import type { Account } from './account.ts';
import type { Draft, Step } from './step.ts';

/** Above it, a person should make room before a role fails. */
const NEARLY_FULL = 0.9;

/** Of the tenant; told once, with the factory's own account. */
export const directorySteps = (
  accountId: AccountId,
  { used, total }: { readonly used: number; readonly total: number },
): Step[] =>
  used < total * NEARLY_FULL
    ? []
    : [
        {
          reason: 'directory-nearly-full',
          also: [],
          accountId,
          subject: { kind: 'account' },
          detail: `${used} of ${total}`,
          risk: 'none',
        },
      ];

export function accountSteps({ entries, applications }: Account): Draft[] {
  if (entries.size > 0 || applications === undefined || applications.size === 0) return [];
  return [
    {
      reason: 'ledger-lost',
      subject: { kind: 'account' },
      detail: `${applications.size} roles with applications`,
    },
  ];
}

export function providerSteps({ seen, enrolment, providers }: Account): Draft[] {
  const { create, add, notes } = enrolment;
  const [first] = providers;
  const subject = { kind: 'provider', providerArn: first?.providerArn ?? null } as const;
  // The same two rounds as for roles; enrolment counts them in the account's record.
  const isFought = isExhausted(seen.record?.providerReverts, seen.now);
  const start = { workflow: 'enrol-account' } as const;
  const drafts: Draft[] = [];
  if (create || notes.includes('provider-missing')) {
    drafts.push({
      reason: 'provider-missing',
      subject,
      detail: create ? 'the factory makes it' : 'others make it, as configured',
      ...(create && !isFought && { start }),
    });
  }
  if (add.length > 0 || notes.includes('placeholder-missing') || notes.includes('provider-full')) {
    drafts.push({
      reason: 'placeholder-missing',
      subject,
      detail: add.join(' '),
      ...(add.length > 0 && !isFought && { start }),
    });
  }
  if (isFought && (create || add.length > 0)) {
    drafts.push({
      reason: 'provider-contested',
      subject,
      detail: `${MAX_ROUNDS} rounds within ${QUIET_DAYS} days`,
    });
  }
  if (notes.includes('provider-misspelt') || notes.includes('provider-twice')) {
    const detail = seen.providers
      .map(({ providerArn }) => providerArn)
      .sort()
      .join(' ');
    drafts.push({ reason: 'provider-spelling', subject, detail });
  }
  for (const { providerArn, clientIds } of seen.providers) {
    if (clientIds.length < MAX_CLIENT_IDS * NEARLY_FULL) continue;
    drafts.push({
      reason: 'provider-nearly-full',
      subject: { kind: 'provider', providerArn },
      detail: `${clientIds.length} of ${MAX_CLIENT_IDS}`,
    });
  }
  return drafts;
}
