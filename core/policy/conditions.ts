/**
 * Condition operators.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
import { FactoryError } from '../errors.ts';
import type { Context } from './context.ts';
import { ARN_PARTS, literal, matchesArn, matchesGlob, wildcards } from './match.ts';
import type { Condition, Policy, Statement } from './types.ts';
import { binaryOf, booleanOf, dateOf, isInRange, numberOf, rangeOf } from './values.ts';
import { arnParts, expand, variablesAreValid } from './variables.ts';

type Version = Policy['version'];

interface Comparison {
  readonly negated: boolean;
  /** Whether one value of the request matches one value of the policy; negation is not its business. */
  matches(actual: string, expected: string, version: Version, context: Context): boolean;
  /** What the policy's value must be, where `accepts` says that it is not. */
  readonly expects: string;
  accepts(expected: string, version: Version): boolean;
}

export interface Operator {
  readonly set?: 'ForAllValues' | 'ForAnyValue';
  readonly ifExists: boolean;
  /** `null` for the operator `Null`, which asks whether the key is there. */
  readonly comparison: Comparison | null;
  /** As {@link Comparison}, for every operator. */
  readonly expects: string;
  accepts(expected: string, version: Version): boolean;
}

type Matches = Comparison['matches'];

const variablesValid = (expected: string, version: Version) =>
  version !== '2012-10-17' || variablesAreValid(expected);

function string(matches: Matches) {
  return { matches, expects: 'text whose policy variables are well-formed', accepts: variablesValid };
}

/** A value of another type equals nothing, so negated operators match it. */
function typed<T>(
  expects: string,
  read: (text: string) => T | undefined,
  matches: (actual: T, expected: T) => boolean,
) {
  return {
    expects,
    accepts: (expected: string) => read(expected) !== undefined,
    matches: (actual: string, expected: string) => {
      const left = read(actual);
      const right = read(expected);
      return left !== undefined && right !== undefined && matches(left, right);
    },
  };
}

const equals: Matches = (actual, expected, version, context) =>
  expand(expected, version, context, literal, actual.length)?.join('') === actual;

const equalsIgnoreCase: Matches = (actual, expected, version, context) => {
  const lower = actual.toLowerCase();
  return expand(expected, version, context, literal, lower.length)?.join('').toLowerCase() === lower;
};

const like: Matches = (actual, expected, version, context) => {
  const pattern = expand(expected, version, context, wildcards, actual.length);
  if (pattern === undefined) return false;
  context.spend(pattern.length * actual.length);
  return matchesGlob(pattern, actual);
};

const arn = {
  expects: 'an ARN of six parts, with or without wildcards',
  accepts: (expected: string, version: Version) =>
    variablesValid(expected, version) && arnParts(expected, version).length === ARN_PARTS,
  matches: ((actual, expected, version, context) => {
    const parts = arnParts(expected, version).map((part) =>
      expand(part, version, context, wildcards, actual.length),
    );
    if (!parts.every((part) => part !== undefined)) return false;
    context.spend(parts.reduce((sum, part) => sum + part.length, 0) * actual.length);
    return matchesArn(parts, actual);
  }) satisfies Matches,
};

const number = (matches: (actual: bigint, expected: bigint) => boolean) =>
  typed('a number with at most 18 decimals', numberOf, matches);
const date = (matches: (actual: number, expected: number) => boolean) =>
  typed('an ISO 8601 date or epoch seconds', dateOf, matches);
const address = typed('an IP address or CIDR range', rangeOf, isInRange);
const boolean = typed('true or false', booleanOf, (actual, expected) => actual === expected);
const binary = typed('base64', binaryOf, (actual, expected) => actual === expected);

const positive = (comparison: Omit<Comparison, 'negated'>): Comparison => ({ ...comparison, negated: false });
const negated = (comparison: Omit<Comparison, 'negated'>): Comparison => ({ ...comparison, negated: true });

