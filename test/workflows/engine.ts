import { readFileSync } from 'node:fs';
import { type ExecutionArn, executionArn } from '../../core/ids.ts';
import { FUNCTION_NAMES, type FunctionName } from '../../core/naming.ts';
import type { Executions, Workflow } from '../../lambdas/ports.ts';
import { parseDefinition } from '../../sandbox/asl/parse-definition.ts';
import { type Outcome, runExecution } from '../../sandbox/asl/run-execution.ts';
import type { MemoryClock } from '../clouds/memory-clock.ts';
import { FACTORY_ACCOUNT } from './settings.ts';

export type Handlers = Readonly<Record<FunctionName, (input: never) => Promise<unknown>>>;

export interface Execution {
  readonly workflow: Workflow;
  readonly name: string;
  readonly arn: ExecutionArn;
  readonly input: string;
  readonly done: Promise<unknown>;
  readonly stop: () => void;
  /** Undefined while it runs. */
  outcome: Outcome | undefined;
}

const functionArn = (name: FunctionName) =>
  `arn:aws:lambda:us-east-1:${FACTORY_ACCOUNT}:function:oidc-factory-${name}`;
const stateMachineArn = (workflow: Workflow) =>
  `arn:aws:states:us-east-1:${FACTORY_ACCOUNT}:stateMachine:oidc-factory-${workflow}`;
const START_EXECUTION = 'arn:aws:states:::states:startExecution';

const placeholderOf = (name: FunctionName) =>
  `${name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase())}FunctionArn`;

/** What CloudFormation puts into the definitions. */
const SUBSTITUTIONS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(FUNCTION_NAMES.map((name) => [placeholderOf(name), functionArn(name)])),
  DeleteRoleStateMachineArn: stateMachineArn('delete-role'),
  Partition: 'aws',
};

function definitionOf(workflow: Workflow) {
  const source = readFileSync(new URL(`../../statemachines/${workflow}.asl.json`, import.meta.url), 'utf8');
  return parseDefinition(source.replace(/\$\{(\w+)\}/g, (_, name: string) => SUBSTITUTIONS[name] ?? _));
}

const DEFINITIONS = {
  'create-role': definitionOf('create-role'),
  'delete-role': definitionOf('delete-role'),
};

/** Step Functions, with Standard's naming rules, running the real definitions on handlers in this process. */
export class Engine implements Executions {
  readonly executions: Execution[] = [];
  readonly #clock: MemoryClock;
  readonly #handlers: () => Handlers;
  #seed = 1;

  constructor(clock: MemoryClock, handlers: () => Handlers) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  start: Executions['start'] = async (workflow, name, input) => {
    const text = JSON.stringify(input);
    const known = this.#find(workflow, name);
    if (known) return known.outcome === undefined && known.input === text ? 'started' : 'exists';
    const arn = executionArn(`${stateMachineArn(workflow).replace(':stateMachine:', ':execution:')}:${name}`);
    const stopped = new AbortController();
    const done = runExecution({
      definition: DEFINITIONS[workflow],
      input: JSON.parse(text),
      context: {
        executionArn: arn,
        name,
        startTime: new Date(this.#clock.now()).toISOString(),
        stateMachineArn: stateMachineArn(workflow),
      },
      clock: this.#clock,
      random: this.#random,
      invokeTask: this.#invoke,
      signal: stopped.signal,
    }).then((outcome) => {
      execution.outcome = outcome;
    });
    const stop = () => stopped.abort();
    const execution: Execution = { workflow, name, arn, input: text, done, stop, outcome: undefined };
    this.executions.push(execution);
    return 'started';
  };

  isDoneOrRunning: Executions['isDoneOrRunning'] = async (workflow, name) => {
    const execution = this.#find(workflow, name);
    return execution !== undefined && (execution.outcome?.status ?? 'SUCCEEDED') === 'SUCCEEDED';
  };

  isRunning: Executions['isRunning'] = async (arn) =>
    this.executions.some((execution) => execution.arn === arn && execution.outcome === undefined);

  #find = (workflow: Workflow, name: string): Execution | undefined =>
    this.executions.find((execution) => execution.workflow === workflow && execution.name === name);

  #invoke = async (resource: string, args: unknown): Promise<unknown> => {
    if (resource === START_EXECUTION) {
      const { StateMachineArn, Name, Input } = args as Record<string, string>;
      const workflow = (['create-role', 'delete-role'] as const).find(
        (candidate) => stateMachineArn(candidate) === StateMachineArn,
      );
      if (!workflow || !Name) throw new Error(`No state machine ${StateMachineArn}`);
      if ((await this.start(workflow, Name, Input as never)) === 'started') return {};
      throw Object.assign(new Error(Name), { name: 'StepFunctions.ExecutionAlreadyExistsException' });
    }
    const name = FUNCTION_NAMES.find((candidate) => functionArn(candidate) === resource);
    if (!name) throw new Error(`No function ${resource}`);
    // What crosses the border to a function and back is JSON.
    const output = await this.#handlers()[name](JSON.parse(JSON.stringify(args)) as never);
    return JSON.parse(JSON.stringify(output));
  };

  /** Jitter that is the same in every run (mulberry32). */
  #random = (): number => {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}
