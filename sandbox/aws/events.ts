/**
 * Amazon EventBridge: buses with their policies, rules, targets in other accounts and regions, archives, replays.
 * CloudTrail's events enter through {@link EventsService.deliverCloudTrail}: nobody else can put `aws.*` events.
 */
import { randomUUID } from 'node:crypto';
import type * as Events from '@aws-sdk/client-eventbridge';
import { PARTITIONS, partitionOfRegion } from '../../core/issuer.ts';
import type { Caller, Cloud, OperationHandler, ServiceCall, ServiceDefinition } from '../cloud.ts';
import type { CloudTrailRecord } from './cloudtrail.ts';
import { createArchives } from './events-archives.ts';
import { busOperations } from './events-buses.ts';
import { deliver } from './events-delivery.ts';
import {
  type Arrival,
  type Bus,
  createEventsStore,
  type EventEnvelope,
  eventTime,
  invalid,
  type Rule,
  refuseMembers,
} from './events-model.ts';
import { ruleOperations } from './events-rules.ts';
import { runSchedule } from './events-schedule.ts';
import type { Iam } from './iam.ts';
import { parseArn } from './regional.ts';
import type { SqsService } from './sqs.ts';

export interface EventsService extends ServiceDefinition {
  /**
   * Puts a record on its account's default bus, in the region where the partition records IAM's events.
   * `accountId`: of a record that does not say it itself.
   */
  deliverCloudTrail(record: CloudTrailRecord, accountId?: string): void;
  /** Puts an event of an AWS service on its account's default bus. */
  deliverFromService(
    event: Pick<EventEnvelope, 'source' | 'detail-type' | 'account' | 'region' | 'resources' | 'detail'>,
  ): void;
  /** Ends retries; events that wait for one are lost. */
  close(): void;
}

const MAX_ENTRIES = 10;
const MAX_BYTES = 262_144;

export interface EventsOptions {
  readonly iam: Pick<Iam, 'passRole'>;
  readonly sqs: Pick<SqsService, 'queueUrl'>;
  /** Told of defects of the sandbox itself. */
  readonly report: (problem: unknown) => void;
}

