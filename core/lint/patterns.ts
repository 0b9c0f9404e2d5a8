/** Condition values as the texts they let in. */
import type { Pattern } from '../ci/solve.ts';
import { operatorOf } from '../policy/conditions.ts';
import { type Glyph, literal, MANY, wildcards } from '../policy/match.ts';
import type { Condition, Policy } from '../policy/types.ts';
import { MARKED } from './marks.ts';

/** A policy variable; the escapes `${*}`, `${?}` and `${$}` have no colon. */
const VARIABLE = /\$\{[^{}]*:[^{}]*\}/;
/** What may turn out to be any text: a variable, or a part that is not known. */
const OPEN_ENDS = new RegExp(`${VARIABLE.source}|${MARKED.source}`, 'g');
const ESCAPES = /\$\{([*?$])\}/g;

const ANYTHING: readonly Glyph[] = [MANY];

/** Which operators demand that a value of the request is one of theirs. */
const POSITIVE = /^(?:ForAllValues:|ForAnyValue:)?(String(?:Equals|EqualsIgnoreCase|Like))(?:IfExists)?$/;

/** `StringLike`, …: what a positive string operator compares with, set prefix and `IfExists` aside. */
export const comparisonOf = (operator: string): string | undefined => POSITIVE.exec(operator)?.[1];

/** Whether the condition holds although the key is missing; `Null` demands nothing of a value either way. */
export const toleratesAbsence = ({ operator }: Condition): boolean => {
  const known = operatorOf(operator);
  return known?.ifExists === true || known?.set === 'ForAllValues';
};

export const isNegated = ({ operator }: Condition): boolean =>
  operatorOf(operator)?.comparison?.negated === true;

/** Whether the value holds a policy variable; the older version of the language knows none. */
export const hasVariable = (value: string, version: Policy['version']): boolean =>
  version === '2012-10-17' && VARIABLE.test(value);

/** The keys of a value's policy variables. */
export const variablesIn = (
  value: string,
  version: Policy['version'],
): readonly { readonly key: string; readonly hasDefault: boolean }[] =>
  version === '2012-10-17'
    ? [...value.matchAll(/\$\{([^{},]*:[^{},]*)([,}])/g)].map(([, key = '', end]) => ({
        key,
        hasDefault: end === ',',
      }))
    : [];

/** A value as its operator matches it, with any text in place of a policy variable or of what is not known. */
export function patternOf(value: string, operator: string, version: Policy['version']): Pattern {
  const comparison = comparisonOf(operator);
  const readText = comparison === 'StringLike' ? wildcards : literal;
  const escaped = (text: string): readonly Glyph[] =>
    text.split(ESCAPES).flatMap((part, index) => (index % 2 === 1 ? literal(part) : readText(part)));
  const glyphs =
    version === '2012-10-17'
      ? value.split(OPEN_ENDS).flatMap((part, index) => [...(index === 0 ? [] : ANYTHING), ...escaped(part)])
      : readText(value);
  return { glyphs, ignoreCase: comparison === 'StringEqualsIgnoreCase' };
}
