import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literal, matchesAction, matchesGlob, wildcards } from '../../../core/policy/match.ts';

describe('a wildcard pattern', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['?', '', false],
    ['?', 'é', true],
    ['?', '😀', true],
    ['a*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*c', 'acb', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*a*a', 'aaa', true],
    ['*ab', 'aab', true],
    ['*a?b*', 'xxaabxx', true],
    ['**', 'anything', true],
    ['role/*/x', 'role/x', false],
    ['role/*/x', 'role/a/b/x', true],
    ['Role/X', 'role/x', false],
    ['a.c', 'abc', false],
  ])('%j against %j: %j', (pattern, value, expected) => {
    expect(matchesGlob(wildcards(pattern), value)).toBe(expected);
  });

  it('means the same as the regular expression it stands for', () => {
    const text = (alphabet: string) =>
      fc.array(fc.constantFrom(...alphabet), { maxLength: 12 }).map((chars) => chars.join(''));
    fc.assert(
      fc.property(text('ab*?'), text('ab'), (pattern, value) => {
        const regex = new RegExp(`^${pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`);
        expect(matchesGlob(wildcards(pattern), value)).toBe(regex.test(value));
      }),
    );
  });

  it('matches itself and nothing else where wildcards are literal', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, value) => {
        expect(matchesGlob(literal(pattern), value)).toBe(pattern === value);
      }),
    );
  });

  it('takes at most pattern length times value length steps, however hostile', () => {
    let reads = 0;
    const counted = (pattern: string) =>
      new Proxy(wildcards(pattern), {
        get: (target, key, receiver) => {
          reads++;
          return Reflect.get(target, key, receiver);
        },
      });
    const hostile = fc.record({
      pattern: fc
        .tuple(fc.constantFrom('*a', 'a*', '*aa', '?*a', '*'), fc.integer({ min: 1, max: 40 }))
        .map(([part, times]) => `${part.repeat(times)}b`),
      value: fc.integer({ min: 0, max: 400 }).map((length) => 'a'.repeat(length)),
    });
    fc.assert(
      fc.property(hostile, ({ pattern, value }) => {
        reads = 0;
        expect(matchesGlob(counted(pattern), value)).toBe(false);
        expect(reads).toBeLessThanOrEqual((pattern.length + 2) * (value.length + 2));
      }),
      { examples: [[{ pattern: '*a*a*a*a*b', value: 'a'.repeat(5000) }]] },
    );
  });
});

describe('an action pattern', () => {
  it.each([
    ['sts:assumerolewithwebidentity', 'sts:AssumeRoleWithWebIdentity', true],
    ['STS:Assume*', 'sts:AssumeRole', true],
    ['sts:AssumeRole', 'sts:AssumeRoleWithWebIdentity', false],
    ['iam:?etRole', 'iam:GetRole', true],
    ['*', 'iam:GetRole', true],
    ['s3:*', 'sts:AssumeRole', false],
  ])('%s covers %s: %j', (pattern, action, expected) => {
    expect(matchesAction(pattern, action)).toBe(expected);
  });
});
