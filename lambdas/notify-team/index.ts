import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CLIENT_OPTIONS } from '../adapters/aws-client.ts';
import { systemClock } from '../adapters/clock.ts';
import { ledgerOverview } from '../adapters/ledger-overview.ts';
import { snsTopics } from '../adapters/topics.ts';
import { serve } from '../serve.ts';
import { ledgerSection, readSections } from '../settings.ts';
import { notifyTeam } from './handler.ts';
import { topicSection } from './settings.ts';

export const handler = serve('notify-team', ({ env, telemetry }) => {
  const { ledger, topics } = readSections(env, { ledger: ledgerSection, topics: topicSection });
  const client = new DynamoDBClient(CLIENT_OPTIONS);
  return notifyTeam({
    ledger: ledgerOverview({ ...ledger, client }),
    topics: snsTopics({ arns: topics, client, env }),
    clock: systemClock,
    telemetry,
  });
});
