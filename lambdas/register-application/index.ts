import { systemClock } from '../adapters/clock.ts';
import { dynamoControl } from '../adapters/control.ts';
import { graphDirectory } from '../adapters/directory.ts';
import { entraCredential } from '../adapters/entra-login.ts';
import { dynamoLedger } from '../adapters/ledger.ts';
import { serve } from '../serve.ts';
import { entraSection, handlerSection, ledgerSection, readSections } from '../settings.ts';
import { switched } from '../switch.ts';
import { registerApplication } from './handler.ts';

export const handler = serve('register-application', ({ env, telemetry }) => {
  const { settings, ledger, entra } = readSections(env, {
    settings: handlerSection,
    ledger: ledgerSection,
    entra: entraSection,
  });
  return switched(
    registerApplication,
    {
      directory: graphDirectory({ ...entra, credential: entraCredential(entra), clock: systemClock }),
      ledger: dynamoLedger(ledger),
      control: dynamoControl(ledger),
      clock: systemClock,
      telemetry,
    },
    settings,
  );
});
