/**
 * How often the properties of this folder are tried. FUZZ_RUNS: inputs for each property (default: few, since they run
 * with every test run); FUZZ_SEED: where chance begins. Told a number of runs, each property reports what it did.
 */
import fc from 'fast-check';
import { it } from 'vitest';

function positive(name: string, otherwise: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`${name}: expected a positive whole number, got ${text}`);
}

const RUNS = positive('FUZZ_RUNS', 150);
const SEED = positive('FUZZ_SEED', 1);
const IS_LONG = process.env.FUZZ_RUNS !== undefined;

/** A long run is not cut off; the suite's own limit stays for everybody else. */
const LIMIT = IS_LONG ? { timeout: 24 * 3_600_000 } : {};

/** A test that holds `property` for every input. Any assertion in it may fail; whatever else it throws is a finding. */
export function fuzz<T>(name: string, input: fc.Arbitrary<T>, property: (input: T) => void): void {
  it(name, LIMIT, () => {
    const started = performance.now();
    let inputs = 0;
    let slowest = 0;
    const watched = (value: T) => {
      const from = performance.now();
      property(value);
      inputs++;
      slowest = Math.max(slowest, performance.now() - from);
    };
    fc.assert(fc.property(input, watched), { numRuns: RUNS, seed: SEED });
    if (!IS_LONG) return;
    const seconds = (performance.now() - started) / 1000;
    console.log(
      JSON.stringify({ fuzz: name, inputs, seconds: Math.round(seconds), slowestMs: Math.ceil(slowest) }),
    );
  });
}
