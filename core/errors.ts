/**
 * Every way the factory can fail, in one table: stable code, who must act, whether trying again helps, and what
 * to do. Workflows retry and catch by the code (an error's `name`), never by message text.
 */

/** Who must act: the role's developer, the platform team, or nobody unless it lasts. */
export type ErrorClass = 'developer' | 'platform' | 'transient';

interface ErrorKind {
  readonly class: ErrorClass;
  /** Whether running the same step again, later, may succeed without anyone acting. */
  readonly retryable: boolean;
  /** Not before somebody lets the factory go on, or an hour is over: workflows wait for days, with long pauses. */
  readonly held?: true;
  /** What happened and what to do, in IAM's tag alphabet and short enough for a tag value: it goes on the role. */
  readonly remedy: string;
}

const transient = (remedy: string): ErrorKind => ({ class: 'transient', retryable: true, remedy });
const held = (remedy: string): ErrorKind => ({ ...transient(remedy), held: true });
const developer = (remedy: string): ErrorKind => ({ class: 'developer', retryable: false, remedy });
const platform = (remedy: string): ErrorKind => ({ class: 'platform', retryable: false, remedy });

export const ERRORS = {
  // Waiting helps.
  NotSettled: transient('IAM does not show the change yet - retried'),
  NotReplicated: transient('Entra does not show the object yet - retried'),
  LeaseHeld: transient('Another run works on this role - retried'),
  LedgerConflict: transient('The ledger entry changed meanwhile - retried'),
  Throttled: transient('Too many requests - retried'),
  Unavailable: transient('A service did not answer or failed - retried'),
  Paused: held('The factory is paused for this account - it goes on by itself when it is resumed'),
  CapReached: held('The account has used up the cap of this hour - it goes on by itself'),

  // The developer of the role can mend it.
  TrustPolicyTooLong: developer('The rewritten trust policy exceeds the length quota - shorten it'),
  TrustPolicyRejected: developer('IAM rejects the trust policy - check its other statements'),
  TrustPolicyUnreadable: developer('The trust policy has a form the factory does not know - simplify it'),
  SeveralTenantProviders: developer('The trust policy names two providers of the tenant - keep one'),
  SubjectNotPinnable: developer('No operator is free to pin sub - remove a sub condition'),
  RoleNotTaggable: developer('The role could not be tagged - it may have 50 tags'),
  RoleUnmodifiable: developer('IAM does not allow changes to this role'),
  RoleHasNoRoom: developer(
    'The role has as many managed policies as it may - the quarantine needs one place',
  ),
  FederatedCredentialRefused: developer(
    'A tag oidc-factory:federated-credential is malformed or not allowed - correct or remove it',
  ),
  ConsentWithdrawn: developer('The trust policy no longer carries a placeholder or its audience'),
  Contested: developer('Others keep changing the role or its audience back - make them agree then retry'),

  // The platform team must act.
  RoleGone: platform('The role does not exist any more'),
  RoleStillExists: platform('A DeleteRole event arrived but the role still exists'),
  ProviderMissing: platform('The Entra OIDC provider does not exist in this account - create it'),
  ProviderFull: platform('The OIDC provider holds 100 audiences - remove unused roles'),
  RoleCapReached: platform('The account has as many served roles as its cap allows - raise rolesPerAccount'),
  MemberRoleNotAssumable: platform('A member role cannot be assumed - deploy the member stack'),
  MemberAccessDenied: platform('A member role lacks a permission - deploy the member stack and check SCPs'),
  DirectoryLoginFailed: platform('Entra refuses the login of the factory - check tenant and credential'),
  DirectoryForbidden: platform('Graph refuses - grant Application.ReadWrite.OwnedBy with admin consent'),
  DirectoryQuotaExceeded: platform(
    'The directory object quota of the factory is used up - purge or raise it',
  ),
  DirectoryRejected: platform('Graph rejects the request'),
  NameSquatted: platform('An application that is not of the factory holds the name - inspect and remove it'),
  ApplicationTampered: platform('The application was changed before its role trusted it - inspect it'),
  LedgerForbidden: platform('The factory may not use its ledger'),
  OrganizationForbidden: platform(
    'The factory may not read the organization - make its account a delegated administrator',
  ),
  OutboundFederationDisabled: platform('Outbound identity federation is disabled in the factory account'),
  RemovalIncomplete: platform('Audience or application could not be removed - repair the cause and retry'),
  QuarantineMissing: platform('The role or the quarantine policy does not exist - deploy the member stack'),
  FindingRejected: platform('Security Hub rejects a finding of the guard'),
  MalformedEvent: platform('A CloudTrail event lacks what every IAM event has'),
  InvalidSettings: platform('The settings of the function are invalid - deploy again'),
  InvalidInput: platform('A value is not of the expected form'),
  PolicyNotUnderstood: platform('A policy uses something that the evaluator does not know'),
  Unexpected: platform('Unexpected error - see the log of the execution'),

  /** Not a failure: this run has lost the entry to a newer one or to a removal, and must stop. */
  Superseded: { class: 'transient', retryable: false, remedy: 'A newer run or a removal has taken over' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * An expected failure. `name` is the code, so that Lambda reports it as the error type. The message may name
 * fields, ARNs and ids, never a token, a policy or an upstream body; what was upstream goes into `cause`.
 */
export class FactoryError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message?: string, options?: { cause?: unknown }) {
    super(message ?? ERRORS[code].remedy, options);
    this.code = code;
    this.name = code;
  }

  get class(): ErrorClass {
    return ERRORS[this.code].class;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  get remedy(): string {
    return ERRORS[this.code].remedy;
  }
}

export const isFactoryError = (error: unknown, code?: ErrorCode): error is FactoryError =>
  error instanceof FactoryError && (code === undefined || error.code === code);

const codesOf = (matches: (kind: ErrorKind) => boolean): readonly ErrorCode[] =>
  (Object.keys(ERRORS) as ErrorCode[]).filter((code) => matches(ERRORS[code]));

/** Codes that workflows retry within minutes, in the table's order. */
export const RETRYABLE_CODES = codesOf(({ retryable, held }) => retryable && !held);
/** Codes that workflows retry for days. */
export const HELD_CODES = codesOf(({ held }) => held === true);
