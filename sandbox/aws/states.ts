/** AWS Step Functions: Standard workflows, run under the state machine's own role. */
import { randomBytes, randomUUID } from 'node:crypto';
import type * as Sfn from '@aws-sdk/client-sfn';
import {
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidExecutionInput,
  InvalidName,
  InvalidToken,
  StateMachineAlreadyExists,
  StateMachineDoesNotExist,
} from '@aws-sdk/client-sfn';
import { MAX_PAYLOAD } from '../asl/template.ts';
import { type Caller, type Cloud, type ServiceCall, type ServiceDefinition, ServiceError } from '../cloud.ts';
import type { Iam } from './iam.ts';
import { arnOf, pageOf, parseArn } from './regional.ts';
import { type Execution, startExecution } from './states-execution.ts';
import { checkOptions, readDefinition, type StateMachine } from './states-machine.ts';
import { taskRunner } from './states-tasks.ts';

export interface StatesService extends ServiceDefinition {
  /** Stops every execution and waits for its end. */
  close(): Promise<void>;
}

/** Step Functions' name rule: no white space, brackets, wildcards, control or special characters. */
const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\p{Cs}\ufffe\uffff]{1,80}$/u;
const MAX_PAGE = 1000;

export interface StatesOptions {
  readonly iam: Pick<Iam, 'passRole'>;
  /** Draws jitter and whatever definitions draw; 0 to 1, exclusive. */
  readonly random: () => number;
}

export function createStates(cloud: Cloud, options: StatesOptions): StatesService {
  const machines = new Map<string, StateMachine>();
  const executions = new Map<string, Execution>();

  const machineOf = (arn: string | undefined, call: ServiceCall): StateMachine => {
    const machine = machines.get(arn ?? '');
    if (machine?.region === call.region) return machine;
    throw new StateMachineDoesNotExist({ message: `State Machine Does Not Exist: '${arn}'`, $metadata: {} });
  };
  const executionOf = (arn: string | undefined, call: ServiceCall): Execution => {
    const execution = executions.get(arn ?? '');
    if (execution?.machine.region === call.region) return execution;
    throw new ExecutionDoesNotExist({ message: `Execution Does Not Exist: '${arn}'`, $metadata: {} });
  };

  /** State machines have no resource policy: whoever asks from another account is refused. */
  const authorize = (call: ServiceCall, action: string, arn: string | undefined): void =>
    call.authorize({
      action: `states:${action}`,
      resource: arn ?? '*',
      resourceAccountId: parseArn(arn ?? '')?.accountId ?? call.caller.accountId,
    });

  function start(machine: StateMachine, name: string, input: string): Execution {
    const arn = arnOf('states', machine.region, machine.accountId, `execution:${machine.name}:${name}`);
    const earlier = executions.get(arn);
    if (earlier?.status === 'RUNNING' && earlier.input === input) return earlier;
    if (earlier) {
      throw new ExecutionAlreadyExists({ message: `Execution Already Exists: '${arn}'`, $metadata: {} });
    }
    const session = randomBytes(16).toString('hex');
    const as = () => assumeRole(cloud, machine, session);
    const execution = startExecution({
      arn,
      name,
      machine,
      input,
      time: cloud.time,
      random: options.random,
      invokeTask: taskRunner(cloud, machine.region, as),
    });
    executions.set(arn, execution);
    return execution;
  }

  return {
    id: 'states',
    close: async () => {
      await Promise.all([...executions.values()].map((execution) => execution.stop(undefined, undefined)));
    },
    operations: {
      CreateStateMachine(input: Sfn.CreateStateMachineInput, call): Sfn.CreateStateMachineOutput {
        const { name = '', roleArn = '', definition: source = '' } = input;
        const { accountId } = call.caller;
        const { region } = call;
        const arn = arnOf('states', region, accountId, `stateMachine:${name}`);
        authorize(call, 'CreateStateMachine', arn);
        options.iam.passRole(call, roleArn, 'states.amazonaws.com');
        checkName(name);
        checkOptions(input);
        const definition = readDefinition(source);
        const earlier = machines.get(arn);
        if (earlier && (earlier.source !== source || earlier.roleArn !== roleArn)) {
          throw new StateMachineAlreadyExists({
            message: `State Machine Already Exists: '${arn}'`,
            $metadata: {},
          });
        }
        const creationDate = new Date(cloud.time.now());
        const machine = { arn, name, accountId, region, roleArn, source, definition, creationDate };
        assumeRole(cloud, machine, 'creation');
        if (!earlier) machines.set(arn, machine);
        return { stateMachineArn: arn, creationDate: (earlier ?? machine).creationDate };
      },

      DescribeStateMachine(input: Sfn.DescribeStateMachineInput, call): Sfn.DescribeStateMachineOutput {
        authorize(call, 'DescribeStateMachine', input.stateMachineArn);
        const { arn, name, source, roleArn, creationDate } = machineOf(input.stateMachineArn, call);
        return {
          stateMachineArn: arn,
          name,
          status: 'ACTIVE',
          definition: source,
          roleArn,
          type: 'STANDARD',
          creationDate,
          loggingConfiguration: { level: 'OFF', includeExecutionData: false },
          tracingConfiguration: { enabled: false },
        };
      },

      ListStateMachines(input: Sfn.ListStateMachinesInput, call): Sfn.ListStateMachinesOutput {
        authorize(call, 'ListStateMachines', undefined);
        const own = [...machines.values()].filter(
          ({ accountId, region }) => accountId === call.caller.accountId && region === call.region,
        );
        const { items, next } = page(own, input);
        return {
          stateMachines: items.map(({ arn, name, creationDate }) => ({
            stateMachineArn: arn,
            name,
            type: 'STANDARD',
            creationDate,
          })),
          ...(next && { nextToken: next }),
        };
      },

      StartExecution(input: Sfn.StartExecutionInput, call): Sfn.StartExecutionOutput {
        refuse(input, ['traceHeader']);
        authorize(call, 'StartExecution', input.stateMachineArn);
        const machine = machineOf(input.stateMachineArn, call);
        const name = input.name ?? randomUUID();
        checkName(name);
        const { arn, startDate } = start(machine, name, checkInput(input.input ?? '{}'));
        return { executionArn: arn, startDate };
      },

      async StopExecution(input: Sfn.StopExecutionInput, call): Promise<Sfn.StopExecutionOutput> {
        authorize(call, 'StopExecution', input.executionArn);
        return { stopDate: await executionOf(input.executionArn, call).stop(input.error, input.cause) };
      },

      DescribeExecution(input: Sfn.DescribeExecutionInput, call): Sfn.DescribeExecutionOutput {
        refuse(input, ['includedData']);
        authorize(call, 'DescribeExecution', input.executionArn);
        return executionOf(input.executionArn, call).describe();
      },

      ListExecutions(input: Sfn.ListExecutionsInput, call): Sfn.ListExecutionsOutput {
        refuse(input, ['mapRunArn', 'redriveFilter']);
        authorize(call, 'ListExecutions', input.stateMachineArn);
        const machine = machineOf(input.stateMachineArn, call);
        // The newest first.
        const all = [...executions.values()].reverse().filter((execution) => execution.machine === machine);
        const wanted = all.filter(({ status }) => (input.statusFilter ?? status) === status);
        const { items, next } = page(wanted, input);
        return {
          executions: items.map((execution) => {
            const { executionArn, stateMachineArn, name, status, startDate, stopDate } = execution.describe();
            return { executionArn, stateMachineArn, name, status, startDate, ...(stopDate && { stopDate }) };
          }),
          ...(next && { nextToken: next }),
        };
      },

      GetExecutionHistory(input: Sfn.GetExecutionHistoryInput, call): Sfn.GetExecutionHistoryOutput {
        if (input.includeExecutionData === false) refuse(input, ['includeExecutionData']);
        authorize(call, 'GetExecutionHistory', input.executionArn);
        const events = executionOf(input.executionArn, call).history();
        const { items, next } = page(input.reverseOrder ? events.toReversed() : events, input);
        return { events: items, ...(next && { nextToken: next }) };
      },
    },
  };
}

