/** The guard on clouds of memory: many roles, what no event tells of, and operators. */
import { describe, expect, it } from 'vitest';
import { isOpen } from '../../core/guard/findings.ts';
import { type RoleArn, roleName } from '../../core/ids.ts';
import { ACCOUNT } from '../fixtures/domain.ts';
import { at, CLOSED_TRUST, DAY, GITHUB, githubTrust, OPEN_TRUST, OPERATOR } from '../fixtures/guard.ts';
import { guardIn, guardWorld, kinds, QUARANTINE, roleEvent, writesOf } from './guard-world.ts';

describe('many roles at once', () => {
  it('are contained up to the cap of the hour; the others when it is over', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) world.create(name, OPEN_TRUST);
    const contained = () => names.filter((name) => world.isQuarantined(name)).length;
    // Those that lose the race for the places find out when they are delivered again.
    await guard.hear(...names.map((name) => roleEvent('CreateRole', name)));
    expect(contained()).toBe(2);
    expect(await guard.hear(...names.map((name) => roleEvent('CreateRole', name)))).toEqual([]);
    expect(contained()).toBe(2);
    expect(world.hour().times).toHaveLength(2);
    world.pass(3_600_001);
    await guard.hear({ source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} });
    await guard.drain();
    expect(contained()).toBe(4);
  });
});

describe('what no event tells of', () => {
  const tick = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };

  it('is found by the sweep of every account that is known, page by page, once a day', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    const plain = JSON.stringify({
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } },
    });
    for (const name of ['one', 'two', 'three']) world.create(name, plain);
    world.create('before', OPEN_TRUST, { createdAt: at(-400 * DAY) });
    world.create('closed', CLOSED_TRUST);
    // Any event makes the account known; the next tick has it swept.
    await guard.hear(roleEvent('UpdateRole', 'one'));
    await guard.hear(tick);
    await guard.drain();
    expect(kinds(world)).toContain('WI01 opened');
    expect(world.isQuarantined('before')).toBe(false);
    expect(world.file('before')?.dueAt).toBe(at(72 * 3_600_000));
    world.calls.length = 0;
    world.pass(3_600_000);
    await guard.hear(tick);
    await guard.drain();
    expect(world.calls).not.toContain('ListRoles');
  });

  it('is what falls due: a grace that ends, a time that is over', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('old', OPEN_TRUST, { createdAt: at(-400 * DAY) });
    world.create('timed', CLOSED_TRUST);
    await guard.hear(roleEvent('UpdateAssumeRolePolicy', 'old'));
    await guard.command('quarantine', 'timed', { expiresAt: at(3 * DAY) });
    world.pass(73 * 3_600_000);
    await guard.hear(tick);
    await guard.drain();
    expect(world.isQuarantined('old')).toBe(true);
    expect(world.isQuarantined('timed')).toBe(false);
  });

  it('is a role that lost its web identity, or its life, unnoticed', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('changed', OPEN_TRUST);
    world.create('gone', OPEN_TRUST);
    await guard.hear(roleEvent('CreateRole', 'changed'), roleEvent('CreateRole', 'gone'));
    await guard.hear(roleEvent('CreateRole', 'gone'));
    world.setTrust(
      'changed',
      JSON.stringify({
        Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '999988887777' } },
      }),
    );
    world.remove('gone');
    world.pass(2 * DAY);
    await guard.hear(tick);
    await guard.drain();
    for (const name of ['changed', 'gone']) expect(world.file(name)?.findings.filter(isOpen)).toEqual([]);
    expect(world.isQuarantined('changed')).toBe(false);
  });

  it('is what changes with a provider, or with a policy', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    const arn = `arn:aws:iam::${ACCOUNT}:policy/build`;
    world.create('with-policy', CLOSED_TRUST).attached.add(arn);
    world.create('other', CLOSED_TRUST.replaceAll('token.actions.githubusercontent.com', 'gitlab.com'));
    const about = (eventName: string, requestParameters: object) => {
      const event = roleEvent(eventName, 'x');
      return { ...event, detail: { ...event.detail, requestParameters } };
    };
    await guard.hear(about('SetDefaultPolicyVersion', { policyArn: arn, versionId: 'v2' }));
    await guard.hear(
      about('AddClientIDToOpenIDConnectProvider', { openIDConnectProviderArn: GITHUB, clientID: 'x' }),
    );
    expect(world.queue).toEqual(
      Array(2).fill({ kind: 'check-role', accountId: ACCOUNT, roleName: roleName('with-policy') }),
    );
  });
});

