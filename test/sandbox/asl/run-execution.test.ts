import { describe, expect, it } from 'vitest';
import { failing, machine, run } from './run.ts';

const pass = (output: unknown) => machine({ A: { Type: 'Pass', Output: output, End: true } });
const task = (more: object, rest: object = {}) =>
  machine({
    A: { Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:111122223333:function:f', ...more },
    ...rest,
  });
const branch = (states: object) => ({ StartAt: Object.keys(states)[0], States: states });
const output = async (definition: object, options?: Parameters<typeof run>[1]) =>
  (await run(definition, options)).outcome;
const succeeded = (value: unknown) => ({ status: 'SUCCEEDED', output: value });

describe('expressions', () => {
  it.each<[string, unknown, unknown]>([
    ['literals as they are', { a: [1, null, 'x'] }, { a: [1, null, 'x'] }],
    ['the input', '{% $states.input.n + 1 %}', 2],
    ['expressions deep in JSON', { a: ['{% $states.input.n %}'] }, { a: [1] }],
    ['null is a value', '{% $states.input.nothing %}', null],
    ['members without a value are left out', "{% {'a': $states.input.missing, 'b': 1} %}", { b: 1 }],
    ['the execution in the context', '{% $states.context.Execution.Name %}', 'run-1'],
    ['the input in the context', '{% $states.context.Execution.Input.n %}', 1],
    ['the state machine in the context', '{% $states.context.StateMachine.Name %}', 'machine'],
    ['$parse', '{% $parse(\'{"a":1}\').a %}', 1],
    ['$hash', "{% $hash('a', 'MD5') %}", '0cc175b9c0f1b6a831c399e269772661'],
    ['$range', '{% $range(1, 7, 3) %}', [1, 4, 7]],
    ['$partition', '{% $partition([1, 2, 3], 2) %}', [[1, 2], [3]]],
    ['$random from the injected chance', '{% $random() %}', 0.5],
    ['$random with a seed repeats', '{% $random(7) = $random(7) %}', true],
    ['$uuid from the injected chance', '{% $uuid() %}', '88888888-8888-4888-a888-888888888888'],
    ['$millis from the injected clock', '{% $millis() %}', Date.parse('2026-01-01T00:00:00Z')],
    ['$now from the injected clock', '{% $now() %}', '2026-01-01T00:00:00.000Z'],
  ])('give %s', async (_, expression, value) => {
    expect(await output(pass(expression), { input: { n: 1, nothing: null } })).toEqual(succeeded(value));
  });

  it.each([
    ['of nothing', '{% $states.input.missing %}'],
    ['of an unknown function', '{% $unheard(1) %}'],
    ['of a function', '{% $sum %}'],
    ['of a bare name: there is no input document', '{% n %}'],
    ['of a wrong type', "{% 1 + 'a' %}"],
    ['of broken JSON', "{% $parse('{') %}"],
    ['with a hash that does not exist', "{% $hash('a', 'CRC') %}"],
    ['of a range that is too long', '{% $range(1, 2000, 1) %}'],
  ])('fail on the result %s', async (_, expression) => {
    expect(await output(pass(expression), { input: { n: 1 } })).toMatchObject({
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining('$.States.A.Output'),
    });
  });
});

describe('variables', () => {
  it('are seen by later states, and Output sees the values from before Assign', async () => {
    const definition = machine({
      A: { Type: 'Pass', Assign: { x: 1 }, Next: 'B' },
      B: { Type: 'Pass', Assign: { x: '{% $x + 1 %}' }, Output: '{% $x %}', Next: 'C' },
      C: { Type: 'Succeed', Output: '{% [$states.input, $x] %}' },
    });
    expect(await output(definition)).toEqual(succeeded([1, 2]));
  });

  it('of a branch end with it; those outside are read', async () => {
    const definition = machine({
      A: { Type: 'Pass', Assign: { x: 1 }, Next: 'B' },
      B: {
        Type: 'Parallel',
        Branches: [
          branch({
            C: { Type: 'Pass', Assign: { y: 2 }, Next: 'D' },
            D: { Type: 'Succeed', Output: '{% $x + $y %}' },
          }),
          branch({
            E: { Type: 'Pass', Assign: { y: 5 }, Next: 'F' },
            F: { Type: 'Succeed', Output: '{% $x + $y %}' },
          }),
        ],
        Next: 'G',
      },
      G: { Type: 'Succeed', Output: "{% {'sums': $states.input, 'y': $exists($y)} %}" },
    });
    expect(await output(definition)).toEqual(succeeded({ sums: [3, 6], y: false }));
  });
});

describe('Task', () => {
  it('passes Arguments, keeps the result as output, and assigns from it', async () => {
    const seen: unknown[] = [];
    const definition = task(
      { Arguments: { n: '{% $states.input.n %}' }, Assign: { r: '{% $states.result.r %}' }, Next: 'B' },
      { B: { Type: 'Succeed', Output: '{% [$states.input.r, $r] %}' } },
    );
    const answer = await output(definition, {
      input: { n: 4 },
      task: async (resource, args) => {
        seen.push(resource, args);
        return { r: 5 };
      },
    });
    expect(seen).toEqual(['arn:aws:lambda:us-east-1:111122223333:function:f', { n: 4 }]);
    expect(answer).toEqual(succeeded([5, 5]));
  });

  it('without Arguments passes its input', async () => {
    const echo = async (_: string, args: unknown) => args;
    expect(await output(task({ End: true }), { input: { a: 1 }, task: echo })).toEqual(succeeded({ a: 1 }));
  });

  it('times out, and tells the task to stop', async () => {
    let stopped = false;
    const { outcome, slept } = await run(task({ TimeoutSeconds: 70, End: true }), {
      task: (_, __, signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            stopped = true;
          });
        }),
    });
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(slept).toEqual([70_000]);
    expect(stopped).toBe(true);
  });

  it('fails the execution with its own error where nothing catches it', async () => {
    expect(await output(task({ End: true }), { task: failing(['Boom']) })).toEqual({
      status: 'FAILED',
      error: 'Boom',
      cause: 'cause of Boom',
    });
  });
});

