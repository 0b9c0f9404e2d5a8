import { systemClock } from '../adapters/clock.ts';
import { dynamoControl } from '../adapters/control.ts';
import { directorySurvey } from '../adapters/directory-survey.ts';
import { entraCredential } from '../adapters/entra-login.ts';
import { serve } from '../serve.ts';
import { entraSection, handlerSection, ledgerSection, readSections } from '../settings.ts';
import { listApplications } from './handler.ts';

export const handler = serve('list-applications', ({ env, telemetry }) => {
  const { settings, entra, ledger } = readSections(env, {
    settings: handlerSection,
    entra: entraSection,
    ledger: ledgerSection,
  });
  const credential = entraCredential(entra);
  return listApplications(
    {
      directory: directorySurvey({ ...entra, credential, clock: systemClock }),
      control: dynamoControl(ledger),
      clock: systemClock,
      telemetry,
    },
    settings,
  );
});
