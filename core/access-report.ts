/** Who can assume what, for auditors: what a sweep has seen of the roles, with what the directory says of those who get in. */
import type { AccountAccess, RoleAccess } from './access.ts';
import { type AccountId, isGuid } from './ids.ts';

export interface ReportedApplication {
  readonly clientId: string;
  readonly displayName: string;
  readonly identifierUris: readonly string[];
  /** Names, or ids of those that have none. */
  readonly owners: readonly string[];
  readonly federatedCredentials: readonly { readonly issuer: string; readonly subject: string }[];
  readonly secrets: readonly Credential[];
  readonly certificates: readonly Credential[];
}

interface Credential {
  readonly name: string | null;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/** What the directory was asked; undefined: it was not. */
export interface DirectoryFacts {
  /** By client id and identifier URI, both in lower case. */
  readonly applications: ReadonlyMap<string, ReportedApplication>;
  /** Of principals, by object id; without one: it does not exist. */
  readonly names: ReadonlyMap<string, string>;
}

export interface AccessRow extends Omit<RoleAccess, 'phase' | 'clientId' | 'subjects' | 'roleId'> {
  readonly accountId: AccountId;
  /** Phase of its ledger entry; null: the factory has made nothing for it. */
  readonly factory: RoleAccess['phase'] | null;
  /** Null: not asked for, or there is none of its audience. */
  readonly application: ReportedApplication | null;
  readonly principals: readonly { readonly objectId: string; readonly name: string | null }[];
  /** When the sweep looked. */
  readonly seenAt: string;
}

export interface SeenAccess extends AccountAccess {
  readonly accountId: AccountId;
  readonly seenAt: string;
}

export const accessRows = (accounts: readonly SeenAccess[], facts: DirectoryFacts | undefined): AccessRow[] =>
  accounts.flatMap(({ accountId, seenAt, roles }) =>
    roles.map(
      ({ phase, clientId, subjects, roleId: _, ...role }): AccessRow => ({
        accountId,
        ...role,
        factory: phase ?? null,
        application: applicationOf({ ...role, ...(clientId && { clientId }) }, facts) ?? null,
        principals: subjects.map((objectId) => ({
          objectId,
          name: facts?.names.get(objectId.toLowerCase()) ?? null,
        })),
        seenAt,
      }),
    ),
  );

/** What the directory can be asked for by: client ids and identifier URIs, in lower case. */
export const applicationKeys = ({
  clientId,
  audiences,
}: Pick<RoleAccess, 'clientId' | 'audiences'>): string[] =>
  [...(clientId ? [clientId] : []), ...audiences].map((key) => {
    const id = /^api:\/\/(.*)$/i.exec(key)?.[1] ?? key;
    return (isGuid(id) ? id : key).toLowerCase();
  });

const applicationOf = (
  role: Pick<RoleAccess, 'clientId' | 'audiences'>,
  facts: DirectoryFacts | undefined,
): ReportedApplication | undefined =>
  applicationKeys(role)
    .map((key) => facts?.applications.get(key))
    .find((application) => application !== undefined);
