/** The limits of the services, and clients that live with them: who is refused waits, tries again, and gives up. */

import { type ErrorCode, FactoryError } from '../core/errors.ts';
import type { AccountId } from '../core/ids.ts';
import type { Clock } from '../lambdas/ports.ts';
import { type Call, named, type Perform } from './calls.ts';
import type { Chance } from './random.ts';

/**
 * Graph: of the smallest tenants, per application (3,500 resource units in 10 s, 3,000 writes in 150 s), in windows
 * that begin anew, so that who is refused waits for the next one. IAM publishes none: these are assumed, for each
 * account; Organizations' are assumed too, low, since others were refused at a few calls a second. STS, Step Functions
 * and Lambda: the default quotas of us-east-1.
 */
export const LIMITS = {
  graphUnits: { most: 3500, inMs: 10_000 },
  graphWrites: { most: 3000, inMs: 150_000 },
  iamReads: { most: 20, inMs: 1000 },
  iamWrites: { most: 5, inMs: 1000 },
  organizationReads: { most: 5, inMs: 1000 },
  assumeRole: { most: 600, inMs: 1000 },
  startExecution: { most: 300, inMs: 1000 },
  describeExecution: { most: 15, inMs: 1000 },
} as const;
const CONCURRENT_FUNCTIONS = 1000;

/** How long the clients try again by themselves: Graph's as the adapter is told to, the SDK's for three attempts. */
const PATIENCE_MS = { graph: 5000, aws: 1000 } as const;
/** What one call takes. */
const LATENCY_MS = { least: 30, most: 300 } as const;

type LimitName = keyof typeof LIMITS;

/** What a call takes, of which limits. */
export type Takes = Partial<Record<LimitName, number>>;

interface Limit {
  readonly most: number;
  readonly inMs: number;
}

/** So much in each window of time. */
class Window {
  readonly #limit: Limit;
  #window = Number.NaN;
  #used = 0;

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /** Zero: served. Otherwise how long it is until the next window, in milliseconds. */
  take(cost: number, now: number): number {
    const { most, inMs } = this.#limit;
    const window = Math.floor(now / inMs);
    if (window !== this.#window) {
      this.#window = window;
      this.#used = 0;
    }
    if (this.#used + cost > most) return (window + 1) * inMs - now;
    this.#used += cost;
    return 0;
  }
}

/** All services at their limits; counts what they serve and refuse, and keeps nothing of it. */
export class Limits {
  calls = 0;
  refused = 0;
  graphWrites = 0;
  peakFunctions = 0;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #windows = new Map<string, Window>();
  #functions = 0;

  constructor(clock: Clock, chance: Chance) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /**
   * Makes a call: waits where its client does, fails with Throttled where that gives up. `accountId`: whose IAM it
   * is. `onTry` hears of each attempt.
   */
  async call(takes: Takes, accountId?: AccountId, onTry: () => void = () => undefined): Promise<void> {
    await this.#clock.sleep(this.#chance.between(LATENCY_MS.least, LATENCY_MS.most));
    const isGraph = takes.graphUnits !== undefined;
    const deadline = this.#clock.now() + (isGraph ? PATIENCE_MS.graph : PATIENCE_MS.aws);
    for (;;) {
      const now = this.#clock.now();
      onTry();
      const wait = this.#take(takes, accountId, now);
      if (wait === 0) break;
      this.refused++;
      // Not all at the same moment: both clients add jitter.
      const pause = wait + this.#chance.next() * 200;
      if (now + pause > deadline) throw new FactoryError('Throttled' satisfies ErrorCode);
      await this.#clock.sleep(pause);
    }
    this.calls++;
    this.graphWrites += takes.graphWrites ?? 0;
  }

  /** Runs a function, if there is room for one more. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#functions >= CONCURRENT_FUNCTIONS) {
      this.refused++;
      throw named('Lambda.TooManyRequestsException');
    }
    this.#functions++;
    this.peakFunctions = Math.max(this.peakFunctions, this.#functions);
    try {
      return await work();
    } finally {
      this.#functions--;
    }
  }

  #take(takes: Takes, accountId: AccountId | undefined, now: number): number {
    for (const [name, cost] of Object.entries(takes) as [LimitName, number][]) {
      const key = name.startsWith('iam') ? `${name} ${accountId}` : name;
      const window = this.#windows.get(key) ?? new Window(LIMITS[name]);
      this.#windows.set(key, window);
      const wait = window.take(cost, now);
      if (wait > 0) return wait;
    }
    return 0;
  }
}

/** Resource units of a method of the directory; the full view of an application takes two requests. */
const GRAPH_UNITS: Readonly<Record<string, number>> = { 'directory.application': 3 };
const GRAPH_WRITE = /^directory\.(create|set|delete|purge)/;
const MEMBER_CALL = /^(inspect|provider|trust)\./;
const IAM_WRITE = /\.(tagRole|updateTrustPolicy|addAudience|removeAudience)$/;

/** What a call of the two workflows of roles takes. */
function takesOf({ name }: Call): Takes {
  if (name.startsWith('directory.')) {
    return { graphUnits: GRAPH_UNITS[name] ?? 1, ...(GRAPH_WRITE.test(name) && { graphWrites: 1 }) };
  }
  if (name.startsWith('accounts.')) return { assumeRole: 1 };
  if (name === 'executions.start' || name === 'states.startExecution') return { startExecution: 1 };
  if (name.startsWith('executions.')) return { describeExecution: 1 };
  if (MEMBER_CALL.test(name)) return IAM_WRITE.test(name) ? { iamWrites: 1 } : { iamReads: 1 };
  // DynamoDB, on demand.
  return {};
}

/** How the calls of a world take effect within the limits; each attempt in a member account is told of. */
export const limited =
  (limits: Limits, onTry: (member: AccountId) => void = () => undefined): Perform =>
  async (call, effect) => {
    if (call.name === 'lambda.invoke') return limits.run(effect);
    const member = call.execution?.run.accountId;
    await limits.call(takesOf(call), member, () => {
      if (member !== undefined && MEMBER_CALL.test(call.name)) onTry(member);
    });
    return effect();
  };
