import { retryName } from '../core/dispatch.ts';
import { roleName } from '../core/ids.ts';
import { entraIssuer } from '../core/issuer.ts';
import type { RoleFunctionName } from '../core/naming.ts';
import type { Ports } from '../lambdas/ports.ts';
import type { HandlerSettings } from '../lambdas/settings.ts';
import { Actors } from './actors.ts';
import { judgeAtRest } from './at-rest.ts';
import { Chronicle } from './chronicle.ts';
import { everybodyWaits } from './clouds/memory-clock.ts';
import type { Definitions } from './definitions.ts';
import type { Execution } from './engine.ts';
import { Faults } from './faults.ts';
import { Safety } from './safety.ts';
import { type Action, endsWell, type Schedule } from './schedule.ts';
import { TENANT } from './settings.ts';
import type { CallSite, FaultKind } from './sites.ts';
import type { Violation } from './violation.ts';
import { World } from './world.ts';

/** What a run is broken by on purpose. */
export interface Mutation {
  readonly settings?: Partial<HandlerSettings>;
  readonly definitions?: Definitions;
  readonly wrap?: (ports: Ports, by: RoleFunctionName) => Ports;
  readonly change?: (world: World) => void;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly outcomes: readonly string[];
  readonly reached: ReadonlyMap<CallSite, number>;
  readonly met: readonly { readonly site: CallSite; readonly kind: FaultKind }[];
  /** Calls of functions, in order. */
  readonly calls: readonly CallSite[];
  readonly unhealed: number;
  readonly drifted: number;
  readonly virtualMs: number;
}

/** An operator notices a stopped execution and runs its event again. */
const REDRIVE_MS = 900_000;
const DAY_MS = 86_400_000;
/** Executions have pauses of hours in sum; whoever is not done after so many moments never will be. */
const MAX_MOMENTS = 200_000;

/** Plays a schedule on the real handlers and definitions, and judges it. The same schedule gives the same verdict. */
export async function run(schedule: Schedule, mutation: Mutation = {}): Promise<Verdict> {
  const world = new World({
    seed: schedule.seed,
    settings: {
      issuer: entraIssuer({ cloud: 'public', tenantId: TENANT, tokenVersion: schedule.tokenVersion }),
      deletion: schedule.deletion,
      ...mutation.settings,
    },
    ...(mutation.definitions ? { definitions: mutation.definitions } : {}),
    ...(mutation.wrap ? { wrap: mutation.wrap } : {}),
  });
  mutation.change?.(world);
  const { weather } = schedule;
  world.deliveryMs = weather.deliveryMs;
  world.directory.replicationMs = weather.directoryMs;
  world.directory.listReplicationMs = weather.listMs;

  // What exists from the start has long been known everywhere.
  world.clock.after(DAY_MS, () => undefined);
  world.clock.step();
  const startedAt = world.clock.now();
  const chronicle = new Chronicle();
  const safety = new Safety(world, chronicle);
  world.watcher = safety;
  world.route = (index) => routeOf(schedule, world, chronicle, index);
  const faults = new Faults(schedule.faults, {
    clock: world.clock,
    chance: world.chance.fork('latency'),
    weather,
    onAbort: (execution) => {
      world.clock.after(REDRIVE_MS, () => runAgain(world, execution));
    },
  });
  world.perform = faults.perform;

  const isOver = await play(world, chronicle, schedule.actions);
  safety.finish();
  for (const { role } of world.accounts.roles()) {
    if (chronicle.writtenFor(role.roleId).at(-1) === role.trustPolicy) {
      safety.checkEntrances(role.roleId, role.trustPolicy);
    }
  }
  const atRest = judgeAtRest(world, chronicle, endsWell(schedule));
  const atMs = world.clock.now() - startedAt;
  return {
    violations: [
      ...safety.violations,
      ...(isOver ? [] : [{ invariant: 7, what: 'it does not come to rest', atMs } as const]),
      ...atRest.violations.map((violation) => ({ ...violation, atMs })),
    ],
    outcomes: world.engine.executions.map(outcomeOf),
    reached: faults.reached,
    met: faults.met,
    calls: world.calls.map(({ site }) => site),
    unhealed: atRest.unhealed,
    drifted: atRest.drifted,
    virtualMs: atMs,
  };
}

/** Lets actors act and time pass until nothing happens any more; false where that takes too long. */
async function play(world: World, chronicle: Chronicle, actions: readonly Action[]): Promise<boolean> {
  const actors = new Actors(world, chronicle);
  const atCalls: Action[] = [];
  for (const action of actions) {
    const { when } = action;
    if ('ms' in when) world.clock.after(when.ms, () => actors.act(action));
    else atCalls.push(action);
  }
  atCalls.sort((one, other) => callOf(one) - callOf(other));
  world.hooks.push((call, moment) => {
    if (moment === 'after') return;
    for (let next = atCalls[0]; next && isDue(next, call.index); next = atCalls[0]) {
      atCalls.shift();
      actors.act(next);
    }
  });
  for (let moments = 0; moments < MAX_MOMENTS; moments++) {
    await everybodyWaits();
    if (world.clock.step()) continue;
    const next = atCalls.shift();
    if (!next) return true;
    actors.act(next);
  }
  return false;
}

const callOf = ({ when }: Action): number => ('call' in when ? when.call : Number.POSITIVE_INFINITY);
const isDue = (action: Action, index: number): boolean => callOf(action) <= index;

/** As long as the schedule says nothing of an event, it arrives once. */
function routeOf(schedule: Schedule, world: World, chronicle: Chronicle, index: number): readonly number[] {
  const delivery = schedule.deliveries.find(({ event }) => event === index);
  if (delivery?.afterMs.length === 0) {
    const { account, detail } = world.events[index] as World['events'][number];
    const { roleName: name } = detail.requestParameters as { roleName: string };
    chronicle.story({ accountId: account, name: roleName(name) }).isUntold = true;
  }
  return delivery?.afterMs ?? [schedule.weather.deliveryMs];
}

/** As `retry` and a redrive do: its event comes again; a removal that a create started has none, and starts again. */
function runAgain(world: World, execution: Execution): void {
  const { run: input, workflow, name } = execution;
  const event = world.events.findLast(({ detail }) => detail.eventID === input.eventId);
  const [removal] = /^.*-gone/.exec(name) ?? [];
  if (event && !removal) {
    world.queue.send(event, 0);
    return;
  }
  for (let retry = 1; retry < 10; retry++) {
    const candidate = retryName(removal ?? name, retry);
    const isTaken = world.engine.executions.some(
      (other) => other.workflow === workflow && other.name === candidate,
    );
    if (isTaken) continue;
    world.engine.start(workflow, candidate, input);
    return;
  }
}

function outcomeOf({ workflow, outcome }: Execution): string {
  if (outcome?.status === 'FAILED') return `${workflow}: ${outcome.error}`;
  const output = outcome?.status === 'SUCCEEDED' ? outcome.output : undefined;
  const ended = (output as { outcome?: string; decision?: string } | undefined) ?? {};
  return `${workflow}: ${ended.outcome ?? ended.decision ?? outcome?.status ?? 'RUNNING'}`;
}
