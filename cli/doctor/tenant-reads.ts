/** The checks' questions to Microsoft Graph, under the caller's own login. */
import { z } from 'zod';
import type { SeenPrincipal } from '../../core/doctor/tenant.ts';
import { FactoryError } from '../../core/errors.ts';
import { type AppId, appId, type ServicePrincipalId } from '../../core/ids.ts';
import { systemClock } from '../../lambdas/adapters/clock.ts';
import { graphDirectory } from '../../lambdas/adapters/directory.ts';
import { factoryError, isAbsent, noAnswer, readFailure } from '../../lambdas/adapters/graph-errors.ts';
import { sendHttps } from '../../lambdas/adapters/https.ts';
import type { TenantReads } from './reads.ts';

export interface GraphOptions {
  /** `https://graph.microsoft.com`, without version. */
  readonly graphEndpoint: string;
  /** A token for Graph. */
  readonly getToken: () => Promise<string>;
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

  /** The directory takes a login that fails for an answer that does not come. */
  const loggedIn =
    <Key, Answer>(ask: (key: Key) => Promise<Answer>) =>
    async (key: Key): Promise<Answer> => {
      await getToken();
      return ask(key);
    };

  /** One GET. `url`: a path below the version, or the whole address of a next page. */
  async function get<T extends z.ZodType>(url: string, shape: T): Promise<z.infer<T> | undefined> {
    const name = `GET ${url.split('?')[0]?.replace(/'[^']*'|[0-9a-f-]{36}/gi, '{id}')}`;
    const headers = { authorization: `Bearer ${await getToken()}` };
    const answer = await sendHttps(url.startsWith('/') ? `${graphEndpoint}/v1.0${url}` : url, {
      method: 'GET',
      headers,
    }).catch((error: unknown) => {
      throw factoryError(name, noAnswer(error));
    });
    if (answer.status < 300) return understood(name, shape, answer.body);
    const failure = readFailure(answer);
    if (isAbsent(failure)) return undefined;
    throw factoryError(name, failure);
  }

  async function all<T extends z.ZodType>(path: string, item: T): Promise<z.infer<T>[]> {
    const shape = z.object({ value: z.array(item), '@odata.nextLink': z.string().optional() });
    const items: z.infer<T>[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      // A token goes nowhere but to Graph.
      if (!next.startsWith('/') && new URL(next).origin !== new URL(graphEndpoint).origin) {
        throw new FactoryError('DirectoryRejected', 'a next page is at another host');
      }
      const page: z.infer<typeof shape> | undefined = await get(next, shape);
      items.push(...(page?.value ?? []));
      next = page?.['@odata.nextLink'];
    }
    return items;
  }

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

function understood<T extends z.ZodType>(name: string, shape: T, body: unknown): z.infer<T> {
  const read = shape.safeParse(body);
  if (read.success) return read.data;
  throw new FactoryError('DirectoryRejected', `${name}: the answer is not of the documented form`);
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
