/** Condition blocks of one statement: who compares a key, and the two edits that rewriting makes. */
import { isObject, type JsonObject, mapEntries, strings } from './document.ts';

/** Operators that a value may satisfy by being equal; everything else on an audience only narrows, or is unknown. */
const POSITIVE =
  /^(?:ForAllValues:|ForAnyValue:)?(?:StringEquals|StringEqualsIgnoreCase|StringLike)(?:IfExists)?$/;
const NARROWING =
  /^(?:(?:ForAllValues:|ForAnyValue:)?(?:StringNotEquals|StringNotEqualsIgnoreCase|StringNotLike)(?:IfExists)?|Null)$/;

/** Operators that demand one of the listed values, in the order in which a pin takes them. */
const PINNING = ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike'] as const;

export interface KeyCondition {
  readonly operator: string;
  readonly kind: 'positive' | 'narrowing' | 'unknown';
  /** Undefined where they are not strings, or there are none. */
  readonly values: readonly string[] | undefined;
}

/** The Condition element as blocks; undefined where it has another form. */
export function conditionsOf(statement: JsonObject): Readonly<Record<string, JsonObject>> | undefined {
  const condition = statement.Condition ?? {};
  if (!isObject(condition) || !Object.values(condition).every(isObject)) return undefined;
  return condition as Readonly<Record<string, JsonObject>>;
}

/** Every comparison of `key`, which compares without regard to case. */
export function conditionsOn(
  conditions: Readonly<Record<string, JsonObject>>,
  key: string,
): readonly KeyCondition[] {
  return Object.entries(conditions).flatMap(([operator, block]) =>
    Object.entries(block)
      .filter(([name]) => sameKey(name, key))
      .map(([, value]) => ({ operator, kind: kindOf(operator), values: strings(value) })),
  );
}

/** Whether `key` is demanded to be exactly `value`: by one plain StringEquals, and no other positive condition. */
export function isExactly(
  conditions: Readonly<Record<string, JsonObject>>,
  key: string,
  value: string,
): boolean {
  const positive = conditionsOn(conditions, key).filter(({ kind }) => kind === 'positive');
  const [only] = positive;
  return positive.length === 1 && only?.operator === 'StringEquals' && demands(only, (v) => v === value);
}

/** `conditions` with exactly `value` demanded of `key`; other positive conditions on it go, the rest stays. */
export function withExactly(
  conditions: Readonly<Record<string, JsonObject>>,
  key: string,
  value: string,
): Readonly<Record<string, JsonObject>> {
  if (isExactly(conditions, key, value)) return conditions;
  const cleared = Object.entries(conditions).flatMap(([operator, block]): [string, JsonObject][] => {
    if (kindOf(operator) !== 'positive') return [[operator, block]];
    const others = Object.entries(block).filter(([name]) => !sameKey(name, key));
    const keeps = others.length > 0 || Object.keys(block).length === 0 || operator === 'StringEquals';
    return keeps ? [[operator, Object.fromEntries(others)]] : [];
  });
  return withKey(Object.fromEntries(cleared), 'StringEquals', key, value);
}

/** The positive conditions on `key` that let in only values that `accepted` holds for; one suffices, they are ANDed. */
export const pinsOn = (
  conditions: Readonly<Record<string, JsonObject>>,
  key: string,
  accepted: (value: string) => boolean,
): readonly KeyCondition[] =>
  conditionsOn(conditions, key).filter(
    (condition) =>
      PINNING.some((operator) => operator === condition.operator) && demands(condition, accepted),
  );

/**
 * Adds the demand that `key` is `value`, under the first operator where the key does not stand yet: whatever is
 * there stays, so this only narrows. Undefined: no operator is free.
 */
export function withPin(
  conditions: Readonly<Record<string, JsonObject>>,
  key: string,
  value: string,
): { conditions: Readonly<Record<string, JsonObject>>; operator: string } | undefined {
  const taken = conditionsOn(conditions, key).map(({ operator }) => operator);
  const operator = PINNING.find((candidate) => !taken.includes(candidate));
  return operator && { conditions: withKey(conditions, operator, key, value), operator };
}

/** `conditions` in which `key` is demanded to be `value` wherever it was one of `former`; undefined: it never was. */
export function withReplaced(
  conditions: Readonly<Record<string, JsonObject>>,
  key: string,
  former: readonly (string | undefined)[],
  value: string,
): Readonly<Record<string, JsonObject>> | undefined {
  const lost = new Set(former.map((one) => one?.toLowerCase()));
  lost.delete(value.toLowerCase());
  const isLost = (one: string) => lost.has(one.toLowerCase());
  const named = conditionsOn(conditions, key).filter(({ kind }) => kind === 'positive');
  if (!named.some(({ values }) => values?.some(isLost))) return undefined;
  return mapEntries(conditions, (operator, block) =>
    kindOf(operator) !== 'positive'
      ? block
      : mapEntries(block as JsonObject, (name, old) => {
          const values = sameKey(name, key) ? strings(old) : undefined;
          if (!values?.some(isLost)) return old;
          const replaced = [...new Set(values.map((one) => (isLost(one) ? value : one)))];
          return Array.isArray(old) ? replaced : value;
        }),
  ) as Readonly<Record<string, JsonObject>>;
}

function withKey(
  conditions: Readonly<Record<string, JsonObject>>,
  operator: string,
  key: string,
  value: string,
): Readonly<Record<string, JsonObject>> {
  if (!Object.hasOwn(conditions, operator)) return { ...conditions, [operator]: { [key]: value } };
  return mapEntries(conditions, (name, block) =>
    name === operator ? { ...(block as JsonObject), [key]: value } : block,
  ) as Readonly<Record<string, JsonObject>>;
}

/** How an operator on a key that a token fills bears on who gets in. */
export const kindOf = (operator: string): KeyCondition['kind'] => {
  if (POSITIVE.test(operator)) return 'positive';
  return NARROWING.test(operator) ? 'narrowing' : 'unknown';
};

const demands = ({ values }: KeyCondition, accepted: (value: string) => boolean): boolean =>
  values?.every(accepted) ?? false;

const sameKey = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();
