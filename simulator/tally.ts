/** What many runs came to, in numbers that add up across threads. */
import type { Verdict } from './run.ts';
import type { Schedule } from './schedule.ts';
import { CALL_SITES, type CallSite, FAULT_KINDS, type FaultKind, faultKindsOf } from './sites.ts';
import type { Violation } from './violation.ts';

/** A run that violated something. */
export interface Finding {
  readonly schedule: Schedule;
  readonly violations: readonly Violation[];
}

export interface Tally {
  runs: number;
  /** Runs that violated something. */
  violated: number;
  /** Calls that functions made. */
  calls: number;
  virtualMs: number;
  unhealed: number;
  drifted: number;
  /** How often a call site was reached. */
  readonly reached: Record<string, number>;
  /** How often a call site met a fault: by `site kind`. */
  readonly met: Record<string, number>;
  readonly outcomes: Record<string, number>;
  readonly findings: Finding[];
}

/** Findings that a thread keeps; further ones are counted. */
const MAX_FINDINGS = 50;

export const emptyTally = (): Tally => ({
  runs: 0,
  violated: 0,
  calls: 0,
  virtualMs: 0,
  unhealed: 0,
  drifted: 0,
  reached: {},
  met: {},
  outcomes: {},
  findings: [],
});

export function count(tally: Tally, schedule: Schedule, verdict: Verdict): void {
  tally.runs++;
  if (verdict.violations.length > 0) tally.violated++;
  tally.calls += verdict.calls.length;
  tally.virtualMs += verdict.virtualMs;
  tally.unhealed += verdict.unhealed;
  tally.drifted += verdict.drifted;
  for (const [site, times] of verdict.reached) add(tally.reached, site, times);
  for (const { site, kind } of verdict.met) add(tally.met, `${site} ${kind}`, 1);
  for (const outcome of verdict.outcomes) add(tally.outcomes, outcome, 1);
  if (verdict.violations.length > 0 && tally.findings.length < MAX_FINDINGS) {
    tally.findings.push({ schedule, violations: verdict.violations });
  }
}

export function merge(into: Tally, from: Tally): void {
  into.runs += from.runs;
  into.violated += from.violated;
  into.calls += from.calls;
  into.virtualMs += from.virtualMs;
  into.unhealed += from.unhealed;
  into.drifted += from.drifted;
  for (const key of ['reached', 'met', 'outcomes'] as const) {
    for (const [name, times] of Object.entries(from[key])) add(into[key], name, times);
  }
  into.findings.push(...from.findings);
}

const add = (counts: Record<string, number>, name: string, times: number): void => {
  counts[name] = (counts[name] ?? 0) + times;
};

/** Faults met, by kind. */
export const byKind = ({ met }: Tally): Record<FaultKind, number> =>
  Object.fromEntries(
    FAULT_KINDS.map((kind) => [
      kind,
      Object.entries(met)
        .filter(([name]) => name.endsWith(` ${kind}`))
        .reduce((sum, [, times]) => sum + times, 0),
    ]),
  ) as Record<FaultKind, number>;

/** What the table of call sites says can happen, and no run has met. */
export const uncovered = ({ met }: Pick<Tally, 'met'>): { site: CallSite; kind: FaultKind }[] =>
  CALL_SITES.flatMap((site) =>
    faultKindsOf(site)
      .filter((kind) => !met[`${site} ${kind}`])
      .map((kind) => ({ site, kind })),
  );

/** Call sites by fault kinds: how often each was met; a point where a fault cannot happen, `-` where it was not met. */
export function coverageTable({ met }: Pick<Tally, 'met'>): string {
  const width = Math.max(...CALL_SITES.map((site) => site.length));
  const head = FAULT_KINDS.map((kind) => kind.padStart(kind.length + 2)).join('');
  const lines = CALL_SITES.map((site) => {
    const possible = faultKindsOf(site);
    const cells = FAULT_KINDS.map((kind) => {
      const times = met[`${site} ${kind}`];
      const cell = possible.includes(kind) ? String(times ?? '-') : '.';
      return cell.padStart(kind.length + 2);
    });
    return site.padEnd(width) + cells.join('');
  });
  return [''.padEnd(width) + head, ...lines].join('\n');
}
