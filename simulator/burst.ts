/** Many roles at once, against the limits of the services: does everything complete, and at what cost? */

import { type ErrorCode, FactoryError } from '../core/errors.ts';
import { type AccountId, accountId } from '../core/ids.ts';
import type { Call, Perform } from './calls.ts';
import { named } from './calls.ts';
import { trustPolicyOf } from './trust-policies.ts';
import { World } from './world.ts';

/**
 * Graph: of the smallest tenants, per application (3,500 resource units in 10 s, 3,000 writes in 150 s), in windows
 * that begin anew, so that who is refused waits for the next one. IAM publishes none: these are assumed, for each
 * account. STS, Step Functions and Lambda: the default quotas of us-east-1.
 */
export const LIMITS = {
  graphUnits: { most: 3500, inMs: 10_000 },
  graphWrites: { most: 3000, inMs: 150_000 },
  iamReads: { most: 20, inMs: 1000 },
  iamWrites: { most: 5, inMs: 1000 },
  assumeRole: { most: 600, inMs: 1000 },
  startExecution: { most: 300, inMs: 1000 },
  describeExecution: { most: 15, inMs: 1000 },
  concurrentFunctions: 1000,
} as const;

/** How long the clients try again by themselves: Graph's as the adapter is told to, the SDK's for three attempts. */
const PATIENCE_MS = { graph: 5000, aws: 1000 } as const;
/** Attempts of one step: the first one, and as many as the definitions retry. */
const MAX_ATTEMPTS = 25;
/** What one call takes. */
const LATENCY_MS = { least: 30, most: 300 } as const;

export interface BurstReport {
  /** Everything completed, within the retry budget, and no account took more than its share. */
  readonly holds: boolean;
  readonly roles: number;
  readonly accounts: number;
  readonly ready: number;
  /** Virtual seconds until half of them, and all, were ready. */
  readonly medianSeconds: number;
  readonly seconds: number;
  /** Calls that services served, and that they refused. */
  readonly calls: number;
  readonly refused: number;
  readonly graphWrites: number;
  /** Invocations beyond the first of a step; and the most of one step. */
  readonly retries: number;
  readonly mostAttempts: number;
  readonly peakFunctions: number;
  readonly peakExecutions: number;
  /** Calls of the account with the most, as a multiple of the mean. */
  readonly greatestShare: number;
  readonly deadLetters: number;
  readonly violations: number;
}

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

/** Resource units of a method of the directory; the full view of an application takes two requests. */
const GRAPH_UNITS: Readonly<Record<string, number>> = { 'directory.application': 3 };
const GRAPH_WRITE = /^directory\.(create|set|delete|purge)/;
const IAM_WRITE = /\.(tagRole|updateTrustPolicy|addAudience|removeAudience)$/;

/** Creates `roles` roles evenly over `accounts` accounts within a minute. */
export async function burst(
  tell: (line: string) => void = () => undefined,
  { roles = 5000, accounts = 500, seed = 1 } = {},
): Promise<BurstReport> {
  const world = new World({ seed });
  const limiter = new Limiter(world);
  world.perform = limiter.perform;
  const members = Array.from({ length: accounts }, (_, index) => accountId(String(100_000_000_000 + index)));
  const startedAt = world.clock.now();
  for (const member of members) {
    world.accounts.createProvider(member, world.settings.issuer.url, world.settings.placeholders);
  }
  for (let index = 0; index < roles; index++) {
    const member = members[index % accounts] as AccountId;
    const trustPolicy = trustPolicyOf('placeholder', member, world.settings.issuer, {});
    world.clock.after((index / roles) * 60_000, () => {
      world.create({ accountId: member, roleName: `role-${Math.floor(index / accounts)}`, trustPolicy });
    });
  }
  await world.clock.pass(60_000);
  for (let ended = -1; ended !== world.engine.executions.length; ) {
    ended = world.engine.executions.length;
    tell(`${ended} executions at ${Math.round((world.clock.now() - startedAt) / 1000)} s`);
    await world.quiet();
  }

  const readyAt = world.engine.executions
    .filter(({ outcome }) => outcome?.status === 'SUCCEEDED')
    .map(({ endedAt }) => (endedAt - startedAt) / 1000)
    .sort((one, other) => one - other);
  const ready = world.ledger.all().filter(({ phase }) => phase === 'ready').length;
  const shares = members.map((member) => limiter.ofAccount.get(member) ?? 0);
  const mean = shares.reduce((sum, share) => sum + share, 0) / accounts;
  const mostAttempts = Math.max(...limiter.attempts.values());
  const greatestShare = Math.max(...shares) / mean;
  const deadLetters = world.queue.deadLetters.length;
  const violations = roles - ready + world.directory.active().length - roles;
  return {
    holds:
      ready === roles &&
      deadLetters === 0 &&
      mostAttempts <= MAX_ATTEMPTS &&
      greatestShare <= 2 &&
      violations === 0,
    roles,
    accounts,
    ready,
    medianSeconds: Math.round(readyAt[Math.floor(readyAt.length / 2)] ?? 0),
    seconds: Math.round(readyAt.at(-1) ?? 0),
    calls: limiter.calls,
    refused: limiter.refused,
    graphWrites: limiter.graphWrites,
    retries: [...limiter.attempts.values()].reduce((sum, attempts) => sum + attempts - 1, 0),
    mostAttempts,
    peakFunctions: limiter.peakFunctions,
    peakExecutions: peakOf(world),
    greatestShare: Math.round(greatestShare * 100) / 100,
    deadLetters,
    violations,
  };
}

