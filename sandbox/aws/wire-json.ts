/** AWS JSON 1.0 and 1.1, and the bodies of rest-json. */
import type { NormalizedSchema } from '@smithy/core/schema';
import { isObject } from './shapes.ts';

/** From JSON to the SDK's values; what does not fit stays as it is, for the model's check to name. */
export function fromJson(schema: NormalizedSchema, value: unknown): unknown {
  if (value === null) return undefined;
  if (schema.isStructSchema() && isObject(value)) {
    const members = new Map(
      [...schema.structIterator()].map(([name, member]) => [
        jsonName(member) ?? name,
        [name, member] as const,
      ]),
    );
    const result: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const [name, member] = members.get(key) ?? [key, undefined];
      const converted = member ? fromJson(member, item) : item;
      if (converted !== undefined) result[name] = converted;
    }
    return result;
  }
  if (schema.isListSchema() && Array.isArray(value)) {
    return value.map((item) => fromJson(schema.getValueSchema(), item));
  }
  if (schema.isMapSchema() && isObject(value))
    return mapValues(value, (v) => fromJson(schema.getValueSchema(), v));
  if (schema.isBlobSchema() && typeof value === 'string') return new Uint8Array(Buffer.from(value, 'base64'));
  if (schema.isTimestampSchema() && typeof value === 'number') return new Date(value * 1000);
  if (schema.isTimestampSchema() && typeof value === 'string') return new Date(value);
  return value;
}

/** From the SDK's values to JSON; timestamps are epoch seconds. Members that the model lacks are left out. */
export function toJson(schema: NormalizedSchema, value: unknown): unknown {
  if (schema.isStructSchema() && isObject(value)) {
    const result: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const item = value[name];
      if (item !== undefined) result[jsonName(member) ?? name] = toJson(member, item);
    }
    return result;
  }
  if (schema.isListSchema() && Array.isArray(value)) {
    return value.map((item) => toJson(schema.getValueSchema(), item));
  }
  if (schema.isMapSchema() && isObject(value))
    return mapValues(value, (v) => toJson(schema.getValueSchema(), v));
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return value.getTime() / 1000;
  return value;
}

const jsonName = (schema: NormalizedSchema): string | undefined => schema.getMergedTraits().jsonName;

const mapValues = (value: object, change: (item: unknown) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]));
