/** An application as the factory wants it, and how it is recognised as the factory's own. */
import {
  credentialChanges,
  credentialOf,
  type FederatedCredential,
  strangers,
} from './federated-credentials.ts';
import type { AppId, AppObjectId, ServicePrincipalId } from './ids.ts';
import { identifierUriFor, type TokenVersion } from './issuer.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { accountTag, displayName, uniqueName } from './naming.ts';
import type { FactorySettings } from './settings.ts';

export interface DesiredApplication {
  readonly uniqueName: string;
  readonly displayName: string;
  readonly notes: string;
  readonly tags: readonly string[];
  readonly signInAudience: 'AzureADMyOrg';
  readonly tokenVersion: TokenVersion;
  /** Bound when the application is created: under `Application.ReadWrite.OwnedBy` it cannot be repaired later. */
  readonly ownerId: ServicePrincipalId;
}

/** What tells whose an application is; none of it ever changes. */
export interface ApplicationOrigin {
  readonly objectId: AppObjectId;
  readonly appId: AppId;
  readonly uniqueName: string | null;
  readonly createdByAppId: string | null;
}

/** An application as Graph shows it, with its owners and federated credentials. */
export interface ObservedApplication extends ApplicationOrigin {
  readonly signInAudience: string;
  readonly identifierUris: readonly string[];
  readonly tokenVersion: number | null;
  readonly ownerIds: readonly string[];
  /** How many of each. */
  readonly passwords: number;
  readonly keys: number;
  readonly federatedCredentials: readonly FederatedCredential[];
}

export interface ObservedServicePrincipal {
  readonly id: ServicePrincipalId;
  readonly appId: AppId;
  readonly enabled: boolean;
  readonly ownerIds?: readonly string[];
}

export function desiredApplication(
  entry: Pick<LedgerEntry, 'accountId' | 'roleName' | 'roleId' | 'roleArn' | 'generation'>,
  settings: Pick<FactorySettings, 'issuer' | 'factoryServicePrincipalId'>,
): DesiredApplication {
  return {
    uniqueName: uniqueName(entry),
    displayName: displayName(entry),
    notes: `Made by the OIDC factory for ${entry.roleArn ?? `role ${entry.roleName} of account ${entry.accountId}`}`,
    // Entra copies an application's tags to its service principal, where HideApp keeps it off users' portals.
    tags: ['HideApp', 'managed-by:oidc-factory', accountTag(entry.accountId)],
    signInAudience: 'AzureADMyOrg',
    tokenVersion: settings.issuer.tokenVersion,
    ownerId: settings.factoryServicePrincipalId,
  };
}

/** The federated credentials that the tags of the role ask for. */
export const desiredCredentials = (
  { federatedCredentials = [] }: Pick<LedgerEntry, 'federatedCredentials'>,
  { issuer }: Pick<FactorySettings, 'issuer'>,
): FederatedCredential[] => federatedCredentials.map((workload) => credentialOf(workload, issuer));

/**
 * Why an application that holds the wanted name is not provably the factory's own; empty where it is. Any tenant
 * user may register an application under any name, so the name alone proves nothing.
 */
export function adoptionProblems(
  observed: ObservedApplication,
  expected: { uniqueName: string; factoryAppId: AppId; ownerId: ServicePrincipalId },
): string[] {
  return [
    ...originProblems(observed, expected),
    ...audienceProblems(observed),
    ...ownerProblems('application', observed.ownerIds, expected.ownerId),
    ...credentialProblems(observed),
  ];
}

/**
 * Why a role must not be made to trust the application; empty where it may. Until the role first trusted it, nobody
 * but the factory may own it or hold a credential; afterwards those are its users' and administrators' affair.
 */
