import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { AlarmId } from '../../core/alarms.ts';
import { eventPattern } from './event-pattern.ts';
import { deadLetterQueue } from './role-event-intake.ts';

export interface ForwardingRuleProps {
  /** As `forwardingRuleName` makes it. */
  readonly name: string;
  readonly description: string;
  readonly pattern: Parameters<typeof eventPattern>[0];
  readonly bus: events.IEventBus;
  readonly forwarder: iam.IRole;
  /** Of its dead-letter queue. */
  readonly alarm: AlarmId;
}

/** From a member account to the factory's bus, which may be in another region; what cannot go there is kept. */
export const forwardingRule = (
  scope: Construct,
  id: string,
  { name, description, pattern, bus, forwarder, alarm }: ForwardingRuleProps,
): events.Rule =>
  new events.Rule(scope, id, {
    ruleName: name,
    description,
    eventPattern: eventPattern(pattern),
    targets: [
      new targets.EventBus(bus, {
        role: forwarder,
        deadLetterQueue: deadLetterQueue(scope, 'NotForwarded', alarm, `${name}-dead-letters`),
      }),
    ],
  });
