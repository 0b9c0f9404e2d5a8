/** The workflows' executions, as an operator sees them. */
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  type ExecutionStatus,
  type HistoryEvent,
  paginateGetExecutionHistory,
  paginateListExecutions,
  paginateListStateMachines,
  type SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';

export interface Run {
  readonly arn: string;
  readonly name: string;
  /** `create-role` or `delete-role`. */
  readonly workflow: string;
  readonly status: ExecutionStatus;
  readonly accountId: string;
  readonly roleName: string;
  readonly roleId: string | null;
  readonly eventId: string;
  readonly error: string | undefined;
  readonly output: string | undefined;
}

const PAGE = 1000;
const ROLE_WORKFLOW = /-((?:create|delete)-role)$/;

export class Executions {
  readonly #states: SFNClient;
  /** What has ended does not change. */
  readonly #ended = new Map<string, Run>();
  #machines: readonly string[] | undefined;

  constructor(states: SFNClient) {
    this.#states = states;
  }

  async all(): Promise<Run[]> {
    const arns = await this.#list(undefined);
    return inTurns(arns, async (arn) => this.#ended.get(arn) ?? this.#describe(arn));
  }

  /** ARNs of those that run. */
  running(): Promise<string[]> {
    return this.#list('RUNNING');
  }

  /** What it was about; it may have ended meanwhile. */
  async stop(executionArn: string): Promise<Run> {
    await this.#states.send(new StopExecutionCommand({ executionArn, cause: 'chaos' }));
    return this.#describe(executionArn);
  }

  async history(executionArn: string): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    const pages = paginateGetExecutionHistory({ client: this.#states }, { executionArn, maxResults: PAGE });
    for await (const page of pages) events.push(...(page.events ?? []));
    return events;
  }

  async #list(statusFilter: ExecutionStatus | undefined): Promise<string[]> {
    const arns: string[] = [];
    for (const stateMachineArn of await this.#workflows()) {
      const input = { stateMachineArn, maxResults: PAGE, ...(statusFilter && { statusFilter }) };
      for await (const page of paginateListExecutions({ client: this.#states }, input)) {
        arns.push(...(page.executions ?? []).map(({ executionArn }) => executionArn ?? ''));
      }
    }
    return arns;
  }

  async #workflows(): Promise<readonly string[]> {
    if (this.#machines) return this.#machines;
    const machines: string[] = [];
    for await (const page of paginateListStateMachines({ client: this.#states }, {})) {
      const arns = (page.stateMachines ?? []).map(({ stateMachineArn }) => stateMachineArn ?? '');
      machines.push(...arns.filter((arn) => ROLE_WORKFLOW.test(arn)));
    }
    this.#machines = machines;
    return machines;
  }

  async #describe(executionArn: string): Promise<Run> {
    const run = runOf(await this.#states.send(new DescribeExecutionCommand({ executionArn })));
    if (run.status !== 'RUNNING') this.#ended.set(run.arn, run);
    return run;
  }
}

function runOf(execution: DescribeExecutionOutput): Run {
  const { executionArn: arn = '', name = '', stateMachineArn = '', status = 'RUNNING' } = execution;
  const { accountId, roleName, roleId, eventId } = JSON.parse(execution.input ?? '{}');
  const workflow = ROLE_WORKFLOW.exec(stateMachineArn)?.[1] ?? stateMachineArn;
  const { error, output } = execution;
  return { arn, name, workflow, status, accountId, roleName, roleId, eventId, error, output };
}

/** As many at the same time as a client's connections carry well; answers in the order of the items. */
export async function inTurns<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const answers: U[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      answers[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return answers;
}
