import { tmpdir } from 'node:os';
import { DynamoDBClient, GetItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showRole } from '../../cli/status/role.ts';
import { accountId, roleId, roleName } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { failedTags, ignoredTags, pendingTags } from '../../core/tags.ts';
import { CONTROL_KEY } from '../../lambdas/adapters/control-items.ts';
import { fieldsOf, itemOf } from '../../lambdas/adapters/ledger-items.ts';
import { APP_ID, AUDIENCE, ENTRY } from '../fixtures/domain.ts';
import { recordedIo, run } from './recorded-io.ts';
import { READY, ROLE_ARN, ROLE_ID, roleAnswer, withRole } from './role-answer.ts';

// Where no config lies about.
const home = process.cwd();
beforeAll(() => process.chdir(tmpdir()));
afterAll(() => process.chdir(home));

const failure = (name: string, httpStatusCode: number) =>
  Object.assign(new Error(), { name, $fault: 'client', $metadata: { httpStatusCode } });

describe('status --role-arn', () => {
  it.each<[string, Record<string, string>, number, object]>([
    ['ready', READY, 0, { clientId: APP_ID, audience: AUDIENCE }],
    ['pending', pendingTags(ROLE_ID), 1, {}],
    ['failed', failedTags('ProviderFull'), 1, { detail: expect.stringContaining('ProviderFull') }],
    ['ignored', ignoredTags('another role'), 1, {}],
    ['none', {}, 1, {}],
  ])('says %s', async (status, tags, exitCode, more) => {
    const show = (...options: string[]) =>
      withRole([roleAnswer(tags)], () => run(['status', '--role-arn', ROLE_ARN, ...options]));
    const asJson = await show('--json');
    expect(asJson.exitCode).toBe(exitCode);
    expect(asJson.json()).toEqual({
      roleArn: ROLE_ARN,
      status,
      detail: expect.stringMatching(/\w/),
      ...more,
    });
    const { stdout } = await show();
    expect(stdout.split('\n')[0]).toBe(`${status}: ${asJson.json().detail}`);
    expect(stdout).not.toContain('<role>');
  });

  it('fails where there is no such role', async () => {
    const { exitCode, json } = await withRole([failure('NoSuchEntityException', 404)], () =>
      run(['status', '--role-arn', ROLE_ARN, '--json']),
    );
    expect({ exitCode, code: json().error.code }).toEqual({ exitCode: 3, code: 'RoleNotFound' });
  });
});

describe('status --role-arn --wait', () => {
  /** In a time that passes by waiting alone. */
  async function waited(answers: Parameters<typeof withRole>[0], timeout = 60) {
    let now = 0;
    const sleeps: number[] = [];
    const clock = {
      now: () => now,
      sleep: async (milliseconds: number) => {
        sleeps.push(milliseconds);
        now += milliseconds;
      },
    };
    const io = recordedIo();
    const outcome = await withRole(answers, () =>
      showRole(io, { roleArn: ROLE_ARN, wait: true, timeout, json: true }, clock),
    ).then(
      () => io.ran().json().status,
      ({ code }) => code,
    );
    return { outcome, exitCode: io.exitCode, told: io.ran().stderr, sleeps };
  }

  it.each<[string, Record<string, string>, number]>([
    ['ready', READY, 0],
    ['failed', failedTags('ProviderFull'), 1],
    ['ignored', ignoredTags('another role'), 1],
  ])('ends when it is %s', async (status, tags, exitCode) => {
    const answers = [{}, {}, pendingTags(ROLE_ID), pendingTags(ROLE_ID), tags].map((each) =>
      roleAnswer(each),
    );
    expect(await waited(answers)).toEqual({
      outcome: status,
      exitCode,
      told: expect.stringMatching(/^none: .* …\npending: .* …$/),
      sleeps: [5000, 5000, 5000, 5000],
    });
  });

  it('goes on while AWS throttles or does not answer', async () => {
    const answers = [failure('Throttling', 400), failure('ServiceFailure', 500), roleAnswer(READY)];
    expect(await waited(answers)).toMatchObject({
      outcome: 'ready',
      told: expect.stringContaining('throttles'),
    });
  });

  it('ends at once when AWS refuses', async () => {
    const { outcome, sleeps } = await waited([roleAnswer({}), failure('AccessDenied', 403)]);
    expect({ outcome, looks: sleeps.length }).toEqual({ outcome: 'AwsAccessDenied', looks: 1 });
  });

  it('ends when the time is over, and not before', async () => {
    const { outcome, sleeps } = await waited([roleAnswer(pendingTags(ROLE_ID))], 12);
    expect({ outcome, sleeps }).toEqual({ outcome: 'NotReadyInTime', sleeps: [5000, 5000, 2000] });
    expect((await waited([failure('Throttling', 400)], 1)).outcome).toBe('AwsThrottled');
    expect((await waited([roleAnswer(READY)], 0)).outcome).toBe('ready');
  });

  it('ends the program with 4 then', async () => {
    const { exitCode, json } = await withRole([roleAnswer({})], () =>
      run(['status', '--role-arn', ROLE_ARN, '--wait', '--timeout', '0', '--json']),
    );
    expect(exitCode).toBe(4);
    expect(json().error).toMatchObject({ code: 'NotReadyInTime', retryable: true });
  });
});

