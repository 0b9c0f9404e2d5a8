/** Event buses and their policies. */

import type * as Events from '@aws-sdk/client-eventbridge';
import { PolicyLengthExceededException, ResourceAlreadyExistsException } from '@aws-sdk/client-eventbridge';
import { parsePolicy } from '../../core/policy/document.ts';
import type { OperationHandler, ServiceCall } from '../cloud.ts';
import { type Bus, type EventsStore, eventsPage, invalid, notFound, refuseMembers } from './events-model.ts';
import { PARTITION } from './iam/store.ts';
import { arnOf } from './regional.ts';

const MAX_POLICY_LENGTH = 10_240;

interface PolicyDocument {
  Version: string;
  Statement: { Sid?: string }[];
}

export function busOperations(store: EventsStore): Record<string, OperationHandler> {
  function authorized(nameOrArn: string | undefined, action: string, call: ServiceCall): Bus {
    const bus = store.ownBus(nameOrArn, call);
    call.authorize({ action: `events:${action}`, resource: bus.arn });
    return bus;
  }

  return {
    CreateEventBus(input: Events.CreateEventBusRequest, call) {
      const { Name: name = '', Description: description } = input;
      refuseMembers(input, ['EventSourceName', 'KmsKeyIdentifier', 'DeadLetterConfig', 'LogConfig', 'Tags']);
      if (!/^[\w.-]{1,256}$/.test(name)) throw invalid(`Event bus name ${name} is not valid.`);
      const { accountId } = call.caller;
      call.authorize({
        action: 'events:CreateEventBus',
        resource: arnOf('events', call.region, accountId, `event-bus/${name}`),
      });
      const { buses } = store.of(accountId, call.region);
      if (buses.has(name)) {
        throw new ResourceAlreadyExistsException({
          message: `Event bus ${name} already exists.`,
          $metadata: {},
        });
      }
      const bus = store.newBus(name, accountId, call.region, description);
      buses.set(name, bus);
      return { EventBusArn: bus.arn, ...(description !== undefined && { Description: description }) };
    },

    DescribeEventBus: (input: Events.DescribeEventBusRequest, call) =>
      shown(authorized(input.Name, 'DescribeEventBus', call)),

    ListEventBuses(input: Events.ListEventBusesRequest, call) {
      call.authorize({ action: 'events:ListEventBuses', resource: '*' });
      const buses = [...store.of(call.caller.accountId, call.region).buses.values()].filter(({ name }) =>
        name.startsWith(input.NamePrefix ?? ''),
      );
      return eventsPage('EventBuses', buses.map(shown), input);
    },

    DeleteEventBus(input: Events.DeleteEventBusRequest, call) {
      const bus = authorized(input.Name, 'DeleteEventBus', call);
      if (bus.name === 'default') throw invalid('Cannot delete event bus default.');
      if (bus.rules.size > 0) throw invalid(`Event bus ${bus.name} still has rules.`);
      store.of(bus.accountId, bus.region).buses.delete(bus.name);
      return {};
    },

    /** A whole policy, or one statement of it. */
    PutPermission(input: Events.PutPermissionRequest, call) {
      const bus = authorized(input.EventBusName, 'PutPermission', call);
      setPolicy(bus, input.Policy ?? withStatement(bus, input));
      return {};
    },

    RemovePermission(input: Events.RemovePermissionRequest, call) {
      const bus = authorized(input.EventBusName, 'RemovePermission', call);
      const document = documentOf(bus);
      const kept = document.Statement.filter(({ Sid }) => Sid !== input.StatementId);
      if (input.RemoveAllPermissions || (kept.length === 0 && document.Statement.length > 0)) {
        delete bus.policy;
      } else if (kept.length === document.Statement.length) {
        throw notFound(`Statement ${input.StatementId}`);
      } else {
        setPolicy(bus, JSON.stringify({ ...document, Statement: kept }));
      }
      return {};
    },
  };
}

function shown(bus: Bus) {
  return {
    Name: bus.name,
    Arn: bus.arn,
    ...(bus.description !== undefined && { Description: bus.description }),
    ...(bus.policy && { Policy: bus.policy.document }),
    CreationTime: bus.createdAt,
    LastModifiedTime: bus.createdAt,
  };
}

function setPolicy(bus: Bus, document: string): void {
  if (document.length > MAX_POLICY_LENGTH) {
    throw new PolicyLengthExceededException({
      message: `The policy is longer than ${MAX_POLICY_LENGTH} characters.`,
      $metadata: {},
    });
  }
  try {
    bus.policy = { document, parsed: parsePolicy(document, `policy of ${bus.arn}`, 'resource') };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw Object.assign(invalid(`The policy is not valid: ${reason}`), { cause });
  }
}

function documentOf(bus: Bus): PolicyDocument {
  if (!bus.policy) return { Version: '2012-10-17', Statement: [] };
  const document = JSON.parse(bus.policy.document) as Omit<PolicyDocument, 'Statement'> & {
    Statement: PolicyDocument['Statement'] | PolicyDocument['Statement'][number];
  };
  return { ...document, Statement: [document.Statement].flat() };
}

function withStatement(bus: Bus, input: Events.PutPermissionRequest): string {
  const { StatementId, Principal, Action = 'events:PutEvents', Condition } = input;
  if (!StatementId || !Principal || !/^(?:\*|\d{12})$/.test(Principal)) {
    throw invalid('StatementId and Principal (an account id or *) are required without Policy.');
  }
  const statement = {
    Sid: StatementId,
    Effect: 'Allow',
    Principal: Principal === '*' ? '*' : { AWS: `arn:${PARTITION}:iam::${Principal}:root` },
    Action,
    Resource: bus.arn,
    ...(Condition && { Condition: { [Condition.Type ?? '']: { [Condition.Key ?? '']: Condition.Value } } }),
  };
  const document = documentOf(bus);
  const others = document.Statement.filter(({ Sid }) => Sid !== StatementId);
  return JSON.stringify({ ...document, Statement: [...others, statement] });
}
