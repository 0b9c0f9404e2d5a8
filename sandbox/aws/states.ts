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
import { StateError } from '../asl/errors.ts';
import type { StartMapRun } from '../asl/surroundings.ts';
import { MAX_PAYLOAD } from '../asl/template.ts';
import { type Caller, type Cloud, type ServiceCall, type ServiceDefinition, ServiceError } from '../cloud.ts';
import type { AwsCloud } from './cloud.ts';
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
  /** Told of every execution that has ended. */
  readonly onEnded: (execution: Execution) => void;
}

export function createStates(cloud: AwsCloud, options: StatesOptions): StatesService {
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
    return launch({ arn, name, machine, input }, () => assumeRole(cloud, machine, session));
  }

  function launch(
    one: { arn: string; name: string; machine: StateMachine; input: string; mapRunArn?: string },
    as: () => Caller,
  ): Execution {
    const execution = startExecution({
      ...one,
      time: cloud.time,
      random: options.random,
      invokeTask: taskRunner(cloud, one.machine.region, as),
      startMapRun: mapRuns(one.machine, as),
    });
    executions.set(one.arn, execution);
    void execution.ended.then(() => options.onEnded(execution));
    return execution;
  }

  /** Child executions, with the state machine's role and under names that only they have. */
  function mapRuns(machine: StateMachine, as: () => Caller): StartMapRun {
    return (label, definition) => {
      const { accountId, region } = machine;
      const arnIn = (kind: string, name: string) =>
        arnOf('states', region, accountId, `${kind}:${machine.name}/${label}:${name}`);
      const child: StateMachine = { ...machine, arn: `${machine.arn}/${label}`, definition };
      const mapRunArn = arnIn('mapRun', randomUUID());
      return {
        arn: mapRunArn,
        run: async (input, signal) => {
          const name = randomUUID();
          const arn = arnIn('execution', name);
          checkMayRun(cloud, machine, arn, as());
          const execution = launch(
            { arn, name, machine: child, input: JSON.stringify(input), mapRunArn },
            as,
          );
          signal.addEventListener('abort', () => void execution.stop(undefined, undefined), { once: true });
          return execution.ended;
        },
      };
    };
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
        const role = assumeRole(cloud, machine, 'creation');
        if ((input.loggingConfiguration?.level ?? 'OFF') !== 'OFF') checkMayLog(cloud, machine, role);
        if (!earlier) machines.set(arn, machine);
        return { stateMachineArn: arn, creationDate: (earlier ?? machine).creationDate };
      },

      /** Ends what runs; the state machine is gone at once, where AWS shows it as DELETING first. */
      async DeleteStateMachine(input: Sfn.DeleteStateMachineInput, call): Promise<object> {
        authorize(call, 'DeleteStateMachine', input.stateMachineArn);
        const machine = machines.get(input.stateMachineArn ?? '');
        if (machine?.region !== call.region) return {};
        machines.delete(machine.arn);
        const own = [...executions.values()].filter((execution) => execution.machine === machine);
        await Promise.all(own.map((execution) => execution.stop(undefined, undefined)));
        for (const { arn } of own) executions.delete(arn);
        return {};
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
        refuse(input, ['redriveFilter']);
        const { stateMachineArn, mapRunArn } = input;
        if ((stateMachineArn === undefined) === (mapRunArn === undefined)) {
          throw new ServiceError('ValidationException', 'Expected either stateMachineArn or mapRunArn');
        }
        authorize(call, 'ListExecutions', stateMachineArn ?? mapRunArn);
        // The newest first. Of a Map Run, its children; those of a state machine are listed without them.
        const of = mapRunArn === undefined ? machineOf(stateMachineArn, call) : undefined;
        const all = [...executions.values()]
          .reverse()
          .filter(({ machine, ...own }) => (of ? machine === of : own.mapRunArn === mapRunArn));
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

/**
 * What the documentation of Distributed Map asks of the role. Whether AWS looks at each of these, and when, is not
 * documented: here all of them for each child, and a refusal ends the execution.
 */
function checkMayRun(cloud: AwsCloud, machine: StateMachine, childArn: string, as: Caller): void {
  const origin = { caller: as, region: machine.region, userAgent: 'states.amazonaws.com', sourceIp: '' };
  const needed: readonly [action: string, resource: string][] = [
    ['states:StartExecution', machine.arn],
    ['states:DescribeExecution', childArn],
    ['states:StopExecution', childArn],
  ];
  for (const [action, resource] of needed) {
    const verdict = cloud.check(origin, { action, resource });
    if (!verdict.allowed) throw new StateError('States.Runtime', verdict.message);
  }
}

/** What the documentation of logging asks of the role; nothing is written to the log group here. */
function checkMayLog(cloud: AwsCloud, { region }: StateMachine, caller: Caller): void {
  const origin = { caller, region, userAgent: 'states.amazonaws.com', sourceIp: '' };
  for (const call of LOG_DELIVERY) {
    if (cloud.check(origin, { action: `logs:${call}`, resource: '*' }).allowed) continue;
    throw new ServiceError(
      'AccessDeniedException',
      'The state machine IAM Role is not authorized to access the Log Destination',
    );
  }
}

const LOG_DELIVERY = [
  'CreateLogDelivery',
  'GetLogDelivery',
  'UpdateLogDelivery',
  'DeleteLogDelivery',
  'ListLogDeliveries',
  'PutResourcePolicy',
  'DescribeResourcePolicies',
  'DescribeLogGroups',
];

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
