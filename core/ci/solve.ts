/** Which texts of an issuer match patterns, found by running template and patterns side by side. */
import { FactoryError } from '../errors.ts';
import { type Glyph, literal, MANY, ONE } from '../policy/match.ts';
import { type Field, fieldsOf, type Template } from './grammar.ts';

/** The values in a text; undefined where it does not have this form. */
export function read(parts: Template, text: string): Readonly<Record<string, string>> | undefined {
  const found = solve(parts, [{ glyphs: literal(text), ignoreCase: false }]);
  if (found === undefined) return undefined;
  const decoded = fieldsOf(parts).map(({ name, escapesColon }) => {
    const value = found.values[name] as string;
    return [name, escapesColon ? value.replaceAll('%3A', ':') : value];
  });
  return Object.fromEntries(decoded);
}

/** A condition value as its operator compares it. */
export interface Pattern {
  readonly glyphs: readonly Glyph[];
  readonly ignoreCase: boolean;
}

/** One text of the template's form that every pattern matches. */
export interface Solution {
  readonly text: string;
  /** As they stand in the text. */
  readonly values: Readonly<Record<string, string>>;
  /** Fields in which the patterns leave at least one character open. */
  readonly free: ReadonlySet<string>;
}

export interface Wish {
  /** One of these fields must be open; otherwise there is no answer. */
  readonly open: (part: Field) => boolean;
}

/** What searching may still cost: a policy can be written so that it takes forever. */
export interface Budget {
  left: number;
}

/** More than any honest policy needs, and a few seconds at the most. */
export const newBudget = (): Budget => ({ left: 2_000_000 });

/**
 * Finds a text that has the template's form and that all patterns match: what the patterns demand is taken from them,
 * what they leave open gets the field's attacker value. Tries every way, so undefined means that there is none.
 * @param budget shared by all searches for one policy.
 * @throws FactoryError PolicyNotUnderstood once the budget is used up.
 */
export function solve(
  parts: Template,
  patterns: readonly Pattern[],
  wish?: Wish,
  budget: Budget = newBudget(),
): Solution | undefined {
  const exact = patterns.find(({ glyphs }) => glyphs.every((glyph) => typeof glyph === 'string'));
  if (exact === undefined || patterns.length > 1) return search(parts, patterns, wish, budget);
  // By far the most common case: a literal leaves nothing open.
  return wish === undefined ? match(parts, exact) : undefined;
}

function match(parts: Template, { glyphs, ignoreCase }: Pattern): Solution | undefined {
  const [, ...texts] = expressionFor(parts, ignoreCase).exec(glyphs.join('')) ?? [];
  const fields = fieldsOf(parts);
  if (texts.length < fields.length || (fields.length === 0 && parts.join('') !== glyphs.join('')))
    return undefined;
  const values = Object.fromEntries(fields.map(({ name }, index) => [name, texts[index] as string]));
  return { text: filled(parts, values), values, free: new Set() };
}

const filled = (parts: Template, values: Readonly<Record<string, string>>): string =>
  parts.map((part) => (typeof part === 'string' ? part : values[part.name])).join('');

const EXPRESSIONS = { exact: new WeakMap<Template, RegExp>(), ignoringCase: new WeakMap<Template, RegExp>() };

