import { describe, expect, it } from 'vitest';
import { HELD_CODES, RETRYABLE_CODES } from '../../core/errors.ts';
import { DELETE_ROLE_ARN } from './definitions.ts';
import { EXECUTION, fails, HANGS, play, type Script } from './workflow-run.ts';

const RUN = {
  accountId: '444455556001',
  roleName: 'deploy',
  roleId: 'AROAEXAMPLE000000001',
  eventId: 'event-1',
  eventTime: '2026-01-01T00:00:00Z',
  createdBy: null,
};
const entry = (version: number) => ({ roleId: RUN.roleId, audience: 'api://app', version });
const STEPS: readonly string[] = [
  'inspect-role',
  'register-application',
  'add-audience',
  'verify-application',
  'assign-audience',
];
const HAPPY: Script = {
  'inspect-role': [{ decision: 'proceed', reason: 'consents', entry: entry(1) }],
  'register-application': [{ entry: entry(2) }],
  'add-audience': [{ entry: entry(3) }],
  'verify-application': [{ entry: entry(4) }],
  'assign-audience': [{ entry: entry(5) }],
};
const create = (script: Script) => play('create-role', RUN, { ...HAPPY, ...script });
const until = (step: string) => STEPS.slice(0, STEPS.indexOf(step) + 1);

describe('create-role', () => {
  it('performs the steps in order, handing the ledger entry from each to the next', async () => {
    const { outcome, calls } = await create({});
    expect(calls).toEqual([
      { task: 'inspect-role', args: { run: RUN, execution: EXECUTION } },
      { task: 'register-application', args: { entry: entry(1), execution: EXECUTION } },
      { task: 'add-audience', args: { entry: entry(2), execution: EXECUTION } },
      { task: 'verify-application', args: { entry: entry(3), execution: EXECUTION } },
      { task: 'assign-audience', args: { entry: entry(4), execution: EXECUTION } },
    ]);
    expect(outcome).toEqual({
      status: 'SUCCEEDED',
      output: { outcome: 'ready', roleId: RUN.roleId, audience: 'api://app' },
    });
  });

  it.each(['skip', 'ready'])('makes nothing where inspection decides %s', async (decision) => {
    const { outcome, tasks } = await create({ 'inspect-role': [{ decision, reason: 'why', entry: null }] });
    expect(tasks).toEqual(['inspect-role']);
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: { outcome: decision, reason: 'why' } });
  });

  it.each(STEPS)('records a failure of %s, undoes nothing, and fails with its code', async (step) => {
    const { outcome, tasks, calls } = await create({
      [step]: [fails('DirectoryForbidden')],
      'record-outcome': [{ outcome: 'failed', code: 'DirectoryForbidden' }],
    });
    expect(tasks).toEqual([...until(step), 'record-outcome']);
    expect(calls.at(-1)?.args).toEqual({
      run: RUN,
      execution: EXECUTION,
      failure: { step, code: 'DirectoryForbidden' },
    });
    expect(outcome).toEqual({ status: 'FAILED', error: 'DirectoryForbidden', cause: step });
  });

  it.each(STEPS)('stops quietly where %s has lost the entry', async (step) => {
    const { outcome, tasks } = await create({ [step]: [fails('Superseded')] });
    expect(tasks).toEqual(until(step));
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: { outcome: 'superseded' } });
  });

  const CODES = [...RETRYABLE_CODES, ...HELD_CODES];
  it.each(STEPS.flatMap((step) => CODES.map((code) => [step, code] as const)))(
    '%s is tried again after %s',
    async (step, code) => {
      const { outcome, tasks } = await create({ [step]: [fails(code), ...(HAPPY[step] ?? [])] });
      expect(tasks.filter((task) => task === step)).toHaveLength(2);
      expect(outcome.status).toBe('SUCCEEDED');
    },
  );

  it('pauses longer each time, up to two minutes, and gives up after 24 retries', async () => {
    const { outcome, tasks, slept } = await create({
      'add-audience': [fails('Throttled')],
      'record-outcome': [{ outcome: 'failed', code: 'Throttled' }],
    });
    expect(tasks.filter((task) => task === 'add-audience')).toHaveLength(25);
    expect(slept).toEqual([2, 4, 8, 16, 32, 64, ...Array<number>(18).fill(120)]);
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'Throttled' });
  });

  it('waits on where it is held, longer each time and up to half an hour', async () => {
    const held = Array.from({ length: 12 }, () => fails('Paused'));
    const { outcome, slept } = await create({ 'add-audience': [...held, { entry: entry(3) }] });
    expect(slept).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800, 1800, 1800]);
    expect(outcome.status).toBe('SUCCEEDED');
  });

  it('gives up on a function that does not answer, and tries again', async () => {
    const { outcome, slept } = await create({ 'add-audience': [HANGS, { entry: entry(3) }] });
    expect(slept).toEqual([70, 2]);
    expect(outcome.status).toBe('SUCCEEDED');
  });

  it('fails with the step that failed where not even that can be recorded', async () => {
    const { outcome } = await create({
      'add-audience': [fails('ProviderFull')],
      'record-outcome': [fails('LedgerForbidden')],
    });
    expect(outcome).toEqual({ status: 'FAILED', error: 'ProviderFull', cause: 'add-audience' });
  });

  it('ends as superseded where the failure is nobody’s business any more', async () => {
    const { outcome } = await create({
      'add-audience': [fails('ProviderFull')],
      'record-outcome': [{ outcome: 'superseded' }],
    });
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: { outcome: 'superseded' } });
  });

  describe('whose role is gone', () => {
    const gone: Script = {
      'assign-audience': [fails('RoleGone')],
      'record-outcome': [{ outcome: 'role-gone', roleId: 'AROAEXAMPLE000000009' }],
    };

    it('starts the removal of the incarnation that was found', async () => {
      const { outcome, calls } = await create({ ...gone, startExecution: [{ ExecutionArn: 'x' }] });
      expect(calls.at(-1)).toEqual({
        task: 'startExecution',
        args: {
          StateMachineArn: DELETE_ROLE_ARN,
          Name: 'event-1-gone',
          Input: {
            accountId: RUN.accountId,
            roleName: RUN.roleName,
            roleId: 'AROAEXAMPLE000000009',
            eventId: RUN.eventId,
            deletedAt: null,
          },
        },
      });
      expect(outcome).toEqual({ status: 'SUCCEEDED', output: { outcome: 'removal-started' } });
    });

    it('takes a removal that was started already for its own', async () => {
      const exists = fails('StepFunctions.ExecutionAlreadyExistsException');
      const { outcome } = await create({ ...gone, startExecution: [exists] });
      expect(outcome).toEqual({ status: 'SUCCEEDED', output: { outcome: 'removal-started' } });
    });

    it('tries again when Step Functions throttles', async () => {
      const throttled = fails('StepFunctions.ThrottlingException');
      const { outcome, slept } = await create({ ...gone, startExecution: [throttled, {}] });
      expect(slept).toEqual([2]);
      expect(outcome.status).toBe('SUCCEEDED');
    });

    it('fails where the removal cannot be started', async () => {
      const missing = fails('StepFunctions.StateMachineDoesNotExistException');
      const { outcome } = await create({ ...gone, startExecution: [missing] });
      expect(outcome).toMatchObject({ status: 'FAILED', error: missing.name });
    });
  });
});
