/** Metrics, alarms and topics of the local cloud, through the AWS CLI where it is installed. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CloudWatchService, createCloudWatch } from '../../../sandbox/aws/cloudwatch.ts';
import { isBreaching } from '../../../sandbox/aws/cloudwatch-statistics.ts';
import { embeddedMetrics } from '../../../sandbox/aws/embedded-metrics.ts';
import { createSns } from '../../../sandbox/aws/sns.ts';
import { createTime } from '../../../sandbox/time.ts';
import { ACCOUNT, type Harness, startHarness } from './wire-harness.ts';

const run = promisify(execFile);
const REGION = 'us-east-1';

let harness: Harness;
let cloudwatch: CloudWatchService;
const delivered: unknown[] = [];
beforeAll(async () => {
  harness = await startHarness(createTime(0.002));
  const report = (problem: unknown) => delivered.push(problem);
  cloudwatch = createCloudWatch(harness.cloud, { sample: () => [], report });
  harness.cloud.register(cloudwatch);
  harness.cloud.register(createSns(harness.cloud, { sqs: { queueUrl: (arn) => arn }, report }));
});
afterEach(() => expect(harness.defects).toEqual([]));
afterAll(async () => {
  cloudwatch.close();
  await harness.close();
});

const call = <T = unknown>(service: 'monitoring' | 'sns', operation: string, input: object) =>
  harness.cloud.invoke<T>(service, operation, input, harness.admin.caller, REGION);
const ALARM = {
  AlarmName: 'full',
  Namespace: 'Test',
  MetricName: 'Depth',
  Dimensions: [{ Name: 'queue', Value: 'a' }],
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 3,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData: 'notBreaching',
};
const put = (value: number, queue = 'a') =>
  cloudwatch.put({
    accountId: ACCOUNT,
    region: REGION,
    namespace: 'Test',
    name: 'Depth',
    dimensions: { queue },
    value,
  });
const state = async () => {
  const { MetricAlarms } = await call<{ MetricAlarms: { StateValue: string }[] }>(
    'monitoring',
    'DescribeAlarms',
    { AlarmNames: ['full'] },
  );
  return MetricAlarms[0]?.StateValue;
};

describe('periods', () => {
  const question = { now: 100, periodMilliseconds: 10, periods: 2, statistic: 'Sum', threshold: 5 } as const;
  it.each<[string, [at: number, value: number][], boolean]>([
    [
      'both at the threshold',
      [
        [95, 5],
        [85, 5],
      ],
      true,
    ],
    [
      'sums of both',
      [
        [95, 2],
        [96, 3],
        [85, 4],
        [86, 1],
      ],
      true,
    ],
    [
      'one below',
      [
        [95, 5],
        [85, 4],
      ],
      false,
    ],
    ['one without data', [[95, 50]], false],
    [
      'what is older does not count',
      [
        [95, 5],
        [80, 5],
      ],
      false,
    ],
    ['nothing at all', [], false],
  ])('%s', (_, values, expected) => {
    expect(
      isBreaching(
        values.map(([at, value]) => ({ at, value })),
        question,
      ),
    ).toBe(expected);
  });
});

describe('an alarm', () => {
  it.each([
    ['of another comparison', { ComparisonOperator: 'LessThanThreshold' }],
    ['that takes missing data otherwise', { TreatMissingData: 'breaching' }],
    ['of another statistic', { Statistic: 'Average' }],
    ['of a period that AWS does not know', { Period: 61 }],
    ['over more than a day of short periods', { EvaluationPeriods: 1441 }],
  ])('%s is refused', async (_, change) => {
    await expect(call('monitoring', 'PutMetricAlarm', { ...ALARM, ...change })).rejects.toThrow(
      /Invalid value/,
    );
  });

  it('follows exactly its metric, and goes back when the data are old', async () => {
    await call('monitoring', 'PutMetricAlarm', ALARM);
    expect(await state()).toBe('INSUFFICIENT_DATA');
    put(9, 'b');
    await expect.poll(state).toBe('OK');
    put(3);
    await expect.poll(state).toBe('ALARM');
    await expect.poll(state).toBe('OK');
  });
});

describe('the embedded metric format', () => {
  const line = (change: object) =>
    JSON.stringify({
      _aws: {
        Timestamp: 1,
        CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [['d']], Metrics: [{ Name: 'm', Unit: 'Count' }] }],
      },
      d: 'x',
      m: 2,
      ...change,
    });

  it('gives each metric its value under each of its dimension sets', () => {
    expect(embeddedMetrics(line({}))).toEqual([
      { namespace: 'N', name: 'm', dimensions: { d: 'x' }, value: 2 },
    ]);
    expect(embeddedMetrics('{"level":"INFO"}')).toEqual([]);
  });

  it.each([
    ['without the value', { m: undefined }],
    ['without the dimension', { d: undefined }],
    ['without a timestamp', { _aws: { CloudWatchMetrics: [] } }],
  ])('fails %s, which CloudWatch would drop in silence', (_, change) => {
    expect(() => embeddedMetrics(line(change))).toThrow();
  });
});

describe('a topic', () => {
  it.each([
    ['a subject with a line break', { Subject: 'a\nb', Message: 'x' }],
    ['a subject beyond 100 characters', { Subject: 'x'.repeat(101), Message: 'x' }],
    ['no message', { Message: '' }],
  ])('refuses %s', async (_, input) => {
    const { TopicArn } = await call<{ TopicArn: string }>('sns', 'CreateTopic', { Name: 'alarms' });
    await expect(call('sns', 'Publish', { TopicArn, ...input })).rejects.toThrow(/Invalid parameter/);
  });
});

describe('the AWS CLI', () => {
  it('reads alarms, statistics and topics', async ({ skip }) => {
    const installed = await run('aws', ['--version']).then(
      () => true,
      () => false,
    );
    if (!installed) skip('the AWS CLI is not installed');
    const { accessKeyId, secretAccessKey } = harness.admin.credentials;
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    const aws = async (...args: string[]) => {
      const { stdout } = await run('aws', [...args, '--endpoint-url', harness.server.endpoint], { env });
      return JSON.parse(stdout);
    };
    const { MetricAlarms } = await aws('cloudwatch', 'describe-alarms');
    expect(MetricAlarms).toMatchObject([{ AlarmName: 'full', Threshold: 3, Statistic: 'Maximum' }]);
    const [from, to] = [-60_000, 60_000].map((by) => new Date(Date.now() + by).toISOString());
    const { Datapoints } = await aws(
      ...['cloudwatch', 'get-metric-statistics', '--namespace', 'Test', '--metric-name', 'Depth'],
      ...['--dimensions', 'Name=queue,Value=a', '--statistics', 'Maximum', '--period', '3600'],
      ...['--start-time', String(from), '--end-time', String(to)],
    );
    expect(Datapoints.map(({ Maximum }: { Maximum: number }) => Maximum)).toContain(3);
    const { Topics } = await aws('sns', 'list-topics');
    expect(Topics).toEqual([{ TopicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:alarms` }]);
    const [{ TopicArn }] = Topics;
    await aws(
      'sns',
      'subscribe',
      '--topic-arn',
      TopicArn,
      '--protocol',
      'email',
      '--notification-endpoint',
      'ada@example.com',
    );
    const { Subscriptions } = await aws('sns', 'list-subscriptions-by-topic', '--topic-arn', TopicArn);
    expect(Subscriptions).toMatchObject([{ Protocol: 'email', SubscriptionArn: 'PendingConfirmation' }]);
    const published = await aws(
      'sns',
      'publish',
      '--topic-arn',
      TopicArn,
      '--message',
      'x',
      '--subject',
      'y',
    );
    expect(published).toHaveProperty('MessageId');
  });
});
