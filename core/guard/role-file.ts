/** What the guard keeps of one incarnation of a role: what was found, and what was done about it. */
import type { AccountId, RoleArn, RoleId, RoleName } from '../ids.ts';
import type { RuleId } from '../lint/rules.ts';
import type { TrackedFinding } from './findings.ts';

/**
 * `attaching`, `detaching`: about to be done, or done without an answer. `attached`: the guard attached the quarantine.
 * `lifted`: the guard took it off. `contested`: others took it off twice; the guard stands back. `impossible`: the role
 * has no room for a policy.
 */
export type ContainmentPhase = 'attaching' | 'attached' | 'detaching' | 'lifted' | 'contested' | 'impossible';

/** Why a quarantine ended. */
export type LiftReason = 'fixed' | 'expired' | 'operator' | 'protected' | 'mode' | 'gone';

export interface Containment {
  readonly phase: ContainmentPhase;
  /** `guard`, or the ARN of an operator. */
  readonly by: string;
  /** In the operator's words. */
  readonly note?: string;
  /** Rules whose findings it answers; none where an operator had other reasons: then only operators or time end it. */
  readonly rules: readonly RuleId[];
  /** When it was begun, or last put back. */
  readonly since: string;
  readonly expiresAt?: string;
  /** How often others took it off. */
  readonly detachments: number;
  readonly lifted?: { readonly at: string; readonly because: LiftReason; readonly by: string };
  /** Of `impossible`: how many policies the role had. Another attempt makes sense only below that. */
  readonly attachedPolicies?: number;
}

export interface RoleFile {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  readonly roleId: RoleId;
  readonly roleArn: RoleArn;
  /** ISO 8601 in UTC, as all times here. */
  readonly roleCreatedAt: string;
  /** ARN of who created the role, where an event told. */
  readonly createdBy?: string;
  /** The role was judged as it was then. */
  readonly checkedAt: string;
  readonly findings: readonly TrackedFinding[];
  readonly containment?: Containment;
  /** Rules that stood when an operator, or time, ended a quarantine: none of them brings it back. */
  readonly accepted?: readonly RuleId[];
  /** When the decision changes without any event. */
  readonly dueAt?: string;
  /** Since when the role is known to be gone: only remembered. */
  readonly goneAt?: string;
  /** Raised by one with every write; each write is conditional on the one before. */
  readonly version: number;
}

/** Whether the guard's own quarantine is on the role, or may be. */
export const isContained = ({ containment }: Pick<RoleFile, 'containment'>): boolean =>
  containment !== undefined && ['attaching', 'attached', 'detaching'].includes(containment.phase);
