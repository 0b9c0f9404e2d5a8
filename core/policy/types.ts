/** Shapes of the IAM policy evaluator. */

/** What a policy is attached to; it decides which elements a statement must and must not have. */
export type PolicyKind = 'identity' | 'session' | 'boundary' | 'trust' | 'resource';

/** Who asks, as IAM sees them. */
export type Principal =
  | {
      readonly type: 'aws';
      readonly accountId: string;
      /** ARN of the user, or of the assumed-role session. */
      readonly arn: string;
      /** For a session: ARN of its role, with path. Policies name either; `aws:PrincipalArn` is this one. */
      readonly roleArn?: string;
    }
  | { readonly type: 'service'; readonly service: string }
  | { readonly type: 'federated'; readonly provider: string }
  | { readonly type: 'anonymous' };

/** Condition keys in any case; a key with several values is multivalued; an absent key is not in the request. */
export type RequestContext = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface AccessRequest {
  readonly principal: Principal;
  /** `service:Operation`. */
  readonly action: string;
  /** ARN, or `*` for an action without a resource. */
  readonly resource: string;
  readonly context: RequestContext;
}

export interface Condition {
  /** As written, set prefix and `IfExists` included. */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface PrincipalElement {
  readonly any: boolean;
  readonly aws: readonly string[];
  readonly service: readonly string[];
  readonly federated: readonly string[];
}

export interface Statement {
  readonly index: number;
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly principal?: PrincipalElement;
  readonly notPrincipal?: PrincipalElement;
  readonly action?: readonly string[];
  readonly notAction?: readonly string[];
  readonly resource?: readonly string[];
  readonly notResource?: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface Policy {
  /** How explanations call it: `trust policy of role/x`, `oidc-factory-trust/inline`. */
  readonly name: string;
  readonly version: '2012-10-17' | '2008-10-17';
  readonly statements: readonly Statement[];
}

/** What applies to a request. A missing list means that there is no policy of that kind. */
export interface ApplicablePolicies {
  readonly identity: readonly Policy[];
  readonly boundary?: Policy;
  /** Session policies narrow: each must allow as well. */
  readonly session?: readonly Policy[];
  /** Trust policy, bus policy, queue policy, … of the resource. */
  readonly resource?: Policy;
}

/** In which role a policy took part in a decision; a trust policy is its role's resource policy. */
export type PolicyRole = 'identity' | 'boundary' | 'session' | 'resource';

/** Why one statement did or did not match. */
export interface StatementTrace {
  readonly policy: string;
  readonly kind: PolicyRole;
  readonly statement: number;
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly matched: boolean;
  /** Where matched: the entries of `Action`, as written, that cover the action; none for `NotAction`. */
  readonly actions?: readonly string[];
  /** The first part that did not match. */
  readonly failed?: 'principal' | 'action' | 'resource' | ConditionTrace;
}

export interface ConditionTrace extends Condition {
  /** Values in the request; undefined where the key is absent. */
  readonly actual: readonly string[] | undefined;
}

export interface Decision {
  readonly allowed: boolean;
  readonly because: 'allowed' | 'explicit-deny' | 'no-allow';
  /** The statements that decided: every denying one; or every allowing one of the policies that had to allow. */
  readonly by: readonly StatementTrace[];
  /** Where nothing allows: the kinds of policy whose permission was needed and is missing. */
  readonly missing: readonly PolicyRole[];
  /** Every statement looked at, in order. */
  readonly trace: readonly StatementTrace[];
}
