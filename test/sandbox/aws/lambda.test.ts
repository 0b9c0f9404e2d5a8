import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRuntimeApi } from '../../../sandbox/aws/lambda-runtime-api.ts';
import { createLab, eventually, FACTORY, type Lab, MEMBER, ORGANIZATION, REGION } from './lambda-lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterAll(() => lab.close());

const LOGGING = {
  Effect: 'Allow',
  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: `arn:aws:logs:${REGION}:${FACTORY}:log-group:/aws/lambda/*`,
};

async function createFunction(
  name: string,
  source: string,
  settings: object = {},
  statements: object[] = [],
) {
  await lab.logs.createLogGroup({ logGroupName: `/aws/lambda/${name}` }, lab.admin(FACTORY), REGION);
  const Role = await lab.role(FACTORY, name, 'lambda.amazonaws.com', [LOGGING, ...statements]);
  return lab.call<{ FunctionArn: string }>('lambda', 'CreateFunction', {
    FunctionName: name,
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role,
    Code: { S3Bucket: 'assets', S3Key: lab.code(source) },
    Timeout: 30,
    ...settings,
  });
}

async function invoke(name: string, payload: unknown = {}) {
  const answer = await lab.call<{ Payload: Uint8Array; FunctionError?: string }>('lambda', 'Invoke', {
    FunctionName: name,
    Payload: Buffer.from(JSON.stringify(payload)),
  });
  return { error: answer.FunctionError, payload: JSON.parse(Buffer.from(answer.Payload).toString()) };
}

