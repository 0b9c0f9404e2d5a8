import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { ALARMS, type AlarmId, type AlarmKind, alarmText, RUNBOOK } from '../../core/alarms.ts';
import { METRIC_NAMESPACE, STEP_FAILED } from '../../core/metrics.ts';

/** Key of a stack's context: what the links to the runbook begin with. */
const RUNBOOK_CONTEXT = 'oidc-factory:runbook';

/** Call before anything is in the stack. */
export const linkRunbook = (stack: Stack, url: string | undefined): void =>
  stack.node.setContext(RUNBOOK_CONTEXT, url ?? RUNBOOK);

/** What an alarm of AWS's own metrics is about. */
export type Subject = (options: cloudwatch.MetricOptions) => cloudwatch.Metric;

/** The alarm of that id; `subject` gives the metric where it is one of AWS's. */
export function alarm(scope: Construct, id: string, alarmId: AlarmId, subject?: Subject): cloudwatch.Alarm {
  const kind: AlarmKind = ALARMS[alarmId];
  return metricOf(alarmId, kind, subject).createAlarm(scope, id, {
    alarmDescription: alarmText(alarmId, Stack.of(scope).node.tryGetContext(RUNBOOK_CONTEXT) ?? RUNBOOK),
    threshold: kind.threshold,
    evaluationPeriods: kind.periods,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
}

function metricOf(id: AlarmId, { metric, periodMinutes }: AlarmKind, subject?: Subject): cloudwatch.Metric {
  const period = Duration.minutes(periodMinutes);
  const own = (metricName: string, dimensionsMap: Record<string, string>, statistic: string) =>
    new cloudwatch.Metric({ namespace: METRIC_NAMESPACE, metricName, dimensionsMap, statistic, period });
  switch (metric.of) {
    case 'count':
      return own(metric.name, { service: metric.service }, 'Sum');
    case 'gauge':
      return own(metric.name, { service: metric.service }, 'Maximum');
    case 'failures':
      return own(STEP_FAILED, { code: metric.code }, 'Sum');
    default:
      if (!subject) throw new Error(`The alarm ${id} needs to know whose metric it watches`);
      return subject({ period, statistic: metric.of === 'queue' ? 'Maximum' : 'Sum' });
  }
}

/** Alarms of the functions' own metrics, which need nothing to be made first. */
export function ownAlarms(scope: Construct, ids: readonly AlarmId[]): void {
  for (const id of ids)
    alarm(
      scope,
      id.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase()),
      id,
    );
}
