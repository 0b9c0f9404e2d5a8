import { systemClock } from '../adapters/clock.ts';
import { dynamoControl } from '../adapters/control.ts';
import { stepFunctionsExecutions } from '../adapters/executions.ts';
import { sweepRecords } from '../adapters/sweep-records.ts';
import { serve } from '../serve.ts';
import { handlerSection, ledgerSection, readSections, workflowSection } from '../settings.ts';
import { sweepSection } from '../sweep-settings.ts';
import { finishSweep } from './handler.ts';

export const handler = serve('finish-sweep', ({ env, telemetry }) => {
  const { settings, sweep, ledger, workflows } = readSections(env, {
    settings: handlerSection,
    sweep: sweepSection,
    ledger: ledgerSection,
    workflows: workflowSection,
  });
  return finishSweep(
    {
      sweeps: sweepRecords(ledger),
      executions: stepFunctionsExecutions(workflows),
      control: dynamoControl(ledger),
      clock: systemClock,
      telemetry,
    },
    { ...settings, ...sweep },
  );
});
