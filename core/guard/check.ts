/** One look at a role: what was found, what is to be done, and what to remember and tell afterwards. */
import type { AccountId, RoleArn, RoleId, RoleName } from '../ids.ts';
import type { Finding } from '../lint/finding.ts';
import type { LintResult } from '../lint/lint.ts';
import type { RuleId } from '../lint/rules.ts';
import {
  type ContainedRole,
  type ContainmentDecision,
  containable,
  decideContainment,
} from './containment.ts';
import type { FindingSubject } from './finding-event.ts';
import { bySeverity, type FindingChange, isOpen, type TrackedFinding, trackFindings } from './findings.ts';
import { type Containment, isContained, type RoleFile } from './role-file.ts';
import type { GuardSettings } from './settings.ts';

export interface CheckedRole extends ContainedRole {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  readonly roleId: RoleId;
  readonly roleArn: RoleArn;
}

export interface Check {
  readonly role: CheckedRole;
  /** What is remembered of this incarnation. */
  readonly file: RoleFile | undefined;
  /** Who created the role, where the event told. */
  readonly createdBy?: string;
  readonly result: LintResult;
  readonly settings: GuardSettings;
  /** When the guard last contained roles by itself. */
  readonly recent: readonly number[];
  /** When the look began, in milliseconds since the epoch. */
  readonly now: number;
}

export interface CheckPlan {
  readonly decision: ContainmentDecision;
  readonly findings: readonly TrackedFinding[];
  readonly changes: readonly FindingChange[];
  /** What the linter says now, by rule. */
  readonly judged: ReadonlyMap<RuleId, Finding>;
}

/** A policy that cannot be judged leaves everything as it is: nothing is known, so nothing is done. */
export function planCheck(check: Check): CheckPlan {
  const { role, file, result, settings, recent, now } = check;
  const before = file?.findings ?? [];
  const containment = file?.containment;
  if (result.unjudged !== undefined) {
    const decision = { act: 'none', because: 'not-judged', containment } as const;
    return { decision, findings: before, changes: [], judged: new Map() };
  }
  const counted = result.findings.filter(counts);
  const { findings, changes } = trackFindings(before, counted, iso(now));
  const accepted = file?.accepted ?? [];
  const decision = decideContainment({ role, findings, containment, accepted, settings, recent, now });
  const judged = new Map(
    counted
      .toSorted(bySeverity)
      .reverse()
      .map((finding) => [finding.rule, finding]),
  );
  return { decision, findings, changes, judged };
}

/** Who may tag a role may accept what is wrong with it, but not that strangers get in. */
const counts = ({ accepted, severity }: Finding): boolean =>
  accepted === undefined || severity === 'critical';

/** What is remembered and told once the containment is as it is now. */
export function concludeCheck(
  check: Check,
  plan: CheckPlan,
  containment: Containment | undefined,
): { readonly file: RoleFile; readonly changes: readonly FindingChange[] } {
  const { role, file, now } = check;
  const { decision, findings } = plan;
  const createdBy = file?.createdBy ?? check.createdBy;
  const dueAt = decision.act === 'none' ? decision.dueAt : containment?.expiresAt;
  const accepted = acceptedAfter(file, findings, containment);
  return {
    changes: [...plan.changes, ...aboutRole(check, plan, containment)],
    file: {
      accountId: role.accountId,
      roleName: role.roleName,
      roleId: role.roleId,
      roleArn: role.roleArn,
      roleCreatedAt: role.createdAt,
      ...(createdBy !== undefined && { createdBy }),
      checkedAt: iso(now),
      findings,
      ...(containment && { containment }),
      ...(accepted.length > 0 && { accepted }),
      ...(dueAt !== undefined && { dueAt }),
      version: (file?.version ?? 0) + 1,
    },
  };
}

/**
 * Whoever follows a critical finding learns when the role is put into quarantine, and out of it; whoever follows any,
 * who created the role, should that come to light later: events of one role arrive in any order.
 */
function aboutRole(
  { file, createdBy, now }: Check,
  { findings, changes, judged }: CheckPlan,
  containment: Containment | undefined,
): FindingChange[] {
  const isKnown = file === undefined || file.createdBy !== undefined || createdBy === undefined;
  const isMoved = containment?.phase !== file?.containment?.phase;
  const concerned = isKnown ? (isMoved ? containable(findings) : []) : findings.filter(isOpen);
  const told = new Set(changes.map(({ finding }) => finding.rule));
  return concerned
    .filter(({ rule }) => !told.has(rule))
    .map((finding) => {
      const current = judged.get(finding.rule);
      const changed = { ...finding, changedAt: iso(now) };
      return { kind: 'changed', finding: changed, ...(current && { judged: current }) };
    });
}

/** What stands when an operator or time ends a quarantine does not bring it back. */
function acceptedAfter(
  file: RoleFile | undefined,
  findings: readonly TrackedFinding[],
  containment: Containment | undefined,
): readonly RuleId[] {
  const standing = containable(findings).map(({ rule }) => rule);
  const ends = containment?.phase === 'lifted' && file?.containment?.phase !== 'lifted';
  const because = containment?.lifted?.because;
  if (ends && (because === 'operator' || because === 'expired')) return standing;
  // What was mended since is not accepted any more.
  return (file?.accepted ?? []).filter((rule) => standing.includes(rule));
}

/** What findings are told with. */
export const subjectOf = (file: RoleFile): FindingSubject => ({
  accountId: file.accountId,
  roleArn: file.roleArn,
  roleId: file.roleId,
  roleName: file.roleName,
  ...(file.createdBy !== undefined && { createdBy: file.createdBy }),
  ...(file.containment && { containment: file.containment }),
});

/** The file of a role that is gone: everything found is resolved, and the quarantine went with it. */
export function concludeGone(
  file: RoleFile,
  now: number,
): { readonly file: RoleFile; readonly changes: readonly FindingChange[] } {
  const { dueAt: _, containment, ...rest } = file;
  const { findings, changes } = trackFindings(file.findings, [], iso(now));
  const ended: Containment | undefined =
    containment && isContained(file)
      ? { ...containment, phase: 'lifted', lifted: { at: iso(now), because: 'gone', by: 'guard' } }
      : containment;
  return {
    changes,
    file: {
      ...rest,
      findings,
      ...(ended && { containment: ended }),
      checkedAt: iso(now),
      goneAt: iso(now),
      version: file.version + 1,
    },
  };
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
