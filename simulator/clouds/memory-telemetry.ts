import { isFactoryError } from '../../core/errors.ts';
import type { Gauge, Metric, Telemetry } from '../../lambdas/ports.ts';

/** Keeps what was logged and counted. */
export class MemoryTelemetry implements Telemetry {
  readonly events: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  readonly problems: { readonly message: string; readonly error: unknown }[] = [];
  readonly #counts = new Map<Metric, number>();
  readonly levels = new Map<Gauge, number>();

  event: Telemetry['event'] = (message, fields) => {
    this.events.push({ message, fields });
  };

  problem: Telemetry['problem'] = (message, error) => {
    this.problems.push({ message, error: isFactoryError(error) ? error.code : error });
  };

  count: Telemetry['count'] = (metric) => {
    this.#counts.set(metric, this.counted(metric) + 1);
  };

  gauge: Telemetry['gauge'] = (gauge, value) => {
    this.levels.set(gauge, value);
  };

  counted = (metric: Metric): number => this.#counts.get(metric) ?? 0;
}
