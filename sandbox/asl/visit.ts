/** A visit to a state: what its expressions see, and what it leaves behind. */
import type { Leaving, State } from './definition.ts';
import { stepFunctions } from './functions.ts';
import type { History, Trail } from './history.ts';
import type { Json } from './json.ts';
import type { ExecutionClock, ExecutionContext, InvokeTask, StartMapRun } from './surroundings.ts';
import { type Bindings, limited, type StatesMember } from './template.ts';

export interface Engine {
  readonly context: ExecutionContext & { readonly input: Json };
  readonly clock: ExecutionClock;
  readonly random: () => number;
  readonly invokeTask: InvokeTask;
  readonly startMapRun: StartMapRun;
  readonly history: History;
}

/** Variables of a machine or branch. A branch reads those around it; what it assigns ends with it. */
export interface Scope {
  readonly values: Map<string, Json>;
  readonly outer?: Scope;
}

/** One visit to a state. */
export interface Visit {
  readonly input: Json;
  readonly scope: Scope;
  readonly trail: Trail;
  readonly signal: AbortSignal;
  /** ISO 8601. */
  readonly enteredAt: string;
  retries: number;
}

export interface Left {
  readonly output: Json;
  readonly assigned: Json | undefined;
  readonly next: string | undefined;
}

/** Evaluates Output and Assign side by side: both see the values from before. */
export async function leave(
  engine: Engine,
  state: State,
  visit: Visit,
  leaving: Leaving & { readonly next: string | undefined },
  fallback: Json,
  members: Partial<Record<StatesMember, Json>> = {},
): Promise<Left> {
  const bindings = bind(engine, state, visit, members);
  const [output, assigned] = await Promise.all([leaving.output?.(bindings), leaving.assign?.(bindings)]);
  return {
    output: limited(`Output of ${state.name}`, output === undefined ? fallback : output),
    assigned: assigned && limited(`Assign of ${state.name}`, assigned),
    next: leaving.next,
  };
}

/** What expressions see: variables, functions and `$states`; `around` stands in its context. */
export function bind(
  engine: Engine,
  state: State,
  visit: Visit,
  members: Partial<Record<StatesMember, Json>> = {},
  around: object = {},
): Bindings {
  const { executionArn, name, startTime, stateMachineArn, roleArn, input } = engine.context;
  const context = {
    Execution: {
      Id: executionArn,
      Input: input,
      Name: name,
      StartTime: startTime,
      RedriveCount: 0,
      ...(roleArn !== undefined && { RoleArn: roleArn }),
    },
    StateMachine: { Id: stateMachineArn, Name: stateMachineArn.split(':').at(-1) },
    State: { Name: state.name, EnteredTime: visit.enteredAt, RetryCount: visit.retries },
    ...around,
  };
  return {
    ...stepFunctions({ now: engine.clock.now, random: engine.random }),
    ...visible(visit.scope),
    states: { input: visit.input, context, ...members },
  };
}

const visible = (scope: Scope): Record<string, Json> => ({
  ...(scope.outer && visible(scope.outer)),
  ...Object.fromEntries(scope.values),
});
