import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { confirmRoleGone } from '../../lambdas/confirm-role-gone/handler.ts';
import { claim, ledgerWriter } from '../../lambdas/ledger-steps.ts';
import { MEMBER } from '../../simulator/settings.ts';
import { World } from '../workflows/world.ts';
import { ENFORCE, ENTRY, executionOf, REGISTERED, RUN } from './entries.ts';

const US = executionOf('us', 'delete-role');
const CREATOR = executionOf('creator');
const DELETED_AT = '2026-11-20T09:59:55.000Z';

async function arranged(more: Partial<LedgerEntry> = {}, owner = CREATOR) {
  const world = new World();
  const ports = { ...world.portsOf('confirm-role-gone'), executions: { isRunning: async () => true } };
  const entry = await claim(ledgerWriter(ports, world.settings, owner), { ...ENTRY, ...more }, undefined);
  const { accountId, roleName, roleId, eventId } = { ...RUN, roleId: ENTRY.roleId };
  const confirm = (deletedAt: string | null, missingSince?: string) =>
    confirmRoleGone(ports, world.settings)(
      {
        run: { accountId, roleName, roleId, eventId, deletedAt },
        execution: US,
        ...(missingSince ? { missingSince } : {}),
      },
      ENFORCE,
    );
  const timeIn = (seconds: number) => new Date(world.clock.now() + seconds * 1000).toISOString();
  return { world, entry, confirm, timeIn };
}

describe('confirm-role-gone', () => {
  it('claims the entry over the run that still serves the role, and waits until that must have ended', async () => {
    const { world, confirm, timeIn } = await arranged(REGISTERED);
    const waitUntil = timeIn(world.settings.writersSeconds);
    expect(await confirm(DELETED_AT)).toMatchObject({
      decision: 'gone',
      waitUntil,
      entry: { phase: 'removing', owner: US, eventIds: [RUN.eventId] },
    });
    expect(Date.parse(world.ledger.all()[0]?.leaseUntil ?? '')).toBeGreaterThan(Date.parse(waitUntil));
  });

  it('waits longer where an application may exist that nobody has seen', async () => {
    const { world, confirm } = await arranged({ applicationIntentAt: ENTRY.createdAt });
    const visibleBy = Date.parse(ENTRY.createdAt) + world.settings.replicationSeconds * 1000;
    expect(await confirm(DELETED_AT)).toMatchObject({ waitUntil: new Date(visibleBy).toISOString() });
  });

  it('wants two looks, a minute apart, where no event tells', async () => {
    const { world, confirm, timeIn } = await arranged();
    const missingSince = timeIn(0);
    expect(await confirm(null)).toEqual({ decision: 'look-again', missingSince, waitUntil: timeIn(60) });
    await world.clock.pass(30_000);
    expect(await confirm(null, missingSince)).toMatchObject({ decision: 'look-again', missingSince });
    await world.clock.pass(30_000);
    expect(await confirm(null, missingSince)).toMatchObject({ decision: 'gone' });
  });

  it('has nothing to do for an incarnation that is unknown or removed', async () => {
    const { confirm } = await arranged({ phase: 'removed' });
    expect(await confirm(DELETED_AT)).toMatchObject({ decision: 'done' });
    const { world, confirm: again } = await arranged();
    world.ledger.read = async () => undefined;
    expect(await again(DELETED_AT)).toMatchObject({ decision: 'done' });
  });

  it('waits for another removal of the same incarnation', async () => {
    const { confirm } = await arranged({ phase: 'removing' }, executionOf('other', 'delete-role'));
    await expect(confirm(DELETED_AT)).rejects.toMatchObject({ code: 'LeaseHeld' });
  });

  it.each(['accounts.inspect', 'inspect.getRole'])('proves nothing by a refusal (%s)', async (call) => {
    const { world, entry, confirm } = await arranged();
    world.fail(call, 'MemberAccessDenied');
    await expect(confirm(DELETED_AT)).rejects.toMatchObject({ code: 'MemberAccessDenied' });
    expect(world.ledger.all()).toEqual([entry]);
  });

  it('deletes nothing of a role that exists, and fails where an event said otherwise', async () => {
    const { world, confirm } = await arranged();
    const role = world.accounts.createRole({ accountId: MEMBER, roleName: 'deploy', trustPolicy: {} });
    world.accounts.deleteRole(MEMBER, role.roleName);
    world.accounts.restore(MEMBER, { ...role, roleId: ENTRY.roleId, createdAt: ENTRY.roleCreatedAt ?? '' });
    expect(await confirm(null)).toMatchObject({ decision: 'done' });
    await expect(confirm(DELETED_AT)).rejects.toMatchObject({ code: 'NotSettled' });
    await world.clock.pass(world.settings.settleSeconds * 1000);
    await expect(confirm(DELETED_AT)).rejects.toMatchObject({ code: 'RoleStillExists' });
  });
});
