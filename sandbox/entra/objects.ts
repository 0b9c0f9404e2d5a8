/** The directory objects that the sandbox's tenant holds. Times are milliseconds since the epoch. */

export interface AppRole {
  readonly id: string;
  readonly value: string | null;
  readonly displayName: string;
  readonly description: string;
  readonly allowedMemberTypes: readonly string[];
  readonly isEnabled: boolean;
}

export interface RequiredAccess {
  readonly resourceAppId: string;
  readonly resourceAccess: readonly { readonly id: string; readonly type: 'Role' | 'Scope' }[];
}

export interface Password {
  readonly keyId: string;
  readonly displayName: string | null;
  readonly hint: string;
  /** SHA-256 of the secret; the secret itself is told once and not kept. */
  readonly digest: Buffer;
  readonly startsAt: number;
  readonly endsAt: number;
}

export interface FederatedCredential {
  readonly id: string;
  readonly name: string;
  issuer: string;
  subject: string;
  audience: string;
  description: string | null;
  readonly visibleAt: number;
}

interface DirectoryObject {
  readonly id: string;
  readonly appId: string;
  readonly createdAt: number;
  /** Client id of the application that made it; null: made in a portal, or by the platform. */
  readonly createdByAppId: string | null;
  displayName: string;
  notes: string | null;
  tags: string[];
  readonly owners: Set<string>;
  /** Replicated everywhere from then on. */
  readonly visibleAt: number;
  deletedAt: number | null;
}

export interface Application extends DirectoryObject {
  uniqueName: string | null;
  description: string | null;
  signInAudience: string;
  identifierUris: string[];
  /** `api.requestedAccessTokenVersion`; null means 1. */
  tokenVersion: 1 | 2 | null;
  appRoles: AppRole[];
  /** Permissions on other resources that it declares; to declare grants nothing. */
  required: RequiredAccess[];
  passwords: Password[];
  federated: FederatedCredential[];
}

export interface ServicePrincipal extends DirectoryObject {
  readonly type: 'Application' | 'ManagedIdentity';
  accountEnabled: boolean;
  appRoleAssignmentRequired: boolean;
  /** A resource of the platform, which has no application object in this tenant (Graph). */
  readonly platform?: { readonly identifierUris: string[]; readonly appRoles: readonly AppRole[] };
}

export interface RoleAssignment {
  readonly id: string;
  readonly principalId: string;
  readonly resourceId: string;
  readonly appRoleId: string;
  readonly createdAt: number;
}

/** `uniqueName` exists on applications alone. */
export type ObjectKey = { readonly by: 'id' | 'appId' | 'uniqueName'; readonly value: string };
