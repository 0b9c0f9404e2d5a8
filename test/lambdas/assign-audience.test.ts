import { describe, expect, it } from 'vitest';
import { MARK_KEY, TAGS } from '../../core/tags.ts';
import { assignAudience } from '../../lambdas/assign-audience/handler.ts';
import { claim, ledgerWriter } from '../../lambdas/ledger-steps.ts';
import { MEMBER, PLACEHOLDER } from '../../simulator/settings.ts';
import { World } from '../workflows/world.ts';
import { ENTRY, executionOf, REGISTERED } from './entries.ts';

const US = executionOf('us');

/** A role whose application and audience exist: all that is left is to write its trust policy. */
async function arranged() {
  const world = new World();
  const role = world.accounts.createRole({
    accountId: MEMBER,
    roleName: 'deploy',
    trustPolicy: world.trustPolicy(),
  });
  world.accounts.changeRole(MEMBER, role.roleName, { tags: { [MARK_KEY]: role.roleId } });
  world.setClientIds(PLACEHOLDER, REGISTERED.audience);
  const ports = world.portsOf('assign-audience');
  const entry = await claim(
    ledgerWriter(ports, world.settings, US),
    { ...ENTRY, ...REGISTERED, roleId: role.roleId, roleArn: role.roleArn, roleCreatedAt: role.createdAt },
    undefined,
  );
  world.calls.length = 0;
  const assign = () => assignAudience(ports, world.settings)({ entry, execution: US });
  const settle = () => world.clock.pass(world.settings.settleSeconds * 1000);
  return { world, role, assign, settle };
}

describe('assign-audience', () => {
  it('writes the trust policy, then says so on the role, then in the ledger, and gives the entry up', async () => {
    const { world, assign } = await arranged();
    const { entry } = await assign();
    const order = ['trust.updateTrustPolicy', 'trust.tagRole', 'ledger.write'];
    const names = world.calls.map(({ name }) => name);
    expect(order.map((name) => names.lastIndexOf(name))).toEqual(
      order.map((name) => names.lastIndexOf(name)).sort((a, b) => a - b),
    );
    expect(entry).toMatchObject({ phase: 'ready', readyAt: expect.any(String) });
    expect(entry).not.toHaveProperty('owner');
    expect(entry).not.toHaveProperty('leaseUntil');
    expect(world.role().tags[TAGS.status]).toBe('ready');
  });

  it('writes nothing a second time', async () => {
    const { world, assign } = await arranged();
    world.at('trust.tagRole', 'after', () => world.fail('ledger.write', 'Unavailable', { times: 1 }));
    await expect(assign()).rejects.toMatchObject({ code: 'Unavailable' });
    expect((await assign()).entry.phase).toBe('ready');
    // The answer of the last write may be lost too.
    expect((await assign()).entry.phase).toBe('ready');
    expect(world.calls.filter(({ name }) => name === 'trust.updateTrustPolicy')).toHaveLength(1);
  });

  it('waits while IAM may not show a young role, and then takes it for gone', async () => {
    const { world, role, assign, settle } = await arranged();
    world.accounts.deleteRole(MEMBER, role.roleName);
    await expect(assign()).rejects.toMatchObject({ code: 'NotSettled' });
    await settle();
    await expect(assign()).rejects.toMatchObject({ code: 'RoleGone' });
  });

  it('takes a role for gone where a later one has its name', async () => {
    const { world, role, assign } = await arranged();
    world.accounts.deleteRole(MEMBER, role.roleName);
    await world.clock.pass(1000);
    world.accounts.createRole({ accountId: MEMBER, roleName: 'deploy', trustPolicy: world.trustPolicy() });
    await expect(assign()).rejects.toMatchObject({ code: 'RoleGone' });
  });

  it('writes nothing to a role that does not show its mark', async () => {
    const { world, role, assign, settle } = await arranged();
    world.accounts.changeRole(MEMBER, role.roleName, { tags: {} });
    await expect(assign()).rejects.toMatchObject({ code: 'NotSettled' });
    await settle();
    await expect(assign()).rejects.toMatchObject({ code: 'RoleNotTaggable' });
    expect(world.calls.map(({ name }) => name)).not.toContain('trust.updateTrustPolicy');
  });

  it('takes a refused write for lag of the mark at first, and for a missing permission later', async () => {
    const { world, assign, settle } = await arranged();
    world.fail('trust.updateTrustPolicy', 'MemberAccessDenied');
    await expect(assign()).rejects.toMatchObject({ code: 'NotSettled' });
    await settle();
    await expect(assign()).rejects.toMatchObject({ code: 'MemberAccessDenied' });
  });

  it('waits until the provider lists the audience', async () => {
    const { world, assign } = await arranged();
    world.setClientIds(PLACEHOLDER);
    await expect(assign()).rejects.toMatchObject({ code: 'NotSettled' });
    world.accounts.deleteProvider(world.providerArn());
    await expect(assign()).rejects.toMatchObject({ code: 'ProviderMissing' });
  });

  it.each(['trust.tagRole', 'trust.getRole'])(
    'does not fail over %s once the policy is written',
    async (call) => {
      const { world, assign } = await arranged();
      world.at('trust.updateTrustPolicy', 'after', () => world.fail(call, 'MemberAccessDenied'));
      expect((await assign()).entry.phase).toBe('ready');
      expect(world.telemetry.counted('BestEffortFailed')).toBe(1);
    },
  );
});
