import type { HandlerSettings } from '../settings.ts';
import type { RecordOutcomeInput, RecordOutcomeOutput } from '../workflow.ts';
import { type RecordPorts, recordFailure } from './failure.ts';
import { recordRemoval } from './removal.ts';

/** Writes down how a run ended and gives its ledger entry up. Runs again harmlessly. */
export const recordOutcome =
  (ports: RecordPorts, settings: HandlerSettings) =>
  (input: RecordOutcomeInput): Promise<RecordOutcomeOutput> =>
    'failure' in input ? recordFailure(ports, settings, input) : recordRemoval(ports, settings, input);
