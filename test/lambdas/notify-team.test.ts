import type { SQSEvent } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import { FactoryError } from '../../core/errors.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { Notice } from '../../core/notices.ts';
import { notifyTeam } from '../../lambdas/notify-team/handler.ts';
import type { NotifyPorts } from '../../lambdas/notify-team/ports.ts';
import { MemoryTelemetry } from '../../simulator/clouds/memory-telemetry.ts';
import { ENTRY, executionOf } from './entries.ts';

let sent: [topic: string, notice: Notice][];
let entries: LedgerEntry[];
let refuses: boolean;
let telemetry: MemoryTelemetry;
beforeEach(() => {
  sent = [];
  entries = [];
  refuses = false;
  telemetry = new MemoryTelemetry();
});

const ports = (): NotifyPorts => ({
  ledger: {
    about: async ({ roleName }) => entries.find((entry) => entry.roleName === roleName),
    overview: async () => ({ control: {}, entries }),
  },
  topics: {
    publish: async (topic, notice) => {
      if (refuses) throw new FactoryError('Unavailable');
      sent.push([topic, notice]);
    },
  },
  clock: { now: () => Date.parse(ENTRY.updatedAt) },
  telemetry,
});

const batch = (...bodies: (string | object)[]) =>
  notifyTeam(ports())({
    Records: bodies.map((body, index) => ({
      messageId: `m${index}`,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })),
  } as SQSEvent);

const failedRun = (detail: object = {}) => ({
  source: 'aws.states',
  detail: {
    executionArn: executionOf('e1'),
    stateMachineArn: 'arn:aws:states:us-east-1:999999999999:stateMachine:oidc-factory-create-role',
    status: 'FAILED',
    error: 'ProviderFull',
    input: JSON.stringify({ accountId: ENTRY.accountId, roleName: ENTRY.roleName, createdBy: null }),
    ...detail,
  },
});

describe('a failed run', () => {
  it('is told to the platform team, and counted', async () => {
    expect(await batch(failedRun())).toEqual({ batchItemFailures: [] });
    expect(sent).toMatchObject([['platform', { subject: expect.stringContaining('ProviderFull') }]]);
    expect(telemetry.counted('PlatformRunFailed')).toBe(1);
  });

  it('is only counted where it is its developer’s', async () => {
    await batch(failedRun({ error: 'TrustPolicyTooLong' }));
    expect(sent).toEqual([]);
    expect(telemetry.counted('DeveloperRunFailed')).toBe(1);
    expect(telemetry.counted('PlatformRunFailed')).toBe(0);
  });

  it('is the platform’s where nobody knows why it ended', async () => {
    await batch(failedRun({ error: null, status: 'ABORTED', input: '{}' }));
    expect(sent).toMatchObject([['platform', { subject: expect.stringContaining('Unexpected') }]]);
  });
});

describe('the clock', () => {
  it('has levels measured', async () => {
    entries = [{ ...ENTRY, phase: 'unreachable' }];
    await batch({ task: 'watch' });
    expect(Object.fromEntries(telemetry.levels)).toEqual({
      PausedHours: 0,
      DirectoryFull: 0,
      UnreachableAccounts: 1,
    });
  });

  it('has the digest sent, where there is something in it', async () => {
    await batch({ task: 'digest' });
    expect(sent).toEqual([]);
    const error = { code: 'TrustPolicyTooLong', step: 'assign-audience', at: ENTRY.updatedAt } as const;
    entries = [{ ...ENTRY, phase: 'failed', error }];
    await batch({ task: 'digest' });
    expect(sent).toMatchObject([['digest', { text: expect.stringContaining('deploy') }]]);
  });
});

describe('a message that cannot be handled', () => {
  it.each([['no JSON'], ['{}'], [JSON.stringify(failedRun({ input: 'no JSON' }))]])(
    'goes back alone: %s',
    async (body) => {
      expect(await batch(body, failedRun())).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
      expect(sent).toHaveLength(1);
    },
  );

  it('goes back where the topic does not take it, and counts no alarm', async () => {
    refuses = true;
    expect(await batch(failedRun())).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(telemetry.counted('PlatformRunFailed')).toBe(0);
  });
});
