import { Token } from 'aws-cdk-lib';
import type { IssuerId } from '../../core/ci/issuer.ts';
import { FactoryError } from '../../core/errors.ts';
import { checkLiterals } from './literals.ts';

/** At least one. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** Why something is let in that is wider than one subject. */
export interface Acceptance {
  readonly reason: string;
  /** Last day on which that holds, `YYYY-MM-DD`. @default for good */
  readonly until?: string;
}

interface SubjectParts {
  readonly issuer: IssuerId;
  readonly values: NonEmpty<string>;
  readonly claims?: Readonly<Record<string, string>> | undefined;
}

/**
 * Tokens that may enter a role: any of the values as `sub`, and each of the claims. Made by the builders of the issuer
 * (`GitHubSubject`, `GitLabSubject`, …).
 */
export class Subject {
  /** Whose tokens; undefined for a pattern, which fits wherever it is used. */
  readonly issuer: IssuerId | undefined;
  /** As a trust policy compares them: `*` and `?` are wildcards. */
  readonly values: NonEmpty<string>;
  readonly claims: Readonly<Record<string, string>>;
  /** Of a pattern; undefined for what a builder made. */
  readonly acceptance: Acceptance | undefined;

  private constructor(subject: Pick<Subject, 'issuer' | 'values' | 'claims' | 'acceptance'>) {
    this.issuer = subject.issuer;
    this.values = subject.values;
    this.claims = subject.claims;
    this.acceptance = subject.acceptance;
  }

  /** For builders. */
  static of({ issuer, values, claims = {} }: SubjectParts): Subject {
    return new Subject({ issuer, values, claims, acceptance: undefined });
  }

  /**
   * A pattern of one's own: the only way to a wildcard. `*` and `?` match `:` and `/` as well, so a pattern usually lets
   * in more than it seems to. One that lets in strangers fails the synthesis all the same.
   * @param acceptance why no builder serves; the role carries it in a tag, for the linter.
   * @throws FactoryError InvalidInput without a reason, for another date than `YYYY-MM-DD`, for policy variables and for
   * CDK tokens.
   */
  static unsafePattern(pattern: string, acceptance: Acceptance): Subject {
    const refuse = (problem: string): never => {
      throw new FactoryError('InvalidInput', `Subject.unsafePattern: ${problem}`);
    };
    const { reason, until } = acceptance;
    if (Token.isUnresolved(pattern))
      refuse('pattern: a CDK token, whose value is not known before deployment');
    if (pattern === '' || /[$#]\{/.test(pattern)) refuse('pattern: expected text without policy variables');
    if (reason.trim() === '') refuse('reason: expected why no builder serves');
    if (until !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(until))
      refuse('until: expected a day, YYYY-MM-DD');
    return new Subject({ issuer: undefined, values: [pattern], claims: {}, acceptance });
  }

  /**
   * The same, for tokens alone that also have these claims; the provider's issuer decides which claims AWS compares.
   * @throws FactoryError InvalidInput for anything but literals, and for a claim that is fixed already.
   */
  where(claims: Readonly<Record<string, string>>): Subject {
    checkLiterals('Subject.where', claims);
    for (const [claim, value] of Object.entries(claims)) {
      const fixed = this.claims[claim] ?? value;
      if (fixed !== value) {
        throw new FactoryError(
          'InvalidInput',
          `Subject.where: ${claim}: is ${fixed} already, and cannot be ${value} too`,
        );
      }
    }
    return new Subject({ ...this, claims: { ...this.claims, ...claims } });
  }
}
