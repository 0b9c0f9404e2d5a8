import type { Issuer } from '../../core/ci/issuer.ts';
import { FactoryError } from '../../core/errors.ts';
import type { Subject } from './subject.ts';

type Condition = Readonly<Record<string, string | readonly string[]>>;
/** One statement's conditions, by operator. */
export type Conditions = Readonly<Record<string, Condition>>;

const invalid = (problem: string): FactoryError => new FactoryError('InvalidInput', `CiRole: ${problem}`);

/**
 * The conditions under which exactly the subjects get in, one set for each statement: claims belong to the subjects that
 * demand them, and a pattern must not stand beside literals, whose operator compares it to the letter.
 * @throws FactoryError InvalidInput for a subject of another issuer, and for claims that AWS does not compare.
 */
export function conditionsFor(issuer: Issuer, audience: string, subjects: readonly Subject[]): Conditions[] {
  for (const subject of subjects) checkFits(issuer, subject);
  const groups = new Map<string, Subject[]>();
  for (const subject of subjects) {
    const key = JSON.stringify([isPattern(subject), Object.entries(subject.claims).sort()]);
    groups.set(key, [...(groups.get(key) ?? []), subject]);
  }
  return [...groups.values()].map((group) => {
    const [{ claims }] = group as [Subject];
    const key = (claim: string) => `${issuer.path}:${claim}`;
    const sub = { [key('sub')]: oneOrMore([...new Set(group.flatMap(({ values }) => values))]) };
    const fixed = { [key(issuer.audienceKey ?? 'aud')]: audience };
    for (const [claim, value] of Object.entries(claims)) fixed[key(claim)] = value;
    return group.every(isPattern)
      ? { StringEquals: fixed, StringLike: sub }
      : { StringEquals: { ...fixed, ...sub } };
  });
}

const isPattern = ({ values }: Subject): boolean => values.some((value) => /[*?]/.test(value));

const oneOrMore = (values: readonly string[]): string | readonly string[] =>
  values.length === 1 ? (values[0] as string) : values;

function checkFits(issuer: Issuer, subject: Subject): void {
  if (subject.issuer !== undefined && subject.issuer !== issuer.id) {
    throw invalid(
      `${subject.values[0]} is a subject of ${subject.issuer}, and the provider is ${issuer.name}`,
    );
  }
  const claim = Object.keys(subject.claims).find((name) => !Object.hasOwn(issuer.claims, name));
  if (claim !== undefined) {
    const known = Object.keys(issuer.claims);
    const there = known.length === 0 ? 'nothing but sub and aud' : `sub, aud, ${known.join(', ')}`;
    throw invalid(`${claim}: of tokens from ${issuer.path} AWS compares ${there}`);
  }
}
