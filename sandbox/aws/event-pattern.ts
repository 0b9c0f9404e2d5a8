/**
 * EventBridge event patterns: a pattern is compiled once and refused as a whole where AWS would refuse it. Numbers
 * compare by value: EventBridge compares their text where a pattern names one exactly (`300` against `300.0`),
 * which parsed JSON no longer shows.
 */
import { InvalidEventPatternException } from '@aws-sdk/client-eventbridge';
import { compileLeaf, isObject, type Json, type LeafMatcher } from './event-pattern-operators.ts';
import { wildcardComplexity } from './event-pattern-wildcard.ts';

/** PutRule's limit on `EventPattern`. */
const MAX_LENGTH = 4096;
/** `$or` may multiply out to this many rules. */
const MAX_COMBINATIONS = 1000;
/** Wildcard prefixes of one field that may match the same text; more is refused as too complex. */
const MAX_WILDCARD_COMPLEXITY = 10;

interface ObjectMatcher {
  readonly fields: readonly { readonly name: string; readonly matcher: Matcher }[];
  /** One of each group must match. */
  readonly either: readonly (readonly ObjectMatcher[])[];
}
type Matcher =
  | { readonly kind: 'object'; readonly object: ObjectMatcher }
  | {
      readonly kind: 'leaf';
      readonly path: readonly string[];
      readonly alternatives: readonly LeafMatcher[];
    };

export interface EventPattern {
  readonly source: string;
  matches(event: object): boolean;
}

/** Compiles a pattern. Throws InvalidEventPatternException, as PutRule and TestEventPattern do. */
export function compileEventPattern(source: string): EventPattern {
  if (source.length > MAX_LENGTH) throw invalid(`Event pattern is longer than ${MAX_LENGTH} characters`);
  let parsed: Json;
  try {
    parsed = JSON.parse(source) as Json;
  } catch {
    throw invalid('The pattern is not JSON');
  }
  if (!isObject(parsed)) throw invalid('Filter is not an object');
  const wildcards = new Map<string, string[]>();
  const root = compileObject(parsed, [], wildcards);
  if (combinations(root) > MAX_COMBINATIONS) {
    throw invalid(`Rule is too complex - $or makes more than ${MAX_COMBINATIONS} combinations`);
  }
  for (const [field, patterns] of wildcards) {
    if (wildcardComplexity(patterns, MAX_WILDCARD_COMPLEXITY) > MAX_WILDCARD_COMPLEXITY) {
      throw invalid(`Rule is too complex - use fewer or more distinct wildcards on "${field}"`);
    }
  }
  return { source, matches: (event) => matchesObject(root, event as Json, event as Json) };
}

function compileObject(
  pattern: Record<string, Json>,
  path: readonly string[],
  wildcards: Map<string, string[]>,
): ObjectMatcher {
  const fields: { name: string; matcher: Matcher }[] = [];
  const either: ObjectMatcher[][] = [];
  const names = Object.keys(pattern);
  if (names.length === 0) throw invalid('Empty objects are not allowed');
  for (const name of names) {
    const value = pattern[name] as Json;
    if (name === '$or') {
      if (!Array.isArray(value) || value.length < 2 || !value.every(isObject)) {
        throw invalid('"$or" must be an array of at least two objects');
      }
      either.push(value.map((alternative) => compileObject(alternative, path, wildcards)));
      continue;
    }
    fields.push({ name, matcher: compileField(value, [...path, name], wildcards) });
  }
  return { fields, either };
}

function compileField(value: Json, path: readonly string[], wildcards: Map<string, string[]>): Matcher {
  const field = path.join('.');
  if (isObject(value)) return { kind: 'object', object: compileObject(value, path, wildcards) };
  if (!Array.isArray(value)) throw invalid(`"${field}" must be an object or an array`);
  if (value.length === 0) throw invalid('Empty arrays are not allowed');
  const alternatives = value.map((element) =>
    compileLeaf(element, {
      refuse: (reason) => invalid(`${reason} at "${field}"`),
      wildcard: (pattern) => wildcards.set(field, [...(wildcards.get(field) ?? []), pattern]),
    }),
  );
  return { kind: 'leaf', path, alternatives };
}

function combinations(matcher: ObjectMatcher): number {
  let product = 1;
  for (const { matcher: field } of matcher.fields) {
    if (field.kind === 'object') product *= combinations(field.object);
  }
  for (const group of matcher.either) {
    product *= group.reduce((sum, alternative) => sum + combinations(alternative), 0);
  }
  return product;
}

function matchesObject(matcher: ObjectMatcher, value: Json | undefined, event: Json): boolean {
  if (Array.isArray(value) && value.length > 0) {
    // The fields of one pattern object must be met by one and the same element.
    return value.some((element) => matchesObject(matcher, element, event));
  }
  const object = isObject(value) ? value : {};
  return (
    matcher.fields.every(({ name, matcher: field }) => {
      const child = Object.hasOwn(object, name) ? object[name] : undefined;
      if (field.kind === 'object') return matchesObject(field.object, child, event);
      return matchesLeaf(field, child, event);
    }) && matcher.either.every((group) => group.some((option) => matchesObject(option, value, event)))
  );
}

function matchesLeaf(
  leaf: Extract<Matcher, { kind: 'leaf' }>,
  value: Json | undefined,
  event: Json,
): boolean {
  const values = leavesOf(value);
  return leaf.alternatives.some((alternative) =>
    alternative === 'absent'
      ? leavesAt(event, leaf.path).length === 0
      : values.some((candidate) => alternative(candidate)),
  );
}

/** Values that a pattern can be compared with: arrays flattened, objects are no values (`exists` sees leaves only). */
function leavesOf(value: Json | undefined): Exclude<Json, object>[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  return isObject(value) ? [] : [value as Exclude<Json, object>];
}

/** Absence is a matter of the whole event, also where other fields are matched within one array element. */
function leavesAt(value: Json | undefined, path: readonly string[]): Exclude<Json, object>[] {
  const [name, ...rest] = path;
  if (name === undefined) return leavesOf(value);
  if (Array.isArray(value)) return value.flatMap((element) => leavesAt(element, path));
  return isObject(value) && Object.hasOwn(value, name) ? leavesAt(value[name], rest) : [];
}

function invalid(reason: string): InvalidEventPatternException {
  return new InvalidEventPatternException({
    message: `Event pattern is not valid. Reason: ${reason}`,
    $metadata: {},
  });
}
