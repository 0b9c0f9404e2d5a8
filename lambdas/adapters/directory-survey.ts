/** What Graph lists of the factory's applications. */
import type { SeenApplication, SeenServicePrincipal } from '../../core/drift/observation.ts';
import type { AccountId, AppId } from '../../core/ids.ts';
import { accountTag } from '../../core/naming.ts';
import { eachOf } from '../at-once.ts';
import type { DirectorySurvey } from '../sweep-ports.ts';
import {
  APPLICATION,
  CREDENTIAL,
  OWNERS,
  objectOf,
  ownersOf,
  PRINCIPAL,
  pageOf,
  readApplication,
  readCredential,
  readPrincipal,
  text,
  understood,
} from './graph-answers.ts';
import {
  type GraphCall,
  type GraphClientOptions,
  graphClient,
  graphRoot,
  type Name,
} from './graph-client.ts';
import { isAbsent } from './graph-errors.ts';

const SEEN = `${APPLICATION},displayName,createdDateTime&${OWNERS}`;
/** A second relationship is a second list: Graph expands one. */
const CREDENTIALS = '$select=id&$expand=federatedIdentityCredentials';
const SEEN_PRINCIPAL = `${PRINCIPAL},appRoleAssignmentRequired`;
/** The most that a page holds. */
const PAGE = '$top=999';

export function directorySurvey(options: GraphClientOptions): DirectorySurvey {
  const call = graphClient(options);
  const list = pages(call, graphRoot(options));

  async function principalOf(appId: AppId): Promise<SeenServicePrincipal | undefined> {
    const name = 'GET /servicePrincipals(appId)';
    const answer = await call(name, `/servicePrincipals(appId='${appId}')?${SEEN_PRINCIPAL}`, {
      accept: isAbsent,
    });
    return answer === undefined ? undefined : understood(name, () => readSeenPrincipal(answer));
  }

  return {
    async applicationsOf(accountId) {
      const filter = tagged(accountId);
      const name = 'GET /applications';
      const listed = await list(name, `/applications?${filter}&${SEEN}&${PAGE}`);
      if (listed.length === 0) return [];
      const credentials = await list(name, `/applications?${filter}&${CREDENTIALS}&${PAGE}`);
      const principals = await list(
        'GET /servicePrincipals',
        `/servicePrincipals?${filter}&${SEEN_PRINCIPAL}&${PAGE}`,
      );
      const seen = understood(name, () => {
        // One that has appeared between the calls is in none of the later lists.
        const federated = new Map(credentials.map((item) => [text(objectOf(item).id), item]));
        const known = new Map(principals.map(readSeenPrincipal).map((one) => [one.appId, one]));
        return listed.map((item) => {
          const held = federated.get(text(objectOf(item).id));
          const application = seenApplication(item, held ? pageOf(held, 'federatedIdentityCredentials') : []);
          return { ...application, servicePrincipal: known.get(application.appId) };
        });
      });
      // Not listed is not absent: it may lack its tags, or be new.
      return eachOf(seen, async (one) => ({
        ...one,
        servicePrincipal: one.servicePrincipal ?? (await principalOf(one.appId)),
      }));
    },

    async application(objectId) {
      const name = 'GET /applications/{id}';
      const path = `/applications/${objectId}`;
      const answer = await call(name, `${path}?${SEEN}`, { accept: isAbsent });
      if (answer === undefined) return undefined;
      const nameOfList = 'GET /applications/{id}/federatedIdentityCredentials';
      const held = await call(nameOfList, `${path}/federatedIdentityCredentials?${CREDENTIAL}`);
      const application = understood(name, () => seenApplication(answer, pageOf(held, 'value')));
      return { ...application, servicePrincipal: await principalOf(application.appId) };
    },

    async hasPrincipal(objectId) {
      const path = `/servicePrincipals/${encodeURIComponent(objectId)}?$select=id`;
      return (await call('GET /servicePrincipals/{id}', path, { accept: isAbsent })) !== undefined;
    },
  };
}

/** Every page of a list; Graph says where the next one is. */
const pages =
  (call: GraphCall, root: string) =>
  async (name: Name, first: string): Promise<unknown[]> => {
    const items: unknown[] = [];
    let path: string | undefined = first;
    while (path !== undefined) {
      const answer: unknown = await call(name, path);
      path = understood(name, () => {
        const { value, '@odata.nextLink': next } = objectOf(answer);
        if (!Array.isArray(value)) throw new TypeError('expected a list');
        items.push(...value);
        if (next === undefined) return undefined;
        const link = text(next);
        // The token goes nowhere else.
        if (!link.startsWith(`${root}/`)) throw new TypeError('expected a link to Graph');
        return link.slice(root.length);
      });
    }
    return items;
  };

const tagged = (accountId: AccountId): string =>
  `$filter=${encodeURIComponent(`tags/any(t:t eq '${accountTag(accountId)}')`)}`;

const seenApplication = (
  item: unknown,
  credentials: readonly unknown[],
): Omit<SeenApplication, 'servicePrincipal'> => {
  const { displayName, createdDateTime } = objectOf(item);
  return {
    ...readApplication(item),
    ownerIds: ownersOf(item),
    federatedCredentials: credentials.map(readCredential),
    displayName: text(displayName),
    createdAt: text(createdDateTime),
  };
};

const readSeenPrincipal = (item: unknown): SeenServicePrincipal => ({
  ...readPrincipal(item),
  assignmentRequired: objectOf(item).appRoleAssignmentRequired === true,
});
