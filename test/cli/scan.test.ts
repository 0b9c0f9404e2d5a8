import { tmpdir } from 'node:os';
import {
  GetAccountAuthorizationDetailsCommand,
  GetOpenIDConnectProviderCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
} from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, PLACEHOLDER, PROVIDER_ARN, policy, statement, TENANT } from '../fixtures/domain.ts';
import { run } from './recorded-io.ts';

// Where no config lies about.
const home = process.cwd();
beforeAll(() => process.chdir(tmpdir()));
afterAll(() => process.chdir(home));

const ADMINISTRATOR_ACCESS = { Effect: 'Allow', Action: '*', Resource: '*' };
const encoded = (text: string) => encodeURIComponent(text);

/** As IAM answers about a role. */
const role = (RoleName: string, more: object = {}) => ({
  Path: '/',
  RoleName,
  RoleId: `AROA${RoleName.toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .padEnd(17, '0')}`,
  Arn: `arn:aws:iam::${ACCOUNT}:role/${RoleName}`,
  CreateDate: '2026-03-02T09:15:27+00:00',
  AssumeRolePolicyDocument: encoded(policy(statement())),
  InstanceProfileList: [],
  RolePolicyList: [],
  AttachedManagedPolicies: [],
  Tags: [],
  ...more,
});

const scanned = async (details: unknown, ...more: string[]) =>
  run(['scan', '--file', '-', '--tenant', TENANT, '--json', ...more], { input: JSON.stringify(details) });

async function findings(...roles: object[]) {
  const { json } = await scanned({ RoleDetailList: roles });
  return json().tenants[0].roles;
}

