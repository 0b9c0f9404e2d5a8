/**
 * CloudWatch's operations as far as they are served.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html
 */
import { BOOLEAN, NUMBER, STRING, STRINGS, schemasOf, TIMESTAMP } from './model-schemas.ts';

const { structure, listOf, operation } = schemasOf('com.amazonaws.cloudwatch');

const dimensions = listOf('Dimensions', () => structure('Dimension', { Name: STRING, Value: STRING }));
const settings = {
  AlarmDescription: STRING,
  ActionsEnabled: BOOLEAN,
  AlarmActions: STRINGS,
  MetricName: STRING,
  Namespace: STRING,
  Statistic: STRING,
  Dimensions: dimensions,
  Period: NUMBER,
  EvaluationPeriods: NUMBER,
  Threshold: NUMBER,
  ComparisonOperator: STRING,
  TreatMissingData: STRING,
};
const state = { AlarmArn: STRING, StateValue: STRING, StateReason: STRING, StateUpdatedTimestamp: TIMESTAMP };
const datapoint = structure(
  'Datapoint',
  {},
  { Timestamp: TIMESTAMP, SampleCount: NUMBER, Sum: NUMBER, Maximum: NUMBER, Unit: STRING },
);

export const PutMetricAlarm$ = operation(
  'PutMetricAlarm',
  structure('PutMetricAlarmInput', { AlarmName: STRING }, settings),
  structure('Nothing', {}),
);
export const DeleteAlarms$ = operation(
  'DeleteAlarms',
  structure('DeleteAlarmsInput', { AlarmNames: STRINGS }),
  structure('Nothing', {}),
);
export const DescribeAlarms$ = operation(
  'DescribeAlarms',
  structure(
    'DescribeAlarmsInput',
    {},
    {
      AlarmNames: STRINGS,
      AlarmNamePrefix: STRING,
      StateValue: STRING,
      MaxRecords: NUMBER,
      NextToken: STRING,
    },
  ),
  structure(
    'DescribeAlarmsOutput',
    {},
    {
      MetricAlarms: listOf('MetricAlarms', () =>
        structure('MetricAlarm', {}, { AlarmName: STRING, ...state, ...settings }),
      ),
      NextToken: STRING,
    },
  ),
);
export const GetMetricStatistics$ = operation(
  'GetMetricStatistics',
  structure(
    'GetMetricStatisticsInput',
    { Namespace: STRING, MetricName: STRING, StartTime: TIMESTAMP, EndTime: TIMESTAMP, Period: NUMBER },
    { Dimensions: dimensions, Statistics: STRINGS },
  ),
  structure(
    'GetMetricStatisticsOutput',
    {},
    { Label: STRING, Datapoints: listOf('Datapoints', () => datapoint) },
  ),
);
