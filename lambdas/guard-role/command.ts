/** What an operator decides about one role, whatever the mode, the grace and the hour's places. */
import { type Check, type CheckPlan, planCheck } from '../../core/guard/check.ts';
import type { GuardAnswer, GuardCommand, Refusal } from '../../core/guard/command.ts';
import { containable, lifting, quarantine } from '../../core/guard/containment.ts';
import { isContained, type RoleFile } from '../../core/guard/role-file.ts';
import { accountId, roleNameIn } from '../../core/ids.ts';
import { concludeWith, lookInto } from './check-role.ts';
import type { GuardPorts } from './ports.ts';
import type { GuardHandlerSettings } from './settings.ts';

export async function obey(
  ports: GuardPorts,
  settings: GuardHandlerSettings,
  command: GuardCommand,
): Promise<GuardAnswer> {
  const { roleArn } = command;
  const refused = (reason: Refusal): GuardAnswer => ({ outcome: 'refused', roleArn, reason });
  const target = { accountId: accountId(roleArn.split(':')[4]), roleName: roleNameIn(roleArn) };
  const access = await ports.accounts.audit(target);
  const [role, files] = await Promise.all([
    access.getRole(target.roleName),
    ports.record.files(target.accountId, target.roleName),
  ]);
  if (role?.roleArn !== roleArn) return refused('role-gone');
  const file = files.find(({ roleId }) => roleId === role.roleId);
  const now = ports.clock.now();
  const check = await lookInto(ports, settings, { access, role, file, request: target, now });
  const plan = planCheck(check);
  const wanted =
    command.command === 'quarantine' ? toQuarantine(check, plan, command) : toRelease(check, command);
  if (typeof wanted === 'string') {
    return wanted === 'already' ? answer('already-quarantined', check.file as RoleFile) : refused(wanted);
  }
  ports.telemetry.event('Operator decides', { ...command, roleId: role.roleId });
  const decided = { ...plan, decision: wanted };
  const after = await concludeWith(ports, settings, { access, role, check, plan: decided });
  if (after.containment?.phase === 'impossible') return refused('no-room');
  return answer(command.command === 'quarantine' ? 'quarantined' : 'released', after);
}

function toQuarantine(
  { role, file, now }: Check,
  { findings }: CheckPlan,
  { by, note, expiresAt }: GuardCommand,
): CheckPlan['decision'] | 'already' | Refusal {
  if (role.isProtected) return 'protected';
  if (file?.containment?.phase === 'attached' && role.isQuarantined) return 'already';
  if (role.isQuarantined && !(file && isContained(file))) return 'quarantined-by-others';
  const rules = containable(findings).map(({ rule }) => rule);
  const containment = {
    ...quarantine(by, rules, now),
    ...(note !== undefined && { note }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
  return { act: 'attach', containment, counts: false };
}

function toRelease({ file, now }: Check, { by }: GuardCommand): CheckPlan['decision'] | Refusal {
  const { containment } = file ?? {};
  if (!file || !containment || !(isContained(file) || containment.phase === 'contested')) {
    return 'not-quarantined';
  }
  return { act: 'detach', containment: lifting(containment, 'operator', by, now) };
}

const answer = (
  outcome: 'quarantined' | 'already-quarantined' | 'released',
  { roleArn, roleId, containment, findings }: RoleFile,
): GuardAnswer => ({
  outcome,
  roleArn,
  roleId,
  phase: containment?.phase ?? 'lifted',
  critical: containable(findings).map(({ rule }) => rule),
});
