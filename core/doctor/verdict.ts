/** What a check of `doctor` answers, and the faults that it can name. */
import { ERRORS, type ErrorCode } from '../errors.ts';
import { MISTAKES, type MistakeCode } from '../mistakes.ts';

export type Verdict =
  | { readonly status: 'OK'; readonly detail: string }
  | {
      readonly status: 'FAIL';
      readonly code: FaultCode;
      readonly detail: string;
      readonly remedy: string;
    }
  /** Not everything that decides could be seen. */
  | { readonly status: 'UNKNOWN'; readonly detail: string; readonly remedy: string };

interface Fault {
  /** What is wrong, in one sentence. */
  readonly cause: string;
  readonly remedy: string;
}

/** Faults of the chain itself. What a workload meets is in MISTAKES, what a run of the factory meets in ERRORS. */
export const FAULTS = {
  NotDeployed: {
    cause: 'A part of the factory does not exist where it belongs.',
    remedy:
      'Deploy its stack: OidcFactory in account and region of the config, OidcFactoryMember in every member account, in the region where the partition records IAM events.',
  },
  DeploymentChanged: {
    cause: 'A part of the factory is not as its template makes it.',
    remedy: 'Deploy its stack again, with the config as it is now; undo what was changed by hand.',
  },
  RuleDisabled: {
    cause: 'A rule on the way of the role events is disabled.',
    remedy:
      'Enable it: aws events enable-rule. No event of the meantime comes later: oidc-factory sweep serves the roles of that time, as the next sweep of the clock would.',
  },
  BusRefuses: {
    cause: "The factory's bus does not admit the events of the organization's member accounts.",
    remedy: 'Correct organizationId in the config and deploy OidcFactory again.',
  },
  BusOpen: {
    cause: "The factory's bus admits others than the organization's forwarders.",
    remedy:
      'Deploy OidcFactory again; remove statements from the bus policy that the template does not have.',
  },
  DispatcherStopped: {
    cause: 'The dispatcher does not take role events from their queue.',
    remedy:
      'Enable its event source mapping: aws lambda update-event-source-mapping --enabled. The queue keeps events for four days.',
  },
  EventsWaiting: {
    cause: 'Role events wait in their queue and nobody takes them.',
    remedy:
      "Look at the mapping's last processing result, then at throttles and errors of the dispatcher; give its role back what the template allows it.",
  },
  DeadLetters: {
    cause: 'Role events were given up and wait in a dead-letter queue.',
    remedy:
      'Mend the cause, then run oidc-factory redrive; what a rule gave up is done by oidc-factory replay or, of a member account, by oidc-factory sweep, and its queue is purged.',
  },
  RunsFailed: {
    cause: 'Runs of a workflow failed and were not made good by a later one.',
    remedy: 'Read the error and the step in the execution, mend the cause, then run oidc-factory retry.',
  },
  MemberRoleNotAssumable: {
    cause: 'A member role does not exist, or does not let the functions of the factory in.',
    remedy: 'Deploy OidcFactoryMember again in this account.',
  },
  ProviderFull: {
    cause: "The provider's client id list is full: IAM allows 100 audiences.",
    remedy: 'Delete roles that nobody uses; the factory then takes their audiences off the list.',
  },
  PlaceholderNotListed: {
    cause: "A placeholder is not on the provider's client id list, so that the console does not offer it.",
    remedy: 'Add it: aws iam add-client-id-to-open-id-connect-provider.',
  },
  PlaceholderNotReserved: {
    cause: 'Nothing in Entra keeps a token from carrying the placeholder.',
    remedy:
      'Run oidc-factory bootstrap entra, or give the placeholder as identifier URI to an application of its own, whose service principal exists and is disabled.',
  },
  FactoryApplicationMissing: {
    cause: "The factory's own application is not in the tenant as the config names it.",
    remedy:
      'Correct entra.factoryAppId (the client id) and entra.factoryServicePrincipalId (the object id of its service principal, not of the application) and deploy again; enable the service principal.',
  },
  DirectoryLoginFailed: {
    cause: "The factory's functions cannot log in to Entra as its application.",
    remedy:
      'Run oidc-factory bootstrap entra, or give the application one federated credential for each subject named here, with this issuer and audience, letter case included.',
  },
  DirectoryForbidden: {
    cause: "The factory's application may not manage applications.",
    remedy:
      'Run oidc-factory bootstrap entra, or grant it the Graph application permission Application.ReadWrite.OwnedBy, with admin consent.',
  },
  DirectoryQuotaExceeded: {
    cause: 'The factory holds as many directory objects as one creator may, 250, deleted ones included.',
    remedy:
      'Purge deleted applications, set deletion to purge in the config, or let the tenant administrator raise the quota.',
  },
  NotEnrolled: {
    cause: 'The factory does not know the member account.',
    remedy:
      'Deploy OidcFactoryMember there; where it is deployed already, oidc-factory sweep enrols the account.',
  },
  HeartbeatMissing: {
    cause: 'No event of the member account has come for two sweeps.',
    remedy:
      'Mend what the checks of forwarding show, and see that CloudTrail records management events there; then run oidc-factory sweep.',
  },
  ProviderContested: {
    cause: 'Others keep undoing what the factory does to the provider, so that it stands back.',
    remedy: "Let IaC ignore changes of the provider's list, or set provider to external in the config.",
  },
  OutboundFederationDisabled: {
    cause: 'AWS issues no tokens for the factory account, so that its functions cannot log in to Entra.',
    remedy:
      'Enable it there: aws iam enable-outbound-web-identity-federation; the stack does so when it is deployed anew.',
  },
  RoleIgnored: {
    cause: 'The factory leaves the role alone: nothing in it asks to be served.',
    remedy:
      'Create the role anew with the placeholder as its audience and without the tag oidc-factory:ignore; leave it as it is where its own audience is meant.',
  },
  TagsChanged: {
    cause: 'The tags on the role do not say what the ledger knows.',
    remedy:
      'Set the tags to what oidc-factory status says of the role: the factory writes them with its next run only.',
  },
  EntryMissing: {
    cause: 'The ledger knows nothing of a role whose tags name an audience.',
    remedy:
      'Create the role anew with the placeholder as its audience; where another audience is meant, remove the tags that begin with oidc-factory.',
  },
  BeingRemoved: {
    cause: 'The removal of the role is under way.',
    remedy: 'Wait for its end, then create the role anew.',
  },
  ApplicationMissing: {
    cause: "The role's application, or its service principal, does not exist any more.",
    remedy: 'Restore it from the deleted items within 30 days of its deletion, or create the role anew.',
  },
  ApplicationChanged: {
    cause: "The role's application is not as the factory made it.",
    remedy: 'Undo the change in Entra: App registrations, the application, Authentication and Expose an API.',
  },
  TrustChanged: {
    cause: 'The trust policy is not as the factory wrote it.',
    remedy:
      "Set aud to the value of the role's tag oidc-factory:audience and undo what was changed in that statement; where IaC owns the trust policy, let it ignore its changes.",
  },
  SubjectOpen: {
    cause: 'The trust policy does not pin sub: any application of the tenant can enter the role.',
    remedy:
      'Add StringEquals on sub to every statement on the provider: the object id of the principal that may enter.',
  },
  SubjectNotPrincipal: {
    cause: 'The sub condition names an id that is no service principal of the tenant.',
    remedy:
      'Put the object id of the service principal or managed identity there: not the client id, not the object id of the application.',
  },
} as const satisfies Record<string, Fault>;

export type FaultCode = keyof typeof FAULTS | MistakeCode | ErrorCode;

export const ok = (detail: string): Verdict => ({ status: 'OK', detail });

export const fail = (code: FaultCode, detail: string): Verdict => ({
  status: 'FAIL',
  code,
  detail,
  remedy: remedyOf(code),
});

export const unknown = (detail: string, remedy: string): Verdict => ({ status: 'UNKNOWN', detail, remedy });

/** The nearest table first: some codes stand in several, in words for different readers. */
export function remedyOf(code: FaultCode): string {
  if (isKey(FAULTS, code)) return FAULTS[code].remedy;
  if (isKey(MISTAKES, code)) return MISTAKES[code].remedy;
  return ERRORS[code].remedy;
}

const isKey = <T extends object>(table: T, key: PropertyKey): key is keyof T => Object.hasOwn(table, key);
