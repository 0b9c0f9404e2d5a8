/** What every ledger does, in memory and in DynamoDB alike. */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Place } from '../../core/control.ts';
import { accountId, audience, eventId, executionArn, roleId, roleName } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { Ledger } from '../../lambdas/ports.ts';
import { eventually } from './eventually.ts';

const OWNER = executionArn('arn:aws:states:us-east-1:999988887777:execution:oidc-factory-create-role:a');
const OTHER = executionArn('arn:aws:states:us-east-1:999988887777:execution:oidc-factory-create-role:b');

/** Of its own for every test: suites may share one table. */
function newEntry(more: Partial<LedgerEntry> = {}): LedgerEntry {
  const unique = randomInt(2 ** 40)
    .toString(36)
    .toUpperCase();
  return {
    accountId: accountId('111122223333'),
    roleName: roleName(`Role-${unique}`),
    roleId: roleId(`AROA${unique.padStart(17, '0')}`),
    phase: 'creating',
    step: 'inspect-role',
    eventIds: [eventId('7f1c2b1e-0000-4000-8000-000000000001')],
    generation: 1,
    createdAt: '2026-11-20T10:00:00.000Z',
    updatedAt: '2026-11-20T10:00:00.000Z',
    owner: OWNER,
    leaseUntil: '2026-11-20T10:10:00.000Z',
    version: 1,
    ...more,
  };
}

const next = (entry: LedgerEntry, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...entry,
  ...more,
  version: entry.version + 1,
});

/** `open` gives a ledger; it may hold other entries, and several tests may get the same one. */
export function ledgerContract(of: string, open: () => Promise<Ledger>): void {
  describe(`the ledger ${of}`, () => {
    it('knows nothing that was not written', async () => {
      const ledger = await open();
      const entry = newEntry();
      expect(await ledger.read(entry)).toBeUndefined();
      expect(await ledger.incarnations(entry.accountId, entry.roleName)).toEqual([]);
    });

    it('gives back what was written, every field of it', async () => {
      const ledger = await open();
      const entry = newEntry({
        audience: audience('api://22222222-0000-4000-8000-000000000001'),
        error: { code: 'ProviderFull', step: 'add-audience', at: '2026-11-20T10:00:01.000Z' },
      });
      await ledger.write(entry, undefined);
      expect(await ledger.read(entry)).toEqual(entry);
    });

    it('forgets the fields that the next version does not have', async () => {
      const ledger = await open();
      const entry = newEntry();
      await ledger.write(entry, undefined);
      const { owner: _owner, leaseUntil: _until, ...released } = next(entry);
      await ledger.write(released, entry);
      expect(await ledger.read(entry)).toEqual(released);
    });

    it('does not let a first write replace anything', async () => {
      const ledger = await open();
      const entry = newEntry();
      await ledger.write(entry, undefined);
      await expect(ledger.write(entry, undefined)).rejects.toMatchObject({ code: 'LedgerConflict' });
    });

    it('does not create what is said to be there already', async () => {
      const ledger = await open();
      const entry = newEntry();
      await expect(ledger.write(next(entry), entry)).rejects.toMatchObject({ code: 'LedgerConflict' });
    });

    it.each([
      ['an older version', (entry: LedgerEntry) => entry],
      ['another owner', (entry: LedgerEntry) => next(entry, { owner: OTHER })],
      [
        'no owner',
        (entry: LedgerEntry) => {
          const { owner: _, ...rest } = next(entry);
          return rest;
        },
      ],
    ])('refuses a write that is based on %s', async (_, base) => {
      const ledger = await open();
      const first = newEntry();
      const second = next(first);
      await ledger.write(first, undefined);
      await ledger.write(second, first);
      await expect(ledger.write(next(second), base(first))).rejects.toMatchObject({ code: 'LedgerConflict' });
      expect(await ledger.read(first)).toEqual(second);
    });

    it('lets one of two writers win', async () => {
      const ledger = await open();
      const entry = newEntry();
      await ledger.write(entry, undefined);
      const results = await Promise.allSettled([
        ledger.write(next(entry, { step: 'add-audience' }), entry),
        ledger.write(next(entry, { step: 'verify-application' }), entry),
      ]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    describe('with a place of the hour', () => {
      /** Of an hour of its own for every test. */
      const place = (most: number): Place => ({
        of: 'creations',
        hour: new Date(randomInt(2 ** 40)).toISOString(),
        most,
      });

      it('writes while there are places, and nothing once they are taken', async () => {
        const ledger = await open();
        const hour = place(2);
        const [first, second, third] = [newEntry(), newEntry(), newEntry()];
        await ledger.write(first, undefined, hour);
        await ledger.write(second, undefined, hour);
        await expect(ledger.write(third, undefined, hour)).rejects.toMatchObject({ code: 'CapReached' });
        expect(await ledger.read(third)).toBeUndefined();
        // Neither those of another kind, of another hour nor of another account are taken.
        await ledger.write(third, undefined, { ...hour, of: 'removals' });
        await ledger.write(newEntry(), undefined, place(1));
        const elsewhere = newEntry({ accountId: accountId('444455556666') });
        await ledger.write(elsewhere, undefined, { ...hour, most: 1 });
      });

      it('takes none where the write is refused', async () => {
        const ledger = await open();
        const hour = place(1);
        const entry = newEntry();
        await ledger.write(entry, undefined);
        await expect(ledger.write(entry, undefined, hour)).rejects.toMatchObject({ code: 'LedgerConflict' });
        await ledger.write(next(entry), entry, hour);
      });

      it('gives one place to one of two', async () => {
        const ledger = await open();
        const hour = place(1);
        const results = await Promise.allSettled(
          [newEntry(), newEntry()].map((entry) => ledger.write(entry, undefined, hour)),
        );
        expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      });
    });

    it('finds every incarnation of a name in any case, and no other role’s', async () => {
      const ledger = await open();
      const first = newEntry({ phase: 'removed' });
      const second = { ...newEntry(), roleName: roleName(first.roleName.toUpperCase()) };
      const elsewhere = { ...newEntry(), roleName: first.roleName, accountId: accountId('444455556666') };
      for (const entry of [first, second, elsewhere]) await ledger.write(entry, undefined);
      const found = await ledger.incarnations(first.accountId, roleName(first.roleName.toLowerCase()));
      expect(found.map((entry) => entry.roleId).sort()).toEqual([first.roleId, second.roleId].sort());
    });

    it('finds the live holders of an audience in one account', async () => {
      const ledger = await open();
      const shared = audience(`api://${randomInt(2 ** 40)}`);
      const live = newEntry({ audience: shared });
      const removed = newEntry({ audience: shared, phase: 'removed' });
      const elsewhere = newEntry({ audience: shared, accountId: accountId('444455556666') });
      for (const entry of [live, removed, elsewhere]) await ledger.write(entry, undefined);
      const holders = await eventually(async () => {
        const found = await ledger.holdersOf(live.accountId, shared);
        return found.length > 0 ? found : undefined;
      });
      expect(holders).toEqual([live]);
    });
  });
}
