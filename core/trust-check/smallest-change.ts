/** The fewest edits that would let a refused token in, found by trying them on the policy. */
import { providerPathOf } from '../ci/issuers.ts';
import { isFactoryError } from '../errors.ts';
import { conditionKey } from '../issuer.ts';
import { parsePolicy } from '../policy/document.ts';
import type { Policy } from '../policy/types.ts';
import { kindOf } from '../trust-policy/conditions.ts';
import type { JsonObject } from '../trust-policy/document.ts';
import { applyEdits, type Edit, WEB_IDENTITY } from './edits.ts';
import { audienceOf } from './token-checks.ts';
import {
  type CheckedCondition,
  type CheckedStatement,
  checkTrust,
  isOfRequest,
  type TrustQuestion,
  type TrustVerdict,
} from './verdict.ts';

export interface ChangeQuestion extends TrustQuestion {
  /** `policy` as it was written. */
  readonly root: JsonObject;
}

/** Undefined where no edit lets this very token in: it is let in already, or only another token helps. */
export function smallestEdits(question: ChangeQuestion, verdict: TrustVerdict): readonly Edit[] | undefined {
  const refused = verdict.checks.filter(({ outcome }) => outcome === 'refused');
  const audience = audienceOf(question.token.claims);
  const isLost = refused.some(({ check }) => check !== 'audience') || audience === undefined;
  if (verdict.letIn || isLost) return undefined;
  const listing: readonly Edit[] = refused.length === 0 ? [] : [{ kind: 'list-audience', audience }];
  if (verdict.trust.allowed) return listing;

  const ways = verdict.statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ index }) => {
      const edits = mended(question, index);
      return edits === undefined ? [] : [edits];
    });
  const complete = (ways.length === 0 ? [[addedStatement(question, audience)]] : ways).flatMap((edits) => {
    const all = [...edits, ...pastDenies(question, edits)];
    const isEnough = (some: readonly Edit[]) => verdictAfter(question, some)?.trust.allowed === true;
    return isEnough(all) ? [pruned(all, isEnough)] : [];
  });
  const [first, ...others] = complete;
  if (first === undefined) return undefined;
  return [...listing, ...others.reduce((best, edits) => (edits.length < best.length ? edits : best), first)];
}

/** One of several values, for example, may be enough. */
const pruned = (edits: readonly Edit[], isEnough: (some: readonly Edit[]) => boolean): readonly Edit[] =>
  edits.reduce((kept, edit) => {
    const without = kept.filter((other) => other !== edit);
    return isEnough(without) ? without : kept;
  }, edits);

/** Undefined where the edits make something that is no policy. */
function verdictAfter(question: ChangeQuestion, edits: readonly Edit[]): TrustVerdict | undefined {
  const supposed = edits.map((edit) => (edit.kind === 'request' ? withoutDemand(edit) : edit));
  try {
    const policy = parsePolicy(applyEdits(question.root, supposed), 'trust policy', 'trust');
    return checkTrust({ ...question, policy });
  } catch (error) {
    if (isFactoryError(error, 'PolicyNotUnderstood')) return undefined;
    throw error;
  }
}

/** A request that is as the Allow wants it, or as the Deny does not, is the same as no such demand. */
const withoutDemand = (edit: Extract<Edit, { kind: 'request' }>): Edit =>
  edit.effect === 'Deny'
    ? { kind: 'drop-statement', statement: edit.statement }
    : { ...edit, kind: 'drop-condition' };

/** Naming the provider shows what else is missing, and a key that is spelled right may want another value. */
const ROUNDS = 4;

/** What makes a statement apply; undefined where that would make another statement of it. */
function mended(question: ChangeQuestion, index: number): readonly Edit[] | undefined {
  let edits: readonly Edit[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const statement = verdictAfter(question, edits)?.statements[index];
    if (statement === undefined) return undefined;
    if (statement.applies) return edits;
    const more = editsFor(statement, question);
    if (more.length === 0) return undefined;
    edits = [...edits, ...more];
  }
  return undefined;
}