/** The six orders that numbers and dates share. */
const ordered = <T extends number | bigint>(
  type: string,
  of: (matches: (actual: T, expected: T) => boolean) => Omit<Comparison, 'negated'>,
): [string, Comparison][] => [
  [`${type}Equals`, positive(of((actual, expected) => actual === expected))],
  [`${type}NotEquals`, negated(of((actual, expected) => actual === expected))],
  [`${type}LessThan`, positive(of((actual, expected) => actual < expected))],
  [`${type}LessThanEquals`, positive(of((actual, expected) => actual <= expected))],
  [`${type}GreaterThan`, positive(of((actual, expected) => actual > expected))],
  [`${type}GreaterThanEquals`, positive(of((actual, expected) => actual >= expected))],
];

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ['StringEquals', positive(string(equals))],
  ['StringNotEquals', negated(string(equals))],
  ['StringEqualsIgnoreCase', positive(string(equalsIgnoreCase))],
  ['StringNotEqualsIgnoreCase', negated(string(equalsIgnoreCase))],
  ['StringLike', positive(string(like))],
  ['StringNotLike', negated(string(like))],
  ['ArnEquals', positive(arn)],
  ['ArnNotEquals', negated(arn)],
  ['ArnLike', positive(arn)],
  ['ArnNotLike', negated(arn)],
  ['Bool', positive(boolean)],
  ['BinaryEquals', positive(binary)],
  ['IpAddress', positive(address)],
  ['NotIpAddress', negated(address)],
  ...ordered('Numeric', number),
  ...ordered('Date', date),
]);

const OPERATOR = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

const NULL: Operator = {
  ifExists: false,
  comparison: null,
  expects: boolean.expects,
  accepts: boolean.accepts,
};

/** The operator of that name, prefix and `IfExists` included; undefined where there is none. */
export function operatorOf(name: string): Operator | undefined {
  if (name === 'Null') return NULL;
  const [, set, base = '', ifExists] = OPERATOR.exec(name) ?? [];
  const comparison = COMPARISONS.get(base);
  if (comparison === undefined) return undefined;
  return {
    ...(set === undefined ? {} : { set: set as 'ForAllValues' | 'ForAnyValue' }),
    ifExists: ifExists !== undefined,
    comparison,
    expects: comparison.expects,
    accepts: comparison.accepts,
  };
}

/** Steps of comparing two values at all, however short. */
const COMPARISON = 50;

/**
 * Whether the request meets the condition. `effect` matters for a key with several values under an operator
 * without a set prefix, which AWS leaves undefined: an Allow must match with each of them, a Deny with any.
 * @throws FactoryError PolicyNotUnderstood for an unknown operator (which no parsed policy holds), or where comparing
 * takes too many steps.
 */
export function meets(
  condition: Condition,
  context: Context,
  version: Version,
  effect: Statement['effect'],
): boolean {
  const operator = operatorOf(condition.operator);
  if (operator === undefined) {
    throw new FactoryError('PolicyNotUnderstood', `unknown condition operator ${condition.operator}`);
  }
  const { comparison, set, ifExists } = operator;
  const present = context.get(condition.key.toLowerCase());
  if (comparison === null) {
    return condition.values.some((value) => booleanOf(value) === (present === undefined));
  }
  // To a set operator a key whose only value is empty is a key without values.
  const actual = set !== undefined && present?.every((value) => value === '') ? undefined : present;
  if (actual === undefined) {
    if (ifExists) return true;
    return set === undefined ? comparison.negated : set === 'ForAllValues';
  }
  const holds = (value: string): boolean =>
    comparison.negated !==
    condition.values.some((expected) => {
      context.spend(COMPARISON + expected.length + value.length);
      return comparison.matches(value, expected, version, context);
    });
  const forAll = set === undefined ? effect === 'Allow' : set === 'ForAllValues';
  return forAll ? actual.every(holds) : actual.some(holds);
}
