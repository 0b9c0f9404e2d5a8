/**
 * From what was seen of an account to what is to be done about it. Pure, and the same whatever the order of its input.
 * Its rules are the event path's own; its steps start the event path's own workflows, which look and decide again.
 */
import type { FactorySettings } from '../settings.ts';
import { accountOf } from './account.ts';
import { orphanedApplications } from './applications.ts';
import type { AccountObservation, AccountSeen, AccountUnseen, DriftDurations } from './observation.ts';
import { accountSteps, providerSteps } from './providers.ts';
import type { DriftReason } from './reasons.ts';
import { entrySteps } from './removals.ts';
import { roleSteps } from './roles.ts';
import { type Draft, inOrder, riskOf, type Step } from './step.ts';

const UNSEEN: Readonly<Record<AccountUnseen['status'], DriftReason>> = {
  suspended: 'account-suspended',
  closed: 'account-closed',
  outside: 'account-outside',
  unreachable: 'account-unreachable',
};

export function planAccount(
  observation: AccountObservation,
  settings: FactorySettings,
  durations: DriftDurations,
): Step[] {
  if (observation.status === 'active') return planSeen(observation, settings, durations);
  const { accountId, status, detail } = observation;
  return [
    { reason: UNSEEN[status], also: [], accountId, subject: { kind: 'account' }, detail, risk: 'none' },
  ];
}

function planSeen(seen: AccountSeen, settings: FactorySettings, durations: DriftDurations): Step[] {
  const account = accountOf(seen, settings, durations);
  const drafts: (Draft & Partial<Pick<Step, 'also'>>)[] = [
    ...accountSteps(account),
    ...providerSteps(account),
    ...seen.roles.flatMap((role) => roleSteps(account, role)),
    ...seen.entries.flatMap((entry) => entrySteps(account, entry)),
    ...orphanedApplications(account),
  ];
  return inOrder(
    oneRunEach(drafts).map(
      (draft): Step => ({
        also: [],
        ...draft,
        accountId: seen.accountId,
        risk: riskOf(draft.reason, draft.start),
        ...(draft.start && seen.mode === 'observe' && { hold: 'observe' }),
      }),
    ),
  );
}

/** A removed incarnation may have left both an audience and applications; one run sees to all of it. */
function oneRunEach<T extends Draft>(drafts: readonly T[]): T[] {
  const started = new Set<string>();
  return [...drafts]
    .sort((a, b) => (identity(a) < identity(b) ? -1 : 1))
    .filter(({ start }) => {
      if (start === undefined || start.workflow !== 'delete-role') return true;
      const { roleId } = start.run;
      if (started.has(roleId)) return false;
      started.add(roleId);
      return true;
    });
}

const identity = ({ reason, subject }: Draft): string => `${reason} ${JSON.stringify(subject)}`;
