import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { GUARD_INTAKE_PATTERN } from '../../core/event-patterns.ts';
import { FINDING_DETAIL_TYPE, FINDING_SOURCE } from '../../core/guard/finding-event.ts';
import { GUARD_FUNCTION } from '../../core/naming.ts';
import type { FactoryConfig } from '../config/config.ts';
import type { GuardConfig } from '../config/guard.ts';
import { DURATIONS } from '../durations.ts';
import { ownAlarms } from './alarms.ts';
import { assumeMember } from './assume-member.ts';
import { eventPattern } from './event-pattern.ts';
import { FactoryFunction } from './factory-function.ts';
import type { Ledger } from './ledger.ts';
import { retainedTable } from './retained-table.ts';
import { admit, deadLetterQueue, eventQueue } from './role-event-intake.ts';

export interface GuardProps {
  readonly config: FactoryConfig;
  readonly guard: GuardConfig;
  /** Folder with the bundle of the function. */
  readonly bundle: string;
  /** Brings the events of the member accounts, and takes the findings. */
  readonly bus: events.EventBus;
  /** Holds the control document: the pause is the guard's too. */
  readonly ledger: Ledger;
}

/** The factory account's part of the guard: a queue that waits for roles to be complete, one function, its record. */
export class Guard extends Construct {
  constructor(scope: Construct, id: string, { config, guard, bundle, bus, ledger }: GuardProps) {
    super(scope, id);
    const table = retainedTable(this, { partition: 'account', sort: 'item' });
    const queue = this.queue(bus);
    const fn = new FactoryFunction(this, 'Function', {
      name: GUARD_FUNCTION,
      functionName: `${config.prefix}-${GUARD_FUNCTION}`,
      prefix: config.prefix,
      code: bundle,
      statements: [
        new iam.PolicyStatement({
          sid: 'Record',
          actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
          resources: [table.tableArn],
        }),
        new iam.PolicyStatement({
          sid: 'Queue',
          actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:SendMessage'],
          resources: [queue.queueArn],
        }),
        new iam.PolicyStatement({
          sid: 'Findings',
          actions: ['events:PutEvents'],
          resources: [bus.eventBusArn],
          conditions: {
            StringEquals: { 'events:source': FINDING_SOURCE, 'events:detail-type': FINDING_DETAIL_TYPE },
          },
        }),
        ledger.control(),
        assumeMember(this, config, 'audit', 'contain', 'report'),
      ],
      environment: {
        GUARD_TABLE: table.tableName,
        LEDGER_TABLE: ledger.table.tableName,
        GUARD_QUEUE_URL: queue.queueUrl,
        FINDING_BUS: bus.eventBusName,
        MEMBER_ROLE_PREFIX: config.prefix,
        PROTECTED_ROLES: JSON.stringify(config.protectedRoles),
        ENTRA_TENANT_ID: config.entra.tenantId,
        ENTRA_CLOUD: config.entra.cloud,
        GUARD_MODE: guard.mode,
        GUARD_ISSUERS: JSON.stringify(guard.issuers ?? null),
        QUARANTINES_PER_HOUR: String(guard.quarantinesPerHour),
        GRACE_SECONDS: String(guard.graceHours * 3600),
        DELAY_SECONDS: String(DURATIONS.guardDelay),
        CONTROL_SECONDS: String(DURATIONS.control),
        SETTLE_SECONDS: String(DURATIONS.settle),
        NEW_ROLE_SECONDS: String(DURATIONS.newRole),
        IN_USE_SECONDS: String(DURATIONS.inUse),
        SWEEP_SECONDS: String(DURATIONS.guardSweep),
      },
    });
    new lambda.EventSourceMapping(this, 'Work', {
      target: fn.function,
      eventSourceArn: queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      // A sweep fills the queue; IAM's request rates are the account's own.
      maxConcurrency: 5,
    });
    ownAlarms(this, ['quarantine-contested', 'role-not-judged']);
  }

  /** Filled by the events of the member accounts, by the clock, and by the function itself. */
  private queue(bus: events.EventBus): sqs.Queue {
    const queue = eventQueue(
      this,
      'Queue',
      deadLetterQueue(this, 'NotJudged', 'roles-not-guarded'),
      Duration.seconds(DURATIONS.guardDelay),
    );
    const notQueued = deadLetterQueue(this, 'NotQueued', 'guard-events-not-queued');
    const intake = new events.Rule(this, 'Intake', {
      eventBus: bus,
      description: 'Events that may change what the guard thinks of a role',
      eventPattern: eventPattern(GUARD_INTAKE_PATTERN),
      targets: [{ bind: () => ({ arn: queue.queueArn, deadLetterConfig: { arn: notQueued.queueArn } }) }],
    });
    const tick = new events.Rule(this, 'Tick', {
      description: 'What falls due without an event: graces, expiries, sweeps',
      schedule: events.Schedule.rate(Duration.hours(1)),
      // Without dead letters: the next one asks for the same.
      targets: [{ bind: () => ({ arn: queue.queueArn }) }],
    });
    admit(queue, intake, tick);
    admit(notQueued, intake);
    return queue;
  }
}
