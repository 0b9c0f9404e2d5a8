/**
 * Policy documents. Whatever is not in the grammar is refused, since a part that is skipped can turn a Deny
 * into nothing. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
import { FactoryError } from '../errors.ts';
import { operatorOf } from './conditions.ts';
import { type Refuse, readJson } from './json.ts';
import { parsePrincipal } from './principal-element.ts';
import type { Condition, Policy, PolicyKind, Statement } from './types.ts';
import { arnParts, hasVariables, variablesAreValid } from './variables.ts';

const POLICY_ELEMENTS = ['Version', 'Id', 'Statement'];
const STATEMENT_ELEMENTS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];

/** `*`, or a service and an operation; the service takes no wildcard. */
const ACTION = /^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/i;
/** A vendor or issuer, a colon, and a name. */
const CONDITION_KEY = /^[^\s:]+:.*\S$/;

/**
 * Reads a policy document.
 * @param source JSON text, or the value that it stands for.
 * @param name how errors and explanations call the policy.
 * @param kind what it is attached to.
 * @throws FactoryError PolicyNotUnderstood naming policy, statement and field.
 */
export function parsePolicy(source: string | object, name: string, kind: PolicyKind): Policy {
  const refuse: Refuse = (path, expected) => {
    throw new FactoryError('PolicyNotUnderstood', `${name}: ${path}: expected ${expected}`);
  };
  const document = objectOf(readJson(source, refuse), 'document', refuse);
  onlyKnown(document, POLICY_ELEMENTS, 'document', refuse);
  const version = document.Version ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17') {
    return refuse('Version', '2012-10-17 or 2008-10-17');
  }
  if (document.Id !== undefined && typeof document.Id !== 'string') refuse('Id', 'text');
  const listed = document.Statement;
  const statements = (Array.isArray(listed) ? listed : [listed]).map((statement: unknown, index) =>
    parseStatement(statement, index, { version, kind, refuse }),
  );
  return { name, version, statements };
}

interface Scope {
  readonly version: Policy['version'];
  readonly kind: PolicyKind;
  readonly refuse: Refuse;
}

function parseStatement(value: unknown, index: number, scope: Scope): Statement {
  const path = `Statement[${index}]`;
  const { refuse, kind, version } = scope;
  const statement = objectOf(value, path, refuse);
  onlyKnown(statement, STATEMENT_ELEMENTS, path, refuse);
  const { Sid: sid, Effect: effect } = statement;
  if (sid !== undefined && typeof sid !== 'string') refuse(`${path}.Sid`, 'text');
  if (effect !== 'Allow' && effect !== 'Deny') return refuse(`${path}.Effect`, 'Allow or Deny');
  const strings = (element: string, accepts: (entry: string) => boolean, expected: string) =>
    stringsOf(statement[element], `${path}.${element}`, accepts, expected, refuse);
  const actions = oneOf(statement, 'Action', 'NotAction', path, refuse);
  const hasPrincipal = kind === 'trust' || kind === 'resource';
  const who = hasPrincipal ? oneOf(statement, 'Principal', 'NotPrincipal', path, refuse) : undefined;
  if (!hasPrincipal) absent(statement, ['Principal', 'NotPrincipal'], path, kind, refuse);
  if (who === 'NotPrincipal' && (effect === 'Allow' || kind === 'trust')) {
    refuse(
      `${path}.NotPrincipal`,
      'Principal: NotPrincipal exists only with Deny, and not in a trust policy',
    );
  }
  if (kind === 'trust') absent(statement, ['Resource', 'NotResource'], path, kind, refuse);
  const resources = kind === 'trust' ? undefined : oneOf(statement, 'Resource', 'NotResource', path, refuse);
  const resource = (entry: string) => isResource(entry, version);
  return {
    index,
    ...(typeof sid === 'string' ? { sid } : {}),
    effect,
    ...(who === undefined
      ? {}
      : {
          [who === 'Principal' ? 'principal' : 'notPrincipal']: parsePrincipal(
            statement[who],
            `${path}.${who}`,
            refuse,
          ),
        }),
    [actions === 'Action' ? 'action' : 'notAction']: strings(
      actions,
      (entry) => ACTION.test(entry),
      'service:Operation or *',
    ),
    ...(resources === undefined
      ? {}
      : {
          [resources === 'Resource' ? 'resource' : 'notResource']: strings(
            resources,
            resource,
            'an ARN or *',
          ),
        }),
    conditions: parseConditions(statement.Condition, `${path}.Condition`, scope),
  };
}

