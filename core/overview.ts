/** What is managed in which account, how near its limits it is, and whether the factory reaches it. */
import type { Caps } from './control.ts';
import type { AccountId } from './ids.ts';
import { isLive, type LedgerEntry, PHASES, type Phase } from './ledger-entry.ts';
import type { AccountFindings } from './sweep.ts';

export interface KnownAccount {
  readonly accountId: AccountId;
  /** ISO 8601, as all times here. */
  readonly enrolledAt: string;
  readonly heartbeatSeenAt?: string;
  readonly lastSweptAt?: string;
  readonly notes: readonly string[];
}

export interface AccountOverview extends Partial<KnownAccount> {
  readonly accountId: AccountId;
  /**
   * `covered`: enrolled, and its events arrive. `silent`: its heartbeat is missing. `unseen`: the last sweep could not
   * look at it. `absent`: the member stack is not there.
   */
  readonly coverage: 'covered' | 'silent' | 'unseen' | 'absent';
  /** Incarnations by phase, removed ones left out. */
  readonly roles: Readonly<Partial<Record<Phase, number>>>;
  /** Roles that have an audience, of those that the caps allow. */
  readonly places: { readonly taken: number; readonly most: number };
  /** Whether a person should make room before a role fails. */
  readonly nearLimit: boolean;
  /** What the last sweep found. */
  readonly findings: number;
}

/** As of the provider's list. */
const NEARLY_FULL = 0.9;

/** Of all accounts that the records, the ledger or the last sweep know. */
export function overviewOf({
  known,
  entries,
  found,
  caps,
}: {
  readonly known: readonly KnownAccount[];
  readonly entries: readonly LedgerEntry[];
  /** Of the last sweep. */
  readonly found: readonly AccountFindings[];
  readonly caps: Pick<Caps, 'rolesPerAccount'>;
}): AccountOverview[] {
  const records = new Map(known.map((record) => [record.accountId, record]));
  const findings = new Map(found.map((one) => [one.accountId, one]));
  const live = Map.groupBy(entries.filter(isLive), ({ accountId }) => accountId);
  const ids = new Set([...records.keys(), ...findings.keys(), ...live.keys()]);
  return [...ids].sort().map((accountId): AccountOverview => {
    const own = live.get(accountId) ?? [];
    const seen = findings.get(accountId);
    const taken = own.filter(({ audience }) => audience !== undefined).length;
    const isListFull = seen?.steps.some(({ reason }) => reason === 'provider-nearly-full') === true;
    return {
      ...records.get(accountId),
      accountId,
      coverage: coverageOf(records.get(accountId), seen),
      roles: Object.fromEntries(
        PHASES.map((phase) => [phase, own.filter((entry) => entry.phase === phase).length] as const).filter(
          ([, count]) => count > 0,
        ),
      ),
      places: { taken, most: caps.rolesPerAccount },
      nearLimit: isListFull || taken >= NEARLY_FULL * caps.rolesPerAccount,
      findings: seen?.steps.length ?? 0,
    };
  });
}

function coverageOf(
  record: KnownAccount | undefined,
  seen: AccountFindings | undefined,
): AccountOverview['coverage'] {
  if (record === undefined || seen?.outcome === 'absent') return 'absent';
  if (seen?.outcome === 'unseen') return 'unseen';
  return seen?.heartbeatMissing ? 'silent' : 'covered';
}
