import { FactoryError } from '../../core/errors.ts';
import { roleNameKey } from '../../core/ids.ts';
import { type Incarnation, isLive, type LedgerEntry } from '../../core/ledger-entry.ts';
import type { Ledger } from '../../lambdas/ports.ts';

const keyOf = ({ accountId, roleName, roleId }: Incarnation) =>
  `${accountId}#${roleNameKey(roleName)}#${roleId}`;

/** Entries by incarnation; every write compares version and owner. */
export class MemoryLedger implements Ledger {
  readonly #entries = new Map<string, LedgerEntry>();

  all = (): readonly LedgerEntry[] => [...this.#entries.values()].map((entry) => structuredClone(entry));

  incarnations: Ledger['incarnations'] = async (accountId, roleName) =>
    this.all().filter(
      (entry) => entry.accountId === accountId && roleNameKey(entry.roleName) === roleNameKey(roleName),
    );

  read: Ledger['read'] = async (incarnation) => structuredClone(this.#entries.get(keyOf(incarnation)));

  holdersOf: Ledger['holdersOf'] = async (accountId, audience) =>
    this.all().filter(
      (entry) => entry.accountId === accountId && entry.audience === audience && isLive(entry),
    );

  write: Ledger['write'] = async (next, previous) => {
    const stored = this.#entries.get(keyOf(next));
    if (stored?.version !== previous?.version || stored?.owner !== previous?.owner) {
      throw new FactoryError('LedgerConflict');
    }
    this.#entries.set(keyOf(next), structuredClone(next));
  };
}
