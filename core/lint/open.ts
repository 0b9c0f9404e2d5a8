/** WI01–WI05, WI12–WI14: who gets in that should not, shown by a token. */

import { REACHES, type Reach } from '../ci/grammar.ts';
import type { Claims, Issuer } from '../ci/issuer.ts';
import type { Decision } from '../policy/types.ts';
import { decide, surroundingsFor } from './admission.ts';
import { type Asked, type Attack, attacks, type Demand, demandsOn, type Goal } from './attacks.ts';
import type { Severity, Witness } from './finding.ts';
import { hasVariable, variablesIn } from './patterns.ts';
import type { RuleId } from './rules.ts';
import { claimOf, type Provider, type Trust, type TrustStatement } from './trust.ts';

/** An attack that the policy lets in. */
export interface Entry {
  readonly rule: RuleId;
  readonly goal: Goal;
  readonly provider: Provider;
  /** Whose demand the attack was made for. */
  readonly statement: TrustStatement;
  /** The values on `sub` that it satisfies; none where the statement demands nothing. */
  readonly values: readonly string[];
  readonly attack: Attack;
  readonly decision: Decision;
  readonly witness: Witness;
}

/** Statements that can let bearers of tokens in, for each provider that they name. */
export const openings = ({ statements }: Trust): readonly (readonly [TrustStatement, Provider])[] =>
  statements
    .filter(({ statement }) => statement.effect === 'Allow')
    .flatMap((statement) => statement.providers.map((provider) => [statement, provider] as const));

const GOALS: readonly Reach[] = REACHES.filter((reach) => reach !== 'run');

function first<T, R>(values: readonly T[], find: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** For each demand on `sub` the widest reach that it leaves open, and whether a recycled name gets in. */
export function findEntries(trust: Trust): readonly Entry[] {
  return openings(trust).flatMap(([statement, provider]) => {
    const asked = askedOf(trust, statement, provider);
    return demandsOn(asked, 'sub').flatMap((demand) => {
      const widest = first(GOALS, (goal) => enter(trust, statement, provider, demand, goal));
      const isNamed = widest?.goal !== 'tenant' && widest?.goal !== 'project';
      const recycled =
        isNamed && provider.issuer.lever !== 'inherent'
          ? enter(trust, statement, provider, demand, 'recycled')
          : undefined;
      return [widest, recycled].filter((entry) => entry !== undefined);
    });
  });
}

export const askedOf = (
  { policy, budget }: Trust,
  { statement }: TrustStatement,
  { issuer }: Provider,
): Asked => ({
  issuer,
  statement,
  version: policy.version,
  budget,
});

/** The first attack on a demand that gets in; undefined where none does. */
export function enter(
  trust: Trust,
  statement: TrustStatement,
  provider: Provider,
  demand: Demand,
  goal: Goal,
): Entry | undefined {
  const asked = askedOf(trust, statement, provider);
  const surroundings = surroundingsFor(asked, goal);
  for (const attack of attacks(asked, demand, goal)) {
    const decision = decide(trust.policy, provider, attack.claims, surroundings);
    if (!decision.allowed) continue;
    const rule = ruleFor(goal, attack, demand, asked);
    const witness = witnessOf(trust, provider.issuer, attack.claims, whoIs(goal, provider.issuer));
    return { rule, goal, provider, statement, values: demand.values, attack, decision, witness };
  }
  return undefined;
}

function ruleFor(goal: Goal, { pinned }: Attack, demand: Demand, { version }: Asked): RuleId {
  if (demand.values.some((value) => hasVariable(value, version))) return 'WI13';
  switch (goal) {
    case 'tenant':
      // What keeps strangers out is only that they would have to call somebody's workflow.
      return [...pinned].some((name) => name.startsWith('workflow')) ? 'WI05' : 'WI01';
    case 'project':
      return 'WI02';
    case 'ref':
      return 'WI03';
    case 'phase':
      return 'WI04';
    case 'workflow':
      return 'WI05';
    default:
      return 'WI14';
  }
}

const whoIs = (goal: Goal, { people }: Issuer): string => {
  if (goal === 'recycled') return 'whoever gets the same names after they were given up';
  return (goal === 'meant' ? undefined : people[goal]) ?? 'somebody else';
};

/** The token as its issuer makes it, with the claims that the policy looks at. */
export function witnessOf(trust: Trust, issuer: Issuer, claims: Claims, who: string): Witness {
  const { statements, policy } = trust;
  const keys = statements.flatMap(({ statement }) =>
    statement.conditions.flatMap(({ key, values }) => [
      key,
      ...values.flatMap((value) => variablesIn(value, policy.version).map((variable) => variable.key)),
    ]),
  );
  const looked = new Set(keys.map((key) => claimOf(issuer, key)));
  const shown = Object.entries(claims).filter(
    ([claim]) =>
      ['sub', 'aud', 'oaud'].includes(claim) || looked.has(claim.toLowerCase()) || claim.startsWith('sts:'),
  );
  return { who, iss: `https://${issuer.path}`, claims: inToken(issuer, Object.fromEntries(shown)) };
}

/** AWS compares who asked for a token as aud where the token says that: then aud is called oaud. */
function inToken({ audienceKey }: Issuer, { aud, oaud, ...rest }: Claims): Claims {
  if (audienceKey !== 'oaud') return { ...(aud !== undefined && { aud }), ...rest };
  return { ...(oaud !== undefined && { aud: oaud }), ...(aud !== undefined && { azp: aud }), ...rest };
}

/** How bad an entry is. */
export function severityOf({ rule, provider, statement }: Entry, privileged: boolean): Severity {
  const { issuer } = provider;
  switch (rule) {
    case 'WI01':
      return issuer.shared ? 'critical' : 'medium';
    case 'WI13':
      return 'critical';
    case 'WI02':
      return issuer.id === 'cognito' ? guestSeverity(statement) : 'high';
    case 'WI03':
      return privileged ? 'high' : 'medium';
    case 'WI14':
      return issuer.lever === 'id' ? 'medium' : 'info';
    default:
      return 'high';
  }
}

/** A role that says that it is for guests is meant so. */
const guestSeverity = ({ statement }: TrustStatement): Severity =>
  statement.conditions.some(({ key, values }) => /:amr$/i.test(key) && values.includes('unauthenticated'))
    ? 'info'
    : 'medium';
