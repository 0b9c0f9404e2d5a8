/** What every function has in common: lazy wiring, one log event per step, errors whose name is always a code. */
import { setFlagsFromString } from 'node:v8';
import { FactoryError } from '../core/errors.ts';
import type { AnyFunctionName } from '../core/naming.ts';
import { jsonTelemetry, type PublishedTelemetry } from './adapters/telemetry.ts';
import type { Telemetry } from './ports.ts';
import type { Environment } from './settings.ts';

/** What a function is wired from. */
export interface Runtime {
  readonly env: Environment;
  readonly telemetry: Telemetry;
  /** RoleSessionName for what the current invocation does in member accounts. */
  sessionName(): string;
}

type Fields = Readonly<Record<string, unknown>>;
type Handle<Input, Output> = (input: Input) => Promise<Output>;

/**
 * The Lambda handler of a function. `wire` builds its ports at the first invocation, not at load, so that a bad
 * environment is an InvalidSettings like any other failure; what it built is kept between invocations. Whatever is
 * thrown leaves as an error whose name is a code of core/errors.ts and whose message is ours.
 */
export function serve<Input, Output>(
  name: AnyFunctionName,
  wire: (runtime: Runtime) => Handle<Input, Output>,
  outside: { readonly env?: Environment; readonly telemetry?: PublishedTelemetry } = {},
): Handle<Input, Output> {
  const { env = process.env, telemetry = jsonTelemetry(name) } = outside;
  let execution: unknown;
  let handle: Handle<Input, Output> | undefined;
  const runtime: Runtime = { env, telemetry, sessionName: () => sessionNameOf(execution, name) };

  return async (input) => {
    const begun = performance.now();
    const about = { step: name, ...subjectOf(input), cold: handle === undefined };
    const elapsed = () => ({ ms: Math.round(performance.now() - begun) });
    // Lambda gives an environment one invocation at a time.
    execution = fieldOf(input, 'execution');
    try {
      handle ??= wire(runtime);
      const output = await handle(input);
      telemetry.event(`${name} done`, { ...about, ...resultOf(output), ...elapsed() });
      return output;
    } catch (error) {
      const failure = asFactoryError(error);
      telemetry.problem(`${name} failed`, failure, { ...about, code: failure.code, ...elapsed() });
      telemetry.failed(failure.code);
      throw withoutCause(failure);
    } finally {
      telemetry.publish();
      if (about.cold) setFlagsFromString(LESS_COMPILING);
    }
  };
}

/**
 * V8's middle compiler takes 15 to 20 MB for code whose time is the services'. Not before the first invocation is
 * over: with other flags than its own, Node compiles its modules anew instead of taking them from its snapshot.
 */
const LESS_COMPILING = '--no-maglev';

const asFactoryError = (error: unknown): FactoryError =>
  error instanceof FactoryError
    ? error
    : new FactoryError('Unexpected', 'Unexpected error; the log of the function names it', { cause: error });

/** Lambda logs and answers with what is thrown; upstream errors stay out of both. */
const withoutCause = (error: FactoryError): FactoryError => {
  const thrown = new FactoryError(error.code, error.message);
  if (error.stack) thrown.stack = error.stack;
  return thrown;
};

/** STS: 2 to 64 of `[\w+=,.@-]`. The name of the execution leads from the member's CloudTrail to the run. */
function sessionNameOf(execution: unknown, fallback: string): string {
  const name = typeof execution === 'string' ? execution.slice(execution.lastIndexOf(':') + 1) : '';
  const allowed = name.replace(/[^\w+=,.@-]/g, '-').slice(0, 64);
  return allowed.length >= 2 ? allowed : fallback;
}

/** Whom a step is about, from a workflow's input or a batch of messages. */
function subjectOf(input: unknown): Fields {
  const subject = fieldOf(input, 'run') ?? fieldOf(input, 'entry');
  const records = fieldOf(input, 'Records');
  return {
    ...pick(subject, ['accountId', 'roleName', 'roleId', 'eventId']),
    ...pick(input, ['execution']),
    ...(Array.isArray(records) ? { records: records.length } : {}),
  };
}

function resultOf(output: unknown): Fields {
  const failed = fieldOf(output, 'batchItemFailures');
  return {
    ...pick(fieldOf(output, 'entry'), ['accountId', 'roleName', 'roleId', 'phase', 'appId', 'audience']),
    ...pick(output, ['decision', 'outcome', 'reason', 'code', 'removed', 'deleted']),
    ...(Array.isArray(failed) ? { failed: failed.length } : {}),
  };
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Fields)[name] : undefined;

const pick = (value: unknown, names: readonly string[]): Fields =>
  Object.fromEntries(
    names.map((name) => [name, fieldOf(value, name)] as const).filter(([, field]) => field !== undefined),
  );
