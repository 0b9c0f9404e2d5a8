import { accountRecords } from '../adapters/accounts.ts';
import { systemClock } from '../adapters/clock.ts';
import { dynamoControl } from '../adapters/control.ts';
import { sweepExecutions } from '../adapters/executions.ts';
import { organizationAccounts } from '../adapters/organization.ts';
import { serve } from '../serve.ts';
import { handlerSection, ledgerSection, readSections } from '../settings.ts';
import { sweepSection } from '../sweep-settings.ts';
import { listAccounts } from './handler.ts';

export const handler = serve('list-accounts', ({ env, telemetry }) => {
  const { settings, sweep, ledger } = readSections(env, {
    settings: handlerSection,
    sweep: sweepSection,
    ledger: ledgerSection,
  });
  return listAccounts(
    {
      organization: organizationAccounts(),
      records: accountRecords(ledger),
      executions: sweepExecutions(),
      control: dynamoControl(ledger),
      clock: systemClock,
      telemetry,
    },
    { ...settings, ...sweep },
  );
});
