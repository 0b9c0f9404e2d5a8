/** What every member account does, in memory and through IAM alike. */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type AccountId,
  type Audience,
  audience,
  type ProviderArn,
  providerArn,
  roleId,
} from '../../core/ids.ts';
import { failedTags, MARK_KEY, pendingTags, readyTags, TAGS, tagOf } from '../../core/tags.ts';
import type { MemberAccounts, RoleView } from '../../lambdas/ports.ts';

export interface MemberAccountUnderTest {
  readonly accounts: MemberAccounts;
  readonly accountId: AccountId;
  /** The tenant's provider in that account. */
  readonly providerArn: ProviderArn;
  /** What the account's administrator does. */
  readonly admin: {
    createRole(
      roleName: string,
      trustPolicy: object,
      more?: { readonly path?: string; readonly tags?: Readonly<Record<string, string>> },
    ): Promise<void>;
    deleteRole(roleName: string): Promise<void>;
  };
}

const STRANGER = roleId('AROA0000000000STRANGER');

export function memberAccountsContract(of: string, open: () => Promise<MemberAccountUnderTest>): void {
  const trusting = ({ providerArn: arn }: MemberAccountUnderTest, more: object = {}) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: arn },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { [`${arn.slice(arn.indexOf('/') + 1)}:aud`]: 'placeholder', ...more } },
      },
    ],
  });
  const newRole = async (
    under: MemberAccountUnderTest,
    more: Parameters<MemberAccountUnderTest['admin']['createRole']>[2] = {},
  ): Promise<RoleView> => {
    const name = `Contract-${randomInt(2 ** 40)}` as RoleView['roleName'];
    await under.admin.createRole(name, trusting(under), more);
    const access = await under.accounts.inspect({ accountId: under.accountId, roleName: name });
    const role = await access.getRole(name);
    if (!role) throw new Error('The role does not exist');
    return role;
  };
  const trustOf = (under: MemberAccountUnderTest, role: RoleView, id = role.roleId) =>
    under.accounts.trust({
      accountId: under.accountId,
      roleArn: role.roleArn,
      roleId: id,
      providerArn: under.providerArn,
    });
  const newAudience = (): Audience => audience(`api://contract/${randomInt(2 ** 40)}`);

  describe(`the inspect role ${of}`, () => {
    it('reads a role as it is', async () => {
      const under = await open();
      const role = await newRole(under);
      expect(role).toMatchObject({ path: '/', roleId: expect.stringMatching(/^AROA/), tags: {} });
      expect(role.roleArn).toBe(`arn:aws:iam::${under.accountId}:role/${role.roleName}`);
      expect(role.createdAt).toMatch(/\.000Z$/);
      expect(JSON.parse(role.trustPolicy)).toEqual(trusting(under));
    });

    it('finds no role that was deleted, and another one under the same name afterwards', async () => {
      const under = await open();
      const role = await newRole(under);
      const access = await under.accounts.inspect({ accountId: under.accountId, roleName: role.roleName });
      await under.admin.deleteRole(role.roleName);
      expect(await access.getRole(role.roleName)).toBeUndefined();
      await expect(access.tagRole(role.roleName, pendingTags(role.roleId))).rejects.toMatchObject({
        code: 'RoleGone',
      });
      await under.admin.createRole(role.roleName, trusting(under));
      expect((await access.getRole(role.roleName))?.roleId).not.toBe(role.roleId);
    });

    it('marks a role', async () => {
      const under = await open();
      const role = await newRole(under);
      const access = await under.accounts.inspect({ accountId: under.accountId, roleName: role.roleName });
      await access.tagRole(role.roleName, pendingTags(role.roleId));
      const { tags = {} } = (await access.getRole(role.roleName)) ?? {};
      expect(tagOf(tags, MARK_KEY)).toBe(role.roleId);
      expect(tagOf(tags, TAGS.status)).toBe('pending');
    });

    it('tells that a role has no room for another tag', async () => {
      const under = await open();
      const tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`team-${index}`, 'full']));
      const role = await newRole(under, { tags });
      const access = await under.accounts.inspect({ accountId: under.accountId, roleName: role.roleName });
      await expect(access.tagRole(role.roleName, pendingTags(role.roleId))).rejects.toMatchObject({
        code: 'RoleNotTaggable',
      });
      expect((await access.getRole(role.roleName))?.tags).toEqual(tags);
    });

    it('reads the provider, and none where there is none', async () => {
      const under = await open();
      const { roleName } = await newRole(under);
      const access = await under.accounts.inspect({ accountId: under.accountId, roleName });
      const provider = await access.getProvider(under.providerArn);
      expect(provider?.url).toBe(under.providerArn.slice(under.providerArn.indexOf('/') + 1));
      const spelled = providerArn(under.providerArn.replace(/\/?$/, (end) => (end ? '' : '/')));
      expect(await access.getProvider(spelled)).toBeUndefined();
    });

    it('reaches no other role than the one of its session', async () => {
      const under = await open();
      const [ours, theirs] = [await newRole(under), await newRole(under)];
      const access = await under.accounts.inspect({ accountId: under.accountId, roleName: ours.roleName });
      const refused = { code: 'MemberAccessDenied' };
      await expect(access.getRole(theirs.roleName)).rejects.toMatchObject(refused);
      await expect(access.tagRole(theirs.roleName, pendingTags(theirs.roleId))).rejects.toMatchObject(
        refused,
      );
    });
  });

  describe(`the provider role ${of}`, () => {
    it('adds and removes an audience, and neither twice is a failure', async () => {
      const under = await open();
      const { accountId, providerArn: arn } = under;
      const { roleName } = await newRole(under);
      const provider = await under.accounts.provider({ accountId, providerArn: arn });
      const inspect = await under.accounts.inspect({ accountId, roleName });
      const listed = async () => (await inspect.getProvider(arn))?.clientIds ?? [];
      const value = newAudience();
      for (let times = 0; times < 2; times++) await provider.addAudience(arn, value);
      expect((await listed()).filter((clientId) => clientId === value)).toEqual([value]);
      for (let times = 0; times < 2; times++) await provider.removeAudience(arn, value);
      expect(await listed()).not.toContain(value);
    });

    it('tells that the provider is full, but not to who is listed already', async () => {
      const under = await open();
      const { accountId, providerArn: arn } = under;
      const access = await under.accounts.provider({ accountId, providerArn: arn });
      const added: Audience[] = [];
      const fill = async () => {
        while (added.length <= 100) {
          const value = newAudience();
          await access.addAudience(arn, value);
          added.push(value);
        }
      };
      await expect(fill()).rejects.toMatchObject({ code: 'ProviderFull' });
      const [first] = added;
      if (!first) throw new Error('The provider was full from the beginning');
      await access.addAudience(arn, first);
      for (const value of added) await access.removeAudience(arn, value);
    });

    it('finds a provider missing where it adds, and nothing to do where it removes', async () => {
      const under = await open();
      const spelled = providerArn(under.providerArn.replace(/\/?$/, (end) => (end ? '' : '/')));
      const access = await under.accounts.provider({ accountId: under.accountId, providerArn: spelled });
      await expect(access.addAudience(spelled, newAudience())).rejects.toMatchObject({
        code: 'ProviderMissing',
      });
      await access.removeAudience(spelled, newAudience());
    });
  });

  describe(`the trust role ${of}`, () => {
    const document = (under: MemberAccountUnderTest, more?: object) => JSON.stringify(trusting(under, more));

    it.each(['/', '/teams/data/'])(
      'writes the trust policy of the marked incarnation under %s',
      async (path) => {
        const under = await open();
        const role = await newRole(under, { path });
        expect(role.roleArn).toBe(`arn:aws:iam::${under.accountId}:role${path}${role.roleName}`);
        const inspect = await under.accounts.inspect({ accountId: under.accountId, roleName: role.roleName });
        await inspect.tagRole(role.roleName, pendingTags(role.roleId));
        const access = await trustOf(under, role);
        const written = document(under, { 'sts:RoleSessionName': 'contract' });
        await access.updateTrustPolicy(role.roleName, written);
        const shown = await access.getRole(role.roleName);
        expect(JSON.parse(shown?.trustPolicy ?? '')).toEqual(JSON.parse(written));
        await access.tagRole(
          role.roleName,
          readyTags({ appId: 'cccccccc-0000-4000-8000-000000000001' as never, audience: newAudience() }),
        );
      },
    );

    it.each(['no mark', 'the mark of another incarnation'])(
      'writes nothing to a role with %s',
      async (mark) => {
        const under = await open();
        const role = await newRole(under);
        const inspect = await under.accounts.inspect({ accountId: under.accountId, roleName: role.roleName });
        if (mark !== 'no mark') await inspect.tagRole(role.roleName, pendingTags(STRANGER));
        const access = await trustOf(under, role);
        await expect(
          access.updateTrustPolicy(role.roleName, document(under, { 'sts:RoleSessionName': 'x' })),
        ).rejects.toMatchObject({ code: 'MemberAccessDenied' });
        await expect(access.tagRole(role.roleName, failedTags('Unexpected'))).rejects.toMatchObject({
          code: 'MemberAccessDenied',
        });
        const after = await inspect.getRole(role.roleName);
        expect(after?.trustPolicy).toBe(role.trustPolicy);
        expect(tagOf(after?.tags ?? {}, TAGS.status)).not.toBe('failed');
      },
    );

    it.each([
      [
        'is too long',
        (long: MemberAccountUnderTest) => document(long, { 'sts:RoleSessionName': 'x'.repeat(2048) }),
      ],
      ['is no policy', () => '{"Version":"2012-10-17"}'],
    ] as const)('tells by its code what is wrong with a policy that %s', async (problem, make) => {
      const under = await open();
      const role = await newRole(under);
      const inspect = await under.accounts.inspect({ accountId: under.accountId, roleName: role.roleName });
      await inspect.tagRole(role.roleName, pendingTags(role.roleId));
      const access = await trustOf(under, role);
      await expect(access.updateTrustPolicy(role.roleName, make(under))).rejects.toMatchObject({
        code: problem === 'is too long' ? 'TrustPolicyTooLong' : 'TrustPolicyRejected',
      });
    });
  });
}
