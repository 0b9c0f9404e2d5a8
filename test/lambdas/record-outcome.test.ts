import { describe, expect, it } from 'vitest';
import { MARK_KEY, TAGS } from '../../core/tags.ts';
import { claim, ledgerWriter } from '../../lambdas/ledger-steps.ts';
import { recordOutcome } from '../../lambdas/record-outcome/handler.ts';
import type { RecordOutcomeInput } from '../../lambdas/workflow.ts';
import { MEMBER } from '../../simulator/settings.ts';
import { World } from '../workflows/world.ts';
import { ENFORCE, ENTRY, executionOf, REGISTERED, RUN } from './entries.ts';

const US = executionOf('us');
const THEM = executionOf('them');

function arranged() {
  const world = new World();
  const role = world.accounts.createRole({
    accountId: MEMBER,
    roleName: 'deploy',
    trustPolicy: world.trustPolicy(),
  });
  const mark = (more: Readonly<Record<string, string>> = {}) =>
    world.accounts.changeRole(MEMBER, role.roleName, { tags: { [MARK_KEY]: role.roleId, ...more } });
  const ports = world.portsOf('record-outcome');
  const entry = { ...ENTRY, ...REGISTERED, roleId: role.roleId };
  const owned = (by = US, more: Partial<typeof entry> = {}) =>
    claim(ledgerWriter(ports, world.settings, by), { ...entry, ...more }, undefined);
  const record = (input: object) =>
    recordOutcome(ports, world.settings)({ execution: US, ...input } as RecordOutcomeInput, ENFORCE);
  const run = { ...RUN, roleId: role.roleId };
  const fail = (code: string, step = 'add-audience', roleId: string | null = role.roleId) =>
    record({ run: { ...run, roleId }, failure: { step, code } });
  const remove = (...removal: object[]) => conclude(null, ...removal);
  /** As the run has claimed the entry; null where it has not. */
  const conclude = (claimed: object | null, ...removal: object[]) =>
    record({ run: { ...run, deletedAt: null }, removal, entry: claimed });
  const reads = () => world.calls.filter(({ name }) => name === 'ledger.read').length;
  return { world, role, mark, owned, fail, remove, conclude, reads };
}

/** Past the time in which IAM may show what was. */
const settle = (world: World) => world.clock.pass((world.settings.settleSeconds + 1) * 1000);

