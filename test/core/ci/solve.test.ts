import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { field, type Template } from '../../../core/ci/grammar.ts';
import { type Pattern, solve } from '../../../core/ci/solve.ts';
import { MANY, matchesGlob, ONE, wildcards } from '../../../core/policy/match.ts';

const one = field('one', 'tenant', { attacker: 'bab' });
const two = field('two', 'project', { attacker: 'aa' });

const pattern = (text: string, ignoreCase = false): Pattern => ({ glyphs: wildcards(text), ignoreCase });

/** Small enough to try every text. */
const ALPHABET = ['a', 'b', ':'];
const LONGEST = 5;
const texts: readonly string[] = Array.from({ length: LONGEST + 1 })
  .reduce<string[][]>(
    (rows) => [...rows, (rows.at(-1) ?? ['']).flatMap((text) => ALPHABET.map((char) => text + char))],
    [['']],
  )
  .flat();

const templates: fc.Arbitrary<Template> = fc.constantFrom<Template>(
  [one],
  ['a:', one],
  [one, ':', two],
  ['a', one, ':b', two],
  [one, 'b:', two, 'a'],
);
const patterns = fc
  .string({ unit: fc.constantFrom('a', 'b', ':', '*', '?'), maxLength: 5 })
  .map((text) => pattern(text));

/** Whether a text has the template's form, told without the code under test. */
const hasForm = (template: Template, text: string): boolean =>
  new RegExp(`^${template.map((part) => (typeof part === 'string' ? part : '[^:]+')).join('')}$`).test(text);

const matches = (all: readonly Pattern[], text: string) =>
  all.every(({ glyphs }) => matchesGlob(glyphs, text));

const RUNS = { numRuns: 2000 };

describe('solving a template for patterns', () => {
  it('finds a text of its form that all patterns match', () => {
    fc.assert(
      fc.property(templates, fc.array(patterns, { maxLength: 2 }), (template, all) => {
        const solution = solve(template, all);
        if (solution === undefined) return;
        expect(hasForm(template, solution.text)).toBe(true);
        expect(matches(all, solution.text)).toBe(true);
        const filled = template.map((part) => (typeof part === 'string' ? part : solution.values[part.name]));
        expect(filled.join('')).toBe(solution.text);
      }),
      RUNS,
    );
  });

  it('finds one wherever there is one', () => {
    fc.assert(
      fc.property(templates, fc.array(patterns, { maxLength: 2 }), (template, all) => {
        const exists = texts.some((text) => hasForm(template, text) && matches(all, text));
        if (exists) expect(solve(template, all)).toBeDefined();
      }),
      RUNS,
    );
  });

  it('opens the wished field or has no answer; a literal leaves nothing open', () => {
    fc.assert(
      fc.property(templates, patterns, fc.constantFrom(one, two), (template, each, wished) => {
        if (!template.includes(wished)) return;
        const solution = solve(template, [each], { open: (part) => part === wished });
        expect(solution?.free.has(wished.name) ?? false).toBe(solution !== undefined);
        const isExact = !each.glyphs.some((glyph) => glyph === MANY || glyph === ONE);
        if (isExact) expect(solution).toBeUndefined();
      }),
      RUNS,
    );
  });

  it.each([
    ['a wildcard across a separator', 'acme*', { one: 'acmebab', two: 'aa' }, ['one', 'two']],
    ['a wildcard for one character', 'ac?e:x', { one: 'acbe', two: 'x' }, ['one']],
    ['what the pattern leaves open', '*:x', { one: 'bab', two: 'x' }, ['one']],
    ['no more than the pattern leaves open', 'acme:x*', { one: 'acme', two: 'xaa' }, ['two']],
    ['a literal', 'acme:x', { one: 'acme', two: 'x' }, []],
  ])('gives the attacker %s', (_, text, values, free) => {
    const open = (part: { name: string }) => free[0] === part.name;
    const solution = solve([one, ':', two], [pattern(text)], free.length > 0 ? { open } : undefined);
    expect(solution).toMatchObject({ values });
    expect([...(solution?.free ?? [])].sort()).toEqual(free);
  });

  it('takes case as the operator does', () => {
    expect(solve(['A:', one], [pattern('a:x')])).toBeUndefined();
    expect(solve(['A:', one], [pattern('a:x', true)])).toMatchObject({ text: 'A:x' });
    expect(solve(['A:', one], [pattern('a:x*', true)])).toMatchObject({ text: 'A:x' });
  });

  it('never takes a wildcard for a value', () => {
    expect(solve([one], [{ glyphs: ['*'], ignoreCase: false }])).toBeUndefined();
    expect(solve([one], [{ glyphs: ['*', MANY], ignoreCase: false }])).toBeUndefined();
  });

  it('opens what nobody can read only at its beginning', () => {
    const opaque = field('opaque', 'tenant', { excludes: '', opaque: true });
    const opened = (text: string) => solve([opaque], [pattern(text)], { open: () => true })?.text;
    expect(opened('*:job')).toBe('mallory:job');
    expect(opened('acme:*')).toBeUndefined();
  });

  it('gives up on what would take too long, however many searches it takes', () => {
    const long: Template = Array.from({ length: 9 }, (_, index) => field(`f${index}`, 'run')).flatMap(
      (part) => [part, ':'],
    );
    const hopeless = pattern('*a'.repeat(9));
    const budget = { left: 10_000 };
    const search = () => solve(long, [hopeless], undefined, budget);
    expect(search()).toBeUndefined();
    expect(() => Array.from({ length: 100 }, search)).toThrowError(
      expect.objectContaining({ code: 'PolicyNotUnderstood' }),
    );
  });
});
