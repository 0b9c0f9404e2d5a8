/** A step of a plan: what drifted, why it matters, what would put it right. Free of times, so that a plan can be compared. */
import { createHash } from 'node:crypto';
import { type CreateRequest, type DeleteRequest, executionName } from '../dispatch.ts';
import type { AccountId, AppObjectId, Audience, EventId, ProviderArn, RoleId, RoleName } from '../ids.ts';
import { DRIFT, DRIFT_REASONS, type DriftReason, type Risk } from './reasons.ts';

export type Subject =
  | { readonly kind: 'account' }
  | { readonly kind: 'provider'; readonly providerArn: ProviderArn | null }
  | { readonly kind: 'role'; readonly roleName: RoleName; readonly roleId: RoleId }
  | {
      readonly kind: 'audience';
      readonly audience: Audience;
      readonly roleName: RoleName;
      readonly roleId: RoleId;
    }
  | { readonly kind: 'application'; readonly objectId: AppObjectId; readonly uniqueName: string };

/** What a step starts: the workflows of the event path, which look and decide again. */
export type Start =
  | { readonly workflow: 'create-role'; readonly run: CreateStart }
  | { readonly workflow: 'delete-role'; readonly run: DeleteStart }
  | { readonly workflow: 'enrol-account' };

type CreateStart = Pick<CreateRequest, 'roleName' | 'recheck' | 'found' | 'approved'> & {
  readonly roleId: RoleId;
};
type DeleteStart = Pick<DeleteRequest, 'roleName' | 'roleId' | 'again' | 'withdrawn' | 'found'>;

/** Why a step that could be taken is not: `backfill` may be lifted by naming the role in an approved plan. */
export type Hold = 'observe' | 'backfill' | 'young' | 'limit';

export interface Step {
  readonly reason: DriftReason;
  /** Further reasons that the same run sees to. */
  readonly also: readonly DriftReason[];
  readonly accountId: AccountId;
  readonly subject: Subject;
  /** Ids, codes and names; never a policy or a secret. */
  readonly detail: string;
  readonly risk: Risk;
  /** Absent: a report. */
  readonly start?: Start;
  readonly hold?: Hold;
}

export const isExecutable = ({ start, hold }: Step): boolean => start !== undefined && hold === undefined;
export const isDestructive = ({ risk }: Step): boolean => risk === 'destructive';

/** A step without what follows from the account; risk is that of the table, and none for a report. */
export type Draft = Omit<Step, 'also' | 'accountId' | 'risk'>;

export const riskOf = (reason: DriftReason, start: Start | undefined): Risk =>
  start === undefined ? 'none' : DRIFT[reason].risk;

/** For people, in one line. */
export const textOf = ({ reason, also, detail }: Step): string =>
  [...[reason, ...also].map((one) => DRIFT[one].text), ...(detail === '' ? [] : [`(${detail})`])].join(' ');

/** In the order of the table, then by what they concern. */
export function inOrder(steps: readonly Step[]): Step[] {
  const keyed = steps.map((step) => ({ step, rank: RANK.get(step.reason) ?? 0, key: canonical(step) }));
  return keyed
    .sort((a, b) => compare(a.step.accountId, b.step.accountId) || a.rank - b.rank || compare(a.key, b.key))
    .map(({ step }) => step);
}

const RANK: ReadonlyMap<DriftReason, number> = new Map(DRIFT_REASONS.map((reason, rank) => [reason, rank]));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The same for as long as the same is wrong with the same thing, and would be put right in the same way. */
export const stepId = ({ hold: _hold, ...step }: Step): string => sha256(canonical(step)).slice(0, 16);

/** Of the steps in whatever order. */
export const planHash = (steps: readonly Step[]): string => sha256(inOrder(steps).map(canonical).join('\n'));

/**
 * None of the removals where there are more than `most`: then something is wrong that nobody has thought of, and a
 * person must look.
 */
export function limited(steps: readonly Step[], most: number): Step[] {
  const removals = steps.filter((step) => isExecutable(step) && isDestructive(step));
  if (removals.length <= most) return inOrder(steps);
  const accounts = [...new Set(removals.map(({ accountId }) => accountId))];
  return inOrder([
    ...steps.map((step): Step => (removals.includes(step) ? { ...step, hold: 'limit' } : step)),
    ...accounts.map(
      (accountId): Step => ({
        reason: 'too-many-removals',
        also: [],
        accountId,
        subject: { kind: 'account' },
        detail: `${removals.length} of at most ${most}`,
        risk: 'none',
      }),
    ),
  ]);
}

/** What the step's execution is called and given; the same for the same step of one sweep, so that it starts once. */
export function executionOf(
  { accountId, start }: Step & { readonly start: Start },
  sweep: { readonly id: EventId; readonly startedAt: string },
): {
  readonly name: string;
  readonly run: CreateRequest | DeleteRequest | { accountId: AccountId; eventId: EventId };
} {
  const about = { accountId, eventId: sweep.id };
  switch (start.workflow) {
    case 'enrol-account':
      return { name: `${sweep.id}-${accountId}`, run: about };
    case 'create-role':
      return {
        name: executionName(sweep.id, null, start.run.roleId),
        run: { ...about, ...start.run, eventTime: sweep.startedAt, createdBy: null },
      };
    case 'delete-role':
      return {
        name: executionName(sweep.id, null, start.run.roleId),
        run: { ...about, ...start.run, deletedAt: null },
      };
  }
}

const canonical = (value: unknown): string => JSON.stringify(sorted(value));

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => compare(a, b))
      .map(([name, field]) => [name, sorted(field)]),
  );
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
