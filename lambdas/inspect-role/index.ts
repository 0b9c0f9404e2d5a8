import { systemClock } from '../adapters/clock.ts';
import { runningExecutions } from '../adapters/executions.ts';
import { dynamoLedger } from '../adapters/ledger.ts';
import { memberAccounts } from '../adapters/member-accounts.ts';
import { serve } from '../serve.ts';
import { handlerSection, ledgerSection, memberSection, readSections } from '../settings.ts';
import { inspectRole } from './handler.ts';

export const handler = serve('inspect-role', ({ env, sessionName, telemetry }) => {
  const { settings, ledger, members } = readSections(env, {
    settings: handlerSection,
    ledger: ledgerSection,
    members: memberSection,
  });
  return inspectRole(
    {
      accounts: memberAccounts({ ...members, sessionName }),
      ledger: dynamoLedger(ledger),
      executions: runningExecutions(),
      clock: systemClock,
      telemetry,
    },
    settings,
  );
});
