import { describe, expect, it } from 'vitest';
import { EXECUTION, fails, play, type Script } from './workflow-run.ts';

const RUN = {
  accountId: '444455556001',
  roleName: 'deploy',
  roleId: 'AROAEXAMPLE000000001',
  eventId: 'event-1',
  deletedAt: '2026-01-01T00:00:00Z',
};
const ENTRY = { roleId: RUN.roleId, version: 7 };
const gone = (waitUntil: string) => ({ decision: 'gone', waitUntil, entry: ENTRY });
const HAPPY: Script = {
  'confirm-role-gone': [gone('2026-01-01T00:01:30Z')],
  'remove-audience': [{ removed: 'audience' }],
  'delete-application': [{ deleted: [] }],
  'record-outcome': [{ outcome: 'removed' }],
};
const remove = (script: Script) => play('delete-role', RUN, { ...HAPPY, ...script });

describe('delete-role', () => {
  it('waits out the writers, removes audience and application, and records both in one write', async () => {
    const { outcome, calls, slept } = await remove({});
    expect(calls[0]).toEqual({ task: 'confirm-role-gone', args: { run: RUN, execution: EXECUTION } });
    expect(slept).toEqual([90]);
    expect(calls.slice(1, 3).sort((a, b) => (a.task < b.task ? 1 : -1))).toEqual([
      { task: 'remove-audience', args: { entry: ENTRY, execution: EXECUTION } },
      { task: 'delete-application', args: { entry: ENTRY, execution: EXECUTION } },
    ]);
    expect(calls[3]).toEqual({
      task: 'record-outcome',
      args: {
        run: RUN,
        execution: EXECUTION,
        removal: [{ step: 'remove-audience' }, { step: 'delete-application' }],
        entry: ENTRY,
      },
    });
    expect(outcome.status).toBe('SUCCEEDED');
  });

  it('looks again after the time it was told, and says since when the role was missing', async () => {
    const { outcome, calls, slept } = await remove({
      'confirm-role-gone': [
        { decision: 'look-again', waitUntil: '2026-01-01T00:01:00Z', missingSince: '2026-01-01T00:00:00Z' },
        gone('2026-01-01T00:02:30Z'),
      ],
    });
    expect(calls[1]).toEqual({
      task: 'confirm-role-gone',
      args: { run: RUN, execution: EXECUTION, missingSince: '2026-01-01T00:00:00Z' },
    });
    expect(slept).toEqual([60, 90]);
    expect(outcome.status).toBe('SUCCEEDED');
  });

  it('ends where there is nothing to do', async () => {
    const { outcome, tasks } = await remove({
      'confirm-role-gone': [{ decision: 'done', reason: 'removed' }],
    });
    expect(tasks).toEqual(['confirm-role-gone']);
    expect(outcome.status).toBe('SUCCEEDED');
  });

  it('deletes nothing where the role is not proven gone', async () => {
    const { outcome, tasks, calls } = await remove({
      'confirm-role-gone': [fails('RoleStillExists')],
      'record-outcome': [{ outcome: 'failed', code: 'RoleStillExists' }],
    });
    expect(tasks).toEqual(['confirm-role-gone', 'record-outcome']);
    expect(calls[1]?.args).toMatchObject({
      removal: [{ step: 'confirm-role-gone', code: 'RoleStillExists' }],
      entry: null,
    });
    expect(outcome).toEqual({ status: 'FAILED', error: 'RoleStillExists', cause: 'confirm-role-gone' });
  });

  it('stops quietly where a newer removal owns the entry', async () => {
    const { outcome, tasks } = await remove({ 'confirm-role-gone': [fails('Superseded')] });
    expect(tasks).toEqual(['confirm-role-gone']);
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: { outcome: 'superseded' } });
  });

  it.each([
    [
      'remove-audience',
      [{ step: 'remove-audience', code: 'MemberAccessDenied' }, { step: 'delete-application' }],
    ],
    [
      'delete-application',
      [{ step: 'remove-audience' }, { step: 'delete-application', code: 'MemberAccessDenied' }],
    ],
  ])('goes on with the other when %s fails', async (step, removal) => {
    const { outcome, tasks, calls } = await remove({
      [step]: [fails('MemberAccessDenied')],
      'record-outcome': [{ outcome: 'failed', code: 'RemovalIncomplete' }],
    });
    expect(tasks).toEqual(expect.arrayContaining(['remove-audience', 'delete-application']));
    expect(calls.at(-1)?.args.removal).toEqual(removal);
    expect(outcome).toEqual({ status: 'FAILED', error: 'RemovalIncomplete', cause: step });
  });

  it('records that both failed', async () => {
    const { outcome } = await remove({
      'remove-audience': [fails('MemberAccessDenied')],
      'delete-application': [fails('DirectoryForbidden')],
      'record-outcome': [{ outcome: 'failed', code: 'RemovalIncomplete' }],
    });
    expect(outcome).toMatchObject({ status: 'FAILED', cause: 'remove-audience delete-application' });
  });

  it.each(['confirm-role-gone', 'remove-audience', 'delete-application', 'record-outcome'])(
    'tries %s again when it is throttled',
    async (step) => {
      const { outcome, tasks } = await remove({ [step]: [fails('Throttled'), ...(HAPPY[step] ?? [])] });
      expect(tasks.filter((task) => task === step)).toHaveLength(2);
      expect(outcome.status).toBe('SUCCEEDED');
    },
  );

  it('ends as superseded where the entry is another’s by then', async () => {
    const { outcome } = await remove({ 'record-outcome': [{ outcome: 'superseded' }] });
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: { outcome: 'superseded' } });
  });

  it('fails with the reason where the outcome cannot be recorded', async () => {
    const { outcome } = await remove({ 'record-outcome': [fails('LedgerForbidden')] });
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'LedgerForbidden' });
  });
});
