/** Bodies of Graph requests: known properties of the right form, or an error. */
import { badRequest } from './graph-fault.ts';

/** Checks a value and returns it; undefined: not of the right form. */
type Check<T> = (value: unknown) => T | undefined;
type Checked<Shape> = { [Name in keyof Shape]?: Shape[Name] extends Check<infer T> ? T : never };

/** `body` must be an object with no property beyond `shape`; each one that is present must pass its check. */
export function readBody<Shape extends Record<string, Check<unknown>>>(
  body: unknown,
  shape: Shape,
): Checked<Shape> {
  if (!isRecord(body)) throw badRequest('Unable to read JSON request payload.');
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const check = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (!check) throw badRequest(`Invalid property '${name}'.`);
    const checked = check(value);
    if (checked === undefined)
      throw badRequest(`Invalid value specified for property '${name}' of resource.`);
    values[name] = checked;
  }
  return values as Checked<Shape>;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text =
  (longest: number, shortest = 1): Check<string> =>
  (value) =>
    typeof value === 'string' && value.length >= shortest && value.length <= longest ? value : undefined;

export const flag: Check<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

export const oneOf =
  <T extends string | number | null>(...choices: readonly T[]): Check<T> =>
  (value) =>
    choices.find((choice) => choice === value);

export const listOf =
  <T>(check: Check<T>, most: number): Check<T[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length > most) return undefined;
    const items = value.map(check);
    return items.every((item) => item !== undefined) ? (items as T[]) : undefined;
  };

/** Null clears the property. */
export const clearable =
  <T>(check: Check<T>): Check<T | null> =>
  (value) =>
    value === null ? null : check(value);

export const pattern =
  (expression: RegExp): Check<string> =>
  (value) =>
    typeof value === 'string' && expression.test(value) ? value : undefined;

export const dateTime: Check<number> = (value) => {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
};

/** An object whose own body is read by the handler. */
export const record: Check<Record<string, unknown>> = (value) => (isRecord(value) ? value : undefined);
