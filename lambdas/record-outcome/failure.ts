import { type ErrorCode, FactoryError } from '../../core/errors.ts';
import type { LedgerEntry, Step } from '../../core/ledger-entry.ts';
import { failedTags, hasIgnoreTag, MARK_KEY, tagOf } from '../../core/tags.ts';
import { bestEffort } from '../best-effort.ts';
import { firstEntry, withRole } from '../incarnation-entry.ts';
import {
  isLeasedByAnother,
  isoTime,
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
  const look = await lookAt(ports, run);
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
    if (look && role && mayTag(role, code)) {
      const { access } = look;
      await bestEffort(telemetry, 'Tagging the failure', () =>
        access.tagRole(role.roleName, failedTags(code)),
      );
    }
  }
  telemetry.event('Role failed', { ...run, roleId, step: failure.step, code });
  telemetry.count('OutcomeFailed');
  return { outcome: 'failed', code };
}

async function lookAt({ accounts, telemetry }: RecordPorts, run: CreateRun): Promise<Look> {
  try {
    const access = await accounts.inspect(run);
    return { access, role: await access.getRole(run.roleName) };
  } catch (error) {
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

/** Only a role that the factory has marked, and whose developer has not withdrawn it since. */
const mayTag = ({ roleId, tags }: RoleView, code: ErrorCode): boolean =>
  tagOf(tags, MARK_KEY) === roleId && !hasIgnoreTag(tags) && code !== 'ConsentWithdrawn';
