/** A sweep over the member accounts: which ones, what of their plans it starts, and what it reports. */
import { createHash } from 'node:crypto';
import type { Caps } from './control.ts';
import type { AccountUnseen } from './drift/observation.ts';
import { DRIFT_REASONS, type DriftReason } from './drift/reasons.ts';
import { isDestructive, isExecutable, type Step, stepId } from './drift/step.ts';
import type { AccountId, AppObjectId, EventId, ExecutionArn, RoleArn } from './ids.ts';
import { accountId, eventId, roleArn } from './ids.ts';
import type { Mode } from './settings.ts';

/** Input of a sweep's execution: what a person asks for. The clock asks for nothing. */
export interface SweepRequest {
  /** Only these accounts. */
  readonly accounts?: readonly AccountId[];
  /** Starts nothing and changes nothing; what was found is the plan. */
  readonly planOnly?: boolean;
  /** Roles to be served whatever audience they trust now. */
  readonly adopt?: readonly RoleArn[];
}

export interface Sweep extends Pick<SweepRequest, 'planOnly' | 'adopt'> {
  /** Stands where an event's id would, in the names of executions and in ledger entries. */
  readonly id: EventId;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Of accounts that a person has named: it says nothing of the others. */
  readonly partial?: boolean;
}

/** The same however often the execution's first step runs. */
export function sweepOf(
  execution: ExecutionArn,
  startedAt: string,
  { accounts, planOnly, adopt }: SweepRequest = {},
): Sweep {
  const time = startedAt.replace(/\.\d+/, '').replace(/[^\dTZ]/g, '');
  const hash = createHash('sha256').update(execution).digest('hex').slice(0, 8);
  return {
    id: eventId(`sweep-${time}-${hash}`),
    startedAt,
    ...(accounts && { partial: true }),
    ...(planOnly === true && { planOnly }),
    ...(adopt && { adopt: adopt.map(roleArn) }),
  };
}

/** Of a sweep: an account and what is known of it before it is asked. */
export interface AccountToSweep {
  readonly accountId: AccountId;
  readonly status: 'active' | AccountUnseen['status'];
  /** Why it is not active: what AWS Organizations says, or a code. */
  readonly detail: string;
  /** Whether the account has ever been enrolled: of one that has not, nothing is expected. */
  readonly enrolled: boolean;
}

/** As AWS Organizations has it. */
export interface OrganizationAccount {
  readonly accountId: AccountId;
  readonly state: string;
}

/**
 * `wanted`: what the config names; else every active account of the organization, and whichever was enrolled once, for
 * what was made for it is not forgotten when it leaves.
 */
export function accountsToSweep({
  organization,
  enrolled,
  wanted,
}: {
  readonly organization: readonly OrganizationAccount[];
  readonly enrolled: ReadonlySet<AccountId>;
  readonly wanted: readonly AccountId[] | undefined;
}): AccountToSweep[] {
  const states = new Map(organization.map(({ accountId, state }) => [accountId, state]));
  const usual = [
    ...organization.filter(({ state }) => state === 'ACTIVE').map(({ accountId }) => accountId),
    ...enrolled,
  ];
  return [...new Set(wanted ?? usual)].sort().map((id) => {
    const state = states.get(id);
    return {
      accountId: accountId(id),
      status: state === undefined ? 'outside' : (STATUS[state] ?? 'suspended'),
      detail: state ?? 'not in the organization',
      enrolled: enrolled.has(id),
    };
  });
}

const STATUS: Readonly<Record<string, AccountToSweep['status']>> = {
  ACTIVE: 'active',
  PENDING_CLOSURE: 'closed',
  CLOSED: 'closed',
};

/** What only the directory can tell, once ledger and roles are known; it is asked once more for it. */
export interface DirectoryQuestion {
  /** Object ids that managed roles name in their `sub`. */
  readonly principals: readonly string[];
  /** Applications of ready roles that its list lacks: deleted, not listed yet, or without their tags. */
  readonly applications: readonly AppObjectId[];
}

/**
 * The plan as far as this sweep goes: what is begun for one account within one hour's cap of creations, for the rest
 * would only wait in executions.
 */
