import { describe, expect, it } from 'vitest';
import { MARK_KEY, TAGS } from '../../core/tags.ts';
import { inspectRole } from '../../lambdas/inspect-role/handler.ts';
import { claim, finish, ledgerWriter } from '../../lambdas/ledger-steps.ts';
import { MEMBER } from '../../simulator/settings.ts';
import { World } from '../workflows/world.ts';
import { ENFORCE, ENTRY, executionOf, RUN } from './entries.ts';

const US = executionOf('us');

function arranged(tags: Readonly<Record<string, string>> = {}) {
  const world = new World();
  const role = world.accounts.createRole({
    accountId: MEMBER,
    roleName: 'Deploy',
    trustPolicy: world.trustPolicy(),
    tags,
  });
  const ports = { ...world.portsOf('inspect-role'), executions: { isRunning: async () => true } };
  const inspect = (roleId: typeof RUN.roleId = role.roleId, execution = US) =>
    inspectRole(ports, world.settings)({ run: { ...RUN, roleId }, execution }, ENFORCE);
  const entry = { ...ENTRY, roleId: role.roleId };
  return {
    world,
    role,
    inspect,
    entry,
    writer: (name: string) => ledgerWriter(ports, world.settings, executionOf(name)),
  };
}

describe('inspect-role', () => {
  it('claims the entry, by the name as IAM spells it, and marks the role', async () => {
    const { world, role, inspect } = arranged();
    const output = await inspect();
    expect(output).toMatchObject({
      decision: 'proceed',
      entry: { owner: US, roleName: 'Deploy', version: 1 },
    });
    expect(world.ledger.all()).toEqual([output.entry]);
    expect(world.role().tags).toMatchObject({ [MARK_KEY]: role.roleId, [TAGS.status]: 'pending' });
  });

  it('claims before it marks, so that a mark is never without an entry', async () => {
    const { world, inspect } = arranged();
    await inspect();
    const names = world.calls.map(({ name }) => name);
    expect(names.indexOf('ledger.write')).toBeLessThan(names.indexOf('inspect.tagRole'));
  });

  it('does not mark a role again that shows its mark: the second might hit a successor', async () => {
    const { world, inspect } = arranged();
    await inspect();
    world.calls.length = 0;
    await inspect();
    expect(world.calls.map(({ name }) => name)).not.toContain('inspect.tagRole');
  });

  it('waits while another run holds the entry', async () => {
    const { inspect, entry, writer } = arranged();
    await claim(writer('them'), entry, undefined);
    await expect(inspect()).rejects.toMatchObject({ code: 'LeaseHeld' });
  });

  it('takes over where the lease has run out', async () => {
    const { world, inspect, entry, writer } = arranged();
    await claim(writer('them'), entry, undefined);
    await world.clock.pass(world.settings.leaseSeconds * 1000);
    expect(await inspect()).toMatchObject({ decision: 'proceed', entry: { owner: US } });
  });

  it.each(['removing', 'removed'] as const)(
    'leaves an incarnation alone whose entry is %s',
    async (phase) => {
      const { inspect, entry, writer } = arranged();
      const theirs = await claim(writer('them'), entry, undefined);
      await finish(writer('them'), theirs, (stored) => ({ ...stored, phase }));
      expect(await inspect()).toEqual({ decision: 'skip', reason: 'being-removed', entry: null });
    },
  );

  it('waits for IAM where a young event tells of a role that IAM does not show', async () => {
    const { world, inspect, role } = arranged();
    world.accounts.deleteRole(MEMBER, role.roleName);
    await expect(inspect()).rejects.toMatchObject({ code: 'NotSettled' });
    await world.clock.pass(world.settings.settleSeconds * 1000);
    expect(await inspect()).toEqual({ decision: 'skip', reason: 'role-gone', entry: null });
  });

  it('fails with RoleGone where something may have been made for the role that is gone', async () => {
    const { world, inspect, role } = arranged();
    await inspect();
    world.accounts.deleteRole(MEMBER, role.roleName);
    await world.clock.pass(world.settings.settleSeconds * 1000);
    await expect(inspect()).rejects.toMatchObject({ code: 'RoleGone' });
  });

  it('takes whatever incarnation exists where the event names none', async () => {
    const { inspect, role } = arranged();
    expect(await inspect(null)).toMatchObject({ decision: 'proceed', entry: { roleId: role.roleId } });
  });
});
