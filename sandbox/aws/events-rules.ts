/** Rules and their targets. Targets are SQS queues and event buses; others are refused. */

import type * as Events from '@aws-sdk/client-eventbridge';
import { LimitExceededException } from '@aws-sdk/client-eventbridge';
import type { OperationHandler, ServiceCall } from '../cloud.ts';
import { compileEventPattern } from './event-pattern.ts';
import {
  type Bus,
  type EventsStore,
  eventsPage,
  invalid,
  notFound,
  type Rule,
  refuseMembers,
} from './events-model.ts';
import { readSchedule } from './events-schedule.ts';
import type { Iam } from './iam.ts';
import { arnOf, parseArn } from './regional.ts';

const MAX_TARGETS = 5;
const STATES: readonly Events.RuleState[] = [
  'ENABLED',
  'DISABLED',
  'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
];

/** `onSchedule` is told of every rule that was given a schedule. */
export function ruleOperations(
  store: EventsStore,
  iam: Pick<Iam, 'passRole'>,
  onSchedule: (rule: Rule) => void,
): Record<string, OperationHandler> {
  const arnIn = (bus: Bus, name: string) => {
    const resource = bus.name === 'default' ? `rule/${name}` : `rule/${bus.name}/${name}`;
    return arnOf('events', bus.region, bus.accountId, resource);
  };

  /** The rule, once the caller is allowed the action on it. */
  function authorized(
    { bus: busName, name }: { bus: string | undefined; name: string | undefined },
    action: string,
    call: ServiceCall,
    context?: Record<string, readonly string[]>,
  ): Rule {
    const bus = store.ownBus(busName, call);
    const resource = arnIn(bus, name ?? '');
    call.authorize({ action: `events:${action}`, resource, ...(context && { context }) });
    const rule = bus.rules.get(name ?? '');
    if (!rule) throw notFound(`Rule ${name} on event bus ${bus.name}`);
    return rule;
  }

  function setState(
    input: Events.EnableRuleRequest,
    action: 'EnableRule' | 'DisableRule',
    state: Events.RuleState,
    call: ServiceCall,
  ) {
    const rule = authorized({ bus: input.EventBusName, name: input.Name }, action, call);
    rule.bus.rules.set(rule.name, { ...rule, state });
    return {};
  }

  return {
    PutRule(input: Events.PutRuleRequest, call) {
      refuseMembers(input, ['RoleArn', 'Tags']);
      const bus = store.ownBus(input.EventBusName, call);
      const { Name: name = '', State: state = 'ENABLED', Description: description } = input;
      const { EventPattern: pattern, ScheduleExpression: schedule } = input;
      const arn = arnIn(bus, name);
      call.authorize({ action: 'events:PutRule', resource: arn });
      if (!/^[\w.-]{1,64}$/.test(name)) throw invalid(`Rule name ${name} is not valid.`);
      if (!STATES.includes(state)) throw invalid(`Rule state ${state} is not valid.`);
      if (pattern === undefined && schedule === undefined) {
        throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.');
      }
      if (schedule !== undefined && bus.name !== 'default') {
        throw invalid('ScheduleExpression is supported only on the default event bus.');
      }
      const rule: Rule = {
        name,
        arn,
        bus,
        ...(pattern !== undefined && { pattern: compileEventPattern(pattern) }),
        ...(schedule !== undefined && { schedule: readSchedule(schedule) }),
        state,
        ...(description !== undefined && { description }),
        targets: bus.rules.get(name)?.targets ?? new Map(),
      };
      bus.rules.set(name, rule);
      if (rule.schedule) onSchedule(rule);
      return { RuleArn: arn };
    },

    DescribeRule: (input: Events.DescribeRuleRequest, call) =>
      shown(authorized({ bus: input.EventBusName, name: input.Name }, 'DescribeRule', call)),

    ListRules(input: Events.ListRulesRequest, call) {
      const bus = store.ownBus(input.EventBusName, call);
      call.authorize({ action: 'events:ListRules', resource: arnIn(bus, '*') });
      const rules = [...bus.rules.values()].filter(({ name }) => name.startsWith(input.NamePrefix ?? ''));
      return eventsPage('Rules', rules.map(shown), input);
    },

    ListRuleNamesByTarget(input: Events.ListRuleNamesByTargetRequest, call) {
      const bus = store.ownBus(input.EventBusName, call);
      // The action knows no resource.
      call.authorize({ action: 'events:ListRuleNamesByTarget', resource: '*' });
      const rules = [...bus.rules.values()].filter(({ targets }) =>
        [...targets.values()].some(({ Arn }) => Arn === input.TargetArn),
      );
      return eventsPage(
        'RuleNames',
        rules.map(({ name }) => name),
        input,
      );
    },

    DeleteRule(input: Events.DeleteRuleRequest, call) {
      const bus = store.ownBus(input.EventBusName, call);
      call.authorize({ action: 'events:DeleteRule', resource: arnIn(bus, input.Name ?? '') });
      const rule = bus.rules.get(input.Name ?? '');
      if (rule && rule.targets.size > 0) throw invalid("Rule can't be deleted since it has targets.");
      bus.rules.delete(input.Name ?? '');
      return {};
    },

    EnableRule: (input: Events.EnableRuleRequest, call) => setState(input, 'EnableRule', 'ENABLED', call),
    DisableRule: (input: Events.DisableRuleRequest, call) => setState(input, 'DisableRule', 'DISABLED', call),

    PutTargets(input: Events.PutTargetsRequest, call) {
      const targets = (input.Targets ?? []) as (Events.Target & { Id: string; Arn: string })[];
      const rule = authorized({ bus: input.EventBusName, name: input.Rule }, 'PutTargets', call, {
        'events:TargetArn': targets.map(({ Arn }) => Arn),
      });
      for (const target of targets) {
        checkTarget(target, rule);
        if (target.RoleArn !== undefined) iam.passRole(call, target.RoleArn, 'events.amazonaws.com');
      }
      if (new Set([...rule.targets.keys(), ...targets.map(({ Id }) => Id)]).size > MAX_TARGETS) {
        const message = `The requested resource exceeds the maximum number allowed: ${MAX_TARGETS} targets.`;
        throw new LimitExceededException({ message, $metadata: {} });
      }
      for (const target of targets) rule.targets.set(target.Id, target);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },

    ListTargetsByRule(input: Events.ListTargetsByRuleRequest, call) {
      const rule = authorized({ bus: input.EventBusName, name: input.Rule }, 'ListTargetsByRule', call);
      return eventsPage('Targets', [...rule.targets.values()], input);
    },

    RemoveTargets(input: Events.RemoveTargetsRequest, call) {
      const rule = authorized({ bus: input.EventBusName, name: input.Rule }, 'RemoveTargets', call);
      const FailedEntries = (input.Ids ?? [])
        .filter((id) => !rule.targets.delete(id))
        .map((TargetId) => ({
          TargetId,
          ErrorCode: 'ResourceNotFoundException',
          ErrorMessage: 'No such target.',
        }));
      return { FailedEntryCount: FailedEntries.length, FailedEntries };
    },

    TestEventPattern(input: Events.TestEventPatternRequest, call) {
      call.authorize({ action: 'events:TestEventPattern', resource: '*' });
      const pattern = compileEventPattern(input.EventPattern ?? '');
      return { Result: pattern.matches(parseEvent(input.Event ?? '')) };
    },
  };
}

