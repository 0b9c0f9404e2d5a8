import { type BurstReport, burst, burstText } from './burst.ts';
import { interleavings, MAIN_PATHS, OTHER_PATHS, pairsOfFaults, singleFaults } from './exhaustive.ts';
import { onAllCores } from './pool.ts';
import type { Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';
import { CALL_SITES, faultKindsOf } from './sites.ts';
import { type SweepSimulation, sweeps, sweepsText } from './sweep.ts';
import { byKind, coverageTable, type Finding, type Tally, uncovered } from './tally.ts';
import { INVARIANTS, type Violation } from './violation.ts';
import type { Work } from './worker.ts';

export interface SimulationOptions {
  readonly runs: number;
  readonly seed: number;
  readonly exhaustive: boolean;
  readonly burst: boolean;
  readonly sweep: boolean;
}

/** A violation with the smallest schedule that shows it. */
export interface Reproduction {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly shrunk: Schedule;
}

export interface SimulationReport {
  readonly tally: Tally;
  readonly json: {
    readonly runs: number;
    /** Runs that violated something. */
    readonly violations: number;
    readonly findings: readonly Reproduction[];
    readonly seed: number;
    readonly seconds: number;
    readonly calls: number;
    readonly virtualYears: number;
    readonly faults: Readonly<Record<string, number>>;
    readonly outcomes: Readonly<Record<string, number>>;
    readonly coverage: {
      readonly possible: number;
      readonly met: number;
      readonly missing: readonly string[];
    };
    readonly unhealed: number;
    readonly drifted: number;
    readonly burst?: BurstReport;
    readonly sweep?: SweepSimulation;
  };
}

const PIECE = 100;
const MAX_REPRODUCTIONS = 5;
const YEAR_MS = 365.25 * 86_400_000;

/** Runs what the options ask for, on all cores; `tell` hears of the progress. */
export async function simulate(
  options: SimulationOptions,
  tell: (line: string) => void,
): Promise<SimulationReport> {
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  const pieces = [...(options.exhaustive ? await exhaustivePieces(tell) : []), ...seedPieces(options)];
  const all = pieces.reduce((sum, work) => sum + ('seeds' in work ? work.seeds : work.schedules).length, 0);
  let told = 0;
  const tally = await onAllCores(pieces, ({ runs, violated }) => {
    if (seconds() - told < 5) return;
    told = seconds();
    const perSecond = Math.round(runs / told);
    tell(`${runs} of ${all} runs, ${perSecond} a second, ${violated} with violations`);
  });
  const findings: Reproduction[] = [];
  for (const finding of tally.findings.slice(0, MAX_REPRODUCTIONS)) {
    tell(`Shrinking the schedule of seed ${finding.schedule.seed}`);
    findings.push(await reproductionOf(finding));
  }
  const atOnce = options.burst ? await burst(tell) : undefined;
  const swept = options.sweep ? await sweeps(tell) : undefined;
  const unheld = [atOnce, swept].filter((report) => report?.holds === false).length;
  const possible = CALL_SITES.reduce((sum, site) => sum + faultKindsOf(site).length, 0);
  const missing = uncovered(tally).map(({ site, kind }) => `${site} ${kind}`);
  return {
    tally,
    json: {
      runs: tally.runs,
      violations: tally.violated + unheld,
      findings,
      seed: options.seed,
      seconds: Math.round(seconds()),
      calls: tally.calls,
      virtualYears: Math.round(tally.virtualMs / YEAR_MS),
      faults: byKind(tally),
      outcomes: tally.outcomes,
      coverage: { possible, met: possible - missing.length, missing },
      unhealed: tally.unhealed,
      drifted: tally.drifted,
      ...(atOnce ? { burst: atOnce } : {}),
      ...(swept ? { sweep: swept } : {}),
    },
  };
}

/** For people. */
export function reportOf({ tally, json }: SimulationReport): string {
  const faults = Object.entries(json.faults).map(([kind, times]) => `${kind} ${times}`);
  return [
    coverageTable(tally),
    '',
    `${json.runs} runs (seeds from ${json.seed}) in ${json.seconds} s: ${json.calls} calls, ${json.virtualYears} virtual years`,
    `Faults met: ${faults.join(', ')}`,
    `Coverage: ${json.coverage.met} of ${json.coverage.possible} (call site, fault kind)`,
    `Roles that wait for an event that was dropped: ${json.unhealed}; changed by others after the last look: ${json.drifted}`,
    ...json.findings.flatMap(({ seed, violations, shrunk }) => [
      '',
      `Seed ${seed}:`,
      ...violations.map(
        ({ invariant, what, site }) => `  ${invariant}. ${INVARIANTS[invariant]}: ${what} ${site ?? ''}`,
      ),
      `  ${JSON.stringify(shrunk)}`,
    ]),
    ...(json.burst ? ['', burstText(json.burst)] : []),
    ...(json.sweep ? ['', sweepsText(json.sweep)] : []),
    '',
    json.violations === 0 ? 'Every invariant held.' : `${json.violations} runs violate an invariant.`,
  ].join('\n');
}

async function reproductionOf({ schedule, violations }: Finding): Promise<Reproduction> {
  const { invariant } = violations[0] as Violation;
  const { schedule: shrunk, verdict } = await shrink(schedule, invariant);
  return { seed: schedule.seed, violations: verdict.violations, shrunk };
}

function seedPieces({ runs, seed }: SimulationOptions): Work[] {
  return Array.from({ length: Math.ceil(runs / PIECE) }, (_, index) => {
    const first = index * PIECE;
    const length = Math.min(PIECE, runs - first);
    return { seeds: Array.from({ length }, (__, offset) => seed + first + offset) };
  });
}

async function exhaustivePieces(tell: (line: string) => void): Promise<Work[]> {
  const singles = [];
  for (const base of [...Object.values(MAIN_PATHS), ...Object.values(OTHER_PATHS)]) {
    singles.push(...(await singleFaults(base)));
  }
  const pairs = [...(await pairsOfFaults(MAIN_PATHS.create)), ...(await pairsOfFaults(MAIN_PATHS.delete))];
  const orders = await interleavings();
  tell(`${singles.length} single faults, ${pairs.length} pairs of faults, ${orders.length} interleavings`);
  return [singles, pairs, orders].flatMap(piecesOf);
}

const piecesOf = (schedules: readonly Schedule[]): Work[] =>
  Array.from({ length: Math.ceil(schedules.length / PIECE) }, (_, index) => ({
    schedules: schedules.slice(index * PIECE, (index + 1) * PIECE),
  }));
