/** `doctor` on a deployed factory: what it sees with which permissions, and that it only looks. */
import { readFileSync } from 'node:fs';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../cli/recorded-io.ts';
import { administratorKeys, type Keys } from '../callers.ts';
import { createRole, placeholderOf, roleWithStatus, trustOn, useFactory } from '../harness.ts';
import { type CommandLine, useCommandLine } from './command-line.ts';

const factory = useFactory();
const command = useCommandLine(factory, async () => ({
  'reader-of-factory': await reader(factory().sandbox.world.factoryAccountId),
  'reader-of-member': await reader(factory().member.accountId),
}));

const READER = 'doctor';
let roleArn = '';

const iamOf = (accountId: string) =>
  new IAMClient({ ...factory().awsOptions, credentials: administratorKeys(factory(), accountId) });

async function reader(accountId: string): Promise<Keys> {
  const iam = iamOf(accountId);
  await iam.send(new CreateUserCommand({ UserName: READER }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: READER }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

const allow = (accountId: string, actions: readonly string[]) =>
  iamOf(accountId).send(
    new PutUserPolicyCommand({
      UserName: READER,
      PolicyName: READER,
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Action: actions, Resource: '*' },
      }),
    }),
  );

beforeAll(async () => {
  const { member } = factory();
  await createRole(member, 'looked-at', trustOn(member, { aud: placeholderOf(factory()) }));
  roleArn = (await roleWithStatus(member, 'looked-at', 'ready')).arn;
});

interface Line {
  readonly id: string;
  readonly status: string;
  readonly detail: string;
  readonly remedy?: string;
}

const ask = (args: readonly string[], env: Parameters<CommandLine['run']>[1] = {}) =>
  command().run(['doctor', '--config', command().config, '--role-arn', roleArn, ...args], env);

const doctor = async (args: readonly string[], env: Parameters<CommandLine['run']>[1] = {}) => {
  const ran = await ask([...args, '--json'], env);
  return { ...ran, checks: ran.json().checks as Line[] };
};

const asAdministrators = ['--profile', 'member-0', '--factory-profile', 'factory'];

const asReaders = ['--profile', 'reader-of-member', '--factory-profile', 'reader-of-factory'];
const LEDGER = ['role.entry', 'role.tags', 'role.trust', 'role.application', 'role.runs'];
const RECORDS = ['factory.control', 'enrolment.record', 'enrolment.heartbeat'];
const QUEUES = ['dispatcher.queue', 'dispatcher.mapping', 'dispatcher.dead-letters'];
const FORWARDING = ['forwarding.rule', 'forwarding.target', 'forwarding.dead-letters'];

/** Every permission that doctor uses, and the checks that need it. */
const OF_MEMBER: Readonly<Record<string, readonly string[]>> = {
  'events:DescribeRule': ['forwarding.rule'],
  'events:ListRuleNamesByTarget': FORWARDING,
  'events:ListTargetsByRule': ['forwarding.target', 'forwarding.dead-letters'],
  'iam:GetOpenIDConnectProvider': [
    'provider.room',
    'provider.placeholders',
    'role.trust',
    'role.audience',
    'role.subjects',
  ],
  'iam:GetRole': [
    'member-role.inspect',
    'member-role.provider',
    'member-role.trust',
    'member-role.forwarder',
    'role.exists',
    ...LEDGER,
    'role.audience',
    'role.tokens',
    'role.subjects',
  ],
  'iam:ListOpenIDConnectProviders': ['provider.url'],
  'sqs:GetQueueAttributes': ['forwarding.dead-letters'],
  'sqs:GetQueueUrl': ['forwarding.dead-letters'],
};
const OF_FACTORY: Readonly<Record<string, readonly string[]>> = {
  'dynamodb:DescribeTable': ['factory.ledger'],
  'dynamodb:GetItem': RECORDS,
  'dynamodb:Query': LEDGER,
  'events:DescribeEventBus': ['bus.policy'],
  'events:ListRules': ['bus.rule', 'bus.target', 'bus.dead-letters', ...QUEUES],
  'events:ListTargetsByRule': ['bus.target', 'bus.dead-letters', ...QUEUES],
  'iam:GetOutboundWebIdentityFederationInfo': ['factory.outbound-federation', 'entra.login'],
  'lambda:GetFunctionConfiguration': ['factory.functions', 'factory.ledger', ...RECORDS, ...LEDGER],
  'lambda:ListEventSourceMappings': ['dispatcher.mapping'],
  'sqs:GetQueueAttributes': ['bus.dead-letters', 'dispatcher.queue', 'dispatcher.dead-letters'],
  'sqs:GetQueueUrl': ['bus.dead-letters', 'dispatcher.queue', 'dispatcher.dead-letters'],
  // Only of a run that failed.
  'states:DescribeExecution': [],
  'states:DescribeStateMachine': [
    'workflow.create-role',
    'workflow.delete-role',
    'workflow.enrol-account',
    'workflow.sweep',
    'factory.functions',
    'factory.ledger',
    ...RECORDS,
    ...LEDGER,
  ],
  'states:ListExecutions': [
    'workflow.create-role-runs',
    'workflow.delete-role-runs',
    'workflow.enrol-account-runs',
    'workflow.sweep-runs',
    'role.runs',
  ],
};

