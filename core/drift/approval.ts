/** A plan that people have approved: what it holds, and which of its steps still stand when it is carried out. */
import type { AccountId, EventId } from '../ids.ts';
import { eventId } from '../ids.ts';
import { DRIFT, type DriftReason } from './reasons.ts';
import { type Hold, isExecutable, planHash, type Start, type Step, stepId, textOf } from './step.ts';

export interface Approval {
  readonly only?: readonly DriftReason[];
  readonly exclude?: readonly DriftReason[];
}

/** The steps of these kinds. A run sees to all reasons of its step, so each of them counts. */
export const ofKinds = (steps: readonly Step[], { only, exclude }: Approval): Step[] =>
  steps.filter(
    ({ reason, also }) =>
      (only === undefined || only.includes(reason)) &&
      !(exclude ?? []).some((one) => one === reason || also.includes(one)),
  );

export type StartingStep = Step & { readonly start: Start };

/** What the plan would start. */
export const startsOf = (steps: readonly Step[]): StartingStep[] => steps.filter(isStarting);

const isStarting = (step: Step): step is StartingStep => isExecutable(step);

export const HOLDS: Readonly<Record<Hold, string>> = {
  observe: 'the account is only observed',
  backfill: 'a role from before the factory: name it with --adopt',
  young: 'too young to be removed',
  limit: 'beyond what is begun at once',
};

export type Verdict =
  | { readonly kind: 'start'; readonly step: StartingStep }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Whether an approved step still stands. What is started is the step as it is seen now, never what the file says: a file
 * can only choose. `now`: what the account's plan is at present; undefined: nobody could make one.
 */
export function verdictOn(approved: Step, now: readonly Step[] | undefined): Verdict {
  if (now === undefined) return refused('the account could not be planned again');
  const same = now.find((step) => stepId(step) === stepId(approved));
  if (same && isStarting(same)) return { kind: 'start', step: same };
  if (same?.hold) return refused(HOLDS[same.hold]);
  const about = same ?? now.find((step) => subjectKey(step) === subjectKey(approved));
  if (about) return refused(`it is another matter now: ${textOf(about)}`);
  const unseen = now.find(({ subject, reason }) => subject.kind === 'account' && isUnseen(reason));
  return refused(unseen ? textOf(unseen) : 'nothing is wrong with it any more');
}

const refused = (why: string): Verdict => ({ kind: 'refused', why });

const isUnseen = (reason: DriftReason): boolean =>
  reason.startsWith('account-') && DRIFT[reason].risk === 'none';

function subjectKey({ accountId, subject }: Step): string {
  const { kind } = subject;
  if (kind === 'role' || kind === 'audience') return `${accountId} ${subject.roleId}`;
  return `${accountId} ${kind} ${kind === 'application' ? subject.objectId : ''}`;
}

/** Stands where an event's id would, in the names of executions: the same whenever this plan is carried out. */
export const runIdOf = (hash: string): EventId => eventId(`plan-${hash.slice(0, 24)}`);

/** As a file; whoever has seen the hash has seen the steps. */
export interface PlanDocument {
  readonly version: 1;
  readonly hash: string;
  /** ISO 8601. */
  readonly plannedAt: string;
  /** Of the factory. */
  readonly accountId: AccountId;
  readonly region: string;
  readonly prefix: string;
  /** What the planner was told to adopt, so that it can be asked the same again. */
  readonly adopt: readonly string[];
  readonly steps: readonly Step[];
}

export const isUnaltered = ({ hash, steps }: Pick<PlanDocument, 'hash' | 'steps'>): boolean =>
  planHash(steps) === hash;
