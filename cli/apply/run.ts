import {
  type PlanDocument,
  runIdOf,
  type StartingStep,
  startsOf,
  verdictOn,
} from '../../core/drift/approval.ts';
import { type Start, type Step, stepId } from '../../core/drift/step.ts';
import { roleArn } from '../../core/ids.ts';
import { agreed } from '../agree.ts';
import { type DeployedFactory, deployedFactory, type FactoryOptions } from '../factory.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import type { Io } from '../io.ts';
import { readPlan } from '../plan/file.ts';
import { planned } from '../plan/planned.ts';
import { aboutOf, printSteps, printSummary } from '../plan/print.ts';
import { refusePaused } from '../sweep/execution.ts';
import { table } from '../table.ts';
import { type PlanRuns, planRuns } from './executions.ts';

export interface ApplyOptions extends FactoryOptions {
  readonly yes?: true;
  readonly json?: true;
}

interface Result {
  readonly step: Step;
  readonly outcome: 'done' | 'failed' | 'refused';
  /** What the run answered, or why there was none. */
  readonly detail: string;
}

/** Runs of one plan at a time; each looks and decides again. */
const AT_ONCE = 10;

/** A provider before the roles that need it, removals last. */
const ORDER: readonly Start['workflow'][] = ['enrol-account', 'create-role', 'delete-role'];

export async function apply(io: Io, file: string, given: ApplyOptions): Promise<void> {
  const plan = readPlan(io, file);
  const factory = await deployedFactory(io, given);
  assertSameFactory(plan, factory);
  const say = given.json ? io.tell : io.out;
  const steps = startsOf(plan.steps);
  printSteps(io, steps, say);
  printSummary(io, steps, plan.hash, say);
  if (steps.length > 0 && !(await agreed(io, given.yes, 'Carry it out?'))) return;

  const results = steps.length === 0 ? [] : await carryOut(io, factory, plan, steps);
  if (given.json) {
    const shown = results.map(({ step, ...rest }) => ({ ...step, ...rest }));
    io.out(JSON.stringify({ hash: plan.hash, results: shown }));
  } else if (results.length > 0) {
    for (const line of table([COLUMNS, ...results.map(row)], io.width)) io.out(line);
  }
  if (results.some(({ outcome }) => outcome !== 'done')) io.exitCode = EXIT.no;
}

function assertSameFactory(plan: PlanDocument, { caller, prefix }: DeployedFactory): void {
  const here = `${prefix} in ${caller.accountId} ${caller.region}`;
  const there = `${plan.prefix} in ${plan.accountId} ${plan.region}`;
  if (here === there) return;
  throw new CommandFailure(
    'refused',
    'WrongFactory',
    `The plan is of ${there}, the credentials are of ${here}`,
  );
}

/** What an earlier call has started is waited for; the rest is planned again first, and only what still stands is started. */
async function carryOut(
  io: Io,
  factory: DeployedFactory,
  plan: PlanDocument,
  steps: readonly StartingStep[],
): Promise<Result[]> {
  await refusePaused(io, factory);
  const runs = planRuns(io, factory, { id: runIdOf(plan.hash), startedAt: plan.plannedAt });
  const isStarted = await inGroups(steps, (step) => runs.isStarted(step));
  const started = steps.filter((_, index) => isStarted[index]);
  const others = steps.filter((step) => !started.includes(step));
  if (started.length > 0) io.tell(`${started.length} of ${steps.length} were started before`);

  const { standing, refused } = await judged(io, factory, plan, others);
  const results: Result[] = [...refused];
  for (const workflow of ORDER) {
    const due = [...started, ...standing].filter(({ start }) => start.workflow === workflow);
    const ended = await inGroups(due, async (step) => {
      if (!started.includes(step)) await runs.start(step);
      const result = await resultOf(runs, step);
      io.tell(`${result.outcome}: ${step.accountId} ${aboutOf(step.subject)}: ${result.detail}`);
      return result;
    });
    results.push(...ended);
  }
  const order = new Map(plan.steps.map((step, index) => [stepId(step), index]));
  return results.sort((a, b) => (order.get(stepId(a.step)) ?? 0) - (order.get(stepId(b.step)) ?? 0));
}

async function judged(io: Io, factory: DeployedFactory, plan: PlanDocument, steps: readonly StartingStep[]) {
  const standing: StartingStep[] = [];
  const refused: Result[] = [];
  if (steps.length === 0) return { standing, refused };
  const adopt = plan.adopt.map(roleArn);
  const now = await planned(io, factory, {
    accounts: [...new Set(steps.map(({ accountId }) => accountId))],
    ...(adopt.length > 0 && { adopt }),
  });
  for (const step of steps) {
    const verdict = verdictOn(step, now.byAccount.get(step.accountId));
    if (verdict.kind === 'start') standing.push(verdict.step);
    else {
      refused.push({ step, outcome: 'refused', detail: verdict.why });
      io.tell(`refused: ${step.accountId} ${aboutOf(step.subject)}: ${verdict.why}`);
    }
  }
  return { standing, refused };
}

async function resultOf(runs: PlanRuns, step: StartingStep): Promise<Result> {
  const { status, output = '{}', error, cause } = await runs.ended(step);
  if (status !== 'SUCCEEDED') {
    return { step, outcome: 'failed', detail: [error ?? status, cause].filter(Boolean).join(' at ') };
  }
  const { outcome = 'done', reason } = (JSON.parse(output) ?? {}) as { outcome?: string; reason?: string };
  return { step, outcome: 'done', detail: reason === undefined ? outcome : `${outcome}: ${reason}` };
}

/** In the order of the items; a failure ends it after its group. */
async function inGroups<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(each))));
  }
  return results;
}

const COLUMNS = ['ACCOUNT', 'ABOUT', 'REASON', 'OUTCOME', 'DETAIL'];

const row = ({ step, outcome, detail }: Result): string[] => [
  step.accountId,
  aboutOf(step.subject),
  step.reason,
  outcome,
  detail,
];
