/** Every kind of drift that people can bring about through the public interfaces while the factory does not hear. */
import { setTimeout as delay } from 'node:timers/promises';
import { type AttributeValue, DeleteItemCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  AddClientIDToOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { DriftReason } from '../../../core/drift/reasons.ts';
import { credentialOf } from '../../../core/federated-credentials.ts';
import type { LedgerEntry } from '../../../core/ledger-entry.ts';
import { entryOf } from '../../../lambdas/adapters/ledger-items.ts';
import type { MemberClient } from '../../../sandbox/clients.ts';
import { createRole, type Factory, placeholderOf, trustOn } from '../harness.ts';

/** Workloads that the tests' config allows. */
export const ISSUER = 'https://token.actions.githubusercontent.com';
export const ALLOWED = [{ issuer: ISSUER, subjects: ['repo:example/'] }];
export const tag = (Value: string) => [{ Key: 'oidc-factory:federated-credential', Value }];
const ALLOWED_TAG = tag(`${ISSUER} repo:example/app:ref:refs/heads/main`);

export interface Place {
  readonly factory: Factory;
  readonly member: MemberClient;
  readonly roleName: string;
}

export interface Kind {
  readonly reason: DriftReason;
  /** Which of the member accounts. */
  readonly account: number;
  /** What is put right, and is nothing at the next sweep; or what is told at every sweep. */
  readonly outcome: 'healed' | 'told';
  /** How the role is before: served, failed, or not there. @default ready */
  readonly before?: 'ready' | 'failed' | 'removed' | 'none';
  readonly tags?: { Key: string; Value: string }[];
  /** Claims of its trust beside the audience. */
  claims?(place: Place): Promise<Record<string, string>>;
  drift(place: Place): Promise<unknown>;
}

export async function entryOfRole({ factory, member, roleName }: Place): Promise<LedgerEntry> {
  const [item] = await factory.ledgerEntries(member.accountId, roleName);
  if (!item) throw new Error(`${roleName} has no entry`);
  return entryOf(item);
}

const trust = ({ member, roleName }: Place, claims: Record<string, string | string[]>) =>
  member.iam.send(
    new UpdateAssumeRolePolicyCommand({
      RoleName: roleName,
      PolicyDocument: JSON.stringify(trustOn(member, claims)),
    }),
  );

async function graph(
  { factory }: Pick<Place, 'factory'>,
  method: string,
  path: string,
  json?: object,
): Promise<unknown> {
  const { status, body } = await factory.graph(method, path, json);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}

const ofApplication =
  (method: string, path = '', json?: object) =>
  async (place: Place) =>
    graph(place, method, `/applications/${(await entryOfRole(place)).applicationObjectId}${path}`, json);
const ofPrincipal = (method: string, json?: object) => async (place: Place) =>
  graph(place, method, `/servicePrincipals/${(await entryOfRole(place)).servicePrincipalId}`, json);

export const removeRole = ({ member, roleName }: Place) =>
  member.iam.send(new DeleteRoleCommand({ RoleName: roleName }));

const onList = ({ member }: Place, how: 'add' | 'remove', ClientID: string) => {
  const input = { OpenIDConnectProviderArn: member.providerArn, ClientID };
  return how === 'add'
    ? member.iam.send(new AddClientIDToOpenIDConnectProviderCommand(input))
    : member.iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand(input));
};

async function forget({ factory, member, roleName }: Place): Promise<void> {
  const [{ role, roleId } = {}] = await factory.ledgerEntries(member.accountId, roleName);
  if (!role || !roleId) throw new Error(`${roleName} has no entry`);
  await lose(factory, { role, roleId });
}

/** An item of the ledger's table is lost. */
async function lose({ dynamo }: Factory, Key: Record<string, AttributeValue>): Promise<void> {
  const { TableNames } = await dynamo.send(new ListTablesCommand({}));
  const TableName = TableNames?.find((name) => name.includes('Ledger'));
  await dynamo.send(new DeleteItemCommand({ TableName, Key }));
}

