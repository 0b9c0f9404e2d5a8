/** The tokens that somebody else could get who is near a subject: what a policy for it must keep out. */
import { fieldsOf, isWiderThan, REACHES, type Reach, type Values } from '../../../core/ci/grammar.ts';
import type { Claims, Form, Issuer, Subject } from '../../../core/ci/issuer.ts';
import { claimsOf } from '../../../core/ci/tokens.ts';

export interface NearbyToken {
  /** What of the subject its bearer does not have: the same tenant, the same project, … */
  readonly reach: Reach;
  /** Who could get it, as a noun phrase. */
  readonly who: string;
  readonly claims: Claims;
}

/**
 * Tokens of a stranger, of a neighbouring project, of other refs of the same project, of the other phase. Narrower parts
 * are the subject's own, since an attacker chooses them.
 * @param audience that they ask for.
 */
export function tokensNear(issuer: Issuer, subject: Subject, audience: string): readonly NearbyToken[] {
  const own = claimsFor(issuer, issuer.forms[subject.form], subject, audience);
  const near = REACHES.filter((reach) => reach !== 'run').flatMap((reach) =>
    Object.values(issuer.forms).flatMap((form): NearbyToken[] => {
      const values = valuesFrom(form, subject, reach);
      const claims = values && claimsFor(issuer, form, values, audience);
      const who = issuer.people[reach];
      return claims === undefined || who === undefined || claims.sub === own?.sub
        ? []
        : [{ reach, who, claims }];
    }),
  );
  // Each subject by the widest reach that gets it.
  return [...Map.groupBy(near, ({ claims }) => claims.sub).values()].flatMap(([first]) => first ?? []);
}

const claimsFor = (
  issuer: Issuer,
  form: Form | undefined,
  values: Values,
  audience: string,
): Claims | undefined =>
  form && claimsOf(issuer, form, { ...attackerValues(issuer), ...encoded(form, values) }, audience);

/** The values of somebody within that reach; undefined where the form needs what the subject does not tell. */
function valuesFrom(form: Form, subject: Subject, reach: Reach): Values | undefined {
  const parts = fieldsOf(form.template);
  const isNamed = parts.some((part) => part.reach === reach) || form.open === reach;
  const wider = parts.filter((part) => isWiderThan(part.reach, reach));
  if (!isNamed || wider.some(({ name }) => subject[name] === undefined)) return undefined;
  const others = parts.filter((part) => !isWiderThan(part.reach, reach));
  return {
    ...Object.fromEntries(wider.map(({ name }) => [name, subject[name]])),
    ...Object.fromEntries(
      others.map(({ name, reach: at, kind, attacker }) => [
        name,
        at === reach || kind === 'id' ? attacker : (subject[name] ?? attacker),
      ]),
    ),
  };
}

const attackerValues = (issuer: Issuer): Values =>
  Object.fromEntries(
    Object.values(issuer.claims)
      .flat()
      .flatMap(fieldsOf)
      .map(({ name, attacker }) => [name, attacker]),
  );

/** As they stand in texts. */
const encoded = ({ template }: Form, values: Values): Values =>
  Object.fromEntries(
    fieldsOf(template).map(({ name, escapesColon }) => [
      name,
      escapesColon ? values[name]?.replaceAll(':', '%3A') : values[name],
    ]),
  );
