import { describe, expect, it } from 'vitest';
import type { DriftReason } from '../../core/drift/reasons.ts';
import type { Start, Step } from '../../core/drift/step.ts';
import { accountId, executionArn, type RoleId, type RoleName } from '../../core/ids.ts';
import {
  type AccountFindings,
  accountsToSweep,
  isHeartbeatMissing,
  reportOf,
  startedAtOnce,
  sweepOf,
  withinCaps,
} from '../../core/sweep.ts';

const A = accountId('111111111111');
const B = accountId('222222222222');
const C = accountId('333333333333');
const EXECUTION = executionArn('arn:aws:states:us-east-1:111122223333:execution:oidc-factory-sweep:by-hand');
const STARTED = '2026-11-20T10:00:00.123Z';

const role = { roleName: 'role' as RoleName, roleId: 'AROAEXAMPLEEXAMPLE' as RoleId };
const CREATE: Start = { workflow: 'create-role', run: role };
const DELETE: Start = { workflow: 'delete-role', run: role };
const step = (reason: DriftReason, start?: Start, more: Partial<Step> = {}): Step => ({
  reason,
  also: [],
  accountId: A,
  subject: { kind: 'account' },
  detail: '',
  risk: start === DELETE ? 'destructive' : start === CREATE ? 'changes' : 'none',
  ...(start && { start }),
  ...more,
});

describe('the id of a sweep', () => {
  it('is the same for the same execution, and fits where an event id does', () => {
    const { id } = sweepOf(EXECUTION, STARTED);
    expect(id).toMatch(/^sweep-20261120T100000Z-[0-9a-f]{8}$/);
    expect(sweepOf(EXECUTION, STARTED).id).toBe(id);
    expect(sweepOf(executionArn(`${EXECUTION}-2`), STARTED).id).not.toBe(id);
  });
});

describe('the accounts of a sweep', () => {
  const organization = [
    { accountId: A, state: 'ACTIVE' },
    { accountId: B, state: 'SUSPENDED' },
  ];

  it('are the active ones, and those that were ever enrolled', () => {
    const found = accountsToSweep({ organization, enrolled: new Set([C]), wanted: undefined });
    expect(found).toEqual([
      { accountId: A, status: 'active', detail: 'ACTIVE', enrolled: false },
      { accountId: C, status: 'outside', detail: 'not in the organization', enrolled: true },
    ]);
  });

  it('are those of the config, where it names any', () => {
    const found = accountsToSweep({ organization, enrolled: new Set(), wanted: [B] });
    expect(found).toEqual([{ accountId: B, status: 'suspended', detail: 'SUSPENDED', enrolled: false }]);
  });

  it.each([
    ['ACTIVE', 'active'],
    ['SUSPENDED', 'suspended'],
    ['PENDING_CLOSURE', 'closed'],
    ['CLOSED', 'closed'],
    ['what AWS may add', 'suspended'],
  ])('%s: %s', (state, status) => {
    const [found] = accountsToSweep({
      organization: [{ accountId: A, state }],
      enrolled: new Set([A]),
      wanted: undefined,
    });
    expect(found?.status).toBe(status);
  });
});

describe('what a sweep starts for an account', () => {
  it('is bounded by the cap of creations; the rest is held', () => {
    const steps = withinCaps(
      [
        step('missed-creation', CREATE),
        step('still-failed'),
        step('backfill', CREATE),
        step('cause-gone', CREATE),
      ],
      { creationsPerHour: 2 },
    );
    expect(steps.map(({ hold }) => hold)).toEqual([undefined, undefined, undefined, 'limit']);
    expect(steps.filter(startedAtOnce)).toHaveLength(2);
  });

  it('does not count what is held already', () => {
    const steps = withinCaps([step('backfill', CREATE, { hold: 'backfill' }), step('cause-gone', CREATE)], {
      creationsPerHour: 1,
    });
    expect(steps.map(({ hold }) => hold)).toEqual(['backfill', undefined]);
  });

  it('leaves what removes to the end', () => {
    expect(startedAtOnce(step('missed-deletion', DELETE))).toBe(false);
  });
});

describe('a heartbeat', () => {
  const NOW = Date.parse('2026-11-20T12:00:00Z');
  it.each([
    ['seen lately', '2026-11-01T00:00:00Z', '2026-11-20T11:00:00Z', false],
    ['seen long ago', '2026-11-01T00:00:00Z', '2026-11-19T00:00:00Z', true],
    ['never seen, of an account enrolled lately', '2026-11-20T11:00:00Z', undefined, false],
    ['never seen, of an account enrolled long ago', '2026-11-01T00:00:00Z', undefined, true],
    ['unreadable', '2026-11-01T00:00:00Z', 'yesterday', true],
  ])('%s', (_, enrolledAt, heartbeatSeenAt, isMissing) => {
    const record = { enrolledAt, ...(heartbeatSeenAt && { heartbeatSeenAt }) };
    expect(isHeartbeatMissing(record, NOW, 12 * 3600)).toBe(isMissing);
  });
});

describe('the report', () => {
  const sweep = sweepOf(EXECUTION, STARTED);
  const accounts = [A, B, C].map((id) => ({
    accountId: id,
    status: 'active' as const,
    detail: 'ACTIVE',
    enrolled: true,
  }));
  const findings = (more: Partial<AccountFindings>): AccountFindings => ({
    accountId: A,
    outcome: 'swept',
    steps: [],
    heartbeatMissing: false,
    ...more,
  });
  const report = (found: readonly AccountFindings[], most = 1) =>
    reportOf({ sweep, endedAt: STARTED, accounts, found, most });

  it('counts what was found, and names accounts that were not', () => {
    const found = [
      findings({ steps: [step('missed-creation', CREATE), step('missed-deletion', DELETE)] }),
      findings({
        accountId: B,
        outcome: 'unseen',
        steps: [step('account-unreachable')],
        heartbeatMissing: true,
      }),
    ];
    expect(report(found)).toMatchObject({
      accounts: 3,
      swept: 1,
      failed: [B, C],
      heartbeatMissing: [B],
      findings: { 'missed-creation': 1, 'missed-deletion': 1, 'account-unreachable': 1 },
      started: 2,
      removals: 1,
      removalsHeld: false,
    });
  });

  it('has no removal started where all accounts together ask for more than one sweep may', () => {
    const removal = step('missed-deletion', DELETE);
    const found = [findings({ steps: [removal] }), findings({ accountId: B, steps: [removal] })];
    expect(report(found)).toMatchObject({ started: 0, removals: 2, removalsHeld: true });
    expect(report(found, 2)).toMatchObject({ started: 2, removalsHeld: false });
  });

  it('does not call an account failed in which nothing was ever deployed', () => {
    const found = [A, B, C].map((id) => findings({ accountId: id, outcome: 'absent' }));
    expect(report(found)).toMatchObject({ swept: 0, absent: 3, failed: [] });
  });
});
