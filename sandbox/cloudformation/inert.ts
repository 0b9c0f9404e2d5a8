/** Resources that have a name and no effect here. Their properties are known all the same. */
import type { Creator } from './creator.ts';

const ALARM_PROPERTIES = [
  'ActionsEnabled',
  'AlarmActions',
  'AlarmDescription',
  'ComparisonOperator',
  'DatapointsToAlarm',
  'Dimensions',
  'EvaluationPeriods',
  'MetricName',
  'Metrics',
  'Namespace',
  'OKActions',
  'Period',
  'Statistic',
  'Threshold',
  'TreatMissingData',
  'Unit',
];

export const INERT_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::CloudWatch::Alarm': (properties, { physicalName, partition, region, accountId }) => {
    const name = properties.optional('AlarmName', 'string') ?? physicalName(255);
    properties.required('ComparisonOperator', 'string');
    properties.required('EvaluationPeriods', 'number');
    for (const property of ALARM_PROPERTIES) properties.optional(property, 'any');
    const Arn = `arn:${partition}:cloudwatch:${region}:${accountId}:alarm:${name}`;
    return async () => ({ ref: name, attributes: { Arn } });
  },

  'AWS::CDK::Metadata': (properties) => {
    properties.optional('Analytics', 'string');
    return async () => ({ ref: '' });
  },
};
