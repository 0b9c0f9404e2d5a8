import { type ErrorCode, FactoryError } from '../../core/errors.ts';
import { METRIC_NAMESPACE, STEP_FAILED } from '../../core/metrics.ts';
import type { Gauge, Metric, Telemetry } from '../ports.ts';
import { awsErrorName, httpStatus } from './aws-errors.ts';

export interface PublishedTelemetry extends Telemetry {
  /** The invocation ends in this error. */
  failed(code: ErrorCode): void;
  /** Writes out the metrics so far: once at the end of every invocation. */
  publish(): void;
}

/**
 * Logs and metrics of one function as JSON lines on standard output, the metrics in CloudWatch's embedded format.
 * Powertools would write the same lines, with 33 kB and an eighth of a cold start's processor time.
 */
export function jsonTelemetry(service: string): PublishedTelemetry {
  const values = new Map<Metric | Gauge, number>();
  let code: ErrorCode | undefined;

  function log(level: 'INFO' | 'WARN' | 'ERROR', message: string, fields: object = {}): void {
    const trace = /Root=([^;]+)/.exec(process.env._X_AMZN_TRACE_ID ?? '')?.[1];
    const timestamp = new Date().toISOString();
    writeLine({ level, message, timestamp, service, xray_trace_id: trace, ...fields });
  }

  return {
    event: (message, fields) => log('INFO', message, fields),
    problem: (message, error, fields) => {
      const level = error instanceof FactoryError && error.class === 'transient' ? 'WARN' : 'ERROR';
      log(level, message, { ...fields, error: describeError(error) });
    },
    count: (metric) => {
      values.set(metric, (values.get(metric) ?? 0) + 1);
    },
    gauge: (gauge, value) => {
      values.set(gauge, value);
    },
    failed: (by) => {
      code = by;
    },
    publish: () => {
      const CloudWatchMetrics = [
        ...(values.size > 0 ? [directive('service', [...values.keys()])] : []),
        // Of all functions together: what fails matters, and each dimension more is a metric more to pay.
        ...(code === undefined ? [] : [directive('code', [STEP_FAILED])]),
      ];
      if (CloudWatchMetrics.length === 0) return;
      writeLine({
        _aws: { Timestamp: Date.now(), CloudWatchMetrics },
        service,
        ...Object.fromEntries(values),
        ...(code === undefined ? {} : { code, [STEP_FAILED]: 1 }),
      });
      values.clear();
      code = undefined;
    },
  };
}

const directive = (dimension: string, names: readonly string[]) => ({
  Namespace: METRIC_NAMESPACE,
  Dimensions: [[dimension]],
  Metrics: names.map((Name) => ({ Name, Unit: 'Count' })),
});

/** Not `console`, which Lambda changes: it would put time and request id before the JSON. */
const writeLine = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

/** What may be logged of an error: of our own the message, of everybody else's only names, codes and places. */
export function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof FactoryError) {
    return {
      code: error.code,
      class: error.class,
      message: error.message,
      ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
    };
  }
  if (!(error instanceof Error)) return { name: typeof error };
  const status = httpStatus(error);
  const code = (error as NodeJS.ErrnoException).code;
  return {
    name: awsErrorName(error) || 'Error',
    ...(status === undefined ? {} : { status }),
    ...(typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? { code } : {}),
    at: framesOf(error),
  };
}

/** The innermost stack frames; what precedes them repeats the message, which may hold an upstream body. */
function framesOf({ stack = '', message }: Error): string[] {
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  return frames
    .map((line) => line.trim())
    .filter((line) => /^at .*:\d+:\d+\)?$/.test(line))
    .slice(0, 5);
}
