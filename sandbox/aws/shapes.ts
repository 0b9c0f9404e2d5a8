/** Values against the SDK's schemas: what is wrong with an input, and what of it must not be shown. */
import type { NormalizedSchema } from '@smithy/core/schema';

type Members = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

/** The SDK lists required members first and says how many they are. */
function requiredMembers(schema: NormalizedSchema): readonly string[] {
  const shape: unknown = schema.getSchema();
  if (!Array.isArray(shape) || shape[0] !== 3) return [];
  return (shape[4] as readonly string[]).slice(0, (shape[6] as number | undefined) ?? 0);
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/**
 * What does not fit the model, in AWS's words; empty when it fits. A member that the model does not have is refused
 * too, although AWS ignores it: the sandbox never passes by ignoring something.
 */
export function mismatches(schema: NormalizedSchema, value: unknown, path = ''): string[] {
  const at = path || 'input';
  const wrong = (expected: string): string[] => [`Value at '${at}' must be ${expected}`];
  if (schema.isUnitSchema()) {
    return isObject(value) && Object.keys(value).length === 0 ? [] : wrong('empty');
  }
  if (schema.isStructSchema()) return isObject(value) ? structure(schema, value, path) : wrong('a structure');
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) return wrong('a list');
    return value.flatMap((item, i) => mismatches(schema.getValueSchema(), item, `${at}.${i + 1}`));
  }
  if (schema.isMapSchema()) {
    if (!isObject(value)) return wrong('a map');
    return Object.entries(value).flatMap(([key, item]) =>
      mismatches(schema.getValueSchema(), item, `${at}.${key}`),
    );
  }
  if (schema.isBlobSchema()) return value instanceof Uint8Array ? [] : wrong('base64-encoded bytes');
  if (schema.isTimestampSchema()) {
    return value instanceof Date && !Number.isNaN(value.getTime()) ? [] : wrong('a timestamp');
  }
  if (schema.isStringSchema()) return typeof value === 'string' ? [] : wrong('a string');
  if (schema.isBooleanSchema()) return typeof value === 'boolean' ? [] : wrong('a boolean');
  if (schema.isNumericSchema()) return Number.isFinite(value) ? [] : wrong('a number');
  return schema.isDocumentSchema() ? [] : wrong('of a known type');
}

function structure(schema: NormalizedSchema, value: Members, path: string): string[] {
  const prefix = path ? `${path}.` : '';
  const known = new Map(schema.structIterator());
  const problems = requiredMembers(schema)
    .filter((name) => value[name] === undefined)
    .map(
      (name) =>
        `Value null at '${prefix}${lowerFirst(name)}' failed to satisfy constraint: Member must not be null`,
    );
  let set = 0;
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    set += 1;
    const member = known.get(name);
    if (member) problems.push(...mismatches(member, item, prefix + lowerFirst(name)));
    else problems.push(`'${prefix}${name}' is not a member of ${schema.getName() ?? 'the input'}`);
  }
  if (schema.isUnionSchema() && set !== 1) problems.push(`Exactly one member must be set at '${path}'`);
  return problems;
}

/** A copy without what the model marks as sensitive: tokens, secrets, payloads. */
export function redacted(schema: NormalizedSchema, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (schema.getMergedTraits().sensitive) return '(sensitive)';
  if (schema.isStructSchema() && isObject(value)) {
    const members = new Map(schema.structIterator());
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => {
        const member = members.get(name);
        return [name, member ? redacted(member, item) : '(unknown)'];
      }),
    );
  }
  if (schema.isListSchema() && Array.isArray(value)) {
    return value.map((item) => redacted(schema.getValueSchema(), item));
  }
  if (schema.isMapSchema() && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, redacted(schema.getValueSchema(), item)]),
    );
  }
  return value;
}
