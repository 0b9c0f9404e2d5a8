import { type Creator, copied } from './creator.ts';

const ALARM_PROPERTIES = [
  'ActionsEnabled',
  'AlarmActions',
  'AlarmDescription',
  'ComparisonOperator',
  'Dimensions',
  'EvaluationPeriods',
  'MetricName',
  'Namespace',
  'Period',
  'Statistic',
  'Threshold',
  'TreatMissingData',
];

export const CLOUDWATCH_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::CloudWatch::Alarm': (properties, { invoke, physicalName, partition, region, accountId }) => {
    const AlarmName = properties.optional('AlarmName', 'string') ?? physicalName(255);
    const input = { AlarmName, ...copied(properties, ALARM_PROPERTIES) };
    return async () => {
      await invoke('monitoring', 'PutMetricAlarm', input);
      const Arn = `arn:${partition}:cloudwatch:${region}:${accountId}:alarm:${AlarmName}`;
      return {
        ref: AlarmName,
        attributes: { Arn },
        remove: () => invoke('monitoring', 'DeleteAlarms', { AlarmNames: [AlarmName] }),
      };
    };
  },

  /** For people to look at. */
  'AWS::CloudWatch::Dashboard': (properties, { physicalName }) => {
    const name = properties.optional('DashboardName', 'string') ?? physicalName(255);
    JSON.parse(properties.required('DashboardBody', 'string'));
    return async () => ({ ref: name });
  },
};
