/** The functions that Step Functions adds to JSONata, and those whose outcome must come from the engine. */
import { createHash } from 'node:crypto';
import jsonata from 'jsonata';

export interface Chance {
  /** Milliseconds since the epoch. */
  now(): number;
  /** 0 to 1, exclusive. */
  random(): number;
}

const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};
/** The limit of the intrinsic function States.ArrayRange. */
const MAX_RANGE = 1000;

/**
 * JSONata functions that a definition may not name: `$eval` is not supported by Step Functions, `$shuffle` would
 * draw from a source of chance that is not the engine's.
 */
export const REFUSED_FUNCTIONS: readonly string[] = ['eval', 'shuffle'];

const formatTime = jsonata('$fromMillis($ms, $picture, $zone)');

/** Bindings for one evaluation. Undefined arguments give an undefined result, as JSONata's own functions do. */
export function stepFunctions(chance: Chance): Record<string, unknown> {
  return {
    uuid: () => uuid(chance.random),
    random: (seed?: unknown) => (seed === undefined ? chance.random() : seeded(finite('random', seed))),
    millis: () => chance.now(),
    now: (picture?: string, zone?: string) =>
      formatTime.evaluate(undefined, { ms: chance.now(), picture, zone }),
    parse: (text: unknown) =>
      text === undefined ? undefined : (JSON.parse(string('parse', text)) as unknown),
    hash,
    range,
    partition,
  };
}

function hash(data: unknown, algorithm: unknown): string | undefined {
  if (data === undefined) return undefined;
  const name = HASHES[string('hash', algorithm)];
  if (name === undefined)
    throw new Error(`$hash: unknown algorithm, expected ${Object.keys(HASHES).join(', ')}`);
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return createHash(name).update(text).digest('hex');
}

function range(first: unknown, last: unknown, step: unknown): number[] {
  const [from, to, by] = [integer('range', first), integer('range', last), integer('range', step)];
  if (by === 0) throw new Error('$range: the step must not be 0');
  const length = Math.max(0, Math.floor((to - from) / by) + 1);
  if (length > MAX_RANGE) throw new Error(`$range: more than ${MAX_RANGE} elements`);
  return Array.from({ length }, (_, index) => from + index * by);
}

function partition(list: unknown, size: unknown): unknown[][] | undefined {
  if (list === undefined) return undefined;
  if (!Array.isArray(list)) throw new Error('$partition: expected an array');
  const length = integer('partition', size);
  if (length < 1) throw new Error('$partition: expected a size of at least 1');
  return Array.from({ length: Math.ceil(list.length / length) }, (_, index) =>
    list.slice(index * length, (index + 1) * length),
  );
}

/** Version 4, from the engine's chance rather than the system's. */
function uuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  const variant = '89ab'[Math.floor(random() * 4)];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** One draw of a 32-bit mulberry generator: the same seed gives the same number. */
function seeded(seed: number): number {
  let state = (Math.trunc(seed) + 0x6d2b79f5) | 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 4294967296;
}

function string(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new Error(`$${name}: expected a string`);
  return value;
}

function finite(name: string, value: unknown): number {
  if (typeof value !== 'number') throw new Error(`$${name}: expected a number`);
  return value;
}

function integer(name: string, value: unknown): number {
  if (!Number.isInteger(value)) throw new Error(`$${name}: expected an integer`);
  return value as number;
}
