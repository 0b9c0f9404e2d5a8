/**
 * Texts that an issuer writes, as templates: fixed text and fields. One template serves to print a subject, to read
 * one, and to find out which subjects a wildcard pattern lets in (`solve.ts`).
 */
import { FactoryError } from '../errors.ts';

/**
 * Who decides a field's text: whoever has a tenant of the issuer, a project in it, the right to change what runs there
 * (`ref`), a run in another phase, whoever writes or calls a reusable workflow, or whoever starts the run. Wider first.
 */
export const REACHES = ['tenant', 'project', 'ref', 'phase', 'workflow', 'run'] as const;
export type Reach = (typeof REACHES)[number];
export const isWiderThan = (one: Reach, other: Reach): boolean =>
  REACHES.indexOf(one) < REACHES.indexOf(other);

export interface Field<N extends string = string> {
  readonly name: N;
  readonly reach: Reach;
  /**
   * `name`: chosen freely, by whoever has the reach. `id`: given by the issuer, so an attacker has one of their own.
   * `guard`: given by who administers that reach, so an attacker within it lacks it, and one with a reach of their own
   * has it.
   */
  readonly kind: 'name' | 'id' | 'guard';
  /** Characters that end the field where it stands between others. Wildcards never occur in a value. */
  readonly excludes: string;
  /** What a value must look like to be printed; reading is lenient, for placeholders in examples. */
  readonly pattern: RegExp | undefined;
  /** A value that an attacker can have. */
  readonly attacker: string;
  /** The issuer writes `%3A` for a colon in the value. */
  readonly escapesColon: boolean;
  /** Another value at every run: a policy that fixes it never matches again. */
  readonly volatile: boolean;
  /** Nobody knows what its parts mean: a policy leaves it open only where it leaves the beginning open. */
  readonly opaque: boolean;
}

/** A field with the common defaults: a name that ends at a colon. */
export const field = <const N extends string>(
  name: N,
  reach: Reach,
  rest: Partial<Omit<Field<N>, 'name' | 'reach'>> = {},
): Field<N> => ({
  name,
  reach,
  kind: 'name',
  excludes: ':',
  pattern: undefined,
  attacker: 'mallory',
  escapesColon: false,
  volatile: false,
  opaque: false,
  ...rest,
});

/** What a field holds that is a UUID, and one that an attacker has. */
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const uuidOf = (digit: string): string =>
  [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join('-');

export type Template<N extends string = string> = readonly (string | Field<N>)[];

/** Builds a template: template`repo:${owner}/${repo}`. */
export function template<const F extends readonly Field[]>(
  texts: TemplateStringsArray,
  ...fields: F
): Template<F[number]['name']> {
  return texts.flatMap((text, index) => {
    const next = fields[index];
    return [...(text === '' ? [] : [text]), ...(next === undefined ? [] : [next])];
  }) as Template<F[number]['name']>;
}

export const fieldsOf = (parts: Template): readonly Field[] =>
  parts.filter((part) => typeof part !== 'string');

export type Values = Readonly<Record<string, string | undefined>>;

/**
 * The text that the values make.
 * @param missing what stands for a field without a value; default: that is an error.
 * @throws FactoryError InvalidInput naming the field, for a value that the issuer never writes or that a policy would
 * take for a pattern.
 */
export function print(parts: Template, values: Values, missing?: '*'): string {
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      const value = values[part.name];
      return value === undefined && missing !== undefined ? missing : written(part, value);
    })
    .join('');
}

function written(part: Field, value: string | undefined): string {
  const refuse = (expected: string): never => {
    throw new FactoryError('InvalidInput', `${part.name}: expected ${expected}`);
  };
  if (value === undefined || value === '') return refuse('a value');
  if (/[*?]|[$#]\{/.test(value)) return refuse('a literal, without *, ? and ${');
  if (/\p{C}/u.test(value)) return refuse('no control character');
  if (part.escapesColon && /%3a/i.test(value))
    return refuse('the name itself: %3A is how a colon is written');
  const text = part.escapesColon ? value.replaceAll(':', '%3A') : value;
  const excluded = [...part.excludes].find((char) => text.includes(char));
  if (excluded !== undefined) refuse(`no ${excluded}`);
  if (part.pattern && !part.pattern.test(value)) refuse(`text that matches ${part.pattern.source}`);
  return text;
}
