import { isDeepStrictEqual } from 'node:util';
import { placeOfCreation } from '../../core/control.ts';
import { FactoryError, isFactoryError } from '../../core/errors.ts';
import { decideInspection, type InspectionDecision } from '../../core/inspection.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { MARK_KEY, pendingTags, tagOf } from '../../core/tags.ts';
import { firstEntry, withApproved, withFound, withRole } from '../incarnation-entry.ts';
import {
  claim,
  isHeldByAnother,
  isoTime,
  isWithin,
  ledgerWriter,
  withEvent,
  withoutError,
} from '../ledger-steps.ts';
import type { Clock, Executions, InspectAccess, Ports, ProviderView, RoleView } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import { assertNotBegun, type Stance } from '../switch.ts';
import type { CreateRun, InspectRoleInput, InspectRoleOutput } from '../workflow.ts';
import { reportForeignAudiences } from './foreign-audiences.ts';
import { tenantProviderOf } from './tenant-provider.ts';

type InspectPorts = Pick<Ports, 'accounts' | 'ledger' | 'clock' | 'telemetry'> & {
  readonly executions: Pick<Executions, 'isRunning'>;
};

/**
 * Looks before anything is made: whether the incarnation of the event exists, consents, and can be served. If so,
 * claims its ledger entry and marks the role; a failure that is certain by then comes after both, so that it can be
 * recorded and shown on the role. An account that is only observed is told of in the log, and nothing is written.
 */
export const inspectRole =
  (ports: InspectPorts, settings: HandlerSettings) =>
  async ({ run, execution }: InspectRoleInput, stance: Stance): Promise<InspectRoleOutput> => {
    const { accounts, ledger, clock } = ports;
    const writer = ledgerWriter(ports, settings, execution);
    const access = await accounts.inspect(run);
    const role = await access.getRole(run.roleName);
    const roleId = run.roleId ?? role?.roleId;
    const incarnations = await ledger.incarnations(run.accountId, run.roleName);
    const entry = incarnations.find((incarnation) => incarnation.roleId === roleId);
    if (entry?.phase === 'removing' || entry?.phase === 'removed') return skip(ports, run, 'being-removed');
    if (entry && (await isHeldByAnother(writer, ports.executions, entry))) {
      throw new FactoryError('LeaseHeld');
    }

    const provider = role && (await tenantProviderOf(access, role, run.accountId, settings.issuer));
    if (provider) ports.telemetry.gauge('AudiencesOnProvider', provider.clientIds.length);
    const now = clock.now();
    const { settleSeconds, caps, hourSeconds } = settings;
    const limits = { ...caps, ...stance };
    const known = entry ?? (role && foundEntry(run, role, settings, isoTime(now)));
    const answer = decideInspection({
      run,
      role,
      provider,
      entry: known,
      settings,
      limits,
      now,
      settleSeconds,
    });
    if (stance.mode === 'observe' && answer.kind !== 'not-settled') {
      assertNotBegun(entry, execution);
      return observed(ports, run, answer);
    }
    switch (answer.kind) {
      case 'not-settled':
        throw new FactoryError('NotSettled');
      case 'role-gone':
        if (entry) throw new FactoryError('RoleGone');
        return skip(ports, run, 'role-gone');
      case 'ready':
        return { decision: 'ready', reason: 'nothing to change', entry: null };
      case 'skip':
        // What an earlier attempt or a stopped run has begun must not be left behind in silence.
        if (entry?.phase === 'creating') throw new FactoryError('ConsentWithdrawn', answer.reason);
        if (role && answer.foreignAudiences) {
          await reportForeignAudiences(ports, access, run.accountId, role, answer.foreignAudiences);
        }
        return skip(ports, run, answer.reason, answer.detail);
      case 'proceed': {
        if (!role) throw new FactoryError('Unexpected', 'Nothing can proceed without a role');
        if (incarnations.some((other) => other !== entry && mayYetMark(other, settings, clock))) {
          throw new FactoryError('NotSettled', 'The mark of the role before may be on its way');
        }
        const next = claimOf({ run, role, provider, answer }, known, isoTime(now));
        const place = answer.failWith ? undefined : placeOfCreation(entry, caps, now, hourSeconds);
        const claimed = await claim(writer, next, entry, { place });
        await mark(access, role);
        if (answer.failWith) throw new FactoryError(answer.failWith);
        return { decision: 'proceed', reason: answer.reason, entry: claimed };
      }
    }
  };

