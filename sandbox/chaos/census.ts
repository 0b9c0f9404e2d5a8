/** Everything that a run left, read through the public APIs. */
import { type AttributeValue, ListTablesCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import type { Clients, MemberClient } from '../clients.ts';
import type { Incarnation } from './estate.ts';
import { type Executions, inTurns, type Run } from './executions.ts';
import type { Operator, QueueState } from './operator.ts';
import type { Trust } from './trust.ts';

export interface SeenApplication {
  readonly id: string;
  readonly appId: string;
  readonly uniqueName: string | null;
  readonly createdByAppId: string | null;
}
export interface SeenPrincipal {
  readonly id: string;
  readonly appId: string;
  readonly createdByAppId: string | null;
}
export interface SeenEntry {
  readonly accountId: string;
  readonly roleName: string;
  readonly roleId: string;
  readonly phase: string;
  readonly step: string | undefined;
  readonly error: string | undefined;
  readonly owner: string | undefined;
  readonly appId: string | undefined;
  readonly audience: string | undefined;
}
export interface SeenRole {
  readonly roleId: string;
  readonly trust: Trust;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Census {
  /** By role id; of names under which a role lives. */
  readonly roles: ReadonlyMap<string, SeenRole>;
  /** Client id lists by account. */
  readonly audiences: ReadonlyMap<string, readonly string[]>;
  readonly applications: readonly SeenApplication[];
  readonly principals: readonly SeenPrincipal[];
  /** Soft-deleted ones. */
  readonly deleted: {
    readonly applications: readonly SeenApplication[];
    readonly principals: readonly SeenPrincipal[];
  };
  readonly ledger: readonly SeenEntry[];
  readonly runs: readonly Run[];
  readonly queues: readonly QueueState[];
}

export interface Observers {
  readonly clients: Clients;
  readonly executions: Executions;
  readonly operator: Operator;
}

export async function takeCensus(observers: Observers, living: readonly Incarnation[]): Promise<Census> {
  const { clients, executions, operator } = observers;
  const members = new Map(clients.members.map((member) => [member.accountId, member]));
  const seen = await inTurns(living, (role) => roleOf(members.get(role.accountId), role.roleName));
  return {
    roles: new Map(seen.flatMap((role) => (role ? [[role.roleId, role] as const] : []))),
    audiences: new Map(
      await inTurns(clients.members, async (member) => [member.accountId, await member.audiences()] as const),
    ),
    applications: await listed(clients, 'applications'),
    principals: await listed(clients, 'servicePrincipals'),
    deleted: {
      applications: await listed(clients, 'directory/deletedItems/microsoft.graph.application'),
      principals: await listed(clients, 'directory/deletedItems/microsoft.graph.servicePrincipal'),
    },
    ledger: (await ledgerItems(clients)).map(entryOf),
    runs: await executions.all(),
    queues: await operator.queues(),
  };
}

/** Undefined: IAM knows no role of this name. */
export async function roleOf(
  member: MemberClient | undefined,
  roleName: string,
): Promise<SeenRole | undefined> {
  try {
    const role = await member?.role(roleName);
    return role && { roleId: role.roleId, trust: JSON.parse(role.trust), tags: role.tags };
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchEntityException') return undefined;
    throw error;
  }
}

async function listed<T>({ graph }: Clients, collection: string): Promise<T[]> {
  const objects: T[] = [];
  for (let path: string | undefined = `/${collection}?$top=999`; path !== undefined; ) {
    const { status, body } = await graph('GET', path);
    if (status !== 200) throw new Error(`Graph refuses GET ${path}: ${status}`);
    objects.push(...(body.value as T[]));
    const next: string | undefined = body['@odata.nextLink'];
    path = next?.slice(next.indexOf('/v1.0') + '/v1.0'.length);
  }
  return objects;
}

/** Every item of the ledger, as stored. */
export async function ledgerItems({ dynamo }: Clients): Promise<Record<string, AttributeValue>[]> {
  const { TableNames } = await dynamo.send(new ListTablesCommand({}));
  const items: Record<string, AttributeValue>[] = [];
  const input = { TableName: TableNames?.[0], ConsistentRead: true };
  for await (const page of paginateScan({ client: dynamo }, input)) {
    // The table also holds what is of no role.
    items.push(...(page.Items ?? []).filter(({ role }) => /^\d{12}#/.test(role?.S ?? '')));
  }
  return items;
}

function entryOf(item: Record<string, AttributeValue>): SeenEntry {
  const text = (name: string): string | undefined => item[name]?.S;
  const [accountId = '', roleName = ''] = (text('role') ?? '').split('#');
  return {
    accountId,
    roleName,
    roleId: text('roleId') ?? '',
    phase: text('phase') ?? '',
    step: text('step'),
    error: item.error?.M?.code?.S,
    owner: text('owner'),
    appId: text('appId'),
    audience: text('audience'),
  };
}
