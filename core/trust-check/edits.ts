/** Single edits of a trust policy, as data, and what they make of its JSON. */
import { isObject, type JsonObject, mapEntries, strings } from '../trust-policy/document.ts';

/** A condition. */
interface Place {
  readonly statement: number;
  readonly operator: string;
  readonly key: string;
}

export type Edit =
  | (Place & { readonly kind: 'add-value'; readonly value: string })
  | (Place & { readonly kind: 'rename-key'; readonly to: string })
  | (Place & { readonly kind: 'drop-condition' })
  | {
      readonly kind: 'name-provider';
      readonly statement: number;
      readonly arn: string;
      /** What it replaces. */
      readonly instead: string;
    }
  | { readonly kind: 'allow-action' | 'drop-statement'; readonly statement: number }
  | { readonly kind: 'add-statement'; readonly added: JsonObject }
  /** Not of the policy, but on the provider's client id list. */
  | { readonly kind: 'list-audience'; readonly audience: string }
  /** Not of the policy, but of the call to STS: to meet what an Allow asks for, or not what a Deny does. */
  | (Place & {
      readonly kind: 'request';
      readonly effect: 'Allow' | 'Deny';
      readonly values: readonly string[];
    });

export const WEB_IDENTITY = 'sts:AssumeRoleWithWebIdentity';

/** The policy with the edits that concern it. `request` edits are left out: they change the call. */
export function applyEdits(root: JsonObject, edits: readonly Edit[]): JsonObject {
  const listed = Array.isArray(root.Statement)
    ? (root.Statement as readonly JsonObject[])
    : [root.Statement as JsonObject];
  const statements = listed.flatMap((statement, index) => {
    const own = edits.filter((edit) => 'statement' in edit && edit.statement === index);
    return own.some(({ kind }) => kind === 'drop-statement') ? [] : [own.reduce(applyEdit, statement)];
  });
  const all = [
    ...statements,
    ...edits.flatMap((edit) => (edit.kind === 'add-statement' ? [edit.added] : [])),
  ];
  const Statement = Array.isArray(root.Statement) || all.length !== 1 ? all : all[0];
  return mapEntries(root, (name, value) => (name === 'Statement' ? Statement : value));
}

function applyEdit(statement: JsonObject, edit: Edit): JsonObject {
  switch (edit.kind) {
    case 'add-value':
      return onKey(statement, edit, (value) => [[edit.key, [...listOf(value), edit.value]]]);
    case 'rename-key':
      return onKey(statement, edit, (value) => [[edit.to, value]]);
    case 'drop-condition':
      return onKey(statement, edit, () => []);
    case 'name-provider':
      return mapEntries(statement, (name, value) =>
        name === 'Principal' ? withProvider(value, edit) : value,
      );
    case 'allow-action':
      return mapEntries(statement, (name, value) =>
        name === 'Action' ? [...listOf(value), WEB_IDENTITY] : value,
      );
    default:
      return statement;
  }
}

/** Blocks that are left without a key go: IAM refuses empty ones. */
function onKey(
  statement: JsonObject,
  { operator, key }: { readonly operator: string; readonly key: string },
  replace: (value: unknown) => readonly (readonly [string, unknown])[],
): JsonObject {
  const Condition = Object.entries(isObject(statement.Condition) ? statement.Condition : {}).flatMap(
    ([name, block]): [string, unknown][] => {
      if (name !== operator || !isObject(block)) return [[name, block]];
      const entries = Object.entries(block).flatMap(([each, value]) =>
        each === key ? replace(value) : [[each, value] as const],
      );
      return entries.length === 0 ? [] : [[name, Object.fromEntries(entries)]];
    },
  );
  return Object.fromEntries(
    Object.entries(statement).flatMap(([name, value]): [string, unknown][] => {
      if (name !== 'Condition') return [[name, value]];
      return Condition.length === 0 ? [] : [[name, Object.fromEntries(Condition)]];
    }),
  );
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function withProvider(
  principal: unknown,
  { arn, instead }: Extract<Edit, { kind: 'name-provider' }>,
): unknown {
  if (!isObject(principal)) return principal;
  const named = (strings(principal.Federated) ?? []).map((each) => (each === instead ? arn : each));
  return mapEntries(principal, (type, value) =>
    type === 'Federated' ? (named.length === 1 ? named[0] : named) : value,
  );
}

/** One line for people. */
export function editText(edit: Edit): string {
  const at = 'statement' in edit ? `statement ${edit.statement}: ` : '';
  switch (edit.kind) {
    case 'add-value':
      return `${at}${edit.operator} ${edit.key} also takes ${edit.value}`;
    case 'rename-key':
      return `${at}${edit.operator} is about ${edit.to}, not ${edit.key}`;
    case 'drop-condition':
      return `${at}without ${edit.operator} ${edit.key}`;
    case 'name-provider':
      return `${at}Principal names ${edit.arn}, not ${edit.instead}`;
    case 'allow-action':
      return `${at}Action also has ${WEB_IDENTITY}`;
    case 'drop-statement':
      return `${at}removed`;
    case 'add-statement':
      return `one more statement: ${JSON.stringify(edit.added)}`;
    case 'list-audience':
      return `the provider's client id list also has ${edit.audience}`;
    case 'request':
      return `in the call to STS, not in the policy: ${at}${edit.operator} ${edit.key} ${edit.values.join(' or ')} ${edit.effect === 'Allow' ? 'holds' : 'does not hold'}`;
  }
}
