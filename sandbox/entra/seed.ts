/** What a tenant holds before anybody works in it, and what an administrator prepares for the factory. */

import type { DirectoryState } from './directory-state.ts';
import { GRAPH_APP_ID, GRAPH_ROLES } from './graph-access.ts';
import { addFederatedCredential, newPassword } from './graph-application-parts.ts';
import type { Application, ServicePrincipal } from './objects.ts';

type GraphRole = (typeof GRAPH_ROLES)[number]['value'];

export interface TenantSeed {
  readonly factory: {
    /** @default random */
    readonly appId?: string;
    /** @default random */
    readonly servicePrincipalId?: string;
    /** Who may log in as the factory without a secret: role ARNs, in tokens of AWS's outbound federation. */
    readonly federated?: { issuer: string; audience: string; subjects: readonly string[] };
    /** Whether the factory also gets a client secret, for that way of logging in. @default false */
    readonly withSecret?: boolean;
  };
  readonly reservation: {
    /** Identifier URI that is reserved, so that no token can ever carry it. */
    readonly identifierUri: string;
    /** @default random */
    readonly appId?: string;
    /** @default random */
    readonly servicePrincipalId?: string;
  };
  /** Display names of user-assigned managed identities. */
  readonly managedIdentities?: readonly string[];
}

export interface SeededTenant {
  readonly admin: { clientId: string; clientSecret: string; servicePrincipalId: string };
  readonly factory: {
    appId: string;
    objectId: string;
    servicePrincipalId: string;
    clientSecret: string | undefined;
  };
  readonly reservation: { appId: string; servicePrincipalId: string };
  readonly managedIdentities: readonly { name: string; clientId: string; objectId: string }[];
}

/** Microsoft Graph itself, which every tenant has; `uris` are the names by which clients ask for it. */
export const addGraph = (directory: DirectoryState, uris: readonly string[]): ServicePrincipal =>
  directory.addServicePrincipal({
    appId: GRAPH_APP_ID,
    displayName: 'Microsoft Graph',
    platform: { identifierUris: [...uris], appRoles: GRAPH_ROLES },
  });

/** Seeded objects are old: call it before a replication lag is set. */
export function seedTenant(directory: DirectoryState, seed: TenantSeed): SeededTenant {
  const admin = addApplication(directory, { displayName: 'Tenant administration' });
  grant(directory, admin.principal, ['Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All']);

  const { appId, servicePrincipalId, federated, withSecret = false } = seed.factory;
  // The administrator makes it, and nobody owns it: least of all the factory itself.
  const factory = addApplication(directory, {
    displayName: 'OIDC factory',
    createdByAppId: admin.application.appId,
    ...(appId !== undefined && { appId }),
    ...(servicePrincipalId !== undefined && { servicePrincipalId }),
  });
  grant(directory, factory.principal, ['Application.ReadWrite.OwnedBy']);
  if (federated) {
    const { issuer, audience, subjects } = federated;
    for (const [index, subject] of subjects.entries()) {
      const name = `aws-function-${index + 1}`;
      const credential = { name, issuer, subject, audience, description: null, visibleAt: 0 };
      addFederatedCredential(factory.application, credential);
    }
  }

  const { identifierUri, ...ids } = seed.reservation;
  const reservation = addApplication(directory, {
    ...ids,
    displayName: 'OIDC factory placeholder',
    createdByAppId: admin.application.appId,
    identifierUris: [identifierUri],
  });
  reservation.principal.accountEnabled = false;

  return {
    admin: {
      clientId: admin.application.appId,
      clientSecret: addSecret(admin.application),
      servicePrincipalId: admin.principal.id,
    },
    factory: {
      appId: factory.application.appId,
      objectId: factory.application.id,
      servicePrincipalId: factory.principal.id,
      clientSecret: withSecret ? addSecret(factory.application) : undefined,
    },
    reservation: { appId: reservation.application.appId, servicePrincipalId: reservation.principal.id },
    managedIdentities: (seed.managedIdentities ?? []).map((name) => {
      const { appId: clientId, id: objectId } = addManagedIdentity(directory, name);
      return { name, clientId, objectId };
    }),
  };
}

/** A user-assigned managed identity: a service principal without an application. */
export const addManagedIdentity = (directory: DirectoryState, displayName: string): ServicePrincipal =>
  directory.addServicePrincipal({ appId: crypto.randomUUID(), displayName, type: 'ManagedIdentity' });

interface NewSeed {
  readonly displayName: string;
  readonly appId?: string;
  readonly servicePrincipalId?: string;
  readonly createdByAppId?: string;
  readonly identifierUris?: string[];
}

function addApplication(
  directory: DirectoryState,
  { servicePrincipalId, ...wanted }: NewSeed,
): { application: Application; principal: ServicePrincipal } {
  const application = directory.addApplication(wanted);
  const principal = directory.addServicePrincipal({
    appId: application.appId,
    displayName: application.displayName,
    createdByAppId: application.createdByAppId,
    ...(servicePrincipalId !== undefined && { id: servicePrincipalId }),
  });
  return { application, principal };
}

function addSecret(application: Application): string {
  const { password, secret } = newPassword({ displayName: 'sandbox' });
  application.passwords.push(password);
  return secret;
}

function grant(directory: DirectoryState, principal: ServicePrincipal, roles: readonly GraphRole[]): void {
  const graph = directory.servicePrincipal({ by: 'appId', value: GRAPH_APP_ID });
  if (!graph) throw new Error('the tenant has no Graph');
  for (const { id, value } of GRAPH_ROLES) {
    if (!roles.includes(value)) continue;
    directory.assign({ principalId: principal.id, resourceId: graph.id, appRoleId: id });
  }
}
