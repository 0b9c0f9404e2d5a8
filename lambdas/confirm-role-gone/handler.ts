import { isWithdrawn } from '../../core/consent.ts';
import { placeOfRemoval } from '../../core/control.ts';
import { FactoryError } from '../../core/errors.ts';
import { type GoneProof, proveGone } from '../../core/gone.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { countRevert } from '../../core/reverts.ts';
import { firstEntry, withFound } from '../incarnation-entry.ts';
import { claim, isHeldByAnother, isoTime, ledgerWriter, withEvent } from '../ledger-steps.ts';
import type { Executions, Ports } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import { assertNotBegun, type Stance } from '../switch.ts';
import type { ConfirmRoleGoneInput, ConfirmRoleGoneOutput, DeleteRun } from '../workflow.ts';

type ConfirmPorts = Pick<Ports, 'accounts' | 'ledger' | 'clock' | 'telemetry'> & {
  readonly executions: Pick<Executions, 'isRunning'>;
};

/**
 * Proves that an incarnation is gone, then claims its entry as `removing`, over any owner. What cannot be asked
 * proves nothing: every error of the member account fails the step.
 */
export const confirmRoleGone =
  (ports: ConfirmPorts, settings: HandlerSettings) =>
  async (
    { run, execution, missingSince }: ConfirmRoleGoneInput,
    { mode }: Stance,
  ): Promise<ConfirmRoleGoneOutput> => {
    const { accounts, ledger, clock } = ports;
    const writer = ledgerWriter(ports, settings, execution);
    const stored = await ledger.read(run);
    const entry = stored ?? foundEntry(run, settings);
    if (!entry) return { decision: 'done', reason: 'the ledger does not know this incarnation' };
    if (entry.phase === 'removed' && !run.again) return { decision: 'done', reason: 'it is removed already' };
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
        if (
          run.withdrawn &&
          observed &&
          isWithdrawn({ ...observed, accountId: run.accountId }, entry, settings)
        ) {
          return remove(entry, 'withdrawn');
        }
        return { decision: 'done', reason: 'the role exists; no event is about this incarnation' };
      case 'look-again': {
        const waitUntil = isoTime(Date.parse(proof.missingSince) + settings.lookAgainSeconds * 1000);
        return { decision: 'look-again', waitUntil, missingSince: proof.missingSince };
      }
      case 'gone':
        return remove(entry, proof.reason);
    }

    async function remove(
      known: LedgerEntry,
      proof: GoneProof | 'withdrawn',
    ): Promise<ConfirmRoleGoneOutput> {
      if (mode === 'observe') {
        if (known.phase === 'removing') assertNotBegun(known, execution);
        ports.telemetry.event('Role observed', { ...run, would: 'remove', proof });
        ports.telemetry.count('RoleObserved');
        return { decision: 'done', reason: 'observed' };
      }
      const until = quietFrom(known, clock.now(), settings);
      const next: LedgerEntry = {
        ...withEvent(known, run.eventId),
        ...(known.phase === 'removed' && { reverts: countRevert(known.reverts, clock.now()) }),
        phase: 'removing',
        step: 'confirm-role-gone',
      };
      // The lease covers the wait.
      const place = placeOfRemoval(known, settings.caps, clock.now(), settings.hourSeconds);
      const claimed = await claim(writer, next, stored, { from: until, place });
      ports.telemetry.event('Role is gone', { ...run, proof });
      return { decision: 'gone', waitUntil: isoTime(until), entry: claimed };
    }
  };

/** An application that the sweep has found, of an incarnation that the ledger does not know and the account has not. */
const foundEntry = (run: DeleteRun, { issuer }: HandlerSettings): LedgerEntry | undefined =>
  run.found && withFound(firstEntry(run, run.roleId, run.found.createdAt), run.found, issuer.tokenVersion);

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
