/** A trust policy as raw JSON: read within bounds, changed by copying, written minified. */
import { FactoryError } from '../errors.ts';
import { readJson } from '../policy/json.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface TrustPolicyDocument {
  readonly root: JsonObject;
  readonly statements: readonly JsonObject[];
}

/**
 * Reads a trust policy; elements that are not understood stay as they are. Throws TrustPolicyUnreadable where it is
 * not a policy at all, is beyond all bounds, or could not be written back unchanged.
 */
export function readTrustPolicy(text: string): TrustPolicyDocument {
  const root = readJson(text, unreadable);
  if (!isObject(root)) return unreadable('document', 'an object');
  const statements: readonly unknown[] = Array.isArray(root.Statement) ? root.Statement : [root.Statement];
  if (!statements.every(isObject)) return unreadable('Statement', 'an object or a list of objects');
  return { root, statements };
}

/**
 * Puts statements back, each replaced by one or more, and serializes without whitespace. A Statement that was an
 * object stays one unless it was split.
 */
export function writeTrustPolicy(
  document: TrustPolicyDocument,
  replacements: readonly (readonly JsonObject[])[],
): string {
  const statements = replacements.flat();
  const Statement =
    Array.isArray(document.root.Statement) || statements.length !== 1 ? statements : statements[0];
  return JSON.stringify(mapEntries(document.root, (key, value) => (key === 'Statement' ? Statement : value)));
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A string or a list of strings as a list; undefined where it is anything else, or empty. */
export function strings(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const all = list.filter((item) => typeof item === 'string');
  return all.length > 0 && all.length === list.length ? all : undefined;
}

/** A copy with other values, keys and their order kept. Safe with keys such as `__proto__`. */
export const mapEntries = (object: JsonObject, value: (key: string, old: unknown) => unknown): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, old]) => [key, value(key, old)]));

function unreadable(path: string, expected: string): never {
  throw new FactoryError('TrustPolicyUnreadable', `Trust policy, ${path}: expected ${expected}`);
}
