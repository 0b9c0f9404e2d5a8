import type { Clock } from '../../lambdas/ports.ts';

/** A value, and since when. */
interface State<T> {
  readonly since: number;
  readonly value: T | undefined;
}

/**
 * Values by key, with what they were before: a read that is behind shows an earlier state of everything. Values are
 * frozen; who changes one puts another.
 */
export class Replicated<T extends object> {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #states = new Map<string, State<T>[]>();
  /** Keys of values that belong together. */
  readonly #groups = new Map<string, Set<string>>();
  readonly #groupOf: (value: T) => string | undefined;
  #lagMs = 0;

  /** `groupOf`: what is listed together; no value ever changes its group. */
  constructor(clock: Pick<Clock, 'now'>, groupOf: (value: T) => string | undefined) {
    this.#clock = clock;
    this.#groupOf = groupOf;
  }

  /** Runs a read that is so far behind. The read must take what it shows before it first waits. */
  behind<Result>(lagMs: number, read: () => Promise<Result>): Promise<Result> {
    const before = this.#lagMs;
    this.#lagMs = lagMs;
    try {
      return read();
    } finally {
      this.#lagMs = before;
    }
  }

  /** Undefined: it is no more. */
  protected put(key: string, value: T | undefined): void {
    const states = this.#states.get(key) ?? [];
    states.push({ since: this.#clock.now(), value: value && Object.freeze(value) });
    this.#states.set(key, states);
    const group = value && this.#groupOf(value);
    if (group !== undefined) this.#groups.set(group, (this.#groups.get(group) ?? new Set()).add(key));
  }

  protected latest = (key: string): T | undefined => this.#states.get(key)?.at(-1)?.value;

  /** As a read sees it that is `lagMs` behind, or as far as this read is. */
  protected shown(key: string, lagMs = 0): T | undefined {
    const lag = Math.max(lagMs, this.#lagMs);
    if (lag === 0) return this.latest(key);
    const time = this.#clock.now() - lag;
    return this.#states.get(key)?.findLast(({ since }) => since <= time)?.value;
  }

  /** What is, and what was last of all that is no more. */
  protected everything = (): T[] =>
    [...this.#states.values()].flatMap((states) => states.findLast(({ value }) => value)?.value ?? []);

  protected current = (): T[] => [...this.#states.keys()].flatMap((key) => this.latest(key) ?? []);

  protected visibleOf = (group: string): T[] =>
    [...(this.#groups.get(group) ?? [])].flatMap((key) => this.shown(key) ?? []);
}
