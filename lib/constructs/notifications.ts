import { Aspects, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { failedRunPattern } from '../../core/event-patterns.ts';
import { NOTIFY_FUNCTION } from '../../core/naming.ts';
import type { FactoryConfig } from '../config/config.ts';
import { ownAlarms } from './alarms.ts';
import { eventPattern } from './event-pattern.ts';
import { FactoryFunction } from './factory-function.ts';
import type { Ledger } from './ledger.ts';
import { admit, deadLetterQueue, eventQueue } from './role-event-intake.ts';

export interface NotificationsProps {
  readonly config: FactoryConfig;
  /** Folder with the bundle of the function. */
  readonly bundle: string;
  readonly ledger: Ledger;
}

/**
 * Who is told of what: every alarm of the stack and every failed run of class platform go to the topic `platform`, once
 * each; what developers can mend goes to the topic `digest`, once a day.
 */
export class Notifications extends Construct {
  constructor(scope: Construct, id: string, { config, bundle, ledger }: NotificationsProps) {
    super(scope, id);
    const { emails } = config.notifications;
    const platform = this.topic('Platform', 'OIDC factory: alarms and failed runs', emails);
    const digest = this.topic('Digest', 'OIDC factory: roles that wait for their developers', emails);
    admitAlarms(platform);
    // Of constructs that come later, too.
    Aspects.of(Stack.of(this)).add({
      visit: (node) => {
        if (node instanceof cloudwatch.Alarm) node.addAlarmAction(new SnsAction(platform));
      },
    });

    const queue = eventQueue(this, 'Queue', deadLetterQueue(this, 'NotSent', 'notices-not-sent'));
    this.feed(queue, config.prefix);
    const fn = new FactoryFunction(this, 'Function', {
      name: NOTIFY_FUNCTION,
      functionName: `${config.prefix}-${NOTIFY_FUNCTION}`,
      prefix: config.prefix,
      code: bundle,
      statements: [
        ledger.query(),
        ledger.scan(),
        new iam.PolicyStatement({
          sid: 'Publish',
          actions: ['sns:Publish'],
          resources: [platform.topicArn, digest.topicArn],
        }),
        new iam.PolicyStatement({
          sid: 'Receive',
          actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
          resources: [queue.queueArn],
        }),
      ],
      environment: {
        LEDGER_TABLE: ledger.table.tableName,
        PLATFORM_TOPIC_ARN: platform.topicArn,
        DIGEST_TOPIC_ARN: digest.topicArn,
      },
    });
    new lambda.EventSourceMapping(this, 'Work', {
      target: fn.function,
      eventSourceArn: queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
    });
    ownAlarms(this, [
      'runs-failed',
      'throttled',
      'audiences-near-limit',
      'directory-full',
      'member-role-not-assumable',
      'unreachable-accounts',
      'paused-too-long',
      'cap-reached',
      'application-tampered',
      'applications-changed',
      'provider-missing',
      'sweep-removals-held',
      'sweep-accounts-failed',
      'heartbeat-missing',
      'provider-contested',
    ]);
  }

  private topic(id: string, displayName: string, emails: readonly string[]): sns.Topic {
    const topic = new sns.Topic(this, id, { displayName, enforceSSL: true });
    for (const email of emails) topic.addSubscription(new EmailSubscription(email));
    return topic;
  }

  /** Failed runs of the factory's workflows, and what is due by the clock. */
  private feed(queue: sqs.Queue, prefix: string): void {
    const notQueued = deadLetterQueue(this, 'NotQueued', 'notices-not-queued');
    const target = (input?: events.RuleTargetInput): events.IRuleTarget => ({
      bind: () => ({
        arn: queue.queueArn,
        deadLetterConfig: { arn: notQueued.queueArn },
        ...(input && { input }),
      }),
    });
    const rules = [
      new events.Rule(this, 'FailedRuns', {
        description: 'Runs of the factory that did not end well',
        eventPattern: eventPattern(failedRunPattern(prefix)),
        targets: [target()],
      }),
      ...(
        [
          ['watch', Duration.hours(1)],
          ['digest', Duration.days(1)],
        ] as const
      ).map(
        ([task, every]) =>
          new events.Rule(this, task === 'watch' ? 'Watch' : 'DailyDigest', {
            description: `By the clock: ${task}`,
            schedule: events.Schedule.rate(every),
            targets: [target(events.RuleTargetInput.fromObject({ task }))],
          }),
      ),
    ];
    for (const to of [queue, notQueued]) admit(to, ...rules);
  }
}

/** Only alarms of this account. */
function admitAlarms(topic: sns.Topic): void {
  topic.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'Alarms',
      principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(topic).account } },
    }),
  );
}
