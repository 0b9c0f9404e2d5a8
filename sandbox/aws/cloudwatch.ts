/** Amazon CloudWatch: metrics as services and functions emit them, and alarms on single metrics. */
import { type Caller, type Cloud, type ServiceCall, type ServiceDefinition, ServiceError } from '../cloud.ts';
import { isBreaching, type Measured, statistics } from './cloudwatch-statistics.ts';
import { arnOf, given, pageOf, Regional } from './regional.ts';

/** One value of one metric. */
export interface Datum {
  readonly accountId: string;
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface CloudWatchService extends ServiceDefinition {
  put(datum: Datum): void;
  close(): void;
}

interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

interface AlarmInput {
  readonly AlarmName: string;
  readonly AlarmActions?: readonly string[];
  readonly ActionsEnabled?: boolean;
  readonly AlarmDescription?: string;
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Statistic?: string;
  readonly Period?: number;
  readonly EvaluationPeriods?: number;
  readonly Threshold?: number;
  readonly ComparisonOperator?: string;
  readonly TreatMissingData?: string;
}

interface Alarm {
  readonly arn: string;
  readonly region: string;
  readonly accountId: string;
  readonly input: Required<Pick<AlarmInput, 'Statistic' | 'Period' | 'EvaluationPeriods' | 'Threshold'>> &
    AlarmInput;
  /** Of the metric. */
  readonly key: string;
  state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  reason: string;
  changedAt: number;
}

const EVERY = 60_000;
const PERIODS = [10, 20, 30];

export interface CloudWatchOptions {
  /** What is measured by looking: asked before every evaluation. */
  readonly sample: () => Iterable<Datum>;
  readonly report: (problem: unknown) => void;
}

export function createCloudWatch(cloud: Cloud, { sample, report }: CloudWatchOptions): CloudWatchService {
  const regions = new Regional(() => ({
    metrics: new Map<string, Measured[]>(),
    alarms: new Map<string, Alarm>(),
  }));
  const stopped = new AbortController();
  let evaluating = false;

  function put({ accountId, region, namespace, name, dimensions, value }: Datum): void {
    const { metrics } = regions.of(accountId, region);
    const key = keyOf(namespace, name, dimensions);
    const values = metrics.get(key) ?? [];
    metrics.set(key, values);
    values.push({ at: cloud.time.now(), value });
  }

  async function evaluateForever(): Promise<void> {
    while (!stopped.signal.aborted) {
      await cloud.time.sleep(EVERY, stopped.signal).catch(() => undefined);
      if (stopped.signal.aborted) return;
      for (const datum of sample()) put(datum);
      for (const { alarms, metrics } of regions.all()) {
        for (const alarm of alarms.values()) evaluate(alarm, metrics.get(alarm.key) ?? []);
      }
    }
  }

  /** Data that are missing never breach, the only treatment that is taken. */
  function evaluate(alarm: Alarm, values: readonly Measured[]): void {
    const { Period, EvaluationPeriods, Threshold, Statistic } = alarm.input;
    const breaching = isBreaching(values, {
      now: cloud.time.now(),
      periodMilliseconds: Period * 1000 * cloud.time.scale,
      periods: EvaluationPeriods,
      statistic: Statistic === 'Sum' ? 'Sum' : 'Maximum',
      threshold: Threshold,
    });
    const next = breaching ? 'ALARM' : 'OK';
    if (next === alarm.state) return;
    const before = alarm.state;
    alarm.state = next;
    alarm.changedAt = cloud.time.now();
    alarm.reason = `Threshold Crossed: ${EvaluationPeriods} of ${EvaluationPeriods} datapoints: ${breaching}`;
    if (next === 'ALARM' && alarm.input.ActionsEnabled !== false) act(alarm, before);
  }

  function act({ input, arn, accountId, region, state, reason, changedAt }: Alarm, before: string): void {
    const as: Caller = {
      principal: { type: 'service', service: 'cloudwatch.amazonaws.com' },
      accountId: '',
      context: { 'aws:SourceArn': arn, 'aws:SourceAccount': accountId },
    };
    const Message = JSON.stringify({
      AlarmName: input.AlarmName,
      AlarmDescription: input.AlarmDescription,
      AWSAccountId: accountId,
      NewStateValue: state,
      OldStateValue: before,
      NewStateReason: reason,
      StateChangeTime: new Date(changedAt).toISOString(),
      Region: region,
      AlarmArn: arn,
    });
    for (const TopicArn of input.AlarmActions ?? []) {
      const Subject = `${state}: "${input.AlarmName}" in ${region}`.slice(0, 100);
      cloud.invoke('sns', 'Publish', { TopicArn, Subject, Message }, as, region).catch(report);
    }
  }

  const authorize = (call: ServiceCall, resource = '*') =>
    call.authorize({ action: `cloudwatch:${call.operation}`, resource });

  return {
    id: 'monitoring',
    put,
    close: () => stopped.abort(),
    operations: {
      PutMetricAlarm(input: AlarmInput, call) {
        const { accountId } = call.caller;
        const arn = arnOf('cloudwatch', call.region, accountId, `alarm:${input.AlarmName}`);
        authorize(call, arn);
        const { alarms } = regions.of(accountId, call.region);
        alarms.set(input.AlarmName, {
          arn,
          accountId,
          region: call.region,
          ...checked(input),
          state: 'INSUFFICIENT_DATA',
          reason: 'Unchecked: Initial alarm creation',
          changedAt: cloud.time.now(),
        });
        if (!evaluating) {
          evaluating = true;
          evaluateForever().catch(report);
        }
        return {};
      },

      DeleteAlarms(input: { AlarmNames: string[] }, call) {
        const { alarms } = regions.of(call.caller.accountId, call.region);
        for (const name of input.AlarmNames) {
          authorize(call, arnOf('cloudwatch', call.region, call.caller.accountId, `alarm:${name}`));
          alarms.delete(name);
        }
        return {};
      },

      DescribeAlarms(
        input: {
          AlarmNames?: string[];
          AlarmNamePrefix?: string;
          StateValue?: string;
          MaxRecords?: number;
          NextToken?: string;
        },
        call,
      ) {
        authorize(call);
        const { alarms } = regions.of(call.caller.accountId, call.region);
        const wanted = [...alarms.values()].filter(
          (alarm) =>
            (input.AlarmNames?.includes(alarm.input.AlarmName) ?? true) &&
            alarm.input.AlarmName.startsWith(input.AlarmNamePrefix ?? '') &&
            (input.StateValue ?? alarm.state) === alarm.state,
        );
        const { items, next } = pageOf(wanted, {
          limit: input.MaxRecords ?? 50,
          token: input.NextToken,
          refuse: () => invalid('NextToken'),
        });
        const MetricAlarms = items.map((alarm) => ({
          ...alarm.input,
          AlarmArn: alarm.arn,
          StateValue: alarm.state,
          StateReason: alarm.reason,
          StateUpdatedTimestamp: new Date(alarm.changedAt),
        }));
        return { MetricAlarms, ...(next && { NextToken: next }) };
      },

      GetMetricStatistics(
        input: {
          Namespace: string;
          MetricName: string;
          Dimensions?: readonly Dimension[];
          StartTime: Date;
          EndTime: Date;
          Period: number;
        },
        call,
      ) {
        authorize(call);
        const { metrics } = regions.of(call.caller.accountId, call.region);
        const values = metrics.get(keyOf(input.Namespace, input.MetricName, named(input.Dimensions))) ?? [];
        return {
          Label: input.MetricName,
          Datapoints: statistics(values, {
            from: input.StartTime.getTime(),
            to: input.EndTime.getTime(),
            periodMilliseconds: input.Period * 1000 * cloud.time.scale,
          }),
        };
      },
    },
  };
}

/** Alarms on one metric that ask for a sum or a maximum; whatever else an alarm can be is refused. */
function checked(input: AlarmInput): Pick<Alarm, 'input' | 'key'> {
  const { Namespace, MetricName, Statistic, Period, EvaluationPeriods, Threshold } = input;
  const missing = given({ Namespace, MetricName, Statistic, Period, EvaluationPeriods, Threshold });
  if (missing.length < 6) throw invalid('The sandbox knows alarms on one metric with a threshold');
  if (input.ComparisonOperator !== 'GreaterThanOrEqualToThreshold') throw invalid('ComparisonOperator');
  if (input.TreatMissingData !== 'notBreaching') throw invalid('TreatMissingData');
  if (Statistic !== 'Sum' && Statistic !== 'Maximum') throw invalid('Statistic');
  const period = Period ?? 0;
  if (!PERIODS.includes(period) && (period <= 0 || period % 60 !== 0)) throw invalid('Period');
  const most = period >= 3600 ? 7 * 86_400 : 86_400;
  if (period * (EvaluationPeriods ?? 1) > most) throw invalid('EvaluationPeriods');
  return {
    input: input as Alarm['input'],
    key: keyOf(Namespace ?? '', MetricName ?? '', named(input.Dimensions)),
  };
}

const named = (dimensions: readonly Dimension[] = []): Record<string, string> =>
  Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value]));

/** A metric is its name and exactly its dimensions, in any order. */
const keyOf = (namespace: string, name: string, dimensions: Readonly<Record<string, string>>): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort()]);

const invalid = (what: string) => new ServiceError('InvalidParameterValue', `Invalid value: ${what}`);
