/** Who calls Graph, and what its application permissions let it do. */
import type { DirectoryState } from './directory-state.ts';
import { forbidden, invalidToken } from './graph-fault.ts';
import type { Application, AppRole, ServicePrincipal } from './objects.ts';
import type { TokenIssuer } from './tokens.ts';

export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';

const role = (value: string, id: string): AppRole => ({
  id,
  value,
  displayName: value,
  description: value,
  allowedMemberTypes: ['Application'],
  isEnabled: true,
});

/** Graph's application permissions that the sandbox knows, with Microsoft's own ids. */
export const GRAPH_ROLES = [
  role('Application.Read.All', '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30'),
  role('Application.ReadWrite.All', '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9'),
  role('Application.ReadWrite.OwnedBy', '18a4783c-866b-4cc7-a460-3d5e5662c884'),
  role('AppRoleAssignment.ReadWrite.All', '06b708a9-e830-4db3-a914-8e69da51d44f'),
] as const;

export interface GraphCaller {
  readonly appId: string;
  readonly servicePrincipalId: string;
  readonly roles: ReadonlySet<string>;
}

/** The caller of a request with this Authorization header; 401 where it is not a valid token for Graph. */
export async function identify(
  authorization: string | undefined,
  issuer: TokenIssuer,
  directory: DirectoryState,
): Promise<GraphCaller> {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw invalidToken('Access token is empty.');
  const claims = await issuer.verify(token).catch((cause) => {
    const expired = cause instanceof Error && 'code' in cause && cause.code === 'ERR_JWT_EXPIRED';
    throw invalidToken(
      expired ? 'Lifetime validation failed, the token is expired.' : 'Invalid access token.',
    );
  });
  const graph = directory.servicePrincipal({ by: 'appId', value: GRAPH_APP_ID });
  if (!graph || !directory.namesOf(graph).includes(String(claims.aud))) {
    throw invalidToken('Access token validation failure. Invalid audience.');
  }
  const roles = Array.isArray(claims.roles) ? claims.roles.map(String) : [];
  return { appId: String(claims.appid), servicePrincipalId: String(claims.oid), roles: new Set(roles) };
}

const WRITE_ALL = 'Application.ReadWrite.All';
const WRITE_OWNED = 'Application.ReadWrite.OwnedBy';

const holds = (caller: GraphCaller, ...roles: readonly string[]): boolean =>
  roles.some((one) => caller.roles.has(one));

/** Reads see the whole tenant, also with OwnedBy. */
export function assertMayRead(caller: GraphCaller): void {
  if (!holds(caller, 'Application.Read.All', WRITE_ALL, WRITE_OWNED)) throw forbidden();
}

/** Deleted items are listed and read with the tenant-wide permissions alone: OwnedBy is not documented for it. */
export function assertMayReadDeleted(caller: GraphCaller): void {
  if (!holds(caller, 'Application.Read.All', WRITE_ALL)) throw forbidden();
}

export function assertMayCreate(caller: GraphCaller): void {
  if (!holds(caller, WRITE_ALL, WRITE_OWNED)) throw forbidden();
}

export const isUnlimited = (caller: GraphCaller): boolean => holds(caller, WRITE_ALL);

/** Owners are changed with the tenant-wide permission alone: adding one needs more than OwnedBy. */
export function assertMayChangeOwners(caller: GraphCaller): void {
  if (!holds(caller, WRITE_ALL)) throw forbidden();
}

export function assertMayAssignRoles(caller: GraphCaller): void {
  if (!holds(caller, 'AppRoleAssignment.ReadWrite.All')) throw forbidden();
}

export function assertMayManage(caller: GraphCaller, application: Application): void {
  if (holds(caller, WRITE_ALL)) return;
  if (!holds(caller, WRITE_OWNED) || !application.owners.has(caller.servicePrincipalId)) throw forbidden();
}

/** With OwnedBy a service principal is managed by who owns it and, while that exists, its application. */
export function assertMayManagePrincipal(
  caller: GraphCaller,
  principal: ServicePrincipal,
  application: Application | undefined,
): void {
  if (holds(caller, WRITE_ALL)) return;
  const owned = [principal, ...(application ? [application] : [])].every((object) =>
    object.owners.has(caller.servicePrincipalId),
  );
  if (!holds(caller, WRITE_OWNED) || !owned) throw forbidden();
}
