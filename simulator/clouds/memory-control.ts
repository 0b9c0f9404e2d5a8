import type { ControlDocument } from '../../core/control.ts';
import type { AccountId } from '../../core/ids.ts';
import type { Control } from '../../lambdas/ports.ts';
import type { MemoryClock } from './memory-clock.ts';

/** The control document, and the units of the accounts that somebody has enrolled. */
export class MemoryControl implements Control {
  document: ControlDocument = {};
  readonly units = new Map<AccountId, readonly string[]>();
  readonly #clock: Pick<MemoryClock, 'now'>;

  constructor(clock: Pick<MemoryClock, 'now'>) {
    this.#clock = clock;
  }

  // What operators do.

  pause(): void {
    const since = new Date(this.#clock.now()).toISOString();
    this.document = { ...this.document, paused: { since, by: 'arn:aws:iam::999988887777:user/operator' } };
  }

  /** Closes the breaker too, as `oidc-factory resume` does. */
  resume(): void {
    this.document = {};
  }

  // What functions do.

  read: Control['read'] = async (accountId) => ({
    document: this.document,
    organizationalUnits: accountId === undefined ? undefined : this.units.get(accountId),
  });

  openBreaker: Control['openBreaker'] = async (until) => {
    this.document = { ...this.document, directoryFullUntil: until };
  };
}
