/** What a test waits for: the executions of both workflows and the ledger, asked for once for all who wait. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  ListExecutionsCommand,
  ListStateMachinesCommand,
} from '@aws-sdk/client-sfn';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { entryOf } from '../../lambdas/adapters/ledger-items.ts';
import type { Clients, MemberClient } from '../../sandbox/clients.ts';

const POLL_MS = 250;
const PATIENCE_MS = 58_000;

export interface Execution extends DescribeExecutionOutput {
  readonly workflow: 'create-role' | 'delete-role';
  readonly run: {
    readonly accountId: string;
    readonly roleName: string;
    readonly roleId: string | null;
    readonly eventId: string;
  };
}

export type Watch = ReturnType<typeof watch>;

export function watch({ states, ledgerEntries }: Pick<Clients, 'states' | 'ledgerEntries'>) {
  /** Of executions that have ended: they do not change any more. */
  const ended = new Map<string, Execution>();
  let machines: Promise<string[]> | undefined;
  let latest: { at: number; executions: Promise<Execution[]> } | undefined;

  async function describe(executionArn = '', name: string): Promise<Execution> {
    const known = ended.get(executionArn);
    if (known) return known;
    const description = await states.send(new DescribeExecutionCommand({ executionArn }));
    const workflow = name.endsWith('create-role') ? 'create-role' : 'delete-role';
    const execution: Execution = { ...description, workflow, run: JSON.parse(description.input ?? '{}') };
    if (execution.status !== 'RUNNING') ended.set(executionArn, execution);
    return execution;
  }

  async function list(stateMachineArn: string): Promise<Execution[]> {
    const found: Execution[] = [];
    let nextToken: string | undefined;
    do {
      const page = await states.send(new ListExecutionsCommand({ stateMachineArn, nextToken }));
      found.push(
        ...(await Promise.all(
          (page.executions ?? []).map(({ executionArn }) => describe(executionArn, stateMachineArn)),
        )),
      );
      nextToken = page.nextToken;
    } while (nextToken);
    return found;
  }

  async function listAll(): Promise<Execution[]> {
    machines ??= states
      .send(new ListStateMachinesCommand({}))
      .then(({ stateMachines = [] }) =>
        stateMachines
          .map(({ stateMachineArn = '' }) => stateMachineArn)
          .filter((arn) => arn.endsWith('-role')),
      );
    const lists = await Promise.all((await machines).map(list));
    return lists.flat().sort((a, b) => Number(a.startDate) - Number(b.startDate));
  }

  /** Every execution of both workflows, oldest first; not older than the pause between two polls. */
  function executions(): Promise<Execution[]> {
    if (!latest || performance.now() - latest.at > POLL_MS)
      latest = { at: performance.now(), executions: listAll() };
    return latest.executions;
  }

  /** Polls until there is something. Rejects, before the test's own time is up, with what is there instead. */
  async function until<T>(probe: () => Promise<{ found?: T; instead: unknown }>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const { found, instead } = await probe();
      if (found !== undefined) return found;
      if (performance.now() > deadline)
        throw new Error(`Waited in vain; there is ${JSON.stringify(instead)}`);
      await delay(POLL_MS);
    }
  }

  const summary = (all: readonly Execution[]) =>
    all.map(({ workflow, status, error, name }) => `${workflow} ${name} ${status} ${error ?? ''}`);

  return {
    executions,
    until,

    /** The executions for a role name of an account, once there are as many of both and all of them have ended. */
    ended: (
      member: MemberClient,
      roleName: string,
      expected: { create?: number; delete?: number },
    ): Promise<Execution[]> =>
      until(async () => {
        const of = (await executions()).filter(
          ({ run }) => run.accountId === member.accountId && run.roleName === roleName,
        );
        const count = (workflow: string) => of.filter((execution) => execution.workflow === workflow).length;
        const complete =
          count('create-role') >= (expected.create ?? 0) &&
          count('delete-role') >= (expected.delete ?? 0) &&
          of.every(({ status }) => status !== 'RUNNING');
        return { ...(complete && { found: of }), instead: summary(of) };
      }),

    /** The ledger's entries for a role name of an account, once every execution for it has ended and they are as wanted. */
    entries: (
      member: MemberClient,
      roleName: string,
      wanted: (entries: readonly LedgerEntry[]) => boolean,
    ): Promise<LedgerEntry[]> =>
      until(async () => {
        const of = (await executions()).filter(
          ({ run }) => run.accountId === member.accountId && run.roleName === roleName,
        );
        const entries = (await ledgerEntries(member.accountId, roleName)).map(entryOf);
        const atRest = of.every(({ status }) => status !== 'RUNNING');
        return {
          ...(atRest && wanted(entries) && { found: entries }),
          instead: [...summary(of), ...entries],
        };
      }),
  };
}
