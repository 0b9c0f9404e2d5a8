import { FactoryError, isFactoryError } from '../../core/errors.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { readyTags } from '../../core/tags.ts';
import { bestEffort } from '../best-effort.ts';
import { advance, finish, isoTime, isWithin, ledgerWriter, withoutError } from '../ledger-steps.ts';
import type { Ledger, Ports } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import type { StepInput, StepOutput } from '../workflow.ts';
import { type Assignment, decide, providerOf, roleOf, write } from './trust.ts';

type AssignPorts = Pick<Ports, 'accounts' | 'ledger' | 'clock' | 'telemetry'>;

/**
 * Reads role and provider again, decides again, and makes the role trust its application. Once the trust policy is
 * written, only the ledger's own write may fail the step; the next attempt then finds nothing left to change.
 */
export const assignAudience =
  (ports: AssignPorts, settings: HandlerSettings) =>
  async (input: StepInput): Promise<StepOutput> => {
    try {
      return { entry: await assign(ports, settings, input) };
    } catch (error) {
      if (!isFactoryError(error, 'Superseded')) throw error;
      return { entry: await readyAlready(ports.ledger, input.entry, error) };
    }
  };

async function assign(ports: AssignPorts, settings: HandlerSettings, input: StepInput): Promise<LedgerEntry> {
  const { accounts, clock, telemetry } = ports;
  const writer = ledgerWriter(ports, settings, input.execution);
  // The input stays the same from attempt to attempt: it was written when this step was reached.
  const maySettle = isWithin(settings.settleSeconds, input.entry.updatedAt, clock);
  const entry = await advance(writer, input.entry, (stored) => ({ ...stored, step: 'assign-audience' }));
  const assignment = assignmentOf(entry);

  const access = await accounts.trust(assignment);
  const provider = await providerOf(access, assignment);
  // The last call before the write: what others change in between is lost.
  const role = await roleOf(access, assignment, isWithin(settings.settleSeconds, entry.roleCreatedAt, clock));
  const { changed, document, pinned } = decide(role, provider, assignment, settings);
  if (changed) await write(access, role, document, maySettle);
  await bestEffort(telemetry, 'Read-back and tagging of the outcome', async () => {
    // Not where the read-back shows another incarnation, or one that its developer has withdrawn meanwhile.
    const now = changed ? await access.getRole(role.roleName) : role;
    if (now?.roleId !== role.roleId) throw new FactoryError('NotSettled');
    if (decide(now, provider, assignment, settings).changed) {
      telemetry.problem('The trust policy reads otherwise', new FactoryError('NotSettled'));
    }
    await access.tagRole(role.roleName, readyTags(assignment));
  });
  const ready = await finish(writer, entry, ({ former: _replaced, ...stored }) => ({
    ...withoutError(stored),
    phase: 'ready',
    readyAt: stored.readyAt ?? isoTime(clock.now()),
  }));
  telemetry.event('Role is ready', { roleArn: role.roleArn, appId: entry.appId, changed, pinned });
  telemetry.count('RoleReady');
  return ready;
}

function assignmentOf(entry: LedgerEntry): Assignment {
  const { roleArn, providerArn, audience, appId, servicePrincipalId } = entry;
  if (!roleArn || !providerArn || !audience || !appId || !servicePrincipalId) {
    throw new FactoryError('InvalidInput', 'Entry without role, provider, audience or application');
  }
  return { ...entry, roleArn, providerArn, audience, appId, servicePrincipalId };
}

/** An earlier attempt may have finished, its answer lost: the entry is then `ready` and nobody's. */
async function readyAlready(
  ledger: Ledger,
  entry: LedgerEntry,
  superseded: FactoryError,
): Promise<LedgerEntry> {
  const stored = await ledger.read(entry);
  if (stored?.phase === 'ready' && stored.owner === undefined) return stored;
  throw superseded;
}