describe('Retry', () => {
  const retry = (...rules: object[]) => task({ Retry: rules, End: true });

  it('waits longer each time, up to the cap', async () => {
    const rule = {
      ErrorEquals: ['E'],
      IntervalSeconds: 2,
      BackoffRate: 3,
      MaxDelaySeconds: 10,
      MaxAttempts: 4,
    };
    const { outcome, slept } = await run(retry(rule), { task: failing(['E', 'E', 'E', 'E']) });
    expect(outcome).toEqual(succeeded('done'));
    expect(slept).toEqual([2000, 6000, 10_000, 10_000]);
  });

  it('draws the pause with full jitter', async () => {
    const draws = [0.5, 0.25];
    const { slept } = await run(retry({ ErrorEquals: ['E'], IntervalSeconds: 2, JitterStrategy: 'FULL' }), {
      task: failing(['E', 'E']),
      random: () => draws.shift() ?? 0,
    });
    expect(slept).toEqual([1000, 1000]);
  });

  it('defaults to three attempts after one second, doubled', async () => {
    const { outcome, slept } = await run(retry({ ErrorEquals: ['E'] }), {
      task: failing(['E', 'E', 'E', 'E']),
    });
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'E' });
    expect(slept).toEqual([1000, 2000, 4000]);
  });

  it('counts each retrier by itself', async () => {
    const { outcome } = await run(
      retry({ ErrorEquals: ['E'], MaxAttempts: 1 }, { ErrorEquals: ['F'], MaxAttempts: 2 }),
      { task: failing(['F', 'E', 'F', 'E']) },
    );
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'E' });
  });

  it.each([
    ['States.TaskFailed', 'E', true],
    ['States.TaskFailed', 'States.Timeout', false],
    ['States.ALL', 'States.Timeout', true],
    ['States.ALL', 'States.DataLimitExceeded', false],
    ['States.ALL', 'States.Runtime', false],
    ['E', 'F', false],
  ])('by %s, of %s: %s', async (wanted, name, retried) => {
    const { slept } = await run(retry({ ErrorEquals: [wanted] }), { task: failing([name]) });
    expect(slept.length > 0).toBe(retried);
  });

  it('covers a failed Output, and then tells the number of retries', async () => {
    const { outcome } = await run(
      task({
        Retry: [{ ErrorEquals: ['States.QueryEvaluationError'] }],
        Output: '{% $states.context.State.RetryCount = 2 ? 2 : $states.result.missing %}',
        End: true,
      }),
    );
    expect(outcome).toEqual(succeeded(2));
  });
});

describe('Catch', () => {
  it('gives error and cause, assigns, and goes on', async () => {
    const definition = task(
      {
        Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }],
        Catch: [
          { ErrorEquals: ['Other'], Next: 'B' },
          { ErrorEquals: ['States.ALL'], Assign: { code: '{% $states.errorOutput.Error %}' }, Next: 'C' },
        ],
        Next: 'B',
      },
      { B: { Type: 'Succeed' }, C: { Type: 'Succeed', Output: '{% [$code, $states.input.Cause] %}' } },
    );
    expect(await output(definition, { task: failing(['E', 'E']) })).toEqual(succeeded(['E', 'cause of E']));
  });

  it('catches a failed expression in Arguments', async () => {
    const definition = task(
      {
        Arguments: '{% $nothing %}',
        Catch: [{ ErrorEquals: ['States.ALL'], Output: 'caught', Next: 'B' }],
        Next: 'B',
      },
      { B: { Type: 'Succeed' } },
    );
    expect(await output(definition)).toEqual(succeeded('caught'));
  });

  it('does not catch a result beyond 256 KiB', async () => {
    const definition = task(
      { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }], Next: 'B' },
      { B: { Type: 'Succeed' } },
    );
    const large = 'x'.repeat(256 * 1024);
    expect(await output(definition, { task: async () => large })).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
  });
});