/** Trust is evaluated each time, as with real sessions that run out. Throws AccessDeniedException. */
function assumeRole(cloud: Cloud, machine: StateMachine, session: string): Caller {
  try {
    return cloud.assumeRoleAsService(machine.roleArn, 'states.amazonaws.com', session, {
      'aws:SourceArn': machine.arn,
      'aws:SourceAccount': machine.accountId,
    });
  } catch (cause) {
    const message = `states.amazonaws.com is not authorized to assume the provided role ${machine.roleArn}`;
    throw Object.assign(new ServiceError('AccessDeniedException', message), { cause });
  }
}

function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new InvalidName({ message: `Invalid Name: '${name}'`, $metadata: {} });
}

function checkInput(input: string): string {
  const invalid = (message: string) => new InvalidExecutionInput({ message, $metadata: {} });
  if (Buffer.byteLength(input) > MAX_PAYLOAD)
    throw invalid('Invalid State Machine Execution Input: too large');
  try {
    JSON.parse(input);
  } catch {
    throw invalid('Invalid State Machine Execution Input: not JSON');
  }
  return input;
}

function refuse<Input extends object>(input: Input, members: readonly (keyof Input & string)[]): void {
  const given = members.filter((member) => input[member] !== undefined);
  if (given.length === 0) return;
  throw new ServiceError('ValidationException', `Not supported by the sandbox: ${given.join(', ')}`);
}

const page = <Item>(
  items: readonly Item[],
  input: { maxResults?: number | undefined; nextToken?: string | undefined },
) =>
  pageOf(items, {
    // Step Functions takes 0 as the default of 100.
    limit: Math.min(input.maxResults || 100, MAX_PAGE),
    token: input.nextToken,
    refuse: () => new InvalidToken({ message: `Invalid Token: '${input.nextToken}'`, $metadata: {} }),
  });
