import { describe, expect, it } from 'vitest';
import { TAGS } from '../../core/tags.ts';
import { MEMBER, PLACEHOLDER, TENANT } from '../../simulator/settings.ts';
import { expectInvariants } from './invariants.ts';
import { type NewWebRole, World } from './world.ts';

const OTHER_TENANT = '99999999-8888-4777-8666-555555555555';

const allowing = (
  federated: string,
  key: string,
  audience: string,
  action = 'sts:AssumeRoleWithWebIdentity',
) => ({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Action: action,
    Principal: { Federated: `arn:aws:iam::${MEMBER}:oidc-provider/${federated}` },
    Condition: { StringEquals: { [`${key}:aud`]: audience } },
  },
});
const oursIs = `sts.windows.net/${TENANT}/`;

const ROLES: readonly (readonly [string, NewWebRole])[] = [
  [
    'is not web identity',
    {
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } },
        ],
      },
    },
  ],
  ['trusts another issuer', { trustPolicy: allowing('token.example', 'token.example', 'placeholder') }],
  [
    'trusts another tenant',
    {
      trustPolicy: allowing(
        `sts.windows.net/${OTHER_TENANT}/`,
        `sts.windows.net/${OTHER_TENANT}/`,
        'placeholder',
      ),
    },
  ],
  [
    'trusts our tenant’s provider in another account',
    {
      trustPolicy: JSON.parse(
        JSON.stringify(allowing(oursIs, oursIs, 'placeholder')).replace(MEMBER, '777788889999'),
      ),
    },
  ],
  ['is for a service of Microsoft', { audience: 'api://1462b192-27f7-4cb9-8523-0f4ecb54b47e' }],
  ['names an audience with a colon that is not configured', { audience: 'api://something' }],
  ['names an audience with a dot that is not configured', { audience: 'app.example' }],
  ['names a GUID', { audience: '1462b192-27f7-4cb9-8523-0f4ecb54b47e' }],
  ['names a bare word that is on the provider’s list', { audience: 'shared-audience' }],
  ['has a protected name, in any case', { name: 'organizationACCOUNTAccessRole' }],
  ['has a protected path', { path: '/AWS-Reserved/sso.amazonaws.com/' }],
  ['is a member role', { name: 'OIDC-factory-inspect' }],
  ['carries the tag that says so', { tags: { 'OIDC-Factory:Ignore': 'because' } }],
];

describe('a role that', () => {
  it.each(ROLES)('%s is left alone, and says why', async (_, description) => {
    const world = new World();
    world.setClientIds(PLACEHOLDER, 'shared-audience');
    const role = world.createRole(description);
    await world.quiet();

    expect(world.role(description.name)).toEqual(role);
    expect(world.ledger.all()).toEqual([]);
    expect(world.calls.filter(({ name }) => /^(directory|provider|trust)\./.test(name))).toEqual([]);
    expect(world.calls.filter(({ name }) => /tagRole|ledger\.write/.test(name))).toEqual([]);
    expect(world.telemetry.events).toContainEqual({
      message: expect.stringMatching(/ignored|left alone/),
      fields: expect.objectContaining({ reason: expect.any(String) }),
    });
    expectInvariants(world);
  });

  it('is served through a bare word becomes nobody’s business when that word is listed meanwhile', async () => {
    const world = new World();
    world.at('directory.createApplication', 'before', () => world.setClientIds(PLACEHOLDER, 'my-word'));
    const role = world.createRole({ audience: 'my-word' });
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ConsentWithdrawn']);
    expect(world.role().trustPolicy).toBe(role.trustPolicy);
    expectInvariants(world);
  });

  it('is withdrawn by its developer while it is served is not written', async () => {
    const world = new World();
    world.at('provider.addAudience', 'after', () => {
      const { tags, roleName } = world.role();
      world.accounts.changeRole(MEMBER, roleName, { tags: { ...tags, [TAGS.ignore]: 'true' } });
    });
    const role = world.createRole();
    await world.quiet();
    expect(world.outcomes()).toEqual(['create-role: ConsentWithdrawn']);
    expect(world.role().trustPolicy).toBe(role.trustPolicy);
    expect(world.role().tags[TAGS.status]).toBe('pending');
    expectInvariants(world);
  });
});

describe('a role on another role’s audience', () => {
  const withTwo = async (arrange: (world: World) => void = () => undefined) => {
    const world = new World();
    const first = world.createRole();
    await world.quiet();
    arrange(world);
    const second = world.createRole({ name: 'copycat', audience: world.entry(first).audience ?? '' });
    await world.quiet();
    return { world, second };
  };

  it('is tagged, reported and otherwise left alone', async () => {
    const { world, second } = await withTwo();
    expect(world.role('copycat').trustPolicy).toBe(second.trustPolicy);
    expect(world.role('copycat').tags).toMatchObject({
      [TAGS.status]: 'ignored',
      [TAGS.detail]: expect.any(String),
    });
    expect(world.telemetry.counted('ForeignAudienceFinding')).toBe(1);
    expect(world.directory.active()).toHaveLength(1);
    expectInvariants(world);
  });

  it('is reported even where it cannot be tagged', async () => {
    const { world } = await withTwo((w) => w.fail('inspect.tagRole', 'RoleNotTaggable'));
    expect(world.telemetry.counted('ForeignAudienceFinding')).toBe(1);
    expect(world.telemetry.counted('BestEffortFailed')).toBe(1);
    expect(world.outcomes()).toEqual(['create-role: ready', 'create-role: skip']);
  });
});
