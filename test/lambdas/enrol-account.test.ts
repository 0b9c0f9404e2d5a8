import { describe, expect, it } from 'vitest';
import type { EnrolmentNote, ProviderOwner } from '../../core/enrolment.ts';
import { FactoryError, isFactoryError } from '../../core/errors.ts';
import { providerArn as arnOf } from '../../core/ids.ts';
import { providerArnOf, providerPath } from '../../core/issuer.ts';
import type { Mode } from '../../core/settings.ts';
import { enrolAccount } from '../../lambdas/enrol-account/handler.ts';
import type { AccountRecord, EnrolledAccount } from '../../lambdas/enrol-account/ports.ts';
import { MemoryControl } from '../../simulator/clouds/memory-control.ts';
import { MemoryTelemetry } from '../../simulator/clouds/memory-telemetry.ts';
import { MEMBER, PLACEHOLDER, SETTINGS } from '../../simulator/settings.ts';
import { executionOf } from './entries.ts';

const NOW = Date.parse('2026-11-20T10:00:00Z');
const UNITS = ['ou-ab12-a1b2c3d4', 'r-ab12'];
const EXACT = providerArnOf('aws', MEMBER, SETTINGS.issuer.url);
const SLASHLESS = arnOf(EXACT.replace(/\/$/, ''));

interface Arrangement {
  readonly providers?: Readonly<Record<string, readonly string[]>>;
  readonly owner?: ProviderOwner;
  readonly modes?: Readonly<Record<string, Mode>>;
  readonly hasProviderRole?: boolean;
  /** The account's record; absent: it is new. */
  readonly before?: EnrolledAccount;
  /** What happens while the function looks, for eleven seconds. */
  readonly meanwhile?: (control: MemoryControl) => void;
}

/** A member account in memory, with these OIDC providers and their client ids. */
function arranged(arrangement: Arrangement = {}) {
  const { providers = {}, owner = 'factory', modes = {}, hasProviderRole = true, before } = arrangement;
  const lists = new Map(Object.entries(providers).map(([arn, ids]) => [arn, [...ids]]));
  let later = 0;
  const written: string[] = [];
  const recorded: { record: AccountRecord; now: string; sent: string | undefined }[] = [];
  const clock = { now: () => NOW + later * 1000, sleep: async () => undefined };
  const control = new MemoryControl(clock);
  const telemetry = new MemoryTelemetry();
  const meanwhile = () => {
    if (!arrangement.meanwhile) return;
    later += 11;
    arrangement.meanwhile(control);
  };
  const ports = {
    clock,
    control,
    telemetry,
    organization: { unitsOf: async () => UNITS },
    records: {
      enrolled: async (record: AccountRecord, now: string, sent?: string) =>
        void recorded.push({ record, now, sent }),
      heartbeatSeen: async () => undefined,
      read: async () => before,
      accountIds: async () => [MEMBER],
      swept: async () => undefined,
    },
    providers: {
      look: async () => ({
        list: async () => {
          meanwhile();
          return [...lists.keys()];
        },
        getProvider: async (providerArn: typeof EXACT) => {
          const clientIds = lists.get(providerArn);
          return clientIds && { providerArn, url: providerPath(SETTINGS.issuer.url), clientIds };
        },
      }),
      care: async (_: unknown, arn: typeof EXACT) => {
        if (!hasProviderRole) throw new FactoryError('MemberRoleNotAssumable');
        return {
          create: async (url: string, audiences: readonly string[]) => {
            written.push(`create ${url}`);
            lists.set(arn, [...audiences]);
          },
          addAudience: async (audience: string) => {
            written.push(`add ${audience}`);
            lists.get(arn)?.push(audience);
          },
          setHeartbeat: async (at: string) => void written.push(`heartbeat ${at}`),
        };
      },
    },
  };
  const settings = { ...SETTINGS, modes, owner, partition: 'aws' as const };
  const enrol = (heartbeat = false) =>
    enrolAccount(ports, settings)({ run: { accountId: MEMBER }, execution: executionOf('e'), heartbeat });
  return { enrol, control, telemetry, written, recorded, lists, ports, settings };
}

/** How a run that put nothing right ends. */
const enrolled = (providerArn: typeof EXACT | null, ...notes: EnrolmentNote[]) => ({
  outcome: 'enrolled',
  providerArn,
  notes,
  healed: [] as string[],
});

