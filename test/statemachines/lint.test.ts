import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { HELD_CODES, RETRYABLE_CODES } from '../../core/errors.ts';
import { DURATIONS } from '../../lib/durations.ts';
import { parseDefinition } from '../../sandbox/asl/parse-definition.ts';
import { definitionOf, type RawState, statesOf, WORKFLOWS } from './definitions.ts';

/** The package has no types. */
const validate = createRequire(import.meta.url)('asl-validator') as (definition: object) => {
  readonly isValid: boolean;
  readonly errorsText: () => string;
};

/** How Lambda and Step Functions name what is not the function's own error and passes by itself. */
const PLATFORM_ERRORS = [
  'States.Timeout',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'Lambda.Unknown',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
];
const START_EXECUTION_ERRORS = [
  'StepFunctions.ThrottlingException',
  'StepFunctions.SdkClientException',
  'StepFunctions.AWSStepFunctionsException',
  'States.Timeout',
];

describe.each(WORKFLOWS)('%s', (workflow) => {
  const definition = JSON.parse(definitionOf(workflow)) as {
    TimeoutSeconds?: number;
    States: Record<string, RawState>;
  };
  const states = statesOf(definition.States);
  const tasks = states.filter(([, { Type }]) => Type === 'Task');
  const rules = states.flatMap(([name, { Retry, Catch }]) => [
    ...(Retry ? [[`${name}, Retry`, Retry] as const] : []),
    ...(Catch ? [[`${name}, Catch`, Catch] as const] : []),
  ]);

  it('passes asl-validator', () => {
    const { isValid, errorsText } = validate(definition);
    expect(errorsText()).toBe('');
    expect(isValid).toBe(true);
  });

  it('is read by the interpreter, which refuses what it does not know', () => {
    expect(() => parseDefinition(definitionOf(workflow))).not.toThrow();
  });

  it('has no timeout of its own: it could not be caught', () => {
    expect(definition).not.toHaveProperty('TimeoutSeconds');
  });

  it.each(tasks)('%s has a timeout longer than its function, a retry and a catch', (_, task) => {
    expect(task.TimeoutSeconds).toBeGreaterThan(DURATIONS.functionTimeout);
    // Enrolment also waits for a member stack under way.
    const waits = workflow === 'enrol-account' ? 3 : 2;
    expect(task.Retry).toHaveLength(task.Resource?.includes(':lambda:') ? waits : 1);
    expect(task.Catch?.length).toBeGreaterThan(0);
  });

  it.each(tasks)('%s retries exactly what passes by itself, with backoff, cap and full jitter', (_, task) => {
    const { Comment: _comment, ErrorEquals, ...pauses } = task.Retry?.[0] ?? { ErrorEquals: [] };
    const isFunction = task.Resource?.includes(':lambda:');
    const expected = isFunction ? [...RETRYABLE_CODES, ...PLATFORM_ERRORS] : START_EXECUTION_ERRORS;
    expect([...ErrorEquals].sort()).toEqual([...expected].sort());
    expect(pauses).toEqual({
      IntervalSeconds: 2,
      BackoffRate: 2,
      MaxDelaySeconds: 120,
      MaxAttempts: 24,
      JitterStrategy: 'FULL',
    });
  });

  it.each(tasks.filter(([, { Resource }]) => Resource?.includes(':lambda:')))(
    '%s waits for days where it is held, and no longer than half an hour at once',
    (_, task) => {
      const { Comment: _comment, ErrorEquals, ...pauses } = task.Retry?.[1] ?? { ErrorEquals: [] };
      expect([...ErrorEquals].sort()).toEqual([...HELD_CODES].sort());
      expect(pauses).toEqual({
        IntervalSeconds: 10,
        BackoffRate: 2,
        MaxDelaySeconds: 1800,
        MaxAttempts: 1350,
        JitterStrategy: 'FULL',
      });
    },
  );

  it.each(tasks)('%s catches everything', (_, task) => {
    expect(task.Catch?.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
  });

  it.each(rules)('%s: States.ALL stands alone and last', (_, list) => {
    const wildcards = list.filter(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'));
    expect(wildcards.every(({ ErrorEquals }) => ErrorEquals.length === 1)).toBe(true);
    expect(wildcards.length === 0 || list.at(-1) === wildcards[0]).toBe(true);
  });

  it('says why at every wait, retry and catch', () => {
    const silent = states.flatMap(([name, { Type, Comment, Retry = [], Catch = [] }]) => [
      ...(Type === 'Wait' && !Comment ? [name] : []),
      ...[...Retry, ...Catch].filter((rule) => !rule.Comment).map(() => `${name}: a rule`),
    ]);
    expect(silent).toEqual([]);
  });
});
