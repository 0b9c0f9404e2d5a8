/** One role: look at it as it is now, decide, act, tell, remember. May run again at any point. */

import { FactoryError, isFactoryError } from '../../core/errors.ts';
import {
  type Check,
  type CheckPlan,
  concludeCheck,
  concludeGone,
  planCheck,
  subjectOf,
} from '../../core/guard/check.ts';
import { containable } from '../../core/guard/containment.ts';
import { type FindingChange, isOpen } from '../../core/guard/findings.ts';
import type { CheckRole } from '../../core/guard/request.ts';
import { isContained, type RoleFile } from '../../core/guard/role-file.ts';
import { GUARD_TAG, guardTag } from '../../core/guard/tags.ts';
import { concernsTokens, lint } from '../../core/lint/lint.ts';
import { isProtected } from '../../core/protected-roles.ts';
import { tagOf } from '../../core/tags.ts';
import { contain } from './contain.ts';
import { factsOf } from './facts.ts';
import type { AuditAccess, AuditedRole, GuardPorts } from './ports.ts';
import type { GuardHandlerSettings } from './settings.ts';

export async function checkRole(
  ports: GuardPorts,
  settings: GuardHandlerSettings,
  request: CheckRole,
): Promise<void> {
  const { accountId, roleName, eventTime } = request;
  const files = await ports.record.files(accountId, roleName);
  if (files.some((file) => covers(file, request, settings))) return;
  const now = ports.clock.now();
  const access = await ports.accounts.audit(request);
  const role = await access.getRole(roleName);
  const gone = files.filter((file) => file.goneAt === undefined && file.roleId !== role?.roleId);
  if (gone.length > 0 && !role && isYoung(eventTime, now, settings)) throw new FactoryError('NotSettled');
  for (const file of gone) await retire(ports, file, now);
  if (!role) return;
  const file = files.find(({ roleId }) => roleId === role.roleId);
  if (!file && !mayConcern(role.trustPolicy)) return;
  const check = await lookInto(ports, settings, { access, role, file, request, now });
  await concludeWith(ports, settings, { access, role, check, plan: planCheck(check) });
}

/** Whether a look that is remembered came so long after the event that it saw what the event was about. */
const covers = (
  { checkedAt, createdBy }: RoleFile,
  request: CheckRole,
  { delaySeconds }: GuardHandlerSettings,
): boolean =>
  request.eventTime !== undefined &&
  // CloudTrail cuts its times to whole seconds.
  Date.parse(checkedAt) >= Date.parse(request.eventTime) + 1000 + delaySeconds * 1000 &&
  // Only CreateRole tells who made the role.
  (createdBy !== undefined || request.createdBy === undefined);

const isYoung = (eventTime: string | undefined, now: number, settings: GuardHandlerSettings): boolean =>
  eventTime !== undefined && now - Date.parse(eventTime) < settings.settleSeconds * 1000;

/** What cannot be read may concern anybody. */
export function mayConcern(trustPolicy: string): boolean {
  try {
    return concernsTokens(trustPolicy);
  } catch (error) {
    if (!isFactoryError(error)) throw error;
    return true;
  }
}

async function retire(
  { findings, record, telemetry }: GuardPorts,
  file: RoleFile,
  now: number,
): Promise<void> {
  const gone = concludeGone(file, now);
  await tell({ findings, telemetry }, gone.file, gone.changes);
  await record.save(gone.file);
}

interface Subject {
  readonly access: AuditAccess;
  readonly role: AuditedRole;
}

/** Everything that the decision needs. */
export async function lookInto(
  { record }: Pick<GuardPorts, 'record'>,
  settings: GuardHandlerSettings,
  subject: Subject & {
    readonly file: RoleFile | undefined;
    readonly request: Pick<CheckRole, 'accountId' | 'createdBy'>;
    readonly now: number;
  },
): Promise<Check> {
  const { access, role, file, request, now } = subject;
  const { accountId, createdBy } = request;
  const { facts, clientIds, attached } = await factsOf(access, role, accountId);
  const issuers = settings.issuers;
  const result = lint(
    { name: role.roleArn, trustPolicy: role.trustPolicy, facts },
    { clientIds, ...(issuers && { issuers }), today: new Date(now).toISOString().slice(0, 10) },
  );
  // Only then does the hour's cap matter.
  const { times } = settings.mode === 'enforce' ? await record.recent() : { times: [] };
  return {
    role: {
      accountId,
      roleName: role.roleName,
      roleId: role.roleId,
      roleArn: role.roleArn,
      createdAt: role.createdAt,
      ...(role.lastUsedAt !== undefined && { lastUsedAt: role.lastUsedAt }),
      isProtected: isProtected(role, settings),
      isQuarantined: attached.includes(settings.quarantineArnIn(accountId)),
      attachedPolicies: attached.length,
    },
    file,
    ...(createdBy !== undefined && { createdBy }),
    result,
    settings,
    recent: times,
    now,
  };
}

/** Acts, tells and remembers. The record is written last: whatever fails before is done again. */
export async function concludeWith(
  ports: GuardPorts,
  settings: GuardHandlerSettings,
  { access, role, check, plan }: Subject & { readonly check: Check; readonly plan: CheckPlan },
): Promise<RoleFile> {
  const { telemetry, record } = ports;
  if (check.result.unjudged !== undefined) {
    telemetry.event('Role not judged', { roleArn: role.roleArn, reason: check.result.unjudged });
    telemetry.count('RoleNotJudged');
  }
  const { containment, file: written } = await contain(ports, { access, check, plan });
  const { file, changes } = concludeCheck({ ...check, file: written }, plan, containment);
  await tell(ports, file, changes);
  telemetry.event('Role checked', {
    roleArn: file.roleArn,
    roleId: file.roleId,
    open: file.findings.filter(isOpen).map(({ rule }) => rule),
    critical: containable(file.findings).length > 0,
    act: plan.decision.act,
    ...(plan.decision.act === 'none' && { because: plan.decision.because }),
  });
  await tagRole(ports, settings, { access, role, check, file });
  await record.save(file);
  return file;
}

async function tell(
  { findings, telemetry }: Pick<GuardPorts, 'findings' | 'telemetry'>,
  file: RoleFile,
  changes: readonly FindingChange[],
): Promise<void> {
  if (changes.length === 0) return;
  await findings.publish(subjectOf(file), changes);
  for (const { kind } of changes) {
    if (kind === 'opened') telemetry.count('GuardFindingOpened');
    if (kind === 'resolved') telemetry.count('GuardFindingResolved');
  }
}

/** Says on the role what is wrong with it; in mode observe only what was done to it. */
async function tagRole(
  { telemetry }: Pick<GuardPorts, 'telemetry'>,
  { mode }: GuardHandlerSettings,
  { access, role, check, file }: Subject & { readonly check: Check; readonly file: RoleFile },
): Promise<void> {
  if (check.role.isProtected || (mode === 'observe' && file.containment === undefined)) return;
  const before = tagOf(role.tags, GUARD_TAG);
  if (before === undefined && !file.findings.some(isOpen) && !isContained(file)) return;
  const value = guardTag(file.findings, isContained(file));
  if (value === before) return;
  try {
    await access.tag(role.roleName, value);
  } catch (error) {
    // A role without room for a tag, or whose owner forbids it, is judged all the same.
    if (isFactoryError(error) && error.retryable) throw error;
    telemetry.problem('Tagging the role failed', error);
    telemetry.count('BestEffortFailed');
  }
}