describe('status', () => {
  const entry = (name: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
    ...ENTRY,
    roleName: roleName(name),
    roleId: roleId(`AROA${name.toUpperCase().padEnd(16, '0')}`),
    ...more,
  });
  const OTHER = accountId('444455556666');
  const ENTRIES = [
    entry('Broken', {
      phase: 'failed',
      error: { code: 'ProviderFull', step: 'inspect-role', at: ENTRY.createdAt },
    }),
    entry('deploy', { accountId: OTHER }),
    entry('deploy'),
    entry('old', { phase: 'removed' }),
  ];

  const PAUSE = {
    since: '2026-11-20T10:00:00.000Z',
    by: 'arn:aws:iam::123456789012:user/operator',
    reason: 'INC-4711',
  };

  const REPORT = {
    roleId: 'sweep-20261120T115900Z-00000000',
    endedAt: '2026-11-20T12:00:00.000Z',
    accounts: 3,
    swept: 1,
    started: 4,
    failed: ['444455556666'],
  };

  /** A factory account; `definition` is that of its create-role workflow. */
  async function withFactory<T>(work: () => Promise<T>, definition?: string): Promise<T> {
    const [sts, states] = [mockClient(STSClient), mockClient(SFNClient)];
    const [lambda, dynamo] = [mockClient(LambdaClient), mockClient(DynamoDBClient)];
    sts
      .on(GetCallerIdentityCommand)
      .resolves({ Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/operator' });
    const stateMachineArn = 'arn:aws:states:eu-central-1:123456789012:stateMachine:oidc-factory-create-role';
    if (definition) states.on(DescribeStateMachineCommand, { stateMachineArn }).resolves({ definition });
    else states.on(DescribeStateMachineCommand).rejects(failure('StateMachineDoesNotExist', 400));
    const FunctionName = 'arn:aws:lambda:eu-central-1:123456789012:function:inspect';
    lambda.on(GetFunctionConfigurationCommand, { FunctionName }).resolves({
      Environment: {
        Variables: {
          LEDGER_TABLE: 'the-ledger',
          MODE: 'enforce',
          MODES: '{"ou-ab12-a1b2c3d4":"observe"}',
          CONTROL_SECONDS: '10',
          CAPS: '{"rolesPerAccount":90,"creationsPerHour":50,"removalsPerHour":50}',
        },
      },
    });
    dynamo.on(GetItemCommand, { TableName: 'the-ledger', Key: CONTROL_KEY }).resolves({
      Item: { ...CONTROL_KEY, paused: { M: fieldsOf(PAUSE) } },
    });
    const query = (role: string, ...items: object[]) =>
      dynamo
        .on(QueryCommand, { ExpressionAttributeValues: { ':role': { S: role } } })
        .resolves({ Items: items.map(fieldsOf) });
    dynamo
      .on(QueryCommand, { ExpressionAttributeValues: { ':role': { S: 'sweep' } }, Limit: 1 })
      .resolves({ Items: [{ ...fieldsOf(REPORT), removalsHeld: { BOOL: true } }] });
    query('account', { roleId: '111122223333', enrolledAt: REPORT.endedAt, notes: [] });
    query(
      `sweep#${REPORT.roleId}`,
      {
        roleId: '111122223333',
        outcome: 'swept',
        steps: JSON.stringify([{ reason: 'provider-nearly-full' }]),
      },
      { roleId: '222233334444', outcome: 'absent', steps: '[]' },
    );
    const scans = dynamo.on(ScanCommand, { TableName: 'the-ledger' });
    scans.resolvesOnce({ Items: ENTRIES.slice(0, 2).map(itemOf), LastEvaluatedKey: { role: { S: 'x' } } });
    scans.resolves({ Items: ENTRIES.slice(2).map(itemOf) });
    try {
      return await work();
    } finally {
      for (const mock of [sts, states, lambda, dynamo]) mock.restore();
    }
  }

  const DEFINITION = JSON.stringify({
    StartAt: 'InspectRole',
    States: {
      InspectRole: { Type: 'Task', Resource: 'arn:aws:lambda:eu-central-1:123456789012:function:inspect' },
      StartRemoval: { Type: 'Task', Resource: 'arn:aws:states:::states:startExecution' },
    },
  });
  const status = (...args: string[]) =>
    withFactory(() => run(['status', '--region', 'eu-central-1', ...args]), DEFINITION);

  it.each<[string[], string[]]>([
    [[], ['111122223333/Broken', '111122223333/deploy', '444455556666/deploy']],
    [['--account', '444455556666'], ['444455556666/deploy']],
    [['--role', 'BROKEN'], ['111122223333/Broken']],
    [['--phase', 'failed'], ['111122223333/Broken']],
    [['--phase', 'removed'], ['111122223333/old']],
    [['--account', '444455556666', '--phase', 'failed'], []],
  ])('with %j lists what the ledger knows', async (args, expected) => {
    const { exitCode, json } = await status('--json', ...args);
    expect(exitCode).toBe(0);
    const entries: LedgerEntry[] = json().entries;
    expect(entries.map(({ accountId, roleName }) => `${accountId}/${roleName}`)).toEqual(expected);
  });

  it('shows an entry whole as JSON, and what matters in a table', async () => {
    const { json } = await status('--json', '--account', '444455556666');
    expect(json().entries).toEqual([ENTRIES[1]]);
    const { stdout } = await status();
    expect(
      stdout
        .split('\n')
        .slice(4)
        .map((line) => line.split(/ {2,}/).slice(0, 4)),
    ).toEqual([
      ['ACCOUNT', 'ROLE', 'PHASE', 'STEP'],
      ['111122223333', 'Broken', 'failed', 'assign-audience'],
      ['111122223333', 'deploy', 'ready', 'assign-audience'],
      ['444455556666', 'deploy', 'ready', 'assign-audience'],
    ]);
    expect(stdout).toContain('ProviderFull (inspect-role)');
  });

  it('tells of the last sweep, and lists accounts instead of roles', async () => {
    const { stdout } = await status();
    expect(stdout).toMatch(
      /^Last sweep 2026-11-20T12:00:00.000Z: 1 of 3 accounts, 4 runs started, 1 could not be asked, removals held back$/m,
    );
    const { exitCode, json } = await status('--accounts', '--json');
    expect(exitCode).toBe(0);
    expect(json().entries).toBeUndefined();
    expect(json()).toMatchObject({
      lastSweep: { id: REPORT.roleId, removalsHeld: true },
      accounts: [
        { accountId: '111122223333', coverage: 'covered', roles: { failed: 1, ready: 1 }, findings: 1 },
        { accountId: '222233334444', coverage: 'absent', roles: {} },
        { accountId: '444455556666', coverage: 'absent', roles: { ready: 1 } },
      ],
    });
    const lines = (await status('--accounts')).stdout.split('\n');
    expect(lines.at(-2)).toBe('Covered: 1 of 3 accounts');
    expect(lines.at(-1)).toBe('Near a limit: 111122223333');
  });

  it('says that there is nothing', async () => {
    expect((await status('--role', 'nobody')).stdout).toMatch(/\n\nThe ledger knows no such role\.$/);
  });

  it('says whether the factory is paused, by whom and why, and in which mode it is', async () => {
    expect((await status()).stdout.split('\n').slice(0, 4)).toEqual([
      'Mode enforce, observe in ou-ab12-a1b2c3d4',
      `Paused since ${PAUSE.since} by ${PAUSE.by}: INC-4711`,
      expect.stringMatching(/^Last sweep /),
      '',
    ]);
    expect((await status('--json')).json()).toMatchObject({
      mode: 'enforce',
      modes: { 'ou-ab12-a1b2c3d4': 'observe' },
      paused: PAUSE,
      directoryFullUntil: null,
    });
  });

  it('says where it has looked in vain for the factory', async () => {
    const { exitCode, json } = await withFactory(() => run(['status', '--region', 'eu-central-1', '--json']));
    expect(exitCode).toBe(3);
    expect(json().error).toMatchObject({
      code: 'FactoryNotFound',
      message: expect.stringMatching(/123456789012.*oidc-factory.*eu-central-1/),
    });
  });

  it.each([
    [['--wait']],
    [['--role-arn', ROLE_ARN, '--phase', 'ready']],
    [['--role-arn', ROLE_ARN, '--wait', '--timeout', 'soon']],
    [['--phase', 'done']],
  ])('refuses the arguments %j', async (args) => {
    expect((await status(...args)).exitCode).toBe(2);
  });
});
