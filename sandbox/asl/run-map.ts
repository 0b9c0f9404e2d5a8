/** The work of a Map state: its processor once per item, within the execution or as executions of their own. */
import type { Machine, MapState } from './definition.ts';
import { each } from './each.ts';
import { queryError, StateError } from './errors.ts';
import type { Trail } from './history.ts';
import type { Json } from './json.ts';
import { isCount } from './read-map.ts';
import { limited, type Template } from './template.ts';
import { bind, type Engine, type Left, leave, type Scope, type Visit } from './visit.ts';

type RunMachine = (
  engine: Engine,
  machine: Machine,
  input: Json,
  scope: Scope,
  trail: Trail,
  signal: AbortSignal,
) => Promise<Json>;

/** Iterations, and child executions, that Step Functions runs at once. */
const MOST_INLINE = 40;
const MOST_DISTRIBUTED = 10_000;

export async function performMap(
  engine: Engine,
  state: MapState,
  visit: Visit,
  runMachine: RunMachine,
): Promise<Left> {
  const { history } = engine;
  const inputs = await inputsOf(engine, state, visit);
  const wanted = await numberOf(engine, state, visit, 'MaxConcurrency', state.maxConcurrency);
  const most = state.distributed ? MOST_DISTRIBUTED : MOST_INLINE;
  const atOnce = wanted === 0 ? most : Math.min(wanted, most);
  history.add(visit.trail, 'MapStateStarted', { mapStateStartedEventDetails: { length: inputs.length } });
  try {
    const results = state.distributed
      ? await distribute(engine, state, visit, inputs, atOnce)
      : await iterate(engine, state, visit, inputs, atOnce, runMachine);
    const result = limited(`The result of ${state.name}`, results);
    history.add(visit.trail, 'MapStateSucceeded');
    return await leave(engine, state, visit, state, result, { result });
  } catch (error) {
    if (!visit.signal.aborted) history.add(visit.trail, 'MapStateFailed');
    throw error;
  }
}

async function inputsOf(engine: Engine, state: MapState, visit: Visit): Promise<Json[]> {
  const items = state.items ? await state.items(bind(engine, state, visit)) : visit.input;
  if (!Array.isArray(items)) throw queryError(`${state.name}.Items`, 'expected an array');
  return Promise.all(
    items.map(async (Value: Json, Index) => {
      // Here alone: whether the states within see it in either mode is not documented.
      const bindings = bind(engine, state, visit, {}, { Map: { Item: { Index, Value } } });
      const input = state.itemSelector ? await state.itemSelector(bindings) : Value;
      return limited(`An item of ${state.name}`, input);
    }),
  );
}

async function numberOf(
  engine: Engine,
  state: MapState,
  visit: Visit,
  field: string,
  template: Template,
): Promise<number> {
  const value = await template(bind(engine, state, visit));
  if (isCount(value, Number.MAX_SAFE_INTEGER)) return value;
  throw queryError(`${state.name}.${field}`, 'expected a whole number of at least 0');
}

function iterate(
  engine: Engine,
  { name, processor }: MapState,
  visit: Visit,
  inputs: readonly Json[],
  atOnce: number,
  runMachine: RunMachine,
): Promise<Json[]> {
  return each(inputs, atOnce, visit.signal, async (input, index, signal) => {
    const trail = { ...visit.trail };
    const record = (how: string) =>
      engine.history.add(trail, `MapIteration${how}`, {
        [`mapIteration${how}EventDetails`]: { name, index },
      });
    record('Started');
    const scope = { values: new Map(), outer: visit.scope };
    try {
      const output = await runMachine(engine, processor, input, scope, trail, signal);
      record('Succeeded');
      return output;
    } catch (error) {
      if (!signal.aborted) record('Failed');
      throw error;
    }
  });
}

async function distribute(
  engine: Engine,
  state: MapState,
  visit: Visit,
  inputs: readonly Json[],
  atOnce: number,
): Promise<Json[]> {
  const { history } = engine;
  const exceeded = await threshold(engine, state, visit, inputs.length);
  const mapRun = engine.startMapRun(state.distributed?.label ?? '', state.processor);
  history.add(visit.trail, 'MapRunStarted', { mapRunStartedEventDetails: { mapRunArn: mapRun.arn } });
  let failed = 0;
  try {
    const results = await each(inputs, atOnce, visit.signal, async (input, _, signal) => {
      const outcome = await mapRun.run(input, signal);
      if (outcome.status === 'SUCCEEDED') return outcome.output;
      // Stopped with the others is not failed.
      signal.throwIfAborted();
      failed += 1;
      if (exceeded(failed)) {
        throw new StateError(
          'States.ExceedToleratedFailureThreshold',
          'The specified tolerated failure threshold was exceeded',
        );
      }
      return null;
    });
    history.add(visit.trail, 'MapRunSucceeded');
    return results;
  } catch (error) {
    if (error instanceof StateError && !visit.signal.aborted) {
      history.add(visit.trail, 'MapRunFailed', {
        mapRunFailedEventDetails: { error: error.name, cause: error.message },
      });
    }
    throw error;
  }
}

/** Whether so many failed items are too many: by either measure that is given; with none, one is. */
async function threshold(
  engine: Engine,
  state: MapState,
  visit: Visit,
  items: number,
): Promise<(failed: number) => boolean> {
  const { count, percentage } = state.distributed?.tolerated ?? {};
  const most = count && (await numberOf(engine, state, visit, 'ToleratedFailureCount', count));
  const share =
    percentage && (await numberOf(engine, state, visit, 'ToleratedFailurePercentage', percentage));
  if (most === undefined && share === undefined) return () => true;
  return (failed) =>
    (most !== undefined && failed > most) || (share !== undefined && (100 * failed) / items > share);
}
