/** WI08: conditions that no token can meet, or that every token meets. */
import { fieldsOf, type Template } from '../ci/grammar.ts';
import type { Issuer } from '../ci/issuer.ts';
import { type Budget, type Pattern, type Solution, solve } from '../ci/solve.ts';
import type { Condition } from '../policy/types.ts';
import type { JsonObject } from '../trust-policy/document.ts';
import type { Draft } from './draft.ts';
import { editConditions, replaceStatement } from './edits.ts';
import { isMalformed } from './formats.ts';
import { isNegated, patternOf, toleratesAbsence, variablesIn } from './patterns.ts';
import { claimOf, isCompared, isGlobalKey, type Trust, type TrustStatement } from './trust.ts';
import { withPlainNames } from './unresolved.ts';

/** One finding for each statement and severity. */
export const deadDrafts = (trust: Trust): readonly Draft[] =>
  trust.statements
    .filter(({ providers }) => providers.length > 0)
    .flatMap((statement) => {
      const dead = statement.statement.conditions.flatMap((condition) => {
        const why = isGlobalKey(condition.key) ? undefined : whyDead(trust, statement, condition);
        return why === undefined ? [] : [{ condition, ...why }];
      });
      const groups = Map.groupBy(dead, ({ condition }) => holdsForAll(condition));
      return [...groups].map(([always, group]): Draft => {
        const [{ condition, reason, correct }] = group as [(typeof group)[number]];
        const effect = always ? 'holds for every token' : 'lets no token in';
        const others = group.length > 1 ? ` (and ${group.length - 1} more)` : '';
        const [provider] = statement.providers;
        return {
          rule: 'WI08',
          severity: always ? 'high' : 'low',
          message: `${condition.operator} on ${condition.key} ${effect}: ${withPlainNames(reason)}${others}.`,
          ...(statement.providers.length === 1 && provider && { provider }),
          statements: [statement.index],
          ...(correct && { correct }),
        };
      });
    });

const holdsForAll = (condition: Condition): boolean =>
  isNegated(condition) ||
  toleratesAbsence(condition) ||
  (condition.operator === 'Null' && condition.values.some((value) => value.toLowerCase() === 'true'));

interface Dead {
  readonly reason: string;
  readonly correct?: Draft['correct'];
}

function whyDead(trust: Trust, { providers, index }: TrustStatement, condition: Condition): Dead | undefined {
  const issuer = providers
    .map((provider) => provider.issuer)
    .find((each) => claimOf(each, condition.key) !== undefined);
  if (issuer === undefined) {
    const [only] = providers;
    const prefix = condition.key.slice(0, condition.key.lastIndexOf(':') + 1);
    return {
      reason: 'the key is not of the provider that the statement trusts',
      ...(providers.length === 1 &&
        only && { correct: (document) => withPrefix(document, index, prefix, `${only.issuer.path}:`) }),
    };
  }
  const claim = claimOf(issuer, condition.key) as string;
  if (!isCompared(issuer, claim)) return { reason: `AWS compares no claim ${claim} of ${issuer.name}` };
  if (condition.operator === 'Null') return undefined;
  const values = condition.values
    .filter((value) => !isMalformed(issuer, value))
    .map((value) => trust.guessed.get(value) ?? value);
  const [reason] = values.flatMap((value) => whyImpossible(issuer, claim, condition, value, trust) ?? []);
  return reason === undefined
    ? undefined
    : { reason, correct: (document) => withValues(document, index, condition) };
}

function whyImpossible(
  issuer: Issuer,
  claim: string,
  condition: Condition,
  value: string,
  { policy, budget }: Trust,
): string | undefined {
  const absent = variablesIn(value, policy.version).find(
    ({ key, hasDefault }) => !hasDefault && !isPresent(issuer, key),
  );
  if (absent !== undefined) return `the variable ${absent.key} has no value when a token comes`;
  const exact = !/Like/.test(condition.operator);
  if (exact && /[*?]/.test(value))
    return `"${value}" has a wildcard, which ${condition.operator} takes literally`;
  const templates = templatesOf(issuer, claim, value);
  if (templates.length === 0) return undefined;
  const operator = condition.operator.replace('Not', '');
  const pattern = patternOf(value, operator, policy.version);
  const solutions = templates.flatMap((template) => {
    const solution = solve(template, [pattern], undefined, budget);
    return solution !== undefined && isWritten(template, pattern, solution, budget)
      ? [{ template, solution }]
      : [];
  });
  if (solutions.length === 0) return `no ${claim} of ${issuer.name} looks like "${value}"`;
  const lasts = solutions.some(({ template, solution }) =>
    fieldsOf(template).every(({ volatile, name }) => !volatile || solution.free.has(name)),
  );
  return lasts ? undefined : `"${value}" holds what changes with every run`;
}

/** Beside the token's own claims, what every request with a token has. */
const ALWAYS =
  /^(?:sts:rolesessionname|aws:(?:federatedprovider|currenttime|epochtime|sourceip|useragent|securetransport|requestedregion))$/i;
const isPresent = (issuer: Issuer, key: string): boolean =>
  ALWAYS.test(key) || claimOf(issuer, key) !== undefined;

/** Whether what the value says in full is what the issuer writes there. */
const isWritten = (
  template: Template,
  pattern: Pattern,
  { values, free }: Solution,
  budget: Budget,
): boolean =>
  fieldsOf(template).every((part) => {
    if (part.pattern === undefined || free.has(part.name)) return true;
    if (part.pattern.test(values[part.name] as string)) return true;
    return solve(template, [pattern], { open: (other) => other === part }, budget) !== undefined;
  });

function templatesOf(issuer: Issuer, claim: string, value: string): readonly Template[] {
  if (claim === 'sub') {
    return Object.values({ ...issuer.forms, ...issuer.formsFor(value) }).map(({ template }) => template);
  }
  return Object.entries(issuer.claims).find(([name]) => name.toLowerCase() === claim)?.[1] ?? [];
}

const withPrefix = (document: JsonObject, index: number, old: string, prefix: string) =>
  // A path that had to be read leniently is none to write.
  replaceStatement(document, index, (statement) => {
    if (!JSON.stringify(statement.Principal).includes(prefix.slice(0, -1))) return undefined;
    const edited = editConditions(statement, (operator, key, value) => [
      [operator, key.startsWith(old) ? prefix + key.slice(old.length) : key, value],
    ]);
    return edited && [edited];
  });

/** Wildcards under an operator that knows them, and a colon in a GitHub environment as GitHub writes it. */
const withValues = (document: JsonObject, index: number, { key: old, operator: of, values }: Condition) =>
  replaceStatement(document, index, (statement) => {
    const edited = editConditions(statement, (operator, key, value) => {
      if (operator !== of || key !== old) return [[operator, key, value]];
      const texts = values.map(withEscapedColon);
      const like = texts.some((text) => /[*?]/.test(text));
      return [
        [
          like ? operator.replace(/Equals(?:IgnoreCase)?/, 'Like') : operator,
          key,
          Array.isArray(value) ? texts : texts[0],
        ],
      ];
    });
    return edited && [edited];
  });

const withEscapedColon = (value: string): string =>
  value.replace(
    /^(repo:[^:]+:environment:)(.+)$/,
    (_, head: string, name: string) => head + name.replaceAll(':', '%3A'),
  );
