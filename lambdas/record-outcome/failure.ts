import { evaluateConsent } from '../../core/consent.ts';
import { type ErrorCode, FactoryError, isFactoryError } from '../../core/errors.ts';
import type { LedgerEntry, Step } from '../../core/ledger-entry.ts';
import { failedTags, MARK_KEY, tagOf } from '../../core/tags.ts';
import { bestEffort } from '../best-effort.ts';
import { firstEntry, withRole } from '../incarnation-entry.ts';
import {
  isLeasedByAnother,
  isoTime,
  isWithin,
  type LedgerWriter,
  ledgerWriter,
  record,
  withEvent,
} from '../ledger-steps.ts';
import type { InspectAccess, Ports, RoleView } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import type { CreateRun, RecordOutcomeInput, RecordOutcomeOutput } from '../workflow.ts';
import { errorCodeOf } from './error-code.ts';

export type RecordPorts = Pick<Ports, 'accounts' | 'ledger' | 'clock' | 'telemetry'>;
type StepFailure = { readonly step: Step; readonly code: ErrorCode };
type FailedCreate = Extract<RecordOutcomeInput, { readonly failure: unknown }>;

/** How a member account says that it cannot be asked. */
export const ACCOUNT_REFUSES: ReadonlySet<ErrorCode> = new Set([
  'MemberRoleNotAssumable',
  'MemberAccessDenied',
]);

/** What the member account answered; undefined where it cannot be asked. */
type Look = { readonly access: InspectAccess; readonly role: RoleView | undefined } | undefined;

/** A create that failed: the entry says so, the role too where it can be tagged; unless the role is gone. */
export async function recordFailure(
  ports: RecordPorts,
  settings: HandlerSettings,
  { run, execution, failure }: FailedCreate,
): Promise<RecordOutcomeOutput> {
  const { ledger, clock, telemetry } = ports;
  const now = isoTime(clock.now());
  const writer = ledgerWriter(ports, settings, execution);
  const code = errorCodeOf(failure.code);
  const look = await lookAt(ports, settings, run, code);
  const incarnations = await ledger.incarnations(run.accountId, run.roleName);
  const roleId =
    run.roleId ?? incarnations.find(({ owner }) => owner === execution)?.roleId ?? look?.role?.roleId;
  const entry = incarnations.find((candidate) => candidate.roleId === roleId);
  if (entry && isOthersBusiness(writer, entry, { step: failure.step, code })) {
    return { outcome: 'superseded' };
  }

  if (roleId) {
    const role = look?.role?.roleId === roleId ? look.role : undefined;
    const isGone = look !== undefined && role === undefined;
    if (isGone) assertSettled(look.role, entry?.roleCreatedAt ?? run.eventTime, clock, settings);
    // Without an entry nothing was made, so nothing remains to be removed.
    if (isGone && !entry) return { outcome: 'superseded' };
    const known = entry ?? firstEntry(run, roleId, now);
    const failed: LedgerEntry = {
      ...withEvent(role ? withRole(known, run, role) : known, run.eventId),
      phase: look === undefined && ACCOUNT_REFUSES.has(code) ? 'unreachable' : 'failed',
      step: failure.step,
      error: { code, step: failure.step, at: now },
    };
    await record(writer, failed, entry);
    if (isGone) return { outcome: 'role-gone', roleId };
    if (look && role && mayTag(role, failed, code, settings)) {
      const { access } = look;
      await bestEffort(telemetry, 'Tagging the failure', async () => {
        // TagRole addresses a name, and the look was some calls ago.
        const now = await access.getRole(role.roleName);
        if (now && mayTag(now, failed, code, settings)) await access.tagRole(role.roleName, failedTags(code));
      });
    }
  }
  telemetry.event('Role failed', { ...run, roleId, step: failure.step, code });
  telemetry.count('OutcomeFailed');
  return { outcome: 'failed', code };
}

/** A stale read may show no role, or its former incarnation, for as long as the role is young. */
function assertSettled(
  shown: RoleView | undefined,
  createdAt: string,
  clock: Ports['clock'],
  { settleSeconds }: HandlerSettings,
): void {
  const isLater = shown !== undefined && Date.parse(shown.createdAt) > Date.parse(createdAt);
  if (!isLater && isWithin(settleSeconds, createdAt, clock)) throw new FactoryError('NotSettled');
}

async function lookAt(
  { accounts, telemetry, clock }: RecordPorts,
  settings: HandlerSettings,
  run: CreateRun,
  code: ErrorCode,
): Promise<Look> {
  try {
    const access = await accounts.inspect(run);
    let role = await access.getRole(run.roleName);
    if (role && code === 'RoleGone') {
      // Then one of the two looks is behind.
      await clock.sleep(settings.secondLookSeconds * 1000);
      role = await access.getRole(run.roleName);
    }
    return { access, role };
  } catch (error) {
    // Whether a role that seemed gone is to be removed is settled by a look, and by nothing else.
    if (code === 'RoleGone' && isFactoryError(error) && error.retryable) throw error;
    telemetry.problem('The role could not be looked at once more', error);
    return undefined;
  }
}

/**
 * Whether somebody else has the entry now, who will end it. A step can only have failed on a live lease by meeting
 * it; inspect-role goes on over the lease of an execution that has ended, and that lease is waited out here.
 */
function isOthersBusiness(writer: LedgerWriter, entry: LedgerEntry, { step, code }: StepFailure): boolean {
  if (entry.phase === 'removing' || entry.phase === 'removed') return true;
  if (!isLeasedByAnother(writer, entry)) return false;
  if (step !== 'inspect-role' || code === 'LeaseHeld') return true;
  throw new FactoryError('LeaseHeld');
}

/** Only the incarnation that the factory has marked, and whose developer has not withdrawn it since. */
function mayTag(role: RoleView, entry: LedgerEntry, code: ErrorCode, settings: HandlerSettings): boolean {
  const { roleId, accountId, audience, former } = entry;
  if (role.roleId !== roleId || tagOf(role.tags, MARK_KEY) !== roleId || code === 'ConsentWithdrawn')
    return false;
  try {
    const consent = evaluateConsent({
      role: { ...role, accountId },
      provider: undefined,
      settings,
      recordedAudience: audience,
      former,
    });
    return consent.kind !== 'refused';
  } catch (error) {
    // A policy that cannot be judged is a failure to be shown, not a withdrawal.
    if (isFactoryError(error)) return true;
    throw error;
  }
}
