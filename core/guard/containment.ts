/**
 * Whether a role is to be put into quarantine or taken out of it. Fails closed: what is in doubt is not touched, and
 * what was not put there by the guard is not taken away.
 */
import type { RuleId } from '../lint/rules.ts';
import { isOpen, type TrackedFinding } from './findings.ts';
import type { Containment, LiftReason } from './role-file.ts';
import type { GuardSettings } from './settings.ts';

/** The role as IAM shows it, as far as containment goes. */
export interface ContainedRole {
  readonly isProtected: boolean;
  readonly createdAt: string;
  /** Absent: never, as far as IAM remembers. */
  readonly lastUsedAt?: string;
  /** Whether the quarantine policy is attached, by whomever. */
  readonly isQuarantined: boolean;
  readonly attachedPolicies: number;
}

export interface ContainmentInput {
  readonly role: ContainedRole;
  readonly findings: readonly TrackedFinding[];
  readonly containment: Containment | undefined;
  /** Rules that do not bring a quarantine back. */
  readonly accepted: readonly RuleId[];
  readonly settings: GuardSettings;
  /** When the guard last contained roles by itself, in milliseconds since the epoch. */
  readonly recent: readonly number[];
  readonly now: number;
}

/** Why nothing is done although something critical stands, or why there is nothing to do. */
export type Inaction =
  | 'nothing-critical'
  /** The trust policy could not be judged. */
  | 'not-judged'
  | 'quarantined'
  | 'quarantined-by-others'
  | 'mode'
  | 'protected'
  | 'accepted'
  | 'contested'
  | 'no-room'
  | 'grace'
  | 'needs-approval'
  | 'hourly-cap';

export type ContainmentDecision =
  | {
      readonly act: 'none';
      readonly because: Inaction;
      readonly containment: Containment | undefined;
      readonly dueAt?: string;
    }
  /** `counts`: takes one of the hour's places. */
  | { readonly act: 'attach'; readonly containment: Containment; readonly counts: boolean }
  | { readonly act: 'detach'; readonly containment: Containment }
  /** IAM's answers do not agree yet: look again later. */
  | { readonly act: 'wait' };

/** Rules about outages, ids that cannot be pinned, or what others must decide: never worth cutting off a workload. */
const NEVER_CONTAINED: ReadonlySet<RuleId> = new Set(['WI07', 'WI08', 'WI14', 'WI15', 'WI16']);
/** After so many detachments by others the guard stands back. */
const MAX_DETACHMENTS = 2;
const HOUR = 3_600_000;

/**
 * Findings that may put a role into quarantine: critical ones that a token shows. What is wrong with the role counts
 * where a token gets in; that AWS's own principals get in does not, since the quarantine is not about them.
 */
export function containable(findings: readonly TrackedFinding[]): readonly TrackedFinding[] {
  const open = findings.filter(isOpen);
  const someoneEnters = open.some(isShown);
  return open.filter(
    (finding) =>
      finding.severity === 'critical' &&
      !NEVER_CONTAINED.has(finding.rule) &&
      (isShown(finding) || (isAboutRole(finding) && someoneEnters)),
  );
}

const isShown = ({ shownBy }: TrackedFinding): boolean => shownBy !== undefined;
const isAboutRole = ({ rule }: TrackedFinding): boolean => rule.startsWith('WR');

/** Of the times, those within the last hour. */
export const withinAnHour = (times: readonly number[], now: number): readonly number[] =>
  times.filter((time) => time > now - HOUR);

export function decideContainment(input: ContainmentInput): ContainmentDecision {
  const { containment } = input;
  switch (containment?.phase) {
    case 'attaching':
      // Intended, and nobody knows whether it was done; doing it again is harmless.
      return decideLift(input, containment) ?? { act: 'attach', containment, counts: false };
    case 'detaching':
      return { act: 'detach', containment };
    case 'attached':
      return decideAttached(input, containment);
    default:
      return decideNew(input);
  }
}