export function verificationProblems(
  observed: ObservedApplication | undefined,
  servicePrincipal: ObservedServicePrincipal | undefined,
  entry: LedgerEntry,
  settings: Pick<FactorySettings, 'issuer' | 'factoryAppId' | 'factoryServicePrincipalId'>,
): string[] {
  if (observed === undefined) return ['the application does not exist'];
  if (servicePrincipal === undefined) return ['the service principal does not exist'];
  const ownerId = settings.factoryServicePrincipalId;
  const identifierUri = identifierUriFor(observed.appId);
  const problems = [
    ...originProblems(observed, { uniqueName: uniqueName(entry), factoryAppId: settings.factoryAppId }),
    ...audienceProblems(observed),
    ...federationProblems(observed, desiredCredentials(entry, settings)),
    ...unless(observed.objectId === entry.applicationObjectId, 'its object id is not the recorded one'),
    ...unless(observed.appId === entry.appId, 'its client id is not the recorded one'),
    ...unless(
      servicePrincipal.id === entry.servicePrincipalId && servicePrincipal.appId === observed.appId,
      'its service principal is not the recorded one',
    ),
    ...unless(
      observed.tokenVersion === settings.issuer.tokenVersion,
      `it issues tokens of version ${observed.tokenVersion ?? 'unset'}, not ${settings.issuer.tokenVersion}`,
    ),
    ...unless(observed.identifierUris.includes(identifierUri), `identifier URI ${identifierUri} is missing`),
  ];
  if (entry.readyAt !== undefined) return problems;
  return [
    ...problems,
    ...unless(observed.identifierUris.length <= 1, 'it has further identifier URIs'),
    ...ownerProblems('application', observed.ownerIds, ownerId),
    ...(servicePrincipal.ownerIds === undefined
      ? []
      : ownerProblems('service principal', servicePrincipal.ownerIds, ownerId)),
    ...credentialProblems(observed),
  ];
}

/** Whether somebody has credentials on it that the factory did not give. None appears by lag. */
export const hasForeignCredentials = (
  observed: Pick<ObservedApplication, 'passwords' | 'keys' | 'federatedCredentials'>,
): boolean => credentialProblems(observed).length > 0;

/** Whether the factory made this very application. By now its users have rightly added owners and credentials. */
export const isDeletable = (
  observed: ApplicationOrigin,
  expected: { objectId?: AppObjectId; uniqueName: string; factoryAppId: AppId },
): boolean =>
  (expected.objectId === undefined || observed.objectId === expected.objectId) &&
  originProblems(observed, expected).length === 0;

const unless = (holds: boolean, problem: string): string[] => (holds ? [] : [problem]);

const originProblems = (
  observed: ApplicationOrigin,
  expected: { uniqueName: string; factoryAppId: AppId },
): string[] => [
  ...unless(observed.uniqueName === expected.uniqueName, 'it has another unique name'),
  ...unless(
    observed.createdByAppId?.toLowerCase() === expected.factoryAppId.toLowerCase(),
    'it was not created by the factory',
  ),
];

const audienceProblems = (observed: ObservedApplication): string[] =>
  unless(observed.signInAudience === 'AzureADMyOrg', `its sign-in audience is ${observed.signInAudience}`);

const ownerProblems = (of: string, ownerIds: readonly string[], ownerId: ServicePrincipalId): string[] =>
  unless(
    ownerIds.length === 1 && ownerIds[0]?.toLowerCase() === ownerId.toLowerCase(),
    `the factory is not the only owner of the ${of}`,
  );

const credentialProblems = (
  observed: Pick<ObservedApplication, 'passwords' | 'keys' | 'federatedCredentials'>,
): string[] => [
  ...unless(observed.passwords === 0, 'it has a password'),
  ...unless(observed.keys === 0, 'it has a key'),
  ...unless(
    strangers(observed.federatedCredentials).length === 0,
    'it has a federated credential that the factory did not make',
  ),
];

/** Also when its users have it: what the factory made follows the tags of the role. */
function federationProblems(
  observed: ObservedApplication,
  desired: readonly FederatedCredential[],
): string[] {
  const { remove, add } = credentialChanges(observed.federatedCredentials, desired);
  return [
    ...unless(remove.length === 0, 'it has a federated credential that no tag asks for'),
    ...unless(add.length === 0, 'a federated credential that a tag asks for is missing'),
  ];
}
