/** The work of a Task state: one call to its resource, within its timeout. */
import type { TaskState } from './definition.ts';
import { StateError } from './errors.ts';
import { type Json, toJson } from './json.ts';
import type { Engine, Visit } from './visit.ts';

const LAMBDA = /^arn:[^:]+:lambda:/;

/** Fails with the task's own error or States.Timeout. `seconds` undefined: waits for ever. */
export async function invoke(
  engine: Engine,
  state: TaskState,
  visit: Visit,
  args: Json,
  seconds: number | undefined,
): Promise<Json> {
  const { history } = engine;
  visit.signal.throwIfAborted();
  const events = eventsOf(state.resource, engine.context.executionArn);
  const record = (how: string, details: object) =>
    history.add(visit.trail, events.type(how), { [events.member(how)]: { ...events.common, ...details } });
  record('Scheduled', {
    ...events.scheduled(JSON.stringify(args)),
    ...(seconds !== undefined && { timeoutInSeconds: seconds }),
  });
  if ('resource' in events.common) record('Started', {});
  else history.add(visit.trail, events.type('Started'));
  try {
    const result = toJson((await withTimeout(engine, state.resource, args, seconds, visit.signal)) ?? null);
    record('Succeeded', { output: JSON.stringify(result) });
    return result;
  } catch (error) {
    if (visit.signal.aborted) throw error;
    const failure = asStateError(error);
    record(failure.name === 'States.Timeout' ? 'TimedOut' : 'Failed', {
      error: failure.name,
      cause: failure.message,
    });
    throw failure;
  }
}

/** A reason of our own: without one, every task would make a DOMException and its stack. */
const DONE = new Error('The task is done');

async function withTimeout(
  engine: Engine,
  resource: string,
  args: Json,
  seconds: number | undefined,
  outer: AbortSignal,
): Promise<unknown> {
  const done = new AbortController();
  const signal = AbortSignal.any([outer, done.signal]);
  const stopped = new Promise<never>((_, reject) => {
    outer.addEventListener('abort', () => reject(outer.reason), { signal: done.signal });
  });
  const expiry = async (): Promise<never> => {
    await engine.clock.sleep((seconds ?? 0) * 1000, signal);
    throw new StateError('States.Timeout', `no answer within ${seconds} seconds`);
  };
  const work = engine.invokeTask(resource, args, signal);
  try {
    return await Promise.race([work, stopped, ...(seconds === undefined ? [] : [expiry()])]);
  } finally {
    done.abort(DONE);
  }
}

/** A task rejects with an error name and a cause. */
function asStateError(error: unknown): StateError {
  if (error instanceof StateError) return error;
  if (typeof error === 'object' && error !== null && 'name' in error && typeof error.name === 'string') {
    return new StateError(error.name, 'message' in error ? String(error.message) : '');
  }
  throw error;
}

interface TaskEvents {
  readonly type: (how: string) => string;
  readonly member: (how: string) => string;
  /** Members that go with every event of this kind of task. */
  readonly common: Readonly<Record<string, string>>;
  readonly scheduled: (args: string) => Readonly<Record<string, string>>;
}

/** Lambda by its ARN has events of its own; other integrations are `arn:<partition>:states:::<service>:<action>`. */
function eventsOf(resource: string, executionArn: string): TaskEvents {
  const named = (prefix: string) => ({
    type: (how: string) => `${prefix}${how}`,
    member: (how: string) => `${prefix.charAt(0).toLowerCase()}${prefix.slice(1)}${how}EventDetails`,
  });
  if (LAMBDA.test(resource)) {
    return { ...named('LambdaFunction'), common: {}, scheduled: (input) => ({ resource, input }) };
  }
  const [resourceType = '', action = ''] = resource.split(':').slice(-2);
  const region = executionArn.split(':')[3] ?? '';
  return {
    ...named('Task'),
    common: { resourceType, resource: action },
    scheduled: (parameters) => ({ region, parameters }),
  };
}
