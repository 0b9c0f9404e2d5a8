/** Every kind of drift, in one table: what is wrong, how bad it is, and whether a run puts it right. */

/** What a run of it would do to what people have. */
export type Risk = 'none' | 'changes' | 'destructive';
export type Severity = 'info' | 'warning' | 'high';

interface Drift {
  /** For people, in one sentence. */
  readonly text: string;
  readonly severity: Severity;
  /** Of the run that it starts, where it starts one. */
  readonly risk: Risk;
}

const heals = (text: string, severity: Severity = 'warning'): Drift => ({ text, severity, risk: 'changes' });
const removes = (text: string): Drift => ({ text, severity: 'warning', risk: 'destructive' });
const tells = (text: string, severity: Severity = 'warning'): Drift => ({ text, severity, risk: 'none' });

/** In the order in which steps are taken: a provider before the roles that need it, removals last. */
export const DRIFT = {
  // The account as a whole.
  'account-suspended': tells(
    'The account is suspended: nothing of it can be proven, and nothing is removed.',
  ),
  'account-closed': tells(
    'The account is closed: what the factory made for it remains until it is removed by hand.',
  ),
  'account-outside': tells('The account is not in the organization any more: nothing of it can be proven.'),
  'account-unreachable': tells('The account cannot be asked: deploy the member stack to it.', 'high'),
  'ledger-lost': tells(
    'The ledger holds nothing of this account, but Entra holds applications of it.',
    'high',
  ),

  // Its provider.
  'provider-missing': heals('The account has no OIDC provider of the tenant.', 'high'),
  'placeholder-missing': heals('The OIDC provider does not offer the placeholder.'),
  'provider-contested': tells(
    'Others keep changing the OIDC provider back: the factory stands back.',
    'high',
  ),
  'provider-spelling': tells("The OIDC provider is not spelled as the issuer of the tenant's tokens."),
  'directory-nearly-full': tells('The factory has used most of its directory object quota.', 'high'),
  'provider-nearly-full': tells('The OIDC provider holds 90 audiences or more, of 100.'),

  // Roles.
  'missed-creation': heals('A role asks for an application, and its event never arrived.'),
  backfill: heals('A role from before the factory asks for an application.', 'info'),
  adopted: heals('A role that was named gets an application; those who use its audience now are cut off.'),
  'application-without-entry': heals("The ledger has lost a role whose application is the factory's."),
  'creation-stuck': heals('The creation of an application was begun and never ended.'),
  'cause-gone': heals('A run has failed, and what it failed of is gone.'),
  'trust-reverted': heals('The trust policy carries a placeholder again.'),
  'trust-edited': heals('The trust policy does not say any more what the factory wrote.'),
  'audience-vanished': heals('The audience is not on the OIDC provider any more.', 'high'),
  'tags-changed': heals('The tags ask for other workloads than the application lets in.'),
  'application-deleted': heals('The application does not exist any more.', 'high'),
  'principal-deleted': heals('The application has no service principal, or another one, any more.', 'high'),
  'identifier-uri-missing': heals('The application has lost its identifier URI.', 'high'),
  'credentials-changed': heals('The application lets in other workloads than the tags ask for.', 'high'),
  contested: heals(
    'Others keep changing the role or its audience back: it is marked, and the factory stands back.',
  ),

  'still-failed': tells('A run has failed, and nothing shows that its cause is gone.'),
  'trust-taken-over': tells(
    'The role trusts the tenant by an audience that is not its own any more.',
    'high',
  ),
  'consents-again': tells('A role whose application was removed asks for one: create the role again.'),
  'foreign-audience': tells("The role trusts another role's audience: the other's workloads get in.", 'high'),
  'subject-gone': tells('The role names a principal that does not exist in Entra any more.', 'high'),

  // Applications.
  'not-adoptable': tells(
    "An application has the role's name, but is not provably the factory's and untouched.",
    'high',
  ),
  'token-version-changed': tells('The application issues tokens of another version.', 'high'),
  'application-opened': tells('The application signs in users of other directories.', 'high'),
  'unexpected-owner': tells('The application has owners beside the factory, or the factory is none.'),
  'unexpected-credential': tells('The application has credentials that the factory did not make.', 'info'),
  'stricter-setting': tells(
    'An administrator has disabled the service principal or requires assignment.',
    'info',
  ),
  'surplus-application': tells("The incarnation has a further application of the factory's."),

  // Removals.
  'missed-deletion': removes('A role is gone, and its event never arrived.'),
  'removal-stuck': removes('The removal of what belonged to a role was begun and never ended.'),
  'consent-withdrawn': removes(
    'A role does not want its application any more, and nothing in it rests on that.',
  ),
  'orphaned-audience': removes('The audience of a role that is gone is on the OIDC provider again.'),
  'orphaned-application': removes('A role is gone, and its application is still there.'),
  'too-many-removals': tells('More would be removed than one run may remove: nothing is.', 'high'),
} as const satisfies Record<string, Drift>;

export type DriftReason = keyof typeof DRIFT;
export const DRIFT_REASONS = Object.keys(DRIFT) as DriftReason[];
