/** From what the rules say of a role now, and what they said before, to what has changed. One finding for each rule. */
import type { RoleArn, RoleId } from '../ids.ts';
import { type Finding, SEVERITIES, type Severity } from '../lint/finding.ts';
import type { RuleId } from '../lint/rules.ts';

/** What the guard remembers of a finding. Times are ISO 8601 in UTC. */
export interface TrackedFinding {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly message: string;
  /** Who gets in and should not, where a token shows it. */
  readonly shownBy?: string;
  readonly firstSeenAt: string;
  /** When anything of it last changed. */
  readonly changedAt: string;
  readonly resolvedAt?: string;
}

export interface FindingChange {
  readonly kind: 'opened' | 'changed' | 'resolved';
  readonly finding: TrackedFinding;
  /** What the linter says now; absent where it is resolved. */
  readonly judged?: Finding;
}

export const isOpen = ({ resolvedAt }: TrackedFinding): boolean => resolvedAt === undefined;

/** Stays the same for as long as this incarnation of the role has this problem, and when it comes back. */
export const findingId = (role: { roleArn: RoleArn; roleId: RoleId }, rule: RuleId): string =>
  `${role.roleArn}/${role.roleId}/${rule}`;

/** The worst first. */
export const bySeverity = (a: { severity: Severity }, b: { severity: Severity }): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);

/** Resolved ones are remembered, so that a problem that comes back is the same finding. */
export function trackFindings(
  before: readonly TrackedFinding[],
  judged: readonly Finding[],
  now: string,
): { readonly findings: readonly TrackedFinding[]; readonly changes: readonly FindingChange[] } {
  const current = worstOfEachRule(judged);
  const rules = new Set([...before.map(({ rule }) => rule), ...current.keys()]);
  const tracked = [...rules].map((rule) => {
    const known = before.find((finding) => finding.rule === rule);
    return track(known, current.get(rule), now);
  });
  return {
    findings: tracked.flatMap(({ finding }) => finding ?? []),
    changes: tracked.flatMap(({ finding, kind, judged: now }) =>
      finding && kind ? [{ kind, finding, ...(now && { judged: now }) }] : [],
    ),
  };
}

interface Tracked {
  readonly finding: TrackedFinding | undefined;
  readonly kind?: FindingChange['kind'];
  readonly judged?: Finding;
}

function track(before: TrackedFinding | undefined, judged: Finding | undefined, now: string): Tracked {
  if (judged === undefined) {
    if (before === undefined || !isOpen(before)) return { finding: before };
    return { kind: 'resolved', finding: { ...before, changedAt: now, resolvedAt: now } };
  }
  const { rule, severity, message } = judged;
  const shownBy = judged.witness?.who;
  const current = { rule, severity, message, ...(shownBy !== undefined && { shownBy }), changedAt: now };
  if (before === undefined || !isOpen(before)) {
    return { kind: 'opened', finding: { ...current, firstSeenAt: now }, judged };
  }
  const isSame = severity === before.severity && message === before.message && shownBy === before.shownBy;
  if (isSame) return { finding: before };
  return { kind: 'changed', finding: { ...current, firstSeenAt: before.firstSeenAt }, judged };
}

/** One finding for each rule: the worst, with the messages of all. */
function worstOfEachRule(judged: readonly Finding[]): Map<RuleId, Finding> {
  const found = new Map<RuleId, Finding>();
  for (const finding of [...judged].sort(bySeverity)) {
    const worse = found.get(finding.rule);
    found.set(finding.rule, worse ? { ...worse, message: `${worse.message} ${finding.message}` } : finding);
  }
  return found;
}
