/** Values that fill every member of a schema, for round trips through a protocol. */
import type { NormalizedSchema } from '@smithy/core/schema';

/** `seed` makes the values of different members differ; a shape within itself is left out. */
export function sample(schema: NormalizedSchema, seed = 'x', within: readonly string[] = []): unknown {
  if (schema.isUnitSchema()) return {};
  if (schema.isUnionSchema()) {
    const [first] = schema.structIterator();
    return first && { [first[0]]: sample(first[1], `${seed}.${first[0]}`, within) };
  }
  if (schema.isStructSchema()) {
    const name = schema.getName(true) ?? '';
    if (within.includes(name)) return undefined;
    const members = [...schema.structIterator()].map(
      ([member, shape]) => [member, sample(shape, `${seed}.${member}`, [...within, name])] as const,
    );
    return Object.fromEntries(members.filter(([, value]) => value !== undefined));
  }
  if (schema.isListSchema() || schema.isMapSchema()) {
    const [one, two] = [1, 2].map((i) => sample(schema.getValueSchema(), `${seed}.${i}`, within));
    if (one === undefined) return undefined;
    return schema.isListSchema() ? [one, two] : { [`${seed}-key <1>`]: one, [`${seed}-key 2`]: two };
  }
  if (schema.isBlobSchema()) return new Uint8Array([0, 255, seed.length]);
  if (schema.isTimestampSchema()) return new Date(1_700_000_000_000 + seed.length * 1000);
  if (schema.isBooleanSchema()) return seed.length % 2 === 0;
  if (schema.isNumericSchema()) return seed.length;
  if (schema.isStringSchema()) return `${seed} é<&>"+%20`;
  if (schema.isDocumentSchema()) return { seed };
  throw new Error(`no sample for ${schema.getName()}`);
}

/** Whether the schema holds an event stream: the wire has none. */
export const streams = (schema: NormalizedSchema): boolean =>
  schema.isStructSchema() &&
  [...schema.structIterator()].some(
    ([, member]) => member.isStreaming() || member.getMergedTraits().streaming,
  );
