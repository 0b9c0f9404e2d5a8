/** Everything that there is in both clouds, as their administrators see it. */
import { ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { ListRolesCommand, type ListRolesCommandOutput } from '@aws-sdk/client-iam';
import { GetExecutionHistoryCommand, type HistoryEvent } from '@aws-sdk/client-sfn';
import { ListQueuesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { entriesIn } from '../../lambdas/adapters/ledger-items.ts';
import type { MemberClient } from '../../sandbox/clients.ts';
import type { Factory } from './harness.ts';
import type { Execution, Watch } from './watch.ts';

export interface SeenRole {
  readonly accountId: string;
  readonly roleName: string;
  readonly roleId: string;
  readonly trust: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface SeenObject {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly createdByAppId: string | null;
  readonly uniqueName: string | null;
}

export interface Estate {
  readonly roles: readonly SeenRole[];
  /** Client id list of the tenant's provider, by account; absent where there is no provider. */
  readonly audiences: ReadonlyMap<string, readonly string[]>;
  readonly applications: readonly SeenObject[];
  readonly servicePrincipals: readonly SeenObject[];
  /** Soft-deleted applications and service principals. */
  readonly deleted: readonly SeenObject[];
  readonly entries: readonly LedgerEntry[];
  readonly executions: readonly Execution[];
  /** Bodies of the messages that wait in any queue of any account, those of dead-letter queues among them. */
  readonly messages: readonly string[];
}

export async function estateOf(factory: Factory, watch: Watch): Promise<Estate> {
  const { members, graph } = factory;
  const list = async (path: string): Promise<SeenObject[]> => (await graph('GET', path)).body.value;
  const [roles, audiences, applications, servicePrincipals, deletedApplications, deletedPrincipals] =
    await Promise.all([
      Promise.all(members.map(rolesOf)),
      Promise.all(
        members.map(async (member) => [member.accountId, await member.audiences().catch(none)] as const),
      ),
      list('/applications?$top=999'),
      list('/servicePrincipals?$top=999'),
      list('/directory/deletedItems/microsoft.graph.application?$top=999'),
      list('/directory/deletedItems/microsoft.graph.servicePrincipal?$top=999'),
    ]);
  return {
    roles: roles.flat(),
    audiences: new Map(audiences.flatMap(([account, list]) => (list ? [[account, list]] : []))),
    applications,
    servicePrincipals,
    deleted: [...deletedApplications, ...deletedPrincipals],
    entries: await ledgerOf(factory),
    executions: await watch.executions(),
    messages: await messagesOf(factory),
  };
}

const none = (error: unknown): undefined => {
  if (error instanceof Error && error.name === 'NoSuchEntityException') return undefined;
  throw error;
};

async function rolesOf(member: MemberClient): Promise<SeenRole[]> {
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const page: ListRolesCommandOutput = await member.iam.send(
      new ListRolesCommand({ ...(Marker && { Marker }) }),
    );
    names.push(...(page.Roles ?? []).map(({ RoleName = '' }) => RoleName));
    Marker = page.Marker;
  } while (Marker);
  return Promise.all(
    names.map(async (roleName) => ({
      ...(await member.role(roleName)),
      accountId: member.accountId,
      roleName,
    })),
  );
}

/** The whole ledger, removed entries among them. */
export async function ledgerOf({ dynamo }: Pick<Factory, 'dynamo'>): Promise<LedgerEntry[]> {
  const { TableNames: [TableName] = [] } = await dynamo.send(new ListTablesCommand({}));
  const { Items = [] } = await dynamo.send(new ScanCommand({ TableName, ConsistentRead: true }));
  return [...entriesIn(Items)];
}

export async function historyOf({ states }: Factory, { executionArn }: Execution): Promise<HistoryEvent[]> {
  const { events = [] } = await states.send(
    new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
  );
  return events;
}

/** Looked at, and left there. */
async function messagesOf({ awsOptions, sandbox }: Factory): Promise<string[]> {
  const { factory, members } = sandbox.ready.aws;
  const bodies = await Promise.all(
    [factory, ...members].map(async (credentials) => {
      const sqs = new SQSClient({ ...awsOptions, credentials });
      const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
      const answers = await Promise.all(
        QueueUrls.map((QueueUrl) =>
          sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 })),
        ),
      );
      return answers.flatMap(({ Messages = [] }) => Messages.map(({ Body = '' }) => Body));
    }),
  );
  return bodies.flat();
}
