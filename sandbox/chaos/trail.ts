/** CloudTrail under chaos: role events come late, twice and out of order; none is lost. */
import type { CloudTrailRecord } from '../aws/cloudtrail.ts';
import type { Chance } from './chance.ts';
import { isByFactory } from './estate.ts';

export interface RoleEvent {
  readonly eventId: string;
  /** ISO 8601, whole seconds. */
  readonly eventTime: string;
}

export interface TrailCounts {
  events: number;
  delayed: number;
  duplicated: number;
  /** Delivered again because an operator had stopped their execution. */
  redelivered: number;
}

interface TrailOptions {
  readonly draw: Chance;
  /** What a second of the product's time takes in reality. */
  readonly timeScale: number;
  /** Told of every record at once, before it is delivered. */
  readonly onRecord: (record: CloudTrailRecord) => void;
}

/** What the members' rules may forward, of what developers do to a role. */
const ROLE_EVENT = /^((Create|Delete|Tag|Untag)Role|UpdateAssumeRolePolicy)$/;

/** Seconds of the product's time. CloudTrail promises minutes; most events come within one. */
const SHORT_DELAY = 20;
const LONG_DELAY = 400;

export class Trail {
  readonly counts: TrailCounts = { events: 0, delayed: 0, duplicated: 0, redelivered: 0 };
  readonly #options: TrailOptions;
  readonly #deliveries = new Map<string, () => void>();
  readonly #events = new Map<string, RoleEvent[]>();
  readonly #waiting = new Map<NodeJS.Timeout, () => void>();
  #isCalm = false;

  constructor(options: TrailOptions) {
    this.#options = options;
  }

  /** Takes a record, as the sandbox's `onCloudTrailRecord`. */
  readonly take = (record: CloudTrailRecord, deliver: () => void): void => {
    this.#options.onRecord(record);
    const { roleName } = (record.requestParameters ?? {}) as { readonly roleName?: string };
    const isForFactory =
      ROLE_EVENT.test(record.eventName) && record.errorCode === undefined && !isByFactory(record);
    if (!isForFactory || roleName === undefined) {
      deliver();
      return;
    }
    this.counts.events += 1;
    this.#deliveries.set(record.eventID, deliver);
    const key = keyOf(record.recipientAccountId, roleName);
    const { eventID: eventId, eventTime } = record;
    this.#events.set(key, [...(this.#events.get(key) ?? []), { eventId, eventTime }]);
    if (this.#isCalm) this.#later(0, deliver);
    else this.#disturb(deliver);
  };

  #disturb(deliver: () => void): void {
    const { draw } = this.#options;
    const late = draw.next();
    const delay =
      late < 0.08 ? draw.between(SHORT_DELAY, LONG_DELAY) : late < 0.35 ? draw.between(0, SHORT_DELAY) : 0;
    if (delay > 0) this.counts.delayed += 1;
    this.#later(delay, deliver);
    if (!draw.happens(0.15)) return;
    this.counts.duplicated += 1;
    this.#later(delay + draw.between(0, SHORT_DELAY), deliver);
  }

  #later(seconds: number, deliver: () => void): void {
    const timer = setTimeout(
      () => {
        this.#waiting.delete(timer);
        deliver();
      },
      seconds * 1000 * this.#options.timeScale,
    );
    this.#waiting.set(timer, deliver);
  }

  /** Delivers an event once more; CloudTrail may. */
  redeliver(eventId: string): void {
    const deliver = this.#deliveries.get(eventId);
    if (!deliver) return;
    this.counts.redelivered += 1;
    deliver();
  }

  /** The events about a role name, oldest first. */
  eventsOf(accountId: string, roleName: string): readonly RoleEvent[] {
    return this.#events.get(keyOf(accountId, roleName)) ?? [];
  }

  /** From now on events come at once and once. What is late by now comes in one burst, as after an outage. */
  calm(): void {
    this.#isCalm = true;
    const late = [...this.#waiting.values()];
    this.close();
    for (const deliver of late) deliver();
  }

  /** How many deliveries are still to come. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** What has not come by now never comes. */
  close(): void {
    for (const timer of this.#waiting.keys()) clearTimeout(timer);
    this.#waiting.clear();
  }
}

const keyOf = (accountId: string, roleName: string): string => `${accountId}#${roleName.toLowerCase()}`;
