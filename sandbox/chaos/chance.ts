import { createHash } from 'node:crypto';

/** Seeded chance: the same seed and purpose give the same draws, whatever other purposes draw. */
export interface Chance {
  /** 0 to 1, exclusive. */
  readonly next: () => number;
  between(from: number, to: number): number;
  /** `from` to `to`, both inclusive. */
  int(from: number, to: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
  /** Undefined: there is nothing to pick. */
  pickAny<T>(items: readonly T[]): T | undefined;
  happens(probability: number): boolean;
}

export function chance(seed: number, purpose: string): Chance {
  const next = mulberry32(createHash('sha256').update(`${seed} ${purpose}`).digest().readUInt32LE());
  const pickAny = <T>(items: readonly T[]): T | undefined => items[Math.floor(next() * items.length)];
  return {
    next,
    between: (from, to) => from + next() * (to - from),
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: (items) => pickAny(items) ?? items[0],
    pickAny,
    happens: (probability) => next() < probability,
  };
}

/** Tommy Ettinger's generator of 32 bits of state: small, fast, and even enough for schedules. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