function shown(rule: Rule) {
  return {
    Name: rule.name,
    Arn: rule.arn,
    ...(rule.pattern && { EventPattern: rule.pattern.source }),
    ...(rule.schedule && { ScheduleExpression: rule.schedule.expression }),
    State: rule.state,
    ...(rule.description !== undefined && { Description: rule.description }),
    EventBusName: rule.bus.name,
  };
}

function checkTarget(target: Events.Target & { Id: string; Arn: string }, rule: Rule): void {
  const { Id: _, Arn: text, RoleArn, DeadLetterConfig, RetryPolicy, Input, ...others } = target;
  refuseMembers(others);
  const arn = parseArn(text);
  const isBus = arn?.service === 'events' && arn.resource.startsWith('event-bus/');
  if (!isBus && arn?.service !== 'sqs') {
    throw invalid(`The sandbox delivers to SQS queues and event buses, not to ${text}.`);
  }
  if (Input !== undefined && !isJson(Input)) throw invalid(`Input of target ${text} is not JSON.`);
  if (isBus && RoleArn === undefined) throw invalid(`RoleArn is required for target ${text}.`);
  if (isBus && RetryPolicy) throw invalid('RetryPolicy is not supported for event bus targets.');
  if (!isBus && arn.region !== rule.bus.region) {
    throw invalid(`Target ${text} is in another region than its rule.`);
  }
  const deadLetters = DeadLetterConfig?.Arn === undefined ? undefined : parseArn(DeadLetterConfig.Arn);
  if (DeadLetterConfig?.Arn !== undefined) {
    if (deadLetters?.service !== 'sqs' || deadLetters.region !== rule.bus.region) {
      throw invalid('A dead-letter queue is an SQS queue in the region of the rule.');
    }
  }
  const { MaximumRetryAttempts: attempts = 0, MaximumEventAgeInSeconds: age = 60 } = RetryPolicy ?? {};
  if (attempts < 0 || attempts > 185) throw invalid('MaximumRetryAttempts must be between 0 and 185.');
  if (age < 60 || age > 86_400) throw invalid('MaximumEventAgeInSeconds must be between 60 and 86400.');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** TestEventPattern demands the envelope's fields. */
function parseEvent(text: string): object {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    throw invalid('Event is not JSON.');
  }
  if (typeof event !== 'object' || event === null) throw invalid('Event is not an object.');
  const required = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];
  const missing = required.filter((field) => !Object.hasOwn(event, field));
  if (missing.length > 0) throw invalid(`Event lacks ${missing.join(', ')}.`);
  return event;
}