describe('Choice', () => {
  const choice = (more: object) =>
    machine({
      A: {
        Type: 'Choice',
        Choices: [{ Condition: '{% $states.input.n = 1 %}', Output: 'one', Next: 'B' }],
        ...more,
      },
      B: { Type: 'Succeed' },
    });

  it('takes the first rule that holds', async () => {
    expect(await output(choice({ Default: 'B' }), { input: { n: 1 } })).toEqual(succeeded('one'));
  });
  it('takes the default, with its own output', async () => {
    expect(await output(choice({ Default: 'B', Output: 'other' }), { input: { n: 2 } })).toEqual(
      succeeded('other'),
    );
  });
  it('fails without a default', async () => {
    expect(await output(choice({}), { input: { n: 2 } })).toMatchObject({ error: 'States.NoChoiceMatched' });
  });
  it('fails on a condition that is not boolean', async () => {
    const definition = machine({
      A: { Type: 'Choice', Choices: [{ Condition: '{% 1 %}', Next: 'B' }], Default: 'B' },
      B: { Type: 'Succeed' },
    });
    expect(await output(definition)).toMatchObject({ error: 'States.QueryEvaluationError' });
  });
});

describe('Wait', () => {
  const wait = (until: object) => machine({ A: { Type: 'Wait', ...until, End: true } });

  it.each([
    [{ Seconds: 5 }, [5000]],
    [{ Seconds: '{% $states.input.s %}' }, [7000]],
    [{ Timestamp: '2026-01-01T00:01:00Z' }, [60_000]],
    [{ Timestamp: '{% $states.input.t %}' }, [1500]],
    [{ Timestamp: '2025-01-01T00:00:00Z' }, []],
  ])('%j', async (until, expected) => {
    const { slept, outcome } = await run(wait(until), { input: { s: 7, t: '2026-01-01T00:00:01.500Z' } });
    expect(outcome.status).toBe('SUCCEEDED');
    expect(slept).toEqual(expected);
  });

  it.each([[{ Seconds: '{% -1 %}' }], [{ Timestamp: "{% 'tomorrow' %}" }], [{ Timestamp: '2026-01-01' }]])(
    'fails on %j',
    async (until) => {
      expect(await output(wait(until))).toMatchObject({ error: 'States.QueryEvaluationError' });
    },
  );
});

describe('Parallel', () => {
  it('stops the other branches when one fails, and can be caught', async () => {
    const definition = machine({
      P: {
        Type: 'Parallel',
        Branches: [
          branch({
            A: { Type: 'Wait', Seconds: 1, Next: 'X' },
            X: { Type: 'Fail', Error: 'Boom', Cause: 'why' },
          }),
          branch({ B: { Type: 'Wait', Seconds: 900, Next: 'Y' }, Y: { Type: 'Succeed' } }),
        ],
        Catch: [{ ErrorEquals: ['Boom'], Next: 'Z' }],
        Next: 'Z',
      },
      Z: { Type: 'Succeed' },
    });
    const { outcome, slept } = await run(definition);
    expect(outcome).toEqual(succeeded({ Error: 'Boom', Cause: 'why' }));
    expect(slept).toEqual([1000]);
  });
});

describe('an execution', () => {
  it('fails in a Fail state with its error and cause', async () => {
    const definition = machine({ A: { Type: 'Fail', Error: '{% $states.input.e %}', Cause: 'why' } });
    expect(await output(definition, { input: { e: 'E' } })).toEqual({
      status: 'FAILED',
      error: 'E',
      cause: 'why',
    });
  });

  it('can be stopped while a task runs', async () => {
    const stop = new AbortController();
    const outcome = await output(task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'A' }], End: true }), {
      signal: stop.signal,
      task: () => {
        setImmediate(() => stop.abort());
        return new Promise(() => {});
      },
    });
    expect(outcome).toEqual({ status: 'ABORTED' });
  });

  it('ends at 25,000 history events', async () => {
    const definition = machine({
      A: { Type: 'Choice', Choices: [{ Condition: true, Next: 'A' }], Default: 'B' },
      B: { Type: 'Succeed' },
    });
    const { outcome, events } = await run(definition);
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(events).toHaveLength(25_000);
    expect(events.at(-1)?.type).toBe('ExecutionFailed');
  });

  it('writes a history in the shape of Step Functions', async () => {
    const { events } = await run(task({ End: true }), { task: failing([]) });
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    expect(events.at(-2)?.details).toEqual({ stateExitedEventDetails: { name: 'A', output: '"done"' } });
  });
});
