/** Directory objects as Graph shows them. */
import type { DirectoryState } from './directory-state.ts';
import type {
  Application,
  FederatedCredential,
  Password,
  RoleAssignment,
  ServicePrincipal,
} from './objects.ts';

const stamp = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
const stampOrNull = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : stamp(milliseconds);

export const passwordView = (password: Password): Record<string, unknown> => ({
  customKeyIdentifier: null,
  displayName: password.displayName,
  endDateTime: stamp(password.endsAt),
  hint: password.hint,
  keyId: password.keyId,
  secretText: null,
  startDateTime: stamp(password.startsAt),
});

export const applicationView = (application: Application): Record<string, unknown> => ({
  id: application.id,
  deletedDateTime: stampOrNull(application.deletedAt),
  appId: application.appId,
  appRoles: application.appRoles,
  api: {
    acceptMappedClaims: null,
    knownClientApplications: [],
    oauth2PermissionScopes: [],
    preAuthorizedApplications: [],
    requestedAccessTokenVersion: application.tokenVersion,
  },
  createdByAppId: application.createdByAppId,
  createdDateTime: stamp(application.createdAt),
  description: application.description,
  displayName: application.displayName,
  identifierUris: application.identifierUris,
  keyCredentials: [],
  notes: application.notes,
  passwordCredentials: application.passwords.map(passwordView),
  requiredResourceAccess: application.required,
  signInAudience: application.signInAudience,
  tags: application.tags,
  uniqueName: application.uniqueName,
});

export const servicePrincipalView = (
  principal: ServicePrincipal,
  directory: DirectoryState,
): Record<string, unknown> => ({
  id: principal.id,
  deletedDateTime: stampOrNull(principal.deletedAt),
  accountEnabled: principal.accountEnabled,
  appDisplayName: principal.displayName,
  appId: principal.appId,
  appOwnerOrganizationId: principal.platform ? null : directory.tenantId,
  appRoleAssignmentRequired: principal.appRoleAssignmentRequired,
  appRoles: directory.rolesOf(principal),
  createdByAppId: principal.createdByAppId,
  createdDateTime: stamp(principal.createdAt),
  displayName: principal.displayName,
  keyCredentials: [],
  notes: principal.notes,
  passwordCredentials: [],
  servicePrincipalNames: directory.namesOf(principal),
  servicePrincipalType: principal.type,
  tags: principal.tags,
});

export const federatedView = (credential: FederatedCredential): Record<string, unknown> => ({
  id: credential.id,
  name: credential.name,
  issuer: credential.issuer,
  subject: credential.subject,
  description: credential.description,
  audiences: [credential.audience],
});

export const assignmentView = (
  assignment: RoleAssignment,
  directory: DirectoryState,
): Record<string, unknown> => {
  const nameOf = (id: string) => directory.servicePrincipal({ by: 'id', value: id })?.displayName ?? null;
  return {
    id: assignment.id,
    appRoleId: assignment.appRoleId,
    createdDateTime: stamp(assignment.createdAt),
    principalDisplayName: nameOf(assignment.principalId),
    principalId: assignment.principalId,
    principalType: 'ServicePrincipal',
    resourceDisplayName: nameOf(assignment.resourceId),
    resourceId: assignment.resourceId,
  };
};
