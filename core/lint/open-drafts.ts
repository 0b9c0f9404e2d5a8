/** Entries as findings: one for each rule and provider. */
import { fieldsOf } from '../ci/grammar.ts';
import type { Issuer } from '../ci/issuer.ts';
import { missingControl } from '../ci/provider-controls.ts';
import type { ConditionTrace } from '../policy/types.ts';
import type { JsonObject } from '../trust-policy/document.ts';
import type { Draft, Proof } from './draft.ts';
import { editConditions, replaceStatement, without } from './edits.ts';
import { type Severity, worst } from './finding.ts';
import { type Entry, severityOf } from './open.ts';
import { comparisonOf } from './patterns.ts';
import { claimOf, type Trust } from './trust.ts';

/** @param privileged whether the role's own rights are dangerous. */
export function openDrafts(trust: Trust, entries: readonly Entry[], privileged: boolean): readonly Draft[] {
  const judged = entries.filter(
    (entry) => entry.rule !== 'WI14' || !entry.values.some((value) => trust.guessed.has(value)),
  );
  const groups = Map.groupBy(judged, ({ rule, provider }) => `${rule} ${provider.issuer.path}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group as [Entry, ...Entry[]];
    const severity = worst(group.map((entry) => severityOf(entry, privileged))) as Severity;
    const draft: Draft = {
      rule: first.rule,
      severity,
      message: messageFor(first) + (first.rule === 'WI01' && missingControl(trust.policy) ? IAM_REFUSES : ''),
      provider: first.provider,
      statements: [...new Set(group.map(({ statement }) => statement.index))],
      proof: proofOf(first),
      ...(first.rule !== 'WI14' && {
        correct: (document) => withoutValues(trust, document, group),
        unwanted: new Set(group.flatMap(({ values }) => values)),
      }),
    };
    const sibling = first.rule === 'WI14' ? undefined : siblingDraft(trust, first, draft);
    return sibling === undefined ? [draft] : [draft, sibling];
  });
}

const proofOf = ({ provider, statement, attack, goal, witness }: Entry): Proof => ({
  provider,
  statement,
  claims: attack.claims,
  goal,
  who: witness.who,
});

function messageFor(entry: Entry): string {
  const { rule, values, witness, provider } = entry;
  const { issuer } = provider;
  const because =
    values.length === 0
      ? `nothing is demanded of ${whatCloses(entry)}`
      : `of sub no more is demanded than ${values.map(quoted).join(' and ')}`;
  const people = `${witness.who.charAt(0).toUpperCase()}${witness.who.slice(1)}`;
  const tail = rule === 'WI14' ? `: ${leverText(issuer)}` : `: ${because}`;
  return `${people} can get in${tail}.`;
}

/** The claim by which a policy can close what is open. */
function whatCloses({ attack: { form }, goal, provider: { issuer } }: Entry): string {
  if (form.open === goal && form.claims) return Object.keys(form.claims).join(' and ');
  const inSubject = fieldsOf(form.template).some(({ reach }) => reach === goal);
  const others = Object.entries(issuer.claims).filter(([, templates]) =>
    templates.flatMap(fieldsOf).some(({ reach, kind }) => reach === goal && kind === 'id'),
  );
  return inSubject || others.length === 0 ? 'sub' : others.map(([claim]) => claim).join(' or ');
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html */
const IAM_REFUSES = ' IAM refuses to write such a policy since June 2025.';

const quoted = (value: string): string => `"${value}"`;

const leverText = ({ lever, name }: Issuer): string =>
  lever === 'id' ? 'only names are demanded, no id' : `AWS sees no id in tokens of ${name}, only names`;

/** WI12: another statement for the same provider keeps this token out, in vain. */
function siblingDraft(
  trust: Trust,
  { decision, provider, statement }: Entry,
  draft: Draft,
): Draft | undefined {
  const admitting = new Set(decision.by.map((trace) => trust.statements[trace.statement]?.index));
  const strong = decision.trace.flatMap(({ matched, effect, failed, statement: at }) => {
    const other = trust.statements[at];
    const concerns = other?.providers.some(({ principal }) => principal === provider.principal);
    return !matched &&
      effect === 'Allow' &&
      concerns &&
      isCondition(failed) &&
      claimOf(provider.issuer, failed.key) !== 'aud'
      ? [other?.index as number]
      : [];
  });
  if (strong.length === 0) return undefined;
  return {
    rule: 'WI12',
    severity: draft.severity,
    message: `Statement ${strong.join(', ')} keeps such a token out, but statement ${statement.index} lets it in.`,
    provider,
    statements: [...admitting].filter((index) => index !== undefined),
    ...(draft.proof && { proof: draft.proof }),
    ...(draft.correct && { correct: draft.correct }),
    ...(draft.unwanted && { unwanted: draft.unwanted }),
  };
}

const isCondition = (failed: unknown): failed is ConditionTrace => typeof failed === 'object';

/** Open values go where others stay, and whole statements where nothing else stays in them. */
function withoutValues(
  trust: Trust,
  document: JsonObject,
  entries: readonly Entry[],
): JsonObject | undefined {
  const byStatement = Map.groupBy(entries, ({ statement }) => statement.index);
  // From the last one on, so that positions stay.
  const indexes = [...byStatement.keys()].sort((a, b) => b - a);
  return indexes.reduce<JsonObject | undefined>(
    (edited, index) => {
      const group = byStatement.get(index) as readonly Entry[];
      const unwanted = new Set(group.flatMap(({ values }) => values));
      const { issuer } = (group[0] as Entry).provider;
      return (
        edited &&
        replaceStatement(edited, index, (statement) => withoutSubjects(statement, issuer, unwanted) ?? [])
      );
    },
    isOnlyDemand(trust, entries) ? document : undefined,
  );
}

/** Of several conditions on sub, which one is to blame would be a guess. */
const isOnlyDemand = (trust: Trust, entries: readonly Entry[]): boolean =>
  entries.every(({ statement, provider, values }) => {
    const demands = statement.statement.conditions.filter(
      ({ key, operator }) => claimOf(provider.issuer, key) === 'sub' && comparisonOf(operator) !== undefined,
    );
    return values.length === demands.length && demands.length <= 1 && trust.unresolved.length === 0;
  });

function withoutSubjects(
  statement: JsonObject,
  issuer: Issuer,
  unwanted: ReadonlySet<string>,
): readonly JsonObject[] | undefined {
  let emptied = unwanted.size === 0;
  const edited = editConditions(statement, (operator, key, value) => {
    if (claimOf(issuer, key) !== 'sub' || comparisonOf(operator) === undefined)
      return [[operator, key, value]];
    const rest = without(value, unwanted);
    emptied ||= rest === undefined;
    return [[operator, key, rest]];
  });
  return emptied || edited === undefined ? undefined : [edited];
}
