import { describe, expect, it } from 'vitest';
import { MISTAKES } from '../../core/mistakes.ts';
import { run } from './recorded-io.ts';

const ROLE = ['--role-arn', 'arn:aws:iam::111122223333:role/deploy', '--audience', 'api://x'];
/** Fails before anything is sent. */
const INCOMPLETE = { AZURE_CLIENT_SECRET: 'client~secret', AZURE_CLIENT_ID: 'a-client' };

describe('oidc-factory credentials', () => {
  it('keeps secrets off a terminal', async () => {
    const { exitCode, stdout, stderr } = await run(['credentials', ...ROLE], { width: 80 });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^TerminalRefused: .*--force/s);
  });

  it('lets itself be forced to a terminal', async () => {
    const { stderr } = await run(['credentials', ...ROLE, '--force'], { width: 80, env: INCOMPLETE });
    expect(stderr).toMatch(/^CredentialIncomplete/);
  });

  it('says what is missing, on standard error alone', async () => {
    const { exitCode, stdout, stderr } = await run(['credentials', ...ROLE], { env: INCOMPLETE });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')).toEqual([
      `CredentialIncomplete: ${MISTAKES.CredentialIncomplete.cause}`,
      '  side: workload',
      '  missing: AZURE_TENANT_ID',
      `  What to do: ${MISTAKES.CredentialIncomplete.remedy}`,
    ]);
  });

  it('prints a failure as JSON where that is asked for', async () => {
    const { json } = await run(['credentials', ...ROLE, '--json'], { env: INCOMPLETE });
    expect(json()).toEqual({
      error: {
        code: 'CredentialIncomplete',
        message: MISTAKES.CredentialIncomplete.cause,
        retryable: false,
        remedy: MISTAKES.CredentialIncomplete.remedy,
        side: 'workload',
        missing: 'AZURE_TENANT_ID',
      },
    });
  });

  it('names an access key of the environment that hides the profile, without its middle', async () => {
    const env = { ...INCOMPLETE, AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' };
    const { stderr } = await run(['credentials', ...ROLE], { env });
    expect(stderr).toMatch(/^StaleAccessKey: .*AKIA…MPLE.*Unset AWS_ACCESS_KEY_ID/);
    expect(stderr).not.toContain('IOSFODNN7');
  });

  it.each([
    [['--audience', 'api://x']],
    [['--role-arn', 'arn:aws:iam::111122223333:role/deploy']],
    [[...ROLE, '--credential', 'password']],
    [[...ROLE, '--duration', 'an hour']],
    [[...ROLE, '--duration', '60']],
    [[...ROLE, '--session-name', 'a name']],
    [['--role-arn', 'deploy', '--audience', 'api://x']],
  ])('refuses %j', async (args) => {
    const { exitCode, stdout, stderr } = await run(['credentials', ...args], { env: INCOMPLETE });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).not.toContain('CredentialIncomplete');
  });
});