describe('an operator', () => {
  it('quarantines in any mode, for as long as said, and releases; what stood does not bring it back', async () => {
    const world = guardWorld();
    const guard = guardIn(world, { mode: 'observe' });
    world.create('used', OPEN_TRUST, { createdAt: at(-400 * DAY), lastUsedAt: at(-DAY) });
    expect(await guard.command('quarantine', 'used', { note: 'INC-1' })).toMatchObject({
      outcome: 'quarantined',
      critical: ['WI01'],
    });
    expect(world.isQuarantined('used')).toBe(true);
    expect(world.file('used')?.containment).toMatchObject({ by: OPERATOR, note: 'INC-1' });
    expect(await guard.command('quarantine', 'used')).toMatchObject({ outcome: 'already-quarantined' });
    expect(await guard.command('release', 'used')).toMatchObject({ outcome: 'released' });
    expect(world.isQuarantined('used')).toBe(false);
    const enforcing = guardIn(world);
    world.pass(100 * DAY);
    await enforcing.hear(roleEvent('UpdateRole', 'used', 100 * DAY - 60_000));
    expect(world.isQuarantined('used')).toBe(false);
    expect(world.hour().times).toEqual([]);
  });

  it('is the approval for a role in use: mended, it is let out', async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('used', OPEN_TRUST, { createdAt: at(-400 * DAY), lastUsedAt: at(-DAY) });
    await guard.hear(roleEvent('UpdateRole', 'used'));
    expect(world.isQuarantined('used')).toBe(false);
    await guard.command('quarantine', 'used');
    world.setTrust('used', CLOSED_TRUST);
    world.pass(120_000);
    await guard.hear(roleEvent('UpdateAssumeRolePolicy', 'used', 60_000));
    expect(world.isQuarantined('used')).toBe(false);
  });

  it("'s quarantine for reasons of their own stays whatever is found", async () => {
    const world = guardWorld();
    const guard = guardIn(world);
    world.create('fine', CLOSED_TRUST);
    await guard.command('quarantine', 'fine');
    world.pass(120_000);
    await guard.hear(roleEvent('UpdateRole', 'fine', 60_000));
    expect(world.isQuarantined('fine')).toBe(true);
  });

  it.each([
    ['release', 'free', 'not-quarantined'],
    ['quarantine', 'theirs', 'quarantined-by-others'],
    ['release', 'theirs', 'not-quarantined'],
    ['quarantine', 'never', 'role-gone'],
    ['release', 'never', 'role-gone'],
  ] as const)('is refused: %s of %s is %s', async (command, name, reason) => {
    const world = guardWorld();
    world.create('free', CLOSED_TRUST);
    world.create('theirs', githubTrust('repo:acme/*')).attached.add(QUARANTINE);
    expect(await guardIn(world).command(command, name)).toEqual({
      outcome: 'refused',
      roleArn: expect.any(String),
      reason,
    });
    expect(writesOf(world)).toEqual([]);
  });

  it('says what nobody understands and is told which part', async () => {
    const guard = guardIn(guardWorld());
    await expect(guard.command('forget' as never, 'x')).rejects.toThrow('command: expected');
    await expect(guard.command('release', 'x', { expiresAt: at(0) })).rejects.toThrow('expiresAt');
    await expect(guard.command('quarantine', 'x', { expiresAt: 'tomorrow' })).rejects.toThrow('expiresAt');
    await expect(guard.command('release', 'x', { by: 'me' })).rejects.toThrow('by: expected an ARN');
    await expect(guard.command('release', 'x', { roleArn: 'x' as RoleArn })).rejects.toThrow('RoleArn');
  });
});
