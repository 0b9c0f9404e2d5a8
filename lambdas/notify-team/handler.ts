import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { audienceOf, codeOf, digest, type FailedRun, failureNotice, levels } from '../../core/notices.ts';
import type { Gauge } from '../ports.ts';
import { messageOf } from './message.ts';
import type { NotifyPorts } from './ports.ts';

/** Tells the platform team of failed runs, measures hourly what no event announces, and sends the daily digest. */
export const notifyTeam =
  (ports: NotifyPorts) =>
  async (batch: SQSEvent): Promise<SQSBatchResponse> => {
    const failed: string[] = [];
    for (const { messageId, body } of batch.Records) {
      try {
        await handle(ports, body);
      } catch (error) {
        ports.telemetry.problem('Nobody was told', error, { messageId });
        failed.push(messageId);
      }
    }
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };

async function handle(ports: NotifyPorts, body: string): Promise<void> {
  const message = messageOf(body);
  switch (message.kind) {
    case 'failed-run':
      return tell(ports, message.run);
    case 'watch':
      return watch(ports);
    case 'digest': {
      const notice = digest((await ports.ledger.overview()).entries);
      if (notice) await ports.topics.publish('digest', notice);
    }
  }
}

async function tell({ ledger, topics, telemetry }: NotifyPorts, run: FailedRun): Promise<void> {
  const entry = await ledger.about(run);
  const code = codeOf(run, entry);
  if (audienceOf(code) === 'developer') return telemetry.count('DeveloperRunFailed');
  await topics.publish('platform', failureNotice(run, code, entry));
  telemetry.count('PlatformRunFailed');
}

async function watch({ ledger, clock, telemetry }: NotifyPorts): Promise<void> {
  const { control, entries } = await ledger.overview();
  for (const [gauge, value] of Object.entries(levels(control, entries, clock.now()))) {
    telemetry.gauge(gauge as Gauge, value);
  }
}
