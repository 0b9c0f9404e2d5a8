/** What is to be done in which account, as the factory itself sees it now. */
import type { Step } from '../../core/drift/step.ts';
import { inOrder } from '../../core/drift/step.ts';
import type { AccountId } from '../../core/ids.ts';
import type { Sweep, SweepRequest } from '../../core/sweep.ts';
import { findingsIn, findingsKey } from '../../lambdas/adapters/sweep-records.ts';
import type { DeployedFactory } from '../factory.ts';
import type { Io } from '../io.ts';
import { itemsOf, runSweep } from '../sweep/execution.ts';

export interface Planned {
  readonly plannedAt: string;
  readonly steps: readonly Step[];
  /** By account; one that is missing could not be planned. */
  readonly byAccount: ReadonlyMap<AccountId, readonly Step[]>;
  readonly unplanned: readonly AccountId[];
}

interface Answer {
  readonly sweep: Sweep;
  readonly accounts: readonly AccountId[];
}

export async function planned(
  io: Io,
  factory: DeployedFactory,
  request: Pick<SweepRequest, 'accounts' | 'adopt'>,
): Promise<Planned> {
  const { sweep, accounts } = (await runSweep(io, factory, { ...request, planOnly: true })) as Answer;
  const found = (await itemsOf(io, factory, findingsKey(sweep.id))).map(findingsIn);
  const byAccount = new Map(found.map(({ accountId, steps }) => [accountId, steps]));
  return {
    plannedAt: sweep.startedAt,
    steps: inOrder(found.flatMap(({ steps }) => steps)),
    byAccount,
    unplanned: accounts.filter((accountId) => !byAccount.has(accountId)),
  };
}
