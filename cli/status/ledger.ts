/** The operator's view: what the factory's ledger knows. */
import { type ControlDocument, isDirectoryFull, type ModeSettings } from '../../core/control.ts';
import { isLive, type LedgerEntry, type Phase } from '../../core/ledger-entry.ts';
import type { SweepReport } from '../../core/sweep.ts';
import { readControl } from '../control/document.ts';
import { pauseText } from '../control/run.ts';
import { deployedFactory, type FactoryOptions, ledgerEntries } from '../factory.ts';
import type { Io } from '../io.ts';
import { table } from '../table.ts';
import { accountOverviews, lastSweep, printAccounts } from './accounts.ts';

export interface LedgerQuery extends FactoryOptions {
  readonly account?: string;
  readonly phase?: Phase;
  readonly role?: string;
  /** By account, instead of by role. */
  readonly accounts?: true;
  readonly json?: true;
}

export async function showLedger(io: Io, query: LedgerQuery): Promise<void> {
  const factory = await deployedFactory(io, query);
  const control = await readControl(io, factory);
  const sweep = await lastSweep(io, factory);
  const all = await ledgerEntries(io, factory);
  const entries = all.filter((entry) => isWanted(entry, query)).sort(byRole);
  const accounts = query.accounts ? await accountOverviews(io, factory, all, sweep) : undefined;
  if (query.json) {
    const { mode, modes } = factory.modes;
    const { paused = null, directoryFullUntil = null } = control;
    const standing = { mode, modes, paused, directoryFullUntil, lastSweep: sweep ?? null };
    io.out(JSON.stringify({ ...standing, ...(accounts ? { accounts } : { entries }) }));
    return;
  }
  for (const line of standing(io, factory.modes, control, sweep)) io.out(line);
  if (accounts) printAccounts(io, accounts);
  else if (entries.length === 0)
    io.out(all.length === 0 ? 'The ledger knows no role yet.' : 'The ledger knows no such role.');
  else for (const line of table([COLUMNS, ...entries.map(row)], io.width)) io.out(line);
}

/** What the factory does at all. */
function standing(
  io: Io,
  { mode, modes }: ModeSettings,
  control: ControlDocument,
  sweep: SweepReport | undefined,
): string[] {
  const { paused, directoryFullUntil } = control;
  const others = Object.entries(modes).map(([id, other]) => `${other} in ${id}`);
  return [
    `Mode ${[mode, ...others].join(', ')}`,
    ...(paused ? [`${io.paint('yellow', 'Paused')} ${pauseText(paused)}`] : []),
    ...(isDirectoryFull(control, Date.now())
      ? [`The directory is full: no new applications until ${directoryFullUntil}`]
      : []),
    ...(sweep ? [sweepLine(sweep)] : []),
    '',
  ];
}

const sweepLine = ({ endedAt, swept, accounts, started, removalsHeld, failed }: SweepReport): string =>
  [
    `Last sweep ${endedAt}: ${swept} of ${accounts} accounts, ${started} runs started`,
    ...(failed.length > 0 ? [`${failed.length} could not be asked`] : []),
    ...(removalsHeld ? ['removals held back'] : []),
  ].join(', ');

/** Without a phase: everything that may still exist. */
const isWanted = (entry: LedgerEntry, { account, phase, role }: LedgerQuery): boolean =>
  (account === undefined || entry.accountId === account) &&
  (role === undefined || entry.roleName.toLowerCase() === role.toLowerCase()) &&
  (phase === undefined ? isLive(entry) : entry.phase === phase);

const byRole = (left: LedgerEntry, right: LedgerEntry): number => (sortKey(left) < sortKey(right) ? -1 : 1);

const sortKey = ({ accountId, roleName, createdAt }: LedgerEntry): string =>
  `${accountId}/${roleName}/${createdAt}`;

const COLUMNS = ['ACCOUNT', 'ROLE', 'PHASE', 'STEP', 'CLIENT ID', 'UPDATED', 'ERROR'];

const row = ({ accountId, roleName, phase, step, appId, updatedAt, error }: LedgerEntry): string[] => [
  accountId,
  roleName,
  phase,
  step,
  appId ?? '-',
  updatedAt,
  error === undefined ? '-' : `${error.code} (${error.step})`,
];
