/** Sweeps over an estate of many accounts, against the limits of the services: how long, how many calls, how large? */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DriftReason } from '../core/drift/reasons.ts';
import { type AccountId, executionArn } from '../core/ids.ts';
import {
  FUNCTION_NAMES,
  type FunctionName,
  ROLE_FUNCTION_NAMES,
  type RoleFunctionName,
} from '../core/naming.ts';
import type { SweepReport } from '../core/sweep.ts';
import { dispatchRoleEvent } from '../lambdas/dispatch-role-event/handler.ts';
import { enrolAccount } from '../lambdas/enrol-account/handler.ts';
import { finishSweep } from '../lambdas/finish-sweep/handler.ts';
import { listAccounts } from '../lambdas/list-accounts/handler.ts';
import { listApplications } from '../lambdas/list-applications/handler.ts';
import type { HandlerSettings } from '../lambdas/settings.ts';
import { sweepAccount } from '../lambdas/sweep-account/handler.ts';
import type { SweepSettings } from '../lambdas/sweep-settings.ts';
import { CapsSchema, SweepSchema } from '../lib/config/operations.ts';
import { DURATIONS } from '../lib/durations.ts';
import { parseDefinition } from '../sandbox/asl/parse-definition.ts';
import { runExecution } from '../sandbox/asl/run-execution.ts';
import { MAX_PAYLOAD } from '../sandbox/asl/template.ts';
import { named, never } from './calls.ts';
import {
  OPERATIONS,
  type Operation,
  type SweepItems,
  type SweepPorts,
  sweepPorts,
} from './clouds/sweep-ports.ts';
import { definitionText, functionArn, stateMachineArn } from './definitions.ts';
import { type Estate, estateOf } from './estate.ts';
import { Limits, limited } from './limits.ts';
import { Queue } from './queue.ts';
import { World } from './world.ts';

/** DynamoDB's, of an item. */
const MAX_ITEM = 400_000;
/** Longer than `driftAge`, and than any event is on its way. */
const SETTLED_MS = 2 * 3_600_000;
/** How often a sweep is looked at on its way: the rest of the garbage is collected for it. */
const LOOKS = 10;

const { everyHours, backfill, destructiveSteps } = SweepSchema.parse(undefined);
const EVERY_MS = everyHours * 3_600_000;

/** As the templates hand them over where the config says nothing. */
const SWEEP_SETTINGS = {
  wanted: undefined,
  backfill,
  removals: destructiveSteps,
  sweepSeconds: EVERY_MS / 1000,
  ageSeconds: DURATIONS.driftAge,
  owner: 'factory',
  partition: 'aws',
} as const satisfies SweepSettings & { partition: string };

type SweepFunction = Exclude<FunctionName, RoleFunctionName>;
type Settings = HandlerSettings & typeof SWEEP_SETTINGS;
type Handler = (input: never) => Promise<unknown>;
const FUNCTIONS: Readonly<Record<SweepFunction, (ports: SweepPorts, settings: Settings) => Handler>> = {
  'list-accounts': listAccounts,
  'enrol-account': enrolAccount,
  'list-applications': listApplications,
  'sweep-account': sweepAccount,
  'finish-sweep': finishSweep,
};
const SWEEP = parseDefinition(definitionText('sweep'));

export interface SweepFigures {
  /** Virtual seconds of the sweep, and until all that it started has ended. */
  readonly seconds: number;
  readonly secondsWithRuns: number;
  readonly findings: SweepReport['findings'];
  /** Runs that it started, removals among them. */
  readonly started: number;
  readonly removals: number;
  readonly failedAccounts: number;
  readonly heartbeatsMissing: number;
  /** Of the sweep's own functions: how often in all, on average for an account, and at most for one. */
  readonly calls: Readonly<
    Record<string, { readonly all: number; readonly mean: number; readonly most: number }>
  >;
  readonly callsOfSweep: number;
  /** With those of the runs that it started, and the events of the heartbeats. */
  readonly callsServed: number;
  readonly callsRefused: number;
  readonly invocations: number;
  /** Of the sweep's functions; the workflow tries them again. */
  readonly invocationsFailed: number;
  readonly longestInvocationSeconds: number;
  readonly peakFunctions: number;
  /** Bytes of the largest input or output of a function, and of the largest item in the ledger's table. */
  readonly largestPayload: number;
  readonly largestItem: number;
  /** Megabytes that live on the heap at most, the simulated clouds included. */
  readonly megabytes: number;
}

