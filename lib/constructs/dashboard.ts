import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE, STEP_FAILED } from '../../core/metrics.ts';
import { type FunctionName, NOTIFY_FUNCTION } from '../../core/naming.ts';

export interface DashboardProps {
  readonly queue: sqs.Queue;
  readonly dispatcher: lambda.Function;
  readonly createRole: sfn.StateMachine;
  readonly deleteRole: sfn.StateMachine;
  readonly alarms: readonly cloudwatch.IAlarm[];
}

const period = Duration.minutes(5);

/** Four questions in four rows: is it working, how fast, what fails, who is near a limit. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { queue, dispatcher, createRole, deleteRole, alarms } = props;
    new cloudwatch.Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.days(1),
      widgets: [
        [
          new cloudwatch.AlarmStatusWidget({
            title: 'Is it working? Every alarm',
            width: 12,
            alarms: [...alarms],
          }),
          graph('Is it working? Roles that became ready, were left alone, were removed', [
            own('RoleReady', 'assign-audience'),
            own('RoleSkipped', 'inspect-role'),
            own('RoleRemoved', 'record-outcome'),
          ]),
        ],
        [
          graph('How fast? Minutes from a role to ready, and of a removal (median and slowest)', [
            ...minutes(createRole, 'create'),
            ...minutes(deleteRole, 'delete'),
          ]),
          graph('How fast? Age of the oldest event that waits (seconds), and the dispatcher (ms)', [
            queue.metricApproximateAgeOfOldestMessage({ period, label: 'oldest event' }),
            dispatcher.metricDuration({ period, statistic: 'p95', label: 'dispatcher' }),
          ]),
        ],
        [
          new cloudwatch.GraphWidget({
            title: 'What fails? Steps by code; those that waiting mends are retried',
            width: 12,
            left: [
              new cloudwatch.MathExpression({
                expression: `SEARCH('{${METRIC_NAMESPACE},code} MetricName="${STEP_FAILED}"', 'Sum', 300)`,
                label: '',
                usingMetrics: {},
              }),
            ],
          }),
          graph('What fails? Runs that gave up: for the platform team, for developers', [
            own('PlatformRunFailed', NOTIFY_FUNCTION),
            own('DeveloperRunFailed', NOTIFY_FUNCTION),
          ]),
        ],
        [
          graph(
            'Who is near a limit? Audiences on the fullest provider that was looked at (100 is the end)',
            [own('AudiencesOnProvider', 'inspect-role', 'Maximum')],
          ),
          graph('Who is near a limit? Directory full, accounts out of reach, hours of pause', [
            own('DirectoryFull', NOTIFY_FUNCTION, 'Maximum'),
            own('UnreachableAccounts', NOTIFY_FUNCTION, 'Maximum'),
            own('PausedHours', NOTIFY_FUNCTION, 'Maximum'),
          ]),
        ],
      ],
    });
  }
}

const graph = (title: string, left: cloudwatch.IMetric[]): cloudwatch.GraphWidget =>
  new cloudwatch.GraphWidget({ title, width: 12, left });

const own = (
  metricName: string,
  service: FunctionName | typeof NOTIFY_FUNCTION,
  statistic = 'Sum',
): cloudwatch.Metric =>
  new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { service },
    statistic,
    period,
    label: metricName,
  });

const minutes = (machine: sfn.StateMachine, label: string): cloudwatch.IMetric[] =>
  (['p50', 'Maximum'] as const).map(
    (statistic) =>
      new cloudwatch.MathExpression({
        expression: `time${statistic}${label} / 60000`,
        usingMetrics: { [`time${statistic}${label}`]: machine.metricTime({ statistic, period }) },
        label: `${label} ${statistic}`,
        period,
      }),
  );
