import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../core/errors.ts';
import { accountId, roleName } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { audienceOf, codeOf, digest, type FailedRun, failureNotice, levels } from '../../core/notices.ts';
import { ENTRY } from '../lambdas/entries.ts';

const EXECUTION = 'arn:aws:states:eu-central-1:999999999999:execution:oidc-factory-create-role:e1';
const RUN: FailedRun = {
  execution: EXECUTION,
  workflow: 'oidc-factory-create-role',
  status: 'FAILED',
  error: 'ProviderFull',
  accountId: ENTRY.accountId,
  roleName: ENTRY.roleName,
  roleId: ENTRY.roleId,
  createdBy: undefined,
};
const failedWith = (code: ErrorCode, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...ENTRY,
  phase: 'failed',
  error: { code, step: 'add-audience', at: ENTRY.updatedAt },
  ...more,
});
const code = fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[]));

describe('the code of a failed run', () => {
  it.each<[string, string | undefined, LedgerEntry | undefined, ErrorCode]>([
    ['what it failed with', 'ProviderFull', failedWith('TrustPolicyTooLong'), 'ProviderFull'],
    [
      'Unexpected for an error that is none of ours',
      'States.Runtime',
      failedWith('ProviderFull'),
      'Unexpected',
    ],
    [
      'what the ledger says where the run says nothing',
      undefined,
      failedWith('ProviderFull'),
      'ProviderFull',
    ],
    ['Unexpected where nobody says anything', undefined, undefined, 'Unexpected'],
  ])('is %s', (_, error, entry, expected) => {
    expect(codeOf({ ...RUN, error }, entry)).toBe(expected);
  });

  it('is the developer’s only where its class says so: whatever lasted is the platform’s', () => {
    fc.assert(
      fc.property(code, (one) => {
        expect(audienceOf(one)).toBe(ERRORS[one].class === 'developer' ? 'developer' : 'platform');
      }),
    );
  });
});

describe('the notice of a failed run', () => {
  it('names account, role, who created it, step, error, remedy, the retry and the run', () => {
    const entry = failedWith('ProviderFull', { createdBy: 'arn:aws:iam::111122223333:user/ada' });
    expect(failureNotice(RUN, 'ProviderFull', entry)).toEqual({
      subject: 'OIDC factory: oidc-factory-create-role failed, ProviderFull',
      text: [
        'What: oidc-factory-create-role failed',
        `Account: ${ENTRY.accountId}`,
        'Role: deploy',
        'Created by: arn:aws:iam::111122223333:user/ada',
        'Step: add-audience',
        'Error: ProviderFull',
        `What to do: ${ERRORS.ProviderFull.remedy}`,
        `Then: oidc-factory retry --account ${ENTRY.accountId} --role deploy`,
        `Run: https://console.aws.amazon.com/states/home?region=eu-central-1#/v2/executions/details/${EXECUTION}`,
      ].join('\n'),
    });
  });

  it('says what is known of a run that is about no role, or was stopped', () => {
    const enrolment = {
      ...RUN,
      roleName: undefined,
      workflow: 'oidc-factory-enrol-account',
      status: 'TIMED_OUT',
    };
    const { text } = failureNotice(enrolment, 'Unexpected', undefined);
    expect(text.split('\n').map((line) => line.split(':')[0])).toEqual([
      'What',
      'Account',
      'Error',
      'What to do',
      'Run',
    ]);
    expect(text).toContain('oidc-factory-enrol-account timed_out');
  });

  it.each([
    ['us-gov-west-1', 'https://console.amazonaws-us-gov.com/'],
    ['cn-north-1', 'https://console.amazonaws.cn/'],
  ])('links to the console of the partition of %s', (region, console) => {
    const execution = EXECUTION.replace('eu-central-1', region);
    expect(failureNotice({ ...RUN, execution }, 'ProviderFull', undefined).text).toContain(console);
  });

  it('fits what SNS takes, for every code and every name', () => {
    const name = fc.stringMatching(/^[\w+=,.@-]{1,64}$/);
    fc.assert(
      fc.property(code, name, (one, role) => {
        const { subject, text } = failureNotice({ ...RUN, roleName: roleName(role) }, one, failedWith(one));
        expect(subject).toMatch(/^[!-~][ -~]{0,99}$/);
        expect(text.length).toBeLessThan(4096);
      }),
    );
  });
});

describe('the digest', () => {
  it('has the roles that wait for their developers, by account and name, and no others', () => {
    const other = failedWith('RoleNotTaggable', { roleName: roleName('another') });
    const notice = digest([
      failedWith('TrustPolicyTooLong', { createdBy: 'arn:aws:iam::111122223333:user/ada' }),
      other,
      failedWith('ProviderFull', { roleName: roleName('platform') }),
      { ...ENTRY, phase: 'ready' },
    ]);
    expect(notice?.subject).toBe('OIDC factory: 2 roles wait for their developers');
    expect(notice?.text.split('\n').slice(2)).toEqual([
      `${ENTRY.accountId}  another  RoleNotTaggable: ${ERRORS.RoleNotTaggable.remedy}`,
      `${ENTRY.accountId}  deploy  TrustPolicyTooLong: ${ERRORS.TrustPolicyTooLong.remedy} (created by arn:aws:iam::111122223333:user/ada)`,
    ]);
  });

  it('is not sent where there is nothing to tell', () => {
    expect(digest([ENTRY, failedWith('ProviderFull')])).toBeUndefined();
  });

  it('says how many more there are than it shows', () => {
    const many = Array.from({ length: 203 }, (_, index) =>
      failedWith('TrustPolicyTooLong', { roleName: roleName(`role-${index}`) }),
    );
    expect(digest(many)?.text).toContain('and 3 more: oidc-factory status --phase failed');
  });
});

describe('the levels', () => {
  const now = Date.parse('2026-11-20T12:00:00.000Z');
  const unreachable = (account: string): LedgerEntry => ({
    ...ENTRY,
    accountId: accountId(account),
    phase: 'unreachable',
  });

  it('are zero where nothing is wrong', () => {
    expect(levels({}, [ENTRY], now)).toEqual({ PausedHours: 0, DirectoryFull: 0, UnreachableAccounts: 0 });
  });

  it('tell since when it is paused, whether the breaker is open, and how many accounts are out of reach', () => {
    const control = {
      paused: { since: '2026-11-19T11:00:00.000Z', by: 'arn:aws:iam::111122223333:user/ada' },
      directoryFullUntil: '2026-11-20T12:00:01.000Z',
    };
    const entries = ['111122223333', '111122223333', '444455556666'].map(unreachable);
    expect(levels(control, entries, now)).toEqual({
      PausedHours: 25,
      DirectoryFull: 1,
      UnreachableAccounts: 2,
    });
    expect(levels({ directoryFullUntil: '2026-11-20T12:00:00.000Z' }, [], now).DirectoryFull).toBe(0);
  });
});
