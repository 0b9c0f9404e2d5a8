/**
 * Wildcard matching. Patterns are lists of glyphs, so that a `*` that comes from a policy variable stays an
 * ordinary character, and matching never backtracks further than to the last `*`.
 */

/** Any number of characters. */
export const MANY: unique symbol = Symbol('*');
/** Exactly one character. */
export const ONE: unique symbol = Symbol('?');
/** A literal character, or a wildcard. */
export type Glyph = string | typeof MANY | typeof ONE;

/** `text` as a pattern in which `*` and `?` are wildcards. */
export const wildcards = (text: string): Glyph[] =>
  Array.from(text, (char) => (char === '*' ? MANY : char === '?' ? ONE : char));

/** `text` as a pattern that only `text` itself matches. */
export const literal = (text: string): Glyph[] => Array.from(text);

/**
 * Whether the whole of `value` matches. Takes at most pattern length times value length steps: a mismatch only
 * ever moves the last `*` on by one, since what earlier ones took can never have to be longer.
 */
export function matchesGlob(pattern: readonly Glyph[], value: string): boolean {
  const chars = Array.from(value);
  let at = 0;
  let glyph = 0;
  let star = -1;
  let resume = 0;
  while (at < chars.length) {
    const expected = pattern[glyph];
    if (expected === MANY) {
      star = glyph++;
      resume = at;
    } else if (expected === ONE || expected === chars[at]) {
      glyph++;
      at++;
    } else if (star >= 0) {
      glyph = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[glyph] === MANY) glyph++;
  return glyph === pattern.length;
}

/** Whether `pattern` (an entry of `Action`) covers `action`; neither's case counts. */
export const matchesAction = (pattern: string, action: string): boolean =>
  matchesGlob(wildcards(pattern.toLowerCase()), action.toLowerCase());

/**
 * Whether an ARN matches part by part, as the Arn operators do: a wildcard never crosses a colon, but in the
 * sixth part, which may hold colons itself.
 */
export function matchesArn(parts: readonly (readonly Glyph[])[], arn: string): boolean {
  const actual = arn.split(':');
  if (actual.length < ARN_PARTS || parts.length !== ARN_PARTS) return false;
  const six = [...actual.slice(0, ARN_PARTS - 1), actual.slice(ARN_PARTS - 1).join(':')];
  return parts.every((part, index) => matchesGlob(part, six[index] as string));
}

/** `arn:partition:service:region:account:resource` */
export const ARN_PARTS = 6;
