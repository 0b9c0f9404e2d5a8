import { parseDefinition } from '../../sandbox/asl/parse-definition.ts';
import { type Outcome, runExecution } from '../../sandbox/asl/run-execution.ts';
import { virtualClock } from '../sandbox/asl/virtual-clock.ts';
import { definitionOf, FUNCTION_ARN, type Workflow } from './definitions.ts';

/** An answer, or an Error: its name is the error name. The last one stands for all further calls. */
export type Script = Readonly<Record<string, readonly unknown[]>>;

/** Every attempt of this task fails so. */
export const fails = (name: string): Error => Object.assign(new Error('cause'), { name });
/** Never answers. */
export const HANGS = Symbol('hangs');

export interface Played {
  readonly outcome: Outcome;
  /** What was called, in order, with what. */
  readonly calls: readonly { readonly task: string; readonly args: Record<string, unknown> }[];
  readonly tasks: readonly string[];
  /** Waits, retry pauses and expired timeouts, in seconds. */
  readonly slept: readonly number[];
}

export const EXECUTION = 'arn:aws:states:us-east-1:111122223333:execution:oidc-factory:event-1';

/** Plays a workflow on virtual time with full pauses (jitter draws 1). */
export async function play(workflow: Workflow, input: object, script: Script): Promise<Played> {
  const clock = virtualClock();
  const calls: { task: string; args: Record<string, unknown> }[] = [];
  const outcome = await runExecution({
    definition: parseDefinition(definitionOf(workflow)),
    input,
    context: {
      executionArn: EXECUTION,
      name: 'event-1',
      startTime: '2026-01-01T00:00:00.000Z',
      stateMachineArn: `arn:aws:states:us-east-1:111122223333:stateMachine:oidc-factory-${workflow}`,
    },
    clock,
    random: () => 1,
    invokeTask: async (resource, args) => {
      const task = resource.startsWith(FUNCTION_ARN)
        ? resource.slice(FUNCTION_ARN.length)
        : (resource.split(':').at(-1) ?? '');
      const answers = script[task];
      if (!answers) throw new Error(`${task} is not in the script`);
      const nth = calls.filter((call) => call.task === task).length;
      calls.push({ task, args: args as Record<string, unknown> });
      const answer = answers[Math.min(nth, answers.length - 1)];
      if (answer === HANGS) return new Promise(() => {});
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { outcome, calls, tasks: calls.map(({ task }) => task), slept: clock.slept.map((ms) => ms / 1000) };
}
