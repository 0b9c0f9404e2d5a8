/**
 * The linter: what is wrong with whom a role lets in, shown by tokens that get in and should not. Pure: the policy
 * evaluator is its only judge, and what is not known is not judged.
 */

import { isFactoryError } from '../errors.ts';
import { isObject, type JsonObject, readTrustPolicy, strings } from '../trust-policy/document.ts';
import { allowsWebIdentity } from '../trust-policy/statements.ts';
import { decide, surroundingsFor } from './admission.ts';
import { demandsOn } from './attacks.ts';
import { audienceDrafts, vacuousDrafts } from './conditions.ts';
import { deadDrafts } from './dead.ts';
import type { Draft, Proof } from './draft.ts';
import { type Finding, SEVERITIES } from './finding.ts';
import { formatDrafts, retiringDrafts } from './formats.ts';
import { askedOf, enter, findEntries, openings, witnessOf } from './open.ts';
import { openDrafts } from './open-drafts.ts';
import { permissionDrafts, permissionsOf } from './permissions.ts';
import { actionsDrafts, anybodyDrafts, severalIssuersDrafts } from './principals.ts';
import type { LintSettings, RoleFacts } from './role-facts.ts';
import { RULES } from './rules.ts';
import { foreignIssuerDrafts, manyProjectsDrafts, mixedDrafts, planAndApplyDrafts } from './sharing.ts';
import { suppressionsIn, verdictFor } from './suppressions.ts';
import { readTrust, type Trust } from './trust.ts';

export interface LintSubject {
  /** How findings call it: the role's ARN, or where it stands. */
  readonly name: string;
  /** JSON text, or its value. */
  readonly trustPolicy: string | object;
  readonly facts?: RoleFacts;
}

export interface LintResult {
  readonly name: string;
  /** Worst first. */
  readonly findings: readonly Finding[];
  /** Parts of the policy that were taken as one exact name each. */
  readonly unresolved: readonly string[];
  /** Why the policy could not be judged: nothing is known of it then. */
  readonly unjudged?: string;
}

/** Judges one role. Never throws for what the policies hold. */
export function lint(subject: LintSubject, settings: LintSettings): LintResult {
  const { name, trustPolicy, facts = {} } = subject;
  try {
    if (!concernsTokens(trustPolicy)) return { name, findings: [], unresolved: [] };
    const trust = readTrust(trustPolicy);
    const drafts = draftsFor(trust, facts, settings);
    const findings = drafts
      .map((draft) => finish(draft, trust, facts, settings, drafts))
      .map((finding) => ({ ...finding, ...acceptance(finding, subject, settings) }))
      .toSorted(byWeight);
    return { name, findings, unresolved: trust.unresolved };
  } catch (error) {
    if (!isFactoryError(error)) throw error;
    return { name, findings: [], unresolved: [], unjudged: error.message };
  }
}

/**
 * Whether anybody but AWS's own principals may get in: other roles are not the linter's business.
 * @throws FactoryError TrustPolicyUnreadable.
 */
export function concernsTokens(source: string | object): boolean {
  const { statements } = readTrustPolicy(typeof source === 'string' ? source : JSON.stringify(source));
  return statements.some((statement) => {
    const { Principal, NotPrincipal, Effect } = statement;
    if (Effect !== 'Allow') return false;
    const everybody = Principal === '*' || (isObject(Principal) && strings(Principal.AWS)?.includes('*'));
    const federated =
      isObject(Principal) && Principal.Federated !== undefined && allowsWebIdentity(statement);
    return everybody === true || federated || NotPrincipal !== undefined;
  });
}

