import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../sandbox/asl/parse-definition.ts';
import { machine } from './run.ts';

const task = (more: object) => machine({ A: { Type: 'Task', Resource: 'x', End: true, ...more } });
const retry = (more: object) => task({ Retry: [{ ErrorEquals: ['E'], ...more }] });
const expression = (text: string) => machine({ A: { Type: 'Pass', Output: text, End: true } });

describe('a definition is refused, by path', () => {
  it.each<[string, object, string]>([
    ['JSONPath', { StartAt: 'A', States: { A: { Type: 'Succeed' } } }, '$.QueryLanguage'],
    ['a state in JSONPath', task({ QueryLanguage: 'JSONPath' }), '$.States.A.QueryLanguage'],
    ['an unknown state type', machine({ A: { Type: 'Loop', End: true } }), '$.States.A.Type'],
    ['a timeout of the whole machine', { ...task({}), TimeoutSeconds: 9 }, '$.TimeoutSeconds'],
    ['a JSONPath field', task({ ResultPath: '$.x' }), '$.States.A.ResultPath'],
    ['a heartbeat', task({ HeartbeatSeconds: 9 }), '$.States.A.HeartbeatSeconds'],
    ['credentials', task({ Credentials: {} }), '$.States.A.Credentials'],
    [
      'an unknown field of a catcher',
      task({ Catch: [{ ErrorEquals: ['E'], Next: 'A', ResultPath: '$' }] }),
      'ResultPath',
    ],
    ['an unknown field of a retrier', retry({ Backoff: 2 }), '$.States.A.Retry[0].Backoff'],
    ['a retrier without errors', task({ Retry: [{ ErrorEquals: [] }] }), 'ErrorEquals'],
    ['States.ALL among others', retry({ ErrorEquals: ['States.ALL', 'E'] }), 'alone'],
    [
      'States.ALL before another',
      task({ Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['E'] }] }),
      'States.ALL must be last',
    ],
    ['an unknown States error', retry({ ErrorEquals: ['States.Anything'] }), 'cannot occur'],
    ['a misspelt platform error', retry({ ErrorEquals: ['Lambda.TooManyRequestException'] }), 'cannot occur'],
    ['an unknown error prefix', retry({ ErrorEquals: ['Iam.NoSuchEntityException'] }), 'cannot occur'],
    ['an unknown jitter', retry({ JitterStrategy: 'SOME' }), 'JitterStrategy'],
    ['a shrinking backoff', retry({ BackoffRate: 0.5 }), 'BackoffRate'],
    ['a cap below the interval', retry({ IntervalSeconds: 5, MaxDelaySeconds: 5 }), 'MaxDelaySeconds'],
    ['a fractional interval', retry({ IntervalSeconds: 1.5 }), 'IntervalSeconds'],
    ['a transition to nowhere', machine({ A: { Type: 'Pass', Next: 'B' } }), 'there is no state B'],
    ['a start nowhere', machine({ A: { Type: 'Succeed' } }, 'B'), '$.StartAt'],
    ['Next and End', machine({ A: { Type: 'Pass', Next: 'A', End: true } }), 'either Next or End'],
    ['neither Next nor End', machine({ A: { Type: 'Pass' } }), 'either Next or End'],
    ['End: false', machine({ A: { Type: 'Pass', End: false } }), '$.States.A.End'],
    ['Next on Succeed', machine({ A: { Type: 'Succeed', Next: 'A' } }), '$.States.A.Next'],
    [
      'an unreachable state',
      machine({ A: { Type: 'Succeed' }, B: { Type: 'Succeed' } }),
      'cannot be reached',
    ],
    ['no end', machine({ A: { Type: 'Pass', Next: 'A' } }), 'no state ends'],
    ['a wait for nothing', machine({ A: { Type: 'Wait', End: true } }), 'either Seconds or Timestamp'],
    ['a negative wait', machine({ A: { Type: 'Wait', Seconds: -1, End: true } }), '$.States.A.Seconds'],
    ['SecondsPath', machine({ A: { Type: 'Wait', Seconds: 1, SecondsPath: '$', End: true } }), 'SecondsPath'],
    [
      'a choice by comparison',
      machine({ A: { Type: 'Choice', Choices: [{ Variable: '$', Next: 'A' }] } }),
      'Condition',
    ],
    [
      'a choice on text',
      machine({ A: { Type: 'Choice', Choices: [{ Condition: 'true', Next: 'A' }] } }),
      'Condition',
    ],
    ['text around JSONata', expression('x {% 1 %}'), '$.States.A.Output'],
    ['a blank after JSONata', expression('{% 1 %} '), '$.States.A.Output'],
    ['broken JSONata', expression('{% 1 + %}'), 'not JSONata'],
    ['an operator of JSONata 2.1', expression('{% $states.input.a ?? 1 %}'), 'not JSONata'],
    ['$eval', expression("{% $eval('1') %}"), '$eval is not supported'],
    ['$shuffle', expression('{% $shuffle([1, 2]) %}'), '$shuffle is not supported'],
    ['an unknown member of $states', expression('{% $states.output %}'), '$states.output does not exist'],
    ['$states.result outside a task', expression('{% $states.result.x %}'), '$states.result does not exist'],
    ['$states.errorOutput outside a catch', task({ Output: '{% $states.errorOutput %}' }), 'errorOutput'],
    ['$states.result in Arguments', task({ Arguments: '{% $states.result %}' }), 'result does not exist'],
    ['a variable called states', task({ Assign: { states: 1 } }), '$.States.A.Assign.states'],
    ['a variable with a blank', task({ Assign: { 'a b': 1 } }), 'not the name of a variable'],
    [
      'a state name used again in a branch',
      machine({ A: { Type: 'Parallel', Branches: [machineless({ A: { Type: 'Succeed' } })], End: true } }),
      'used twice',
    ],
    [
      'an outer variable assigned in a branch',
      machine({
        A: { Type: 'Pass', Assign: { x: 1 }, Next: 'B' },
        B: {
          Type: 'Parallel',
          Branches: [machineless({ C: { Type: 'Pass', Assign: { x: 2 }, End: true } })],
          End: true,
        },
      }),
      'outer scope',
    ],
    [
      'a transition out of a branch',
      machine({
        A: { Type: 'Parallel', Branches: [machineless({ C: { Type: 'Pass', Next: 'B' } })], Next: 'B' },
        B: { Type: 'Succeed' },
      }),
      'there is no state B',
    ],
  ])('%s', (_, definition, message) => {
    expect(() => parseDefinition(definition)).toThrow(message);
  });

  it('that is not JSON', () => {
    expect(() => parseDefinition('{')).toThrow('$: not JSON');
  });
});

function machineless(states: object): object {
  return { StartAt: Object.keys(states)[0], States: states };
}
