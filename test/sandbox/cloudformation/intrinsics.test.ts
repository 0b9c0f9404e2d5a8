// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation and Step Functions
import { describe, expect, it } from 'vitest';
import { holds, type Names, references, resolve } from '../../../sandbox/cloudformation/intrinsics.ts';

const names: Names = {
  values: new Map([
    ['AWS::Region', 'us-east-1'],
    ['Stage', 'test'],
  ]),
  resources: new Map([
    ['Queue', { ref: 'http://queue', attributes: { Arn: 'arn:queue', 'Nested.Name': 'n' } }],
  ]),
  conditions: {
    Yes: { 'Fn::Equals': [{ Ref: 'Stage' }, 'test'] },
    No: { 'Fn::Not': [{ Condition: 'Yes' }] },
    Both: { 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] },
    Either: { 'Fn::Or': [{ Condition: 'No' }, { Condition: 'Yes' }] },
    Odd: { 'Fn::Contains': [['a'], 'a'] },
  },
};

describe('resolve', () => {
  it.each<[string, unknown, unknown]>([
    ['a Ref to a parameter', { Ref: 'Stage' }, 'test'],
    ['a Ref to a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['a Ref to a resource', { Ref: 'Queue' }, 'http://queue'],
    ['GetAtt', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:queue'],
    ['GetAtt with dots', { 'Fn::GetAtt': 'Queue.Nested.Name' }, 'n'],
    ['Join', { 'Fn::Join': ['/', ['a', { Ref: 'Stage' }, 3]] }, 'a/test/3'],
    ['Sub', { 'Fn::Sub': '${Stage}-${Queue.Arn}-${!Kept}' }, 'test-arn:queue-${Kept}'],
    ['Sub with values', { 'Fn::Sub': ['${x}-${Stage}', { x: { Ref: 'Queue' } }] }, 'http://queue-test'],
    [
      'Split and Select',
      { 'Fn::Select': [1, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Queue', 'Arn'] }] }] },
      'queue',
    ],
    ['If', { 'Fn::If': ['Yes', 'a', 'b'] }, 'a'],
    [
      'members without a value',
      { a: { 'Fn::If': ['No', 1, { Ref: 'AWS::NoValue' }] }, b: [1, { Ref: 'AWS::NoValue' }] },
      { b: [1] },
    ],
    [
      'a policy’s Condition as it is',
      { Condition: { Bool: { x: 'true' } } },
      { Condition: { Bool: { x: 'true' } } },
    ],
  ])('%s', (_, value, resolved) => {
    expect(resolve(value, names, 'R')).toEqual(resolved);
  });

  it.each<[string, unknown, string]>([
    ['an unknown name', { Ref: 'Nothing' }, 'R.Ref: there is no Nothing'],
    [
      'an unknown attribute',
      { a: { 'Fn::GetAtt': ['Queue', 'Url'] } },
      'R.a.Fn::GetAtt: Queue has no attribute Url',
    ],
    ['an unknown function', { 'Fn::Base64': 'x' }, 'R.Fn::Base64: is not understood'],
    ['an unknown condition', { 'Fn::If': ['Maybe', 1, 2] }, 'Conditions.Maybe'],
    ['an unknown condition function', { 'Fn::If': ['Odd', 1, 2] }, 'Fn::Contains: is not understood'],
    ['an item that is not there', { 'Fn::Select': [2, ['a']] }, 'no such item'],
    ['a Sub of nothing', { 'Fn::Sub': '${Nothing}' }, 'there is no Nothing'],
  ])('refuses %s', (_, value, message) => {
    expect(() => resolve(value, names, 'R')).toThrow(message);
  });
});

it.each([
  ['Yes', true],
  ['No', false],
  ['Both', false],
  ['Either', true],
])('the condition %s is %s', (name, expected) => {
  expect(holds(name, names)).toBe(expected);
});

it('finds what a value refers to', () => {
  const value = {
    a: [{ Ref: 'A' }, { 'Fn::GetAtt': ['B', 'Arn'] }],
    b: { 'Fn::Sub': ['${C} ${D.Arn} ${own} ${!E}', { own: { Ref: 'F' } }] },
  };
  expect(references(value).sort()).toEqual(['A', 'B', 'C', 'D', 'F']);
});