function editsFor(statement: CheckedStatement, question: ChangeQuestion): readonly Edit[] {
  const { index } = statement;
  const { principal, action } = question.policy.statements[index] ?? {};
  const { arn } = question.provider;
  if (!statement.principal) {
    const instead = principal?.federated.find((named) => loosely(named) === loosely(arn));
    return instead === undefined ? [] : [{ kind: 'name-provider', statement: index, arn, instead }];
  }
  if (!statement.action) return action === undefined ? [] : [{ kind: 'allow-action', statement: index }];
  return statement.conditions
    .filter(({ met }) => !met)
    .flatMap((condition) => conditionEdits(condition, statement, question));
}

function conditionEdits(
  { operator, key, values, actual }: CheckedCondition,
  { index, conditions }: CheckedStatement,
  { provider, policy }: ChangeQuestion,
): readonly Edit[] {
  const at = { statement: index, operator, key };
  if (isOfRequest(key)) return [{ kind: 'request', ...at, values, effect: 'Allow' }];
  const to = keyMeant(key, provider.arn);
  const isFree = !conditions.some(
    (other) => other.operator === operator && other.key.toLowerCase() === to?.toLowerCase(),
  );
  if (to !== undefined && isFree) return [{ kind: 'rename-key', ...at, to }];
  if (actual === undefined || kindOf(operator) !== 'positive') return [{ kind: 'drop-condition', ...at }];
  return actual
    .map((value) => literally(value, policy.version))
    .filter((value) => !values.includes(value))
    .map((value) => ({ kind: 'add-value', ...at, value }));
}

/** What keeps every Deny that strikes after these edits from striking. */
function pastDenies(question: ChangeQuestion, edits: readonly Edit[]): readonly Edit[] {
  const denies = (verdictAfter(question, edits)?.statements ?? []).filter(
    ({ effect, applies }) => effect === 'Deny' && applies,
  );
  return denies.flatMap((statement): readonly Edit[] => {
    const { index, conditions } = statement;
    const narrower = conditions.flatMap(({ operator, key, actual, values }): readonly Edit[] => {
      const at = { statement: index, operator, key };
      if (isOfRequest(key)) return [{ kind: 'request', ...at, values, effect: 'Deny' }];
      const [value, ...more] = actual ?? [];
      if (value === undefined || more.length > 0 || kindOf(operator) !== 'narrowing') return [];
      return [{ kind: 'add-value', ...at, value: literally(value, question.policy.version) }];
    });
    const works = narrower.find(
      (edit) =>
        edit.kind === 'request' ||
        verdictAfter(question, [...edits, edit])?.statements[index]?.applies === false,
    );
    return [works ?? { kind: 'drop-statement', statement: index }];
  });
}

function addedStatement({ provider, token, policy }: ChangeQuestion, audience: string): Edit {
  const { azp, aud, sub } = token.claims;
  const demanded = { aud: audience, ...(azp === undefined ? {} : { oaud: aud }), sub };
  const StringEquals = Object.fromEntries(
    Object.entries(demanded).flatMap(([claim, value]) =>
      typeof value === 'string'
        ? [[conditionKey(provider.arn, claim), literally(value, policy.version)]]
        : [],
    ),
  );
  const added = {
    Effect: 'Allow',
    Principal: { Federated: provider.arn },
    Action: WEB_IDENTITY,
    Condition: { StringEquals },
  };
  return { kind: 'add-statement', added };
}

/** Scheme, letter case and a slash at the end: what people get wrong. */
const loosely = (provider: string): string => providerPathOf(provider).replace(/\/+$/, '').toLowerCase();

/** The provider's own key for one that is spelled otherwise; undefined where it is right, or about something else. */
function keyMeant(key: string, arn: string): string | undefined {
  const at = key.lastIndexOf(':');
  const meant = conditionKey(arn, key.slice(at + 1));
  const isOurs = loosely(key.slice(0, at)) === loosely(arn);
  return isOurs && meant.toLowerCase() !== key.toLowerCase() ? meant : undefined;
}

/** A value that matches itself alone. Version 2008-10-17 knows no escape. */
const literally = (value: string, version: Policy['version']): string =>
  version === '2012-10-17' ? value.replace(/[*?]|\$(?=\{)/g, (char) => `\${${char}}`) : value;
