/** WI06, WI07: tokens that a condition should keep out, and does not. */
import type { Claims, Issuer } from '../ci/issuer.ts';
import type { Condition } from '../policy/types.ts';
import type { JsonObject } from '../trust-policy/document.ts';
import { decide, surroundingsFor } from './admission.ts';
import { attacks, demandsOn } from './attacks.ts';
import type { Draft, Proof } from './draft.ts';
import { addCondition, editConditions, replaceStatement } from './edits.ts';
import type { Severity } from './finding.ts';
import { askedOf, enter, openings } from './open.ts';
import { comparisonOf, toleratesAbsence } from './patterns.ts';
import {
  claimOf,
  conditionsOn,
  isCompared,
  type Provider,
  type Trust,
  type TrustStatement,
} from './trust.ts';

const WRONG = 'https://mallory.example';
/** STS takes no token without them, so none shows what their absence would open. */
const REQUIRED: ReadonlySet<string> = new Set(['sub', 'aud']);

/** WI06: a token without the claim gets in, one with another value does not. */
export function vacuousDrafts(trust: Trust): readonly Draft[] {
  return openings(trust).flatMap(([statement, provider]) =>
    statement.statement.conditions.flatMap((condition): Draft[] => {
      const { issuer } = provider;
      const claim = claimOf(issuer, condition.key);
      const comparison = comparisonOf(condition.operator);
      if (claim === undefined || comparison === undefined || !toleratesAbsence(condition)) return [];
      if (!isCompared(issuer, claim)) return [];
      const proof = proofWithout(trust, statement, provider, condition, claim);
      if (proof === undefined) return [];
      const severity: Severity = issuer.optional.includes(claim) ? 'high' : 'medium';
      return [
        {
          rule: 'WI06',
          severity,
          message: `${condition.operator} on ${claim} holds for a token without ${claim}.`,
          provider,
          statements: [statement.index],
          ...(!REQUIRED.has(claim) && { proof }),
          correct: (document) => withOperator(document, statement.index, condition, comparison),
        },
      ];
    }),
  );
}

function proofWithout(
  trust: Trust,
  statement: TrustStatement,
  provider: Provider,
  condition: Condition,
  claim: string,
): Proof | undefined {
  const asked = askedOf(trust, statement, provider);
  const conditions = statement.statement.conditions.filter((other) => other !== condition);
  const rest = { ...asked, statement: { ...asked.statement, conditions } };
  const surroundings = surroundingsFor(asked, 'meant');
  const admitted = (claims: Claims) => decide(trust.policy, provider, claims, surroundings).allowed;
  for (const demand of demandsOn(rest, 'sub')) {
    for (const { claims } of attacks(rest, demand, 'meant')) {
      const { [claim]: _, ...lacking } = claims;
      if (admitted(lacking) && !admitted({ ...lacking, [claim]: WRONG })) {
        return {
          provider,
          statement,
          claims: lacking,
          goal: 'meant',
          who: `the bearer of a token without ${claim}`,
        };
      }
    }
  }
  return undefined;
}

const withOperator = (document: JsonObject, index: number, condition: Condition, comparison: string) =>
  replaceStatement(document, index, (statement) => {
    const edited = editConditions(statement, (operator, key, value) => [
      [operator === condition.operator && key === condition.key ? comparison : operator, key, value],
    ]);
    return edited && [edited];
  });

/** WI07: a token for another party gets in. @param open whether strangers get in anyway. */
export function audienceDrafts(
  trust: Trust,
  clientIds: ReadonlyMap<string, readonly string[]> | undefined,
  open: (provider: Provider) => boolean,
): readonly Draft[] {
  const seen = new Set<string>();
  return openings(trust).flatMap(([statement, provider]): Draft[] => {
    const { issuer } = provider;
    if (issuer.audienceKey === undefined || seen.has(issuer.path)) return [];
    // The list is of those who may ask for tokens (azp), of which oaud says nothing.
    const listed = issuer.audienceKey === 'aud' ? clientIds?.get(issuer.path) : undefined;
    const audience = listed?.length === 1 ? listed[0] : issuer.audience;
    const proof = proofForOthers(trust, statement, provider, audience, listed);
    if (proof === undefined) return [];
    seen.add(issuer.path);
    const isAccepted = listed?.includes(proof.claims[issuer.audienceKey] as string) ?? true;
    const key = `${issuer.path}:${issuer.audienceKey}`;
    return [
      {
        rule: 'WI07',
        severity: audienceSeverity(issuer, listed, open(provider)),
        message: `Nothing is demanded of ${issuer.audienceKey}: ${
          isAccepted
            ? 'a token made for another party gets in'
            : 'only the provider’s list of audiences keeps out tokens made for other parties'
        }.`,
        provider,
        statements: [statement.index],
        // The provider refuses what it does not list.
        ...(isAccepted && { proof }),
        ...(audience !== undefined && {
          correct: (document) =>
            replaceStatement(document, statement.index, (element) => [
              addCondition(element, 'StringEquals', key, audience),
            ]),
        }),
      },
    ];
  });
}

function audienceSeverity({ id }: Issuer, listed: readonly string[] | undefined, open: boolean): Severity {
  if (id === 'kubernetes') return 'low';
  if (open || (listed !== undefined && listed.length > 1)) return 'high';
  // The provider itself accepts no other audience, as long as nobody adds one.
  return listed?.length === 1 ? 'low' : 'medium';
}

function proofForOthers(
  trust: Trust,
  statement: TrustStatement,
  provider: Provider,
  audience: string | undefined,
  listed: readonly string[] | undefined,
): Proof | undefined {
  const { issuer } = provider;
  const key = issuer.audienceKey as string;
  const wanted = conditionsOn(statement.statement, issuer, key).flatMap(({ values }) => values);
  const other = listed?.find((id) => id !== audience && !wanted.includes(id)) ?? WRONG;
  const surroundings = surroundingsFor(askedOf(trust, statement, provider), 'meant');
  for (const demand of demandsOn(askedOf(trust, statement, provider), 'sub')) {
    const meant = enter(trust, statement, provider, demand, 'meant');
    if (meant === undefined) continue;
    const claims = { ...meant.attack.claims, [key]: other };
    if (decide(trust.policy, provider, claims, surroundings).allowed) {
      return {
        provider,
        statement,
        claims,
        goal: 'meant',
        who: 'whoever was given a token for another party',
      };
    }
  }
  return undefined;
}
