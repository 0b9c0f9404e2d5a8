/** What an operator sees of the guard, and does through it. */
import { describe, expect, it } from 'vitest';
import { configure } from '../functions.ts';
import {
  attachedTo,
  CLOSED_SUB,
  createGithubRole,
  fileThat,
  githubSession,
  isFound,
  letWork,
  mayWork,
  OPEN_SUB,
  QUARANTINE,
  useGuardedFactory,
} from '../guard/guarded.ts';
import { useCommandLine } from './command-line.ts';

const factory = useGuardedFactory();
const commandLine = useCommandLine(factory);
const guard = (...args: string[]) => commandLine().run(['guard', ...args, '--profile', 'factory']);

const OURS = 'repo:acme@1/api@2:environment:production';

describe('guard', () => {
  it('contains a role that an operator names, in any mode, and lets it out again', async () => {
    await configure(factory(), 'guard-role', 'GUARD_MODE', 'observe');
    const arn = await createGithubRole(factory(), 'named', CLOSED_SUB);
    await letWork(factory(), 'named');
    const session = await githubSession(factory(), arn, OURS);
    const quarantined = await guard(
      'quarantine',
      '--role-arn',
      arn,
      '--note',
      'INC-4711',
      '--for',
      '8h',
      '--json',
    );
    expect({ exitCode: quarantined.exitCode, ...quarantined.json() }).toEqual({
      exitCode: 0,
      outcome: 'quarantined',
      roleArn: arn,
      roleId: (await factory().member.role('named')).roleId,
      phase: 'attached',
      critical: [],
    });
    expect(await mayWork(factory(), session)).toBe('denied');
    const { containment } = await fileThat(factory(), 'named', 'known', () => true);
    expect(containment).toMatchObject({
      by: expect.stringMatching(/:user\/administrator$/),
      note: 'INC-4711',
      expiresAt: expect.any(String),
    });
    const again = await guard('quarantine', '--role-arn', arn);
    expect(again.stdout).toBe(`already-quarantined: ${arn}`);

    const released = await guard('release', '--role-arn', arn);
    expect(released).toMatchObject({ exitCode: 0, stdout: `released: ${arn}` });
    expect(await mayWork(factory(), session)).toBe('allowed');
  });

  it('lists roles with findings or a quarantine, with --all the others too', async () => {
    await createGithubRole(factory(), 'listed', OPEN_SUB);
    await createGithubRole(factory(), 'clean', CLOSED_SUB);
    await fileThat(factory(), 'listed', 'found', isFound('WI01'));
    await fileThat(factory(), 'clean', 'known', () => true);
    const names = async (...args: string[]) =>
      (await guard('list', '--json', ...args))
        .json()
        .roles.map(({ roleName }: { roleName: string }) => roleName);
    expect(await names()).toContain('listed');
    expect(await names('--all')).toEqual(expect.arrayContaining(['listed', 'clean']));
    expect(await names('--account', '999999999999')).toEqual([]);
    const { stdout } = await guard('list');
    expect(stdout).toMatch(/^ACCOUNT .*\n(?:.*\n)*\d{12} {2}listed {2}.*WI01 critical/);
    expect((await guard('list', '--json')).json().mode).toBe('observe');
  });

  it('says why it does not', async () => {
    const arn = await createGithubRole(factory(), 'OrganizationAccountAccessRole', OPEN_SUB);
    const refused = await guard('quarantine', '--role-arn', arn, '--json');
    expect({ exitCode: refused.exitCode, ...refused.json() }).toEqual({
      exitCode: 1,
      outcome: 'refused',
      roleArn: arn,
      reason: 'protected',
    });
    expect(await attachedTo(factory(), 'OrganizationAccountAccessRole')).not.toContain(QUARANTINE);
    const never = arn.replace(/[^/]+$/, 'never');
    expect(await guard('release', '--role-arn', never)).toMatchObject({
      exitCode: 1,
      stdout: 'role-gone: There is no role with this ARN.',
    });
  });

  it('reports what the function could not do', async () => {
    const unknown = 'arn:aws:iam::123456789012:role/x';
    const { exitCode, json } = await guard('quarantine', '--role-arn', unknown, '--json');
    expect({ exitCode, code: json().error.code }).toEqual({ exitCode: 3, code: 'MemberRoleNotAssumable' });
  });

  it('says so where the account has none', async () => {
    for (const args of [['list'], ['release', '--role-arn', 'arn:aws:iam::123456789012:role/x']]) {
      const { exitCode, json } = await commandLine().run([
        'guard',
        ...args,
        ...['--profile', 'member-0', '--json'],
      ]);
      expect({ exitCode, code: json().error.code }).toEqual({ exitCode: 3, code: 'GuardNotFound' });
    }
  });
});