export interface SweepSimulation {
  /** Every account was swept, all that had drifted was put right and nothing else; the second sweep started nothing. */
  readonly holds: boolean;
  readonly accounts: number;
  readonly roles: number;
  /** What had gone wrong. */
  readonly drift: Estate['drift'];
  readonly first: SweepFigures;
  readonly second: SweepFigures;
  /** Megabytes that live on the heap: of the simulated clouds before the first sweep, and after the second. */
  readonly megabytesBefore: number;
  readonly megabytesAfter: number;
  /** Of the whole process, at most. */
  readonly megabytesResident: number;
}

/** Sweeps `accounts` accounts with `roles` roles each, lets all that it starts come to its end, and sweeps once more. */
export async function sweeps(
  tell: (line: string) => void = () => undefined,
  { accounts = 1000, roles = 90, seed = 1 } = {},
): Promise<SweepSimulation> {
  const world = new World({ seed, settings: { caps: CapsSchema.parse(undefined) } });
  const estate = await estateOf(world, { accounts, roles });
  await world.clock.pass(SETTLED_MS);
  const megabytesBefore = liveMegabytes();
  tell(`${accounts} accounts with ${roles} roles each: ${megabytesBefore} MB`);
  const first = await new Sweep(estate, 'first', tell).run();
  await world.clock.pass(EVERY_MS);
  const second = await new Sweep(estate, 'second', tell).run();
  const megabytesAfter = liveMegabytes();

  const { drift } = estate;
  const wrong = Object.values(drift).reduce((sum, times) => sum + times, 0);
  const left = accounts * roles - (drift['missed-deletion'] ?? 0);
  const ready = world.ledger.all().filter(({ phase }) => phase === 'ready').length;
  return {
    holds:
      isSound(first) &&
      isSound(second) &&
      Object.entries(drift).every(([reason, times]) => first.findings[reason as DriftReason] === times) &&
      first.started === wrong &&
      second.started === 0 &&
      world.engine.executions.every(({ outcome }) => outcome?.status === 'SUCCEEDED') &&
      ready === left &&
      world.directory.active().length === left,
    accounts,
    roles,
    drift,
    first,
    second,
    megabytesBefore,
    megabytesAfter,
    megabytesResident: Math.ceil(process.resourceUsage().maxRSS / 1024),
  };
}

const isSound = ({ failedAccounts, heartbeatsMissing, largestPayload, largestItem }: SweepFigures): boolean =>
  failedAccounts === 0 && heartbeatsMissing === 0 && largestPayload <= MAX_PAYLOAD && largestItem <= MAX_ITEM;

/** One sweep. Of what happens in it, only figures are kept. */
class Sweep {
  readonly #estate: Estate;
  readonly #name: string;
  readonly #tell: (line: string) => void;
  readonly #limits: Limits;
  readonly #queue: Queue;
  readonly #items: SweepItems = { findings: new Map(), largest: 0 };
  readonly #calls = new Map<Operation, Map<AccountId | undefined, number>>();
  #invocations = 0;
  #failed = 0;
  #longestMs = 0;
  #largestPayload = 0;
  #megabytes = 0;
  #lookedAt = 0;

