import { accountProviders } from '../adapters/account-providers.ts';
import { accountRecords } from '../adapters/accounts.ts';
import { systemClock } from '../adapters/clock.ts';
import { dynamoControl } from '../adapters/control.ts';
import { organization } from '../adapters/organization.ts';
import { serve } from '../serve.ts';
import { enrolmentSection, handlerSection, ledgerSection, memberSection, readSections } from '../settings.ts';
import { enrolAccount } from './handler.ts';

export const handler = serve('enrol-account', ({ env, sessionName, telemetry }) => {
  const { settings, enrolment, ledger, members } = readSections(env, {
    settings: handlerSection,
    enrolment: enrolmentSection,
    ledger: ledgerSection,
    members: memberSection,
  });
  return enrolAccount(
    {
      providers: accountProviders({ ...members, sessionName }),
      organization: organization(),
      records: accountRecords(ledger),
      control: dynamoControl(ledger),
      clock: systemClock,
      telemetry,
    },
    { ...settings, ...enrolment, partition: members.partition },
  );
});
