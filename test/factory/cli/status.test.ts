/** What a developer and an operator see of roles, from creation to removal. */
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { createRole, ended, placeholderOf, roleWithStatus, trustOn, useFactory } from '../harness.ts';
import { useCommandLine } from './command-line.ts';

const factory = useFactory();
const commandLine = useCommandLine(factory);

describe('status', () => {
  it('waits with the developer until the role is ready', async () => {
    const { member } = factory();
    const { run } = commandLine();
    await createRole(member, 'awaited', trustOn(member, { aud: placeholderOf(factory()) }));
    const arn = `arn:aws:iam::${member.accountId}:role/awaited`;
    const { exitCode, json } = await run([
      ...['status', '--role-arn', arn, '--profile', 'member-0'],
      ...['--wait', '--timeout', '50', '--json'],
    ]);
    const { tags } = await member.role('awaited');
    expect({ exitCode, ...json() }).toEqual({
      exitCode: 0,
      roleArn: arn,
      status: 'ready',
      detail: tags['oidc-factory:detail'],
      clientId: tags['oidc-factory:client-id'],
      audience: tags['oidc-factory:audience'],
    });
  });

  it("takes no role of the caller's account for one of another", async () => {
    const { member } = factory();
    await createRole(member, 'twin', trustOn(member, { aud: 'api://of-its-own' }));
    const { exitCode, json } = await commandLine().run([
      ...['status', '--role-arn', 'arn:aws:iam::999999999999:role/twin', '--profile', 'member-0', '--json'],
    ]);
    expect({ exitCode, code: json().error.code }).toEqual({ exitCode: 3, code: 'WrongAccount' });
  });

  it('lists for the operator what the ledger knows, through the fixed names alone', async () => {
    const { member } = factory();
    const { run, config } = commandLine();
    for (const name of ['listed', 'gone']) {
      await createRole(member, name, trustOn(member, { aud: placeholderOf(factory()) }));
      await roleWithStatus(member, name, 'ready');
    }
    await member.iam.send(new DeleteRoleCommand({ RoleName: 'gone' }));
    await ended(factory(), 'delete-role', 'gone');

    const list = async (...args: string[]) => {
      const { json } = await run(['status', '--profile', 'factory', '--json', ...args]);
      return json().entries.map(({ roleName, phase }: Record<string, string>) => `${roleName} ${phase}`);
    };
    expect(await list('--account', member.accountId, '--role', 'LISTED')).toEqual(['listed ready']);
    expect(await list('--config', config, '--phase', 'removed')).toEqual(['gone removed']);
    expect(await list('--account', '999999999999')).toEqual([]);
    const { stdout } = await run(['status', '--profile', 'factory', '--role', 'listed']);
    expect(stdout).toMatch(/^Mode enforce\n\nACCOUNT .*\n\d{12} {2}listed {2}ready /);
  });

  it('says so where the account is not the factory', async () => {
    const { exitCode, json } = await commandLine().run(['status', '--profile', 'member-0', '--json']);
    expect({ exitCode, code: json().error.code }).toEqual({ exitCode: 3, code: 'FactoryNotFound' });
  });
});