describe('a function', () => {
  it('runs under its own role, with a scrubbed environment and scaled durations', async () => {
    process.env.SECRET_OF_THIS_MACHINE = 'x';
    await createFunction('env', 'exports.handler = async () => ({ env: process.env, cwd: process.cwd() });', {
      Environment: {
        Variables: { SETTLE_SECONDS: '300', LEDGER_TABLE: 'ledger', AWS_ENDPOINT_URL: 'https://x' },
      },
    });
    const { payload } = await invoke('env');
    expect(payload.env).toMatchObject({
      SETTLE_SECONDS: '3',
      LEDGER_TABLE: 'ledger',
      AWS_REGION: REGION,
      AWS_LAMBDA_FUNCTION_NAME: 'env',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      LAMBDA_TASK_ROOT: payload.cwd,
    });
    expect(payload.env).not.toHaveProperty('SECRET_OF_THIS_MACHINE');
    const { principal } = lab.cloud.authenticate(payload.env.AWS_ACCESS_KEY_ID)?.caller ?? {};
    expect(principal).toMatchObject({ arn: `arn:aws:sts::${FACTORY}:assumed-role/env/env` });
  });

  it('gets its payload and context, and keeps its process while warm', async () => {
    const source = `let calls = 0;
      exports.handler = async (event, context) => ({ event, calls: ++calls, id: context.awsRequestId,
        left: context.getRemainingTimeInMillis() > 0, arn: context.invokedFunctionArn });`;
    const { FunctionArn } = await createFunction('warm', source);
    const first = await invoke('warm', { a: 1 });
    const second = await invoke(FunctionArn, { a: 2 });
    expect(first.payload).toMatchObject({ event: { a: 1 }, calls: 1, left: true, arn: FunctionArn });
    expect(second.payload).toMatchObject({ event: { a: 2 }, calls: 2 });
    expect(second.payload.id).not.toBe(first.payload.id);
  });

  it('runs in several processes at once, and invocations beyond those wait', async () => {
    const source = `exports.handler = async () => { await new Promise((r) => setTimeout(r, 50)); return process.pid; };`;
    await createFunction('busy', source);
    const atOnce = (length: number) => Promise.all(Array.from({ length }, () => invoke('busy')));
    // Nobody waits for as long as processes may take to start.
    await atOnce(3);
    const answers = await atOnce(7);
    expect(new Set(answers.map(({ payload }) => payload)).size).toBe(3);
  });

  it('reports what the handler throws, and can be invoked again', async () => {
    const source = `class Lost extends Error { name = 'Lost' }
      exports.handler = async (event) => { if (event.fail) throw new Lost('gone'); return 'ok'; };`;
    await createFunction('throws', source);
    const failed = await invoke('throws', { fail: true });
    expect(failed.error).toBe('Unhandled');
    expect(failed.payload).toMatchObject({ errorType: 'Lost', errorMessage: 'gone' });
    expect(failed.payload.trace[0]).toBe('Lost: gone');
    expect((await invoke('throws')).payload).toBe('ok');
  });

  it('gets another environment in new processes, and nothing else changed', async () => {
    const source = 'exports.handler = async () => [process.pid, process.env.COLOUR];';
    await createFunction('changed', source, { Environment: { Variables: { COLOUR: 'red' } } });
    const before = (await invoke('changed')).payload;
    expect(before[1]).toBe('red');
    const change = { FunctionName: 'changed', Environment: { Variables: { COLOUR: 'blue' } } };
    await lab.call('lambda', 'UpdateFunctionConfiguration', change);
    const after = (await invoke('changed')).payload;
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe('blue');
    await expect(
      lab.call('lambda', 'UpdateFunctionConfiguration', { FunctionName: 'changed', Timeout: 5 }),
    ).rejects.toThrow(/environment of a function, and nothing else/);
  });

  it('that crashes fails what it works on, and starts anew', async () => {
    const source = `exports.handler = async (event) => {
      if (event.wait) await new Promise((resolve) => setTimeout(resolve, 5000));
      return process.pid; };`;
    const { FunctionArn } = await createFunction('crashes', source);
    const pid = (await invoke('crashes')).payload;
    const waiting = invoke('crashes', { wait: true });
    await lab.lambda.crash(FunctionArn);
    expect((await waiting).payload.errorType).toBe('Runtime.ExitError');
    expect((await invoke('crashes')).payload).not.toBe(pid);
  });

  it('is killed at its timeout, in its own seconds, and starts anew', async () => {
    const source =
      'exports.handler = (event) => event.hang ? new Promise(() => {}) : Promise.resolve(process.pid);';
    await createFunction('slow', source);
    const before = (await invoke('slow')).payload;
    const { error, payload } = await invoke('slow', { hang: true });
    expect(error).toBe('Unhandled');
    expect(payload.errorType).toBe('Sandbox.Timedout');
    expect(payload.errorMessage).toMatch(/^RequestId: \S+ Error: Task timed out after 30\.00 seconds$/);
    expect((await invoke('slow')).payload).not.toBe(before);
  });

  it('reports an exit of its process', async () => {
    await createFunction('exits', 'exports.handler = async () => process.exit(3);');
    expect((await invoke('exits')).payload).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/Runtime exited with error: exit status 3$/),
    });
  });

  it('reports a rejection that nothing handles, and the next invocation is in a new process', async () => {
    const source = `exports.handler = async (event) => {
      if (!event.fail) return process.pid;
      Promise.reject(new Error('forgotten'));
      await new Promise(() => {});
    };`;
    await createFunction('rejects', source);
    const before = (await invoke('rejects')).payload;
    const { payload } = await invoke('rejects', { fail: true });
    expect(payload).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'forgotten',
    });
    expect((await invoke('rejects')).payload).not.toBe(before);
  });

  it.each([
    ['that throws while loading', 'throw new TypeError("bad");', 'TypeError'],
    ['without its handler', 'exports.other = 1;', 'Runtime.HandlerNotFound'],
  ])('reports code %s', async (what, source, errorType) => {
    const name = `init-${what.length}`;
    await createFunction(name, source);
    expect((await invoke(name)).payload).toMatchObject({ errorType });
  });

  it('loads index.js as CommonJS wherever it lies', async () => {
    const folder = lab.code('exports.handler = async () => typeof require;');
    writeFileSync(`${folder}/package.json`, '{"type":"module"}');
    await createFunction('module', '', { Code: { S3Key: folder } });
    expect((await invoke('module')).payload).toBe('function');
  });

  it('writes what it prints as its own role', async () => {
    await createFunction('prints', 'exports.handler = async () => { console.log("a line"); };');
    await invoke('prints');
    const group = { logGroupName: '/aws/lambda/prints' };
    const [event] = await eventually(async () => {
      const found = await lab.logs.filterLogEvents(group, lab.admin(FACTORY), REGION);
      return found.length > 0 && found;
    });
    expect(event?.message).toBe('a line');
    const writes = lab.recorder.calls().filter(({ operation }) => operation === 'PutLogEvents');
    expect(writes.map(({ caller }) => caller)).toContain(
      `arn:aws:sts::${FACTORY}:assumed-role/prints/prints`,
    );
  });

  it('works on where its role may not write logs, and that is reported', async () => {
    const Role = await lab.role(FACTORY, 'mute', 'lambda.amazonaws.com', []);
    await lab.call('lambda', 'CreateFunction', {
      FunctionName: 'mute',
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role,
      Code: { S3Key: lab.code('exports.handler = async () => { console.log("x"); return 1; };') },
    });
    expect((await invoke('mute')).payload).toBe(1);
    const [problem] = await eventually(() => lab.problems.length > 0 && lab.problems);
    expect(problem).toMatchObject({ functionName: 'mute', error: { name: 'AccessDeniedException' } });
  });

  it('is refused to who may not invoke it, unless its own policy lets them', async () => {
    await createFunction('private', 'exports.handler = async () => 1;');
    const as = lab.admin(MEMBER);
    const FunctionName = `arn:aws:lambda:${REGION}:${FACTORY}:function:private`;
    const attempt = () => lab.call('lambda', 'Invoke', { FunctionName }, { as });
    await expect(attempt()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const permission = {
      FunctionName: 'private',
      StatementId: 'organization',
      Action: 'lambda:InvokeFunction',
      Principal: '*',
      PrincipalOrgID: ORGANIZATION,
    };
    await lab.call('lambda', 'AddPermission', permission);
    await expect(attempt()).resolves.toMatchObject({ StatusCode: 200 });
    await lab.call('lambda', 'RemovePermission', { FunctionName: 'private', StatementId: 'organization' });
    await expect(attempt()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('is throttled over its reserved concurrency', async () => {
    const source = 'exports.handler = () => new Promise((r) => setTimeout(r, 100));';
    await createFunction('reserved', source);
    const reserved = { FunctionName: 'reserved', ReservedConcurrentExecutions: 1 };
    await lab.call('lambda', 'PutFunctionConcurrency', reserved);
    const [first, second] = await Promise.allSettled([invoke('reserved'), invoke('reserved')]);
    expect(first?.status).toBe('fulfilled');
    expect(second).toMatchObject({ reason: { name: 'TooManyRequestsException' } });
  });
});

it('ends with the sandbox, even where that is killed in the middle of an invocation', async () => {
  const api = await startRuntimeApi();
  const asked = new Promise<void>((resolve) => {
    const invocation = { requestId: 'r', payload: Buffer.from('{}'), functionArn: 'arn', deadline: 0 };
    const next = () => Promise.resolve(invocation).finally(resolve);
    api.clients.set('id', { next, respond: () => true, fail: () => true, failInit: () => undefined });
  });
  const folder = lab.code('exports.handler = () => new Promise((r) => setTimeout(r, 60_000));');
  const bootstrap = fileURLToPath(new URL('../../../sandbox/aws/lambda-bootstrap.mjs', import.meta.url));
  const child = spawn(process.execPath, [bootstrap], {
    env: { AWS_LAMBDA_RUNTIME_API: `${api.address}/id`, LAMBDA_TASK_ROOT: folder, _HANDLER: 'index.handler' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const exited = once(child, 'exit');
  await asked;
  // The system closes a killed process's end of the pipe.
  child.stdin.destroy();
  await exited;
  await api.close();
});

describe('creating a function', () => {
  const valid = async () => ({
    FunctionName: 'new',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: await lab.role(FACTORY, `new-${Math.random()}`, 'lambda.amazonaws.com', []),
    Code: { S3Key: lab.code('') },
  });

  it.each([
    ['another runtime', { Runtime: 'python3.13' }],
    ['a folder without the handler', { Handler: 'other.handler' }],
    ['a relative folder', { Code: { S3Key: 'assets' } }],
    ['what the sandbox lacks', { Layers: ['arn:aws:lambda:us-east-1:1:layer:x:1'] }],
    ['a timeout over fifteen minutes', { Timeout: 901 }],
  ])('refuses %s', async (_, change) => {
    const attempt = lab.call('lambda', 'CreateFunction', { ...(await valid()), ...change });
    await expect(attempt).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });

  it('refuses a role that Lambda cannot assume', async () => {
    const Role = await lab.role(FACTORY, 'not-for-lambda', 'events.amazonaws.com', []);
    const attempt = lab.call('lambda', 'CreateFunction', { ...(await valid()), Role });
    await expect(attempt).rejects.toThrow('cannot be assumed by Lambda');
  });
});

describe('an SQS event source', () => {
  const READ = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];

  async function connect(name: string, source: string, actions = READ, mapping: object = {}) {
    const deadLetters = await lab.queue(`${name}-dead`);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 2 });
    const queue = await lab.queue(name, { VisibilityTimeout: '90', RedrivePolicy });
    await createFunction(name, source, {}, [{ Effect: 'Allow', Action: actions, Resource: queue.arn }]);
    const input = {
      FunctionName: name,
      EventSourceArn: queue.arn,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ...mapping,
    };
    return {
      queue,
      deadLetters,
      mapping: lab.call<{ UUID: string }>('lambda', 'CreateEventSourceMapping', input),
    };
  }
  const send = (url: string, MessageBody: string) =>
    lab.call('sqs', 'SendMessage', { QueueUrl: url, MessageBody });
  const count = async (url: string) => {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
    const { Attributes } = await lab.call<{ Attributes: Record<string, string> }>(
      'sqs',
      'GetQueueAttributes',
      {
        QueueUrl: url,
        AttributeNames: names,
      },
    );
    return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
  };

  it('hands messages over in the form of AWS and deletes them', async () => {
    const { queue, mapping } = await connect(
      'deliver',
      'exports.handler = async ({ Records }) => { console.log("got", JSON.stringify(Records[0])); };',
    );
    await mapping;
    await send(queue.url, 'hello');
    const line = await eventually(() => lab.lines.find((text) => text.startsWith('got')));
    expect(JSON.parse(line.slice(4))).toMatchObject({
      body: 'hello',
      eventSource: 'aws:sqs',
      eventSourceARN: queue.arn,
      awsRegion: REGION,
      attributes: { ApproximateReceiveCount: '1' },
      messageAttributes: {},
    });
    await eventually(async () => (await count(queue.url)) === 0);
  });

  it('leaves messages in the queue while it is disabled', async () => {
    const { queue, mapping } = await connect('switch', 'exports.handler = async () => {};');
    const { UUID } = await mapping;
    const enable = (Enabled: boolean) => lab.call('lambda', 'UpdateEventSourceMapping', { UUID, Enabled });
    expect(await enable(false)).toMatchObject({ UUID, State: 'Disabled' });
    await send(queue.url, 'waits');
    expect(await lab.call('lambda', 'GetEventSourceMapping', { UUID })).toMatchObject({ State: 'Disabled' });
    expect(await count(queue.url)).toBe(1);
    expect(await enable(true)).toMatchObject({ State: 'Enabled' });
    await eventually(async () => (await count(queue.url)) === 0);
    const change = lab.call('lambda', 'UpdateEventSourceMapping', { UUID, Enabled: true, BatchSize: 1 });
    await expect(change).rejects.toThrow('switches event source mappings on and off');
  });

  it('keeps exactly the messages that the function reports, until they are dead letters', async () => {
    const source = `exports.handler = async ({ Records }) => ({ batchItemFailures:
      Records.filter((r) => r.body === 'bad').map((r) => ({ itemIdentifier: r.messageId })) });`;
    const { queue, deadLetters, mapping } = await connect('partial', source);
    const Entries = ['good', 'bad', 'fine'].map((MessageBody, at) => ({ Id: String(at), MessageBody }));
    await lab.call('sqs', 'SendMessageBatch', { QueueUrl: queue.url, Entries });
    await mapping;
    const [dead] = await lab.messages(deadLetters.url);
    expect(dead?.Body).toBe('bad');
    expect(await count(queue.url)).toBe(0);
  });

  it('keeps the whole batch where the function fails', async () => {
    const { queue, deadLetters, mapping } = await connect(
      'failing',
      'exports.handler = async () => { throw 1; };',
    );
    await mapping;
    await send(queue.url, 'x');
    expect(await lab.messages(deadLetters.url)).toHaveLength(1);
  });

  it('keeps the whole batch where the report names a message that was not in it', async () => {
    const source = `exports.handler = async () => ({ batchItemFailures: [{ itemIdentifier: 'other' }] });`;
    const { queue, deadLetters, mapping } = await connect('confused', source);
    await mapping;
    await send(queue.url, 'x');
    expect(await lab.messages(deadLetters.url)).toHaveLength(1);
  });

  it('is refused where the role cannot read the queue', async () => {
    const { mapping } = await connect('blind', 'exports.handler = async () => {};', ['sqs:ReceiveMessage']);
    await expect(mapping).rejects.toThrow('cannot call GetQueueAttributes');
  });

  it('leaves messages alone that the role may not receive, and says so', async () => {
    const { queue, mapping } = await connect('deaf', 'exports.handler = async () => {};', [
      'sqs:GetQueueAttributes',
    ]);
    const { UUID } = await mapping;
    await send(queue.url, 'x');
    const shown = () =>
      lab.call<{ LastProcessingResult: string }>('lambda', 'GetEventSourceMapping', { UUID });
    await eventually(async () => (await shown()).LastProcessingResult.startsWith('PROBLEM: AccessDenied'));
    expect(await count(queue.url)).toBe(1);
  });

  it('is refused for a queue whose visibility timeout is shorter than the function may take', async () => {
    const queue = await lab.queue('short', { VisibilityTimeout: '10' });
    const all = [{ Effect: 'Allow', Action: READ, Resource: queue.arn }];
    await createFunction('short', 'exports.handler = async () => {};', {}, all);
    const input = { FunctionName: 'short', EventSourceArn: queue.arn };
    await expect(lab.call('lambda', 'CreateEventSourceMapping', input)).rejects.toThrow(
      'less than Function timeout',
    );
  });
});
