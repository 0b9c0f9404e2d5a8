/** What the linter says. */
import type { Claims } from '../ci/issuer.ts';
import type { JsonObject } from '../trust-policy/document.ts';
import type { RuleId } from './rules.ts';

/** Worst first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const isAtLeast = (severity: Severity, threshold: Severity): boolean =>
  SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(threshold);

export const worst = (severities: readonly Severity[]): Severity | undefined =>
  SEVERITIES.find((severity) => severities.includes(severity));

/** A token that gets in and should not. */
export interface Witness {
  /** Who could get it, as a noun phrase. */
  readonly who: string;
  /** Its issuer, as the token says it. */
  readonly iss: string;
  /** Its claims, as far as the policy looks at them. */
  readonly claims: Claims;
}

/** Why a finding does not count for now. */
export interface Acceptance {
  readonly reason: string;
  /** Last day on which it holds, `YYYY-MM-DD`. */
  readonly until: string;
}

export interface Finding {
  readonly rule: RuleId;
  readonly severity: Severity;
  /** What is wrong here, in one sentence. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The issuer's name and its provider's path; absent where the finding is about the role as a whole. */
  readonly issuer?: string;
  readonly provider?: string;
  /** Positions in the trust policy, from 0; none where the finding is not about statements. */
  readonly statements: readonly number[];
  /** The token that shows it, for rules that are about who gets in. */
  readonly witness?: Witness;
  /** The trust policy with this mended, where one can be given: the witness stays out, who was meant gets in. */
  readonly corrected?: JsonObject;
  readonly accepted?: Acceptance;
  /** An acceptance that does not hold any more, or never did. */
  readonly note?: string;
}