class Limiter {
  calls = 0;
  refused = 0;
  graphWrites = 0;
  peakFunctions = 0;
  readonly attempts = new Map<string, number>();
  readonly ofAccount = new Map<AccountId, number>();
  readonly #world: World;
  readonly #chance: World['chance'];
  readonly #graphUnits = new Window(LIMITS.graphUnits);
  readonly #graphWrites = new Window(LIMITS.graphWrites);
  readonly #assumeRole = new Window(LIMITS.assumeRole);
  readonly #startExecution = new Window(LIMITS.startExecution);
  readonly #describeExecution = new Window(LIMITS.describeExecution);
  readonly #iam = new Map<string, Window>();
  #functions = 0;

  constructor(world: World) {
    this.#world = world;
    this.#chance = world.chance.fork('burst');
  }

  perform: Perform = async (call, effect) => {
    if (call.name === 'lambda.invoke') return this.#invoke(call, effect);
    await this.#world.clock.sleep(this.#chance.between(LATENCY_MS.least, LATENCY_MS.most));
    await this.#admit(call);
    this.calls++;
    return effect();
  };

  async #invoke(call: Call, effect: () => Promise<unknown>): Promise<unknown> {
    if (call.execution) {
      const step = `${call.execution.name} ${call.by}`;
      this.attempts.set(step, (this.attempts.get(step) ?? 0) + 1);
    }
    if (this.#functions >= LIMITS.concurrentFunctions) {
      this.refused++;
      throw named('Lambda.TooManyRequestsException');
    }
    this.#functions++;
    this.peakFunctions = Math.max(this.peakFunctions, this.#functions);
    try {
      return await effect();
    } finally {
      this.#functions--;
    }
  }

  /** Waits where the client does; Throttled where it gives up. */
  async #admit(call: Call): Promise<void> {
    const isGraph = call.name.startsWith('directory.');
    const deadline = this.#world.clock.now() + (isGraph ? PATIENCE_MS.graph : PATIENCE_MS.aws);
    const member = call.execution?.run.accountId;
    for (;;) {
      const now = this.#world.clock.now();
      if (member && /^(inspect|provider|trust)\./.test(call.name)) {
        this.ofAccount.set(member, (this.ofAccount.get(member) ?? 0) + 1);
      }
      const wait = isGraph ? this.#graph(call, now) : this.#aws(call, member, now);
      if (wait === 0) return;
      this.refused++;
      // Not all at the same moment: both clients add jitter.
      const pause = wait + this.#chance.next() * 200;
      if (now + pause > deadline) throw new FactoryError('Throttled' satisfies ErrorCode);
      await this.#world.clock.sleep(pause);
    }
  }

  #graph({ name }: Call, now: number): number {
    const wait = this.#graphUnits.take(GRAPH_UNITS[name] ?? 1, now);
    if (wait > 0 || !GRAPH_WRITE.test(name)) return wait;
    const turn = this.#graphWrites.take(1, now);
    if (turn === 0) this.graphWrites++;
    return turn;
  }

  #aws({ name }: Call, member: AccountId | undefined, now: number): number {
    if (name.startsWith('accounts.')) return this.#assumeRole.take(1, now);
    if (name === 'executions.start') return this.#startExecution.take(1, now);
    if (name.startsWith('executions.')) return this.#describeExecution.take(1, now);
    if (name.startsWith('ledger.')) return 0;
    const isWrite = IAM_WRITE.test(name);
    const key = `${member} ${isWrite}`;
    const window = this.#iam.get(key) ?? new Window(isWrite ? LIMITS.iamWrites : LIMITS.iamReads);
    this.#iam.set(key, window);
    return window.take(1, now);
  }
}

/** The most executions that ran at one moment. */
function peakOf({ engine }: World): number {
  const changes = engine.executions
    .flatMap(({ startedAt, endedAt }) => [
      { at: startedAt, by: 1 },
      { at: endedAt, by: -1 },
    ])
    .sort((one, other) => one.at - other.at || one.by - other.by);
  let running = 0;
  return changes.reduce((peak, { by }) => {
    running += by;
    return Math.max(peak, running);
  }, 0);
}

/** For people. */
export const burstText = (report: BurstReport): string =>
  [
    `Burst: ${report.ready} of ${report.roles} roles in ${report.accounts} accounts ready, half after ${report.medianSeconds} s, all after ${report.seconds} s`,
    `  ${report.calls} calls served (${report.graphWrites} writes to Graph), ${report.refused} refused`,
    `  ${report.retries} retries; at most ${report.mostAttempts} of ${MAX_ATTEMPTS} attempts of one step; ${report.deadLetters} dead letters`,
    `  at most ${report.peakFunctions} functions and ${report.peakExecutions} executions at once; the busiest account took ${report.greatestShare} times the mean`,
  ].join('\n');