function skip(
  { telemetry }: InspectPorts,
  run: CreateRun,
  reason: string,
  detail?: string,
): InspectRoleOutput {
  telemetry.event('Role left alone', { ...run, reason, detail });
  telemetry.count('RoleSkipped');
  return { decision: 'skip', reason, entry: null };
}

/** Says what would be done, and why. */
function observed(
  { telemetry }: InspectPorts,
  run: CreateRun,
  { kind, ...why }: InspectionDecision,
): InspectRoleOutput {
  telemetry.event('Role observed', { ...run, would: kind, ...why });
  telemetry.count('RoleObserved');
  return { decision: 'skip', reason: 'observed', entry: null };
}

/**
 * What the run itself knows: where the sweep has found an application of an incarnation that the ledger has lost, and
 * where a person has approved audiences, which are replaced as those of lost applications are.
 */
function foundEntry(
  run: CreateRun,
  { roleId }: RoleView,
  { issuer }: HandlerSettings,
  now: string,
): LedgerEntry | undefined {
  const { found, approved } = run;
  if (found) return withFound(firstEntry(run, roleId, now), found, issuer.tokenVersion);
  return approved && withApproved(firstEntry(run, roleId, now), approved);
}

interface Inspected {
  readonly run: CreateRun;
  readonly role: RoleView;
  readonly provider: ProviderView | undefined;
  readonly answer: InspectionDecision & { kind: 'proceed' };
}

function claimOf(
  { run, role, provider, answer }: Inspected,
  entry: LedgerEntry | undefined,
  now: string,
): LedgerEntry {
  const {
    federatedCredentials: _former,
    reverts: _counted,
    ...known
  } = withoutError(entry ?? firstEntry(run, role.roleId, now));
  const { federatedCredentials, reverts, reason } = answer;
  // What the sweep found and the role trusts already is its users' by now.
  const isTrusted = run.found !== undefined && reason === 'own-audience';
  return {
    ...withEvent(withRole(known, run, role), run.eventId),
    ...(provider ? { providerArn: provider.providerArn } : {}),
    ...(federatedCredentials ? { federatedCredentials } : {}),
    ...(reverts ? { reverts } : {}),
    ...(isTrusted ? { readyAt: known.readyAt ?? now } : {}),
    phase: 'creating',
    step: 'inspect-role',
  };
}

/**
 * Whether a function may still be about to mark a former incarnation: it was claimed so lately that the TagRole of
 * that claim can be in flight, and would land on the role that has the name now.
 */
function mayYetMark(other: LedgerEntry, { writersSeconds }: HandlerSettings, clock: Clock): boolean {
  if (other.phase === 'removed') return false;
  // A removal's claim hides when the creation's was; it began no earlier than its entry.
  const claimedAt = other.step === 'inspect-role' ? other.updatedAt : other.createdAt;
  return isWithin(writersSeconds, claimedAt, clock);
}

/**
 * TagRole addresses a name: where the role was replaced since it was read, the successor gets this mark. So a role
 * that shows the mark is not marked again, and nothing is written to a role that does not show it; then the mark
 * that is seen can only be the one of the incarnation that was inspected. And it is read once more right before, so
 * that what was not decided upon is marked only where it changes within that one call.
 */
async function mark(access: InspectAccess, role: RoleView): Promise<void> {
  if (tagOf(role.tags, MARK_KEY) === role.roleId) return;
  const now = await access.getRole(role.roleName);
  if (!isDeepStrictEqual(now, role))
    throw new FactoryError('NotSettled', 'The role changes while it is inspected');
  try {
    await access.tagRole(role.roleName, pendingTags(role.roleId));
  } catch (error) {
    // It was read a moment ago: deleted since, or not known everywhere yet. The next look tells.
    throw isFactoryError(error, 'RoleGone') ? new FactoryError('NotSettled') : error;
  }
}
