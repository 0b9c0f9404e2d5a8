import { systemClock } from '../adapters/clock.ts';
import { dynamoControl } from '../adapters/control.ts';
import { publishedFindings } from '../adapters/findings.ts';
import { guardRecord } from '../adapters/guard-record.ts';
import { guardedAccounts } from '../adapters/guarded-accounts.ts';
import { memberSessions } from '../adapters/member-session.ts';
import { securityHub } from '../adapters/security-hub.ts';
import { workQueue } from '../adapters/work-queue.ts';
import { serve } from '../serve.ts';
import { ledgerSection, memberSection, readSections } from '../settings.ts';
import { guardRole } from './handler.ts';
import { guardSection, guardStoreSection } from './settings.ts';

export const handler = serve('guard-role', ({ env, sessionName, telemetry }) => {
  const { settings, store, ledger, members } = readSections(env, {
    settings: guardSection,
    store: guardStoreSection,
    ledger: ledgerSection,
    members: memberSection,
  });
  const { partition } = members;
  const openSession = memberSessions({ ...members, sessionName });
  return guardRole(
    {
      accounts: guardedAccounts({ partition, openSession, quarantineArnIn: settings.quarantineArnIn }),
      record: guardRecord({ table: store.table }),
      findings: publishedFindings(store.busName, securityHub({ partition, openSession, env })),
      queue: workQueue(store.queueUrl),
      control: dynamoControl(ledger),
      telemetry,
      clock: systemClock,
    },
    settings,
  );
});
