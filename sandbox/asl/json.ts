export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A plain copy. Members without a value are left out, as in JSON; JSONata's hidden marks on arrays are dropped.
 * Throws on what JSON cannot say: a function, an infinite number.
 */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object' && !isJsonataFunction(value)) {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(entries.map(([key, member]) => [key, toJson(member)]));
  }
  throw new Error(`expected JSON, got ${typeof value === 'object' ? 'a function' : typeof value}`);
}

const isJsonataFunction = (value: object): boolean =>
  '_jsonata_function' in value || '_jsonata_lambda' in value;
