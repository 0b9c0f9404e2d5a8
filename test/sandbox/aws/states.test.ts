import { describe, expect, it, vi } from 'vitest';
import { createCloud } from '../../../sandbox/aws/cloud.ts';
import { createIam } from '../../../sandbox/aws/iam.ts';
import { createStates } from '../../../sandbox/aws/states.ts';
import { type Caller, ServiceError } from '../../../sandbox/cloud.ts';
import { createRecorder } from '../../../sandbox/recorder.ts';
import { createTime } from '../../../sandbox/time.ts';

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:f`;

interface World {
  readonly call: <Output>(operation: string, input: object, as?: Caller, region?: string) => Promise<Output>;
  readonly user: (policy: object) => Promise<Caller>;
  /** ARN of a role that Lambda may assume, not Step Functions. */
  readonly untrusting: () => Promise<string>;
  readonly create: (states: object, name?: string) => Promise<string>;
  /** Starts, waits for the end, describes. */
  readonly run: (machine: string, input?: object) => Promise<Record<string, string>>;
  readonly invoked: { payload: unknown; as: Caller }[];
}

/** One account with a fake Lambda that answers with `answer`, under a role that may do what `allow` says. */
async function world(
  answer: (payload: unknown) => unknown = (payload) => payload,
  allow: readonly string[] = ['lambda:InvokeFunction', 'states:StartExecution'],
): Promise<World> {
  const time = createTime(0.001);
  const recorder = createRecorder({ time, random: Math.random });
  const cloud = createCloud({ time, recorder, organization: { id: 'o-a1b2c3d4e5', accounts: [ACCOUNT] } });
  const iam = createIam(cloud, { onCloudTrailRecord: () => {} });
  cloud.register(iam);
  cloud.register(createStates(cloud, { iam, random: () => 0.5, onEnded: () => {} }));
  const invoked: { payload: unknown; as: Caller }[] = [];
  cloud.register({
    id: 'lambda',
    operations: {
      Invoke: (input: { FunctionName: string; Payload: Uint8Array }, call) => {
        call.authorize({ action: 'lambda:InvokeFunction', resource: input.FunctionName });
        const payload: unknown = JSON.parse(Buffer.from(input.Payload).toString());
        invoked.push({ payload, as: call.caller });
        const result = answer(payload);
        if (!(result instanceof Error))
          return { StatusCode: 200, Payload: Buffer.from(JSON.stringify(result)) };
        if (result instanceof ServiceError) throw result;
        const error = { errorType: result.name, errorMessage: result.message };
        return { StatusCode: 200, FunctionError: 'Unhandled', Payload: Buffer.from(JSON.stringify(error)) };
      },
    },
  });
  const admin = iam.createAdministrator(ACCOUNT, 'admin').caller;
  const iamCall = <Output>(operation: string, input: object) =>
    cloud.invoke<Output>('iam', operation, input, admin, REGION);
  const role = async (RoleName: string, service: string): Promise<string> => {
    const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const input = { RoleName, AssumeRolePolicyDocument };
    return (await iamCall<{ Role: { Arn: string } }>('CreateRole', input)).Role.Arn;
  };
  const roleArn = await role('machine', 'states.amazonaws.com');
  const policyOf = (statement: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Resource: '*', ...statement }] });
  if (allow.length > 0) {
    const PolicyDocument = policyOf({ Action: allow });
    await iamCall('PutRolePolicy', { RoleName: 'machine', PolicyName: 'p', PolicyDocument });
  }
  const call: World['call'] = (operation, input, as = admin, region = REGION) =>
    cloud.invoke('states', operation, input, as, region);

  return {
    call,
    untrusting: () => role('untrusting', 'lambda.amazonaws.com'),
    invoked,
    user: async (statement) => {
      await iamCall('CreateUser', { UserName: 'restricted' });
      const PolicyDocument = policyOf(statement);
      await iamCall('PutUserPolicy', { UserName: 'restricted', PolicyName: 'p', PolicyDocument });
      const arn = `arn:aws:iam::${ACCOUNT}:user/restricted`;
      return { principal: { type: 'aws', accountId: ACCOUNT, arn }, accountId: ACCOUNT };
    },
    create: async (states, name = 'm') => {
      const definition = JSON.stringify({
        QueryLanguage: 'JSONata',
        StartAt: Object.keys(states)[0],
        States: states,
      });
      const created = await call<{ stateMachineArn: string }>('CreateStateMachine', {
        name,
        definition,
        roleArn,
      });
      return created.stateMachineArn;
    },
    run: async (stateMachineArn, input = {}) => {
      const { executionArn } = await call<{ executionArn: string }>('StartExecution', {
        stateMachineArn,
        input: JSON.stringify(input),
      });
      for (;;) {
        const described = await call<Record<string, string>>('DescribeExecution', { executionArn });
        if (described.status !== 'RUNNING') return described;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
  };
}

const TASK = { A: { Type: 'Task', Resource: FUNCTION, End: true } };
const FOREVER = { A: { Type: 'Wait', Seconds: 99_999_999, End: true } };
const named = (name: string) => Object.assign(new Error('why'), { name });

describe('an execution', () => {
  it('invokes functions as the state machine’s role', async () => {
    const { create, run, invoked } = await world(() => ({ done: true }));
    const ended = await run(await create(TASK), { n: 1 });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', input: '{"n":1}', output: '{"done":true}' });
    expect(invoked).toHaveLength(1);
    expect(invoked[0]?.payload).toEqual({ n: 1 });
    expect(invoked[0]?.as.principal).toMatchObject({ roleArn: `arn:aws:iam::${ACCOUNT}:role/machine` });
  });

  it.each([
    ['the error type of a function', named('ProviderFull'), 'ProviderFull'],
    ['throttling', new ServiceError('TooManyRequestsException', ''), 'Lambda.TooManyRequestsException'],
    ['an outage', new ServiceError('InternalFailure', '', 500), 'Lambda.ServiceException'],
    ['a lost answer', new ServiceError('RequestTimeout', '', 500), 'Lambda.SdkClientException'],
  ])('fails with %s', async (_, error, name) => {
    const { create, run } = await world(() => error);
    expect(await run(await create(TASK))).toMatchObject({ status: 'FAILED', error: name });
  });

  it('fails where the role may not invoke', async () => {
    const { create, run, invoked } = await world((payload) => payload, []);
    expect(await run(await create(TASK))).toMatchObject({
      status: 'FAILED',
      error: 'Lambda.AWSLambdaException',
    });
    expect(invoked).toEqual([]);
  });

  it('starts another one, and learns that it exists already', async () => {
    const { create, run, call } = await world();
    const other = await create(FOREVER, 'other');
    const start = (Input: object) => ({
      A: {
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution',
        Arguments: { StateMachineArn: other, Name: 'same', Input },
        Output: '{% $states.result.ExecutionArn %}',
        End: true,
      },
    });
    const first = await run(await create(start({ n: 1 }), 'first'));
    expect(JSON.parse(first.output ?? '')).toBe(`arn:aws:states:${REGION}:${ACCOUNT}:execution:other:same`);
    expect(await run(await create(start({ n: 2 }), 'second'))).toMatchObject({
      error: 'StepFunctions.ExecutionAlreadyExistsException',
    });
    const { executions } = await call<{ executions: unknown[] }>('ListExecutions', {
      stateMachineArn: other,
    });
    expect(executions).toHaveLength(1);
  });

  it('can be stopped', async () => {
    const { create, call } = await world();
    const stateMachineArn = await create(FOREVER);
    const { executionArn } = await call<{ executionArn: string }>('StartExecution', { stateMachineArn });
    await call('StopExecution', { executionArn, error: 'E', cause: 'C' });
    expect(await call('DescribeExecution', { executionArn })).toMatchObject({
      status: 'ABORTED',
      error: 'E',
      cause: 'C',
    });
  });

  it('keeps a history in pages, in both directions', async () => {
    const { create, run, call } = await world();
    const { executionArn } = await run(await create(TASK));
    type Page = { events: { type: string }[]; nextToken?: string };
    const first = await call<Page>('GetExecutionHistory', { executionArn, maxResults: 2 });
    expect(first.events.map(({ type }) => type)).toEqual(['ExecutionStarted', 'TaskStateEntered']);
    const rest = await call<Page>('GetExecutionHistory', { executionArn, nextToken: first.nextToken });
    expect(rest.events.at(-1)?.type).toBe('ExecutionSucceeded');
    const back = await call<Page>('GetExecutionHistory', { executionArn, reverseOrder: true });
    expect(back.events[0]?.type).toBe('ExecutionSucceeded');
  });
});

describe('a Distributed Map', () => {
  const ITEMS = { Items: [1, 2], Label: 'each' };
  const mapOf = (states: object) => ({
    M: {
      Type: 'Map',
      ...ITEMS,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: Object.keys(states)[0],
        States: states,
      },
      End: true,
    },
  });
  const RIGHTS = ['states:StartExecution', 'states:DescribeExecution', 'states:StopExecution'];
  type Listed = { executions: { executionArn: string; status: string }[] };
  /** Children of the only Map Run of an execution. */
  const childrenOf = async (call: World['call'], executionArn: string) => {
    const { events } = await call<{ events: { mapRunStartedEventDetails?: { mapRunArn: string } }[] }>(
      'GetExecutionHistory',
      { executionArn },
    );
    const mapRunArn = events.flatMap(({ mapRunStartedEventDetails: run }) => run?.mapRunArn ?? [])[0];
    const { executions } = await call<Listed>('ListExecutions', { mapRunArn });
    return { mapRunArn, executions };
  };

  it('runs child executions, which are found by their Map Run alone', async () => {
    const { create, run, call } = await world((n) => Number(n) * 2, ['lambda:InvokeFunction', ...RIGHTS]);
    const stateMachineArn = await create(mapOf(TASK));
    const ended = await run(stateMachineArn);
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '[2,4]' });

    const { mapRunArn, executions } = await childrenOf(call, ended.executionArn ?? '');
    expect(mapRunArn).toMatch(
      new RegExp(`^arn:aws:states:${REGION}:${ACCOUNT}:mapRun:m/each:[0-9a-f-]{36}$`),
    );
    expect(executions).toHaveLength(2);
    const [{ executionArn } = { executionArn: '' }] = executions;
    expect(executionArn).toMatch(
      new RegExp(`^arn:aws:states:${REGION}:${ACCOUNT}:execution:m/each:[0-9a-f-]{36}$`),
    );
    expect(await call('DescribeExecution', { executionArn })).toMatchObject({
      stateMachineArn: `${stateMachineArn}/each`,
      mapRunArn,
      input: '2',
      output: '4',
    });
    expect((await call<Listed>('ListExecutions', { stateMachineArn })).executions).toHaveLength(1);
  });

  it.each(RIGHTS)('fails where its role may not %s', async (missing) => {
    const allowed = RIGHTS.filter((action) => action !== missing);
    const { create, run, invoked } = await world(undefined, ['lambda:InvokeFunction', ...allowed]);
    expect(await run(await create(mapOf(TASK)))).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: expect.stringContaining(missing),
    });
    expect(invoked).toEqual([]);
  });

  it('takes its children along when it is stopped', async () => {
    const { create, call } = await world(undefined, RIGHTS);
    const stateMachineArn = await create(mapOf(FOREVER));
    const { executionArn } = await call<{ executionArn: string }>('StartExecution', { stateMachineArn });
    await vi.waitFor(async () => {
      expect((await childrenOf(call, executionArn)).executions).toHaveLength(2);
    });
    await call('StopExecution', { executionArn });
    const { executions } = await childrenOf(call, executionArn);
    expect(executions.map(({ status }) => status)).toEqual(['ABORTED', 'ABORTED']);
  });

  it('fails when a child is stopped', async () => {
    const { create, call } = await world(undefined, RIGHTS);
    const stateMachineArn = await create(mapOf(FOREVER));
    const { executionArn } = await call<{ executionArn: string }>('StartExecution', { stateMachineArn });
    const [child] = await vi.waitFor(async () => {
      const { executions } = await childrenOf(call, executionArn);
      expect(executions).toHaveLength(2);
      return executions;
    });
    await call('StopExecution', { executionArn: child?.executionArn });
    await vi.waitFor(async () => {
      expect(await call('DescribeExecution', { executionArn })).toMatchObject({
        status: 'FAILED',
        error: 'States.ExceedToleratedFailureThreshold',
      });
    });
  });

  it('is not created for a task that is not performed', async () => {
    const { create } = await world();
    const task = { A: { ...TASK.A, Resource: 'arn:aws:states:::aws-sdk:iam:getRole' } };
    await expect(create(mapOf(task))).rejects.toMatchObject({ name: 'InvalidDefinition' });
  });
});

describe('StartExecution', () => {
  it('gives the same answer for the same name and input while it runs', async () => {
    const { create, call } = await world();
    const start = { stateMachineArn: await create(FOREVER), name: 'n', input: '{"a":1}' };
    expect(await call('StartExecution', start)).toEqual(await call('StartExecution', start));
    await expect(call('StartExecution', { ...start, input: '{"a":2}' })).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    });
  });

  it('does not start a name again that has ended', async () => {
    const { create, run, call } = await world();
    const stateMachineArn = await create(TASK);
    const { name, input } = await run(stateMachineArn);
    await expect(call('StartExecution', { stateMachineArn, name, input })).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    });
  });

  it.each(['', 'a b', 'a:b', 'x'.repeat(81), 'a*', 'ä\u0007'])('refuses the name «%s»', async (name) => {
    const { create, call } = await world();
    const stateMachineArn = await create(FOREVER);
    await expect(call('StartExecution', { stateMachineArn, name })).rejects.toMatchObject({
      name: 'InvalidName',
    });
  });

  it.each(['{', 'x'.repeat(300_000)])('refuses an input that is no JSON or too large', async (input) => {
    const { create, call } = await world();
    const stateMachineArn = await create(FOREVER);
    await expect(call('StartExecution', { stateMachineArn, input })).rejects.toMatchObject({
      name: 'InvalidExecutionInput',
    });
  });

  it('needs permission for that state machine', async () => {
    const { create, call, user } = await world();
    const allowed = await create(FOREVER, 'allowed');
    const denied = await create(FOREVER, 'denied');
    const restricted = await user({ Action: 'states:StartExecution', Resource: allowed });
    await expect(call('StartExecution', { stateMachineArn: allowed }, restricted)).resolves.toBeDefined();
    await expect(call('StartExecution', { stateMachineArn: denied }, restricted)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  it('does not find a state machine from another region', async () => {
    const { create, call } = await world();
    const stateMachineArn = await create(FOREVER);
    await expect(call('StartExecution', { stateMachineArn }, undefined, 'eu-west-1')).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
  });
});

describe('DeleteStateMachine', () => {
  it('ends what runs, and accepts that there is none', async () => {
    const { create, call } = await world();
    const stateMachineArn = await create(FOREVER);
    const { executionArn } = await call<{ executionArn: string }>('StartExecution', { stateMachineArn });
    for (let times = 0; times < 2; times++) await call('DeleteStateMachine', { stateMachineArn });
    await expect(call('StartExecution', { stateMachineArn })).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
    await expect(call('DescribeExecution', { executionArn })).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    });
    await create(TASK);
  });
});

describe('CreateStateMachine', () => {
  it.each<[string, object]>([
    [
      'a task that it does not perform',
      { A: { ...TASK.A, Resource: 'arn:aws:states:::aws-sdk:iam:getRole' } },
    ],
    ['a function by an alias', { A: { ...TASK.A, Resource: `${FUNCTION}:live` } }],
    ['a field that it does not interpret', { A: { ...TASK.A, ResultPath: '$' } }],
  ])('refuses %s', async (_, states) => {
    const { create } = await world();
    await expect(create(states)).rejects.toMatchObject({ name: 'InvalidDefinition' });
  });

  it('refuses a role that Step Functions may not assume', async () => {
    const { call, untrusting } = await world();
    const definition = JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'A', States: FOREVER });
    const input = { name: 'm', definition, roleArn: await untrusting() };
    await expect(call('CreateStateMachine', input)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const missing = { ...input, roleArn: `arn:aws:iam::${ACCOUNT}:role/nobody` };
    await expect(call('CreateStateMachine', missing)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('answers the same again, and refuses another definition under the name', async () => {
    const { create } = await world();
    expect(await create(TASK)).toBe(await create(TASK));
    await expect(create(FOREVER)).rejects.toMatchObject({ name: 'StateMachineAlreadyExists' });
  });
});
