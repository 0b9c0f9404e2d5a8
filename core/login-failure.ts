/** Which mistake stands behind a login to Entra that yields no token. */
import type { MistakeCode } from './mistakes.ts';

/** How a workload logs in. `developer`: as a person who has logged in by hand; `own`: with the caller's credential. */
export type LoginKind =
  | 'client-secret'
  | 'federated'
  | 'azure-pipelines'
  | 'managed-identity'
  | 'developer'
  | 'own';

/** What is known of a failed login. Never the answer's text: it may quote what was sent. */
export interface LoginAnswer {
  readonly kind: LoginKind;
  /** AADSTS codes. */
  readonly codes: readonly number[];
  /** HTTP status of the last answer; undefined where there was none. */
  readonly status?: number | undefined;
  /** Code of the network's failure (`ECONNREFUSED`), where no answer came. */
  readonly network?: string | undefined;
  /** The workload's platform did not hand out the token that proves who it is. */
  readonly withoutAssertion?: boolean;
}

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const BY_AADSTS: readonly (readonly [MistakeCode, readonly number[]])[] = [
  ['TenantUnknown', [90002, 90038, 900382, 50059, 50128]],
  ['ClientUnknown', [700016, 7000229]],
  ['ClientDisabled', [7000112]],
  ['SecretWrong', [7000215]],
  ['SecretExpired', [7000222]],
  // 70025: the application has no federated credential at all.
  ['FederationMismatch', [70021, 70025, 700211, 700212, 700213, 7002137, 7002138]],
  ['AssertionRejected', [50013, 50027, 700024, 700027, 5002738]],
  ['BlockedByPolicy', [53003]],
  ['AudienceUnknown', [500011]],
  ['AudienceDisabled', [500014]],
  ['CallerNotAssigned', [501051, 50105]],
  // 50166: Entra could not read the keys of the assertion's issuer.
  ['EntraUnavailable', [90006, 90012, 90024, 90033, 90055, 90090, 50166]],
];

export function loginMistake(answer: LoginAnswer): MistakeCode {
  const { kind, codes, status, network } = answer;
  const known = BY_AADSTS.find(([, list]) => codes.some((code) => list.includes(code)));
  if (known) return known[0];
  if (answer.withoutAssertion) return 'AssertionMissing';
  if (codes.length > 0) return 'EntraRefuses';
  if (network !== undefined) {
    return kind === 'managed-identity' ? 'NoManagedIdentity' : networkMistake(network, 'EntraUnavailable');
  }
  if (status === undefined) return WITHOUT_ANSWER[kind];
  if (isPassing(status)) return 'EntraUnavailable';
  return kind === 'managed-identity' ? metadataMistake(status) : 'EntraRefuses';
}

/** 404 and 410: the metadata service is being updated. What else is not 400 comes from another cloud's service. */
function metadataMistake(status: number): MistakeCode {
  if (status === 404 || status === 410) return 'EntraUnavailable';
  return status === 400 ? 'ManagedIdentityNotAssigned' : 'NoManagedIdentity';
}

const WITHOUT_ANSWER: Readonly<Record<LoginKind, MistakeCode>> = {
  'client-secret': 'EntraUnavailable',
  federated: 'EntraUnavailable',
  'azure-pipelines': 'EntraUnavailable',
  'managed-identity': 'NoManagedIdentity',
  developer: 'LoginUnavailable',
  own: 'LoginUnavailable',
};

/** What a failure of the network stands for: a certificate that is not trusted, the clock, or `otherwise`. */
export function networkMistake(code: string, otherwise: MistakeCode): MistakeCode {
  if (code === 'CERT_NOT_YET_VALID') return 'ClockWrong';
  return /CERT|VERIFY_LEAF_SIGNATURE|^ERR_TLS/.test(code) ? 'CertificateNotTrusted' : otherwise;
}

/** Whether an HTTP status says that the same request may succeed later. */
export const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;
