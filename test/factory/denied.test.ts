/** Deny stays denied in member accounts: what the factory's own roles and sessions may not do, beside what they may. */
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  type IAMClient,
  ListOpenIDConnectProvidersCommand,
  TagOpenIDConnectProviderCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountId, providerArn, roleId, roleName } from '../../core/ids.ts';
import { FUNCTION_NAMES, type FunctionName, MEMBER_ROLE_USERS } from '../../core/naming.ts';
import {
  inspectSessionPolicy,
  providerSessionPolicy,
  trustSessionPolicy,
} from '../../lambdas/adapters/session-policies.ts';
import {
  administratorKeys,
  assume,
  deployMemberStack,
  functionKeys,
  type MemberPurpose,
  memberIam,
  memberRole,
  verdict,
} from './callers.ts';
import { createRole, trustOn, useFactory } from './harness.ts';

const factory = useFactory({ showsNeed: false });

const PURPOSES = ['inspect', 'provider', 'trust'] as const;
const MARK = 'oidc-factory:role-id';
const FOREIGN_PROVIDER = 'token.actions.githubusercontent.com';

/** No value of this is the factory's business, so that only the test's own calls concern its roles. */
const trust = () => trustOn(factory().member, { aud: 'api://not.ours' });

/** One call of whoever holds the client. Made when the test runs: the factory is not up before. */
type Act = (iam: IAMClient) => Promise<unknown>;
const read =
  (name: string): Act =>
  (iam) =>
    iam.send(new GetRoleCommand({ RoleName: name }));
const setTrust =
  (name: string): Act =>
  (iam) => {
    const PolicyDocument = JSON.stringify(trust());
    return iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: name, PolicyDocument }));
  };
const tag =
  (name: string, ...keys: string[]): Act =>
  (iam) => {
    const Tags = keys.map((Key) => ({ Key, Value: 'by-hand' }));
    return iam.send(new TagRoleCommand({ RoleName: name, Tags }));
  };
const untag =
  (name: string, key: string): Act =>
  (iam) =>
    iam.send(new UntagRoleCommand({ RoleName: name, TagKeys: [key] }));
const readProvider =
  (arn: () => string): Act =>
  (iam) =>
    iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn() }));
const addAudience =
  (arn: () => string): Act =>
  (iam) => {
    const input = { OpenIDConnectProviderArn: arn(), ClientID: 'by-hand' };
    return iam.send(new AddClientIDToOpenIDConnectProviderCommand(input));
  };
