import type { Ports } from '../../credentials/ports.ts';
import { ISSUED } from '../fixtures/tokens.ts';

export interface VirtualPorts extends Ports {
  /** Lets time pass; negative: the clock is set back. */
  advance(milliseconds: number): void;
  /** How long was slept, in order. */
  readonly slept: readonly number[];
}

/** A clock that stands still unless somebody sleeps, and chance that is always the same. */
export function virtualPorts(chance = 0.5): VirtualPorts {
  let now = ISSUED * 1000;
  const slept: number[] = [];
  const advance = (milliseconds: number) => {
    now += milliseconds;
  };
  return {
    now: () => now,
    random: () => chance,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      advance(milliseconds);
    },
    advance,
    slept,
  };
}

export const MINUTE = 60_000;
