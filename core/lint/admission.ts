/** Whether a trust policy lets a token in: the linter's one judge is the policy evaluator. */
import type { Claims, Issuer } from '../ci/issuer.ts';
import { meets } from '../policy/conditions.ts';
import { readContext } from '../policy/context.ts';
import { authorize } from '../policy/evaluate.ts';
import type { Condition, Decision, Policy, RequestContext, Statement } from '../policy/types.ts';
import type { Goal } from './attacks.ts';
import { isGlobalKey, type Provider } from './trust.ts';

export function decide(
  policy: Policy,
  { principal, issuer }: Provider,
  claims: Claims,
  surroundings: RequestContext,
): Decision {
  // Lower case, since a context must not hold a key twice.
  const keys = Object.entries(claims).map(([claim, value]) => [keyOf(issuer, claim).toLowerCase(), value]);
  return authorize(
    {
      principal: { type: 'federated', provider: principal },
      action: 'sts:AssumeRoleWithWebIdentity',
      resource: '*',
      context: { ...surroundings, ...Object.fromEntries(keys), 'aws:federatedprovider': principal },
    },
    { identity: [], resource: policy },
    { resourcePolicyMustAllow: true },
  );
}

const keyOf = (issuer: Issuer, claim: string): string =>
  isGlobalKey(claim) ? claim : `${issuer.path}:${claim}`;

/** Set by the issuer, through claims that the attacker does not choose. */
const ISSUERS = /^(?:sts:sourceidentity|sts:transitivetagkeys|aws:requesttag\/.*|aws:tagkeys)$/;
/** A stranger is elsewhere; who runs jobs in the same organization may use the same runners. */
const NETWORK = /^aws:(?:sourceip|sourcevpc|sourcevpce|vpcsourceip|sourcevpcarn)$/;

/** What surrounds a request, as far as the statement looks at it and whoever asks can have it so. */
export function surroundingsFor(
  { statement, version, issuer }: { statement: Statement; version: Policy['version']; issuer: Issuer },
  goal: Goal,
): RequestContext {
  const claimed = new Set(Object.keys(issuer.claims).map((claim) => claim.toLowerCase()));
  const chosen = statement.conditions
    .map(({ key }) => key.toLowerCase())
    .filter((key) => {
      if (!isGlobalKey(key) || claimed.has(key) || key === 'aws:federatedprovider') return false;
      return !ISSUERS.test(key) && !(goal === 'tenant' && NETWORK.test(key));
    });
  const entries = [...new Set(chosen)].map((key) => {
    const conditions = statement.conditions.filter((condition) => condition.key.toLowerCase() === key);
    return [key, valueFor(key, conditions, version)];
  });
  return { 'sts:rolesessionname': 'session', ...Object.fromEntries(entries) };
}

/** A value that all conditions on a key hold for; undefined where none is found. */
const valueFor = (
  key: string,
  conditions: readonly Condition[],
  version: Policy['version'],
): string | undefined =>
  conditions
    .flatMap(({ values }) => values.flatMap(near))
    .find((value) => {
      const context = readContext({ [key]: value });
      return conditions.every((condition) => meets(condition, context, version, 'Allow'));
    });

/** The value itself and what lies beside it, for operators that want something less, more or inside. */
function near(value: string): string[] {
  const number = /^\d{1,12}$/.test(value) ? Number(value) : undefined;
  const time = Date.parse(value);
  return [
    value.replaceAll('*', 'x').replaceAll('?', 'x'),
    value.replace(/\/\d+$/, ''),
    ...(number === undefined ? [] : [String(number + 1), String(Math.max(number - 1, 0))]),
    ...(Number.isNaN(time) ? [] : [new Date(time + 1000).toISOString(), new Date(time - 1000).toISOString()]),
  ];
}
