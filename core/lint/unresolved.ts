/** Names for the parts of a policy that are not known, so that it can be judged all the same. */

import type { Issuer } from '../ci/issuer.ts';
import { solve } from '../ci/solve.ts';
import { MARKED_NAMES, unknown, unknownIn } from './marks.ts';
import { patternOf } from './patterns.ts';

/**
 * Placeholders of documents that are templates or examples (`${Org}`, `${AWS::Region}`, `$ORG`, `<org>`) as unknown parts; a
 * policy variable has a colon.
 */
export const markPlaceholders = (text: string): string =>
  text.replaceAll(
    /\$\{(AWS::\w+|[^:{}"]+)\}|\$([A-Za-z_]\w*)|<([^<>:"]+)>/g,
    (whole, variable?: string, shell?: string, example?: string) =>
      /^[*?$]$/.test(variable ?? '') ? whole : unknown((variable ?? shell ?? example ?? '').trim()),
  );

/** As it can stand in a name: letters, digits and hyphens. */
const plain = (name: string): string =>
  name.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '') || 'unknown';

/** The text with each unknown part as a plain name. */
export const withPlainNames = (text: string): string =>
  text.replaceAll(MARKED_NAMES, (_, name: string) => plain(name));

/**
 * The text with its unknown parts as names, such that the issuer could have written it, if that can be had: an unknown
 * `repo` may well be `owner/name`, and an unknown value a whole subject.
 */
export function withFittingNames(text: string, issuer: Issuer): string {
  const names = unknownIn(text);
  if (names.length === 0) return text;
  const forms = Object.values(issuer.forms);
  const fits = (candidate: string) =>
    forms.some(
      ({ template }) => solve(template, [patternOf(candidate, 'StringLike', '2012-10-17')]) !== undefined,
    );
  const shapes = (name: string): string[] => [name, `${name}/${name}`, `refs/heads/${name}`];
  const [only] = names;
  const whole =
    names.length === 1 && text === unknown(only as string)
      ? forms.map(({ template }) =>
          template.map((part) => (typeof part === 'string' ? part : plain(only as string))).join(''),
        )
      : [];
  // More than three unknown parts are more ways than they are worth.
  const choices = names.slice(0, 3).map((name) => shapes(plain(name)));
  const candidates = [...whole, ...combinations(choices).map((chosen) => fill(text, chosen))];
  return candidates.find(fits) ?? withPlainNames(text);
}

function fill(text: string, chosen: readonly string[]): string {
  let next = 0;
  return text.replaceAll(MARKED_NAMES, (_, name: string) => chosen[next++] ?? plain(name));
}

const combinations = (choices: readonly (readonly string[])[]): string[][] =>
  choices.reduce<string[][]>(
    (rows, options) => rows.flatMap((row) => options.map((one) => [...row, one])),
    [[]],
  );
