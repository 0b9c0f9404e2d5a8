/** The tokens that an attacker could get and that come closest to what a statement demands. */
import {
  type Field,
  field,
  fieldsOf,
  isWiderThan,
  type Reach,
  type Template,
  type Values,
} from '../ci/grammar.ts';
import { bind, type Claims, type Form, type Issuer } from '../ci/issuer.ts';
import { type Budget, type Pattern, type Solution, solve } from '../ci/solve.ts';
import { claimsOf, isShownBy } from '../ci/tokens.ts';
import { FactoryError } from '../errors.ts';
import type { Policy, Statement } from '../policy/types.ts';
import { comparisonOf, patternOf } from './patterns.ts';
import { conditionsOn } from './trust.ts';

/**
 * Who asks: somebody with a reach of their own, but none wider; somebody who got a name that its owner gave up; or
 * whom the policy is meant for.
 */
export type Goal = Reach | 'recycled' | 'meant';

/** One way to satisfy every positive condition on a claim: all patterns must match. None: the claim is free. */
export interface Demand {
  readonly values: readonly string[];
  readonly patterns: readonly Pattern[];
}

export interface Asked {
  readonly issuer: Issuer;
  readonly statement: Statement;
  readonly version: Policy['version'];
  readonly budget: Budget;
}

export interface Attack {
  readonly claims: Claims;
  readonly form: Form;
  /** The fields' texts. */
  readonly values: Values;
  /** Fields whose text the policy demands. */
  readonly pinned: ReadonlySet<string>;
}

/** More ways to combine values than any policy within IAM's quotas needs. */
const MAX_COMBINATIONS = 1024;

/** Every way to satisfy the statement's positive conditions on a claim. */
export function demandsOn({ issuer, statement, version }: Asked, claim: string): readonly Demand[] {
  const conditions = conditionsOn(statement, issuer, claim).filter(
    ({ operator }) => comparisonOf(operator) !== undefined,
  );
  return combine(
    conditions.map(({ operator, values }) =>
      values.map((value) => ({ value, pattern: patternOf(value, operator, version) })),
    ),
  ).map((chosen) => ({
    values: chosen.map(({ value }) => value),
    patterns: chosen.map(({ pattern }) => pattern),
  }));
}

function combine<T>(choices: readonly (readonly T[])[]): T[][] {
  const count = choices.reduce((product, { length }) => product * length, 1);
  if (count > MAX_COMBINATIONS) {
    throw new FactoryError(
      'PolicyNotUnderstood',
      'a statement combines too many condition values to be judged',
    );
  }
  return choices.reduce<T[][]>(
    (rows, options) => rows.flatMap((row) => options.map((one) => [...row, one])),
    [[]],
  );
}

/** Attacks on one way to satisfy the condition on `sub`, the most telling form first. The evaluator has the last word. */
export function* attacks(asked: Asked, demand: Demand, goal: Goal): Generator<Attack> {
  const { issuer } = asked;
  const others = Object.keys(issuer.claims).filter((claim) =>
    conditionsOn(asked.statement, issuer, claim).some(({ operator }) => comparisonOf(operator) !== undefined),
  );
  const hinted = demand.values.flatMap((value) => Object.values(issuer.formsFor(value)));
  const forms: readonly Form[] = [...Object.values(issuer.forms), ...hinted];
  const ordered = [
    ...forms.filter(({ open }) => open === goal),
    ...forms.filter(({ open }) => open !== goal),
  ];
  const combinations = combine(
    others.map((claim) => demandsOn(asked, claim).map((each) => ({ claim, demand: each }))),
  );
  for (const form of ordered) {
    for (const chosen of combinations) {
      const attack = attempt(asked, form, demand, chosen, goal);
      if (attack !== undefined) yield attack;
    }
  }
}

interface ClaimDemand {
  readonly claim: string;
  readonly demand: Demand;
}

/** A field's text, and whether the policy leaves some of it open. */
interface Chosen {
  readonly text: string;
  readonly free: boolean;
}

/** Whether the attacker has a value of their own here, whatever the policy wants. */
function isOwn({ kind, reach }: Field, goal: Goal): boolean {
  if (kind === 'name' || goal === 'meant') return false;
  if (goal === 'recycled') return kind === 'id';
  return kind === 'id' ? !isWiderThan(reach, goal) : reach === goal;
}

const isTarget = ({ kind, reach }: Field, goal: Goal): boolean => kind === 'name' && reach === goal;

function attempt(
  asked: Asked,
  form: Form,
  demand: Demand,
  others: readonly ClaimDemand[],
  goal: Goal,
): Attack | undefined {
  const { issuer } = asked;
  const bound = new Map<string, Chosen>();
  for (const { claim, demand: each } of others) {
    const solved = solveClaim(asked, form, claim, each, bound, goal);
    if (solved === 'impossible') return undefined;
    for (const [name, chosen] of solved) bound.set(name, chosen);
  }
  const wish = wishFor(issuer, form, bound, goal);
  if (wish === 'closed') return undefined;
  const template = bind(form.template, textsOf(bound));
  const solution = solveFor(asked, template, demand.patterns, wish, goal);
  if (
    solution === undefined ||
    fieldsOf(template).some((part) => isOwn(part, goal) && !solution.free.has(part.name))
  ) {
    return undefined;
  }
  const chosen = new Map([...bound, ...chosenIn(solution, fieldsOf(template))]);
  // Nobody meets a value that is gone with the run it was of.
  if (
    goal !== 'meant' &&
    fieldsOf(template).some(({ volatile, name }) => volatile && !solution.free.has(name))
  ) {
    return undefined;
  }
  if ((goal === 'project' || goal === 'ref') && workflowIsPinned(issuer, chosen)) return undefined;
  const values = { ...attackerValues(issuer, form), ...textsOf(chosen) };
  return {
    claims: claimsOf(issuer, form, values, audienceFor(asked)),
    form,
    values,
    pinned: new Set([...chosen].flatMap(([name, { free }]) => (free ? [] : [name]))),
  };
}