function draftsFor(trust: Trust, facts: RoleFacts, settings: LintSettings): readonly Draft[] {
  const permissions = permissionsOf(facts);
  const entries = findEntries(trust);
  const privileged = permissions.administrator || permissions.escalations.length > 0;
  const open = openDrafts(trust, entries, privileged);
  const strangers = new Set(
    entries
      .filter(({ rule, provider }) => rule === 'WI01' && provider.issuer.shared)
      .map(({ provider }) => provider),
  );
  const trustDrafts = [
    ...open,
    ...vacuousDrafts(trust),
    ...audienceDrafts(trust, settings.clientIds, (provider) => strangers.has(provider)),
    ...deadDrafts(trust),
    ...anybodyDrafts(trust),
    ...actionsDrafts(trust),
    ...formatDrafts(trust),
    ...retiringDrafts(trust),
  ];
  const sharing = [
    ...severalIssuersDrafts(trust, trustDrafts),
    ...manyProjectsDrafts(trust),
    ...planAndApplyDrafts(trust),
    ...mixedDrafts(trust),
    ...foreignIssuerDrafts(trust, settings.issuers),
  ];
  const isTrusting = openings(trust).length > 0;
  return [
    ...trustDrafts,
    ...sharing,
    ...(isTrusting ? permissionDrafts(facts, permissions, trustDrafts) : []),
  ];
}

function finish(
  draft: Draft,
  trust: Trust,
  facts: RoleFacts,
  settings: LintSettings,
  all: readonly Draft[],
): Finding {
  const { rule, severity, message, statements, provider, proof } = draft;
  const corrected = mended(draft, trust, facts, settings, all);
  return {
    rule,
    severity,
    message,
    remedy: RULES[rule].remedy,
    ...(provider && { issuer: provider.issuer.name, provider: provider.issuer.path }),
    statements,
    ...(proof && { witness: witnessOf(trust, proof.provider.issuer, proof.claims, proof.who) }),
    ...(corrected && { corrected }),
  };
}

/** A correction counts only if it keeps the witness out, lets in whom the rest is meant for, and breaks no new rule. */
function mended(
  { rule, correct, proof, unwanted }: Draft,
  trust: Trust,
  facts: RoleFacts,
  settings: LintSettings,
  all: readonly Draft[],
): JsonObject | undefined {
  if (correct === undefined || trust.unresolved.length > 0) return undefined;
  const document = correct(trust.document);
  if (document === undefined) return undefined;
  const edited = readTrust(document, trust.budget);
  if (proof && enters(edited, proof)) return undefined;
  const wanted = meantProofs(trust, unwanted);
  if (meantProofs(edited).length === 0 || !wanted.every((meant) => enters(edited, meant))) return undefined;
  const before = new Set(all.map((draft) => draft.rule));
  const after = draftsFor(edited, facts, settings);
  const breaksNew = (draft: Draft) => draft.severity !== 'info' && !before.has(draft.rule);
  return after.some((draft) => draft.rule === rule || breaksNew(draft)) ? undefined : document;
}

function enters({ policy }: Trust, { provider, statement, claims, goal }: Proof): boolean {
  const asked = { statement: statement.statement, version: policy.version, issuer: provider.issuer };
  return decide(policy, provider, claims, surroundingsFor(asked, goal)).allowed;
}

/** Tokens that the policy is meant for: one for each demand that it makes on `sub`, but for the unwanted values. */
const meantProofs = (trust: Trust, unwanted?: ReadonlySet<string>): readonly Proof[] =>
  openings(trust).flatMap(([statement, provider]) =>
    demandsOn(askedOf(trust, statement, provider), 'sub')
      .filter(
        ({ values }) =>
          unwanted === undefined || !(values.length === 0 || values.some((value) => unwanted.has(value))),
      )
      .flatMap((demand) => {
        const entry = enter(trust, statement, provider, demand, 'meant');
        return entry === undefined ? [] : [{ ...entry, claims: entry.attack.claims, who: 'who is meant' }];
      }),
  );

function acceptance(
  { rule }: Finding,
  { name, facts }: LintSubject,
  { suppressions = [], today }: LintSettings,
) {
  const own = suppressionsIn(facts?.tags ?? {});
  const verdict = verdictFor([...suppressions, ...own.accepted], { rule, name }, today);
  const [invalid] = own.invalid;
  return verdict.accepted === undefined && verdict.note === undefined && invalid
    ? { note: invalid }
    : verdict;
}

const byWeight = (a: Finding, b: Finding): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || a.rule.localeCompare(b.rule);
