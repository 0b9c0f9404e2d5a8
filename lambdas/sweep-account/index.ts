import { surveyedAccounts } from '../adapters/account-survey.ts';
import { accountRecords } from '../adapters/accounts.ts';
import { systemClock } from '../adapters/clock.ts';
import { dynamoControl } from '../adapters/control.ts';
import { stepFunctionsExecutions } from '../adapters/executions.ts';
import { memberAccounts } from '../adapters/member-accounts.ts';
import { sweepRecords } from '../adapters/sweep-records.ts';
import { serve } from '../serve.ts';
import { handlerSection, ledgerSection, memberSection, readSections, workflowSection } from '../settings.ts';
import { sweepSection } from '../sweep-settings.ts';
import { sweepAccount } from './handler.ts';

export const handler = serve('sweep-account', ({ env, sessionName, telemetry }) => {
  const { settings, sweep, ledger, members, workflows } = readSections(env, {
    settings: handlerSection,
    sweep: sweepSection,
    ledger: ledgerSection,
    members: memberSection,
    workflows: workflowSection,
  });
  const sessions = { ...members, sessionName };
  const records = sweepRecords(ledger);
  return sweepAccount(
    {
      accounts: { ...memberAccounts(sessions), ...surveyedAccounts(sessions) },
      ledger: records,
      sweeps: records,
      records: accountRecords(ledger),
      executions: stepFunctionsExecutions(workflows),
      control: dynamoControl(ledger),
      clock: systemClock,
      telemetry,
    },
    { ...settings, ...sweep, partition: members.partition },
  );
});
