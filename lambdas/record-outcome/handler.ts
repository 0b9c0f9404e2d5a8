import type { HandlerSettings } from '../settings.ts';
import { assertNotBegun, type Stance } from '../switch.ts';
import type { RecordOutcomeInput, RecordOutcomeOutput } from '../workflow.ts';
import { errorCodeOf } from './error-code.ts';
import { type RecordPorts, recordFailure } from './failure.ts';
import { recordRemoval } from './removal.ts';

/** Writes down how a run ended and gives its ledger entry up. Runs again harmlessly. */
export const recordOutcome =
  (ports: RecordPorts, settings: HandlerSettings) =>
  (input: RecordOutcomeInput, { mode }: Stance): Promise<RecordOutcomeOutput> => {
    if (mode === 'observe') return observed(ports, input);
    return 'failure' in input ? recordFailure(ports, settings, input) : recordRemoval(ports, settings, input);
  };

/** Nothing is written for an account that is only observed; the execution fails all the same, and is announced. */
async function observed(
  { ledger, telemetry }: RecordPorts,
  input: RecordOutcomeInput,
): Promise<RecordOutcomeOutput> {
  const { run, execution } = input;
  for (const entry of await ledger.incarnations(run.accountId, run.roleName))
    assertNotBegun(entry, execution);
  const failures = 'failure' in input ? [input.failure] : input.removal;
  const code = errorCodeOf(failures.find((failure) => failure.code !== undefined)?.code ?? '');
  telemetry.event('Observation failed', { ...run, code });
  telemetry.count('OutcomeFailed');
  return { outcome: 'failed', code };
}
