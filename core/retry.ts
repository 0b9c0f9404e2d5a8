/** Which roles are to be run again, and as what. */
import { type CreateRequest, type DeleteRequest, executionName, retryName } from './dispatch.ts';
import { eventId } from './ids.ts';
import type { LedgerEntry } from './ledger-entry.ts';

export type Retry = {
  /** Of the execution: a further attempt at the event, as whoever looks for failed runs knows it. */
  readonly name: string;
} & (
  | { readonly workflow: 'create-role'; readonly run: CreateRequest }
  | { readonly workflow: 'delete-role'; readonly run: DeleteRequest }
);

/** Whether its last run gave up: what is ready, removed or under way is nobody's to run again. */
export const hasFailed = ({ phase, error }: LedgerEntry): boolean =>
  phase === 'failed' || phase === 'unreachable' || (phase === 'removing' && error !== undefined);

/**
 * The run that goes on where the last one gave up. Whatever it finds it verifies: nothing here is proof. `attempt`:
 * another one for each.
 */
export function retryOf(entry: LedgerEntry, attempt: number): Retry {
  const { accountId, roleName, roleId, eventIds, createdAt, roleCreatedAt, createdBy, phase, error } = entry;
  const about = { accountId, roleName, roleId, eventId: eventIds.at(-1) ?? eventId(FROM_NO_EVENT) };
  if (phase === 'removing' || (phase === 'unreachable' && error?.step === 'confirm-role-gone')) {
    const name = retryName(executionName(about.eventId, null, roleId), attempt);
    return { workflow: 'delete-role', name, run: { ...about, deletedAt: null } };
  }
  return {
    workflow: 'create-role',
    name: retryName(executionName(about.eventId, null), attempt),
    run: {
      ...about,
      eventTime: roleCreatedAt ?? createdAt,
      createdBy: createdBy ?? null,
      // A person has decided: that others kept changing it back counts no more.
      retry: true,
    },
  };
}

/** Of an entry that no event made. */
const FROM_NO_EVENT = '00000000-0000-0000-0000-000000000000';
