/** What may come of reading what somebody else wrote: an answer, or one of the errors that are documented. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { type ErrorCode, FactoryError } from '../../core/errors.ts';

export type Outcome<T> = { readonly value: T } | { readonly error: Error };

/** The longest message that fits a line of a log; what it quotes of the input must be cut. */
const MAX_MESSAGE = 2048;

const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Map.prototype, Function.prototype];
const before = PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).length);

/**
 * Runs `read`, twice: the outcome must be the same, must leave every prototype alone, and may be an error only where
 * `documented` says so. Anything else that is thrown passes through.
 */
export function outcome<T>(read: () => T, documented: (error: unknown) => boolean): Outcome<T> {
  const first = once(read, documented);
  const second = once(read, documented);
  expect(isDeepStrictEqual(first, second), 'decides the same again').toBe(true);
  expect(PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).length)).toEqual(before);
  return first;
}

function once<T>(read: () => T, documented: (error: unknown) => boolean): Outcome<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof Error) || !documented(error)) throw error;
    expect(error.message.length).toBeLessThanOrEqual(MAX_MESSAGE);
    return { error };
  }
}

/** Holds for FactoryErrors of these codes. */
export const failing =
  (...codes: readonly ErrorCode[]) =>
  (error: unknown): boolean =>
    error instanceof FactoryError && codes.includes(error.code);

/** For what never throws. */
export const never = (): boolean => false;
