/** What one role costs in calls, invocations and transitions, counted in the local cloud. */
import { GetExecutionHistoryCommand, type HistoryEvent } from '@aws-sdk/client-sfn';
import type { LocalCloudOptions } from '../bin/local.ts';
import { type Clients, connect } from '../sandbox/clients.ts';
import type { RecordedCall } from '../sandbox/recorder.ts';
import type { Sandbox } from '../sandbox/start.ts';
import { bounded, figure, type Section, table } from './figures.ts';
import { ASSUMED, costPerMillion, PRICES } from './price.ts';
import { createRole, deleteRole, pastItsFirstSecond, succeeded } from './roles.ts';
import { rounded } from './statistics.ts';

/** Of one run of a workflow, its dispatch included. */
export interface RunCounts {
  /** By service and operation: `iam GetRole`, `graph POST /applications`. */
  readonly calls: Readonly<Record<string, number>>;
  /** To IAM, STS and Graph. */
  readonly services: number;
  /** To log in to Entra: STS's assertion and Entra's token. */
  readonly logins: number;
  /** Those of control apart. */
  readonly ledger: number;
  /** Reads of pause and breaker: one for each function and ten seconds, which the local cloud makes shorter. */
  readonly control: number;
  readonly invocations: number;
  /** States entered, and attempts beyond the first: what Step Functions bills. */
  readonly transitions: number;
}

export interface PairCounts {
  readonly create: RunCounts;
  readonly delete: RunCounts;
}

/** Creates a role, waits until it is ready, deletes it, waits until it is removed; nothing else may be under way. */
export async function countPair(sandbox: Sandbox, roleName: string): Promise<PairCounts> {
  const clients = connect(sandbox.ready);
  const [member] = clients.members;
  if (!member) throw new Error('There is no member account');
  const count = async (workflow: 'create-role' | 'delete-role', act: () => Promise<void>) => {
    sandbox.recorder.clearCalls();
    await act();
    const { executionArn } = await succeeded(clients, workflow, roleName);
    const history = await historyOf(clients, executionArn ?? '');
    return countsOf(sandbox.recorder.calls().filter(isFactorys(sandbox)), history);
  };
  const placeholder = `api://${sandbox.world.tenantId}/oidc-factory-placeholder`;
  const create = await count('create-role', () => createRole(member, roleName, placeholder));
  await pastItsFirstSecond();
  return { create, delete: await count('delete-role', () => deleteRole(member, roleName)) };
}

/** What the functions call, with their own roles and those of the member accounts; the platform's own calls not. */
const isFactorys =
  ({ world }: Sandbox) =>
  ({ caller, service }: RecordedCall): boolean =>
    (caller === world.factoryAppId || caller.includes(':assumed-role/oidc-factory-')) && COUNTED.has(service);
const COUNTED: ReadonlySet<string> = new Set(['iam', 'sts', 'states', 'dynamodb', 'graph', 'entra']);

async function historyOf(
  { states }: Pick<Clients, 'states'>,
  executionArn: string,
): Promise<readonly HistoryEvent[]> {
  const { events = [], nextToken } = await states.send(
    new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
  );
  if (nextToken) throw new Error(`${executionArn} has a longer history than any run should`);
  return events;
}

function countsOf(calls: readonly RecordedCall[], history: readonly HistoryEvent[]): RunCounts {
  const count = (matches: (call: RecordedCall) => boolean) => calls.filter(matches).length;
  const events = (type: RegExp) => history.filter((event) => type.test(event.type ?? '')).length;
  const isLogin = ({ service, operation }: RecordedCall) =>
    service === 'entra' || operation === 'GetWebIdentityToken';
  // Nothing else is read in batches.
  const isControl = ({ operation }: RecordedCall) => operation === 'BatchGetItem';
  const scheduled = events(/^LambdaFunctionScheduled$/);
  // A task that is tried again is scheduled again, without being entered again.
  const retries = scheduled - events(/^TaskStateExited$/);
  return {
    calls: byOperation(calls),
    services: count((call) => ['iam', 'sts', 'graph'].includes(call.service) && !isLogin(call)),
    logins: count(isLogin),
    ledger: count((call) => call.service === 'dynamodb' && !isControl(call)),
    control: count(isControl),
    invocations: scheduled + 1,
    transitions: events(/StateEntered$/) + retries,
  };
}

function byOperation(calls: readonly RecordedCall[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { service, operation } of calls) {
    const name = `${service} ${operation}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

type StartCloud = (options: LocalCloudOptions) => Promise<Sandbox>;

/** The counts of a first pair, when every environment starts, and of a second one; and what a million cost. */
export async function callsSection(start: StartCloud, tell: (line: string) => void): Promise<Section> {
  const sandbox = await start({ members: 1, port: 0, timeScale: 0.05, progress: tell });
  try {
    const cold = await countPair(sandbox, 'first');
    const warm = await countPair(sandbox, 'second');
    return section(cold, warm);
  } finally {
    await sandbox.close();
  }
}

function section(cold: PairCounts, warm: PairCounts): Section {
  const { total, parts } = costPerMillion(cold);
  const row = (name: string, of: (run: RunCounts) => number) => [
    name,
    ...[cold.create, warm.create, cold.delete, warm.delete].map(of),
  ];
  return {
    title: 'Calls and cost',
    figures: [
      bounded('create-calls', warm.create.services),
      bounded('delete-calls', warm.delete.services),
      bounded('create-ledger', warm.create.ledger),
      bounded('delete-ledger', warm.delete.ledger),
      bounded('create-transitions', warm.create.transitions),
      bounded('delete-transitions', warm.delete.transitions),
      figure(`a million pairs, all cold (list prices of ${PRICES.date})`, rounded(total), '$'),
    ],
    table: [
      ...table([
        ['', 'create, cold', 'warm', 'delete, cold', 'warm'],
        row('IAM, STS and Graph', ({ services }) => services),
        row('logins to Entra (STS, token endpoint)', ({ logins }) => logins),
        row('executions started', ({ calls }) => calls['states StartExecution'] ?? 0),
        row('ledger', ({ ledger }) => ledger),
        row('pause and breaker, at most', ({ control }) => control),
        row('Lambda invocations', ({ invocations }) => invocations),
        row('state transitions', ({ transitions }) => transitions),
      ]),
      '',
      ...table([
        ['a million pairs', '$'],
        ...Object.entries(parts).map(([part, dollars]) => [part, rounded(dollars)]),
      ]),
    ],
    details: { cold, warm, cost: { total, parts, prices: PRICES, assumed: ASSUMED } },
  };
}
