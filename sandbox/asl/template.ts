/** JSON with JSONata in its strings: compiled once when the definition is parsed, evaluated at each visit. */
import jsonata from 'jsonata';
import { FieldError } from '../fields.ts';
import { queryError, StateError } from './errors.ts';
import { REFUSED_FUNCTIONS } from './functions.ts';
import { type Json, toJson } from './json.ts';

/** What an expression sees: `$states`, the variables in scope and the functions. */
export type Bindings = Readonly<Record<string, unknown>>;
/** Fails with States.QueryEvaluationError, which names the field. */
export type Template = (bindings: Bindings) => Promise<Json>;

/** Members of `$states` that exist where the template stands; `input` and `context` exist everywhere. */
export type StatesMember = 'result' | 'errorOutput';

/** Step Functions' payload quota, in bytes of UTF-8. */
export const MAX_PAYLOAD = 256 * 1024;

/** Fails with States.DataLimitExceeded where the value is larger than a payload may be. */
export function limited(where: string, value: Json): Json {
  if (Buffer.byteLength(JSON.stringify(value)) <= MAX_PAYLOAD) return value;
  throw new StateError('States.DataLimitExceeded', `${where} is larger than ${MAX_PAYLOAD} bytes`);
}

/** Compiles a field's value; throws a FieldError where Step Functions would not create the state machine. */
export function compileTemplate(value: unknown, path: string, members: readonly StatesMember[]): Template {
  if (typeof value === 'string') return compileString(value, path, members);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileTemplate(item, `${path}[${index}]`, members));
    return (bindings) => Promise.all(items.map((item) => item(bindings)));
  }
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([key, member]) => [key, compileTemplate(member, `${path}.${key}`, members)] as const,
    );
    return async (bindings) =>
      Object.fromEntries(
        await Promise.all(entries.map(async ([key, member]) => [key, await member(bindings)] as const)),
      );
  }
  const literal = toJson(value);
  return async () => literal;
}

/** Whether a value is a string that holds JSONata. */
export const isExpression = (value: unknown): boolean =>
  typeof value === 'string' && value.startsWith('{%') && value.endsWith('%}') && value.length >= 4;

function compileString(value: string, path: string, members: readonly StatesMember[]): Template {
  if (!isExpression(value)) {
    // Step Functions takes such a string as text: a missing bracket or a blank would go unnoticed.
    if (value.includes('{%') || value.includes('%}')) {
      throw new FieldError(path, 'expected JSONata from {% to %} with nothing before or after');
    }
    return async () => value;
  }
  const expression = compileExpression(value.slice(2, -2), path, members);
  return async (bindings) => {
    let result: unknown;
    try {
      // No input document: everything is reached through $states and variables.
      result = await expression.evaluate(undefined, { ...bindings });
    } catch (error) {
      throw queryError(path, messageOf(error));
    }
    if (result === undefined) throw queryError(path, 'the expression returned nothing (undefined)');
    try {
      return toJson(result);
    } catch (error) {
      throw queryError(path, messageOf(error));
    }
  };
}

function compileExpression(
  source: string,
  path: string,
  members: readonly StatesMember[],
): jsonata.Expression {
  let expression: jsonata.Expression;
  try {
    expression = jsonata(source);
  } catch (error) {
    throw new FieldError(path, `not JSONata 2.0.6: ${messageOf(error)}`);
  }
  const known: readonly string[] = ['input', 'context', ...members];
  visit(expression.ast(), (node) => {
    if (node.type === 'variable' && REFUSED_FUNCTIONS.includes(String(node.value))) {
      throw new FieldError(path, `$${node.value} is not supported`);
    }
    const [first, second] = node.type === 'path' && Array.isArray(node.steps) ? node.steps : [];
    if (first?.type !== 'variable' || first.value !== 'states' || second?.type !== 'name') return;
    if (!known.includes(String(second.value))) {
      throw new FieldError(path, `$states.${second.value} does not exist here`);
    }
  });
  return expression;
}

type AstNode = { type?: unknown; value?: unknown; steps?: readonly AstNode[] };

function visit(node: unknown, look: (node: AstNode) => void): void {
  if (node === null || typeof node !== 'object') return;
  if (!Array.isArray(node)) look(node as AstNode);
  for (const child of Object.values(node)) visit(child, look);
}

/** JSONata throws plain objects with a message. */
const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