export function withinCaps(
  steps: readonly Step[],
  { creationsPerHour }: Pick<Caps, 'creationsPerHour'>,
): Step[] {
  let creations = 0;
  return steps.map((step) =>
    isExecutable(step) && step.start?.workflow === 'create-role' && ++creations > creationsPerHour
      ? { ...step, hold: 'limit' }
      : step,
  );
}

/** Steps that a sweep starts as soon as it has planned them; those that remove wait until all accounts are known. */
export const startedAtOnce = (step: Step): boolean => isExecutable(step) && !isDestructive(step);
export const isRemoval = (step: Step): boolean => isExecutable(step) && isDestructive(step);

/** Applications with somebody else's credentials or owners, or open to other directories. */
const CHANGES: readonly DriftReason[] = [
  'unexpected-owner',
  'unexpected-credential',
  'credentials-changed',
  'application-opened',
];

/**
 * Changes of applications that nobody was told of: those that the account's former sweep did not find (`told`). What
 * stays may be meant, as a secret that a workload uses; what is put right is new each time.
 */
export function changesToTell(
  steps: readonly Step[],
  told: readonly string[] = [],
): { readonly news: readonly Step[]; readonly told: readonly string[] } {
  const changes = steps.filter(({ reason }) => CHANGES.includes(reason));
  const staying = changes.filter((step) => !isExecutable(step));
  const old = staying.filter((step) => told.includes(stepId(step)));
  return { news: changes.filter((step) => !old.includes(step)), told: staying.map(stepId) };
}

/** Whether an account's events can be believed to arrive. `seconds`: what two sweeps take. */
export function isHeartbeatMissing(
  { enrolledAt, heartbeatSeenAt }: { readonly enrolledAt: string; readonly heartbeatSeenAt?: string },
  now: number,
  seconds: number,
): boolean {
  return !(now - Date.parse(heartbeatSeenAt ?? enrolledAt) < seconds * 1000);
}

/** What a sweep leaves of one account. */
export interface AccountFindings {
  readonly accountId: AccountId;
  /** `absent`: it was never enrolled, and the factory cannot get in. */
  readonly outcome: 'swept' | 'unseen' | 'absent';
  readonly mode?: Mode;
  readonly steps: readonly Step[];
  readonly heartbeatMissing: boolean;
}

/** Of a whole sweep. */
export interface SweepReport extends Sweep {
  readonly endedAt: string;
  readonly accounts: number;
  readonly swept: number;
  /** Never enrolled: the member stack is not there. */
  readonly absent: number;
  /** Accounts that could not be asked, or whose sweep did not come to its end. */
  readonly failed: readonly AccountId[];
  readonly heartbeatMissing: readonly AccountId[];
  readonly findings: Readonly<Partial<Record<DriftReason, number>>>;
  readonly started: number;
  readonly removals: number;
  /** There were more than one sweep may start, so that none was. */
  readonly removalsHeld: boolean;
}

export function reportOf({
  sweep,
  endedAt,
  accounts,
  found,
  most,
}: {
  readonly sweep: Sweep;
  readonly endedAt: string;
  readonly accounts: readonly AccountToSweep[];
  readonly found: readonly AccountFindings[];
  /** Removals that one sweep may start. */
  readonly most: number;
}): SweepReport {
  const known = new Map(found.map((findings) => [findings.accountId, findings]));
  const steps = found.flatMap((findings) => findings.steps);
  const removals = steps.filter(isRemoval).length;
  const removalsHeld = removals > most;
  const failed = accounts.filter(({ accountId: id, status }) => {
    const findings = known.get(id);
    return findings === undefined || (status === 'active' && findings.outcome === 'unseen');
  });
  const count = (outcome: AccountFindings['outcome']) =>
    found.filter((findings) => findings.outcome === outcome).length;
  return {
    ...sweep,
    endedAt,
    accounts: accounts.length,
    swept: count('swept'),
    absent: count('absent'),
    failed: failed.map((account) => account.accountId),
    heartbeatMissing: found.filter((one) => one.heartbeatMissing).map((one) => one.accountId),
    findings: Object.fromEntries(
      DRIFT_REASONS.map(
        (reason) => [reason, steps.filter((step) => step.reason === reason).length] as const,
      ).filter(([, times]) => times > 0),
    ),
    started: steps.filter(startedAtOnce).length + (removalsHeld ? 0 : removals),
    removals,
    removalsHeld,
  };
}
