/** One state at a time: what each type does and where it goes next. */
import {
  type ChoiceState,
  type FailState,
  isSeconds,
  type Machine,
  type ParallelState,
  type State,
  type TaskState,
  type WaitState,
} from './definition.ts';
import { each } from './each.ts';
import { queryError, StateError } from './errors.ts';
import type { Trail } from './history.ts';
import type { Json } from './json.ts';
import { withErrorRules } from './retry.ts';
import { performMap } from './run-map.ts';
import { invoke } from './run-task.ts';
import { limited, type Template } from './template.ts';
import { bind, type Engine, type Left, leave, type Scope, type Visit } from './visit.ts';

/** Runs states from the first to one that ends; answers its output. Fails with a StateError. */
export async function runMachine(
  engine: Engine,
  machine: Machine,
  input: Json,
  scope: Scope,
  trail: Trail,
  signal: AbortSignal,
): Promise<Json> {
  let data = input;
  let name: string | undefined = machine.startAt;
  while (name !== undefined) {
    signal.throwIfAborted();
    const state = machine.states.get(name) as State;
    const enteredAt = new Date(engine.clock.now()).toISOString();
    const visit: Visit = { input: data, scope, trail, signal, enteredAt, retries: 0 };
    engine.history.entered(trail, state, data);
    const left = await perform(engine, state, visit);
    engine.history.exited(trail, state, left.output, left.assigned);
    for (const [variable, value] of Object.entries(left.assigned ?? {})) scope.values.set(variable, value);
    data = left.output;
    name = left.next;
  }
  return data;
}

function perform(engine: Engine, state: State, visit: Visit): Promise<Left> {
  switch (state.type) {
    case 'Task':
      return withErrorRules(engine, state, visit, () => performTask(engine, state, visit));
    case 'Parallel':
      return withErrorRules(engine, state, visit, () => performParallel(engine, state, visit));
    case 'Map':
      return withErrorRules(engine, state, visit, () => performMap(engine, state, visit, runMachine));
    case 'Choice':
      return performChoice(engine, state, visit);
    case 'Wait':
      return performWait(engine, state, visit);
    case 'Fail':
      return performFail(engine, state, visit);
    case 'Pass':
    case 'Succeed':
      return leave(engine, state, visit, state, visit.input);
  }
}

async function performTask(engine: Engine, state: TaskState, visit: Visit): Promise<Left> {
  const args = await argumentsOf(engine, state, visit);
  const bindings = bind(engine, state, visit);
  const seconds = await state.timeoutSeconds?.(bindings);
  if (seconds !== undefined && !isSeconds(seconds, 1)) {
    throw queryError(`${state.name}.TimeoutSeconds`, 'expected a positive whole number');
  }
  const result = await invoke(engine, state, visit, args, seconds);
  return leave(engine, state, visit, state, result, { result });
}

async function performParallel(engine: Engine, state: ParallelState, visit: Visit): Promise<Left> {
  const { history } = engine;
  const input = await argumentsOf(engine, state, visit);
  const { branches } = state;
  history.add(visit.trail, 'ParallelStateStarted');
  try {
    const result = await each(branches, branches.length, visit.signal, (branch, _, signal) =>
      runMachine(
        engine,
        branch,
        input,
        { values: new Map(), outer: visit.scope },
        { ...visit.trail },
        signal,
      ),
    );
    history.add(visit.trail, 'ParallelStateSucceeded');
    return await leave(engine, state, visit, state, result, { result });
  } catch (error) {
    if (!visit.signal.aborted) history.add(visit.trail, 'ParallelStateFailed');
    throw error;
  }
}

async function performChoice(engine: Engine, state: ChoiceState, visit: Visit): Promise<Left> {
  const bindings = bind(engine, state, visit);
  for (const choice of state.choices) {
    const holds = await choice.condition(bindings);
    if (typeof holds !== 'boolean') throw queryError(`${state.name}.Condition`, 'expected a boolean');
    if (holds) return leave(engine, state, visit, choice, visit.input);
  }
  if (state.next === undefined) throw new StateError('States.NoChoiceMatched', state.name);
  return leave(engine, state, visit, state, visit.input);
}

/** RFC 3339 with capital T, and Z or an offset: what Step Functions takes. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

async function performWait(engine: Engine, state: WaitState, visit: Visit): Promise<Left> {
  const { clock } = engine;
  const { unit } = state.until;
  const value = await state.until.value(bind(engine, state, visit));
  if (unit === 'Seconds') {
    if (!isSeconds(value, 0))
      throw queryError(`${state.name}.Seconds`, 'expected a whole number of at least 0');
    await clock.sleep(value * 1000, visit.signal);
  } else {
    const time = typeof value === 'string' && TIMESTAMP.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(time)) throw queryError(`${state.name}.Timestamp`, 'expected an RFC 3339 time');
    const wait = time - clock.now();
    if (wait > 0) await (clock.sleepUntil?.(time, visit.signal) ?? clock.sleep(wait, visit.signal));
  }
  return leave(engine, state, visit, state, visit.input);
}

async function performFail(engine: Engine, state: FailState, visit: Visit): Promise<Left> {
  const bindings = bind(engine, state, visit);
  const text = async (field: string, template: Template | undefined): Promise<string> => {
    const value = await template?.(bindings);
    if (value === undefined || typeof value === 'string') return value ?? '';
    throw queryError(`${state.name}.${field}`, 'expected a string');
  };
  throw new StateError(await text('Error', state.error), await text('Cause', state.cause));
}

async function argumentsOf(engine: Engine, state: TaskState | ParallelState, visit: Visit): Promise<Json> {
  const args = state.arguments ? await state.arguments(bind(engine, state, visit)) : visit.input;
  return limited(`Arguments of ${state.name}`, args);
}
