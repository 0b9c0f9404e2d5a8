import { dynamoLedger } from '../adapters/ledger.ts';
import { memberAccounts } from '../adapters/member-accounts.ts';
import { serve } from '../serve.ts';
import { handlerSection, ledgerSection, memberSection, readSections } from '../settings.ts';
import { removeAudience } from './handler.ts';

export const handler = serve('remove-audience', ({ env, sessionName }) => {
  const { settings, ledger, members } = readSections(env, {
    settings: handlerSection,
    ledger: ledgerSection,
    members: memberSection,
  });
  return removeAudience(
    { accounts: memberAccounts({ ...members, sessionName }), ledger: dynamoLedger(ledger) },
    settings,
  );
});