/** What docs/cli.md asks for in an account. */
function documented(account: string): string[] {
  const text = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  const row = text
    .split('\n## doctor\n')[1]
    ?.split('\n')
    .find((line) => line.startsWith(`| ${account} |`));
  return [...(row ?? '').matchAll(/`([a-z]+:\w+)`/g)].map(([, action = '']) => action);
}

it.each([
  ['member', OF_MEMBER],
  ['factory', OF_FACTORY],
])('the %s account: the document lists what it uses', (account, used) => {
  expect(documented(account)).toEqual(Object.keys(used));
});

describe('with every permission that it uses', () => {
  beforeAll(async () => {
    await allow(factory().member.accountId, Object.keys(OF_MEMBER));
    await allow(factory().sandbox.world.factoryAccountId, Object.keys(OF_FACTORY));
  });

  it('finds everything in order, and only looks', async () => {
    const { recorder } = factory().sandbox;
    recorder.clearCalls();
    const { checks, exitCode } = await doctor(asReaders);
    expect(checks.filter(({ status }) => status !== 'OK')).toEqual([]);
    expect(exitCode).toBe(0);
    const callers = [`user/${READER}`, factory().sandbox.ready.entra.admin.clientId];
    const asked = recorder
      .calls()
      .filter(({ caller }) => callers.some((own) => caller.endsWith(own)))
      .map(({ operation }) => operation)
      .filter((operation) => operation !== 'POST /oauth2/v2.0/token');
    expect(asked.filter((operation) => !/^(Get|List|Describe|Query|GET )/.test(operation))).toEqual([]);
    expect(asked.length).toBeGreaterThan(40);
  });

  const cases = [
    ...Object.entries(OF_MEMBER).map(([action, ids]) => ({ account: 'member', action, ids })),
    ...Object.entries(OF_FACTORY).map(([action, ids]) => ({ account: 'factory', action, ids })),
  ] as const;

  it.each(cases)('without $action in the $account account knows all but what needs it', async (denied) => {
    const { account, action, ids } = denied;
    const all = Object.keys(account === 'member' ? OF_MEMBER : OF_FACTORY);
    const accountId =
      account === 'member' ? factory().member.accountId : factory().sandbox.world.factoryAccountId;
    await allow(
      accountId,
      all.filter((one) => one !== action),
    );
    try {
      const { checks, exitCode } = await doctor(asReaders);
      const unknown = checks.filter(({ status }) => status === 'UNKNOWN');
      expect(unknown.map(({ id }) => id).sort()).toEqual([...ids].sort());
      for (const line of unknown) expect(`${line.detail} ${line.remedy}`).toContain(action);
      expect(checks.filter(({ status }) => status === 'FAIL')).toEqual([]);
      expect(exitCode).toBe(0);
    } finally {
      await allow(accountId, all);
    }
  });
});

const unknownOf = (checks: readonly Line[]) => checks.filter(({ status }) => status === 'UNKNOWN');
const IN_ENTRA = [
  'entra.application',
  'entra.login',
  'entra.permission',
  'entra.quota',
  'entra.placeholders',
  'role.application',
  'role.tokens',
  'role.subjects',
];

