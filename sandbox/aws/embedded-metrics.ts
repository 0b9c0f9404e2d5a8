/** Metrics in CloudWatch's embedded format: lines of a log that Logs makes metrics of. */
import { FieldError, fields } from '../fields.ts';

export interface EmbeddedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The metrics of a line; none of one that is no such document. A document that CloudWatch would drop fails. */
export function embeddedMetrics(line: string): EmbeddedMetric[] {
  if (!line.includes('"_aws"')) return [];
  const document = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const metadata = fields(document._aws, '$._aws');
  metadata.required('Timestamp', 'number');
  return metadata.required('CloudWatchMetrics', 'array').flatMap((value, at) => {
    const directive = fields(value, `$._aws.CloudWatchMetrics[${at}]`);
    const namespace = directive.required('Namespace', 'string');
    const sets = directive.required('Dimensions', 'array') as string[][];
    const metrics = directive.required('Metrics', 'array');
    directive.done();
    return metrics.flatMap((metric) => {
      const definition = fields(metric, `${directive.path}.Metrics`);
      const name = definition.required('Name', 'string');
      definition.optional('Unit', 'string');
      definition.done();
      const target = document[name];
      if (typeof target !== 'number') throw new FieldError(`$.${name}`, 'expected a number');
      return sets.map((set) => ({ namespace, name, dimensions: dimensionsOf(document, set), value: target }));
    });
  });
}

const dimensionsOf = (
  document: Readonly<Record<string, unknown>>,
  set: readonly string[],
): Record<string, string> =>
  Object.fromEntries(
    set.map((name) => {
      const value = document[name];
      if (typeof value !== 'string') throw new FieldError(`$.${name}`, 'expected the text of a dimension');
      return [name, value];
    }),
  );
