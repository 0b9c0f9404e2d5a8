/**
 * EventBridge's matching, for the operators that the rules on the way of a role event use, and with an answer that
 * says which field does not match.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
import { type Glyph, MANY, matchesGlob } from './policy/match.ts';
import { isObject } from './trust-policy/document.ts';

export type Leaf =
  | string
  | { readonly exists: boolean }
  | { readonly wildcard: string }
  | { readonly suffix: string }
  | { readonly 'anything-but': readonly string[] }
  | { readonly 'equals-ignore-case': string }
  | { readonly prefix: { readonly 'equals-ignore-case': string } };

export interface EventPattern {
  /** `$or` has a list of patterns, every other field a list of leaves or a pattern. */
  readonly [field: string]: readonly Leaf[] | readonly EventPattern[] | EventPattern;
}

export interface Unmet {
  /** `detail.errorCode` */
  readonly field: string;
  readonly expected: string;
}

/** The first field of the event that the pattern does not take; undefined where the event matches. */
export const firstUnmet = (pattern: EventPattern, event: unknown): Unmet | undefined =>
  unmetOf(pattern, event, { root: event, path: [] })[0];

interface Place {
  readonly root: unknown;
  readonly path: readonly string[];
}

/** What is not met, in the order of the pattern. */
function unmetOf(pattern: EventPattern, value: unknown, place: Place): readonly Unmet[] {
  if (Array.isArray(value) && value.length > 0) {
    // One and the same element must meet all of it.
    return closest(value.map((element) => unmetOf(pattern, element, place)));
  }
  const fields = isObject(value) ? value : {};
  return Object.entries(pattern).flatMap(([name, demand]) => {
    if (name === '$or') {
      const options = demand as readonly EventPattern[];
      const ways = options.map((option) => ({ option, unmet: unmetOf(option, value, place) }));
      // An option says first what it is about.
      const about = ways.filter(({ option, unmet }) => !unmet[0]?.field.startsWith(startOf(option, place)));
      return closest((about.length > 0 ? about : ways).map(({ unmet }) => unmet));
    }
    const child = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const at = { ...place, path: [...place.path, name] };
    if (!Array.isArray(demand)) return unmetOf(demand as EventPattern, child, at);
    const leaves = demand as readonly Leaf[];
    if (leaves.some((leaf) => meets(leaf, child, at))) return [];
    return [{ field: at.path.join('.'), expected: leaves.map(textOf).join(' or ') }];
  });
}

const startOf = (option: EventPattern, { path }: Place): string =>
  [...path, Object.keys(option)[0]].join('.');

/** Of several ways the one with the least unmet; those that fail alike from their beginning are told as one. */
function closest(ways: readonly (readonly Unmet[])[]): readonly Unmet[] {
  const best = ways.reduce((least, way) => (way.length < least.length ? way : least));
  const [first] = best;
  if (first === undefined || !ways.every((way) => way[0]?.field === first.field)) return best;
  const expected = new Set(ways.map((way) => way[0]?.expected));
  return [{ ...first, expected: [...expected].join(' or ') }];
}

function meets(leaf: Leaf, value: unknown, { root, path }: Place): boolean {
  if (typeof leaf === 'string') return leavesOf(value).includes(leaf);
  if ('exists' in leaf) return leaf.exists ? leavesOf(value).length > 0 : leavesAt(root, path).length === 0;
  // Any value, and no string alone.
  if ('anything-but' in leaf)
    return leavesOf(value).some((one) => !leaf['anything-but'].includes(one as string));
  return leavesOf(value).some((text) => typeof text === 'string' && textMeets(leaf, text));
}

type TextLeaf = Exclude<Leaf, string | { exists: boolean } | { 'anything-but': readonly string[] }>;

function textMeets(leaf: TextLeaf, text: string): boolean {
  if ('suffix' in leaf) return text.endsWith(leaf.suffix);
  if ('equals-ignore-case' in leaf) return text.toLowerCase() === leaf['equals-ignore-case'].toLowerCase();
  if ('prefix' in leaf) return text.toLowerCase().startsWith(leaf.prefix['equals-ignore-case'].toLowerCase());
  const pattern = Array.from(leaf.wildcard, (char): Glyph => (char === '*' ? MANY : char));
  return matchesGlob(pattern, text);
}

const textOf = (leaf: Leaf): string => {
  if (typeof leaf === 'string') return leaf;
  if ('exists' in leaf) return leaf.exists ? 'any value' : 'no such field';
  if ('anything-but' in leaf) return `anything but ${leaf['anything-but'].join(', ')}`;
  if ('suffix' in leaf) return `*${leaf.suffix}`;
  if ('equals-ignore-case' in leaf) return leaf['equals-ignore-case'];
  return 'prefix' in leaf ? `${leaf.prefix['equals-ignore-case']}*` : leaf.wildcard;
};

/** Lists count by their elements; `exists` sees leaves only. */
function leavesOf(value: unknown): readonly unknown[] {
  if (value === undefined || isObject(value)) return [];
  return Array.isArray(value) ? value.flatMap(leavesOf) : [value];
}

/** Absence is a matter of the whole event, also where other fields are matched within one element of a list. */
function leavesAt(value: unknown, [name, ...rest]: readonly string[]): readonly unknown[] {
  if (name === undefined) return leavesOf(value);
  if (Array.isArray(value)) return value.flatMap((element) => leavesAt(element, [name, ...rest]));
  return isObject(value) && Object.hasOwn(value, name) ? leavesAt(value[name], rest) : [];
}