function parseConditions(value: unknown, path: string, { refuse, version }: Scope): Condition[] {
  if (value === undefined) return [];
  return Object.entries(objectOf(value, path, refuse)).flatMap(([name, block]) => {
    const operator = operatorOf(name);
    const at = `${path}.${shown(name)}`;
    if (operator === undefined) return refuse(at, 'a known condition operator');
    const entries = Object.entries(objectOf(block, at, refuse));
    if (entries.length === 0) refuse(at, 'at least one condition key');
    const seen = new Set<string>();
    return entries.map(([key, values]) => {
      if (!CONDITION_KEY.test(key)) refuse(`${at}.${shown(key)}`, 'a condition key (prefix:name)');
      if (seen.has(key.toLowerCase())) refuse(`${at}.${shown(key)}`, 'the key only once, in whatever case');
      seen.add(key.toLowerCase());
      const texts = stringsOf(
        Array.isArray(values) ? values.map(scalarText) : scalarText(values),
        `${at}.${shown(key)}`,
        (entry) => operator.accepts(entry, version),
        operator.expects,
        refuse,
      );
      return { operator: name, key, values: texts };
    });
  });
}

/** Condition values may be written as JSON booleans and numbers. */
const scalarText = (value: unknown): unknown =>
  typeof value === 'boolean' || typeof value === 'number' ? String(value) : value;

/** Variables stand only in the sixth part: they cannot choose service, region or account. */
function isResource(entry: string, version: Policy['version']): boolean {
  if (entry === '*') return true;
  const [arn, partition, service = '', ...rest] = arnParts(entry, version);
  if (arn !== 'arn' || !partition || !/^[a-z0-9-]+$/.test(service)) return false;
  if (version !== '2012-10-17') return true;
  return variablesAreValid(entry) && ![partition, ...rest.slice(0, 2)].some(hasVariables);
}

function objectOf(value: unknown, path: string, refuse: Refuse): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(path, 'an object');
  return value as Record<string, unknown>;
}

function onlyKnown(value: object, known: readonly string[], path: string, refuse: Refuse): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) refuse(`${path}.${shown(unknown)}`, `one of ${known.join(', ')}`);
}

function oneOf<A extends string, B extends string>(
  statement: Record<string, unknown>,
  a: A,
  b: B,
  path: string,
  refuse: Refuse,
): A | B {
  const hasA = Object.hasOwn(statement, a);
  if (hasA === Object.hasOwn(statement, b)) refuse(path, `either ${a} or ${b}`);
  return hasA ? a : b;
}

function absent(
  value: object,
  elements: readonly string[],
  path: string,
  kind: PolicyKind,
  refuse: Refuse,
): void {
  const found = elements.find((element) => Object.hasOwn(value, element));
  if (found !== undefined) refuse(`${path}.${found}`, `no ${found} in a policy of kind ${kind}`);
}

function stringsOf(
  value: unknown,
  path: string,
  accepts: (entry: string) => boolean,
  expected: string,
  refuse: Refuse,
): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) refuse(path, 'at least one value');
  return list.map((entry) => (typeof entry === 'string' && accepts(entry) ? entry : refuse(path, expected)));
}

/** A name from the document, short and printable. */
const shown = (name: string): string => JSON.stringify(name.slice(0, 128)).slice(1, -1);
