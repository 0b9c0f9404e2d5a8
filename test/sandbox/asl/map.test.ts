import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../sandbox/asl/parse-definition.ts';
import { failing, machine, run } from './run.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:111122223333:function:f';
const TASK = { Type: 'Task', Resource: FUNCTION, End: true };
const processor = (states: object, distributed: boolean) => ({
  StartAt: Object.keys(states)[0],
  States: states,
  ...(distributed && { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } }),
});
const map = (more: object = {}, states: object = { T: TASK }, distributed = false) => ({
  Type: 'Map',
  ItemProcessor: processor(states, distributed),
  ...(distributed && { Label: 'each' }),
  End: true,
  ...more,
});
const inline = (more?: object, states?: object, rest: object = {}) =>
  machine({ M: map(more, states), ...rest });
const distributed = (more?: object, states?: object, rest: object = {}) =>
  machine({ M: map(more, states, true), ...rest });
const double = async (_: string, args: unknown) => (args as number) * 2;
const outcome = async (...args: Parameters<typeof run>) => (await run(...args)).outcome;

describe.each([
  ['Map', inline],
  ['Distributed Map', distributed],
])('%s', (_, definition) => {
  it('does its work for every item, in order', async () => {
    expect(await outcome(definition(), { input: [1, 2, 3], task: double })).toEqual({
      status: 'SUCCEEDED',
      output: [2, 4, 6],
    });
  });

  it('takes Items and ItemSelector, which sees the item', async () => {
    const more = {
      Items: '{% $states.input.numbers %}',
      ItemSelector: {
        n: '{% $states.context.Map.Item.Value %}',
        at: '{% $states.context.Map.Item.Index %}',
        of: '{% $states.input.name %}',
      },
    };
    const input = { numbers: [7, 8], name: 'x' };
    expect(await outcome(definition(more), { input, task: async (_, args) => args })).toEqual({
      status: 'SUCCEEDED',
      output: [
        { n: 7, at: 0, of: 'x' },
        { n: 8, at: 1, of: 'x' },
      ],
    });
  });

  it('gives an iteration null where that is selected', async () => {
    const task = async (_: string, args: unknown) => ({ args });
    expect(await outcome(definition({ ItemSelector: null }), { input: [1], task })).toMatchObject({
      output: [{ args: null }],
    });
  });

  it('of no items has no results', async () => {
    expect(await outcome(definition(), { input: [] })).toEqual({ status: 'SUCCEEDED', output: [] });
  });

  it.each([{ a: 1 }, 'x', null])('fails on items that are no array: %j', async (input) => {
    expect(await outcome(definition(), { input })).toMatchObject({ error: 'States.QueryEvaluationError' });
  });

  it.each([
    [1, 1],
    ['{% $states.input[0] %}', 2],
    [0, 5],
  ])('works on at most MaxConcurrency %j items at once', async (MaxConcurrency, most) => {
    let now = 0;
    let peak = 0;
    const task = async () => {
      now += 1;
      peak = Math.max(peak, now);
      await new Promise(setImmediate);
      now -= 1;
    };
    await run(definition({ MaxConcurrency }), { input: [2, 0, 0, 0, 0], task });
    expect(peak).toBe(most);
  });

  it('is retried as a whole, then caught', async () => {
    const more = {
      End: undefined,
      Next: 'Done',
      Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1 }],
      Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput.Error %}', Next: 'Done' }],
    };
    const done = { Done: { Type: 'Succeed' } };
    const defined = JSON.parse(JSON.stringify(definition(more, undefined, done)));
    expect(await outcome(defined, { input: [1], task: failing(['E']) })).toMatchObject({ output: ['done'] });
    const caught = await outcome(defined, { input: [1], task: failing(['E', 'E']) });
    expect(caught.status).toBe('SUCCEEDED');
  });

  it('ends with the execution', async () => {
    const stop = new AbortController();
    const hanging = async (): Promise<never> => {
      stop.abort();
      return new Promise<never>(() => {});
    };
    const ended = await outcome(definition(), { input: [1, 2], task: hanging, signal: stop.signal });
    expect(ended).toEqual({ status: 'ABORTED' });
  });
});

describe('Map', () => {
  it('reads the variables around it and keeps its own', async () => {
    const definition = machine({
      A: { Type: 'Pass', Assign: { x: 10 }, Next: 'M' },
      M: map(
        { End: true },
        {
          B: { Type: 'Pass', Assign: { y: '{% $states.input %}' }, Next: 'C' },
          C: { Type: 'Succeed', Output: '{% $x + $y %}' },
        },
      ),
    });
    expect(await outcome(definition, { input: [1, 2] })).toMatchObject({ output: [11, 12] });
  });

  it('fails with the first error, and no further item begins', async () => {
    const seen: unknown[] = [];
    const task = async (_: string, args: unknown) => {
      seen.push(args);
      if (args === 2) throw Object.assign(new Error('c'), { name: 'E' });
    };
    const failed = await outcome(inline({ MaxConcurrency: 1 }), { input: [1, 2, 3], task });
    expect(failed).toEqual({ status: 'FAILED', error: 'E', cause: 'c' });
    expect(seen).toEqual([1, 2]);
  });

  it('records every iteration', async () => {
    const { events } = await run(inline(undefined, { P: { Type: 'Pass', End: true } }), { input: [1] });
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapStateStarted',
      'MapIterationStarted',
      'PassStateEntered',
      'PassStateExited',
      'MapIterationSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
  });
});

