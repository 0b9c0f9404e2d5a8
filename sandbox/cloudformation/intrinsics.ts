/** Intrinsic functions and conditions of CloudFormation. An unknown one is refused. */
import { FieldError } from '../fields.ts';

/** What a `Ref` to a resource gives, and its attributes for `Fn::GetAtt`. */
export interface Created {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** What CloudFormation does to it when its stack is deleted; absent: there is nothing to do. */
  readonly remove?: () => Promise<unknown>;
}

export interface Names {
  /** Parameters and pseudo parameters. */
  readonly values: ReadonlyMap<string, string>;
  readonly resources: ReadonlyMap<string, Created>;
  readonly conditions: Readonly<Record<string, unknown>>;
}

const NO_VALUE = Symbol('AWS::NoValue');

/** The value with every intrinsic resolved; members that are AWS::NoValue are gone. Throws a {@link FieldError}. */
export function resolve(value: unknown, names: Names, path: string): unknown {
  if (Array.isArray(value)) {
    return value.map((item, i) => resolve(item, names, `${path}[${i}]`)).filter((item) => item !== NO_VALUE);
  }
  if (value === null || typeof value !== 'object') return value;
  const call = intrinsicOf(value);
  if (call) return apply(call, names, path);
  const members = Object.entries(value)
    .map(([key, member]) => [key, resolve(member, names, `${path}.${key}`)] as const)
    .filter(([, member]) => member !== NO_VALUE);
  return Object.fromEntries(members);
}

/** Whether a condition of the template holds. */
export function holds(name: string, names: Names): boolean {
  const expression = names.conditions[name];
  if (expression === undefined) throw new FieldError(`Conditions.${name}`, 'does not exist');
  return test(expression, names, `Conditions.${name}`);
}

/** Logical ids that a value needs: resources, and names that are none. */
export function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (value === null || typeof value !== 'object') return [];
  const call = intrinsicOf(value);
  if (call?.name === 'Ref') return [String(call.argument)];
  if (call?.name === 'Fn::GetAtt') return [attribute(call.argument, 'Fn::GetAtt')[0]];
  if (call?.name === 'Fn::Sub') {
    const [text, own] = substitution(call.argument, 'Fn::Sub');
    const named = placeholders(text).filter((name) => !(name in own));
    return [...named.map((name) => name.split('.')[0] ?? ''), ...references(own)];
  }
  return Object.values(value).flatMap(references);
}

interface Call {
  readonly name: string;
  readonly argument: unknown;
}

function intrinsicOf(value: object): Call | undefined {
  const [entry, ...others] = Object.entries(value);
  if (!entry || others.length > 0) return undefined;
  const [name, argument] = entry;
  return name === 'Ref' || name.startsWith('Fn::') ? { name, argument } : undefined;
}

function apply({ name, argument }: Call, names: Names, path: string): unknown {
  const at = `${path}.${name}`;
  const text = (value: unknown): string => asText(resolve(value, names, at), at);
  switch (name) {
    case 'Ref':
      return argument === 'AWS::NoValue' ? NO_VALUE : refTo(String(argument), names, at);
    case 'Fn::GetAtt':
      return attributeOf(attribute(argument, at), names, at);
    case 'Fn::Sub': {
      const [template, own] = substitution(argument, at);
      return template.replace(PLACEHOLDER, (_, literal: string, key: string) => {
        if (literal) return `\${${key}}`;
        if (key in own) return text(own[key]);
        return key.includes('.') ? attributeOf(attribute(key, at), names, at) : refTo(key, names, at);
      });
    }
    case 'Fn::Join': {
      const [separator, parts] = pair(argument, at);
      return list(resolve(parts, names, at), at)
        .map((part) => asText(part, at))
        .join(text(separator));
    }
    case 'Fn::Split': {
      const [separator, whole] = pair(argument, at);
      return text(whole).split(text(separator));
    }
    case 'Fn::Select': {
      const [index, items] = pair(argument, at);
      const chosen = list(resolve(items, names, at), at)[Number(resolve(index, names, at))];
      if (chosen === undefined) throw new FieldError(at, 'there is no such item');
      return chosen;
    }
    case 'Fn::If': {
      const [condition, yes, no] = list(argument, at);
      return resolve(holds(String(condition), names) ? yes : no, names, at);
    }
    default:
      throw new FieldError(at, 'is not understood');
  }
}

/** Whether an expression of a condition or of a rule's assertion is true. */
export function test(expression: unknown, names: Names, path: string): boolean {
  const [name = '', argument] = Object.entries(Object(expression))[0] ?? [];
  const at = `${path}.${name}`;
  switch (name) {
    case 'Condition':
      return holds(String(argument), names);
    case 'Fn::Equals': {
      const [left, right] = pair(argument, at);
      return asText(resolve(left, names, at), at) === asText(resolve(right, names, at), at);
    }
    case 'Fn::Not':
      return !test(list(argument, at)[0], names, at);
    case 'Fn::And':
      return list(argument, at).every((part) => test(part, names, at));
    case 'Fn::Or':
      return list(argument, at).some((part) => test(part, names, at));
    default:
      throw new FieldError(at, 'is not understood');
  }
}

function refTo(name: string, names: Names, path: string): string {
  const value = names.values.get(name) ?? names.resources.get(name)?.ref;
  if (value === undefined) throw new FieldError(path, `there is no ${name}`);
  return value;
}

function attributeOf([id, name]: readonly [string, string], names: Names, path: string): string {
  const value = names.resources.get(id)?.attributes?.[name];
  if (value === undefined) throw new FieldError(path, `${id} has no attribute ${name}`);
  return value;
}

/** `[id, attribute]`, or `id.attribute`. */
function attribute(argument: unknown, path: string): [string, string] {
  const [id, ...rest] = typeof argument === 'string' ? argument.split('.') : list(argument, path);
  return [String(id), rest.join('.')];
}

const PLACEHOLDER = /\$\{(!?)([^}]+)\}/g;
const placeholders = (text: string): string[] =>
  [...text.matchAll(PLACEHOLDER)].filter(([, literal]) => !literal).map(([, , name]) => name ?? '');

/** The text of a Sub, and values of its own. */
function substitution(argument: unknown, path: string): [string, Readonly<Record<string, unknown>>] {
  if (typeof argument === 'string') return [argument, {}];
  const [text, own] = pair(argument, path);
  return [asText(text, path), own as Record<string, unknown>];
}

function list(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new FieldError(path, 'expected a list');
}

function pair(value: unknown, path: string): [unknown, unknown] {
  const items = list(value, path);
  if (items.length === 2) return [items[0], items[1]];
  throw new FieldError(path, 'expected two arguments');
}

function asText(value: unknown, path: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new FieldError(path, 'expected text');
}
