import { type Mutation, run, type Verdict } from './run.ts';
import { CALM, type Fault, type Schedule, type When } from './schedule.ts';
import type { Violation } from './violation.ts';

/** Runs that a reproduction may cost. */
const MAX_RUNS = 600;

/** The smallest schedule found that violates the same invariant: without what it does not need, in small numbers. */
export async function shrink(
  schedule: Schedule,
  invariant: Violation['invariant'],
  mutation: Mutation = {},
): Promise<{ readonly schedule: Schedule; readonly verdict: Verdict }> {
  let best = schedule;
  let verdict = await run(best, mutation);
  let runs = 0;
  for (let isSmaller = true; isSmaller && runs < MAX_RUNS; ) {
    isSmaller = false;
    for (const candidate of smaller(best)) {
      if (++runs > MAX_RUNS) break;
      const judged = await run(candidate, mutation);
      if (!judged.violations.some((violation) => violation.invariant === invariant)) continue;
      best = candidate;
      verdict = judged;
      isSmaller = true;
      break;
    }
  }
  return { schedule: best, verdict };
}

function* smaller(schedule: Schedule): Generator<Schedule> {
  const { actions, faults, deliveries, weather } = schedule;
  for (const [index] of actions.entries()) yield { ...schedule, actions: actions.toSpliced(index, 1) };
  for (const [index] of faults.entries()) yield { ...schedule, faults: faults.toSpliced(index, 1) };
  for (const [index] of deliveries.entries())
    yield { ...schedule, deliveries: deliveries.toSpliced(index, 1) };
  if (schedule.tokenVersion === 2) yield { ...schedule, tokenVersion: 1 };
  if (schedule.deletion === 'purge') yield { ...schedule, deletion: 'soft' };
  for (const key of Object.keys(weather) as (keyof typeof weather)[]) {
    if (weather[key] !== CALM[key]) yield { ...schedule, weather: { ...weather, [key]: CALM[key] } };
  }
  if (schedule.seed !== 1) yield { ...schedule, seed: 1 };
  for (const [index, fault] of faults.entries()) {
    for (const less of smallerFaults(fault)) yield { ...schedule, faults: faults.with(index, less) };
  }
  for (const [index, action] of actions.entries()) {
    if (action.do === 'create' && action.shape !== 'placeholder') {
      yield { ...schedule, actions: actions.with(index, { ...action, shape: 'placeholder' }) };
    }
    for (const when of earlier(action.when)) {
      yield { ...schedule, actions: actions.with(index, { ...action, when }) };
    }
  }
  for (const [index, delivery] of deliveries.entries()) {
    const { afterMs } = delivery;
    for (const [place, ms] of afterMs.entries()) {
      if (afterMs.length > 1) {
        yield {
          ...schedule,
          deliveries: deliveries.with(index, { ...delivery, afterMs: afterMs.toSpliced(place, 1) }),
        };
      }
      for (const less of halves(ms)) {
        yield {
          ...schedule,
          deliveries: deliveries.with(index, { ...delivery, afterMs: afterMs.with(place, less) }),
        };
      }
    }
  }
}

function* smallerFaults(fault: Fault): Generator<Fault> {
  if (fault.times > 1) yield { ...fault, times: fault.times - 1 };
  if (fault.nth > 1) yield { ...fault, nth: fault.nth - 1 };
  for (const ms of halves(fault.ms)) yield { ...fault, ms };
}

function* earlier(when: When): Generator<When> {
  if ('call' in when) {
    for (const call of halves(when.call, 1)) yield { call };
  } else {
    for (const ms of halves(when.ms)) yield { ms };
  }
}

/** Less, and rounder: none, a half, one grain less. */
function* halves(value: number, grain = 1000): Generator<number> {
  if (value <= 0) return;
  yield 0;
  const half = Math.floor(value / 2 / grain) * grain;
  if (half > 0 && half < value) yield half;
  const less = Math.ceil(value / grain - 1) * grain;
  if (less > 0 && less < value && less !== half) yield less;
}
