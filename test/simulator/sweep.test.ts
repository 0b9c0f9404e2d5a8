import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { estateOf } from '../../simulator/estate.ts';
import { sweeps, sweepsText } from '../../simulator/sweep.ts';
import { trustPolicyOf } from '../../simulator/trust-policies.ts';
import { World } from '../../simulator/world.ts';

describe('two sweeps over an estate', () => {
  const report = sweeps(() => undefined, { accounts: 20, roles: 10 });

  it('put right what had drifted, and then nothing', async () => {
    const { holds, drift, first, second } = await report;
    const wrong = { 'missed-deletion': 1, 'missed-creation': 1, 'audience-vanished': 1 };
    expect({ holds, drift }).toEqual({ holds: true, drift: wrong });
    expect(first).toMatchObject({ findings: wrong, started: 3, removals: 1, failedAccounts: 0 });
    expect(second).toMatchObject({ findings: {}, started: 0, removals: 0, failedAccounts: 0 });
    expect(second.calls).not.toHaveProperty('StepFunctions StartExecution');
  });

  it('ask each account and each role as often as the plan needs', async () => {
    const { first, second } = await report;
    for (const { calls } of [first, second]) {
      expect(calls['IAM TagOpenIDConnectProvider']).toEqual({ all: 20, mean: 1, most: 1 });
      expect(calls['Organizations ListAccounts']?.all).toBe(1);
      // One page; once more where only Entra can tell of a managed identity.
      expect(calls['IAM ListRoles']).toMatchObject({ most: 2 });
      expect(calls['IAM GetRole']).toMatchObject({ most: 20 });
      expect(calls['Graph GET /servicePrincipals/{id}']?.all).toBe(2);
      // Nothing but the heartbeat is written to an account.
      expect(Object.keys(calls).filter((name) => /^IAM (?!List|Get|TagOpenID)/.test(name))).toEqual([]);
    }
    expect(first.heartbeatsMissing + second.heartbeatsMissing).toBe(0);
  });

  it('count what the services refuse, and stay within the limits of state and items', async () => {
    const { first } = await report;
    expect(first.callsServed).toBeGreaterThan(first.callsOfSweep);
    expect(first.peakFunctions).toBeGreaterThanOrEqual(10);
    expect(first.invocationsFailed).toBeLessThan(first.invocations);
    expect(first.largestPayload).toBeGreaterThan(0);
    expect(first.largestPayload).toBeLessThan(256 * 1024);
    expect(first.largestItem).toBeLessThan(400_000);
  });

  it('are the same every time, but for the memory', async () => {
    const figures = async (of: typeof report) => {
      const { first, second } = await of;
      return [first, second].map((sweep) => ({ ...sweep, megabytes: 0 }));
    };
    const again = sweeps(() => undefined, { accounts: 20, roles: 10 });
    expect(await figures(again)).toEqual(await figures(report));
  });

  it('are reported for people', async () => {
    expect(sweepsText(await report)).toContain('IAM GetRole');
  });
});

describe('an estate', () => {
  it('is as the workflow leaves its roles', async () => {
    const estate = await estateOf(new World(), { accounts: 4, roles: 1 });
    const { world, members } = estate;
    const [accountId] = members.slice(3);
    if (accountId === undefined) throw new Error('Too few accounts');
    const trustPolicy = trustPolicyOf('placeholder', accountId, world.settings.issuer, {});
    world.create({ accountId, roleName: 'made', trustPolicy });
    await world.quiet();

    const entries = await world.ledger.entriesOf(accountId);
    const looks = entries.map((entry) => {
      const ids = [entry.roleId, entry.roleName, entry.appId, entry.servicePrincipalId];
      const application = world.directory
        .applicationsOf(accountId)
        .find(({ objectId }) => objectId === entry.applicationObjectId);
      const { identifierUris, ownerIds } = application ?? {};
      const { trustPolicy: policy, tags } = world.accounts.role(accountId, entry.roleName) ?? {};
      const text = JSON.stringify({ policy, tags, identifierUris, ownerIds });
      return {
        fields: Object.keys(entry).sort(),
        phase: entry.phase,
        step: entry.step,
        looks: JSON.parse(
          ids.reduce((masked: string, id, index) => masked.replaceAll(String(id), `<${index}>`), text),
        ),
      };
    });
    expect(looks).toHaveLength(2);
    expect(looks[0]).toEqual(looks[1]);
    expect(entries.every(({ owner }: LedgerEntry) => owner === undefined)).toBe(true);
  });
});
