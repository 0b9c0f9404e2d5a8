/** The operators that may stand in a pattern's array, each compiled to a test of one value. */
import { BlockList, isIP } from 'node:net';
import { compileWildcard } from './event-pattern-wildcard.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Scalar = string | number | boolean | null;
/** `absent` is `exists: false`: it is judged without a value. */
export type LeafMatcher = ((value: Scalar) => boolean) | 'absent';

interface Context {
  /** The error for a reason; the caller throws it. */
  refuse(reason: string): Error;
  /** Told of every wildcard pattern, for the field's complexity. */
  wildcard(pattern: string): void;
}

/** EventBridge keeps numbers of this range. */
const MAX_NUMBER = 5e9;

export const isObject = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Compiles one element of a pattern's array. */
export function compileLeaf(element: Json, context: Context): LeafMatcher {
  if (Array.isArray(element)) throw context.refuse('An array within an array is not allowed');
  if (!isObject(element)) return equal(element, context);
  const [operator, ...more] = Object.keys(element);
  if (operator === undefined || more.length > 0) throw context.refuse('Only one operator is allowed');
  const operand = element[operator] as Json;
  switch (operator) {
    case 'exists':
      if (typeof operand !== 'boolean') throw context.refuse('exists must be true or false');
      return operand ? () => true : 'absent';
    case 'anything-but':
      return anythingBut(operand, context);
    case 'numeric':
      return numeric(operand, context);
    case 'cidr':
      return cidr(operand, context);
    default:
      return text(operator, operand, context);
  }
}

function equal(expected: Scalar, context: Context): (value: Scalar) => boolean {
  if (typeof expected === 'number') inRange(expected, context);
  return (value) => value === expected;
}

/** The operators on strings; `prefix` and `suffix` also take `{"equals-ignore-case": …}`. */
function text(operator: string, operand: Json, context: Context): (value: Scalar) => boolean {
  const test = textTest(operator, operand, context);
  return (value) => typeof value === 'string' && test(value);
}

function textTest(operator: string, operand: Json, context: Context): (value: string) => boolean {
  if ((operator === 'prefix' || operator === 'suffix') && isObject(operand)) {
    const [only, ...more] = Object.keys(operand);
    if (only !== 'equals-ignore-case' || more.length > 0) {
      throw context.refuse(`${operator} takes a string or equals-ignore-case`);
    }
    const folded = string(operator, operand[only], context).toLowerCase();
    return operator === 'prefix'
      ? (value) => value.toLowerCase().startsWith(folded)
      : (value) => value.toLowerCase().endsWith(folded);
  }
  switch (operator) {
    case 'prefix': {
      const prefix = string(operator, operand, context);
      return (value) => value.startsWith(prefix);
    }
    case 'suffix': {
      const suffix = string(operator, operand, context);
      return (value) => value.endsWith(suffix);
    }
    case 'equals-ignore-case': {
      const folded = string(operator, operand, context).toLowerCase();
      return (value) => value.toLowerCase() === folded;
    }
    case 'wildcard': {
      const pattern = string(operator, operand, context);
      context.wildcard(pattern);
      return compileWildcard(pattern, context.refuse);
    }
    default:
      throw context.refuse(`Unrecognized match type ${operator}`);
  }
}

function anythingBut(operand: Json, context: Context): (value: Scalar) => boolean {
  if (isObject(operand)) {
    const [operator, ...more] = Object.keys(operand);
    if (operator === undefined || more.length > 0) throw context.refuse('Only one operator is allowed');
    const operands = listOf(operand[operator] as Json);
    if (operands.length === 0) throw context.refuse('Empty arrays are not allowed');
    const tests = operands.map((one) => text(operator, string(operator, one, context), context));
    return (value) => !tests.some((test) => test(value));
  }
  const values = listOf(operand);
  const kind = typeof values[0];
  if ((kind !== 'string' && kind !== 'number') || !values.every((value) => typeof value === kind)) {
    throw context.refuse('anything-but takes strings or numbers, not both');
  }
  for (const value of values) if (typeof value === 'number') inRange(value, context);
  return (value) => !values.includes(value);
}

function numeric(operand: Json, context: Context): (value: Scalar) => boolean {
  if (!Array.isArray(operand)) throw context.refuse('numeric takes an array');
  const bounds: { operator: string; bound: number }[] = [];
  for (let at = 0; at < operand.length; at += 2) {
    const [operator, bound] = [operand[at], operand[at + 1]];
    if (typeof operator !== 'string' || !/^(?:=|[<>]=?)$/.test(operator)) {
      throw context.refuse('Unrecognized numeric range operator');
    }
    if (typeof bound !== 'number') throw context.refuse('Value of numeric must be numeric');
    inRange(bound, context);
    bounds.push({ operator, bound });
  }
  const [low, high, ...more] = bounds;
  if (low === undefined || more.length > 0) throw context.refuse('numeric takes one or two comparisons');
  if (high !== undefined) {
    if (!low.operator.startsWith('>') || !high.operator.startsWith('<')) {
      throw context.refuse('A numeric range needs a lower bound, then an upper one');
    }
    if (low.bound >= high.bound) throw context.refuse('Bottom must be less than top');
  }
  return (value) =>
    typeof value === 'number' && bounds.every(({ operator, bound }) => compare(value, operator, bound));
}

function compare(value: number, operator: string, bound: number): boolean {
  switch (operator) {
    case '=':
      return value === bound;
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    default:
      return value >= bound;
  }
}

function cidr(operand: Json, context: Context): (value: Scalar) => boolean {
  const source = string('cidr', operand, context);
  const [address = '', bits = '', ...more] = source.split('/');
  const version = isIP(address);
  const width = version === 4 ? 32 : 128;
  if (version === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > width) {
    throw context.refuse('Malformed CIDR');
  }
  const network = new BlockList();
  network.addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  return (value) =>
    typeof value === 'string' &&
    isIP(value) === version &&
    network.check(value, version === 4 ? 'ipv4' : 'ipv6');
}

const listOf = (value: Json): Json[] => (Array.isArray(value) ? value : [value]);

function string(operator: string, value: Json | undefined, context: Context): string {
  if (typeof value !== 'string') throw context.refuse(`${operator} takes a string`);
  return value;
}

function inRange(value: number, context: Context): void {
  if (Math.abs(value) > MAX_NUMBER) throw context.refuse('Number is out of range');
}
