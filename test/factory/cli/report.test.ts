/** What auditors and operators see of the whole organization, once a sweep has looked. */
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRole, placeholderOf, roleWithStatus, trustOn, useFactory } from '../harness.ts';
import { useCommandLine } from './command-line.ts';

const factory = useFactory({ members: 2 });
const commandLine = useCommandLine(factory);
const OPERATOR = ['--profile', 'factory'];
const run = (...args: string[]) => commandLine().run([...args, ...OPERATOR]);

let swept: Awaited<ReturnType<typeof run>>;
let clientId = '';
let stranger: { appId: string; id: string };

beforeAll(async () => {
  const { member, graph, registerApplication, addPassword, token, assume, awsOptions } = factory();
  await createRole(member, 'served', trustOn(member, { aud: placeholderOf(factory()) }));
  const { tags, arn } = await roleWithStatus(member, 'served', 'ready');
  clientId = tags['oidc-factory:client-id'] ?? '';
  const credentials = await assume(
    arn,
    await token(clientId, await addPassword(clientId), `api://${clientId}`),
  );
  // A call that is refused is use as well.
  await expect(
    new IAMClient({ ...awsOptions, credentials }).send(new ListRolesCommand({})),
  ).rejects.toThrow();
  const { appId } = await registerApplication('=cmd|theirs');
  const { body } = await graph('GET', `/servicePrincipals(appId='${appId}')`);
  stranger = { appId, id: body.id };
  await createRole(member, 'theirs', trustOn(member, { aud: `api://${appId}`, sub: stranger.id }));
  await createRole(member, 'open', trustOn(member, { aud: 'api://anything' }));
  swept = await run('sweep', '--json');
}, 60_000);

describe('sweep', () => {
  it('says what it has found', async () => {
    expect({ exitCode: swept.exitCode, ...swept.json() }).toMatchObject({
      exitCode: 0,
      // With the factory's own account and the management account.
      accounts: 4,
      swept: 2,
      absent: 2,
      failed: [],
      started: 0,
    });
    const { exitCode, stdout } = await run('sweep', '--account', factory().member.accountId);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Sweep of \S+: 1 of 1 accounts looked at, 0 runs started$/m);
  });
});

describe('report access', () => {
  it('names who gets into each role that trusts the tenant, those without the factory included', async () => {
    const { exitCode, json } = await run('report', 'access', '--json');
    expect(exitCode).toBe(0);
    const { directory, roles, left } = json();
    expect({ directory, left }).toEqual({ directory: true, left: [] });
    const { member } = factory();
    const of = (name: string) =>
      roles.find(({ roleArn }: { roleArn: string }) => roleArn.endsWith(`/${name}`));
    expect(roles).toHaveLength(3);
    expect(of('served')).toMatchObject({
      accountId: member.accountId,
      factory: 'ready',
      subject: 'pinned',
      audiences: [`api://${clientId}`],
      principals: [{ name: `aws-${member.accountId}-served` }],
      application: {
        clientId,
        displayName: `aws-${member.accountId}-served`,
        federatedCredentials: [],
        secrets: [{ name: 'workload', expiresAt: expect.any(String) }],
        certificates: [],
        owners: [expect.any(String)],
      },
      createdBy: expect.stringContaining(member.accountId),
      lastUsedAt: expect.any(String),
    });
    expect(of('theirs')).toMatchObject({
      factory: null,
      subject: 'pinned',
      principals: [{ objectId: stranger.id, name: '=cmd|theirs' }],
      application: { clientId: stranger.appId },
    });
    expect(of('open')).toMatchObject({ factory: null, subject: 'open', principals: [], application: null });
  });

  it('is a table for spreadsheets, in which no name is a formula', async () => {
    const { stdout } = await run('report', 'access', '--csv');
    const [header = '', ...lines] = stdout.split('\r\n');
    expect(header).toMatch(/^account,role,factory,subject,audiences,application,clientId,principals,/);
    expect(lines).toHaveLength(3);
    expect(lines.find((line) => line.includes('role/theirs'))).toContain(",'=cmd|theirs,");
  });

  it('tells less without a login to Entra, and says so', async () => {
    const nobody = { AZURE_CLIENT_SECRET: undefined };
    const args = ['report', 'access', '--json', '--account', factory().member.accountId, ...OPERATOR];
    const { json, stderr, exitCode } = await commandLine().run(args, nobody);
    expect({ exitCode, directory: json().directory }).toEqual({ exitCode: 0, directory: false });
    expect(json().roles.every(({ application }: { application: unknown }) => application === null)).toBe(
      true,
    );
    expect(stderr).toContain('--credential developer');
  });

  it('says where no sweep has looked', async () => {
    const { exitCode, json } = await run('report', 'access', '--account', '999999999999', '--json');
    expect({ exitCode, code: json().error.code }).toEqual({ exitCode: 3, code: 'NotSwept' });
  });
});

describe('status', () => {
  it('shows accounts, what is managed in them, and the last sweep', async () => {
    const { json } = await run('status', '--accounts', '--json');
    const { lastSweep, accounts } = json();
    expect(lastSweep).toMatchObject({ failed: [], removalsHeld: false });
    const ofMembers = accounts.filter(({ coverage }: { coverage: string }) => coverage !== 'absent');
    expect(ofMembers).toMatchObject(
      factory().members.map(({ accountId }, index) => ({
        accountId,
        coverage: 'covered',
        roles: index === 0 ? { ready: 1 } : {},
        places: { taken: index === 0 ? 1 : 0, most: 90 },
        nearLimit: false,
        heartbeatSeenAt: expect.any(String),
      })),
    );
    const { stdout } = await run('status', '--accounts');
    expect(stdout).toMatch(/^Last sweep .*\n\nACCOUNT +COVERAGE /m);
    expect(stdout).toMatch(/^Covered: 2 of 4 accounts$/m);
  });
});
