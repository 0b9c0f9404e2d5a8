/** Deny stays denied: what the guard's own roles and sessions may not do in member accounts, beside what they may. */
import {
  AttachRolePolicyCommand,
  CreatePolicyVersionCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetRoleCommand,
  type IAMClient,
  ListRolesCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountId, roleName } from '../../../core/ids.ts';
import {
  FUNCTION_NAMES,
  GUARD_FUNCTION,
  GUARD_ROLE_PURPOSES,
  type GuardRolePurpose,
} from '../../../core/naming.ts';
import {
  auditSessionPolicy,
  containSessionPolicy,
  reportSessionPolicy,
  surveySessionPolicy,
} from '../../../lambdas/adapters/session-policies.ts';
import {
  administratorKeys,
  assume,
  clientsOf,
  functionKeys,
  type Keys,
  memberRole,
  verdict,
} from '../callers.ts';
import { createRole, trustOn } from '../harness.ts';
import { QUARANTINE, useGuardedFactory } from './guarded.ts';

const factory = useGuardedFactory({ showsNeed: false });

const ADMINISTRATOR_ACCESS = 'arn:aws:iam::aws:policy/AdministratorAccess';
const quarantine = () => `arn:aws:iam::${factory().member.accountId}:policy/${QUARANTINE}`;
const trust = () => trustOn(factory().member, { aud: 'api://not.ours' });

const guardKeys = (purpose: GuardRolePurpose, sessionPolicy?: string): Promise<Keys> =>
  assume(
    factory(),
    functionKeys(factory(), GUARD_FUNCTION),
    memberRole(factory(), factory().member.accountId, purpose),
    sessionPolicy,
  );

describe('a member role of the guard', () => {
  it.each(GUARD_ROLE_PURPOSES)('for %s is assumed by the guard alone', async (purpose) => {
    const { world } = factory().sandbox;
    const role = memberRole(factory(), factory().member.accountId, purpose);
    expect(await verdict(guardKeys(purpose))).toBe('allowed');
    for (const name of FUNCTION_NAMES)
      expect(await verdict(assume(factory(), functionKeys(factory(), name), role))).toBe('denied');
    for (const account of [world.factoryAccountId, factory().member.accountId, world.outsideAccountId])
      expect(await verdict(assume(factory(), administratorKeys(factory(), account), role))).toBe('denied');
  });

  it.each(['inspect', 'provider', 'trust'] as const)(
    'the guard is not let into the one for %s',
    async (purpose) => {
      const role = memberRole(factory(), factory().member.accountId, purpose);
      expect(await verdict(assume(factory(), functionKeys(factory(), GUARD_FUNCTION), role))).toBe('denied');
    },
  );
});

type Act = (iam: IAMClient) => Promise<unknown>;
const attach =
  (RoleName: string, arn: () => string): Act =>
  (iam) =>
    iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: arn() }));
const detach =
  (RoleName: string, arn: () => string): Act =>
  (iam) =>
    iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: arn() }));
const read =
  (RoleName: string): Act =>
  (iam) =>
    iam.send(new GetRoleCommand({ RoleName }));
const tag =
  (RoleName: string, ...keys: string[]): Act =>
  (iam) =>
    iam.send(new TagRoleCommand({ RoleName, Tags: keys.map((Key) => ({ Key, Value: 'by-hand' })) }));
const setTrust =
  (RoleName: string): Act =>
  (iam) =>
    iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(trust()) }));
const putInline =
  (RoleName: string): Act =>
  (iam) =>
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'x', PolicyDocument: '{}' }));
const openQuarantine: Act = (iam) =>
  iam.send(
    new CreatePolicyVersionCommand({
      PolicyArn: quarantine(),
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
      }),
      SetAsDefault: true,
    }),
  );

const PROTECTED = [
  'AWSControlTowerExecution',
  'OrganizationAccountAccessRole',
  'AWSReservedSSO_Administrator_1a2b3c',
];
const administrator = () => ADMINISTRATOR_ACCESS;

type Case = readonly [purpose: GuardRolePurpose, what: string, expected: 'allowed' | 'denied', act: Act];