/** A service principal of somebody else. */
async function somebody({ factory, roleName }: Place): Promise<string> {
  const { appId } = await factory.registerApplication(`somebody-${roleName}`);
  const { body } = await factory.graph('GET', `/servicePrincipals(appId='${appId}')`);
  return body.id;
}

export const KINDS: readonly Kind[] = [
  // Roles.
  {
    reason: 'missed-creation',
    account: 0,
    outcome: 'healed',
    before: 'none',
    drift: ({ factory, member, roleName }) =>
      createRole(member, roleName, trustOn(member, { aud: placeholderOf(factory) })),
  },
  {
    reason: 'application-without-entry',
    account: 0,
    outcome: 'healed',
    drift: forget,
  },
  {
    reason: 'cause-gone',
    account: 0,
    outcome: 'healed',
    before: 'failed',
    tags: tag('nonsense'),
    drift: ({ member, roleName }) =>
      member.iam.send(
        new UntagRoleCommand({ RoleName: roleName, TagKeys: ['oidc-factory:federated-credential'] }),
      ),
  },
  {
    reason: 'trust-reverted',
    account: 0,
    outcome: 'healed',
    drift: (place) => trust(place, { aud: placeholderOf(place.factory) }),
  },
  {
    reason: 'trust-edited',
    account: 0,
    outcome: 'healed',
    drift: async (place) => trust(place, { aud: (await entryOfRole(place)).audience ?? '' }),
  },
  {
    reason: 'audience-vanished',
    account: 0,
    outcome: 'healed',
    drift: async (place) => onList(place, 'remove', (await entryOfRole(place)).audience ?? ''),
  },
  {
    reason: 'tags-changed',
    account: 0,
    outcome: 'healed',
    drift: ({ member, roleName }) =>
      member.iam.send(new TagRoleCommand({ RoleName: roleName, Tags: ALLOWED_TAG })),
  },
  {
    reason: 'application-deleted',
    account: 0,
    outcome: 'healed',
    drift: ofApplication('DELETE'),
  },
  {
    reason: 'principal-deleted',
    account: 0,
    outcome: 'healed',
    drift: ofPrincipal('DELETE'),
  },
  {
    reason: 'identifier-uri-missing',
    account: 0,
    outcome: 'healed',
    drift: ofApplication('PATCH', '', { identifierUris: [] }),
  },
  {
    reason: 'credentials-changed',
    account: 0,
    outcome: 'healed',
    tags: ALLOWED_TAG,
    drift: async (place) => {
      const { federatedCredentials: [workload] = [] } = await entryOfRole(place);
      if (!workload) throw new Error('The role has no federated credential');
      const { name } = credentialOf(workload, { cloud: 'public' });
      return ofApplication('DELETE', `/federatedIdentityCredentials/${name}`)(place);
    },
  },
  {
    reason: 'still-failed',
    account: 1,
    outcome: 'told',
    before: 'failed',
    tags: tag('nonsense'),
    drift: async () => undefined,
  },
  {
    reason: 'trust-taken-over',
    account: 1,
    outcome: 'told',
    drift: (place) => trust(place, { aud: 'api://11111111-2222-4333-8444-555555550000' }),
  },
  {
    reason: 'foreign-audience',
    account: 1,
    outcome: 'told',
    before: 'none',
    drift: async ({ factory, member, roleName }) => {
      const { audience = '' } = await entryOfRole({ factory, member, roleName: 'drift-stricter-setting' });
      await createRole(member, roleName, trustOn(member, { aud: audience }));
    },
  },
  {
    reason: 'subject-gone',
    account: 1,
    outcome: 'told',
    claims: async (place) => ({ sub: await somebody(place) }),
    drift: async (place) => {
      const { trust } = await place.member.role(place.roleName);
      const [, sub] = /:sub":"([0-9a-f-]{36})"/.exec(trust) ?? [];
      await graph(place, 'DELETE', `/servicePrincipals/${sub}`);
    },
  },

  // Applications.
  {
    reason: 'not-adoptable',
    account: 1,
    outcome: 'told',
    before: 'none',
    drift: async ({ factory, member, roleName }) => {
      await createRole(member, roleName, trustOn(member, { aud: placeholderOf(factory) }));
      const { roleId } = await member.role(roleName);
      await graph({ factory }, 'POST', '/applications', {
        displayName: 'squatter',
        uniqueName: `oidc-factory-${member.accountId}-${roleId}-1`,
        tags: [`aws-account:${member.accountId}`],
      });
    },
  },
  {
    reason: 'token-version-changed',
    account: 1,
    outcome: 'told',
    drift: ofApplication('PATCH', '', { api: { requestedAccessTokenVersion: 2 } }),
  },
  {
    reason: 'application-opened',
    account: 1,
    outcome: 'told',
    drift: ofApplication('PATCH', '', { signInAudience: 'AzureADMultipleOrgs' }),
  },
  {
    reason: 'unexpected-owner',
    account: 1,
    outcome: 'told',
    drift: async (place) =>
      ofApplication('POST', '/owners/$ref', {
        '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${await somebody(place)}`,
      })(place),
  },
  {
    reason: 'unexpected-credential',
    account: 1,
    outcome: 'told',
    drift: ofApplication('POST', '/addPassword', { passwordCredential: { displayName: 'workload' } }),
  },
  {
    reason: 'stricter-setting',
    account: 1,
    outcome: 'told',
    drift: ofPrincipal('PATCH', { accountEnabled: false }),
  },

  // Removals.
  {
    reason: 'missed-deletion',
    account: 0,
    outcome: 'healed',
    drift: removeRole,
  },
  {
    reason: 'consent-withdrawn',
    account: 0,
    outcome: 'healed',
    drift: async (place) => {
      const { member, roleName } = place;
      await member.iam.send(
        new TagRoleCommand({ RoleName: roleName, Tags: [{ Key: 'oidc-factory:ignore', Value: 'yes' }] }),
      );
      await trust(place, { aud: placeholderOf(place.factory) });
    },
  },
  {
    reason: 'orphaned-audience',
    account: 0,
    outcome: 'healed',
    before: 'removed',
    drift: async (place) => onList(place, 'add', (await entryOfRole(place)).audience ?? ''),
  },
  {
    reason: 'orphaned-application',
    account: 0,
    outcome: 'healed',
    drift: async (place) => {
      await forget(place);
      await removeRole(place);
    },
  },

  // Providers and accounts.
  {
    reason: 'placeholder-missing',
    account: 2,
    outcome: 'healed',
    drift: (place) => onList(place, 'remove', placeholderOf(place.factory)),
  },
  {
    reason: 'provider-nearly-full',
    account: 2,
    outcome: 'told',
    drift: async (place) => {
      for (let index = 0; index < 90; index++) await onList(place, 'add', `https://client-${index}.example`);
    },
  },
  {
    reason: 'provider-missing',
    account: 3,
    outcome: 'healed',
    drift: ({ member }) =>
      member.iam.send(
        new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: member.providerArn }),
      ),
  },
  {
    reason: 'ledger-lost',
    account: 4,
    outcome: 'healed',
    drift: forget,
  },
  {
    // Nobody knows any more since when the account's events are heard.
    reason: 'backfill',
    account: 4,
    outcome: 'told',
    before: 'none',
    drift: async ({ factory, member, roleName }) => {
      await createRole(member, roleName, trustOn(member, { aud: placeholderOf(factory) }));
      await lose(factory, { role: { S: 'account' }, roleId: { S: member.accountId } });
    },
  },
];

export const nameOf = ({ reason }: Kind): string => `drift-${reason}`;

/** Events and roles carry whole seconds. */
export const nextSecond = () => delay(1000 - (Date.now() % 1000));
