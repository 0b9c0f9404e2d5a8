import type { Telemetry } from './ports.ts';

/** Runs what may fail without consequence (a tag, a read-back): the failure is logged and counted, never thrown. */
export async function bestEffort(
  telemetry: Telemetry,
  what: string,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    telemetry.problem(`${what} failed`, error);
    telemetry.count('BestEffortFailed');
  }
}