describe('in a member account, the role for', () => {
  beforeAll(async () => {
    const { member } = factory();
    await createRole(member, 'plain', trust());
    await createRole(member, 'under-a-path', trust(), { Path: '/team/' });
    for (const name of PROTECTED) await createRole(member, name, trust(), { Path: '/team/' });
    await member.iam.send(
      new AttachRolePolicyCommand({ RoleName: 'plain', PolicyArn: ADMINISTRATOR_ACCESS }),
    );
  });

  const cases: readonly Case[] = [
    ['contain', 'attaching the quarantine', 'allowed', attach('plain', quarantine)],
    ['contain', 'attaching it under a path', 'allowed', attach('under-a-path', quarantine)],
    ['contain', 'detaching the quarantine', 'allowed', detach('plain', quarantine)],
    ['contain', 'attaching another policy', 'denied', attach('plain', administrator)],
    ['contain', 'detaching another policy', 'denied', detach('plain', administrator)],
    ['contain', 'changing what the quarantine says', 'denied', openQuarantine],
    ['contain', 'reading a role', 'denied', read('plain')],
    ['contain', 'writing a trust policy', 'denied', setTrust('plain')],
    ['contain', 'writing an inline policy', 'denied', putInline('plain')],
    ['contain', 'tagging a role', 'denied', tag('plain', 'oidc-factory:guard')],
    ['audit', 'reading a role', 'allowed', read('plain')],
    ['audit', 'listing roles', 'allowed', (iam) => iam.send(new ListRolesCommand({}))],
    [
      'audit',
      'reading a policy of AWS',
      'allowed',
      (iam) => iam.send(new GetPolicyCommand({ PolicyArn: ADMINISTRATOR_ACCESS })),
    ],
    ['audit', 'setting its tag', 'allowed', tag('plain', 'oidc-factory:guard')],
    ['audit', 'setting a tag of the factory', 'denied', tag('plain', 'oidc-factory:role-id')],
    ['audit', 'setting a foreign tag beside its own', 'denied', tag('plain', 'oidc-factory:guard', 'team')],
    ['audit', 'setting no tag at all', 'denied', tag('plain')],
    [
      'audit',
      'taking its tag off',
      'denied',
      (iam) => iam.send(new UntagRoleCommand({ RoleName: 'plain', TagKeys: ['oidc-factory:guard'] })),
    ],
    ['audit', 'attaching the quarantine', 'denied', attach('plain', quarantine)],
    ['audit', 'writing a trust policy', 'denied', setTrust('plain')],
    ['report', 'reading a role', 'denied', read('plain')],
    ['report', 'attaching the quarantine', 'denied', attach('plain', quarantine)],
    ...PROTECTED.flatMap((name): Case[] => [
      ['contain', `attaching the quarantine to the protected ${name}`, 'denied', attach(name, quarantine)],
      ['audit', `reading the protected ${name}`, 'allowed', read(name)],
      ['audit', `tagging the protected ${name}`, 'denied', tag(name, 'oidc-factory:guard')],
    ]),
  ];
  it.each(cases)('%s: %s is %s', async (purpose, _, expected, act) => {
    const { iam } = clientsOf(factory(), await guardKeys(purpose));
    expect(await verdict(act(iam))).toBe(expected);
  });

  it('contain lets go of a role that was protected meanwhile', async () => {
    const [name = ''] = PROTECTED;
    const { iam } = factory().member;
    await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn: quarantine() }));
    const own = clientsOf(factory(), await guardKeys('contain')).iam;
    expect(await verdict(detach(name, quarantine)(own))).toBe('allowed');
  });

  it.each([
    ['BatchImportFindings', 'allowed'],
    ['GetFindings', 'denied'],
    ['EnableSecurityHub', 'denied'],
  ])('report: %s is %s', async (operation, expected) => {
    const { aws } = factory().sandbox;
    const account = factory().member.accountId;
    const enabled = factory().sandbox.administrator(account).caller;
    await aws.cloud.invoke('securityhub', 'EnableSecurityHub', {}, enabled, 'us-east-1');
    const { accessKeyId } = await guardKeys('report');
    const known = aws.cloud.authenticate(accessKeyId);
    if (!known) throw new Error('The session is not known');
    const input = operation === 'BatchImportFindings' ? { Findings: [] } : {};
    const call = aws.cloud.invoke('securityhub', operation, input, known.caller, 'us-east-1');
    // No finding at all is not what Security Hub takes, but it is asked only of who may.
    expect((await verdict(call)).replace('InvalidInputException', 'allowed')).toBe(expected);
  });
});

describe('a session that was opened for one role', () => {
  const target = (name: string) => ({
    partition: 'aws' as const,
    accountId: accountId(factory().member.accountId),
    roleName: roleName(name),
  });
  beforeAll(async () => {
    for (const name of ['mine', 'other']) await createRole(factory().member, name, trust());
  });

  const policies = {
    audit: () => auditSessionPolicy(target('mine')),
    survey: () => surveySessionPolicy(target('mine')),
    contain: () => containSessionPolicy(target('mine'), quarantine()),
    report: () =>
      reportSessionPolicy(`arn:aws:securityhub:us-east-1:${factory().member.accountId}:product/x/default`),
  };
  const cases: readonly (readonly [keyof typeof policies, ...Case])[] = [
    ['audit', 'audit', 'its role', 'allowed', read('mine')],
    ['audit', 'audit', 'another role', 'denied', read('other')],
    ['audit', 'audit', 'a tag of another role', 'denied', tag('other', 'oidc-factory:guard')],
    ['audit', 'audit', 'the list of roles', 'denied', (iam) => iam.send(new ListRolesCommand({}))],
    ['survey', 'audit', 'the list of roles', 'allowed', (iam) => iam.send(new ListRolesCommand({}))],
    ['survey', 'audit', 'a role', 'denied', read('mine')],
    ['contain', 'contain', 'its role', 'allowed', attach('mine', quarantine)],
    ['contain', 'contain', 'another role', 'denied', attach('other', quarantine)],
    ['contain', 'contain', 'another policy', 'denied', attach('mine', administrator)],
    ['report', 'report', 'a role', 'denied', read('mine')],
  ];
  it.each(cases)(
    '(%s) with the role for %s does not escape: %s is %s',
    async (name, purpose, _, expected, act) => {
      const { iam } = clientsOf(factory(), await guardKeys(purpose, policies[name]()));
      expect(await verdict(act(iam))).toBe(expected);
    },
  );
});
