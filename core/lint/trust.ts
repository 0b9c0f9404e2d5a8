/** A trust policy as the rules see it: what the evaluator reads, with the issuer behind each provider it names. */
import type { Issuer } from '../ci/issuer.ts';
import { issuerAt, providerPathOf } from '../ci/issuers.ts';
import { type Budget, newBudget } from '../ci/solve.ts';
import { parsePolicy } from '../policy/document.ts';
import type { Condition, Policy, Statement } from '../policy/types.ts';
import { isObject, type JsonObject, mapEntries, readTrustPolicy, strings } from '../trust-policy/document.ts';
import { unknownIn } from './marks.ts';
import { comparisonOf } from './patterns.ts';
import { markPlaceholders, withFittingNames, withPlainNames } from './unresolved.ts';

/** An OIDC provider, or a built-in one, as a statement names it. */
export interface Provider {
  /** As the evaluator knows it; for a placeholder that is no ARN, one that stands for it. */
  readonly principal: string;
  readonly issuer: Issuer;
}

export interface TrustStatement {
  readonly index: number;
  readonly statement: Statement;
  /** None for a statement about other principals. */
  readonly providers: readonly Provider[];
  /** Whether `Principal` is everybody: `*`, `{"AWS":"*"}` or `{"Federated":"*"}`. */
  readonly everybody: boolean;
}

export interface Trust {
  readonly policy: Policy;
  readonly statements: readonly TrustStatement[];
  /** The document as it was written, `Statement` as a list. */
  readonly document: JsonObject;
  /** Parts that are not known, by name. */
  readonly unresolved: readonly string[];
  /** Condition values of which parts are not known, with those parts marked. */
  readonly guessed: ReadonlyMap<string, string>;
  /** What judging it may still cost. */
  readonly budget: Budget;
  /** Statements with `NotPrincipal`, which the evaluator does not see. */
  readonly notPrincipal: readonly number[];
}

/** Keys that every request may have, whoever asks. */
const GLOBAL_KEY = /^(?:aws|sts|saml):/i;
export const isGlobalKey = (key: string): boolean => GLOBAL_KEY.test(key);

const ACCOUNT = '000000000000';

/**
 * Reads a trust policy, leniently where it is an example or a template: placeholders count as one exact name each.
 * @param source JSON text, or its value; unknown parts as {@link unknown} marks them.
 * @param budget of another version of the same policy, to share it.
 * @throws FactoryError TrustPolicyUnreadable or PolicyNotUnderstood.
 */
export function readTrust(source: string | object, budget: Budget = newBudget()): Trust {
  const text = markPlaceholders(typeof source === 'string' ? source : JSON.stringify(source));
  const { root, statements: raw } = readTrustPolicy(text);
  const principals = new Map<string, Provider>();
  const guessed = new Map<string, string>();
  const read = raw.map((statement) => readStatement(statement, principals, guessed));
  const judged = read.flatMap((statement, index) =>
    'NotPrincipal' in statement.element ? [] : [{ ...statement, index }],
  );
  const elements = judged.map(({ element }) => element);
  const policy = parsePolicy({ ...root, Statement: elements }, 'trust policy', 'trust');
  return {
    policy,
    document: { ...root, Statement: raw },
    unresolved: [...new Set(unknownIn(text))],
    guessed,
    budget,
    notPrincipal: read.flatMap(({ element }, index) =>
      'NotPrincipal' in element && element.Effect === 'Allow' ? [index] : [],
    ),
    statements: policy.statements.map((statement, at) => {
      const { index, providers, everybody } = judged[at] as (typeof judged)[number];
      return { index, statement, providers, everybody };
    }),
  };
}

interface ReadStatement {
  readonly element: JsonObject;
  readonly providers: readonly Provider[];
  readonly everybody: boolean;
}

function readStatement(
  statement: JsonObject,
  known: Map<string, Provider>,
  guessed: Map<string, string>,
): ReadStatement {
  const conditions = isObject(statement.Condition) ? statement.Condition : {};
  const keys = Object.values(conditions).flatMap((block) => (isObject(block) ? Object.keys(block) : []));
  const paths = [
    ...new Set(
      keys
        .map(keyName)
        .filter((key) => !isGlobalKey(key))
        .map(prefixOf),
    ),
  ];
  const federated = federatedOf(statement.Principal).filter((name) => !isSaml(name));
  const providers = federated
    .filter((name) => name !== '*')
    .map((name) => {
      const before = known.get(name);
      if (before !== undefined) return before;
      const provider = providerOf(name, paths, subjectsIn(conditions), known.size);
      known.set(name, provider);
      return provider;
    });
  const everybody = isEverybody(statement.Principal);
  // What everybody may do, the bearers of the tokens may that its conditions are about.
  const meant = everybody ? paths.map((path) => providerOf(path, [], subjectsIn(conditions), 0)) : [];
  const all = [...providers, ...meant];
  const element = mapEntries(statement, (name, value) => {
    if (name === 'Principal') return everybody ? '*' : readPrincipal(value, providers);
    if (name === 'Condition') return readConditions(value, all, guessed);
    return plainly(value);
  });
  return { element, providers: all, everybody };
}

