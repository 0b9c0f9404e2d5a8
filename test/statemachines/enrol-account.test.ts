import { describe, expect, it } from 'vitest';
import { EXECUTION, fails, play } from './workflow-run.ts';

const RUN = { accountId: '111122223333', eventId: 'event-1' };
const ENROLLED = { outcome: 'enrolled', providerArn: 'arn', notes: [] };

describe('enrol-account', () => {
  it('is one step, without a heartbeat', async () => {
    const { outcome, calls } = await play('enrol-account', RUN, { 'enrol-account': [ENROLLED] });
    expect(outcome.status).toBe('SUCCEEDED');
    expect(calls).toEqual([
      { task: 'enrol-account', args: { run: RUN, execution: EXECUTION, heartbeat: false } },
    ]);
  });

  it.each(['MemberRoleNotAssumable', 'MemberAccessDenied'])(
    'waits half an hour and more for a member stack under way: %s',
    async (code) => {
      const answers = [...Array.from({ length: 20 }, () => fails(code)), ENROLLED];
      const { outcome, slept } = await play('enrol-account', RUN, { 'enrol-account': answers });
      expect(outcome.status).toBe('SUCCEEDED');
      expect(slept.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(1600);
    },
  );

  it.each([
    ['ends', 'MemberRoleNotAssumable', 36],
    ['does not begin again', 'OrganizationForbidden', 1],
  ])('%s with the code where it fails for good: %s', async (_, code, attempts) => {
    const { outcome, calls } = await play('enrol-account', RUN, { 'enrol-account': [fails(code)] });
    expect(outcome).toMatchObject({ status: 'FAILED', error: code, cause: 'enrol-account' });
    expect(calls).toHaveLength(attempts);
  });
});
