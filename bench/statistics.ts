/** The value below which a share (0 to 1) of the values lies, between neighbours in proportion. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('There is no quantile of nothing');
  const sorted = [...values].sort((one, other) => one - other);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Median of the ratios of pairs that were measured one right after the other, so that both met the same machine. */
export const pairedRatio = (values: readonly number[], bases: readonly number[]): number => {
  if (values.length !== bases.length) throw new RangeError('Pairs have two sides');
  return median(values.map((value, index) => value / (bases[index] as number)));
};

/** To `digits` significant digits: what is told of a measurement. */
export const rounded = (value: number, digits = 3): number => Number(value.toPrecision(digits));

/**
 * Runs every one of `runs` once per round, `rounds` times, in another order each round: what disturbs the machine for
 * a while disturbs all of them alike. Answers the results of each, round by round.
 */
export async function interleaved<K extends string, T>(
  runs: Readonly<Record<K, () => Promise<T>>>,
  rounds: number,
): Promise<Record<K, T[]>> {
  const names = Object.keys(runs) as K[];
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<K, T[]>;
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length;
    const order = [...names.slice(first), ...names.slice(0, first)];
    for (const name of round % 2 === 0 ? order : order.reverse()) results[name].push(await runs[name]());
  }
  return results;
}
