/** Real processes over real sockets under faults, for a few roles; `npm run chaos` does it for many. */
import { describe, expect, inject, it } from 'vitest';
import { chaosArguments } from '../../bin/arguments.ts';
import { createChaos } from '../../sandbox/chaos/run.ts';
import { startSandbox } from '../../sandbox/start.ts';
import { createWorld } from '../../sandbox/world.ts';
import { runScript } from '../factory/programs.ts';

describe('a run of chaos', () => {
  it('breaks no rule', async () => {
    const [members, timeScale] = [2, 0.04];
    const chaos = createChaos({ roles: 12, seed: 1651, timeScale });
    const sandbox = await startSandbox({
      world: createWorld({ members }),
      assemblyDir: inject('assemblyDir'),
      port: 0,
      timeScale,
      ...chaos.starting,
    });
    try {
      const lines: string[] = [];
      const report = await chaos.run(sandbox, (line) => lines.push(line));
      expect(report.violations).toEqual([]);
      expect(report).toMatchObject({ ok: true, roles: 12, incarnations: 16, members, seed: 1651 });
      // Creations and deletions are the script's alone; edits are also the monkey's.
      expect(report.events.events).toBeGreaterThanOrEqual(24);
      expect(Object.keys(report.faults)).toEqual(expect.arrayContaining(['dynamodb', 'iam', 'sts']));
      expect(report.phases.ready).toBeGreaterThan(0);
      // Three tokens for each role that is served; one that was told to ignore afterwards keeps its entry.
      expect(report.entriesTried).toBeGreaterThan(0);
      expect(report.entriesTried % 3).toBe(0);
      expect(lines.at(-1)).toContain('all is judged');
    } finally {
      await sandbox.close();
    }
  }, 120_000);
});

describe('npm run chaos', () => {
  it.each([
    [[], '--roles: expected a whole number from 1 to 2000, got nothing'],
    [['--roles', '12'], '--seed: expected'],
    [['--roles', '0', '--seed', '1'], '--roles: expected a whole number from 1 to 2000, got 0'],
    [['--roles', '12', '--seed', '1.5'], '--seed: expected a whole number'],
    [['--roles', '12', '--seed', '1', '--members', '51'], '--members: expected'],
    [['--roles', '12', '--seed', '1', '--time-scale', '9'], '--time-scale: expected a number from 0.02 to 1'],
    [['--roles', '12', '--seed', '1', '--fast'], '--fast'],
  ])('does not understand %j', (args, message) => {
    expect(() => chaosArguments(args)).toThrow(message);
  });

  it('has room for 50 roles in an account, unless it is told how many accounts there are', () => {
    const wanted = (...args: string[]) => chaosArguments(['--roles', '300', '--seed', '0', ...args]);
    expect(wanted()).toMatchObject({ roles: 300, seed: 0, members: 6, timeScale: 0.1, json: false });
    expect(wanted('--members', '9', '--json')).toMatchObject({ members: 9, json: true });
  });

  it('refuses wrong arguments', async () => {
    const { code, stdout, stderr } = await runScript('bin/chaos.ts', ['--roles', '12']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('--seed: expected');
    expect(stderr).toContain('npm run chaos -- --roles N --seed S');
  });
});
