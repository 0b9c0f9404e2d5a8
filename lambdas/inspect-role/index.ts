import { systemClock } from '../adapters/clock.ts';
import { dynamoControl } from '../adapters/control.ts';
import { runningExecutions } from '../adapters/executions.ts';
import { dynamoLedger } from '../adapters/ledger.ts';
import { memberAccounts } from '../adapters/member-accounts.ts';
import { serve } from '../serve.ts';
import { handlerSection, ledgerSection, memberSection, readSections } from '../settings.ts';
import { switched } from '../switch.ts';
import { inspectRole } from './handler.ts';

export const handler = serve('inspect-role', ({ env, sessionName, telemetry }) => {
  const { settings, ledger, members } = readSections(env, {
    settings: handlerSection,
    ledger: ledgerSection,
    members: memberSection,
  });
  return switched(
    inspectRole,
    {
      accounts: memberAccounts({ ...members, sessionName }),
      ledger: dynamoLedger(ledger),
      control: dynamoControl(ledger),
      executions: runningExecutions(),
      clock: systemClock,
      telemetry,
    },
    settings,
  );
});