/** Who is meant shows what a wildcard is for, where there is one. */
function solveFor(
  { budget }: Asked,
  template: Template,
  patterns: readonly Pattern[],
  wish: readonly Field[],
  goal: Goal,
): Solution | undefined {
  if (wish.length > 0) return solve(template, patterns, { open: (part) => wish.includes(part) }, budget);
  const shown = goal === 'meant' ? solve(template, patterns, { open: () => true }, budget) : undefined;
  return shown ?? solve(template, patterns, undefined, budget);
}

/** What a claim other than `sub` demands of its fields. */
function solveClaim(
  { issuer, budget }: Asked,
  form: Form,
  claim: string,
  { patterns }: Demand,
  bound: ReadonlyMap<string, Chosen>,
  goal: Goal,
): ReadonlyMap<string, Chosen> | 'impossible' {
  const templates = (issuer.claims[claim] ?? []).filter((template) =>
    fieldsOf(template).every((part) => isShownBy(form, part)),
  );
  if (templates.every((template) => fieldsOf(template).every((part) => isOwn(part, goal)))) return new Map();
  for (const template of templates) {
    const rest = bind(template, textsOf(bound));
    const open = (part: Field) => isTarget(part, goal);
    const solution = solve(rest, patterns, { open }, budget) ?? solve(rest, patterns, undefined, budget);
    if (solution !== undefined) return chosenIn(solution, fieldsOf(rest));
  }
  return 'impossible';
}

/**
 * The fields of which one must be open for the attack to be one. None: it is one already, since the form leaves the
 * reach open, does not name it, or another claim's condition leaves it open.
 */
function wishFor(
  issuer: Issuer,
  form: Form,
  bound: ReadonlyMap<string, Chosen>,
  goal: Goal,
): readonly Field[] | 'closed' {
  if (goal === 'meant' || goal === 'recycled' || form.open === goal) return [];
  if (form.closed && goal !== 'tenant') return 'closed';
  const elsewhere = targetsOfClaims(issuer, goal).filter(
    (part) => isShownBy(form, part) && bound.has(part.name),
  );
  if (elsewhere.some(({ name }) => bound.get(name)?.free === false) && goal !== 'workflow') return 'closed';
  if (elsewhere.some(({ name }) => bound.get(name)?.free === true)) return [];
  const named = fieldsOf(form.template).filter((part) => isTarget(part, goal));
  const targets = named.filter(({ name }) => !bound.has(name));
  if (targets.length > 0) return targets;
  // Nobody needs to name a reusable workflow.
  return named.length === 0 && goal !== 'workflow' && hasReach(issuer, goal) ? [] : 'closed';
}

const targetsOfClaims = (issuer: Issuer, goal: Goal): Field[] =>
  Object.values(issuer.claims)
    .flat()
    .flatMap(fieldsOf)
    .filter((part) => isTarget(part, goal));

/** Whether any token of the issuer tells something about this reach. */
const hasReach = (issuer: Issuer, goal: Goal): boolean =>
  Object.values(issuer.forms).some(({ template, also = [] }) =>
    [...fieldsOf(template), ...also].some(({ reach }) => reach === goal),
  );

/** Whether a reusable workflow, and nothing else, decides what runs: then it matters little from where it is called. */
function workflowIsPinned(issuer: Issuer, chosen: ReadonlyMap<string, Chosen>): boolean {
  const parts = targetsOfClaims(issuer, 'workflow').filter(({ name }) => chosen.has(name));
  return parts.length > 0 && parts.every(({ name }) => chosen.get(name)?.free === false);
}

/** The audience that the policy asks for; anybody may request a token for it. */
function audienceFor(asked: Asked): string | undefined {
  const { audienceKey, audience } = asked.issuer;
  if (audienceKey === undefined) return undefined;
  const [demand] = demandsOn(asked, audienceKey);
  if (demand === undefined || demand.patterns.length === 0) return audience ?? 'sts.amazonaws.com';
  return solve([ANYTHING], demand.patterns, undefined, asked.budget)?.text ?? audience;
}

const ANYTHING = field('any', 'run', { excludes: '' });

const attackerValues = (issuer: Issuer, form: Form): Values =>
  Object.fromEntries(
    [form.template, ...Object.values(issuer.claims).flat()]
      .flatMap(fieldsOf)
      .map(({ name, attacker }) => [name, attacker]),
  );

const textsOf = (chosen: ReadonlyMap<string, Chosen>): Values =>
  Object.fromEntries([...chosen].map(([name, { text }]) => [name, text]));

const chosenIn = ({ values, free }: Solution, parts: readonly Field[]): Map<string, Chosen> =>
  new Map(parts.map(({ name }) => [name, { text: values[name] as string, free: free.has(name) }]));
