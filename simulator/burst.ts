/** Many roles at once, against the limits of the services: does everything complete, and at what cost? */

import { type AccountId, accountId } from '../core/ids.ts';
import { Limits, limited } from './limits.ts';
import { trustPolicyOf } from './trust-policies.ts';
import { World } from './world.ts';

/** Attempts of one step: the first one, and as many as the definitions retry. */
const MAX_ATTEMPTS = 25;

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

/** Creates `roles` roles evenly over `accounts` accounts within a minute. */
export async function burst(
  tell: (line: string) => void = () => undefined,
  { roles = 5000, accounts = 500, seed = 1 } = {},
): Promise<BurstReport> {
  const world = new World({ seed });
  const limits = new Limits(world.clock, world.chance.fork('burst'));
  const ofAccount = new Map<AccountId, number>();
  const attempts = new Map<string, number>();
  const perform = limited(limits, (member) => ofAccount.set(member, (ofAccount.get(member) ?? 0) + 1));
  world.perform = (call, effect, behind) => {
    if (call.name === 'lambda.invoke' && call.execution) {
      const step = `${call.execution.name} ${call.by}`;
      attempts.set(step, (attempts.get(step) ?? 0) + 1);
    }
    return perform(call, effect, behind);
  };
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
  const shares = members.map((member) => ofAccount.get(member) ?? 0);
  const mean = shares.reduce((sum, share) => sum + share, 0) / accounts;
  const mostAttempts = Math.max(...attempts.values());
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
    calls: limits.calls,
    refused: limits.refused,
    graphWrites: limits.graphWrites,
    retries: [...attempts.values()].reduce((sum, times) => sum + times - 1, 0),
    mostAttempts,
    peakFunctions: limits.peakFunctions,
    peakExecutions: peakOf(world),
    greatestShare: Math.round(greatestShare * 100) / 100,
    deadLetters,
    violations,
  };
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
