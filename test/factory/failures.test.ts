/** Failures of one role or one member account: how they end, and how they are mended. */
import { CreateRoleCommand, UntagRoleCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import type { MemberClient } from '../../sandbox/clients.ts';
import { placeholderOf, trustOn } from './harness.ts';
import {
  type Repair,
  withFullProvider,
  withoutMemberRole,
  withoutProvider,
  withoutStatement,
} from './member-account.ts';
import { type Failure, useScene } from './scene.ts';
import { together } from './together.ts';
import { roleIdOf } from './trail.ts';

interface FailureMode extends Failure {
  readonly roleName: string;
  /** Brings the cause about, in an account of its own; resolves to what repairs it. */
  readonly arrange?: (member: MemberClient) => Promise<Repair>;
  /** Creates the role, where that is the cause; resolves to what repairs it. */
  readonly createOtherwise?: (member: MemberClient, roleName: string) => Promise<Repair>;
}

const MODES: readonly (FailureMode & { readonly cause: string })[] = [
  {
    cause: 'the provider role lacks its permission',
    roleName: 'provider-denied',
    code: 'MemberAccessDenied',
    step: 'add-audience',
    arrange: (member) => withoutStatement(member, 'provider', 'Audiences'),
  },
  {
    cause: 'the trust role lacks its permission',
    roleName: 'trust-denied',
    code: 'MemberAccessDenied',
    step: 'assign-audience',
    arrange: (member) => withoutStatement(member, 'trust', 'MarkedRolesOnly'),
  },
  {
    cause: 'the inspect role may not read roles',
    roleName: 'inspect-denied',
    code: 'MemberAccessDenied',
    step: 'inspect-role',
    phase: 'unreachable',
    isTagged: false,
    arrange: (member) => withoutStatement(member, 'inspect', 'Read'),
  },
  {
    cause: 'the provider role is missing',
    roleName: 'provider-role-missing',
    code: 'MemberRoleNotAssumable',
    step: 'add-audience',
    arrange: (member) => withoutMemberRole(member, 'provider'),
  },
  {
    cause: 'the inspect role is missing',
    roleName: 'inspect-role-missing',
    code: 'MemberRoleNotAssumable',
    step: 'inspect-role',
    phase: 'unreachable',
    isTagged: false,
    arrange: (member) => withoutMemberRole(member, 'inspect'),
  },
  {
    cause: 'the provider is missing',
    roleName: 'provider-missing',
    code: 'ProviderMissing',
    step: 'inspect-role',
    arrange: (member) => {
      // Its event would have the provider made again.
      scene.trail.hold('DeleteOpenIDConnectProvider');
      return withoutProvider(member);
    },
  },
  {
    cause: 'the provider holds 100 audiences',
    roleName: 'provider-full',
    code: 'ProviderFull',
    step: 'inspect-role',
    arrange: withFullProvider,
  },
  {
    cause: 'the trust policy becomes longer than its quota',
    roleName: 'too-long',
    code: 'TrustPolicyTooLong',
    step: 'assign-audience',
    createOtherwise: async (member, roleName) => {
      const policy = trustOn(member, { aud: placeholderOf(scene.factory()) });
      const longAs = (sid: number) => ({
        ...policy,
        Statement: [
          ...policy.Statement,
          { Sid: 'x'.repeat(sid), Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' },
        ],
      });
      const length = JSON.stringify(longAs(0)).length;
      const AssumeRolePolicyDocument = JSON.stringify(longAs(2040 - length));
      await member.iam.send(new CreateRoleCommand({ RoleName: roleName, AssumeRolePolicyDocument }));
      return () =>
        member.iam.send(
          new UpdateAssumeRolePolicyCommand({
            RoleName: roleName,
            PolicyDocument: JSON.stringify(longAs(10)),
          }),
        );
    },
  },
  {
    cause: 'the role has 50 tags already',
    roleName: 'fifty-tags',
    code: 'RoleNotTaggable',
    step: 'inspect-role',
    isTagged: false,
    createOtherwise: async (member, RoleName) => {
      const Tags = Array.from({ length: 50 }, (_, index) => ({ Key: `cost-${index}`, Value: 'x' }));
      const policy = trustOn(member, { aud: placeholderOf(scene.factory()) });
      await member.iam.send(
        new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(policy), Tags }),
      );
      return () =>
        member.iam.send(new UntagRoleCommand({ RoleName, TagKeys: Tags.slice(0, 10).map(({ Key }) => Key) }));
    },
  },
  {
    cause: 'somebody has registered the unique name first',
    roleName: 'squatted',
    code: 'NameSquatted',
    step: 'register-application',
    createOtherwise: async (member, roleName) => {
      scene.trail.hold(roleName);
      await scene.create(member, roleName);
      const [creation] = scene.trail.of('CreateRole', roleName);
      if (!creation) throw new Error('The role was not created');
      const { graph } = scene.factory();
      const uniqueName = `oidc-factory-${member.accountId}-${roleIdOf(creation)}-1`;
      const { body: squatter } = await graph('POST', '/applications', {
        displayName: 'Innocent',
        uniqueName,
      });
      const { body: before } = await graph('GET', `/applications/${squatter.id}`);
      scene.trail.deliver(creation);
      return async () => {
        const { body: after } = await graph('GET', `/applications/${squatter.id}`);
        expect(after).toEqual(before);
        await graph('DELETE', `/applications/${squatter.id}`);
        await graph('DELETE', `/directory/deletedItems/${squatter.id}`);
      };
    },
  },
];

const scene = useScene(MODES.length);
const repairs = new Map<string, Repair>();

const fail = async (mode: FailureMode, member: MemberClient): Promise<void> => {
  const { roleName } = mode;
  const repair = await mode.arrange?.(member);
  const repairRole = mode.createOtherwise
    ? await mode.createOtherwise(member, roleName)
    : await scene.create(member, roleName);
  const written = (await member.role(roleName)).trust;
  await scene.failed(member, roleName, mode);
  expect((await member.role(roleName)).trust).toBe(written);
  repairs.set(roleName, async () => {
    await repair?.();
    await repairRole?.();
  });
};

describe('a failure because', () => {
  const outcome = together(
    Object.fromEntries(MODES.map((mode, index) => [mode.roleName, () => fail(mode, scene.member(index))])),
  );
  it.each(MODES)('$cause is recorded, announced and shown on the role', ({ roleName }) => outcome(roleName));
});

describe('a failure', () => {
  it('breaks nothing that must always hold', () => scene.invariants());
});

describe('after the repair', () => {
  const outcome = together(
    Object.fromEntries(
      MODES.map(({ roleName }, index) => [
        roleName,
        async () => {
          await repairs.get(roleName)?.();
          await scene.mended(scene.member(index), roleName);
        },
      ]),
    ),
  );
  it.each(MODES)('($cause) the same event serves the role', ({ roleName }) => outcome(roleName));
  it('everything holds that must always hold', () => scene.invariants());
});
