import { type ErrorCode, FactoryError, isFactoryError } from '../../core/errors.ts';
import type { LedgerEntry, Phase } from '../../core/ledger-entry.ts';
import { isLeasedByAnother, isoTime, ledgerWriter, record, withoutError } from '../ledger-steps.ts';
import type { HandlerSettings } from '../settings.ts';
import type { RecordOutcomeInput, RecordOutcomeOutput, RemovalOutcome } from '../workflow.ts';
import { errorCodeOf } from './error-code.ts';
import { ACCOUNT_REFUSES, type RecordPorts } from './failure.ts';

type EndedRemoval = Extract<RecordOutcomeInput, { readonly removal: unknown }>;
type Failure = RemovalOutcome & { readonly code: ErrorCode };

type RemovalPorts = Pick<RecordPorts, 'ledger' | 'clock' | 'telemetry'>;

/** A removal that ended: both branches' outcomes in one write. */
export async function recordRemoval(
  ports: RemovalPorts,
  settings: HandlerSettings,
  ended: EndedRemoval,
): Promise<RecordOutcomeOutput> {
  if (ended.entry) {
    try {
      return await conclude(ports, settings, ended, ended.entry);
    } catch (error) {
      // Written meanwhile, perhaps by an earlier attempt of this very write: what is stored tells.
      if (!isFactoryError(error, 'LedgerConflict')) throw error;
    }
  }
  const stored = await ports.ledger.read(ended.run);
  if (!stored || stored.phase === 'removed') return { outcome: 'removed' };
  return conclude(ports, settings, ended, stored);
}

async function conclude(
  ports: RemovalPorts,
  settings: HandlerSettings,
  { run, execution, removal }: EndedRemoval,
  entry: LedgerEntry,
): Promise<RecordOutcomeOutput> {
  const { clock, telemetry } = ports;
  const writer = ledgerWriter(ports, settings, execution);
  const [first, ...others] = removal.flatMap(failureOf);
  const isOthers = isLeasedByAnother(writer, entry);

  if (!first) {
    if (isOthers || entry.phase !== 'removing') return { outcome: 'superseded' };
    await record(writer, { ...withoutError(entry), phase: 'removed', step: 'delete-application' }, entry);
    telemetry.event('Role removed', { ...run, appId: entry.appId, audience: entry.audience });
    telemetry.count('RoleRemoved');
    return { outcome: 'removed' };
  }
  if (first.code === 'Superseded') return { outcome: 'superseded' };
  // Another removal will end it; the failure is announced all the same. A create that lives will end it too, but one
  // that has ended will not, and its lease runs out.
  if (isOthers && entry.phase !== 'removing') throw new FactoryError('LeaseHeld');
  if (!isOthers) {
    const error = { code: first.code, step: first.step, at: isoTime(clock.now()) };
    await record(writer, { ...entry, phase: phaseAfter(entry, first), step: first.step, error }, entry);
  }
  const code = others.length > 0 ? 'RemovalIncomplete' : first.code;
  telemetry.event('Removal failed', { ...run, failures: [first, ...others] });
  telemetry.count('OutcomeFailed');
  return { outcome: 'failed', code };
}

const failureOf = ({ step, code }: RemovalOutcome): Failure[] =>
  code === undefined ? [] : [{ step, code: errorCodeOf(code) }];

/** Only before anything was proven may the account be the reason; `removing` absorbs. */
function phaseAfter(entry: LedgerEntry, { step, code }: Failure): Phase {
  const nothingProven = step === 'confirm-role-gone' && entry.phase !== 'removing';
  return nothingProven && ACCOUNT_REFUSES.has(code) ? 'unreachable' : entry.phase;
}
