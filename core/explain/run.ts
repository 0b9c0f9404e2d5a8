/** What an execution would do, as far as the event tells. */
import { tenantProviderArns } from '../consent.ts';
import { ERRORS, isFactoryError } from '../errors.ts';
import type { ProviderArn, RoleId } from '../ids.ts';
import { decideInspection } from '../inspection.ts';
import type { Step } from '../ledger-entry.ts';
import type { RoleCreated, RoleDeleted } from '../role-event.ts';
import type { FactorySettings } from '../settings.ts';
import { type PlannedCall, type PlannedRun, plannedCalls, plannedLook } from './planned-calls.ts';

export type ExplainSettings = Omit<FactorySettings, 'factoryAppId' | 'factoryServicePrincipalId'>;

export interface ExplainedStep {
  readonly step: 'forwarding-rule' | 'dispatch-role-event' | 'enrol-account' | Step;
  /**
   * `passes`, `stops` of the rule; the decision of the dispatcher; `proceed`, `skip`, `fail` of the inspection, and
   * `unknown` where only the role itself tells; `run` of whatever follows.
   */
  readonly outcome: string;
  readonly detail: string;
  /** What must be true for it and cannot be seen in the event. */
  readonly assumes?: readonly string[];
  readonly executions?: readonly string[];
  readonly calls?: readonly PlannedCall[];
}

const CREATE_STEPS = [
  'register-application',
  'add-audience',
  'verify-application',
  'assign-audience',
] as const;

const WHAT: Readonly<
  Record<(typeof CREATE_STEPS)[number] | 'remove-audience' | 'delete-application', string>
> = {
  'register-application': 'an Entra application of its own, with a service principal',
  'add-audience': "its audience, on the provider's list",
  'verify-application': "the application is the factory's own and unchanged",
  'assign-audience': 'the trust policy names that audience and pins sub; everything else in it stays',
  'remove-audience': "the audience leaves the provider's list",
  'delete-application': 'the application and its service principal go',
};

/** Of create-role. */
export function createSteps(event: RoleCreated, settings: ExplainSettings): ExplainedStep[] {
  const named = namedProvider(event, settings);
  const run: PlannedRun = { ...event, providerArn: named };
  const inspection = inspectionStep(event, named, settings);
  if (inspection.outcome === 'skip') return [{ ...inspection, calls: plannedLook(run, settings) }];
  const inspected = { ...inspection, calls: plannedCalls('inspect-role', run, settings) };
  if (inspection.outcome === 'fail') return [inspected];
  return [inspected, ...CREATE_STEPS.map((step) => runStep(step, run, settings))];
}

const runStep = (step: keyof typeof WHAT, run: PlannedRun, settings: ExplainSettings): ExplainedStep => ({
  step,
  outcome: 'run',
  detail: WHAT[step],
  calls: plannedCalls(step, run, settings),
});

function namedProvider(
  { trustPolicy, accountId }: RoleCreated,
  { issuer }: ExplainSettings,
): ProviderArn | undefined {
  try {
    return trustPolicy === null ? undefined : tenantProviderArns(trustPolicy, accountId, issuer)[0];
  } catch (error) {
    if (!isFactoryError(error, 'TrustPolicyUnreadable')) throw error;
    return undefined;
  }
}

/** inspect-role's own decision, on the role as the event has it and a provider that has just the placeholders. */
function inspectionStep(
  event: RoleCreated,
  providerArn: ProviderArn | undefined,
  settings: ExplainSettings,
): Pick<ExplainedStep, 'step' | 'outcome' | 'detail' | 'assumes'> {
  const step = 'inspect-role';
  const { trustPolicy, roleName, roleId, path, eventTime } = event;
  if (trustPolicy === null || providerArn === undefined) {
    return {
      step,
      outcome: 'unknown',
      detail: 'only the role itself tells: the event holds no readable policy',
    };
  }
  const inspect = (clientIds: readonly string[]) =>
    decideInspection({
      run: event,
      // Where the event has no id, none is compared.
      role: { roleName, roleId: roleId ?? ('' as RoleId), path, createdAt: eventTime, trustPolicy, tags: {} },
      provider: { providerArn, clientIds },
      entry: undefined,
      settings,
      now: Date.parse(eventTime),
      settleSeconds: 0,
    });
  const answer = inspect(settings.placeholders);
  const asInEvent = 'the role exists, its trust policy as in the event';
  switch (answer.kind) {
    case 'skip':
      return { step, outcome: 'skip', detail: `${answer.reason}: ${answer.detail}`, assumes: [asInEvent] };
    case 'proceed': {
      const standsOnBareWord = inspect(trustPolicy.match(/[\w-]+/g) ?? []).kind === 'skip';
      const assumes = [
        asInEvent,
        'it does not carry the tag oidc-factory:ignore',
        `${providerArn} exists, with room for an audience`,
        ...(standsOnBareWord ? ['the bare word in the place of the audience is not on its list'] : []),
      ];
      const code = answer.failWith;
      return code === undefined
        ? { step, outcome: 'proceed', detail: 'a placeholder asks for an audience', assumes }
        : { step, outcome: 'fail', detail: `${code}: ${ERRORS[code].remedy}`, assumes };
    }
    default:
      throw new Error(`An inspection of the event alone cannot end as ${answer.kind}`);
  }
}

const DELETE_STEPS = ['remove-audience', 'delete-application'] as const;

/** Of delete-role. */
export function deleteSteps(event: RoleDeleted, settings: ExplainSettings): ExplainedStep[] {
  return [
    {
      step: 'confirm-role-gone',
      outcome: 'unknown',
      detail: 'only IAM tells: deletes nothing unless this incarnation is proven gone',
      calls: plannedCalls('confirm-role-gone', event, settings),
    },
    ...DELETE_STEPS.map((step) => runStep(step, event, settings)),
  ];
}
