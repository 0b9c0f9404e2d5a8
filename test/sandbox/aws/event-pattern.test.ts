import { InvalidEventPatternException } from '@aws-sdk/client-eventbridge';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileEventPattern } from '../../../sandbox/aws/event-pattern.ts';
import { wildcardComplexity } from '../../../sandbox/aws/event-pattern-wildcard.ts';

const matches = (pattern: object, event: object) =>
  compileEventPattern(JSON.stringify(pattern)).matches(event);

describe('matching', () => {
  const cases: [name: string, pattern: object, event: object, expected: boolean][] = [
    ['a value of the list', { a: ['x', 'y'] }, { a: 'y' }, true],
    ['no value of the list', { a: ['x', 'y'] }, { a: 'z' }, false],
    ['an absent field', { a: ['x'] }, {}, false],
    ['another case', { a: ['x'] }, { a: 'X' }, false],
    ['a number', { a: [3] }, { a: 3 }, true],
    ['a number is not its text', { a: [3] }, { a: '3' }, false],
    ['a boolean', { a: [true] }, { a: true }, true],
    ['null', { a: [null] }, { a: null }, true],
    ['null is not absent', { a: [null] }, {}, false],
    ['an empty string', { a: [''] }, { a: '' }, true],
    ['any element of an array in the event', { a: ['y'] }, { a: ['x', 'y'] }, true],
    ['nested fields', { d: { a: ['x'], b: [1] } }, { d: { a: 'x', b: 1, c: 2 } }, true],
    ['nested fields, one wrong', { d: { a: ['x'], b: [1] } }, { d: { a: 'x', b: 2 } }, false],
    ['fields of one array element', { d: { a: [1], b: [2] } }, { d: [{ a: 1, b: 2 }] }, true],
    ['fields of two array elements', { d: { a: [1], b: [2] } }, { d: [{ a: 1 }, { b: 2 }] }, false],
    ['an inherited name is no field', { d: { toString: [{ exists: true }] } }, { d: {} }, false],
    ['prefix', { a: [{ prefix: 'ab' }] }, { a: 'abc' }, true],
    ['prefix in another case', { a: [{ prefix: 'ab' }] }, { a: 'ABc' }, false],
    ['prefix ignoring case', { a: [{ prefix: { 'equals-ignore-case': 'aB' } }] }, { a: 'Abc' }, true],
    ['suffix', { a: [{ suffix: 'bc' }] }, { a: 'abc' }, true],
    ['suffix ignoring case', { a: [{ suffix: { 'equals-ignore-case': 'BC' } }] }, { a: 'abc' }, true],
    ['a prefix test of a number', { a: [{ prefix: '1' }] }, { a: 12 }, false],
    ['equals-ignore-case', { a: [{ 'equals-ignore-case': 'YES' }] }, { a: 'yes' }, true],
    ['wildcard', { a: [{ wildcard: '*x*y' }] }, { a: '1x2y' }, true],
    ['wildcard, wrong end', { a: [{ wildcard: '*x*y' }] }, { a: '1x2y3' }, false],
    ['wildcard whose ends overlap', { a: [{ wildcard: 'aba*ba' }] }, { a: 'aba' }, false],
    ['wildcard with nothing for the star', { a: [{ wildcard: 'ab*c' }] }, { a: 'abc' }, true],
    ['escaped star', { a: [{ wildcard: 'a\\**' }] }, { a: 'a*b' }, true],
    ['escaped star is no star', { a: [{ wildcard: 'a\\*' }] }, { a: 'ab' }, false],
    ['anything-but a value', { a: [{ 'anything-but': 'x' }] }, { a: 'y' }, true],
    ['anything-but that value', { a: [{ 'anything-but': 'x' }] }, { a: 'x' }, false],
    ['anything-but an absent field', { a: [{ 'anything-but': 'x' }] }, {}, false],
    ['anything-but a list', { a: [{ 'anything-but': ['x', 'y'] }] }, { a: 'y' }, false],
    ['anything-but numbers', { a: [{ 'anything-but': [1, 2] }] }, { a: 3 }, true],
    ['anything-but prefix', { a: [{ 'anything-but': { prefix: 'x' } }] }, { a: 'xy' }, false],
    ['anything-but prefixes', { a: [{ 'anything-but': { prefix: ['x', 'y'] } }] }, { a: 'yx' }, false],
    ['anything-but suffix', { a: [{ 'anything-but': { suffix: 'x' } }] }, { a: 'xy' }, true],
    ['anything-but wildcard', { a: [{ 'anything-but': { wildcard: '*x*' } }] }, { a: 'axb' }, false],
    [
      'anything-but in any case',
      { a: [{ 'anything-but': { 'equals-ignore-case': ['X'] } }] },
      { a: 'x' },
      false,
    ],
    ['numeric equality', { a: [{ numeric: ['=', 3] }] }, { a: 3 }, true],
    ['numeric range, lower bound out', { a: [{ numeric: ['>', 0, '<=', 5] }] }, { a: 0 }, false],
    ['numeric range, upper bound in', { a: [{ numeric: ['>', 0, '<=', 5] }] }, { a: 5 }, true],
    ['numeric of a string', { a: [{ numeric: ['>', 0] }] }, { a: '5' }, false],
    ['exists', { a: [{ exists: true }] }, { a: null }, true],
    ['exists of an object: only leaves exist', { a: [{ exists: true }] }, { a: { b: 1 } }, false],
    ['exists of an empty array', { a: [{ exists: true }] }, { a: [] }, false],
    ['absent', { d: { a: [{ exists: false }] } }, { d: {} }, true],
    ['absent with its parent', { d: { a: [{ exists: false }] } }, {}, true],
    ['absent but present', { d: { a: [{ exists: false }] } }, { d: { a: 1 } }, false],
    ['absent in one of two elements', { d: { a: [{ exists: false }] } }, { d: [{ a: 1 }, { b: 2 }] }, false],
    ['absent or a value', { a: [{ exists: false }, 'x'] }, { a: 'x' }, true],
    ['cidr', { a: [{ cidr: '10.0.0.0/24' }] }, { a: '10.0.0.255' }, true],
    ['cidr, outside', { a: [{ cidr: '10.0.0.0/24' }] }, { a: '10.0.1.0' }, false],
    ['cidr of another family', { a: [{ cidr: '10.0.0.0/24' }] }, { a: '::1' }, false],
    ['cidr of version 6', { a: [{ cidr: '2001:db8::/32' }] }, { a: '2001:db8::1' }, true],
    ['$or, first', { $or: [{ a: [1] }, { b: [2] }] }, { a: 1 }, true],
    ['$or, second', { $or: [{ a: [1] }, { b: [2] }] }, { a: 2, b: 2 }, true],
    ['$or, neither', { $or: [{ a: [1] }, { b: [2] }] }, { a: 2, b: 1 }, false],
    ['$or and a field', { c: [3], $or: [{ a: [1] }, { b: [2] }] }, { a: 1 }, false],
    ['$or within a field', { d: { $or: [{ a: [1] }, { e: { b: [2] } }] } }, { d: { e: { b: 2 } } }, true],
    ['$or within $or', { $or: [{ a: [1] }, { $or: [{ b: [2] }, { c: [3] }] }] }, { a: 0, b: 0, c: 3 }, true],
  ];
  it.each(cases)('judges %s', (_, pattern, event, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  it('agrees with a regular expression on every wildcard pattern', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 4 }), letters, (parts, text) => {
        // A part in the middle is never empty: two stars in a row are refused.
        const pattern = parts
          .map((part, at) => (at > 0 && at < parts.length - 1 ? `${part}a` : part))
          .join('*');
        const expected = new RegExp(`^${pattern.replaceAll('/', '\\/').replaceAll('*', '.*')}$`).test(text);
        fc.pre(wildcardComplexity([pattern], 10) <= 10);
        expect(matches({ f: [{ wildcard: pattern }] }, { f: text })).toBe(expected);
      }),
    );
  });

  it('does not slow down on a text that almost matches', () => {
    const pattern = compileEventPattern(JSON.stringify({ a: [{ wildcard: '*ab*cd*e' }] }));
    expect(pattern.matches({ a: `${'ab'.repeat(100_000)}cd` })).toBe(false);
  });
});

