/** The operator's view of the organization: what is managed where, and what the factory does not reach. */
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { type AccountOverview, overviewOf } from '../../core/overview.ts';
import type { SweepReport } from '../../core/sweep.ts';
import { ACCOUNTS, knownAccountIn } from '../../lambdas/adapters/accounts.ts';
import { findingsIn, findingsKey, REPORTS, reportIn } from '../../lambdas/adapters/sweep-records.ts';
import { capsSection, readSections } from '../../lambdas/settings.ts';
import type { DeployedFactory } from '../factory.ts';
import type { Io } from '../io.ts';
import { itemsOf } from '../sweep/execution.ts';
import { table } from '../table.ts';

/** Undefined: there was none within 400 days. */
export async function lastSweep(io: Io, factory: DeployedFactory): Promise<SweepReport | undefined> {
  const [newest] = await itemsOf(io, factory, REPORTS, { newest: 1 });
  return newest && reportIn(newest);
}

export async function accountOverviews(
  io: Io,
  factory: DeployedFactory,
  entries: readonly LedgerEntry[],
  sweep: SweepReport | undefined,
): Promise<AccountOverview[]> {
  const { caps } = readSections(factory.variables, { caps: capsSection });
  const records = await itemsOf(io, factory, ACCOUNTS);
  const found = sweep ? await itemsOf(io, factory, findingsKey(sweep.id)) : [];
  return overviewOf({ known: records.map(knownAccountIn), entries, found: found.map(findingsIn), caps });
}

export function printAccounts(io: Io, overviews: readonly AccountOverview[]): void {
  if (overviews.length === 0) io.out('The ledger knows no account.');
  else for (const line of table([COLUMNS, ...overviews.map(row)], io.width)) io.out(line);
  const lacking = overviews.filter(({ coverage }) => coverage !== 'covered');
  const full = overviews.filter(({ nearLimit }) => nearLimit);
  io.out('');
  io.out(`Covered: ${overviews.length - lacking.length} of ${overviews.length} accounts`);
  if (full.length > 0) io.out(`Near a limit: ${full.map(({ accountId }) => accountId).join(' ')}`);
}

const COLUMNS = ['ACCOUNT', 'COVERAGE', 'ROLES', 'PLACES', 'HEARTBEAT', 'SWEPT', 'FOUND', 'NOTES'];

const row = (one: AccountOverview): string[] => [
  one.accountId,
  one.coverage,
  Object.entries(one.roles)
    .map(([phase, count]) => `${count} ${phase}`)
    .join(', ') || '-',
  `${one.places.taken}/${one.places.most}${one.nearLimit ? ' !' : ''}`,
  one.heartbeatSeenAt ?? '-',
  one.lastSweptAt ?? '-',
  String(one.findings),
  one.notes?.join(' ') || '-',
];
