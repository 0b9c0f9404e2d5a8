import { CfnResource, Duration, Validations } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AlarmId } from '../../core/alarms.ts';
import { forwardingPattern } from '../../core/event-patterns.ts';
import { memberRoleName } from '../../core/naming.ts';
import { type FactoryConfig, settingsOf } from '../config/config.ts';
import { DURATIONS } from '../durations.ts';
import { alarm } from './alarms.ts';
import { eventPattern } from './event-pattern.ts';

export interface RoleEventIntakeProps {
  readonly config: FactoryConfig;
}

/** A standard dead-letter queue: two weeks to react, and an alarm at the first message that says what to do then. */
export function deadLetterQueue(
  scope: Construct,
  id: string,
  alarmId: AlarmId,
  queueName?: string,
): sqs.Queue {
  const queue = new sqs.Queue(scope, id, {
    ...(queueName !== undefined && { queueName }),
    retentionPeriod: Duration.days(14),
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
  });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'It is a dead-letter queue itself: of a rule, which the check does not see.',
  });
  alarm(queue, 'NotEmpty', alarmId, (options) => queue.metricApproximateNumberOfMessagesVisible(options));
  return queue;
}

/** A queue between a rule and the function that reads it. */
export const eventQueue = (
  scope: Construct,
  id: string,
  deadLetters: sqs.Queue,
  deliveryDelay?: Duration,
): sqs.Queue =>
  new sqs.Queue(scope, id, {
    retentionPeriod: Duration.days(4),
    // AWS asks for six times the timeout of the function that reads it.
    visibilityTimeout: Duration.seconds(6 * DURATIONS.functionTimeout),
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 },
    ...(deliveryDelay && { deliveryDelay }),
  });

/** Bus, rule and queue: how role events of the whole organization reach the dispatcher, and where they wait. */
export class RoleEventIntake extends Construct {
  readonly bus: events.EventBus;
  readonly queue: sqs.Queue;

  constructor(scope: Construct, id: string, { config }: RoleEventIntakeProps) {
    super(scope, id);
    const { prefix, organizationId } = config;
    const bus = new events.EventBus(this, 'Bus', { eventBusName: prefix });
    this.bus = bus;
    // StringEquals and not ForAllValues, which is true where the key is absent.
    // Not the typed construct: it warns of a deprecated property of its own.
    new CfnResource(this, 'BusPolicy', {
      type: 'AWS::Events::EventBusPolicy',
      properties: {
        EventBusName: bus.eventBusName,
        StatementId: 'ForwardedRoleEventsOfTheOrganization',
        Statement: {
          Effect: 'Allow',
          Principal: '*',
          Action: 'events:PutEvents',
          Resource: bus.eventBusArn,
          Condition: {
            StringEquals: {
              'aws:PrincipalOrgID': organizationId,
              'events:source': 'aws.iam',
              'events:detail-type': 'AWS API Call via CloudTrail',
            },
            // A rule forwards; PutEvents by hand does not pass.
            Bool: { 'events:eventBusInvocation': 'true' },
            ArnLike: {
              'aws:PrincipalArn': `arn:*:iam::*:role/${memberRoleName(prefix, 'forwarder')}`,
            },
          },
        },
      },
    });
    const pattern = eventPattern(forwardingPattern(settingsOf(config)));
    bus.archive('Archive', {
      eventPattern: pattern,
      retention: Duration.days(90),
      description: 'Role events, to be replayed after a repair.',
    });
    this.queue = eventQueue(
      this,
      'RoleEvents',
      deadLetterQueue(this, 'NotDispatched', 'role-events-not-dispatched'),
    );
    // SQS redrives the dead letters of queues only, not those of rules.
    const notQueued = deadLetterQueue(this, 'NotQueued', 'role-events-not-queued');
    const rule = new events.Rule(this, 'Rule', {
      eventBus: bus,
      description: 'Role events to the dispatcher',
      eventPattern: pattern,
      // Not CDK's target for queues, which also lets the rule read the queue's attributes.
      targets: [
        {
          bind: () => ({ arn: this.queue.queueArn, deadLetterConfig: { arn: notQueued.queueArn } }),
        },
      ],
    });
    for (const queue of [this.queue, notQueued]) admit(queue, rule);
  }
}

/** Lets the rules, and nothing else of EventBridge, put messages on the queue. */
export function admit(queue: sqs.Queue, ...rules: readonly events.Rule[]): void {
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'Rules',
      principals: [new iam.ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ ruleArn }) => ruleArn) } },
    }),
  );
}
