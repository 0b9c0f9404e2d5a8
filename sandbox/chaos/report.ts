/** What a run of chaos did and found. */
import type { FaultKind } from '../recorder.ts';
import type { Census } from './census.ts';
import type { Estate, Tolerated, Violation } from './estate.ts';
import type { CallLog } from './faults.ts';
import type { Monkey, MonkeyCounts } from './monkey.ts';
import type { Operator, OperatorCounts } from './operator.ts';
import type { Recovery } from './recovery.ts';
import type { ChaosOptions } from './run.ts';
import type { Trail, TrailCounts } from './trail.ts';

export interface ChaosReport {
  readonly ok: boolean;
  readonly seed: number;
  readonly roles: number;
  readonly members: number;
  readonly incarnations: number;
  readonly seconds: number;
  readonly calls: number;
  readonly events: TrailCounts;
  /** By service and kind. */
  readonly faults: Readonly<Record<string, Partial<Record<FaultKind, number>>>>;
  readonly pranks: MonkeyCounts;
  readonly operator: OperatorCounts & { readonly rolesRunAgain: number; readonly rounds: number };
  /** By workflow and how they ended. */
  readonly executions: Readonly<Record<string, number>>;
  /** Incarnations by what their ledger entry says in the end; `none` where there is none. */
  readonly phases: Readonly<Record<string, number>>;
  readonly tolerated: Tolerated;
  readonly looks: number;
  readonly entriesTried: number;
  readonly violations: readonly (Violation & { readonly calls: readonly string[] })[];
}

export function reportOf(run: {
  readonly options: ChaosOptions;
  readonly seconds: number;
  readonly estate: Estate;
  readonly trail: Trail;
  readonly log: CallLog;
  readonly monkey: Monkey;
  readonly operator: Operator;
  readonly recovery: Recovery;
  readonly census: Census;
  readonly looks: number;
  readonly entriesTried: number;
  readonly violations: readonly Violation[];
}): ChaosReport {
  const { options, estate, census, recovery, violations } = run;
  const phaseOf = (id: string) => census.ledger.find(({ roleId }) => roleId === id)?.phase ?? 'none';
  return {
    ok: violations.length === 0,
    seed: options.seed,
    roles: options.roles,
    members: census.audiences.size,
    incarnations: estate.all().length,
    seconds: Math.round(run.seconds),
    calls: run.log.calls,
    events: run.trail.counts,
    faults: run.log.faults,
    pranks: run.monkey.counts,
    operator: { ...run.operator.counts, rolesRunAgain: recovery.rerun, rounds: recovery.rounds },
    executions: tally(
      census.runs.map(({ workflow, status, output, error }) =>
        [workflow, status === 'SUCCEEDED' ? outcomeOf(output) : status, error].filter(Boolean).join(' '),
      ),
    ),
    phases: tally(estate.all().map(({ roleId }) => phaseOf(roleId))),
    tolerated: estate.tolerated,
    looks: run.looks,
    entriesTried: run.entriesTried,
    violations: violations.map((violation) => ({ ...violation, calls: callsAbout(violation, run) })),
  };
}

function outcomeOf(output: string | undefined): string {
  const { outcome, decision, reason } = JSON.parse(output ?? '{}') ?? {};
  return [outcome ?? decision, reason].filter(Boolean).join(', ');
}

function tally(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys.toSorted()) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

/** Writes to the role as CloudTrail recorded them, the executions about it, and what these did in the account. */
function callsAbout(
  { accountId, roleName }: Violation,
  { estate, census, log }: { estate: Estate; census: Census; log: CallLog },
): string[] {
  if (roleName === undefined) return [];
  const runs = census.runs.filter(
    (run) => run.accountId === accountId && run.roleName.toLowerCase() === roleName.toLowerCase(),
  );
  return [
    ...estate.callsAbout(accountId, roleName),
    ...runs.flatMap(({ workflow, name, status, error = '', output = '' }) => [
      `${workflow} ${name} ${status} ${error}${output}`,
      ...log.callsOf(name).map((line) => `  ${line}`),
    ]),
  ];
}

/** For people, line by line. */
export function summary(report: ChaosReport): string[] {
  const { events, pranks, operator, tolerated } = report;
  const counts = (of: Readonly<Record<string, number | undefined>>): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const faults = Object.entries(report.faults).toSorted(([a], [b]) => a.localeCompare(b));
  return [
    `seed ${report.seed}: ${report.roles} role names, ${report.incarnations} incarnations in ${report.members} accounts, ${report.seconds} s`,
    `events       ${events.events}, of them late ${events.delayed}, doubled ${events.duplicated}, redelivered ${events.redelivered}`,
    ...faults.map(
      ([service, kinds], index) => `${(index === 0 ? 'faults' : '').padEnd(12)} ${service}: ${counts(kinds)}`,
    ),
    `pranks       functions killed ${pranks.kills}, all restarted ${pranks.restarts}, executions stopped ${pranks.stops}, member roles revoked ${pranks.revoked}`,
    `operator     replays ${operator.replays}, dead letters moved back ${operator.redriven}, role names run again ${operator.rolesRunAgain} in ${operator.rounds} rounds`,
    ...Object.entries(report.executions).map(
      ([how, count], index) =>
        `${(index === 0 ? 'executions' : '').padEnd(12)} ${String(count).padStart(5)} ${how}`,
    ),
    `ledger       ${counts(report.phases)}`,
    `tolerated    edits lost in the window of a write ${tolerated.editsLost}, tags of a former incarnation ${tolerated.strayTags}`,
    `judged       ${report.calls} calls served, ${report.looks} looks meanwhile, ${report.entriesTried} entries tried`,
    ...report.violations.flatMap((violation) => [
      '',
      `VIOLATION of rule ${violation.rule}: ${violation.roleName ?? ''} ${violation.roleId ?? ''} in ${violation.accountId}`,
      `  expected  ${violation.expected}`,
      `  found     ${violation.found}`,
      ...violation.calls.map((call) => `    ${call}`),
    ]),
    report.ok ? 'No violation.' : `${report.violations.length} violations.`,
  ];
}
