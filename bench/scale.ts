/** Many roles at once in the local cloud, where every environment is a process and all share this machine's cores. */
import { type ExecutionListItem, ListExecutionsCommand, ListStateMachinesCommand } from '@aws-sdk/client-sfn';
import type { LocalCloudOptions } from '../bin/local.ts';
import { type Clients, connect, type MemberClient, until } from '../sandbox/clients.ts';
import type { Sandbox } from '../sandbox/start.ts';
import { figure, type Section, table } from './figures.ts';
import { createRole, deleteRole, pastItsFirstSecond } from './roles.ts';
import { quantile, rounded } from './statistics.ts';

const AT_ONCE = [1, 10, 100] as const;
/** A provider takes 100 audiences, the placeholder among them. */
const MEMBERS = 4;
const TIME_SCALE = 0.05;

export interface Wave {
  readonly roles: number;
  /** From the first call until the last one was done. */
  readonly seconds: number;
  /** From a role's own call until its execution ended. */
  readonly p50: number;
  readonly p95: number;
}

type StartCloud = (options: LocalCloudOptions) => Promise<Sandbox>;

export async function scaleSection(start: StartCloud, tell: (line: string) => void): Promise<Section> {
  const sandbox = await start({
    members: MEMBERS,
    port: 0,
    timeScale: TIME_SCALE,
    progress: tell,
    // All of them are deleted softly and still count.
    objectsPerCreator: 10_000,
  });
  try {
    const waves: { created: Wave; deleted: Wave }[] = [];
    // The environments of every function are started first.
    await wave(sandbox, 'warm-up', 10);
    for (const roles of AT_ONCE) {
      tell(`${roles} roles at once …`);
      waves.push(await wave(sandbox, `at-once-${roles}`, roles));
    }
    return section(waves);
  } finally {
    await sandbox.close();
  }
}

function section(waves: readonly { created: Wave; deleted: Wave }[]): Section {
  const last = waves.at(-1);
  const rate = ({ roles, seconds }: Wave) => rounded(roles / seconds);
  return {
    title: `Scale (local cloud, a second of the product's waits takes ${TIME_SCALE} s)`,
    figures: last
      ? [
          figure(`${last.created.roles} at once: roles ready per second`, rate(last.created)),
          figure(`${last.deleted.roles} at once: roles removed per second`, rate(last.deleted)),
        ]
      : [],
    table: table([
      ['roles at once', 'ready, s: p50', 'p95', 'all', 'removed, s: p50', 'p95', 'all'],
      ...waves.map(({ created, deleted }) => [
        created.roles,
        ...[created, deleted].flatMap(({ p50, p95, seconds }) => [p50, p95, seconds]),
      ]),
    ]),
    details: waves,
  };
}

async function wave(
  sandbox: Sandbox,
  name: string,
  roles: number,
): Promise<{ created: Wave; deleted: Wave }> {
  const clients = connect(sandbox.ready);
  const placeholder = `api://${sandbox.world.tenantId}/oidc-factory-placeholder`;
  const all = Array.from({ length: roles }, (_, index) => ({
    member: clients.members[index % clients.members.length] as MemberClient,
    role: `${name}-${index}`,
  }));
  const created = await timed(clients, 'create-role', all, ({ member, role }) =>
    createRole(member, role, placeholder),
  );
  await pastItsFirstSecond();
  const deleted = await timed(clients, 'delete-role', all, ({ member, role }) => deleteRole(member, role));
  return { created, deleted };
}

type Role = { readonly member: MemberClient; readonly role: string };

/** Acts on all roles at once and waits until as many executions have succeeded as there are roles. */
async function timed(
  clients: Clients,
  workflow: string,
  all: readonly Role[],
  act: (role: Role) => Promise<void>,
): Promise<Wave> {
  const { stateMachines = [] } = await clients.states.send(new ListStateMachinesCommand({}));
  const stateMachineArn = stateMachines.find(({ name }) => name?.endsWith(workflow))?.stateMachineArn;
  const list = async () =>
    (await clients.states.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 1000 })))
      .executions ?? [];
  const before = new Set((await list()).map(({ executionArn }) => executionArn));
  const begun = Date.now();
  await Promise.all(all.map(act));
  const ended = await until(`the end of ${all.length} executions of ${workflow}`, async () => {
    const own = (await list()).filter(({ executionArn }) => !before.has(executionArn));
    return own.length === all.length && own.every(({ status }) => status !== 'RUNNING') ? own : undefined;
  });
  const failed = ended.filter(({ status }) => status !== 'SUCCEEDED');
  if (failed.length > 0) throw new Error(`${workflow}: ${failed.length} of ${all.length} did not succeed`);
  // All were asked for at once: from the first call on.
  const seconds = ended.map(({ stopDate }: ExecutionListItem) => ((stopDate?.getTime() ?? 0) - begun) / 1000);
  return {
    roles: all.length,
    seconds: rounded(Math.max(...seconds)),
    p50: rounded(quantile(seconds, 0.5)),
    p95: rounded(quantile(seconds, 0.95)),
  };
}
