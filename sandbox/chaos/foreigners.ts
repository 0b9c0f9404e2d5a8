/** What lives in tenant and accounts beside the factory, and must be there as before when a run is over. */
import { randomUUID } from 'node:crypto';
import { AddClientIDToOpenIDConnectProviderCommand } from '@aws-sdk/client-iam';
import type { Clients, MemberClient } from '../clients.ts';
import type { Sandbox } from '../start.ts';
import type { Entrants } from './judge-entry.ts';
import { CHOSEN_AUDIENCE, type TrustTerms } from './trust.ts';

export interface Foreigners extends Entrants {
  readonly appIds: readonly string[];
  /** On the list of every account's provider, the placeholder among them. */
  readonly audiences: ReadonlySet<string>;
}

export async function settleForeigners(sandbox: Sandbox, clients: Clients): Promise<Foreigners> {
  const [member] = clients.members;
  const stranger = await clients.registerApplication('Somebody else');
  // Bears the name that the factory shows people: names prove nothing.
  const namesake = await clients.registerApplication(`aws-${member?.accountId}-role-1`);
  const added = [CHOSEN_AUDIENCE, `api://${namesake.appId}`];
  for (const { iam, providerArn: OpenIDConnectProviderArn } of clients.members) {
    for (const ClientID of added) {
      await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID }));
    }
  }
  // Azure makes managed identities; Graph has no call for it.
  const identity = sandbox.entra.directory.addServicePrincipal({
    appId: randomUUID(),
    displayName: 'nightly-export',
    type: 'ManagedIdentity',
  });
  return {
    stranger,
    managedIdentity: { clientId: identity.appId, objectId: identity.id },
    imds: sandbox.imds,
    appIds: [stranger.appId, namesake.appId],
    audiences: new Set([...added, placeholderOf(sandbox)]),
  };
}

export const placeholderOf = ({ world }: Sandbox): string =>
  `api://${world.tenantId}/oidc-factory-placeholder`;

/** What the trust policies of an account are made of. */
export const termsOf =
  (placeholder: string, { managedIdentity }: Foreigners) =>
  ({ providerArn }: MemberClient): TrustTerms => ({
    providerArn,
    placeholder,
    managedIdentity: managedIdentity.objectId,
    // As clients.ts names it.
    sessionName: 'workload',
  });
