/** A finding before it is told whether it can be mended, and whether it was accepted. */
import type { Claims } from '../ci/issuer.ts';
import type { JsonObject } from '../trust-policy/document.ts';
import type { Goal } from './attacks.ts';
import type { Severity } from './finding.ts';
import type { RuleId } from './rules.ts';
import type { Provider, TrustStatement } from './trust.ts';

/** A token that gets in: its claims as condition keys hold them, and who asks. */
export interface Proof {
  readonly provider: Provider;
  readonly statement: TrustStatement;
  readonly claims: Claims;
  readonly goal: Goal;
  readonly who: string;
}

/** The document mended, or undefined where that cannot be known. It is offered only if it proves right. */
export type Correction = (document: JsonObject) => JsonObject | undefined;

export interface Draft {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly message: string;
  readonly provider?: Provider;
  readonly statements: readonly number[];
  readonly proof?: Proof;
  readonly correct?: Correction;
  /** Values on `sub` that the correction takes away, and with them whom they let in. */
  readonly unwanted?: ReadonlySet<string>;
}
