/** A look at an account as it is, by the command and by the AWS CLI's own answer. */
import { AttachRolePolicyCommand, CreatePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import { AWS_TOOLS } from '../aws-tools.ts';
import { createRole, placeholderOf, roleWithStatus, trustOn, useFactory, writesOf } from '../harness.ts';
import { useCommandLine } from './command-line.ts';

const factory = useFactory();
const commandLine = useCommandLine(factory);

const EVERYTHING = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
});
const IGNORE = [{ Key: 'oidc-factory:ignore', Value: '' }];

beforeAll(async () => {
  const running = factory();
  const { member } = running;
  await createRole(member, 'served', trustOn(member, { aud: placeholderOf(running) }));
  await roleWithStatus(member, 'served', 'ready');
  await createRole(member, 'waiting', trustOn(member, { aud: 'please-fill-in' }), { Tags: IGNORE });
  await createRole(member, 'sentinel', trustOn(member, { aud: 'api://somebody-else' }));
  await member.iam.send(
    new AttachRolePolicyCommand({
      RoleName: 'sentinel',
      PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
    }),
  );
  await member.iam.send(
    new PutRolePolicyCommand({ RoleName: 'waiting', PolicyName: 'inline', PolicyDocument: EVERYTHING }),
  );
  const { Policy } = await member.iam.send(
    new CreatePolicyCommand({ PolicyName: 'own', PolicyDocument: EVERYTHING }),
  );
  await member.iam.send(new AttachRolePolicyCommand({ RoleName: 'waiting', PolicyArn: Policy?.Arn }));
});

const EXPECTED = [
  {
    role: 'sentinel',
    decision: 'ignored',
    reason: 'audience-not-placeholder',
    subject: 'open',
    administrator: ['AdministratorAccess'],
    status: 'none',
  },
  {
    role: 'served',
    decision: 'ignored',
    reason: 'audience-not-placeholder',
    subject: 'pinned',
    administrator: [],
    status: 'ready',
  },
  {
    role: 'waiting',
    decision: 'ignored',
    reason: 'ignore-tag',
    subject: 'open',
    administrator: ['inline', 'own'],
    status: 'ignored',
  },
];

/** The findings, roles by name. */
const comparable = (roles: Record<string, unknown>[]) =>
  roles
    .map(({ roleArn, decision, reason, subject, administrator, status }) => {
      const role = String(roleArn).split('/').at(-1);
      return { role, decision, reason, subject, administrator, status };
    })
    .sort((left, right) => ((left.role ?? '') < (right.role ?? '') ? -1 : 1));

describe('scan', () => {
  it('tells of each role and provider that concern the tenant, and changes nothing', async () => {
    const running = factory();
    const before = writesOf(running).length;
    const { run, config } = commandLine();
    const { exitCode, json } = await run(['scan', '--config', config, '--profile', 'member-0', '--json']);
    expect(exitCode).toBe(0);
    const [tenant, ...others] = json().tenants;
    expect(others).toEqual([]);
    expect(comparable(tenant.roles)).toEqual(EXPECTED);
    expect(tenant.providers).toEqual([
      {
        providerArn: running.member.providerArn,
        tokenVersion: 1,
        spelling: 'exact',
        audiences: 2,
        free: 98,
        placeholder: true,
      },
    ]);
    expect(writesOf(running)).toHaveLength(before);
  });

  it('tells the same from what the AWS CLI has saved', async ({ skip }) => {
    const [cli] = AWS_TOOLS;
    if ((await cli?.version()) === undefined) {
      console.warn('the AWS CLI is not installed on this machine');
      skip('the AWS CLI is not installed on this machine');
    }
    const { member, sandbox } = factory();
    const details = await cli?.call({
      aws: sandbox.ready.aws,
      keys: member.credentials,
      service: 'iam',
      operation: 'GetAccountAuthorizationDetails',
      input: { Filter: ['Role', 'LocalManagedPolicy'] },
    });
    const { run, config, file } = commandLine();
    const saved = file('details.json', JSON.stringify(details));
    const { json } = await run(['scan', '--config', config, '--file', saved, '--json']);
    expect(json().providersKnown).toBe(false);
    expect(comparable(json().tenants[0].roles)).toEqual(EXPECTED);
  });

  it('tells a caller without the permission which one it is', async () => {
    const { run, config } = commandLine();
    const { json } = await run(['scan', '--config', config, '--profile', 'nobody', '--json']);
    expect(json().error.code).toBe('NoAwsCredentials');
  });
});
