/** Forms of options that several commands have in common. */

/** A list separated by commas; `check` fails where a part is not of its form. */
export const listOf =
  <T>(check: (value: unknown) => T) =>
  (text: string): T[] =>
    text.split(',').map((part) => check(part.trim()));
