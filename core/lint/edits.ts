/** Edits of a trust policy's document. Each gives a new document, or undefined where it would change nothing. */
import { isObject, type JsonObject, strings } from '../trust-policy/document.ts';

/** The document with one statement replaced by others. */
export function replaceStatement(
  document: JsonObject,
  index: number,
  edit: (statement: JsonObject) => readonly JsonObject[] | undefined,
): JsonObject | undefined {
  const statements = document.Statement as readonly JsonObject[];
  const edited = edit(statements[index] as JsonObject);
  if (edited === undefined) return undefined;
  const all = statements.flatMap((statement, at) => (at === index ? edited : [statement]));
  return all.length === 0 ? undefined : { ...document, Statement: all };
}

/** A statement with its conditions edited one by one; one that becomes undefined goes. */
export function editConditions(
  statement: JsonObject,
  edit: (operator: string, key: string, value: unknown) => readonly (readonly [string, string, unknown])[],
): JsonObject | undefined {
  const blocks = Object.entries((statement.Condition ?? {}) as Record<string, JsonObject>);
  const edited = blocks.flatMap(([operator, block]) =>
    Object.entries(block).flatMap(([key, value]) => edit(operator, key, value)),
  );
  const condition: Record<string, Record<string, unknown>> = {};
  for (const [operator, key, value] of edited) {
    condition[operator] ??= {};
    const block = condition[operator];
    // Two conditions on one key under one operator cannot both be written.
    if (Object.keys(block).some((name) => name.toLowerCase() === key.toLowerCase())) return undefined;
    block[key] = value;
  }
  const { Condition: _, ...rest } = statement;
  return Object.keys(condition).length === 0 ? rest : { ...rest, Condition: condition };
}

/** The statement with one more condition. */
export function addCondition(
  statement: JsonObject,
  operator: string,
  key: string,
  value: string,
): JsonObject {
  const condition = isObject(statement.Condition) ? statement.Condition : {};
  const block = isObject(condition[operator]) ? condition[operator] : {};
  return { ...statement, Condition: { ...condition, [operator]: { ...block, [key]: value } } };
}

/** The value or list without some of its values; undefined where none is left. */
export function without(value: unknown, unwanted: ReadonlySet<string>): unknown {
  const rest = strings(value)?.filter((text) => !unwanted.has(text)) ?? [];
  if (rest.length === 0) return undefined;
  return Array.isArray(value) ? rest : value;
}
