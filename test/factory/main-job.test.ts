import { beforeAll, describe, expect, it } from 'vitest';
import type { Moment } from '../../sandbox/demo.ts';
import { type Ended, runScript } from './programs.ts';

describe('npm run demo -- --json', () => {
  let ended: Ended;
  let told: string[];
  beforeAll(async () => {
    ended = await runScript('bin/demo.ts', ['--json']);
    const { timeline = [] }: { timeline?: Moment[] } = JSON.parse(ended.stdout);
    told = timeline.map(({ who, what, detail = [] }) => [who, what, ...detail].join('\n'));
  });

  it('plays the main job from the creation of the role to its traces being gone', () => {
    const who = told.map((moment) => moment.slice(0, moment.indexOf('\n')));
    expect(who).toEqual([
      'developer',
      'member account',
      'factory',
      'factory',
      'workload',
      'stranger',
      'developer',
      'factory',
      'proof',
    ]);
    expect(JSON.parse(ended.stdout).ok).toBe(true);
  });

  it('tells the steps of both workflows', () => {
    expect(told[2]).toMatch(
      /InspectRole.*RegisterApplication.*AddAudience.*VerifyApplication.*AssignAudience/s,
    );
    expect(told[7]).toMatch(/ConfirmRoleGone.*WaitOutWriters.*RemoveAudience/s);
    expect(told[7]).toContain('DeleteApplication');
  });

  it('shows the trust policy before and after, who got in, and who did not', () => {
    expect(told[0]).toMatch(/:aud.*oidc-factory-placeholder/s);
    expect(told[3]).not.toContain('oidc-factory-placeholder');
    expect(told[3]).toMatch(/:aud": "api:\/\/[0-9a-f-]{36}".*:sub": "[0-9a-f-]{36}"/s);
    expect(told[4]).toContain(':assumed-role/nightly-export/workload');
    expect(told[5]).toContain('AccessDenied');
  });

  it('ends with 0 and leaves nothing on the machine', () => {
    expect(ended).toMatchObject({ code: 0, left: [] });
  });
});

describe('npm run demo', () => {
  it('refuses wrong arguments', async () => {
    const { code, stdout, stderr } = await runScript('bin/demo.ts', ['--yaml']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('npm run demo [-- --json]');
  });
});