describe('a failed create', () => {
  it.each([
    ['ProviderFull', 'ProviderFull'],
    ['States.Timeout', 'Unavailable'],
    ['Sandbox.Timedout', 'Unavailable'],
    ['Runtime.ExitError', 'Unavailable'],
    ['Lambda.TooManyRequestsException', 'Throttled'],
    ['States.QueryEvaluationError', 'Unexpected'],
    ['TypeError', 'Unexpected'],
    ['toString', 'Unexpected'],
  ])('by %s is recorded as %s', async (name, code) => {
    const { world, owned, fail } = arranged();
    await owned();
    expect(await fail(name)).toEqual({ outcome: 'failed', code });
    const [entry] = world.ledger.all();
    expect(entry).toMatchObject({ phase: 'failed', error: { code, step: 'add-audience' } });
    expect(entry).not.toHaveProperty('owner');
  });

  it('is recorded the same when it is recorded twice', async () => {
    const { world, owned, fail } = arranged();
    await owned();
    await fail('ProviderFull');
    const [first] = world.ledger.all();
    expect(await fail('ProviderFull')).toEqual({ outcome: 'failed', code: 'ProviderFull' });
    expect(world.ledger.all()).toEqual([{ ...first, version: (first?.version ?? 0) + 1 }]);
  });

  it('before anything was claimed is recorded too', async () => {
    const { world, role, fail } = arranged();
    await fail('Throttled', 'inspect-role');
    expect(world.ledger.all()).toMatchObject([
      { roleId: role.roleId, phase: 'failed', roleArn: role.roleArn },
    ]);
  });

  it.each([
    ['carries the mark', (mark: (more?: object) => void) => mark(), 'ProviderFull', 'failed'],
    ['is not marked', () => undefined, 'ProviderFull', undefined],
    [
      'was withdrawn by a tag',
      (mark: (more?: object) => void) => mark({ [TAGS.ignore]: '' }),
      'ProviderFull',
      undefined,
    ],
    ['was withdrawn by its policy', (mark: (more?: object) => void) => mark(), 'ConsentWithdrawn', undefined],
  ] as const)('of a role that %s is shown on it accordingly', async (_, arrange, code, status) => {
    const { world, mark, owned, fail } = arranged();
    await owned();
    arrange(mark as never);
    await fail(code);
    expect(world.role().tags[TAGS.status]).toBe(status);
  });

  it('does not take one look at a young role for a proof that it is gone', async () => {
    const { world, role, owned, fail } = arranged();
    await owned();
    world.accounts.deleteRole(MEMBER, role.roleName);
    await expect(fail('DirectoryForbidden')).rejects.toMatchObject({ code: 'NotSettled' });
    expect(world.ledger.all()).toMatchObject([{ phase: 'creating' }]);
  });

  it('because its role seems gone waits for somebody who can tell', async () => {
    const { world, owned, fail } = arranged();
    await owned();
    world.fail('inspect.getRole', 'Throttled', { times: 1 });
    await expect(fail('RoleGone')).rejects.toMatchObject({ code: 'Throttled' });
    // It is there after all, at the second look too.
    expect(await world.clock.run(fail('RoleGone'))).toEqual({ outcome: 'failed', code: 'RoleGone' });
  });

  it('of a role that was edited meanwhile so that it no longer consents is not shown on it', async () => {
    const { world, role, mark, owned, fail } = arranged();
    await owned();
    mark();
    world.at('ledger.write', 'after', () =>
      world.accounts.changeRole(MEMBER, role.roleName, { trustPolicy: world.trustPolicy('api://another') }),
    );
    await fail('DirectoryForbidden');
    expect(world.role().tags[TAGS.status]).toBeUndefined();
  });

  it('of a role that is gone starts its removal', async () => {
    const { world, role, owned, fail } = arranged();
    await owned();
    world.accounts.deleteRole(MEMBER, role.roleName);
    await settle(world);
    expect(await fail('DirectoryForbidden')).toEqual({ outcome: 'role-gone', roleId: role.roleId });
    expect(world.ledger.all()).toMatchObject([{ phase: 'failed', error: { code: 'DirectoryForbidden' } }]);
  });

  it('of a role that is gone and unknown leaves nothing to do', async () => {
    const { world, role, fail } = arranged();
    world.accounts.deleteRole(MEMBER, role.roleName);
    await settle(world);
    expect(await fail('Throttled', 'inspect-role')).toEqual({ outcome: 'superseded' });
    expect(world.ledger.all()).toEqual([]);
  });

  it('finds its entry by its owner where the event named no incarnation', async () => {
    const { world, role, owned, fail } = arranged();
    await owned();
    world.accounts.deleteRole(MEMBER, role.roleName);
    await settle(world);
    expect(await fail('RoleGone', 'assign-audience', null)).toEqual({
      outcome: 'role-gone',
      roleId: role.roleId,
    });
  });

  it.each(['removing', 'removed'] as const)('does not touch an entry that is %s', async (phase) => {
    const { world, owned, fail } = arranged();
    const before = await owned(THEM, { phase });
    expect(await fail('ProviderFull')).toEqual({ outcome: 'superseded' });
    expect(world.ledger.all()).toEqual([before]);
  });

  it.each([
    ['a later step', 'add-audience', 'Throttled'],
    ['meeting its lease', 'inspect-role', 'LeaseHeld'],
  ])('does not touch the entry of another run (%s)', async (_, step, code) => {
    const { world, owned, fail } = arranged();
    const before = await owned(THEM);
    expect(await fail(code, step)).toEqual({ outcome: 'superseded' });
    expect(world.ledger.all()).toEqual([before]);
  });

  it('waits out the lease of a run that has ended, then is recorded', async () => {
    const { world, owned, fail } = arranged();
    await owned(THEM);
    await expect(fail('MemberAccessDenied', 'inspect-role')).rejects.toMatchObject({ code: 'LeaseHeld' });
    await world.clock.pass(world.settings.leaseSeconds * 1000);
    expect(await fail('MemberAccessDenied', 'inspect-role')).toMatchObject({ outcome: 'failed' });
  });

  it('is unreachable only where the account refuses to be asked', async () => {
    const { world, owned, fail } = arranged();
    await owned();
    await fail('MemberAccessDenied');
    expect(world.ledger.all()).toMatchObject([{ phase: 'failed' }]);
    world.fail('inspect.getRole', 'MemberAccessDenied');
    await fail('MemberAccessDenied');
    expect(world.ledger.all()).toMatchObject([{ phase: 'unreachable' }]);
  });
});