describe('Distributed Map', () => {
  const bad = (numbers: readonly number[]) => async (_: string, args: unknown) => {
    if (numbers.includes(args as number)) throw Object.assign(new Error(), { name: 'E' });
    return args;
  };
  const exceeded = { status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' };

  it.each<[object, readonly number[], 'holds' | 'fails']>([
    [{}, [], 'holds'],
    [{}, [1], 'fails'],
    [{ ToleratedFailureCount: 1 }, [1], 'holds'],
    [{ ToleratedFailureCount: 1 }, [1, 2], 'fails'],
    [{ ToleratedFailurePercentage: 50 }, [1, 2], 'holds'],
    [{ ToleratedFailurePercentage: 50 }, [1, 2, 3], 'fails'],
    [{ ToleratedFailurePercentage: 100 }, [1, 2, 3, 4], 'holds'],
    [{ ToleratedFailurePercentage: '{% 25 %}', ToleratedFailureCount: 3 }, [1, 2], 'fails'],
  ])('with %j and failures %j %s', async (tolerance, failures, expected) => {
    const more = { ...tolerance, ...(Object.keys(tolerance).length > 0 && { Output: 'ok' }) };
    const ended = await outcome(distributed(more), { input: [1, 2, 3, 4], task: bad(failures) });
    expect(ended).toMatchObject(expected === 'holds' ? { status: 'SUCCEEDED' } : exceeded);
  });

  it('runs each item as an execution of its own, with a history of its own', async () => {
    const context = { X: { Type: 'Pass', Output: '{% $states.context %}', End: true } };
    const { outcome: ended, events } = await run(distributed(undefined, context), { input: ['a'] });
    expect(ended).toMatchObject({
      output: [
        {
          Execution: {
            Id: 'arn:aws:states:us-east-1:111122223333:execution:machine/each:1',
            Input: 'a',
            Name: '1',
          },
          StateMachine: { Name: 'machine/each' },
        },
      ],
    });
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapStateStarted',
      'MapRunStarted',
      'MapRunSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('does not see the variables of its parent', async () => {
    const definition = machine({
      A: { Type: 'Pass', Assign: { x: 10 }, Next: 'M' },
      M: map({}, { B: { Type: 'Succeed', Output: '{% $exists($x) %}' } }, true),
    });
    expect(await outcome(definition, { input: [1] })).toMatchObject({ output: [false] });
  });
});

describe('a definition with a Map', () => {
  const tolerant = { ToleratedFailureCount: 1 };
  it.each<[string, object, string]>([
    ['an item reader', distributed({ ItemReader: {} }), '$.States.M.ItemReader'],
    ['a result writer', distributed({ ResultWriter: {} }), '$.States.M.ResultWriter'],
    ['a batcher', distributed({ ItemBatcher: {} }), '$.States.M.ItemBatcher'],
    ['an iterator of the old kind', inline({ Iterator: {} }), '$.States.M.Iterator'],
    ['Arguments', inline({ Arguments: {} }), '$.States.M.Arguments'],
    ['a label where nothing is distributed', inline({ Label: 'x' }), '$.States.M.Label'],
    ['no label', distributed({ Label: undefined }), '$.States.M.Label'],
    ['a label with a blank', distributed({ Label: 'a b' }), '$.States.M.Label'],
    ['Items that are no array', inline({ Items: { a: 1 } }), '$.States.M.Items'],
    ['a negative concurrency', inline({ MaxConcurrency: -1 }), '$.States.M.MaxConcurrency'],
    [
      'more than all',
      distributed({ ToleratedFailurePercentage: 101 }),
      '$.States.M.ToleratedFailurePercentage',
    ],
    ['a result with failures in it', distributed(tolerant), '$.States.M.Output'],
    ['it by another way', distributed({ ...tolerant, Output: '{% $states.result %}' }), '$.States.M.Output'],
    [
      'Express children',
      machine({
        M: {
          ...map({ Label: 'x' }),
          ItemProcessor: {
            ...processor({ T: TASK }, false),
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
          },
        },
      }),
      '$.States.M.ItemProcessor.ProcessorConfig',
    ],
    [
      'one Distributed Map within another',
      distributed(undefined, { N: map({ Label: 'in' }, { T: TASK }, true) }),
      '$.States.M.ItemProcessor.States.N',
    ],
    [
      'a label twice',
      machine({ L: map({ End: undefined, Next: 'M' }, { S: TASK }, true), M: map({}, { T: TASK }, true) }),
      '$.States.M.Label',
    ],
    ['a name twice', inline(undefined, { M: TASK }), '$.States.M.ItemProcessor.States.M'],
  ])('is refused for %s', (_, definition, path) => {
    expect(() => parseDefinition(JSON.stringify(definition))).toThrow(
      expect.objectContaining({ name: 'FieldError', path }),
    );
  });
});