function expressionFor(parts: Template, ignoreCase: boolean): RegExp {
  const known = ignoreCase ? EXPRESSIONS.ignoringCase : EXPRESSIONS.exact;
  const found = known.get(parts);
  if (found !== undefined) return found;
  const source = parts.map((part) =>
    typeof part === 'string' ? escaped(part) : `([^*?${part.excludes.replaceAll(/[\\\]^-]/g, '\\$&')}]+)`,
  );
  const expression = new RegExp(`^${source.join('')}$`, ignoreCase ? 'iu' : 'u');
  known.set(parts, expression);
  return expression;
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** A character of fixed text, or a field (`held` tells whether it has a character yet). */
type Unit = { readonly char: string } | { readonly part: Field };

const UNITS = new WeakMap<Template, readonly Unit[]>();

function unitsOf(parts: Template): readonly Unit[] {
  const known = UNITS.get(parts);
  if (known !== undefined) return known;
  const units = parts.flatMap((part): Unit[] =>
    typeof part === 'string' ? Array.from(part, (char) => ({ char })) : [{ part }],
  );
  UNITS.set(parts, units);
  return units;
}

interface State {
  readonly unit: number;
  readonly held: boolean;
  readonly opened: boolean;
  readonly at: readonly number[];
  readonly before: State | undefined;
  /** What the step that led here wrote: into a field, what the pattern left open, or what it demands. */
  readonly wrote?: { readonly part: Field; readonly char: string; readonly open: boolean };
}

function search(
  parts: Template,
  patterns: readonly Pattern[],
  wish: Wish | undefined,
  budget: Budget,
): Solution | undefined {
  const units = unitsOf(parts);
  const seen = new Set<number>();
  const ends = patterns.map(({ glyphs }) => glyphs.length);
  const keyOf = ({ unit, held, opened, at }: State): number =>
    at.reduce(
      (key, position, index) => key * ((ends[index] as number) + 1) + position,
      unit * 4 + (held ? 2 : 0) + (opened ? 1 : 0),
    );
  const start: State = {
    unit: 0,
    held: false,
    opened: wish === undefined,
    at: patterns.map(() => 0),
    before: undefined,
  };
  const stack = [start];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const key = keyOf(state);
    if (seen.has(key)) continue;
    seen.add(key);
    if (--budget.left < 0) {
      throw new FactoryError('PolicyNotUnderstood', 'a condition value has too many wildcards to be judged');
    }
    const { at, unit, opened } = state;
    if (unit === units.length && opened && at.every((position, index) => position === ends[index])) {
      return solutionAt(state, parts);
    }
    pushNext(stack, state, units, patterns, wish);
  }
  return undefined;
}

/** Pushes what may come next, the way most worth trying last. */
function pushNext(
  stack: State[],
  state: State,
  units: readonly Unit[],
  patterns: readonly Pattern[],
  wish: Wish | undefined,
): void {
  const { unit, held, opened, at } = state;
  const glyphs = patterns.map((pattern, index) => pattern.glyphs[at[index] as number]);
  const skip = () =>
    glyphs.forEach((glyph, index) => {
      if (glyph === MANY) stack.push({ unit, held, opened, at: advanced(at, index), before: state });
    });
  const current = units[unit];
  if (current === undefined) {
    skip();
    return;
  }
  const agrees = (char: string) => glyphs.every((glyph, index) => covers(glyph, char, patterns[index]));
  const moved = at.map((position, index) => (glyphs[index] === MANY ? position : position + 1));
  if ('char' in current) {
    skip();
    if (agrees(current.char)) stack.push({ unit: unit + 1, held: false, opened, at: moved, before: state });
    return;
  }
  const { part } = current;
  const leave = () => {
    if (held) stack.push({ unit: unit + 1, held: false, opened, at, before: state });
  };
  const take = (char: string, open: boolean, wanted: boolean) =>
    stack.push({
      unit,
      held: true,
      opened: opened || wanted,
      at: moved,
      before: state,
      wrote: { part, char, open },
    });
  const demanded = glyphs.find((glyph) => typeof glyph === 'string');
  if (demanded !== undefined) {
    leave();
    skip();
    if (!part.excludes.includes(demanded) && !'*?'.includes(demanded) && agrees(demanded))
      take(demanded, false, false);
    return;
  }
  if (glyphs.includes(undefined)) {
    skip();
    leave();
    return;
  }
  // A field that should be open takes what it can; another one only what it must.
  const wanted = wish?.open(part) === true && !(held && part.opaque);
  const char = glyphs.includes(ONE) ? part.attacker.slice(-1) : part.attacker;
  if (!wanted) take(char, true, false);
  skip();
  leave();
  if (wanted) take(char, true, true);
}

const advanced = (at: readonly number[], one: number): number[] =>
  at.map((position, index) => (index === one ? position + 1 : position));

const covers = (glyph: Glyph | undefined, char: string, pattern: Pattern | undefined): boolean =>
  glyph === MANY ||
  glyph === ONE ||
  glyph === char ||
  (pattern?.ignoreCase === true && glyph?.toLowerCase() === char.toLowerCase());

function solutionAt(end: State, parts: Template): Solution {
  const written = new Map<string, string>();
  const free = new Set<string>();
  for (let state: State | undefined = end; state !== undefined; state = state.before) {
    if (state.wrote === undefined) continue;
    const { part, char, open } = state.wrote;
    written.set(part.name, char + (written.get(part.name) ?? ''));
    if (open) free.add(part.name);
  }
  const values = Object.fromEntries(written);
  return { text: filled(parts, values), values, free };
}
