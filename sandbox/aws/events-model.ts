/** What EventBridge keeps, and what its parts share. */
import { ResourceNotFoundException, type RuleState, type Target } from '@aws-sdk/client-eventbridge';
import type { Policy } from '../../core/policy/types.ts';
import { type ServiceCall, ServiceError } from '../cloud.ts';
import type { EventPattern } from './event-pattern.ts';
import { arnOf, given, pageOf, parseArn, Regional } from './regional.ts';

/** An event as rules match it and targets get it. */
export interface EventEnvelope {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601 in whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
  /** Only on events of a replay. */
  readonly 'replay-name'?: string;
}

/** When a rule fires by the clock. */
export interface Schedule {
  readonly expression: string;
  readonly milliseconds: number;
}

/** Has a pattern, a schedule, or both. */
export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly bus: Bus;
  readonly pattern?: EventPattern;
  readonly schedule?: Schedule;
  readonly state: RuleState;
  readonly description?: string;
  readonly targets: Map<string, Target & { Id: string; Arn: string }>;
}

export interface Bus {
  readonly name: string;
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  readonly description?: string;
  readonly createdAt: Date;
  /** The document as it was set, and as the evaluator reads it. */
  policy?: { readonly document: string; readonly parsed: Policy };
  readonly rules: Map<string, Rule>;
}

export interface Archive {
  readonly name: string;
  readonly arn: string;
  readonly bus: Bus;
  readonly pattern?: EventPattern;
  readonly description?: string;
  /** 0: for ever. */
  readonly retentionDays: number;
  readonly createdAt: Date;
  readonly events: { readonly event: EventEnvelope; readonly archivedAt: number; readonly bytes: number }[];
}

/** How an event came to a bus. */
export interface Arrival {
  /** From another bus: it goes on to no third one. */
  readonly forwarded: boolean;
  /** Of a replay to some rules alone. */
  readonly onlyRules?: readonly string[];
}

interface Region {
  readonly buses: Map<string, Bus>;
  readonly archives: Map<string, Archive>;
}

/** Buses and archives by account and region; the default bus is always there. */
export function createEventsStore(now: () => number) {
  const newBus = (name: string, accountId: string, region: string, description?: string): Bus => ({
    name,
    arn: arnOf('events', region, accountId, `event-bus/${name}`),
    accountId,
    region,
    ...(description !== undefined && { description }),
    createdAt: new Date(now()),
    rules: new Map(),
  });
  const regions = new Regional<Region>((accountId, region) => ({
    buses: new Map([['default', newBus('default', accountId, region)]]),
    archives: new Map(),
  }));

  /** By name or ARN, in the region of the call; another account's bus has to be named by its ARN. */
  function bus(nameOrArn: string | undefined, call: Pick<ServiceCall, 'caller' | 'region'>): Bus {
    const name = nameOrArn ?? 'default';
    const arn = parseArn(name);
    const accountId = arn?.accountId ?? call.caller.accountId;
    const found = regions
      .of(accountId, call.region)
      .buses.get(arn?.resource.replace('event-bus/', '') ?? name);
    if (!found || (arn && found.arn !== name)) throw notFound(`Event bus ${name}`);
    return found;
  }

  /** As {@link bus}, for what only the bus's own account may do. */
  function ownBus(nameOrArn: string | undefined, call: ServiceCall): Bus {
    const found = bus(nameOrArn, call);
    if (found.accountId !== call.caller.accountId) throw notFound(`Event bus ${nameOrArn}`);
    return found;
  }

  return { of: regions.of.bind(regions), bus, ownBus, newBus };
}

export type EventsStore = ReturnType<typeof createEventsStore>;

export const notFound = (what: string) =>
  new ResourceNotFoundException({ message: `${what} does not exist.`, $metadata: {} });

export const invalid = (message: string) => new ServiceError('ValidationException', message);

/** What the sandbox does not do is refused, not passed over. */
export function refuseMembers(input: object, names?: readonly string[]): void {
  const members = given(input, names);
  if (members.length > 0) throw invalid(`The sandbox does not support ${members.join(', ')} here.`);
}

/** One page under `field`, in EventBridge's form. */
export function eventsPage<Item>(
  field: string,
  items: readonly Item[],
  input: { Limit?: number | undefined; NextToken?: string | undefined },
): Record<string, unknown> {
  const page = pageOf(items, {
    limit: input.Limit,
    token: input.NextToken,
    refuse: () => invalid('The token provided is not valid.'),
  });
  return { [field]: page.items, ...(page.next && { NextToken: page.next }) };
}

/** EventBridge keeps whole seconds. */
export const eventTime = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
