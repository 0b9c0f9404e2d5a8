/** Where findings go: the factory's bus, and Security Hub of the account that they are about. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { FactoryError } from '../../core/errors.ts';
import {
  asffFinding,
  FINDING_DETAIL_TYPE,
  FINDING_SOURCE,
  ocsfFinding,
} from '../../core/guard/finding-event.ts';
import type { Findings } from '../guard-role/ports.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { calling } from './aws-errors.ts';
import type { SecurityHub } from './security-hub.ts';

/** EventBridge's most in one call. */
const BATCH = 10;

export function publishedFindings(
  busName: string,
  hub: SecurityHub,
  client = new EventBridgeClient(CLIENT_OPTIONS),
): Findings {
  return {
    publish: async (subject, changes) => {
      for (let at = 0; at < changes.length; at += BATCH) {
        const Entries = changes.slice(at, at + BATCH).map((change) => ({
          EventBusName: busName,
          Source: FINDING_SOURCE,
          DetailType: FINDING_DETAIL_TYPE,
          Resources: [subject.roleArn],
          Detail: JSON.stringify(ocsfFinding(subject, change)),
        }));
        const { FailedEntryCount = 0 } = await calling('PutEvents of findings', {}, () =>
          client.send(new PutEventsCommand({ Entries })),
        );
        if (FailedEntryCount > 0) throw new FactoryError('Unavailable', 'The bus takes not all findings');
      }
      await hub.report(subject.accountId, (productArn) =>
        changes.map((change) => asffFinding(subject, change, productArn)),
      );
    },
  };
}