const createProvider =
  (arn: () => string): Act =>
  (iam) =>
    iam.send(new CreateOpenIDConnectProviderCommand({ Url: arn().replace(/.*provider\//, 'https://') }));
const tagProvider =
  (arn: () => string, ...keys: string[]): Act =>
  (iam) => {
    const Tags = keys.map((Key) => ({ Key, Value: 'by-hand' }));
    return iam.send(new TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn(), Tags }));
  };
const listProviders: Act = (iam) => iam.send(new ListOpenIDConnectProvidersCommand({}));
const ours = () => factory().member.providerArn;
const slashless = () => ours().replace(/\/$/, '');
const foreign = () => ours().replace(/\/.*/, `/${FOREIGN_PROVIDER}`);

describe('a member role', () => {
  const pairs = FUNCTION_NAMES.flatMap((name) =>
    PURPOSES.map((purpose) => {
      const users: readonly FunctionName[] = MEMBER_ROLE_USERS[purpose];
      return { purpose, name, expected: users.includes(name) ? 'allowed' : 'denied' };
    }),
  );
  it.each(pairs)('for $purpose, assumed by $name: $expected', async ({ purpose, name, expected }) => {
    const role = memberRole(factory(), factory().member.accountId, purpose);
    expect(await verdict(assume(factory(), functionKeys(factory(), name), role))).toBe(expected);
  });

  it.each(PURPOSES)('for %s is closed to administrators of any account', async (purpose) => {
    const { world } = factory().sandbox;
    const role = memberRole(factory(), factory().member.accountId, purpose);
    for (const account of [world.factoryAccountId, factory().member.accountId, world.outsideAccountId])
      expect(await verdict(assume(factory(), administratorKeys(factory(), account), role))).toBe('denied');
  });

  it('outside the organization is not assumed, though it trusts the factory', async () => {
    const { outsideAccountId } = factory().sandbox.world;
    await deployMemberStack(factory(), outsideAccountId);
    const keys = functionKeys(factory(), 'inspect-role');
    const assumed = (account: string) =>
      verdict(assume(factory(), keys, memberRole(factory(), account, 'inspect')));
    expect(await assumed(factory().member.accountId)).toBe('allowed');
    expect(await assumed(outsideAccountId)).toBe('denied');
  });
});

const MARKED = { Tags: [{ Key: MARK, Value: 'AROAMARKED0000000000' }] };
const ROLES: Readonly<Record<string, Parameters<typeof createRole>[3]>> = {
  plain: {},
  unmarked: {},
  marked: MARKED,
  'under-a-path': { Path: '/team/', ...MARKED },
  AWSControlTowerExecution: MARKED,
  OrganizationAccountAccessRole: { Path: '/team/', ...MARKED },
  AWSReservedSSO_Administrator_1a2b3c: MARKED,
};
const PROTECTED = [
  'AWSControlTowerExecution',
  'OrganizationAccountAccessRole',
  'AWSReservedSSO_Administrator_1a2b3c',
  'oidc-factory-inspect',
];

type Case = readonly [purpose: MemberPurpose, what: string, expected: 'allowed' | 'denied', act: Act];

describe('in a member account, the role for', () => {
  beforeAll(async () => {
    const { member } = factory();
    for (const [name, more] of Object.entries(ROLES)) await createRole(member, name, trust(), more);
    const provider = { Url: `https://${FOREIGN_PROVIDER}`, ClientIDList: ['not-ours'] };
    await member.iam.send(new CreateOpenIDConnectProviderCommand(provider));
  });

  const cases: readonly Case[] = [
    ['inspect', 'reading a role', 'allowed', read('plain')],
    ['inspect', 'marking a role', 'allowed', tag('plain', MARK, 'oidc-factory:status')],
    ['inspect', 'setting a foreign tag', 'denied', tag('plain', 'team')],
    ['inspect', 'setting a foreign tag beside its own', 'denied', tag('plain', MARK, 'team')],
    ['inspect', 'setting no tag at all', 'denied', tag('plain')],
    ['inspect', 'having a role ignored', 'denied', tag('plain', 'oidc-factory:ignore')],
    ['inspect', 'taking the mark off', 'denied', untag('marked', MARK)],
    ['inspect', 'writing a trust policy', 'denied', setTrust('marked')],
    ['inspect', 'reading the provider', 'allowed', readProvider(ours)],
    ['inspect', "reading another issuer's provider", 'denied', readProvider(foreign)],
    ['inspect', 'adding an audience', 'denied', addAudience(ours)],
    ['provider', 'adding an audience', 'allowed', addAudience(ours)],
    ['provider', "adding another issuer's audience", 'denied', addAudience(foreign)],
    ['inspect', 'listing the providers', 'allowed', listProviders],
    ['inspect', 'creating the provider', 'denied', createProvider(slashless)],
    ['provider', 'listing the providers', 'denied', listProviders],
    ['provider', 'creating the provider', 'allowed', createProvider(slashless)],
    ['provider', "creating another issuer's provider", 'denied', createProvider(() => `${foreign()}/other`)],
    ['provider', 'the heartbeat', 'allowed', tagProvider(ours, 'oidc-factory:heartbeat')],
    ['provider', 'another tag', 'denied', tagProvider(ours, 'oidc-factory:heartbeat', 'owner')],
    ['provider', 'no tag at all', 'denied', tagProvider(ours)],
    ['provider', "another issuer's heartbeat", 'denied', tagProvider(foreign, 'oidc-factory:heartbeat')],
    ['provider', 'reading a role', 'denied', read('plain')],
    ['provider', 'tagging a role', 'denied', tag('plain', 'oidc-factory:status')],
    ['provider', 'writing a trust policy', 'denied', setTrust('marked')],
    ['trust', 'writing to a marked role', 'allowed', setTrust('marked')],
    ['trust', 'writing to a marked role under a path', 'allowed', setTrust('under-a-path')],
    ['trust', 'writing to an unmarked role', 'denied', setTrust('unmarked')],
    ['trust', 'setting an outcome', 'allowed', tag('marked', 'oidc-factory:status')],
    ['trust', 'setting an outcome on an unmarked role', 'denied', tag('unmarked', 'oidc-factory:status')],
    ['trust', 'setting the mark', 'denied', tag('unmarked', MARK)],
    ['trust', 'changing the mark', 'denied', tag('marked', MARK)],
    ['trust', 'changing the mark in another case', 'denied', tag('marked', MARK.toUpperCase())],
    ['trust', 'changing the mark beside an outcome', 'denied', tag('marked', 'oidc-factory:status', MARK)],
    ['trust', 'adding an audience', 'denied', addAudience(ours)],
    ...PROTECTED.flatMap((name): Case[] => [
      ['inspect', `reading the protected ${name}`, 'allowed', read(name)],
      ['inspect', `marking the protected ${name}`, 'denied', tag(name, MARK)],
      ['trust', `writing to the protected ${name}`, 'denied', setTrust(name)],
      ['trust', `tagging the protected ${name}`, 'denied', tag(name, 'oidc-factory:status')],
    ]),
  ];
  it.each(cases)('%s: %s is %s', async (purpose, _, expected, act) => {
    expect(await verdict(act(await memberIam(factory(), purpose)))).toBe(expected);
  });
});

describe('a session that was opened for one role or provider', () => {
  const target = (name: string) => ({
    partition: 'aws' as const,
    accountId: accountId(factory().member.accountId),
    roleName: roleName(name),
  });
  const forInspection = () => inspectSessionPolicy(target('mine'));
  const forTrust = (incarnation: string) =>
    trustSessionPolicy({
      ...target('mine'),
      roleId: roleId(incarnation),
      providerArn: providerArn(ours()),
    });
  const forForeignProvider = () => providerSessionPolicy(providerArn(foreign()));
  let incarnation = '';

  beforeAll(async () => {
    const { member } = factory();
    await createRole(member, 'mine', trust());
    incarnation = (await member.role('mine')).roleId;
    await member.iam.send(
      new TagRoleCommand({ RoleName: 'mine', Tags: [{ Key: MARK, Value: incarnation }] }),
    );
    await createRole(member, 'other', trust(), MARKED);
  });

  const cases: readonly (readonly [...Case, policy: () => string])[] = [
    ['inspect', 'its role', 'allowed', read('mine'), forInspection],
    ['inspect', 'another role', 'denied', read('other'), forInspection],
    ['inspect', 'a tag of another role', 'denied', tag('other', MARK), forInspection],
    ['provider', 'another provider', 'denied', addAudience(ours), forForeignProvider],
    ['trust', 'its role', 'allowed', setTrust('mine'), () => forTrust(incarnation)],
    ['trust', 'another role', 'denied', setTrust('other'), () => forTrust(incarnation)],
    ['trust', 'another provider', 'denied', readProvider(foreign), () => forTrust(incarnation)],
    [
      'trust',
      'its role, marked as another incarnation',
      'denied',
      setTrust('mine'),
      () => forTrust('AROAMARKED0000000000'),
    ],
  ];
  it.each(cases)('for %s does not escape: %s is %s', async (purpose, _, expected, act, policy) => {
    expect(await verdict(act(await memberIam(factory(), purpose, policy())))).toBe(expected);
  });

  it('cannot give itself more than the member role has', async () => {
    const everything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
    const iam = await memberIam(factory(), 'inspect', JSON.stringify(everything));
    expect(await verdict(read('other')(iam))).toBe('allowed');
    expect(await verdict(setTrust('other')(iam))).toBe('denied');
  });
});
