import { describe, expect, it } from 'vitest';
import { eventId } from '../../core/ids.ts';
import type { LedgerEntry, Phase } from '../../core/ledger-entry.ts';
import { hasFailed, retryOf } from '../../core/retry.ts';
import { ENTRY } from '../lambdas/entries.ts';

const entry = (phase: Phase, error?: LedgerEntry['error']): LedgerEntry => ({
  ...ENTRY,
  phase,
  eventIds: [eventId('e1'), eventId('e2')],
  ...(error && { error }),
});
const failed = (step: NonNullable<LedgerEntry['error']>['step']) =>
  ({ code: 'Unavailable', step, at: ENTRY.updatedAt }) as const;

describe('what is run again', () => {
  it.each<[LedgerEntry, boolean]>([
    [entry('creating'), false],
    [entry('ready'), false],
    [entry('removed'), false],
    [entry('removing'), false],
    [entry('removing', failed('delete-application')), true],
    [entry('failed', failed('add-audience')), true],
    [entry('unreachable', failed('inspect-role')), true],
  ])('of %o: %s', (one, expected) => expect(hasFailed(one)).toBe(expected));

  it.each<[LedgerEntry, string]>([
    [entry('failed', failed('add-audience')), 'create-role'],
    [entry('unreachable', failed('inspect-role')), 'create-role'],
    [entry('unreachable', failed('confirm-role-gone')), 'delete-role'],
    [entry('removing', failed('delete-application')), 'delete-role'],
  ])('%o runs again as %s', (one, workflow) => expect(retryOf(one, 1).workflow).toBe(workflow));

  it('is the newest event of the incarnation, on a person’s word and without proof of a deletion', () => {
    expect(retryOf(entry('failed'), 1).run).toEqual({
      accountId: ENTRY.accountId,
      roleName: ENTRY.roleName,
      roleId: ENTRY.roleId,
      eventId: 'e2',
      eventTime: ENTRY.roleCreatedAt,
      createdBy: null,
      retry: true,
    });
    expect(retryOf(entry('removing'), 1).run).toMatchObject({ eventId: 'e2', deletedAt: null });
  });

  it('is named as a further attempt at the event', () => {
    expect(retryOf(entry('failed'), 7).name).toBe('e2-r7');
    expect(retryOf(entry('removing'), 7).name).toBe(`e2-${ENTRY.roleId}-r7`);
  });

  it('has an event id where no event ever came', () => {
    expect(retryOf({ ...ENTRY, phase: 'failed' }, 1).run.eventId).toMatch(/^0{8}-/);
  });
});
