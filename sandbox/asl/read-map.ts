/** A Map state over JSON: readers and writers of S3, batches and Express children are refused. */

import { FieldError, type Fields, fields } from '../fields.ts';
import type { Distribution, Machine, MapState } from './definition.ts';
import { readGuarded, readTemplate } from './guarded.ts';
import { compileTemplate, isExpression, type Template } from './template.ts';

/** Step Functions: 40 characters, no blanks, brackets, wildcards or special characters. */
const LABEL = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,40}$/u;

export function readMap(
  name: string,
  raw: Fields,
  readMachine: (processor: Fields) => Machine,
): Omit<MapState, 'type'> {
  const processor = fields(raw.required('ItemProcessor', 'object'), `${raw.path}.ItemProcessor`);
  processor.optional('Comment', 'string');
  const distributed = isDistributed(processor) ? readDistribution(raw) : undefined;
  const { count, percentage } = distributed?.tolerated ?? {};
  const tolerates = count !== undefined || percentage !== undefined;
  // What stands in the result for an item that failed is not documented: nothing may depend on it.
  if (tolerates && !raw.has('Output')) {
    throw new FieldError(
      `${raw.path}.Output`,
      'a Map that tolerates failures needs one without $states.result',
    );
  }
  return {
    name,
    items: readItems(raw),
    itemSelector: readTemplate(raw, 'ItemSelector'),
    maxConcurrency: readNumber(raw, 'MaxConcurrency', Number.MAX_SAFE_INTEGER) ?? (async () => 0),
    distributed,
    processor: readMachine(processor),
    ...readGuarded(raw, tolerates ? [] : ['result']),
  };
}

function isDistributed(processor: Fields): boolean {
  const config = fields(
    processor.optional('ProcessorConfig', 'object') ?? {},
    `${processor.path}.ProcessorConfig`,
  );
  const mode = config.optional('Mode', 'string') ?? 'INLINE';
  const type = config.optional('ExecutionType', 'string');
  config.done();
  if (mode === 'INLINE' && type === undefined) return false;
  if (mode === 'DISTRIBUTED' && type === 'STANDARD') return true;
  throw new FieldError(config.path, 'expected INLINE, or DISTRIBUTED with ExecutionType STANDARD');
}

function readDistribution(raw: Fields): Distribution {
  // Without one Step Functions makes one up, which no policy could name.
  const label = raw.required('Label', 'string');
  if (!LABEL.test(label)) throw new FieldError(`${raw.path}.Label`, `not a label: ${label}`);
  return {
    label,
    tolerated: {
      count: readNumber(raw, 'ToleratedFailureCount', Number.MAX_SAFE_INTEGER),
      percentage: readNumber(raw, 'ToleratedFailurePercentage', 100),
    },
  };
}

function readItems(raw: Fields): Template | undefined {
  const items = raw.optional('Items', 'any');
  if (items === undefined) return undefined;
  if (!isExpression(items) && !Array.isArray(items)) {
    throw new FieldError(`${raw.path}.Items`, 'expected an array or JSONata');
  }
  return compileTemplate(items, `${raw.path}.Items`, []);
}

/** A whole number, or JSONata that gives one. */
function readNumber(raw: Fields, name: string, max: number): Template | undefined {
  const value = raw.optional(name, 'any');
  if (value === undefined) return undefined;
  if (!isExpression(value) && !isCount(value, max)) {
    throw new FieldError(`${raw.path}.${name}`, 'expected JSONata or a whole number in its range');
  }
  return compileTemplate(value, `${raw.path}.${name}`, []);
}

/** Whether a value is a whole number from 0 to `max`. */
export const isCount = (value: unknown, max: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