  constructor(estate: Estate, name: string, tell: (line: string) => void) {
    const { world } = estate;
    this.#estate = estate;
    this.#name = name;
    this.#tell = tell;
    this.#limits = new Limits(world.clock, world.chance.fork(name));
    world.perform = limited(this.#limits);
    this.#queue = new Queue(world.clock, (batch) => this.#limits.run(() => this.#dispatch(batch)));
  }

  async run(): Promise<SweepFigures> {
    const { world } = this.#estate;
    const startedAt = world.clock.now();
    const seconds = () => Math.round((world.clock.now() - startedAt) / 1000);
    const machine = stateMachineArn('sweep');
    const outcome = await world.clock.run(
      runExecution({
        definition: SWEEP,
        input: {},
        context: {
          executionArn: executionArn(`${machine.replace(':stateMachine:', ':execution:')}:${this.#name}`),
          name: this.#name,
          startTime: new Date(startedAt).toISOString(),
          stateMachineArn: machine,
        },
        clock: world.clock,
        random: world.chance.fork(`${this.#name} engine`).next,
        invokeTask: (resource, input) => this.#task(resource, input),
      }),
    );
    if (outcome.status !== 'SUCCEEDED')
      throw new Error(`The ${this.#name} sweep: ${JSON.stringify(outcome)}`);
    const sweepSeconds = seconds();
    await world.quiet();
    await world.clock.run(Promise.all(this.#queue.deliveries));
    // What finish-sweep answers.
    return this.#figures(outcome.output as unknown as SweepReport, sweepSeconds, seconds());
  }

  /** What crosses the border to a function and back is JSON, and counts as a payload. */
  async #task(resource: string, input: unknown): Promise<unknown> {
    const name = SWEEP_FUNCTION_NAMES.find((candidate) => functionArn(candidate) === resource);
    if (!name) throw new Error(`No function ${resource}`);
    this.#invocations++;
    try {
      const output = await this.#limits.run(() => this.#invoke(name, this.#carried(input)));
      return this.#carried(output);
    } catch (error) {
      this.#failed++;
      throw error;
    }
  }

  #carried(value: unknown): unknown {
    const text = JSON.stringify(value);
    this.#largestPayload = Math.max(this.#largestPayload, Buffer.byteLength(text));
    return JSON.parse(text);
  }

  /** In a process of its own, for so long and no longer. */
  #invoke(name: SweepFunction, input: unknown): Promise<unknown> {
    const { world } = this.#estate;
    const { run } = input as { run?: { accountId: AccountId } };
    const startedAt = world.clock.now();
    let isOver = false;
    const ports = this.#portsOf(run?.accountId, () => isOver);
    const handler = FUNCTIONS[name](ports, { ...world.settings, ...SWEEP_SETTINGS });
    return new Promise((resolve, reject) => {
      const timeUp = world.clock.after(DURATIONS.functionTimeout * 1000, () =>
        end(() => reject(named('Sandbox.Timedout'))),
      );
      const end = (answer: () => void) => {
        isOver = true;
        timeUp();
        this.#longestMs = Math.max(this.#longestMs, world.clock.now() - startedAt);
        answer();
      };
      handler(input as never).then(
        (output) => {
          if (name === 'sweep-account') this.#look();
          end(() => resolve(output));
        },
        (error) => end(() => reject(error)),
      );
    });
  }

  #portsOf(accountId: AccountId | undefined, isOver: () => boolean): SweepPorts {
    const pass = async (operation: Operation) => {
      if (isOver()) return never();
      await this.#limits.call(OPERATIONS[operation], accountId);
      const ofAccount = this.#calls.get(operation) ?? new Map<AccountId | undefined, number>();
      this.#calls.set(operation, ofAccount.set(accountId, (ofAccount.get(accountId) ?? 0) + 1));
      if (isOver()) return never();
    };
    return sweepPorts(this.#estate, { items: this.#items, queue: this.#queue, pass });
  }

