/** What the alarms watch is what the code emits: metric, dimensions and namespace, to the letter. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ALARMS, type AlarmKind } from '../../core/alarms.ts';
import { ERRORS, type ErrorCode } from '../../core/errors.ts';
import { jsonTelemetry } from '../../lambdas/adapters/telemetry.ts';
import type { Gauge, Metric } from '../../lambdas/ports.ts';
import { embeddedMetrics } from '../../sandbox/aws/embedded-metrics.ts';
import { CONFIG, factoryTemplate, memberTemplate, resourcesOf } from './stacks.ts';

const config = { ...CONFIG, guard: {} };
const factory = factoryTemplate(config);
const alarms = [factory, memberTemplate(config)].flatMap((template) =>
  resourcesOf(template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties),
);
const idOf = ({ AlarmDescription }: { AlarmDescription: string }) => AlarmDescription.split('#')[1] ?? '';
const own = Object.entries<AlarmKind>(ALARMS).filter(([, { metric }]) =>
  ['count', 'gauge', 'failures'].includes(metric.of),
);

afterEach(() => vi.restoreAllMocks());

describe('the alarms of the stacks', () => {
  it('are those of the table, each once', () => {
    expect(alarms.map(idOf).sort()).toEqual(Object.keys(ALARMS).sort());
  });

  it('take missing data for good, and tell the platform team where they are in the factory account', () => {
    for (const { properties } of resourcesOf(factory, 'AWS::CloudWatch::Alarm')) {
      expect(properties).toMatchObject({
        TreatMissingData: 'notBreaching',
        AlarmActions: [{ Ref: expect.stringMatching(/^NotificationsPlatform/) }],
      });
    }
  });

  it('link to where the config says that the runbook is', () => {
    const runbookUrl = 'https://wiki.example.com/oidc';
    const [alarm] = resourcesOf(
      factoryTemplate({ ...CONFIG, notifications: { runbookUrl } }),
      'AWS::CloudWatch::Alarm',
    );
    expect(alarm?.properties.AlarmDescription).toContain(` ${runbookUrl}#`);
  });
});

describe.each(own)('%s', (id, { metric }) => {
  it('watches a metric that the functions emit, under its dimensions', () => {
    const lines: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    const telemetry = jsonTelemetry('service' in metric ? metric.service : 'inspect-role');
    if (metric.of === 'count') telemetry.count(metric.name as Metric);
    if (metric.of === 'gauge') telemetry.gauge(metric.name as Gauge, 1);
    if (metric.of === 'failures') telemetry.failed(metric.code);
    telemetry.publish();
    const emitted = lines.flatMap(embeddedMetrics).map(({ namespace, name, dimensions }) => ({
      Namespace: namespace,
      MetricName: name,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    }));
    const alarm = alarms.find((one) => idOf(one) === id);
    expect(emitted).toContainEqual({
      Namespace: alarm?.Namespace,
      MetricName: alarm?.MetricName,
      Dimensions: alarm?.Dimensions,
    });
  });

  it('watches what some code says', () => {
    if (metric.of === 'failures') expect(ERRORS).toHaveProperty(metric.code satisfies ErrorCode);
    else if ('service' in metric) {
      const sources = [join('lambdas', metric.service), 'core'].flatMap((folder) =>
        readdirSync(join(import.meta.dirname, '..', '..', folder), { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.ts'))
          .map((file) => readFileSync(join(import.meta.dirname, '..', '..', folder, file), 'utf8')),
      );
      expect(sources.some((source) => source.includes(metric.name))).toBe(true);
    }
  });
});