describe('without the tenant', () => {
  it.each([
    ['nobody logs in', async () => ({ AZURE_CLIENT_SECRET: undefined }), 'There is no login to Entra'],
    [
      'the login is refused',
      async () => ({ AZURE_CLIENT_SECRET: 'wrong~secret' }),
      'The client secret is wrong',
    ],
    [
      'Graph refuses',
      async () => {
        const { appId, secret } = await factory().registerApplication('without permissions');
        return { AZURE_CLIENT_ID: appId, AZURE_CLIENT_SECRET: secret };
      },
      'Graph denies GET',
    ],
  ])('as %s, all else is known', async (_, env, detail) => {
    const { checks, stdout, exitCode } = await doctor(asAdministrators, await env());
    const unknown = unknownOf(checks);
    expect(unknown.map(({ id }) => id)).toEqual(IN_ENTRA);
    for (const line of unknown) expect(line.detail).toContain(detail);
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('wrong~secret');
  });
});

describe('with credentials of one account', () => {
  it.each([
    ['the factory', 'factory', ['forwarding', 'member-role', 'provider', 'role']],
    ['the member account', 'member-0', ['bus', 'dispatcher', 'workflow', 'factory', 'enrolment']],
  ])('of %s, knows nothing of the other', async (_, profile, groups) => {
    const { checks } = await doctor(['--profile', profile]);
    const unknown = unknownOf(checks).filter(({ detail }) =>
      detail.startsWith('The credentials are of account'),
    );
    for (const group of groups) expect(unknown.map(({ id }) => id.split('.')[0])).toContain(group);
    expect(checks.filter(({ status }) => status === 'FAIL')).toEqual([]);
  });

  it('asks for those of the member account where no role names it', async () => {
    const ran = await command().run([
      'doctor',
      '--config',
      command().config,
      '--profile',
      'factory',
      '--json',
    ]);
    const unknown = unknownOf(ran.json().checks);
    expect(unknown.length).toBe(10);
    for (const { remedy } of unknown) expect(remedy).toContain('--profile');
  });
});

describe('for people', () => {
  it('says what fails, what to do and where to look; what is hidden by one reason is told once', async () => {
    const missing = `${roleArn}-of-yesterday`;
    const args = ['doctor', '--config', command().config, '--role-arn', missing, ...asAdministrators];
    const { stdout, stderr, exitCode } = await command().run(args);
    expect(exitCode).toBe(1);
    expect(stderr).toBe('');
    expect(stdout).toContain(`FAIL     the role: RoleMissing: ${missing}`);
    expect(stdout).toContain('What to do: Copy the ARN from the role');
    expect(stdout).toContain(`Where: ${missing}`);
    expect(stdout.match(/there is no such role/g)).toHaveLength(1);
    expect(stdout).toMatch(/\n36 OK, 1 FAIL, 8 UNKNOWN$/);
  });
});

describe('the surroundings', () => {
  it('show that it is at work, on a terminal', async () => {
    const args = ['doctor', '--config', command().config, ...asAdministrators];
    const { stderr } = await run(args, { env: process.env, width: 100 });
    expect(stderr).toBe('36 checks …');
  });

  it('name no config', async () => {
    const { exitCode, stderr } = await command().run(['doctor']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('NoConfig');
  });

  it('may not aim a token at a Graph that is not https', async () => {
    const { exitCode, stderr } = await ask(asAdministrators, { GRAPH_ENDPOINT: 'http://127.0.0.1:1' });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('InsecureEndpoint');
  });
});

describe('a token that is not let in', () => {
  const tokenOf = async (audience: string) => {
    const { tags } = await factory().member.role('looked-at');
    const clientId = tags['oidc-factory:client-id'] ?? '';
    return factory().token(
      clientId,
      await factory().addPassword(clientId),
      audience || (tags['oidc-factory:audience'] ?? ''),
    );
  };

  it('is explained, and not shown', async () => {
    const token = await tokenOf('https://graph.microsoft.com');
    const file = command().file('token', token);
    const { checks, stdout, exitCode } = await doctor([...asAdministrators, '--token-file', file]);
    expect(checks.find(({ id }) => id === 'role.token')).toMatchObject({
      status: 'FAIL',
      code: 'AudienceNotOnProvider',
      detail: expect.stringContaining('it is aud https://graph.microsoft.com'),
    });
    expect(exitCode).toBe(1);
    expect(stdout).not.toContain(token.split('.')[2]);
  });

  it('is let in where it is right', async () => {
    const file = command().file('token', await tokenOf(''));
    const { checks } = await doctor([...asAdministrators, '--token-file', file]);
    expect(checks.find(({ id }) => id === 'role.token')).toMatchObject({ status: 'OK' });
  });

  it('needs a role', async () => {
    const args = ['doctor', '--config', command().config, '--claims', 'claims.json'];
    expect(await command().run(args)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--role-arn'),
    });
  });
});