describe('a removal', () => {
  const done = [{ step: 'remove-audience' }, { step: 'delete-application' }];

  it('that did all of it is removed, and stays so', async () => {
    const { world, owned, remove } = arranged();
    await owned(US, { phase: 'removing' });
    expect(await remove(...done)).toEqual({ outcome: 'removed' });
    expect(await remove(...done)).toEqual({ outcome: 'removed' });
    expect(world.ledger.all()).toMatchObject([{ phase: 'removed', appId: REGISTERED.appId }]);
  });

  it.each([
    ['removed', done, { outcome: 'removed' }],
    [
      'failed',
      [{ step: 'remove-audience', code: 'ProviderMissing' }],
      { outcome: 'failed', code: 'ProviderMissing' },
    ],
  ])(
    'that is %s asks for the entry only where it was written since it was claimed',
    async (_, ended, outcome) => {
      const { world, owned, conclude, reads } = arranged();
      const entry = await owned(US, { phase: 'removing' });
      expect(await conclude(entry, ...ended)).toEqual(outcome);
      expect(reads()).toBe(0);
      // The answer was lost: the same attempt once more.
      expect(await conclude(entry, ...ended)).toEqual(outcome);
      expect(reads()).toBe(1);
      expect(world.ledger.all()[0]).not.toHaveProperty('owner');
    },
  );

  it('that lost the entry to another since it was claimed leaves it alone', async () => {
    const { world, role, owned, conclude } = arranged();
    const entry = await owned(US, { phase: 'removing' });
    const ports = world.portsOf('confirm-role-gone');
    const theirs = await claim(ledgerWriter(ports, world.settings, THEM), entry, entry);
    expect(await conclude(entry, ...done)).toEqual({ outcome: 'superseded' });
    expect(world.ledger.all()).toEqual([theirs]);
    expect(theirs.roleId).toBe(role.roleId);
  });

  it('that lost the entry to another leaves it alone', async () => {
    const { world, owned, remove } = arranged();
    const before = await owned(THEM, { phase: 'removing' });
    expect(await remove(...done)).toEqual({ outcome: 'superseded' });
    expect(await remove({ step: 'remove-audience', code: 'Superseded' })).toEqual({ outcome: 'superseded' });
    expect(world.ledger.all()).toEqual([before]);
  });

  it.each([
    ['MemberRoleNotAssumable', 'ready', 'unreachable'],
    ['MemberAccessDenied', 'failed', 'unreachable'],
    ['MemberAccessDenied', 'removing', 'removing'],
    ['RoleStillExists', 'ready', 'ready'],
    ['NotSettled', 'ready', 'ready'],
  ] as const)('that could not be proven (%s, %s) ends %s', async (code, phase, after) => {
    const { world, owned, remove } = arranged();
    await owned(US, { phase });
    expect(await remove({ step: 'confirm-role-gone', code })).toEqual({ outcome: 'failed', code });
    expect(world.ledger.all()).toMatchObject([{ phase: after, error: { code } }]);
  });

  it('that could not be proven waits out the lease of a create, and is recorded then', async () => {
    const { world, owned, remove } = arranged();
    const before = await owned(THEM);
    const code = 'MemberRoleNotAssumable';
    const recorded = () => remove({ step: 'confirm-role-gone', code });
    await expect(recorded()).rejects.toMatchObject({ code: 'LeaseHeld' });
    expect(world.ledger.all()).toEqual([before]);
    await world.clock.pass(world.settings.leaseSeconds * 1000);
    expect(await recorded()).toEqual({ outcome: 'failed', code });
    expect(world.ledger.all()).toMatchObject([{ phase: 'unreachable', error: { code } }]);
  });

  it('that failed while another removal goes on leaves the entry to that one, and is announced', async () => {
    const { world, owned, remove } = arranged();
    const before = await owned(THEM, { phase: 'removing' });
    const code = 'MemberRoleNotAssumable';
    expect(await remove({ step: 'confirm-role-gone', code })).toEqual({ outcome: 'failed', code });
    expect(world.ledger.all()).toEqual([before]);
  });

  it('that failed twice over is incomplete', async () => {
    const { world, owned, remove } = arranged();
    await owned(US, { phase: 'removing' });
    const outcome = await remove(
      { step: 'remove-audience', code: 'MemberAccessDenied' },
      { step: 'delete-application', code: 'DirectoryForbidden' },
    );
    expect(outcome).toEqual({ outcome: 'failed', code: 'RemovalIncomplete' });
    expect(world.ledger.all()).toMatchObject([{ phase: 'removing', error: { code: 'MemberAccessDenied' } }]);
  });
});
