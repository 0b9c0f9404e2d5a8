/**
 * Intrinsic functions of CloudFormation templates, as far as a template alone tells; the rest becomes a mark.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
import { isObject, type JsonObject } from '../trust-policy/document.ts';
import { unknown, unknownIn } from './marks.ts';

/** What references mean. */
export interface Scope {
  /** The value of a parameter or resource; undefined where the template does not tell. */
  ref(name: string): unknown;
  attribute(resource: string, name: string): unknown;
  readonly mappings: JsonObject;
  readonly conditions: JsonObject;
}

/** A document on its own. */
export const NO_SCOPE: Scope = {
  ref: () => undefined,
  attribute: () => undefined,
  mappings: {},
  conditions: {},
};

/** Outside China and GovCloud, in an account and a region of examples. */
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};
const NO_VALUE = Symbol('AWS::NoValue');

/** More than any template nests, and less than the stack holds. */
const MAX_DEPTH = 100;

/** The value with its intrinsics resolved. */
export function resolve(value: unknown, scope: Scope, depth = 0): unknown {
  if (depth > MAX_DEPTH) return unknown('nested too deeply');
  const inner = (part: unknown) => resolve(part, scope, depth + 1);
  if (Array.isArray(value)) return value.map(inner).filter((part) => part !== NO_VALUE);
  if (!isObject(value)) return value;
  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0 && Object.hasOwn(FUNCTIONS, name)) {
    return FUNCTIONS[name]?.(value[name], scope, inner);
  }
  const parts = Object.entries(value).map(([key, part]) => [key, inner(part)] as const);
  return Object.fromEntries(parts.filter(([, part]) => part !== NO_VALUE));
}

type Intrinsic = (argument: unknown, scope: Scope, inner: (part: unknown) => unknown) => unknown;

const FUNCTIONS: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, scope) => refTo(String(name), scope),
  'Fn::GetAtt': (argument, scope, inner) => {
    const [resource = '', ...names] = (
      Array.isArray(argument) ? argument.map(inner) : String(argument).split('.')
    ).map(String);
    return scope.attribute(resource, names.join('.')) ?? unknown([resource, ...names].join('.'));
  },
  'Fn::Sub': (argument, scope, inner) => {
    const [text, values] = Array.isArray(argument) ? [argument[0], inner(argument[1])] : [argument, {}];
    return substituted(String(text), isObject(values) ? values : {}, scope);
  },
  'Fn::Join': (argument, _, inner) => {
    const [separator, list] = Array.isArray(argument) ? argument.map(inner) : [];
    return Array.isArray(list) ? list.map(asText).join(String(separator)) : asText(list);
  },
  'Fn::Split': (argument, _, inner) => {
    const [separator, text] = Array.isArray(argument) ? argument.map(inner) : [];
    return asText(text).split(String(separator));
  },
  'Fn::Select': (argument, _, inner) => {
    const [index, list] = Array.isArray(argument) ? argument.map(inner) : [];
    const chosen = Array.isArray(list) ? list[Number(index)] : undefined;
    return chosen ?? unknown(`${namesIn(list)} ${index}`);
  },
  'Fn::FindInMap': (argument, { mappings }, inner) => {
    const keys = Array.isArray(argument) ? argument.slice(0, 3).map(inner).map(String) : [];
    const found = keys.reduce<unknown>((map, key) => (isObject(map) ? map[key] : undefined), mappings);
    return found ?? unknown(keys.join('.'));
  },
  'Fn::If': (argument, scope, inner) => {
    const [name, yes, no] = Array.isArray(argument) ? argument : [];
    const holds = conditionHolds({ Condition: name }, scope, 0);
    if (holds !== undefined) return inner(holds ? yes : no);
    const branches = [inner(yes), inner(no)];
    // Where either is all that is known, it counts.
    return branches.find((branch) => branch !== NO_VALUE && namesIn(branch) === '') ?? branches[0];
  },
  'Fn::ImportValue': (argument, _, inner) =>
    unknown(`import ${namesIn(inner(argument)) || asText(inner(argument))}`),
  'Fn::Base64': (argument, _, inner) => unknown(namesIn(inner(argument)) || 'base64'),
  'Fn::GetAZs': () => unknown('zones'),
  'Fn::Transform': () => unknown('transform'),
};

function refTo(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE;
  return PSEUDO[name] ?? scope.ref(name) ?? unknown(name);
}

const substituted = (text: string, values: JsonObject, scope: Scope): string =>
  text
    .replaceAll(/\$\{([^!][^}]*)\}/g, (whole, name: string) => {
      // A policy variable that somebody forgot to escape, or that the function leaves alone.
      if (/^[a-z][^:]*:[^:]/.test(name)) return whole;
      if (Object.hasOwn(values, name)) return asText(values[name]);
      const [resource = '', ...attribute] = name.split('.');
      if (attribute.length === 0) return asText(refTo(name, scope));
      return asText(scope.attribute(resource, attribute.join('.')) ?? unknown(name));
    })
    .replaceAll('${!', '${');

const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : unknown(namesIn(value) || 'value');

/** What is unknown in a value, in one text. */
const namesIn = (value: unknown): string => unknownIn(JSON.stringify(value) ?? '').join(' ');

/** Whether a condition of the template holds; undefined where that depends on what is not known. */
function conditionHolds(condition: unknown, scope: Scope, depth: number): boolean | undefined {
  if (!isObject(condition) || depth > MAX_DEPTH) return undefined;
  const inner = (part: unknown) => conditionHolds(part, scope, depth + 1);
  const { Condition: name, 'Fn::Equals': equals, 'Fn::Not': not, 'Fn::And': and, 'Fn::Or': or } = condition;
  if (typeof name === 'string') return inner(scope.conditions[name]);
  if (Array.isArray(equals)) {
    const [left, right] = equals.map((part) => resolve(part, scope));
    if (namesIn([left, right]) !== '') return undefined;
    return JSON.stringify(left) === JSON.stringify(right);
  }
  if (Array.isArray(not)) {
    const holds = inner(not[0]);
    return holds === undefined ? undefined : !holds;
  }
  const list = Array.isArray(and) ? and : Array.isArray(or) ? or : undefined;
  if (list === undefined) return undefined;
  const decides = !Array.isArray(and);
  const parts = list.map(inner);
  if (parts.includes(decides)) return decides;
  return parts.includes(undefined) ? undefined : !decides;
}
