/** The checks' questions to Microsoft Graph, under the caller's own login. */
import { z } from 'zod';
import type { SeenPrincipal } from '../../core/doctor/tenant.ts';
import { type AppId, appId, type ServicePrincipalId } from '../../core/ids.ts';
import { systemClock } from '../../lambdas/adapters/clock.ts';
import { graphDirectory } from '../../lambdas/adapters/directory.ts';
import { type GraphLogin, graphClient } from '../graph.ts';
import type { TenantReads } from './reads.ts';

export interface GraphOptions extends GraphLogin {
  readonly ownerId: ServicePrincipalId;
}

/** How long a call that Graph throttles is tried again. */
const PATIENCE_SECONDS = 10;

export function tenantReads({ graphEndpoint, getToken, ownerId }: GraphOptions): TenantReads {
  const directory = graphDirectory({
    graphEndpoint,
    credential: { getToken, forget: () => {} },
    clock: systemClock,
    ownerId,
    patienceSeconds: PATIENCE_SECONDS,
  });

  const { get, all } = graphClient({ graphEndpoint, getToken });

  /** The directory takes a login that fails for an answer that does not come. */
  const loggedIn =
    <Key, Answer>(ask: (key: Key) => Promise<Answer>) =>
    async (key: Key): Promise<Answer> => {
      await getToken();
      return ask(key);
    };

  const principalBy = async (key: string): Promise<SeenPrincipal | undefined> => {
    const found = await get(`/servicePrincipals${key}?$select=id,accountEnabled`, PRINCIPAL);
    return found && { id: found.id, enabled: found.accountEnabled };
  };

  return {
    principal: (id) => principalBy(byAppId(id)),

    async login(id) {
      const application = await get(`/applications${byAppId(id)}?$select=id,passwordCredentials`, LOGIN);
      if (application === undefined) return undefined;
      const credentials = await all(
        `/applications/${application.id}/federatedIdentityCredentials`,
        FEDERATED_CREDENTIAL,
      );
      return {
        federatedCredentials: credentials,
        secretsExpireAt: application.passwordCredentials.map(({ endDateTime }) => Date.parse(endDateTime)),
      };
    },

    permissions: async (principalId) =>
      (await all(`/servicePrincipals/${principalId}/appRoleAssignments`, ASSIGNMENT)).map(
        ({ appRoleId }) => appRoleId,
      ),

    async objects({ appId: creator, principalId }) {
      const deleted = (type: string) =>
        all(`/directory/deletedItems/microsoft.graph.${type}?$select=id,createdByAppId`, DELETED);
      const [owned, ...lists] = await Promise.all([
        all(`/servicePrincipals/${principalId}/ownedObjects?$select=id`, z.object({ id: z.string() })),
        deleted('application'),
        deleted('servicePrincipal'),
      ]);
      const ours = lists.flat().filter(({ createdByAppId }) => createdByAppId === creator);
      return { active: owned.length, deleted: ours.length };
    },

    async holder(identifierUri) {
      const filter = `identifierUris/any(uri:uri eq '${identifierUri.replaceAll("'", "''")}')`;
      const path = `/applications?$select=appId&$filter=${encodeURIComponent(filter)}`;
      const [found] = await all(path, z.object({ appId: z.string() }));
      return found && appId(found.appId);
    },

    application: loggedIn(directory.application),
    servicePrincipal: loggedIn(directory.servicePrincipal),

    async resource(id) {
      const found = await get(
        `/servicePrincipals${byAppId(id)}?$select=id,accountEnabled,appRoleAssignmentRequired`,
        RESOURCE,
      );
      if (found === undefined) return undefined;
      const assigned = found.appRoleAssignmentRequired
        ? await all(`/servicePrincipals/${found.id}/appRoleAssignedTo`, ASSIGNMENT)
        : [];
      return {
        enabled: found.accountEnabled,
        assignmentRequired: found.appRoleAssignmentRequired,
        assigned: assigned.length,
      };
    },

    async kindOf(id) {
      const principal = await principalBy(`/${id}`);
      if (principal) return principal.enabled ? 'principal' : 'disabled';
      const [client, application] = await Promise.all([
        principalBy(byAppId(id as AppId)),
        get(`/applications/${id}?$select=id`, z.object({ id: z.string() })),
      ]);
      if (client) return 'client-id';
      return application ? 'application' : 'absent';
    },
  };
}

const byAppId = (id: AppId): string => `(appId='${id}')`;

const PRINCIPAL = z.object({ id: z.string(), accountEnabled: z.boolean() });
const RESOURCE = PRINCIPAL.extend({ appRoleAssignmentRequired: z.boolean() });
const LOGIN = z.object({
  id: z.string(),
  passwordCredentials: z.array(z.object({ endDateTime: z.string() })),
});
const FEDERATED_CREDENTIAL = z.object({
  issuer: z.string(),
  subject: z.string(),
  audiences: z.array(z.string()),
});
const ASSIGNMENT = z.object({ appRoleId: z.string() });
const DELETED = z.object({ createdByAppId: z.string().nullish() });