function providerOf(
  name: string,
  paths: readonly string[],
  subjects: readonly string[],
  number: number,
): Provider {
  const [only] = paths;
  const written = keyName(providerPathOf(name));
  // What is not known is what the conditions are about.
  const vague = unknownIn(name).length > 0 && !paths.includes(written) && paths.length === 1;
  const path = (vague && only) || written;
  const arn = withPlainNames(name).replace(/^[^/]*(?=:oidc-provider\/)/, (head) =>
    /^arn:aws[a-z-]*:iam::\d{12}$/.test(head) ? head : `arn:aws:iam::${ACCOUNT}`,
  );
  const readable =
    /^(?:arn:aws[a-z-]*:iam::\d{12}:oidc-provider\/[^\s*?]+|[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/.test(arn);
  return {
    principal: readable ? arn : `arn:aws:iam::${ACCOUNT}:oidc-provider/unresolved-${number}`,
    issuer: issuerAt(path, subjects, unknownIn(providerPathOf(name)).length > 0),
  };
}

const isSaml = (name: string): boolean => name.includes(':saml-provider/');

function federatedOf(principal: unknown): readonly string[] {
  return isObject(principal) ? (strings(principal.Federated) ?? []) : [];
}

function isEverybody(principal: unknown): boolean {
  if (principal === '*') return true;
  return isObject(principal) && ['AWS', 'Federated'].some((type) => strings(principal[type])?.includes('*'));
}

/** Principals that are placeholders get a name that the evaluator accepts. */
function readPrincipal(principal: unknown, providers: readonly Provider[]): unknown {
  if (!isObject(principal)) return plainly(principal);
  return mapEntries(principal, (type, value) => {
    const names = strings(value);
    if (names === undefined) return value;
    if (type === 'Federated') {
      const saml = names.filter(isSaml).map(() => `arn:aws:iam::${ACCOUNT}:saml-provider/any`);
      return [...providers.map((provider) => provider.principal), ...saml];
    }
    return names.map((name) => readName(type, name));
  });
}

const AWS_NAME = /^(?:\d{12}|A(?:IDA|ROA)[A-Z0-9]+|arn:aws[a-z-]*:(?:iam|sts)::\d{12}:\S+)$/;

function readName(type: string, name: string): string {
  const text = withPlainNames(name);
  if (type === 'AWS' && !text.includes('*') && !AWS_NAME.test(text)) {
    return text.endsWith(':root')
      ? `arn:aws:iam::${ACCOUNT}:root`
      : `arn:aws:iam::${ACCOUNT}:role/unresolved`;
  }
  return type === 'Service' && unknownIn(name).length > 0 ? 'unresolved.amazonaws.com' : text;
}

/** As the evaluator accepts it: a key's prefix has no blanks. */
const keyName = (key: string): string => withPlainNames(key).replaceAll(/\s/g, '_');

const prefixOf = (key: string): string => key.slice(0, Math.max(key.lastIndexOf(':'), 0));

function readConditions(
  value: unknown,
  providers: readonly Provider[],
  guessed: Map<string, string>,
): unknown {
  if (!isObject(value)) return value;
  return mapEntries(value, (_, block) => {
    if (!isObject(block)) return block;
    return Object.fromEntries(
      Object.entries(block).map(([key, values]) => {
        const name = keyName(key);
        const provider = providers.find(({ issuer }) => claimOf(issuer, name) === 'sub');
        const filled = (text: string) => {
          if (unknownIn(text).length === 0) return text;
          const result = provider ? withFittingNames(text, provider.issuer) : withPlainNames(text);
          guessed.set(result, text);
          return result;
        };
        return [name, typeof values === 'string' ? filled(values) : (strings(values)?.map(filled) ?? values)];
      }),
    );
  });
}

/** Whatever strings a value is made of, without unknown parts. */
const plainly = (value: unknown): unknown => {
  if (typeof value === 'string') return withPlainNames(value);
  return Array.isArray(value) ? value.map(plainly) : value;
};

/** The values of conditions on `sub`, whichever issuer they are about. */
function subjectsIn(conditions: JsonObject): readonly string[] {
  return Object.entries(conditions).flatMap(([operator, block]) =>
    comparisonOf(operator) !== undefined && isObject(block)
      ? Object.entries(block).flatMap(([key, value]) => (/:sub$/i.test(key) ? (strings(value) ?? []) : []))
      : [],
  );
}

/** The claim that a condition key shows for this issuer, in lower case; undefined where it is about something else. */
export function claimOf(issuer: Issuer, key: string): string | undefined {
  const lower = key.toLowerCase();
  if (isGlobalKey(key))
    return Object.keys(issuer.claims).some((claim) => claim.toLowerCase() === lower) ? lower : undefined;
  const prefix = `${issuer.path.toLowerCase()}:`;
  return lower.startsWith(prefix) ? lower.slice(prefix.length) : undefined;
}

/** Claims of the default mapping, which AWS compares for every issuer. */
const COMMON: ReadonlySet<string> = new Set(['aud', 'oaud', 'sub', 'amr', 'email']);

/** Whether AWS makes a condition key of the claim, in lower case, for this issuer. */
export const isCompared = (issuer: Issuer, claim: string): boolean =>
  COMMON.has(claim) || Object.keys(issuer.claims).some((name) => name.toLowerCase() === claim);

/** The conditions on a claim of the issuer. */
export const conditionsOn = (statement: Statement, issuer: Issuer, claim: string): readonly Condition[] =>
  statement.conditions.filter(({ key }) => claimOf(issuer, key) === claim.toLowerCase());