describe('enrol-account', () => {
  it('makes the provider with the placeholders, and records the account', async () => {
    const { enrol, written, recorded, lists } = arranged();
    expect(await enrol()).toEqual({ ...enrolled(EXACT), healed: ['provider-missing'] });
    expect(written).toEqual([`create ${SETTINGS.issuer.url}`]);
    expect(lists.get(EXACT)).toEqual([PLACEHOLDER]);
    expect(recorded).toEqual([
      {
        record: {
          accountId: MEMBER,
          organizationalUnits: UNITS,
          providerArn: EXACT,
          notes: [],
          placeholders: [PLACEHOLDER],
        },
        now: '2026-11-20T10:00:00.000Z',
        sent: undefined,
      },
    ]);
  });

  it('adopts what is there in whatever spelling, and completes its list', async () => {
    const { enrol, written } = arranged({ providers: { [SLASHLESS]: ['api://other'] } });
    expect(await enrol()).toEqual({
      ...enrolled(SLASHLESS, 'provider-misspelt'),
      healed: ['placeholder-missing'],
    });
    expect(written).toEqual([`add ${PLACEHOLDER}`]);
  });

  it('writes nothing to the account where nothing is missing, not even with another role', async () => {
    const { enrol, written } = arranged({ providers: { [EXACT]: [PLACEHOLDER] }, hasProviderRole: false });
    expect(await enrol()).toEqual(enrolled(EXACT));
    expect(written).toEqual([]);
  });

  it('does the same once more without a trace', async () => {
    const { enrol, written } = arranged();
    await enrol();
    await enrol();
    expect(written).toHaveLength(1);
  });

  it('fails where the member role that it needs is not there yet', async () => {
    await expect(arranged({ hasProviderRole: false }).enrol()).rejects.toMatchObject({
      code: 'MemberRoleNotAssumable',
    });
  });

  it.each(['stack', 'external'] as const)('leaves making it to others, and says so: %s', async (owner) => {
    const { enrol, written, telemetry } = arranged({ owner });
    expect(await enrol(true)).toEqual(enrolled(null, 'provider-missing'));
    expect(written).toEqual([]);
    expect(telemetry.counted('ProviderMissing')).toBe(1);
  });

  it('sets and records the heartbeat where it is asked to', async () => {
    const { enrol, written, recorded } = arranged({ providers: { [EXACT]: [PLACEHOLDER] } });
    await enrol(true);
    expect(written).toEqual(['heartbeat 2026-11-20T10:00:00.000Z']);
    expect(recorded[0]?.sent).toBe('2026-11-20T10:00:00.000Z');
  });

  it.each([MEMBER, ...UNITS])('only looks where %s is observed', async (id) => {
    const { enrol, written, recorded } = arranged({ modes: { [id]: 'observe' } });
    expect(await enrol(true)).toEqual({ outcome: 'observed', providerArn: null, notes: [], healed: [] });
    expect(written).toEqual([]);
    expect(recorded).toHaveLength(1);
  });

  it('goes by the units as they are now', async () => {
    const modes = { [UNITS[0] ?? '']: 'enforce', 'r-ab12': 'observe' } as const;
    const { enrol, written } = arranged({ modes });
    await enrol();
    expect(written).toHaveLength(1);
  });

  it('does not begin while the factory is paused', async () => {
    const { enrol, control, written, recorded } = arranged();
    control.pause();
    await expect(enrol()).rejects.toMatchObject({ code: 'Paused' });
    expect([written, recorded]).toEqual([[], []]);
  });

  it('writes nothing more to the account once the factory is paused', async () => {
    const { enrol, written } = arranged({ meanwhile: (control) => control.pause() });
    await expect(enrol()).rejects.toMatchObject({ code: 'Paused' });
    expect(written).toEqual([]);
  });

  it('stands back where others keep undoing it, and tells so once', async () => {
    const reverts = { count: 2, lastAt: '2026-11-19T10:00:00.000Z' };
    const before = {
      enrolledAt: '2026-11-01T10:00:00.000Z',
      providerArn: EXACT,
      placeholders: [PLACEHOLDER],
      notes: [],
      providerReverts: reverts,
    };
    const { enrol, written, telemetry } = arranged({ before });
    expect(await enrol()).toMatchObject({ notes: ['provider-contested'], healed: [] });
    expect(written).toEqual([]);
    expect(telemetry.counted('ProviderContested')).toBe(1);
  });

  it('calls it no failure where nothing was ever deployed, if the sweep says that this may be', async () => {
    const { ports, settings, recorded } = arranged();
    const look = () => Promise.reject(new FactoryError('MemberRoleNotAssumable'));
    const enrol = enrolAccount({ ...ports, providers: { ...ports.providers, look } }, settings);
    const input = { run: { accountId: MEMBER }, execution: executionOf('e'), heartbeat: true };
    expect(await enrol({ ...input, mayBeAbsent: true })).toMatchObject({ outcome: 'absent' });
    expect(recorded).toEqual([]);
    await expect(enrol(input)).rejects.toMatchObject({ code: 'MemberRoleNotAssumable' });
  });

  it('passes on what it meets, as a code', async () => {
    const { ports, settings } = arranged();
    const unitsOf = () => Promise.reject(new FactoryError('OrganizationForbidden'));
    const enrol = enrolAccount({ ...ports, organization: { unitsOf } }, settings);
    const failure = await enrol({
      run: { accountId: MEMBER },
      execution: executionOf('e'),
      heartbeat: false,
    }).catch((error: unknown) => error);
    expect(isFactoryError(failure, 'OrganizationForbidden')).toBe(true);
  });
});
