/** Values of a metric by periods. */

export interface Measured {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly value: number;
}

interface Question {
  readonly now: number;
  readonly periodMilliseconds: number;
  readonly periods: number;
  readonly statistic: 'Sum' | 'Maximum';
  readonly threshold: number;
}

/** Whether each of the last periods, which end now, has data at or above the threshold. */
export function isBreaching(
  values: readonly Measured[],
  { now, periodMilliseconds, periods, statistic, threshold }: Question,
): boolean {
  return Array.from({ length: periods }, (_, before) => {
    const end = now - before * periodMilliseconds;
    const within = values.filter(({ at }) => at > end - periodMilliseconds && at <= end);
    return within.length > 0 && reduced(within, statistic) >= threshold;
  }).every(Boolean);
}

const reduced = (values: readonly Measured[], statistic: 'Sum' | 'Maximum'): number =>
  statistic === 'Sum'
    ? values.reduce((sum, { value }) => sum + value, 0)
    : Math.max(...values.map(({ value }) => value));

/** One datapoint for each period from the start that has values. */
export function statistics(
  values: readonly Measured[],
  { from, to, periodMilliseconds }: { from: number; to: number; periodMilliseconds: number },
): { Timestamp: Date; SampleCount: number; Sum: number; Maximum: number }[] {
  const groups = Map.groupBy(
    values.filter(({ at }) => at >= from && at < to),
    ({ at }) => Math.floor((at - from) / periodMilliseconds),
  );
  return [...groups].map(([index, group]) => ({
    Timestamp: new Date(from + index * periodMilliseconds),
    SampleCount: group.length,
    Sum: reduced(group, 'Sum'),
    Maximum: reduced(group, 'Maximum'),
  }));
}
