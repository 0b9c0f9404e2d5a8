import { Annotations, Duration, Tags } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { FactoryError } from '../../core/errors.ts';
import { lint } from '../../core/lint/lint.ts';
import type { RuleId } from '../../core/lint/rules.ts';
import { ACCEPT_TAG } from '../../core/lint/suppressions.ts';
import { findingsOn, isError, isWarning, textOf, today } from './judgement.ts';
import type { CiProvider } from './provider.ts';
import type { Acceptance, NonEmpty, Subject } from './subject.ts';
import { conditionsFor } from './trust.ts';

export interface CiRoleProps {
  readonly provider: CiProvider;
  /** Who may enter: any of them. */
  readonly subjects: NonEmpty<Subject>;
  /** The most that the role can ever do, whatever is attached to it later. */
  readonly boundary: iam.IManagedPolicy;
  /** Whom the tokens are made out to. @default the provider's first audience */
  readonly audience?: string;
  /** What every token must say besides, by claim. @default nothing */
  readonly claims?: Readonly<Record<string, string>>;
  /** Whether tokens may carry session tags, as Buildkite's do on demand. @default false: STS refuses such tokens */
  readonly sessionTags?: boolean;
  /** How long a session may last, up to 12 hours. @default one hour */
  readonly maxSession?: Duration;
  readonly roleName?: string;
  readonly description?: string;
}

/**
 * A role that tokens of a CI system can assume, and only the named ones. Permissions are granted to it as to any role.
 * The linter judges it at synthesis as it will be deployed: what is critical or high is an error, the rest a warning.
 * @throws FactoryError InvalidInput for no subject at all, one of another issuer, an audience that the provider does not
 * list and claims that AWS does not compare.
 */
export class CiRole extends iam.Role {
  private acceptances = 0;

  constructor(scope: Construct, id: string, props: CiRoleProps) {
    const { provider, subjects, claims = {}, boundary, roleName, description } = props;
    const audience = props.audience ?? provider.audiences[0];
    if (!provider.audiences.includes(audience)) {
      throw new FactoryError('InvalidInput', `CiRole: audience: ${audience} is not on the provider's list`);
    }
    if (subjects.length === 0)
      throw new FactoryError('InvalidInput', 'CiRole: subjects: expected at least one');
    const narrowed = subjects.map((subject) => subject.where(claims));
    super(scope, id, {
      assumedBy: new iam.CompositePrincipal(
        ...conditionsFor(provider.issuer, audience, narrowed).map((conditions) => {
          const principal = new iam.WebIdentityPrincipal(provider.arn, conditions);
          return props.sessionTags ? new iam.SessionTagsPrincipal(principal) : principal;
        }),
      ),
      permissionsBoundary: boundary,
      maxSessionDuration: props.maxSession ?? Duration.hours(1),
      ...(roleName !== undefined && { roleName }),
      ...(description !== undefined && { description }),
    });
    for (const subject of narrowed) this.acceptPattern(provider, audience, subject);
    this.node.addValidation({ validate: () => this.judge(provider) });
  }

  /**
   * Accepts what the linter finds, here and wherever it looks at the deployed role: it is said in a tag.
   * @param acceptance `reason`: for those who read the tag; `until`: last day, `YYYY-MM-DD`, by default for good.
   */
  accept(rule: RuleId, { reason, until = '9999-12-31' }: Acceptance): void {
    this.acceptances += 1;
    const key = this.acceptances === 1 ? ACCEPT_TAG : `${ACCEPT_TAG}:${this.acceptances}`;
    // IAM's alphabet for tags, and its limit.
    const words = reason.split(/[^\p{L}\p{N}_.:/=+\-@]+/u).filter((word) => word !== '');
    Tags.of(this).add(key, [rule, until, ...words].join(' ').slice(0, 256));
  }

  /** A pattern's reason holds for what it opens, but never for strangers. */
  private acceptPattern(provider: CiProvider, audience: string, subject: Subject): void {
    const { acceptance } = subject;
    if (acceptance === undefined) return;
    const Statement = conditionsFor(provider.issuer, audience, [subject]).map((Condition) => ({
      Effect: 'Allow',
      Action: 'sts:AssumeRoleWithWebIdentity',
      Principal: { Federated: `arn:aws:iam::000000000000:oidc-provider/${provider.issuer.path}` },
      Condition,
    }));
    const { findings } = lint(
      { name: this.node.path, trustPolicy: { Version: '2012-10-17', Statement } },
      { today: today() },
    );
    for (const { rule, severity } of findings) if (severity !== 'critical') this.accept(rule, acceptance);
  }

  /** Errors; what else there is to do becomes warnings. */
  private judge({ issuer }: CiProvider): string[] {
    const findings = findingsOn(this.node.defaultChild as iam.CfnRole);
    for (const finding of findings.filter(isWarning)) {
      Annotations.of(this).addWarningV2(`oidc-factory:${finding.rule}`, textOf(finding, issuer.id));
    }
    return findings.filter(isError).map((finding) => textOf(finding, issuer.id));
  }
}
