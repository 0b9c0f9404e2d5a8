/**
 * Everything that goes wrong between a workload and its AWS session, in one table: stable code, the side on which
 * it is mended, whether waiting may mend it, what is wrong, what to do. Errors, `doctor` and the documentation
 * read it; what names values (audience, subject, issuer) is built in `exchange-failure.ts`.
 */

/** Where the mistake is mended: where the workload runs, in the Entra tenant, or in the AWS account. */
export type Side = 'workload' | 'entra' | 'aws';

export interface Mistake {
  readonly side: Side;
  /** Whether the same attempt may succeed a little later without anyone acting. */
  readonly retryable: boolean;
  /** What is wrong, in one sentence. */
  readonly cause: string;
  readonly remedy: string;
}

const mistake = (side: Side, cause: string, remedy: string): Mistake => ({
  side,
  retryable: false,
  cause,
  remedy,
});

const passing = (side: Side, cause: string, remedy: string): Mistake => ({
  side,
  retryable: true,
  cause,
  remedy,
});

export const MISTAKES = {
  // The workload's login.
  CredentialIncomplete: mistake(
    'workload',
    'The environment configures a login in part only.',
    'Set AZURE_TENANT_ID and AZURE_CLIENT_ID beside AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE, and map SYSTEM_ACCESSTOKEN in a job of Azure Pipelines; or unset all of them to log in as the managed identity.',
  ),
  NoManagedIdentity: mistake(
    'workload',
    'No managed identity endpoint answers here, and the environment configures no other login.',
    'Assign a managed identity to the machine or service, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE.',
  ),
  ManagedIdentityNotAssigned: mistake(
    'workload',
    'The managed identity endpoint has no such identity, or has several and none was named.',
    'Assign the identity to this machine or service; where several are assigned, set AZURE_CLIENT_ID to the client id of the one to use.',
  ),
  AssertionMissing: mistake(
    'workload',
    "The token of the workload's own platform, with which it logs in to Entra, cannot be had.",
    'Check that AZURE_FEDERATED_TOKEN_FILE names a readable token; in a CI system, that the job may request an id token, and in Azure Pipelines that its service connection uses workload identity federation.',
  ),
  LoginUnavailable: mistake(
    'workload',
    'The login that was asked for, or the credential that the program passes, yields no token.',
    'Log in by hand first (az login, azd auth login), repair the credential, or leave the choice to the environment of the workload.',
  ),
  InsecureEndpoint: mistake(
    'workload',
    'A token would be sent to an endpoint that is not https.',
    'Unset AZURE_AUTHORITY_HOST, AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL, or give them https URLs.',
  ),
  CertificateNotTrusted: mistake(
    'workload',
    'The certificate of an endpoint is not trusted here, as behind a proxy that opens TLS.',
    "Name the proxy's CA certificate in NODE_EXTRA_CA_CERTS before the process starts.",
  ),
  ClockWrong: mistake(
    'workload',
    'The clock of the workload is wrong, so that tokens seem expired or not valid yet.',
    'Synchronize the clock of the machine (NTP).',
  ),
  StaleAccessKey: mistake(
    'workload',
    'AWS_ACCESS_KEY_ID in the environment overrides the profile, so that the role is not used.',
    'Unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.',
  ),
  AudienceWithoutPrefix: mistake(
    'workload',
    'The token was asked for under the bare client id, but provider and role expect api:// before it.',
    "Use the value of the role's tag oidc-factory:audience as the audience: api://<client id>.",
  ),

  // Entra refuses a token.
  TenantUnknown: mistake(
    'entra',
    'The tenant does not exist, or belongs to another cloud than the authority.',
    'Set AZURE_TENANT_ID to the tenant of the provider; outside the public cloud also AZURE_AUTHORITY_HOST.',
  ),
  ClientUnknown: mistake(
    'entra',
    'The tenant has no application, or no service principal, with the client id that logs in.',
    "Set AZURE_CLIENT_ID to the value of the role's tag oidc-factory:client-id and AZURE_TENANT_ID to its tenant.",
  ),
  ClientDisabled: mistake(
    'entra',
    'The service principal that logs in is disabled.',
    'Enable it: Entra, Enterprise applications, Properties.',
  ),
  SecretWrong: mistake(
    'entra',
    'The client secret is wrong.',
    'Use the value of the secret, not its id, of the application that logs in; create a new one where it is lost.',
  ),
  SecretExpired: mistake(
    'entra',
    'The client secret has expired.',
    'Create a new client secret for the application, or log in without one: managed identity or federated credential.',
  ),
  FederationMismatch: mistake(
    'entra',
    "No federated credential of the application matches the platform's token.",
    "Give the application a federated credential with exactly the issuer, subject and audience of the platform's token, letter case included; a new one takes minutes to be known everywhere.",
  ),
  AssertionRejected: mistake(
    'entra',
    "The platform's token is not accepted as a login: expired, badly signed, or not signed with RS256.",
    'Let the platform issue a fresh token, signed with RS256, whose issuer publishes its keys.',
  ),
  BlockedByPolicy: mistake(
    'entra',
    'A Conditional Access policy blocks the service principal.',
    'Have the tenant administrator exempt the service principal, or log in from where the policy allows it.',
  ),
  AudienceUnknown: mistake(
    'entra',
    'The tenant has no application with this audience, or the application has no service principal.',
    "Use the value of the role's tag oidc-factory:audience; where the role has become ready just now, try again in a few minutes.",
  ),
  AudienceDisabled: mistake(
    'entra',
    'The service principal of the audience is disabled, as is that of the placeholder.',
    "Use the value of the role's tag oidc-factory:audience, never the placeholder; enable the service principal where it is the role's own.",
  ),
  CallerNotAssigned: mistake(
    'entra',
    'The application of the audience requires an assignment, and the caller has none.',
    'Assign an app role of that application to the caller, or turn off "Assignment required" of its service principal.',
  ),
  TokenFromCache: mistake(
    'entra',
    'The managed identity endpoint hands out a token from before a change: it keeps tokens for up to a day.',
    'Wait until the token has expired, or log in with a federated credential meanwhile: restarting the machine does not help.',
  ),
  EntraRefuses: mistake(
    'entra',
    'Entra refuses a token for another reason.',
    'Look the AADSTS code up at https://login.microsoftonline.com/error.',
  ),
  EntraUnavailable: passing(
    'entra',
    'Entra does not answer, fails or throttles.',
    'Try again later; where it lasts, check network, proxy and DNS towards the authority.',
  ),

  // STS refuses the token.
  ProviderNotFound: mistake(
    'aws',
    'The account of the role has no OIDC provider with exactly the issuer of the token.',
    "Compare the token's issuer with the URLs of the account's OIDC providers, and the account with the role's.",
  ),
  ProviderMissing: mistake(
    'aws',
    'The account has no OIDC provider for the tenant.',
    "Create the provider with the issuer of the tokens as its URL, or correct the account in the role's ARN.",
  ),
  ProviderWithoutSlash: mistake(
    'aws',
    "The provider's URL lacks the slash at the end that the issuer of the token has.",
    'Create the provider again as https://sts.windows.net/<tenant>/, slash included, and move the roles to it.',
  ),
  TokenVersionMismatch: mistake(
    'aws',
    'The token is of the other version (v1.0, v2.0) than the provider, so that the issuers differ.',
    'Set api.requestedAccessTokenVersion of the application to 1 for a provider of sts.windows.net, to 2 for one that ends in /v2.0.',
  ),
  AudienceNotOnProvider: mistake(
    'aws',
    "The audience of the token is not on the provider's client id list.",
    'Add it: aws iam add-client-id-to-open-id-connect-provider; the factory does it when it serves the role.',
  ),
  CallerIsAudience: mistake(
    'aws',
    'AWS compares azp, the client id of the caller, instead of the audience: the token is of version v2.0.',
    'Set api.requestedAccessTokenVersion of the application to 1 and use a provider of https://sts.windows.net/<tenant>/; or log in as the application itself.',
  ),
  NotTrusted: mistake(
    'aws',
    'There is no such role, or its trust policy does not let the token in: AWS does not say which.',
    'Compare the token with the trust policy of the role: oidc-factory doctor --role-arn <role>.',
  ),
  RoleMissing: mistake(
    'aws',
    'There is no role with this ARN.',
    'Copy the ARN from the role, with its account and path.',
  ),
  RoleNotReady: mistake(
    'aws',
    'The trust policy still holds the placeholder: the factory has not served the role.',
    'Wait for the tag oidc-factory:status=ready (oidc-factory status --role-arn <role> --wait); its tag oidc-factory:detail says what is in the way.',
  ),
  AudienceNotTrusted: mistake(
    'aws',
    'The trust policy asks for another audience than the token carries.',
    "Ask for the audience in the trust policy: the role's tag oidc-factory:audience.",
  ),
  SubjectNotTrusted: mistake(
    'aws',
    'The trust policy names other subjects than the one in the token.',
    'Log in as the application of the role (tag oidc-factory:client-id), or put the object id of the caller, the sub of its token, into the sub condition.',
  ),
  DeniedExplicitly: mistake(
    'aws',
    'A Deny stands against the token: in the trust policy, or in a policy of the organization.',
    'Change the Deny, or let the token meet its conditions; policies of the organization are in the hands of its administrators.',
  ),
  SessionTooLong: mistake(
    'aws',
    'The session asked for is longer than the role allows.',
    "Ask for a shorter session, or raise the role's maximum session duration (1 to 12 hours).",
  ),
  TokenExpired: mistake(
    'aws',
    'The token has expired, and a new one that was asked for as well.',
    'Check the clock of the workload; a managed identity endpoint may hand out an old token.',
  ),
  StsRefuses: mistake(
    'aws',
    'STS refuses the token for another reason.',
    "Look the code up in AWS's reference of AssumeRoleWithWebIdentity.",
  ),
  ProviderKeysUnavailable: passing(
    'aws',
    "STS cannot fetch the keys of the token's issuer.",
    'Try again: the trouble passes by itself in most cases.',
  ),
  StsUnavailable: passing(
    'aws',
    'STS does not answer, fails or throttles.',
    'Try again later; where it lasts, check network, proxy, region and endpoint.',
  ),
} as const satisfies Record<string, Mistake>;

export type MistakeCode = keyof typeof MISTAKES;
