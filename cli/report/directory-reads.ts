/** What an audit asks Microsoft Graph, under the caller's own login. Three lists an account, and what they leave open. */
import { z } from 'zod';
import {
  applicationKeys,
  type DirectoryFacts,
  type ReportedApplication,
  type SeenAccess,
} from '../../core/access-report.ts';
import { type AccountId, isGuid } from '../../core/ids.ts';
import { accountTag } from '../../core/naming.ts';
import { eachOf } from '../../lambdas/at-once.ts';
import type { Graph } from '../graph.ts';

const SELECTED = '$select=id,appId,displayName,identifierUris,passwordCredentials,keyCredentials';
const OWNERS = '$expand=owners';
const CREDENTIALS = '$select=id&$expand=federatedIdentityCredentials';

export async function directoryFacts(graph: Graph, accounts: readonly SeenAccess[]): Promise<DirectoryFacts> {
  const roles = accounts.flatMap((account) => account.roles);
  const applications = new Map<string, ReportedApplication>();
  const know = (application: ReportedApplication) => {
    for (const key of [application.clientId, ...application.identifierUris]) {
      applications.set(key.toLowerCase(), application);
    }
  };
  const names = new Map<string, string>();
  const served = accounts.filter((account) => account.roles.some(({ clientId }) => clientId !== undefined));
  for (const { accountId } of served) {
    for (const one of await listed(graph, accountId)) know(one);
    for (const { id, displayName } of await principalsOf(graph, accountId)) names.set(id, displayName);
  }
  // Of roles without the factory, and of applications that have lost their tags.
  const open = new Set(
    roles
      .map(applicationKeys)
      .filter((keys) => !keys.some((key) => applications.has(key)))
      .flat(),
  );
  for (const one of await eachOf([...open], (key) => looked(graph, key))) if (one) know(one);
  const ids = new Set(roles.flatMap(({ subjects }) => subjects.map((id) => id.toLowerCase())));
  const unknown = [...ids].filter((id) => isGuid(id) && !names.has(id));
  for (const one of await eachOf(unknown, (id) => principal(graph, id))) {
    if (one) names.set(one.id, one.displayName);
  }
  return { applications, names };
}

const tagged = (accountId: AccountId): string =>
  `$filter=${encodeURIComponent(`tags/any(t:t eq '${accountTag(accountId)}')`)}&$top=999`;

async function listed({ all }: Graph, accountId: AccountId): Promise<ReportedApplication[]> {
  const found = await all(`/applications?${tagged(accountId)}&${SELECTED}&${OWNERS}`, APPLICATION);
  const held = await all(`/applications?${tagged(accountId)}&${CREDENTIALS}`, HOLDER);
  const credentials = new Map(held.map((one) => [one.id, one.federatedIdentityCredentials]));
  return found.map((one) => reported(one, credentials.get(one.id) ?? []));
}

async function looked({ get, all }: Graph, key: string): Promise<ReportedApplication | undefined> {
  const found = isGuid(key)
    ? await get(`/applications(appId='${key}')?${SELECTED}&${OWNERS}`, APPLICATION)
    : (await all(`/applications?${filterOf(key)}&${SELECTED}&${OWNERS}`, APPLICATION))[0];
  if (found === undefined) return undefined;
  return reported(found, await all(`/applications/${found.id}/federatedIdentityCredentials`, FEDERATED));
}

const filterOf = (uri: string): string =>
  `$filter=${encodeURIComponent(`identifierUris/any(uri:uri eq '${uri.replaceAll("'", "''")}')`)}`;

/** Entra copies an application's tags to its service principal. */
const principalsOf = ({ all }: Graph, accountId: AccountId) =>
  all(`/servicePrincipals?${tagged(accountId)}&${NAMES}`, NAMED);

/** Tokens of applications carry the object id of a service principal. */
const principal = ({ get }: Graph, objectId: string) => get(`/servicePrincipals/${objectId}?${NAMES}`, NAMED);

const NAMES = '$select=id,displayName';
const NAMED = z.object({ id: z.string().toLowerCase(), displayName: z.string() });
const CREDENTIAL = z.object({ displayName: z.string().nullish(), endDateTime: z.string() });
const APPLICATION = z.object({
  id: z.string(),
  appId: z.string(),
  displayName: z.string(),
  identifierUris: z.array(z.string()),
  passwordCredentials: z.array(CREDENTIAL),
  keyCredentials: z.array(CREDENTIAL),
  owners: z.array(z.object({ id: z.string(), displayName: z.string().nullish() })),
});
const FEDERATED = z.object({ issuer: z.string(), subject: z.string() });
const HOLDER = z.object({ id: z.string(), federatedIdentityCredentials: z.array(FEDERATED) });

const reported = (
  one: z.infer<typeof APPLICATION>,
  federatedCredentials: readonly z.infer<typeof FEDERATED>[],
): ReportedApplication => ({
  clientId: one.appId,
  displayName: one.displayName,
  identifierUris: one.identifierUris,
  owners: one.owners.map(({ id, displayName }) => displayName ?? id),
  federatedCredentials: federatedCredentials.map(({ issuer, subject }) => ({ issuer, subject })),
  secrets: one.passwordCredentials.map(credential),
  certificates: one.keyCredentials.map(credential),
});

const credential = ({ displayName, endDateTime }: z.infer<typeof CREDENTIAL>) => ({
  name: displayName ?? null,
  expiresAt: endDateTime,
});
