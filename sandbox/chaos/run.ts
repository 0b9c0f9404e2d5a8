/** A run of chaos: a factory under faults, brought to rest, judged by what the clouds themselves say. */
import { connect } from '../clients.ts';
import type { Sandbox, StartOptions } from '../start.ts';
import { chance } from './chance.ts';
import { liveStories } from './developers.ts';
import { Estate } from './estate.ts';
import { Executions } from './executions.ts';
import { CallLog, injectFaults, injectOutage, STALENESS_SECONDS } from './faults.ts';
import { type Foreigners, placeholderOf, settleForeigners, termsOf } from './foreigners.ts';
import { judge } from './judge.ts';
import { Monkey } from './monkey.ts';
import { Operator } from './operator.ts';
import { recover } from './recovery.ts';
import { type ChaosReport, reportOf } from './report.ts';
import { type Story, writeScript } from './script.ts';
import { Trail } from './trail.ts';
import { Watch } from './watch.ts';

export interface ChaosOptions {
  readonly roles: number;
  readonly seed: number;
  readonly timeScale: number;
}

export interface Chaos {
  /** What the sandbox is to be started with. */
  readonly starting: Required<Pick<StartOptions, 'random' | 'objectsPerCreator' | 'onCloudTrailRecord'>>;
  /** Runs on that sandbox, once. `progress` is told a line now and then. */
  run(sandbox: Sandbox, progress: (line: string) => void): Promise<ChaosReport>;
}

/** Executions under way beyond which developers hold on: two cores serve no more. */
const BUSY = 45;
/** Seconds of the product's time for which a function may still write after it has read. */
const FUNCTION_SECONDS = 60;
const PROGRESS_MS = 10_000;
const POLL_MS = 500;

export function createChaos(options: ChaosOptions): Chaos {
  const { seed, timeScale } = options;
  let trail: Trail | undefined;
  return {
    starting: {
      random: chance(seed, 'faults').next,
      // Two for each incarnation, soft-deleted ones included: a tenant that has raised the quota.
      objectsPerCreator: 1000 + 20 * options.roles,
      onCloudTrailRecord: (record, deliver) => {
        if (trail) trail.take(record, deliver);
        else deliver();
      },
    },
    async run(sandbox, progress) {
      const clients = connect(sandbox.ready);
      const foreigners = await settleForeigners(sandbox, clients);
      const estate = new Estate({
        providerArnOf: (accountId) =>
          clients.members.find((member) => member.accountId === accountId)?.providerArn ?? '',
        foreignAudiences: foreigners.audiences,
        windowMs: (FUNCTION_SECONDS + STALENESS_SECONDS) * 1000 * timeScale + 2_000,
        now: Date.now,
      });
      trail = new Trail({
        draw: chance(seed, 'events'),
        timeScale,
        onRecord: (record) => estate.observe(record),
      });
      try {
        return await play({ ...options, sandbox, clients, foreigners, estate, trail }, progress);
      } finally {
        trail.close();
      }
    },
  };
}

interface Stage extends ChaosOptions {
  readonly sandbox: Sandbox;
  readonly clients: ReturnType<typeof connect>;
  readonly foreigners: Foreigners;
  readonly estate: Estate;
  readonly trail: Trail;
}

async function play(stage: Stage, progress: (line: string) => void): Promise<ChaosReport> {
  const { sandbox, clients, foreigners, estate, trail, roles, seed, timeScale } = stage;
  const stories = writeScript({ roles, members: clients.members.length, seed });
  const steps = stories.reduce((sum, story) => sum + story.steps.length, 0);
  const began = performance.now();
  const executions = new Executions(clients.states);
  const operator = new Operator({
    ready: sandbox.ready,
    executions,
    deliveriesWaiting: () => trail.waiting,
    timeScale,
  });
  const observers = { clients, executions, operator };
  const log = new CallLog(sandbox.recorder);
  const draw = chance(seed, 'monkey');
  const monkey = new Monkey({ sandbox, members: clients.members, executions, operator, trail, draw });
  const watch = new Watch({ clients, estate, draw: chance(seed, 'watch'), foreign: foreigners });

  let [what, running] = ['the script begins', 0];
  const seconds = () => (performance.now() - began) / 1000;
  const say = () => progress(`${seconds().toFixed(0).padStart(5)} s  ${what}, ${running} executions run`);
  const begin = (phase: string): void => {
    what = phase;
    say();
  };
  const counted = (count: number): void => {
    running = count;
  };
  const timers = [
    setInterval(say, PROGRESS_MS),
    setInterval(() => {
      log.catchUp();
      // What is missed now is counted the next time.
      executions.running().then(
        (arns) => counted(arns.length),
        () => {},
      );
    }, POLL_MS),
  ];
  try {
    for (const { roleName } of outages(stories)) injectOutage(sandbox.recorder, roleName);
    injectFaults(sandbox.recorder, sandbox.world.factoryAppId);
    monkey.start();
    watch.start();
    try {
      await liveStories(
        {
          stories,
          members: clients.members,
          termsOf: termsOf(placeholderOf(sandbox), foreigners),
          estate,
          draw: chance(seed, 'developers'),
          timeScale,
          isBusy: () => running > BUSY,
        },
        (done) => {
          what = `step ${done} of ${steps}`;
        },
      );
    } finally {
      await monkey.end();
      sandbox.recorder.clearFaults();
      trail.calm();
    }
    begin('the faults are over');
    await operator.rest(counted);
    begin('an operator runs again what failed');
    const recovery = await recover({
      observers,
      estate,
      trail,
      factoryAppId: sandbox.world.factoryAppId,
      rest: () => operator.rest(counted),
    });
    await watch.end();
    begin('all is judged');
    const { census, entriesTried, violations } = await judge({ sandbox, observers, estate, foreigners });
    log.catchUp();
    return reportOf({
      options: stage,
      seconds: seconds(),
      ...{ estate, trail, log, monkey, operator, recovery, census, entriesTried },
      looks: watch.looks,
      violations: [...estate.violations, ...watch.violations, ...recovery.violations, ...violations],
    });
  } finally {
    for (const timer of timers) clearInterval(timer);
    await watch.end();
  }
}

/** Those whose executions cannot be started: the first to come of each hundred. */
const outages = (stories: readonly Story[]): Story[] =>
  stories
    .toSorted((a, b) => (a.steps[0]?.at ?? 0) - (b.steps[0]?.at ?? 0))
    .slice(0, Math.floor(stories.length / 100));
