/** `Retry` and `Catch`. */

import { FieldError, type Fields, fields } from '../fields.ts';
import type { Catcher, Retrier } from './definition.ts';
import { PLATFORM_ERRORS } from './errors.ts';
import { readLeaving } from './leaving.ts';

const PLATFORM_PREFIX = /^(States|Lambda|Sandbox|Runtime|StepFunctions)\./;

export function readRetry(state: Fields): Retrier[] {
  const rules = (state.optional('Retry', 'array') ?? []).map((value, index) => {
    const rule = fields(value, `${state.path}.Retry[${index}]`);
    rule.optional('Comment', 'string');
    const retrier = {
      errorEquals: readErrorEquals(rule),
      intervalSeconds: number(rule, 'IntervalSeconds', 1, { integer: true, min: 1, max: 99_999_999 }),
      backoffRate: number(rule, 'BackoffRate', 2, { min: 1 }),
      maxAttempts: number(rule, 'MaxAttempts', 3, { integer: true, min: 0, max: 99_999_999 }),
      maxDelaySeconds: number(rule, 'MaxDelaySeconds', Number.POSITIVE_INFINITY, {
        integer: true,
        min: 1,
        max: 31_622_399,
      }),
      fullJitter: readJitter(rule),
    };
    if (retrier.maxDelaySeconds <= retrier.intervalSeconds) {
      throw new FieldError(`${rule.path}.MaxDelaySeconds`, 'must be greater than IntervalSeconds');
    }
    rule.done();
    return retrier;
  });
  checkWildcard(rules, `${state.path}.Retry`);
  return rules;
}

export function readCatch(state: Fields): Catcher[] {
  const rules = (state.optional('Catch', 'array') ?? []).map((value, index) => {
    const rule = fields(value, `${state.path}.Catch[${index}]`);
    rule.optional('Comment', 'string');
    const catcher = {
      errorEquals: readErrorEquals(rule),
      next: rule.required('Next', 'string'),
      ...readLeaving(rule, ['errorOutput']),
    };
    rule.done();
    return catcher;
  });
  checkWildcard(rules, `${state.path}.Catch`);
  return rules;
}

function readErrorEquals(rule: Fields): string[] {
  const path = `${rule.path}.ErrorEquals`;
  const names = rule.required('ErrorEquals', 'array');
  if (names.length === 0) throw new FieldError(path, 'must not be empty');
  return names.map((name) => {
    if (typeof name !== 'string' || name === '') throw new FieldError(path, 'expected error names');
    const reserved = PLATFORM_PREFIX.test(name) || name.includes('.');
    if (reserved && !PLATFORM_ERRORS.includes(name)) throw new FieldError(path, `${name} cannot occur`);
    return name;
  });
}

/** `States.ALL` must stand alone and last (Amazon States Language, "Retrying after error"). */
function checkWildcard(rules: readonly { errorEquals: readonly string[] }[], path: string): void {
  rules.forEach(({ errorEquals }, index) => {
    if (!errorEquals.includes('States.ALL')) return;
    if (errorEquals.length > 1) throw new FieldError(`${path}[${index}]`, 'States.ALL must stand alone');
    if (index < rules.length - 1) throw new FieldError(`${path}[${index}]`, 'States.ALL must be last');
  });
}

function readJitter(rule: Fields): boolean {
  const strategy = rule.optional('JitterStrategy', 'string') ?? 'NONE';
  if (strategy === 'FULL' || strategy === 'NONE') return strategy === 'FULL';
  throw new FieldError(`${rule.path}.JitterStrategy`, 'expected FULL or NONE');
}

function number(
  rule: Fields,
  name: string,
  otherwise: number,
  range: { integer?: boolean; min: number; max?: number },
): number {
  const value = rule.optional(name, 'number');
  if (value === undefined) return otherwise;
  const fits = value >= range.min && value <= (range.max ?? Number.MAX_VALUE);
  if (fits && (!range.integer || Number.isInteger(value))) return value;
  throw new FieldError(`${rule.path}.${name}`, `out of range: ${value}`);
}