describe('scan --file', () => {
  it.each<[string, object]>([
    ['percent-encoded, as IAM answers', role('deploy')],
    [
      'a JSON value, as the AWS CLI prints it',
      role('deploy', { AssumeRolePolicyDocument: JSON.parse(policy(statement())) }),
    ],
    ['plain text', role('deploy', { AssumeRolePolicyDocument: policy(statement()) })],
    ['an object as Statement', role('deploy', { AssumeRolePolicyDocument: { Statement: statement() } })],
    [
      'without lists that IAM may leave out',
      {
        RoleName: 'deploy',
        RoleId: 'AROADEPLOY00000000000',
        Arn: `arn:aws:iam::${ACCOUNT}:role/deploy`,
        AssumeRolePolicyDocument: policy(statement()),
      },
    ],
  ])('reads a trust policy that is %s', async (_, given) => {
    expect(await findings(given)).toMatchObject([{ decision: 'served', administrator: [] }]);
  });

  it('knows administrators by their policies: inline, of AWS, of the account', async () => {
    const own = `arn:aws:iam::${ACCOUNT}:policy/own`;
    const { json } = await scanned({
      RoleDetailList: [
        role('inline', {
          RolePolicyList: [
            {
              PolicyName: 'all',
              PolicyDocument: encoded(JSON.stringify({ Statement: ADMINISTRATOR_ACCESS })),
            },
          ],
        }),
        role('of-aws', {
          AttachedManagedPolicies: [
            { PolicyName: 'ReadOnlyAccess', PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
            {
              PolicyName: 'AdministratorAccess',
              PolicyArn: 'arn:aws-cn:iam::aws:policy/AdministratorAccess',
            },
          ],
        }),
        role('of-the-account', { AttachedManagedPolicies: [{ PolicyName: 'own', PolicyArn: own }] }),
        role('without'),
      ],
      Policies: [
        {
          PolicyName: 'own',
          Arn: own,
          PolicyVersionList: [
            { VersionId: 'v1', IsDefaultVersion: false, Document: encoded('{}') },
            { VersionId: 'v2', IsDefaultVersion: true, Document: { Statement: [ADMINISTRATOR_ACCESS] } },
          ],
        },
      ],
    });
    expect(json().tenants[0].roles.map((found: { administrator: string[] }) => found.administrator)).toEqual([
      ['all'],
      ['AdministratorAccess'],
      ['own'],
      [],
    ]);
  });

  it.each<[string, unknown]>([
    ['no percent-encoding', '%zz'],
    ['a number', 7],
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['statements that are none', { Statement: [null] }],
  ])('leaves out a role whose trust policy is %s', async (_, AssumeRolePolicyDocument) => {
    expect(await findings(role('odd', { AssumeRolePolicyDocument }), role('deploy'))).toHaveLength(1);
  });

  it('reads tags', async () => {
    const ignoring = role('ignoring', { Tags: [{ Key: 'OIDC-Factory:Ignore', Value: '' }] });
    expect(await findings(ignoring)).toMatchObject([
      { decision: 'ignored', reason: 'ignore-tag', status: 'ignored' },
    ]);
  });

  it.each<[string, unknown]>([
    ['another answer of IAM', { Roles: [role('deploy')] }],
    ['a list', [role('deploy')]],
    ['null', null],
    ['a list of something else', { RoleDetailList: ['deploy'] }],
    ['a role without an ARN', { RoleDetailList: [role('deploy', { Arn: undefined })] }],
  ])('refuses %s', async (_, details) => {
    const { exitCode, json } = await scanned(details);
    expect({ exitCode, code: json().error.code }).toEqual({ exitCode: 2, code: 'InvalidInput' });
    expect(json().error.remedy).toContain('get-account-authorization-details');
  });

  it('says that the providers are not known', async () => {
    const { json } = await scanned({ RoleDetailList: [role('deploy')] });
    expect(json()).toMatchObject({
      rolesRead: 1,
      providersKnown: false,
      tenants: [{ tenantId: TENANT, providers: [] }],
    });
    const { stdout } = await run(['scan', '--file', '-', '--tenant', TENANT], {
      input: JSON.stringify({ RoleDetailList: [role('deploy')] }),
    });
    expect(stdout).toContain('providers are not known');
  });

  it('finds every tenant where none is named', async () => {
    const another = '99999999-8888-4777-8666-555555555555';
    const trust = policy(statement({ Principal: { Federated: PROVIDER_ARN.replace(TENANT, another) } }));
    const { json } = await run(['scan', '--file', '-', '--json'], {
      input: JSON.stringify({
        RoleDetailList: [role('a'), role('b', { AssumeRolePolicyDocument: trust }), role('c')],
      }),
    });
    expect(
      json().tenants.map(({ tenantId, roles }: { tenantId: string; roles: unknown[] }) => [
        tenantId,
        roles.length,
      ]),
    ).toEqual([
      [TENANT, 2],
      [another, 1],
    ]);
  });

  it('answers or refuses, whatever a file holds', async () => {
    const parts = [
      'AssumeRolePolicyDocument',
      'RolePolicyList',
      'AttachedManagedPolicies',
      'Tags',
      'Path',
      'Arn',
    ];
    const odd = fc.dictionary(fc.constantFrom(...parts), fc.jsonValue()).map((more) => role('odd', more));
    const mentioning = fc.tuple(odd, fc.jsonValue()).map(([given, part]) => ({
      ...given,
      AssumeRolePolicyDocument: policy(statement({ Condition: part })),
    }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(odd, mentioning), fc.jsonValue(), async (given, Policies) => {
        const { exitCode } = await scanned({ RoleDetailList: [given], Policies });
        expect([0, 2]).toContain(exitCode);
      }),
    );
  });

  it('goes with no profile: it asks nobody', async () => {
    const { exitCode, stderr } = await run(['scan', '--file', '-', '--profile', 'x']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("cannot be used with option '--profile <name>'");
  });
});

describe('scan', () => {
  const github = `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`;
  const account = () => {
    const iam = mockClient(IAMClient);
    const pages = iam.on(GetAccountAuthorizationDetailsCommand);
    pages.resolvesOnce({ RoleDetailList: [role('first') as never], IsTruncated: true, Marker: 'next' });
    pages.resolvesOnce({ RoleDetailList: [role('second') as never], IsTruncated: false });
    iam
      .on(ListOpenIDConnectProvidersCommand)
      .resolves({ OpenIDConnectProviderList: [{ Arn: github }, { Arn: PROVIDER_ARN }] });
    iam.on(GetOpenIDConnectProviderCommand).resolves({ Url: 'x', ClientIDList: [PLACEHOLDER, 'y'] });
    return iam;
  };

  it('reads every page and every provider, and only reads', async () => {
    const iam = account();
    const { exitCode, stderr, json } = await run(['scan', '--tenant', TENANT, '--json']);
    const calls = iam.calls().map(({ args: [command] }) => command.constructor.name);
    iam.restore();
    expect(exitCode).toBe(0);
    expect(json()).toMatchObject({
      rolesRead: 2,
      providersKnown: true,
      tenants: [
        {
          roles: [{ decision: 'served' }, { decision: 'served' }],
          providers: [{ providerArn: PROVIDER_ARN, spelling: 'exact', free: 98, placeholder: true }],
        },
      ],
    });
    expect(stderr).toBe('1 roles read\n2 roles read');
    expect(calls.filter((name) => !/^(Get|List)/.test(name))).toEqual([]);
  });

  it('goes on where the providers may not be read', async () => {
    const iam = account();
    const denied = Object.assign(new Error(), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    iam.on(ListOpenIDConnectProvidersCommand).rejects(denied);
    const { exitCode, stderr, json } = await run(['scan', '--tenant', TENANT, '--json']);
    iam.restore();
    expect({ exitCode, known: json().providersKnown }).toEqual({ exitCode: 0, known: false });
    expect(stderr).toContain('AWS denies iam:ListOpenIDConnectProviders');
  });

  it('prints aligned columns, cut to the width of a terminal', async () => {
    const iam = account();
    const { stdout } = await run(['scan', '--tenant', TENANT], { width: 60 });
    iam.restore();
    const lines = stdout.split('\n');
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}ROLE {4}FACTORY {2}SUB {3}ADMINISTRATOR {2}WHY$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}second {2}served {3}open {2}- .*…$/));
    expect(lines.at(-1)).toBe('2 roles read, 2 of them trust the Entra tenant.');
    for (const line of lines.slice(1)) expect(line.length).toBeLessThanOrEqual(60);
  });
});
