import { describe, expect, it } from 'vitest';
import { type Moment, playMainJob } from '../../sandbox/demo.ts';
import { madeInEntra, placeholderOf, useFactory } from './harness.ts';
import { runScript } from './programs.ts';

const factory = useFactory();

describe('the main job', () => {
  it('is played from the creation of the role to its traces being gone', async () => {
    const { member, sandbox } = factory();
    const timeline: Moment[] = [];
    await playMainJob(sandbox.ready, (moment) => timeline.push(moment));

    expect(timeline.map(({ who }) => who)).toEqual([
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
    const told = timeline.map(({ detail = [] }) => detail.join('\n'));
    expect(told[0]).toContain(placeholderOf(factory()));
    expect(told[2]).toMatch(
      /InspectRole.*RegisterApplication.*AddAudience.*VerifyApplication.*AssignAudience/s,
    );
    expect(told[3]).not.toContain(placeholderOf(factory()));
    expect(told[4]).toContain(':assumed-role/nightly-export/workload');
    expect(told[5]).toContain('AccessDenied');
    expect(told[7]).toMatch(/ConfirmRoleGone.*WaitOutWriters.*RemoveAudience/s);
    expect(told[7]).toContain('DeleteApplication');

    expect(madeInEntra(factory())).toEqual([]);
    expect(await member.audiences()).toEqual([placeholderOf(factory())]);
  });

  it('refuses whoever is not the application: no assumption of the role but the workload’s was granted', () => {
    const granted = factory()
      .sandbox.recorder.calls()
      .filter(({ operation, outcome }) => operation === 'AssumeRoleWithWebIdentity' && outcome === 'ok');
    expect(granted).toHaveLength(1);
  });
});

describe('npm run demo', () => {
  it('prints one JSON object for programs, with the same timeline', async () => {
    const { code, stdout, left } = await runScript('bin/demo.ts', ['--json']);
    expect(JSON.parse(stdout)).toEqual({ ok: true, timeline: expect.any(Array) });
    expect(JSON.parse(stdout).timeline.at(-1)).toMatchObject({ who: 'proof', at: expect.any(Number) });
    expect({ code, left }).toEqual({ code: 0, left: [] });
  });

  it('refuses wrong arguments', async () => {
    const { code, stdout, stderr } = await runScript('bin/demo.ts', ['--yaml']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('npm run demo [-- --json]');
  });
});
