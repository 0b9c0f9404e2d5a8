/**
 * Parts of a policy that are not known yet: an intrinsic of a template, a placeholder of an example. They stand in texts
 * between two characters for private use, and are judged as one exact name each.
 */

export const MARKED = /\uE000[^\uE001]*\uE001/;
export const MARKED_NAMES = /\uE000([^\uE001]*)\uE001/g;

/** The mark of something unknown, by the name that readers know it by. */
export const unknown = (name: string): string => `\uE000${name}\uE001`;

/** What is unknown in a text, by name. */
export const unknownIn = (text: string): string[] =>
  [...text.matchAll(MARKED_NAMES)].map(([, name = '']) => name);
