/** The variables of the sweep's functions, beside those that they share with others. */
import type { DriftDurations } from '../core/drift/observation.ts';
import { PROVIDER_OWNERS, type ProviderOwner } from '../core/enrolment.ts';
import { type AccountId, accountId } from '../core/ids.ts';
import { listOf, oneOf, type Section, seconds, section } from './settings.ts';

export interface SweepSettings {
  /** Undefined: the whole organization. */
  readonly wanted: readonly AccountId[] | undefined;
  readonly backfill: boolean;
  /** Removals that one sweep may start. */
  readonly removals: number;
  /** Between two sweeps. */
  readonly sweepSeconds: number;
  /** What is younger is not removed. */
  readonly ageSeconds: DriftDurations['ageSeconds'];
  readonly owner: ProviderOwner;
}

const count = {
  expected: 'a number from 1 to 1000',
  parse: (value: string | undefined) =>
    value && /^\d{1,4}$/.test(value) && Number(value) >= 1 && Number(value) <= 1000
      ? Number(value)
      : undefined,
};

export const sweepSection: Section<SweepSettings> = section(
  {
    SWEEP_ACCOUNTS: listOf(accountId, 'a JSON list of account ids'),
    SWEEP_BACKFILL: oneOf('true', 'false'),
    SWEEP_REMOVALS: count,
    SWEEP_SECONDS: seconds,
    DRIFT_AGE_SECONDS: seconds,
    PROVIDER: oneOf(...PROVIDER_OWNERS),
  },
  (env) => ({
    wanted: env.SWEEP_ACCOUNTS.length > 0 ? env.SWEEP_ACCOUNTS : undefined,
    backfill: env.SWEEP_BACKFILL === 'true',
    removals: env.SWEEP_REMOVALS,
    sweepSeconds: env.SWEEP_SECONDS,
    ageSeconds: env.DRIFT_AGE_SECONDS,
    owner: env.PROVIDER,
  }),
);
