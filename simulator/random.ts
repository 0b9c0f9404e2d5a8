/** The one source of chance of a run. Streams that are forked from it stay apart: what one draws moves no other. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 0 to 1, exclusive (mulberry32). */
  next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };

  /** Whole numbers from `least` to `most`, both included. */
  between = (least: number, most: number): number => least + Math.floor(this.next() * (most - least + 1));

  /** One of a list that is not empty. */
  oneOf = <T>(list: readonly T[]): T => list[Math.floor(this.next() * list.length)] as T;

  /** True this often. */
  happens = (probability: number): boolean => this.next() < probability;

  /** A version 4 UUID. */
  guid = (): string => {
    const hex = Array.from({ length: 4 }, () =>
      Math.floor(this.next() * 4294967296)
        .toString(16)
        .padStart(8, '0'),
    ).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  };

  /** A stream of its own, the same for the same name. */
  fork(name: string): Chance {
    let hash = 2166136261 ^ this.#state;
    for (let index = 0; index < name.length; index++) {
      hash = Math.imul(hash ^ name.charCodeAt(index), 16777619);
    }
    return new Chance(hash);
  }
}
