/** Rules that fire by the clock, at a rate of the product's time. */
import { randomUUID } from 'node:crypto';
import type { SandboxTime } from '../cloud.ts';
import { type EventEnvelope, eventTime, invalid, type Rule, type Schedule } from './events-model.ts';

const MINUTE = 60_000;
const UNITS = { minute: MINUTE, hour: 60 * MINUTE, day: 24 * 60 * MINUTE };

/** Of `rate(1 hour)`, `rate(5 minutes)` and their like; cron expressions are refused. */
export function readSchedule(expression: string): Schedule {
  const [, count, unit, plural] = /^rate\((\d{1,4}) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  // AWS insists on the grammar: `1 hour`, `2 hours`.
  if (count === undefined || Number(count) === 0 || (count === '1') !== (plural === '')) {
    throw invalid('Parameter ScheduleExpression is not valid. The sandbox knows rates only.');
  }
  return { expression, milliseconds: Number(count) * UNITS[unit as keyof typeof UNITS] };
}

/** Fires a rule at its rate until it is gone or has another schedule, or the signal fires. */
export async function runSchedule(
  { bus, name, schedule }: Rule,
  time: SandboxTime,
  fire: (rule: Rule, event: EventEnvelope) => void,
  signal: AbortSignal,
): Promise<void> {
  if (!schedule) return;
  for (;;) {
    await time.sleep(schedule.milliseconds, signal).catch(() => undefined);
    const rule = bus.rules.get(name);
    if (signal.aborted || rule?.schedule !== schedule) return;
    if (rule.state !== 'DISABLED') fire(rule, scheduledEvent(rule, time.now()));
  }
}

const scheduledEvent = ({ arn, bus }: Rule, now: number): EventEnvelope => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: bus.accountId,
  time: eventTime(now),
  region: bus.region,
  resources: [arn],
  detail: {},
});
