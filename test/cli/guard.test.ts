/** What the arguments of `guard` must be; what it does is in test/factory/cli. */
import { describe, expect, it } from 'vitest';
import { run } from './recorded-io.ts';

describe('guard', () => {
  it.each([
    [['quarantine'], '--role-arn'],
    [['release', '--role-arn', 'arn', '--for', '8h'], '--for'],
    [['quarantine', '--role-arn', 'arn', '--for', 'ever'], 'hours or days'],
    [['quarantine', '--role-arn', 'arn', '--for', '0h'], 'hours or days'],
    [['quarantine', '--role-arn', 'arn', '--for', '1000d'], 'hours or days'],
    [['forget'], 'forget'],
  ])('is told what is wrong with %j', async (args, expected) => {
    const { exitCode, stderr } = await run(['guard', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(expected);
  });

  it('tells with its help what it needs', async () => {
    const { exitCode, stdout } = await run(['guard', '--help']);
    expect(exitCode).toBe(0);
    for (const part of ['list', 'quarantine', 'release', 'lambda:InvokeFunction'])
      expect(stdout).toContain(part);
  });
});
