import { executionOf } from '../../core/drift/step.ts';
import { isRemoval, reportOf } from '../../core/sweep.ts';
import { eachOf } from '../at-once.ts';
import { isoTime } from '../ledger-steps.ts';
import type { Executions } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import type { SweepRecords } from '../sweep-ports.ts';
import type { SweepSettings } from '../sweep-settings.ts';
import { type SwitchPorts, switchOf } from '../switch.ts';
import type { FinishSweepInput, FinishSweepOutput } from '../workflow.ts';

type FinishPorts = SwitchPorts & {
  readonly executions: Pick<Executions, 'start'>;
  readonly sweeps: Pick<SweepRecords, 'findingsOf' | 'report'>;
};

/**
 * The end of a sweep. More removals than one sweep may start mean that something is wrong that nobody has thought of:
 * then none is started, and a person must look.
 */
export const finishSweep = (ports: FinishPorts, settings: HandlerSettings & SweepSettings) => {
  const { sweeps, executions, clock, telemetry } = ports;
  const ask = switchOf(ports, settings);
  return async ({ sweep, accounts }: FinishSweepInput): Promise<FinishSweepOutput> => {
    const found = await sweeps.findingsOf(sweep.id);
    const endedAt = isoTime(clock.now());
    const report = reportOf({ sweep, endedAt, accounts, found, most: settings.removals });
    const removals = found.flatMap(({ steps }) => steps).filter(isRemoval);
    await eachOf(report.removalsHeld ? [] : removals, async (step) => {
      if (!step.start || (await ask(step.accountId)).mode === 'observe') return;
      const { name, run } = executionOf({ ...step, start: step.start }, sweep);
      await executions.start(step.start.workflow, name, run);
      telemetry.event('Drift', {
        ...run,
        reason: step.reason,
        workflow: step.start.workflow,
        execution: name,
      });
    });
    // What is kept tells of the whole estate.
    if (!sweep.partial) await sweeps.report(report);
    if (report.removalsHeld) telemetry.count('SweepRemovalsHeld');
    telemetry.gauge('SweepFailedAccounts', report.failed.length);
    telemetry.gauge('HeartbeatMissing', report.heartbeatMissing.length);
    telemetry.gauge(
      'SweepFindings',
      Object.values(report.findings).reduce((sum, times) => sum + times, 0),
    );
    telemetry.event('Sweep done', { ...report });
    return report;
  };
};
