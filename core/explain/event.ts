/** What the factory would do with one event and why, step by step, as far as it can be known without asking anybody. */
import { type DispatchDecision, decideDispatch, type KnownIncarnation } from '../dispatch.ts';
import { forwardingPattern } from '../event-patterns.ts';
import { type EventPattern, firstUnmet } from '../match-event.ts';
import { parseRoleEvent, type RoleEvent } from '../role-event.ts';
import { createSteps, deleteSteps, type ExplainedStep, type ExplainSettings } from './run.ts';

export interface ExplainedEvent {
  readonly decision: DispatchDecision['decision'] | 'malformed';
  readonly reason: DispatchDecision['reason'] | 'if-role-known' | 'missing-fields';
  readonly detail: string;
  readonly accountId: string | null;
  readonly roleName: string | null;
  readonly roleId: string | null;
  readonly eventId: string | null;
  readonly eventTime: string | null;
  /** Whether the forwarding rule of the member account lets the event through to the dispatcher at all. */
  readonly forwarded: boolean;
  readonly steps: readonly ExplainedStep[];
}

/**
 * Explains an EventBridge event or a bare CloudTrail record; anything may stand in it. `incarnations` is what the
 * ledger holds for the role's name; undefined: unknown, so that a DeleteRole is explained for a role that it knows.
 */
export function explainEvent(
  input: unknown,
  settings: ExplainSettings,
  incarnations?: readonly KnownIncarnation[],
): ExplainedEvent {
  const event = parseRoleEvent(input);
  const rule = ruleStep(input, settings);
  const { about, verdict, run } = dispatched(event, settings, incarnations);
  const { executions, ...decision } = verdict;
  const dispatch: ExplainedStep = {
    step: 'dispatch-role-event',
    outcome: decision.decision,
    detail: decision.detail,
    ...(executions.length === 0 ? {} : { executions }),
  };
  const forwarded = rule.outcome === 'passes';
  return { ...decision, ...NOBODY, ...about, forwarded, steps: [rule, dispatch, ...run] };
}

const NOBODY = { accountId: null, roleName: null, roleId: null, eventId: null, eventTime: null };

function dispatched(
  event: RoleEvent,
  settings: ExplainSettings,
  incarnations: readonly KnownIncarnation[] | undefined,
): { about: Partial<ExplainedEvent>; verdict: Verdict; run: readonly ExplainedStep[] } {
  if (event.kind === 'malformed') {
    const detail = `missing or invalid: ${event.missing.join(', ')}`;
    const verdict = { decision: 'malformed', reason: 'missing-fields', detail, executions: [] } as const;
    return { about: {}, verdict, run: [] };
  }
  const verdict = decided(decideDispatch(event, settings, incarnations ?? []), incarnations === undefined);
  const { accountId, roleName, eventId } = event;
  const about = { accountId, roleName, eventId };
  if (event.kind === 'ignored') return { about, verdict, run: [] };
  const timed = { ...about, eventTime: event.eventTime };
  if (event.kind === 'delete-role') {
    return { about: timed, verdict, run: verdict.decision === 'delete' ? deleteSteps(event, settings) : [] };
  }
  const created = { ...timed, roleId: event.roleId };
  return { about: created, verdict, run: verdict.decision === 'create' ? createSteps(event, settings) : [] };
}

type Verdict = Pick<ExplainedEvent, 'decision' | 'reason' | 'detail'> & { executions: readonly string[] };

function decided(decision: DispatchDecision, ledgerIsUnknown: boolean): Verdict {
  switch (decision.decision) {
    case 'create': {
      const { reason, executionName } = decision;
      const detail =
        reason === 'tenant-provider-named'
          ? "the trust policy names the tenant's provider of this account"
          : 'the trust policy in the event cannot be read, so the role itself decides';
      return { decision: 'create', reason, detail, executions: [executionName] };
    }
    case 'delete': {
      const executions = decision.executions.map(({ executionName }) => executionName);
      const detail = `the ledger holds ${executions.length} live ${executions.length === 1 ? 'entry' : 'entries'} of this name`;
      return { decision: 'delete', reason: decision.reason, detail, executions };
    }
    case 'ignore': {
      const { reason, detail, eventId } = decision;
      if (!ledgerIsUnknown || reason !== 'unknown-role')
        return { decision: 'ignore', reason, detail, executions: [] };
      return {
        decision: 'delete',
        reason: 'if-role-known',
        detail: 'where the ledger holds a live entry of this name; else ignored as unknown-role',
        executions: [`${eventId}-<role id>`],
      };
    }
  }
}

function ruleStep(input: unknown, { issuer }: ExplainSettings): ExplainedStep {
  const pattern: EventPattern = forwardingPattern(issuer.tenantId);
  const unmet = firstUnmet(pattern, enveloped(input));
  const step = 'forwarding-rule';
  return unmet === undefined
    ? { step, outcome: 'passes', detail: 'it matches the rule of the member account' }
    : { step, outcome: 'stops', detail: `${unmet.field}: the rule wants ${unmet.expected}` };
}

/** A bare record in the envelope that EventBridge gives it. */
function enveloped(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || 'detail' in input || 'detail-type' in input)
    return input;
  const { eventSource, eventType } = input as Readonly<Record<string, unknown>>;
  const what = eventType === 'AwsServiceEvent' ? 'AWS Service Event' : 'AWS API Call';
  const source =
    typeof eventSource === 'string' ? eventSource.replace(/^(.+)\.amazonaws\.com$/, 'aws.$1') : '';
  return { source, 'detail-type': `${what} via CloudTrail`, detail: input };
}
