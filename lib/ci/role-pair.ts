import type { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { field } from '../../core/ci/grammar.ts';
import { solve } from '../../core/ci/solve.ts';
import { FactoryError } from '../../core/errors.ts';
import { wildcards } from '../../core/policy/match.ts';
import type { CiProvider } from './provider.ts';
import { CiRole } from './role.ts';
import type { NonEmpty, Subject } from './subject.ts';

export interface CiRolePairProps {
  readonly provider: CiProvider;
  /** Who may plan: code that nobody has approved yet. */
  readonly plan: NonEmpty<Subject>;
  /** Who may apply. */
  readonly apply: NonEmpty<Subject>;
  /** The most that apply can ever do. */
  readonly boundary: iam.IManagedPolicy;
  /**
   * The most that plan can ever do.
   * @default AWS's ReadOnlyAccess, under which a plan can neither lock its state (`-lock=false`) nor decrypt with a KMS
   * key of one's own
   */
  readonly planBoundary?: iam.IManagedPolicy;
  /** Of both. @default the provider's first audience */
  readonly audience?: string;
  /** Of both. @default one hour */
  readonly maxSession?: Duration;
}

/**
 * Two roles for one pipeline: `plan` reads, `apply` writes, and no token enters both, so that what a plan runs can never
 * apply.
 * @throws FactoryError InvalidInput where a token could enter both, naming it; and as {@link CiRole}.
 */
export class CiRolePair extends Construct {
  readonly plan: CiRole;
  readonly apply: CiRole;

  constructor(scope: Construct, id: string, props: CiRolePairProps) {
    super(scope, id);
    const { plan, apply, boundary, planBoundary, ...common } = props;
    for (const planning of plan) for (const applying of apply) checkApart(planning, applying);
    this.plan = new CiRole(this, 'Plan', {
      ...common,
      subjects: plan,
      boundary: planBoundary ?? iam.ManagedPolicy.fromAwsManagedPolicyName('ReadOnlyAccess'),
    });
    this.plan.accept('WI03', {
      reason: 'a plan runs code that nobody has approved, and its boundary only reads',
    });
    this.apply = new CiRole(this, 'Apply', { ...common, subjects: apply, boundary });
  }
}

const ANYTHING = [field('sub', 'tenant', { excludes: '' })];

/** No token has two values of one claim, nor a subject that two patterns without a common text match. */
function checkApart(plan: Subject, apply: Subject): void {
  const differs = Object.entries(plan.claims).some(
    ([claim, value]) => (apply.claims[claim] ?? value) !== value,
  );
  if (differs) return;
  for (const one of plan.values)
    for (const other of apply.values) {
      const patterns = [one, other].map((value) => ({ glyphs: wildcards(value), ignoreCase: false }));
      const common = solve(ANYTHING, patterns);
      if (common !== undefined) {
        throw new FactoryError(
          'InvalidInput',
          `CiRolePair: a token with the subject ${common.text} could plan and apply: ${one} and ${other} overlap`,
        );
      }
    }
}
