/** What the factory would do with one event and why, step by step, as far as it can be known without asking anybody. */
import { type DispatchDecision, decideDispatch, type KnownIncarnation } from '../dispatch.ts';
import { forwardingPattern } from '../event-patterns.ts';
import { firstUnmet } from '../match-event.ts';
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
  const { accountId, eventId } = event;
  const about = {
    accountId,
    roleName: 'roleName' in event ? event.roleName : null,
    roleId: event.kind === 'create-role' ? event.roleId : null,
    eventId,
    eventTime: event.kind === 'ignored' ? null : event.eventTime,
  };
  return { about, verdict, run: runOf(event, verdict.decision, settings) };
}

/** What a decision starts, as far as the event tells of what. */
function runOf(
  event: Exclude<RoleEvent, { kind: 'malformed' }>,
  decision: Verdict['decision'],
  settings: ExplainSettings,
): readonly ExplainedStep[] {
  if (decision === 'enrol') return [ENROLMENT];
  if (decision === 'delete' && event.kind === 'delete-role') return deleteSteps(event, settings);
  if (decision !== 'create') return [];
  switch (event.kind) {
    case 'create-role':
      return createSteps(event, settings);
    case 'trust-changed':
      return createSteps({ ...event, ...UNSEEN }, settings);
    case 'role-tagged':
      return createSteps({ ...event, ...UNSEEN, trustPolicy: null }, settings);
    default:
      return [];
  }
}

/** What only CreateRole tells of a role. */
const UNSEEN = { kind: 'create-role', roleId: null, path: '/', createdBy: null } as const;

const ENROLMENT: ExplainedStep = {
  step: 'enrol-account',
  outcome: 'run',
  detail: "the tenant's provider is there, with the placeholders on its list, and the account is recorded",
};

type Verdict = Pick<ExplainedEvent, 'decision' | 'reason' | 'detail'> & { executions: readonly string[] };

function decided(decision: DispatchDecision, ledgerIsUnknown: boolean): Verdict {
  switch (decision.decision) {
    case 'create':
    case 'enrol': {
      const executions = decision.executions.map(({ executionName }) => executionName);
      return {
        decision: decision.decision,
        reason: decision.reason,
        detail: WHY[decision.reason],
        executions,
      };
    }
    case 'heartbeat': {
      const detail = 'the way from this account to the factory works, which its record says from then on';
      return { decision: 'heartbeat', reason: decision.reason, detail, executions: [] };
    }
    case 'delete': {
      const executions = decision.executions.map(({ executionName }) => executionName);
      const detail = `the ledger holds ${executions.length} live ${executions.length === 1 ? 'entry' : 'entries'} of this name`;
      return { decision: 'delete', reason: decision.reason, detail, executions };
    }
    case 'ignore': {
      const { reason, detail, eventId } = decision;
      if (!ledgerIsUnknown || (reason !== 'unknown-role' && reason !== 'unknown-audience'))
        return { decision: 'ignore', reason, detail, executions: [] };
      const by = reason === 'unknown-role' ? 'of this name' : 'with this audience';
      return {
        decision: reason === 'unknown-role' ? 'delete' : 'create',
        reason: 'if-role-known',
        detail: `where the ledger holds a live entry ${by}; else ignored as ${reason}`,
        executions: [`${eventId}-<role id>`],
      };
    }
  }
}

const WHY: Readonly<Record<Extract<DispatchDecision, { decision: 'create' | 'enrol' }>['reason'], string>> = {
  'tenant-provider-named': "the trust policy names the tenant's provider of this account",
  'trust-policy-not-settled': 'the trust policy in the event cannot be read, so the role itself decides',
  'trust-policy-changed': "the new trust policy names the tenant's provider of this account",
  'input-tag-changed': 'a tag that says something to the factory was set or removed',
  'audience-removed': "an audience of the factory was taken off the provider's list",
  'member-role-created': 'a member role was created: the account is new',
  'provider-deleted': "the tenant's provider was deleted",
  'placeholder-removed': "a placeholder was taken off the provider's list",
};

function ruleStep(input: unknown, settings: ExplainSettings): ExplainedStep {
  const unmet = firstUnmet(forwardingPattern(settings), enveloped(input));
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