  /** The event of a heartbeat: the dispatcher notes it. */
  #dispatch(batch: object): Promise<unknown> {
    const { world } = this.#estate;
    const { records } = sweepPorts(this.#estate, {
      items: this.#items,
      queue: this.#queue,
      pass: (operation) => this.#limits.call(OPERATIONS[operation]),
    });
    const { ledger, engine: executions, telemetry, settings } = world;
    return dispatchRoleEvent({ ledger, executions, telemetry, records }, settings)(batch as never);
  }

  #look(): void {
    const { members } = this.#estate;
    const done = this.#items.findings.size;
    if (done - this.#lookedAt < members.length / LOOKS) return;
    this.#lookedAt = done;
    const megabytes = liveMegabytes();
    this.#megabytes = Math.max(this.#megabytes, megabytes);
    this.#tell(`${this.#name} sweep: ${done} of ${members.length} accounts, ${megabytes} MB`);
  }

  #figures(report: SweepReport, seconds: number, secondsWithRuns: number): SweepFigures {
    const calls = (Object.keys(OPERATIONS) as Operation[]).flatMap((operation) => {
      const times = [...(this.#calls.get(operation)?.values() ?? [])];
      const all = times.reduce((sum, one) => sum + one, 0);
      const mean = Math.round((all / report.accounts) * 100) / 100;
      return all === 0 ? [] : [[operation, { all, mean, most: Math.max(...times) }] as const];
    });
    return {
      seconds,
      secondsWithRuns,
      findings: report.findings,
      started: report.started,
      removals: report.removalsHeld ? 0 : report.removals,
      failedAccounts: report.failed.length,
      heartbeatsMissing: report.heartbeatMissing.length,
      calls: Object.fromEntries(calls),
      callsOfSweep: calls.reduce((sum, [, { all }]) => sum + all, 0),
      callsServed: this.#limits.calls,
      callsRefused: this.#limits.refused,
      invocations: this.#invocations,
      invocationsFailed: this.#failed,
      longestInvocationSeconds: Math.round(this.#longestMs / 1000),
      peakFunctions: this.#limits.peakFunctions,
      largestPayload: this.#largestPayload,
      largestItem: this.#items.largest,
      megabytes: this.#megabytes,
    };
  }
}

const isOfRoles = (name: FunctionName): name is RoleFunctionName =>
  ROLE_FUNCTION_NAMES.some((known) => known === name);
const SWEEP_FUNCTION_NAMES = FUNCTION_NAMES.filter((name): name is SweepFunction => !isOfRoles(name));

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** What is still in use on the heap once all that is not has been collected. */
function liveMegabytes(): number {
  collect();
  return Math.ceil(process.memoryUsage().heapUsed / 2 ** 20);
}

/** For people. */
export const sweepsText = (report: SweepSimulation): string =>
  [
    `Sweep: ${report.accounts} accounts with ${report.roles} roles each; drift: ${listed(report.drift)}`,
    ...figuresText('first', report.first),
    ...figuresText('second', report.second),
    `  memory: ${report.megabytesBefore} MB for the simulated clouds, ${report.first.megabytes} and ${report.second.megabytes} MB at most during the sweeps, ${report.megabytesAfter} MB afterwards; process ${report.megabytesResident} MB at most`,
    '  calls of the first sweep: all, for an account on average, for one account at most',
    ...Object.entries(report.first.calls).map(
      ([operation, { all, mean, most }]) => `    ${operation.padEnd(62)}${all}  ${mean}  ${most}`,
    ),
  ].join('\n');

const figuresText = (name: string, figures: SweepFigures): string[] => [
  `  ${name}: ${figures.seconds} s, with what it started ${figures.secondsWithRuns} s; ${figures.started} runs started, ${figures.removals} of them removals; findings: ${listed(figures.findings)}`,
  `    ${figures.callsOfSweep} calls of its own; with runs and heartbeats ${figures.callsServed} served, ${figures.callsRefused} refused`,
  `    ${figures.invocations} invocations, ${figures.invocationsFailed} failed; at most ${figures.peakFunctions} functions at once, ${figures.longestInvocationSeconds} s for one`,
  `    largest payload ${figures.largestPayload} bytes, largest item ${figures.largestItem} bytes`,
];

const listed = (counts: Readonly<Partial<Record<string, number>>>): string =>
  Object.entries(counts)
    .map(([what, times]) => `${what} ${times}`)
    .join(', ') || 'none';
