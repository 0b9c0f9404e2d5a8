import { isFactoryError } from '../core/errors.ts';
import type { Telemetry } from './ports.ts';

/**
 * Runs what may fail without consequence (a tag, a read-back): the failure is logged and counted, never thrown. A pause
 * is no failure: the step is done again when it is over.
 */
export async function bestEffort(
  telemetry: Telemetry,
  what: string,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (isFactoryError(error, 'Paused')) throw error;
    telemetry.problem(`${what} failed`, error);
    telemetry.count('BestEffortFailed');
  }
}