function decideAttached(input: ContainmentInput, containment: Containment): ContainmentDecision {
  const { role, settings, now } = input;
  const lift = decideLift(input, containment);
  if (lift) return lift;
  if (role.isQuarantined) return idle('quarantined', containment, containment.expiresAt);
  // Lately attached and not to be seen: IAM may be behind.
  if (now - Date.parse(containment.since) < settings.settleSeconds * 1000) return { act: 'wait' };
  const detachments = containment.detachments + 1;
  if (detachments >= MAX_DETACHMENTS || settings.mode !== 'enforce') {
    return idle('contested', { ...containment, detachments, phase: 'contested' });
  }
  const again: Containment = { ...containment, detachments, phase: 'attaching', since: iso(now) };
  return { act: 'attach', containment: again, counts: false };
}

/** The end of a quarantine; undefined: it goes on. */
function decideLift(input: ContainmentInput, containment: Containment): ContainmentDecision | undefined {
  const because = liftReason(input, containment);
  return because && { act: 'detach', containment: lifting(containment, because, 'guard', input.now) };
}

function liftReason(
  { role, findings, settings, now }: ContainmentInput,
  { phase, by, rules, expiresAt }: Containment,
): LiftReason | undefined {
  if (role.isProtected) return 'protected';
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now) return 'expired';
  if (phase === 'attaching' && by === 'guard' && settings.mode !== 'enforce') return 'mode';
  // An operator's own reasons are not the guard's to judge.
  if (rules.length > 0 && containable(findings).length === 0) return 'fixed';
  return undefined;
}

/** What is written down before the quarantine is taken off. */
export const lifting = (
  containment: Containment,
  because: LiftReason,
  by: string,
  now: number,
): Containment => ({ ...containment, phase: 'detaching', lifted: { at: iso(now), because, by } });

function decideNew(input: ContainmentInput): ContainmentDecision {
  const { role, containment, settings, accepted, now } = input;
  const critical = containable(input.findings);
  const idleNow = (because: Inaction, dueAt?: number) =>
    idle(because, containment, dueAt === undefined ? undefined : iso(dueAt));
  if (critical.length === 0) return idleNow('nothing-critical');
  if (role.isProtected) return idleNow('protected');
  if (settings.mode !== 'enforce') return idleNow('mode');
  if (role.isQuarantined) return idleNow('quarantined-by-others');
  if (containment?.phase === 'contested') return idleNow('contested');
  if (critical.every(({ rule }) => accepted.includes(rule))) return idleNow('accepted');
  if (containment?.phase === 'impossible' && role.attachedPolicies >= (containment.attachedPolicies ?? 0)) {
    return idleNow('no-room');
  }
  const firstSeen = Math.min(...critical.map(({ firstSeenAt }) => Date.parse(firstSeenAt)));
  if (firstSeen - Date.parse(role.createdAt) >= settings.newRoleSeconds * 1000) {
    const lastUsed = role.lastUsedAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(role.lastUsedAt);
    if (now - lastUsed < settings.inUseSeconds * 1000) return idleNow('needs-approval');
    const graceEnds = firstSeen + settings.graceSeconds * 1000;
    if (now < graceEnds) return idleNow('grace', graceEnds);
  }
  const recent = withinAnHour(input.recent, now);
  if (recent.length >= settings.quarantinesPerHour) return idleNow('hourly-cap', Math.min(...recent) + HOUR);
  const rules = critical.map(({ rule }) => rule);
  return { act: 'attach', containment: quarantine('guard', rules, now), counts: true };
}

/** A quarantine as it is written down before it is put on the role. */
export const quarantine = (by: string, rules: readonly RuleId[], now: number): Containment => ({
  phase: 'attaching',
  by,
  rules,
  since: iso(now),
  detachments: 0,
});

const idle = (
  because: Inaction,
  containment: Containment | undefined,
  dueAt?: string,
): ContainmentDecision => ({ act: 'none', because, containment, ...(dueAt !== undefined && { dueAt }) });

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
