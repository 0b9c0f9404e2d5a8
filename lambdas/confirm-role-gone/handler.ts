import { FactoryError } from '../../core/errors.ts';
import { proveGone } from '../../core/gone.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { claim, isHeldByAnother, isoTime, ledgerWriter, withEvent } from '../ledger-steps.ts';
import type { Executions, Ports } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import type { ConfirmRoleGoneInput, ConfirmRoleGoneOutput } from '../workflow.ts';

type ConfirmPorts = Pick<Ports, 'accounts' | 'ledger' | 'clock' | 'telemetry'> & {
  readonly executions: Pick<Executions, 'isRunning'>;
};

/**
 * Proves that an incarnation is gone, then claims its entry as `removing`, over any owner. What cannot be asked
 * proves nothing: every error of the member account fails the step.
 */
export const confirmRoleGone =
  (ports: ConfirmPorts, settings: HandlerSettings) =>
  async ({ run, execution, missingSince }: ConfirmRoleGoneInput): Promise<ConfirmRoleGoneOutput> => {
    const { accounts, ledger, clock } = ports;
    const writer = ledgerWriter(ports, settings, execution);
    const entry = await ledger.read(run);
    if (!entry) return { decision: 'done', reason: 'the ledger does not know this incarnation' };
    if (entry.phase === 'removed') return { decision: 'done', reason: 'it is removed already' };
    if (entry.phase === 'removing' && (await isHeldByAnother(writer, ports.executions, entry))) {
      throw new FactoryError('LeaseHeld');
    }

    const access = await accounts.inspect(run);
    const observed = await access.getRole(run.roleName);
    const proof = proveGone({
      entry,
      observed,
      deletedAt: run.deletedAt,
      missingSince,
      now: clock.now(),
      lookAgainSeconds: settings.lookAgainSeconds,
      settleSeconds: settings.settleSeconds,
    });
    switch (proof.kind) {
      case 'not-settled':
        throw new FactoryError('NotSettled');
      case 'still-exists':
        if (proof.contradicts) throw new FactoryError('RoleStillExists');
        return { decision: 'done', reason: 'the role exists; no event is about this incarnation' };
      case 'look-again': {
        const waitUntil = isoTime(Date.parse(proof.missingSince) + settings.lookAgainSeconds * 1000);
        return { decision: 'look-again', waitUntil, missingSince: proof.missingSince };
      }
      case 'gone': {
        const until = quietFrom(entry, clock.now(), settings);
        const next: LedgerEntry = {
          ...withEvent(entry, run.eventId),
          phase: 'removing',
          step: 'confirm-role-gone',
        };
        // The lease covers the wait.
        const claimed = await claim(writer, next, entry, until);
        ports.telemetry.event('Role is gone', { ...run, proof: proof.reason });
        return { decision: 'gone', waitUntil: isoTime(until), entry: claimed };
      }
    }
  };

/**
 * When nothing of a former owner is in flight any more, in milliseconds. Where an application or its service
 * principal was about to be made and no answer came, it may exist unseen until the directory shows it; the last
 * attempt was after the last write.
 */
function quietFrom(entry: LedgerEntry, now: number, settings: HandlerSettings): number {
  const writersDone = now + settings.writersSeconds * 1000;
  const { applicationIntentAt, applicationObjectId, servicePrincipalId } = entry;
  if (!applicationIntentAt || (applicationObjectId && servicePrincipalId)) return writersDone;
  return Math.max(writersDone, Date.parse(entry.updatedAt) + settings.replicationSeconds * 1000);
}
