/** The claims of a token, as AWS makes condition keys of them. */
import { type Field, fieldsOf, type Template, type Values } from './grammar.ts';
import type { Claims, Form, Issuer } from './issuer.ts';

/** Whether tokens of this form show the field: what tells one ref from another, only those that have it. */
export const isShownBy = (form: Form, part: Field): boolean =>
  part.reach !== 'ref' ||
  part.kind !== 'name' ||
  [...fieldsOf(form.template), ...(form.also ?? [])].some(({ name }) => name === part.name);

/** What the template says with these values; undefined where one is missing. */
export function textOf(template: Template, values: Values): string | undefined {
  const parts = template.map((part) => (typeof part === 'string' ? part : values[part.name]));
  return parts.includes(undefined) ? undefined : parts.join('');
}

/**
 * A token of this form.
 * @param values of its fields, as they stand in texts; a claim that lacks one is left out.
 * @param audience that was asked for, where it is a claim of its own.
 */
export function claimsOf(issuer: Issuer, form: Form, values: Values, audience: string | undefined): Claims {
  const shown = Object.entries(issuer.claims).flatMap(([claim, templates]) => {
    const text = templates
      .filter((template) => fieldsOf(template).every((part) => isShownBy(form, part)))
      .map((template) => textOf(template, values))
      .find((candidate) => candidate !== undefined);
    return text === undefined ? [] : [[claim, text] as const];
  });
  const sub = textOf(form.template, values);
  return {
    ...(sub !== undefined && { sub }),
    ...(issuer.audienceKey !== undefined && audience !== undefined && { [issuer.audienceKey]: audience }),
    ...Object.fromEntries(shown),
    ...form.claims,
  };
}
