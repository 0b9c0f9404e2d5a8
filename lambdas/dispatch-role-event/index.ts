import { accountRecords } from '../adapters/accounts.ts';
import { stepFunctionsExecutions } from '../adapters/executions.ts';
import { dynamoLedger } from '../adapters/ledger.ts';
import { serve } from '../serve.ts';
import { handlerSection, ledgerSection, readSections, workflowSection } from '../settings.ts';
import { dispatchRoleEvent } from './handler.ts';

export const handler = serve('dispatch-role-event', ({ env, telemetry }) => {
  const { settings, ledger, workflows } = readSections(env, {
    settings: handlerSection,
    ledger: ledgerSection,
    workflows: workflowSection,
  });
  return dispatchRoleEvent(
    {
      ledger: dynamoLedger(ledger),
      executions: stepFunctionsExecutions(workflows),
      records: accountRecords(ledger),
      telemetry,
    },
    settings,
  );
});
