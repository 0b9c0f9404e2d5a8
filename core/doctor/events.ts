/** Judgements on the way of a role event: rules, buses, queues, the dispatcher's mapping. */
import { isDeepStrictEqual } from 'node:util';
import type { AccountId, RoleArn } from '../ids.ts';
import { parsePolicy } from '../policy/document.ts';
import { authorize } from '../policy/evaluate.ts';
import { sessionOf } from './sessions.ts';
import { fail, ok, type Verdict } from './verdict.ts';

export interface ObservedRule {
  readonly name: string;
  readonly state: string;
  /** JSON text; absent on a rule that runs by the clock. */
  readonly pattern: string | undefined;
}

/** Whether one of the rules from here to there passes on what it must. */
export function judgeRules(rules: readonly ObservedRule[], expected: object): Verdict {
  if (rules.length === 0) return fail('NotDeployed', 'there is no such rule');
  const fitting = rules.filter((rule) => fits(rule, expected));
  const enabled = fitting.find(({ state }) => state.startsWith('ENABLED'));
  if (enabled) return ok(`${enabled.name} is enabled`);
  const [disabled] = fitting;
  if (disabled) return fail('RuleDisabled', `${disabled.name} is disabled`);
  const names = rules.map(({ name }) => name).join(', ');
  return fail('DeploymentChanged', `${names}: the event pattern is not that of the template`);
}

/** Buses have other rules as well. */
export function fits({ pattern }: ObservedRule, expected: object): boolean {
  try {
    return pattern !== undefined && isDeepStrictEqual(JSON.parse(pattern), expected);
  } catch {
    return false;
  }
}

export interface ObservedTarget {
  readonly arn: string;
  readonly roleArn: string | undefined;
  readonly deadLetterArn: string | undefined;
}

/** Whether each target is reached under this role (none where undefined), and keeps what cannot be delivered. */
export function judgeTargets(targets: readonly ObservedTarget[], roleArn: RoleArn | undefined): Verdict {
  const [first] = targets;
  if (first === undefined) return fail('NotDeployed', 'the rule has no such target');
  const otherRole = targets.find((target) => target.roleArn !== roleArn);
  if (otherRole) {
    const { arn, roleArn: role = 'none' } = otherRole;
    return fail('DeploymentChanged', `${arn}: its role is ${role}, not ${roleArn}`);
  }
  return targets.every(({ deadLetterArn }) => deadLetterArn !== undefined)
    ? ok(first.arn)
    : fail('DeploymentChanged', `${first.arn}: it has no dead-letter queue`);
}

export interface ObservedQueue {
  /** Approximate, as SQS counts. */
  readonly waiting: number;
  /** Received and not deleted yet. */
  readonly inWork: number;
}

export function judgeDeadLetters(queues: readonly ObservedQueue[]): Verdict {
  const messages = queues.reduce((sum, { waiting, inWork }) => sum + waiting + inWork, 0);
  return messages === 0 ? ok('none') : fail('DeadLetters', `${messages} message${messages === 1 ? '' : 's'}`);
}

/** Lambda takes what comes at once: what waits while nothing is in work is not being taken. */
export const judgeEventQueue = ({ waiting, inWork }: ObservedQueue): Verdict =>
  waiting > 0 && inWork === 0
    ? fail('EventsWaiting', `${waiting} wait, none is in work`)
    : ok(`${waiting} wait, ${inWork} in work`);

/** `states`: of the mappings from the queue to the dispatcher. */
export function judgeMapping(states: readonly string[]): Verdict {
  if (states.length === 0) return fail('NotDeployed', 'no event source mapping reads the queue');
  return states.some((state) => state === 'Enabled' || state === 'Updating' || state === 'Enabling')
    ? ok('enabled')
    : fail('DispatcherStopped', `its state is ${states.join(', ')}`);
}

export interface BusTerms {
  readonly busArn: string;
  readonly organizationId: string;
  /** Of some member account. */
  readonly forwarderRoleArn: RoleArn;
  readonly accountId: AccountId;
}

const FORWARDED = {
  'events:source': 'aws.iam',
  'events:detail-type': 'AWS API Call via CloudTrail',
  'events:eventBusInvocation': 'true',
};

/** By evaluation: whom the policy admits, whatever its wording. Throws PolicyNotUnderstood. */
export function judgeBusPolicy(document: string | undefined, terms: BusTerms): Verdict {
  if (document === undefined) return fail('BusRefuses', 'the bus has no policy');
  const resource = parsePolicy(document, 'bus policy', 'resource');
  const { busArn, organizationId, forwarderRoleArn, accountId } = terms;
  const admits = (roleArn: string, context: Readonly<Record<string, string>>): boolean =>
    authorize(
      {
        principal: sessionOf(roleArn, accountId),
        action: 'events:PutEvents',
        resource: busArn,
        context: { 'aws:PrincipalOrgID': organizationId, ...FORWARDED, ...context },
      },
      { identity: [], resource },
      { crossAccount: false },
    ).allowed;
  if (!admits(forwarderRoleArn, {})) {
    return fail('BusRefuses', `it refuses forwarders of ${organizationId}, such as ${forwarderRoleArn}`);
  }
  const strangers = [
    {
      who: 'other organizations',
      passes: admits(forwarderRoleArn, { 'aws:PrincipalOrgID': 'o-0000000000' }),
    },
    {
      who: 'events that no rule forwarded',
      passes: admits(forwarderRoleArn, { 'events:eventBusInvocation': 'false' }),
    },
    { who: 'other roles', passes: admits(`${forwarderRoleArn}-other`, {}) },
  ].filter(({ passes }) => passes);
  if (strangers.length > 0) return fail('BusOpen', `it admits ${strangers.map(({ who }) => who).join(', ')}`);
  return ok(`forwarders of ${organizationId} alone`);
}
