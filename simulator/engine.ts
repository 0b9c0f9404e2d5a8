import { type ExecutionArn, executionArn } from '../core/ids.ts';
import { ROLE_FUNCTION_NAMES, type RoleFunctionName } from '../core/naming.ts';
import type { Clock, Executions, Workflow } from '../lambdas/ports.ts';
import type { CreateRun, DeleteRun } from '../lambdas/workflow.ts';
import { type Outcome, runExecution } from '../sandbox/asl/run-execution.ts';
import {
  DEFINITIONS,
  type Definitions,
  functionArn,
  START_EXECUTION,
  stateMachineArn,
} from './definitions.ts';
import { Chance } from './random.ts';

export interface Execution {
  readonly workflow: Workflow;
  readonly name: string;
  readonly arn: ExecutionArn;
  /** JSON text. */
  readonly input: string;
  readonly run: CreateRun | DeleteRun;
  readonly startedAt: number;
  readonly done: Promise<unknown>;
  readonly stop: () => void;
  /** Undefined while it runs. */
  outcome: Outcome | undefined;
  endedAt: number;
}

type ExecutionClock = Pick<Clock, 'now' | 'sleep'>;

export interface EngineOptions {
  readonly clock: ExecutionClock;
  /** What crosses the border to a function and back is JSON. */
  readonly invoke: (name: RoleFunctionName, input: unknown, execution: Execution) => Promise<unknown>;
  /** A call of Step Functions to itself. */
  readonly startFromTask?: (start: () => Promise<unknown>, execution: Execution) => Promise<unknown>;
  /** Jitter. */
  readonly chance?: Chance;
  readonly definitions?: Definitions;
}

/** Step Functions, with Standard's naming rules, running the real definitions on handlers in this process. */
export class Engine implements Executions {
  readonly executions: Execution[] = [];
  readonly #options: EngineOptions;
  readonly #byArn = new Map<ExecutionArn, Execution>();
  readonly #random: () => number;
  #lagMs = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#random = (options.chance ?? new Chance(1)).next;
  }

  start: Executions['start'] = async (workflow, name, input) => {
    const { clock, definitions = DEFINITIONS } = this.#options;
    const text = JSON.stringify(input);
    const arn = arnOf(workflow, name);
    const known = this.#byArn.get(arn);
    if (known) return known.outcome === undefined && known.input === text ? 'started' : 'exists';
    const stopped = new AbortController();
    const startedAt = clock.now();
    const execution: Execution = {
      workflow,
      name,
      arn,
      input: text,
      run: JSON.parse(text),
      startedAt,
      stop: () => stopped.abort(),
      outcome: undefined,
      endedAt: Number.POSITIVE_INFINITY,
      done: runExecution({
        definition: definitions[workflow],
        input: JSON.parse(text),
        context: {
          executionArn: arn,
          name,
          startTime: new Date(startedAt).toISOString(),
          stateMachineArn: stateMachineArn(workflow),
        },
        clock,
        random: this.#random,
        invokeTask: (resource, args) => this.#perform(execution, resource, args),
        signal: stopped.signal,
      }).then((outcome) => {
        execution.outcome = outcome;
        execution.endedAt = clock.now();
      }),
    };
    this.executions.push(execution);
    this.#byArn.set(arn, execution);
    return 'started';
  };

  isDoneOrRunning: Executions['isDoneOrRunning'] = async (workflow, name) => {
    const status = this.#status(arnOf(workflow, name));
    return status === 'RUNNING' || status === 'SUCCEEDED';
  };

  isRunning: Executions['isRunning'] = async (arn) => this.#status(arn) === 'RUNNING';

  /** As DescribeExecution shows it, which is consistent eventually. */
  #status(arn: ExecutionArn): 'RUNNING' | Outcome['status'] | undefined {
    const execution = this.#byArn.get(arn);
    const time = this.#options.clock.now() - this.#lagMs;
    if (!execution || execution.startedAt > time) return undefined;
    return execution.outcome && execution.endedAt <= time ? execution.outcome.status : 'RUNNING';
  }

  /** Runs a read that is so far behind. */
  behind<Result>(lagMs: number, read: () => Promise<Result>): Promise<Result> {
    this.#lagMs = lagMs;
    try {
      return read();
    } finally {
      this.#lagMs = 0;
    }
  }

  async #perform(execution: Execution, resource: string, args: unknown): Promise<unknown> {
    if (resource === START_EXECUTION) {
      const start = () => this.#startFromTask(args as Record<string, string>);
      return this.#options.startFromTask?.(start, execution) ?? start();
    }
    const name = ROLE_FUNCTION_NAMES.find((candidate) => functionArn(candidate) === resource);
    if (!name) throw new Error(`No function ${resource}`);
    const output = await this.#options.invoke(name, JSON.parse(JSON.stringify(args)), execution);
    return JSON.parse(JSON.stringify(output));
  }

  async #startFromTask({ StateMachineArn, Name, Input }: Record<string, string>): Promise<unknown> {
    if (StateMachineArn !== stateMachineArn('delete-role') || !Name) {
      throw new Error(`Nothing starts ${StateMachineArn} ${Name}`);
    }
    if ((await this.start('delete-role', Name, Input as never)) === 'started') return {};
    throw Object.assign(new Error(Name), { name: 'StepFunctions.ExecutionAlreadyExistsException' });
  }
}

const arnOf = (workflow: Workflow, name: string): ExecutionArn =>
  executionArn(`${stateMachineArn(workflow).replace(':stateMachine:', ':execution:')}:${name}`);