export function createEvents(cloud: Cloud, options: EventsOptions): EventsService {
  const store = createEventsStore(cloud.time.now);
  const stopped = new AbortController();
  /** Inputs of PutEvents that a rule made, with their event: a request from outside cannot be in here. */
  const forwarded = new WeakMap<object, EventEnvelope>();
  const archives = createArchives(store, cloud.time, receive);
  const ways = { cloud, queueUrl: options.sqs.queueUrl, forward };

  function receive(bus: Bus, event: EventEnvelope, arrival: Arrival): void {
    archives.keep(bus, event);
    for (const rule of bus.rules.values()) {
      if (concerns(rule, event, arrival)) fire(rule, event, arrival);
    }
  }

  function fire(rule: Rule, event: EventEnvelope, arrival: Arrival = { forwarded: false }): void {
    for (const target of rule.targets.values()) {
      deliver(ways, { rule, target, event, arrival }, stopped.signal).catch((problem) => {
        if (!stopped.signal.aborted) options.report(problem);
      });
    }
  }

  async function forward(busArn: string, event: EventEnvelope, from: Rule, as: Caller): Promise<void> {
    const region = parseArn(busArn)?.region ?? '';
    // Account and region stay those of the origin; a hop to another region gives a new id and time.
    const copy =
      region === from.bus.region ? event : { ...event, id: randomUUID(), time: eventTime(cloud.time.now()) };
    const { source, 'detail-type': detailType, detail } = copy;
    const entry = {
      EventBusName: busArn,
      Source: source,
      DetailType: detailType,
      Detail: JSON.stringify(detail),
    };
    const input = { Entries: [entry] };
    forwarded.set(input, copy);
    await cloud.invoke('events', 'PutEvents', input, as, region);
  }

  function authorizePut(bus: Bus, event: EventEnvelope, byRule: boolean, call: ServiceCall): void {
    call.authorize({
      action: 'events:PutEvents',
      resource: bus.arn,
      resourceAccountId: bus.accountId,
      ...(bus.policy && { resourcePolicy: bus.policy.parsed }),
      context: {
        'events:source': event.source,
        'events:detail-type': event['detail-type'],
        'events:eventBusInvocation': String(byRule),
      },
    });
  }

  const PutEvents: OperationHandler = (input: Events.PutEventsRequest, call) => {
    const entries = input.Entries ?? [];
    const relayed = forwarded.get(input);
    if (relayed) {
      const bus = store.bus(entries[0]?.EventBusName, call);
      authorizePut(bus, relayed, true, call);
      receive(bus, relayed, { forwarded: true });
      return { FailedEntryCount: 0, Entries: [{ EventId: relayed.id }] };
    }
    refuseMembers(input, ['EndpointId']);
    if (entries.length === 0 || entries.length > MAX_ENTRIES) throw invalid('1 to 10 entries are allowed.');
    if (sizeOf(entries) > MAX_BYTES) {
      throw invalid('Total size of the entries in the request is over the limit.');
    }
    const checked = entries.map((entry) => toEvent(entry, call, cloud.time.now()));
    const accepted = checked.map((result, at) => {
      if ('ErrorCode' in result) return result;
      const bus = store.bus(entries[at]?.EventBusName, call);
      authorizePut(bus, result, false, call);
      return { bus, event: result };
    });
    const Entries = accepted.map((result) => {
      if ('ErrorCode' in result) return result;
      receive(result.bus, result.event, { forwarded: false });
      return { EventId: result.event.id };
    });
    return { FailedEntryCount: Entries.filter((entry) => 'ErrorCode' in entry).length, Entries };
  };

  return {
    id: 'events',
    close: () => stopped.abort(),
    operations: {
      PutEvents,
      ...busOperations(store),
      ...ruleOperations(store, options.iam, (rule) => {
        void runSchedule(rule, cloud.time, fire, stopped.signal);
      }),
      ...archives.operations,
    },
    deliverFromService(event) {
      const bus = store.of(event.account, event.region).buses.get('default');
      if (!bus) throw new Error(`account ${event.account} has no default event bus`);
      const time = eventTime(cloud.time.now());
      receive(bus, { version: '0', id: randomUUID(), time, ...event }, { forwarded: false });
    },
    deliverCloudTrail(record, account = record.recipientAccountId) {
      const { awsRegion, eventSource, eventTime: time } = record;
      const region = PARTITIONS[partitionOfRegion(awsRegion)].iamEventRegion;
      const bus = store.of(account, region).buses.get('default');
      if (!bus) throw new Error(`account ${account} has no default event bus`);
      const event: EventEnvelope = {
        version: '0',
        id: randomUUID(),
        'detail-type': 'AWS API Call via CloudTrail',
        source: `aws.${eventSource.split('.')[0]}`,
        account,
        time,
        region,
        resources: [],
        detail: { ...record },
      };
      receive(bus, event, { forwarded: false });
    },
  };
}

function concerns(rule: Rule, event: EventEnvelope, arrival: Arrival): boolean {
  if (rule.state === 'DISABLED') return false;
  if (arrival.onlyRules && !arrival.onlyRules.includes(rule.arn)) return false;
  return rule.pattern?.matches(event) === true;
}

/** The event of an entry, or why the entry is refused. */
function toEvent(
  entry: Events.PutEventsRequestEntry,
  call: ServiceCall,
  now: number,
): EventEnvelope | { ErrorCode: string; ErrorMessage: string } {
  const { Source: source, DetailType: detailType, Detail, Resources: resources = [], Time } = entry;
  if (!source || !detailType || !Detail) {
    const missing = !source ? 'Source' : !detailType ? 'DetailType' : 'Detail';
    return {
      ErrorCode: 'InvalidArgument',
      ErrorMessage: `Parameter ${missing} is not valid. Reason: ${missing} is a required argument.`,
    };
  }
  if (source.startsWith('aws.')) {
    return {
      ErrorCode: 'NotAuthorizedForSourceException',
      ErrorMessage: 'Not authorized for the source.',
    };
  }
  const detail = jsonObject(Detail);
  if (!detail) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source,
    account: call.caller.accountId,
    time: eventTime(Time?.getTime() ?? now),
    region: call.region,
    resources,
    detail,
  };
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** EventBridge counts the UTF-8 bytes of source, type, detail and resources, and 14 for a time. */
const sizeOf = (entries: readonly Events.PutEventsRequestEntry[]): number =>
  entries.reduce((sum, { Source = '', DetailType = '', Detail = '', Resources = [], Time }) => {
    const texts = [Source, DetailType, Detail, ...Resources];
    return sum + (Time ? 14 : 0) + texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
  }, 0);
