/** Puts the quarantine on a role, or takes it off. What is about to be done is written down before. */

import { FactoryError, isFactoryError } from '../../core/errors.ts';
import { type Check, type CheckPlan, concludeCheck } from '../../core/guard/check.ts';
import { withinAnHour } from '../../core/guard/containment.ts';
import type { Containment, RoleFile } from '../../core/guard/role-file.ts';
import type { AuditAccess, ContainAccess, GuardPorts } from './ports.ts';

interface Case {
  readonly access: AuditAccess;
  readonly check: Check;
  readonly plan: CheckPlan;
}

interface Done {
  readonly containment: Containment | undefined;
  /** As it is written now. */
  readonly file: RoleFile | undefined;
}

export async function contain(ports: GuardPorts, of: Case): Promise<Done> {
  const { check, plan } = of;
  const { decision } = plan;
  switch (decision.act) {
    case 'wait':
      throw new FactoryError('NotSettled');
    case 'none':
      if (decision.containment?.phase === 'contested' && check.file?.containment?.phase !== 'contested') {
        ports.telemetry.event('Quarantine contested', { roleArn: check.role.roleArn });
        ports.telemetry.count('QuarantineContested');
      }
      return { containment: decision.containment, file: check.file };
    case 'attach': {
      if (decision.counts) await takePlace(ports, check);
      const file = await intend(ports, of, decision.containment);
      return { containment: await attach(ports, of, decision.containment), file };
    }
    case 'detach': {
      const file = await intend(ports, of, decision.containment);
      const session = await ports.accounts.contain(check.role);
      await sameRole(of);
      await session.detach(check.role.roleName);
      ports.telemetry.count('QuarantineLifted');
      return { containment: { ...decision.containment, phase: 'lifted' }, file };
    }
  }
}

const NEVER = new Date(0).toISOString();

/** Attempts of a write that loses to other roles' ones. */
const ATTEMPTS = 5;

/** One of the hour's places. Where all are taken by now, the queue delivers again, and then it is decided anew. */
async function takePlace({ record }: GuardPorts, { now, settings }: Check): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { times, version } = await record.recent();
    const recent = withinAnHour(times, now);
    if (recent.length >= settings.quarantinesPerHour) {
      throw new FactoryError('NotSettled', 'Other roles have taken the places of this hour');
    }
    try {
      return await record.setRecent([...recent, now], version);
    } catch (error) {
      if (!isFactoryError(error, 'LedgerConflict') || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Nothing but the intent: findings, and that the role was checked, are remembered when they have been told. */
async function intend(
  { record }: GuardPorts,
  { check, plan }: Case,
  containment: Containment,
): Promise<RoleFile> {
  const known = { ...plan, findings: check.file?.findings ?? [], changes: [] };
  const { file } = concludeCheck(check, known, containment);
  const intent = { ...file, checkedAt: check.file?.checkedAt ?? NEVER };
  await record.save(intent);
  return intent;
}

async function attach(ports: GuardPorts, of: Case, containment: Containment): Promise<Containment> {
  const { role } = of.check;
  const session = await ports.accounts.contain(role);
  await sameRole(of);
  try {
    await session.attach(role.roleName);
  } catch (error) {
    if (!isFactoryError(error, 'RoleHasNoRoom')) throw error;
    return { ...containment, phase: 'impossible', attachedPolicies: role.attachedPolicies };
  }
  await stillSameRole(of, session);
  ports.telemetry.count('RoleQuarantined');
  return { ...containment, phase: 'attached' };
}

/** Writes address a name; what was decided is about one incarnation. */
async function sameRole({ access, check }: Case): Promise<void> {
  const now = await access.getRole(check.role.roleName);
  if (now?.roleId !== check.role.roleId)
    throw new FactoryError('NotSettled', 'The role was replaced meanwhile');
}

/** A role that took the name within that one call is not the one to be contained. */
async function stillSameRole(of: Case, session: ContainAccess): Promise<void> {
  try {
    await sameRole(of);
  } catch (error) {
    if (isFactoryError(error, 'NotSettled')) await session.detach(of.check.role.roleName);
    throw error;
  }
}
