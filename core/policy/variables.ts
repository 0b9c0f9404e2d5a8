/**
 * Policy variables: `${aws:username}`, with a default `${aws:userid, 'anonymous'}`, and `${*}`, `${?}`, `${$}`
 * for the characters themselves. Only version 2012-10-17 knows them; before, they are plain text.
 */
import type { Context } from './context.ts';
import { ARN_PARTS, type Glyph, literal, MANY, type wildcards } from './match.ts';
import type { Policy } from './types.ts';

/** Either a variable, or the text up to the next one. `[^}]*` also takes what is not a well-formed variable. */
const TOKEN = /\$\{[^}]*\}|\$\{.*$|(?:[^$]|\$(?!\{))+/gs;
const ESCAPE = /^\$\{([*?$])\}$/;
const VARIABLE = /^\$\{([^\s,':{}]+:[^,'{}]*[^\s,'{}])(?:, '([^'{}]*)')?\}$/;

const tokens = (text: string): string[] => text.match(TOKEN) ?? [];
const isVariable = (token: string): boolean => token.startsWith('${');

/** Whether `text` holds a variable or an escape. */
export const hasVariables = (text: string): boolean => tokens(text).some(isVariable);

/** Whether every `${` in `text` begins a variable of a known form. */
export const variablesAreValid = (text: string): boolean =>
  tokens(text).every((token) => !isVariable(token) || ESCAPE.test(token) || VARIABLE.test(token));

/**
 * `text` as a pattern, with the request's values in place of variables. Undefined where a variable has no
 * value, no default, or several values: such a pattern matches nothing. It is cut once it demands more than
 * `longest` characters: it then matches nothing of that length either way, and repeated variables cannot fill memory.
 */
export function expand(
  text: string,
  version: Policy['version'],
  context: Context,
  read: typeof wildcards | typeof literal,
  longest: number,
): Glyph[] | undefined {
  if (version !== '2012-10-17') return read(text);
  const pattern: Glyph[] = [];
  let demanded = 0;
  for (const token of tokens(text)) {
    const value = isVariable(token) ? (ESCAPE.exec(token)?.[1] ?? requestValue(token, context)) : token;
    if (value === undefined) return undefined;
    for (const glyph of isVariable(token) ? literal(value) : read(value)) {
      pattern.push(glyph);
      if (glyph !== MANY && ++demanded > longest) return pattern;
    }
  }
  return pattern;
}

function requestValue(token: string, context: Context): string | undefined {
  const [, key, fallback] = VARIABLE.exec(token) ?? [];
  if (key === undefined) return undefined;
  const values = context.get(key.toLowerCase());
  return values === undefined ? fallback : values.length === 1 ? values[0] : undefined;
}

/** The parts of an ARN pattern, split at the colons that are not inside a variable; the sixth takes the rest. */
export function arnParts(text: string, version: Policy['version']): string[] {
  const parts = [''];
  for (const token of version === '2012-10-17' ? tokens(text) : [text]) {
    const [first = '', ...rest] = isVariable(token) && version === '2012-10-17' ? [token] : token.split(':');
    parts[parts.length - 1] += first;
    for (const part of rest) parts.push(part);
  }
  if (parts.length <= ARN_PARTS) return parts;
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
}
