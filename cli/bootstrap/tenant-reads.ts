/** What of the tenant matters to the factory, as Graph shows it. */
import { z } from 'zod';
import type {
  DesiredTenant,
  SeenApplication,
  SeenOwnPrincipal,
  SeenTenant,
} from '../../core/bootstrap/tenant.ts';
import { FactoryError } from '../../core/errors.ts';
import { appId, appObjectId, servicePrincipalId } from '../../core/ids.ts';
import type { Graph } from '../graph.ts';

/** Microsoft Graph's own application, the same in every tenant. */
export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';

export async function readTenant(
  graph: Graph,
  desired: DesiredTenant,
  callerId: string,
): Promise<SeenTenant> {
  const { factory, reservation } = desired;
  const graphId = await graphPrincipalId(graph);
  const seen = (key: string) => seenApplication(graph, key, graphId);
  const [own, reserving, ...holders] = await Promise.all([
    seen(factory.appId === undefined ? byUniqueName(factory.uniqueName) : `(appId='${factory.appId}')`),
    seen(byUniqueName(reservation.uniqueName)),
    ...reservation.identifierUris.map(async (uri) => {
      const filter = `identifierUris/any(uri:uri eq '${literal(uri)}')`;
      const query = `$select=id&$filter=${encodeURIComponent(filter)}`;
      const [found] = await graph.all(`/applications?${query}`, z.object({ id: z.string() }));
      const application = found && (await seen(`/${found.id}`));
      return application ? [{ uri, application }] : [];
    }),
  ]);
  return { callerId, now: Date.now(), factory: own, reservation: reserving, holders: holders.flat() };
}

/** Permissions are granted on it. */
export async function graphPrincipalId(graph: Graph): Promise<string> {
  const path = `/servicePrincipals(appId='${GRAPH_APP_ID}')?$select=id`;
  const found = await graph.get(path, z.object({ id: z.string() }));
  if (found) return found.id;
  throw new FactoryError('DirectoryRejected', 'The tenant has no service principal of Microsoft Graph');
}

export const byUniqueName = (name: string): string => `(uniqueName='${literal(name)}')`;

const literal = (text: string): string => text.replaceAll("'", "''");

/** `key`: what follows the collection in the path. */
async function seenApplication(
  graph: Graph,
  key: string,
  graphId: string,
): Promise<SeenApplication | undefined> {
  const found = await graph.get(`/applications${key}?${APPLICATION_QUERY}`, APPLICATION);
  if (found === undefined) return undefined;
  const [federated, principal] = await Promise.all([
    graph.all(`/applications/${found.id}/federatedIdentityCredentials`, FEDERATED),
    seenPrincipal(graph, found.appId, graphId),
  ]);
  return {
    objectId: appObjectId(found.id),
    appId: appId(found.appId),
    displayName: found.displayName,
    signInAudience: found.signInAudience,
    identifierUris: found.identifierUris,
    declared: found.requiredResourceAccess
      .filter(({ resourceAppId }) => resourceAppId === GRAPH_APP_ID)
      .flatMap(({ resourceAccess }) => resourceAccess.map(({ id }) => id)),
    ownerIds: found.owners.map(({ id }) => id),
    passwords: found.passwordCredentials.map(({ keyId, displayName, endDateTime }) => ({
      keyId,
      displayName,
      endsAt: Date.parse(endDateTime),
    })),
    keys: found.keyCredentials.length,
    federated: federated.map(({ audiences, ...credential }) => ({
      ...credential,
      audience: audiences.join(' '),
    })),
    principal,
  };
}

async function seenPrincipal(
  graph: Graph,
  client: string,
  graphId: string,
): Promise<SeenOwnPrincipal | undefined> {
  const found = await graph.get(`/servicePrincipals(appId='${client}')?${PRINCIPAL_QUERY}`, PRINCIPAL);
  if (found === undefined) return undefined;
  const grants = await graph.all(`/servicePrincipals/${found.id}/appRoleAssignments`, ASSIGNMENT);
  return {
    id: servicePrincipalId(found.id),
    enabled: found.accountEnabled,
    ownerIds: found.owners.map(({ id }) => id),
    credentials: found.passwordCredentials.length + found.keyCredentials.length,
    granted: grants.filter(({ resourceId }) => resourceId === graphId).map(({ appRoleId }) => appRoleId),
  };
}

const OWNERS = '$expand=owners($select=id)';
const APPLICATION_QUERY = `$select=id,appId,displayName,signInAudience,identifierUris,requiredResourceAccess,passwordCredentials,keyCredentials&${OWNERS}`;
const PRINCIPAL_QUERY = `$select=id,accountEnabled,passwordCredentials,keyCredentials&${OWNERS}`;

const OBJECT = z.object({ id: z.string() });
const APPLICATION = z.object({
  id: z.string(),
  appId: z.string(),
  displayName: z.string(),
  signInAudience: z.string(),
  identifierUris: z.array(z.string()),
  requiredResourceAccess: z.array(z.object({ resourceAppId: z.string(), resourceAccess: z.array(OBJECT) })),
  passwordCredentials: z.array(
    z.object({ keyId: z.string(), displayName: z.string().nullable(), endDateTime: z.string() }),
  ),
  keyCredentials: z.array(z.unknown()),
  owners: z.array(OBJECT),
});
const PRINCIPAL = z.object({
  id: z.string(),
  accountEnabled: z.boolean(),
  passwordCredentials: z.array(z.unknown()),
  keyCredentials: z.array(z.unknown()),
  owners: z.array(OBJECT),
});
const FEDERATED = z.object({
  id: z.string(),
  name: z.string(),
  issuer: z.string(),
  subject: z.string(),
  audiences: z.array(z.string()),
});
const ASSIGNMENT = z.object({ appRoleId: z.string(), resourceId: z.string() });