describe('refusing', () => {
  it.each([
    ['text that is not JSON', '{'],
    ['an array', '[]'],
    ['an empty object', '{}'],
    ['an empty object within', '{"a":{}}'],
    ['an empty array', '{"a":[]}'],
    ['a bare value', '{"a":"x"}'],
    ['an array within an array', '{"a":[["x"]]}'],
    ['an unknown operator', '{"a":[{"regex":"x"}]}'],
    ['two operators in one object', '{"a":[{"prefix":"x","suffix":"y"}]}'],
    ['an operator without a value', '{"a":[{}]}'],
    ['a prefix that is no string', '{"a":[{"prefix":1}]}'],
    ['a prefix with an unknown form', '{"a":[{"prefix":{"suffix":"x"}}]}'],
    ['exists that is no boolean', '{"a":[{"exists":"true"}]}'],
    ['anything-but null', '{"a":[{"anything-but":null}]}'],
    ['anything-but of mixed types', '{"a":[{"anything-but":["x",1]}]}'],
    ['anything-but nothing', '{"a":[{"anything-but":[]}]}'],
    ['anything-but with an unknown operator', '{"a":[{"anything-but":{"numeric":["=",1]}}]}'],
    ['numeric with an unknown comparison', '{"a":[{"numeric":["<>",1]}]}'],
    ['a numeric range upside down', '{"a":[{"numeric":["<",1,">",0]}]}'],
    ['an empty numeric range', '{"a":[{"numeric":[">",5,"<",1]}]}'],
    ['a number out of range', '{"a":[5000000001]}'],
    ['a malformed cidr', '{"a":[{"cidr":"10.0.0.0/33"}]}'],
    ['two stars in a row', '{"a":[{"wildcard":"a**b"}]}'],
    ['an unknown escape', '{"a":[{"wildcard":"a\\\\b"}]}'],
    ['$or with one alternative', '{"$or":[{"a":[1]}]}'],
    ['$or that is no array', '{"$or":{"a":[1]}}'],
    ['a pattern longer than 4096 characters', JSON.stringify({ a: ['x'.repeat(4096)] })],
    ['more than a thousand combinations', JSON.stringify(ors(10))],
    ['wildcards that are too complex', '{"a":[{"wildcard":"*a*a*a*a*a*"}]}'],
  ])('refuses %s', (_, source) => {
    expect(() => compileEventPattern(source)).toThrow(InvalidEventPatternException);
  });

  function ors(depth: number): object {
    const names = Array.from({ length: depth }, (_, at) => `f${at}`);
    return Object.fromEntries(names.map((name) => [name, { $or: [{ a: [1] }, { b: [1] }] }]));
  }
});

describe('wildcard complexity', () => {
  it.each([
    ['abc', 1],
    ['*', 1],
    ['*a*a*', 5],
    ['*a*a*a*', 7],
  ])('of %s is %i', (pattern, expected) => {
    expect(wildcardComplexity([pattern], 100)).toBe(expected);
  });

  it('allows a tenant id between two stars, and refuses a dozen such patterns on one field', () => {
    const tenant = (n: number) => `*oidc-provider/sts.windows.net/11111111-2222-4333-8444-55555555555${n}/*`;
    expect(wildcardComplexity([tenant(1)], 10)).toBeLessThanOrEqual(10);
    const dozen = Array.from({ length: 6 }, (_, n) => tenant(n));
    expect(wildcardComplexity(dozen, 10)).toBeGreaterThan(10);
  });
});
