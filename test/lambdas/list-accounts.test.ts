import { describe, expect, it } from 'vitest';
import { accountId, executionArn, roleArn } from '../../core/ids.ts';
import type { SweepRequest } from '../../core/sweep.ts';
import { listAccounts } from '../../lambdas/list-accounts/handler.ts';
import { MemoryControl } from '../../simulator/clouds/memory-control.ts';
import { MemoryTelemetry } from '../../simulator/clouds/memory-telemetry.ts';
import { MEMBER, SETTINGS } from '../../simulator/settings.ts';

const STARTED_AT = '2026-11-20T10:00:00.123Z';
const OTHER = accountId('222233334444');
const execution = executionArn('arn:aws:states:us-east-1:999988887777:execution:oidc-factory-sweep:x');

/** An organization of two accounts, one of them enrolled; sweeps that run beside this one, by their start. */
function listed(request: SweepRequest, others: readonly string[] = []) {
  const clock = { now: () => Date.parse(STARTED_AT), sleep: async () => undefined };
  const ports = {
    clock,
    control: new MemoryControl(clock),
    telemetry: new MemoryTelemetry(),
    organization: { accounts: async () => [MEMBER, OTHER].map((id) => ({ accountId: id, state: 'ACTIVE' })) },
    records: { accountIds: async () => [MEMBER] },
    executions: { others: async () => others.map((time) => ({ startedAt: Date.parse(time) })) },
  };
  const handler = listAccounts(ports, { ...SETTINGS, wanted: undefined });
  return handler({ execution, startedAt: STARTED_AT, request });
}

describe('a sweep of the clock', () => {
  it('is of every account, and has a name of its own', async () => {
    const { decision, sweep, accounts } = await listed({});
    expect(decision).toBe('sweep');
    expect(sweep).toEqual({
      id: expect.stringMatching(/^sweep-20261120T100000Z-[0-9a-f]{8}$/),
      startedAt: STARTED_AT,
    });
    expect(accounts.map(({ accountId: id, enrolled }) => [id, enrolled])).toEqual([
      [MEMBER, true],
      [OTHER, false],
    ]);
  });

  it('leaves it to one that began before', async () => {
    expect(await listed({}, ['2026-11-20T09:59:00Z'])).toMatchObject({ decision: 'skip', accounts: [] });
    expect(await listed({}, ['2026-11-20T10:01:00Z'])).toMatchObject({ decision: 'sweep' });
  });
});

describe('a sweep that a person asks for', () => {
  it('is of the named accounts alone, and known as such', async () => {
    const { sweep, accounts } = await listed({ accounts: [OTHER] });
    expect(accounts.map((account) => account.accountId)).toEqual([OTHER]);
    expect(sweep).toMatchObject({ partial: true });
  });

  it('may plan while another one runs', async () => {
    const adopt = [roleArn(`arn:aws:iam::${MEMBER}:role/old`)];
    const { decision, sweep } = await listed({ planOnly: true, adopt }, ['2026-11-20T09:59:00Z']);
    expect({ decision, sweep }).toMatchObject({ decision: 'sweep', sweep: { planOnly: true, adopt } });
  });

  it.each([[{ accounts: ['1'] }], [{ planOnly: true, adopt: ['role'] }]])(
    'is refused where %j is not what it should be',
    async (request) => {
      await expect(listed(request as unknown as SweepRequest)).rejects.toMatchObject({
        code: 'InvalidInput',
      });
    },
  );
});
