import type { Place } from '../../core/control.ts';
import { FactoryError } from '../../core/errors.ts';
import { type AccountId, roleNameKey } from '../../core/ids.ts';
import { type Incarnation, isLive, type LedgerEntry } from '../../core/ledger-entry.ts';
import type { Ledger } from '../../lambdas/ports.ts';
import type { AccountLedger } from '../../lambdas/sweep-ports.ts';
import { MemoryClock } from './memory-clock.ts';
import { Replicated } from './replicated.ts';

const roleKeyOf = ({ accountId, roleName }: Pick<Incarnation, 'accountId' | 'roleName'>) =>
  `${accountId}#${roleNameKey(roleName)}`;
const keyOf = (incarnation: Incarnation) => `${roleKeyOf(incarnation)}#${incarnation.roleId}`;

/** Entries by incarnation; every write compares version and owner. Only the index of audiences may be behind. */
export class MemoryLedger extends Replicated<LedgerEntry> implements Ledger {
  readonly #ofRole = new Map<string, Set<string>>();
  /** Places that are taken, by account, kind and hour. */
  readonly #taken = new Map<string, number>();

  constructor(clock: Pick<MemoryClock, 'now'> = new MemoryClock()) {
    super(clock, ({ accountId }) => accountId);
  }

  all = (): readonly LedgerEntry[] => this.current();

  /** A loss of the table. */
  forget(incarnation: Incarnation): void {
    this.put(keyOf(incarnation), undefined);
  }

  incarnations: Ledger['incarnations'] = async (accountId, roleName) =>
    [...(this.#ofRole.get(roleKeyOf({ accountId, roleName })) ?? [])].flatMap(
      (key) => this.latest(key) ?? [],
    );

  read: Ledger['read'] = async (incarnation) => this.latest(keyOf(incarnation));

  holdersOf: Ledger['holdersOf'] = async (accountId, audience) =>
    this.visibleOf(accountId).filter((entry) => entry.audience === audience && isLive(entry));

  entriesOf: AccountLedger['entriesOf'] = async (accountId) => this.visibleOf(accountId);

  write: Ledger['write'] = async (next, previous, place) => {
    const stored = this.latest(keyOf(next));
    if (stored?.version !== previous?.version || stored?.owner !== previous?.owner) {
      throw new FactoryError('LedgerConflict');
    }
    if (place) this.#take(next.accountId, place);
    this.put(keyOf(next), structuredClone(next));
    const ofRole = this.#ofRole.get(roleKeyOf(next)) ?? new Set();
    this.#ofRole.set(roleKeyOf(next), ofRole.add(keyOf(next)));
  };

  #take(accountId: AccountId, { of, hour, most }: Place): void {
    const key = `${accountId}#${of}#${hour}`;
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= most) throw new FactoryError('CapReached');
    this.#taken.set(key, taken + 1);
  }
}
