import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  EntityType,
  GetAccountAuthorizationDetailsCommand,
  type IAMClient,
  type ManagedPolicyDetail,
  PutRolePolicyCommand,
  paginateGetAccountAuthorizationDetails,
  type RoleDetail,
} from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  allow,
  errorOf,
  type Harness,
  makeRole,
  startHarness,
  trustAccount,
  userWith,
} from './wire-harness.ts';

let harness: Harness;
let iam: IAMClient;
const POLICY = allow({ Action: 's3:GetObject', Resource: '*' });
const OWN = `arn:aws:iam::${ACCOUNT}:policy/own`;

beforeAll(async () => {
  harness = await startHarness();
  iam = harness.iamClient();
  for (const name of ['a', 'b', 'c']) await makeRole(harness, name, '/team/', { Team: name });
  await iam.send(new CreatePolicyCommand({ PolicyName: 'own', PolicyDocument: POLICY }));
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'b', PolicyArn: OWN }));
  await iam.send(new PutRolePolicyCommand({ RoleName: 'b', PolicyName: 'inline', PolicyDocument: POLICY }));
});
afterEach(() => expect(harness.defects).toEqual([]));
afterAll(() => harness.close());

async function details(Filter: EntityType[], pageSize = 100) {
  const roles: RoleDetail[] = [];
  const policies: ManagedPolicyDetail[] = [];
  let pages = 0;
  for await (const page of paginateGetAccountAuthorizationDetails({ client: iam, pageSize }, { Filter })) {
    roles.push(...(page.RoleDetailList ?? []));
    policies.push(...(page.Policies ?? []));
    pages++;
  }
  return { roles, policies, pages };
}

describe('GetAccountAuthorizationDetails', () => {
  it('tells everything about roles', async () => {
    const { roles, policies } = await details([EntityType.Role]);
    expect(roles.map(({ RoleName }) => RoleName)).toEqual(['a', 'b', 'c']);
    expect(policies).toEqual([]);
    expect(roles[1]).toEqual({
      Path: '/team/',
      RoleName: 'b',
      RoleId: expect.stringMatching(/^AROA/),
      Arn: `arn:aws:iam::${ACCOUNT}:role/team/b`,
      CreateDate: expect.any(Date),
      AssumeRolePolicyDocument: encodeURIComponent(trustAccount(ACCOUNT)),
      Tags: [{ Key: 'Team', Value: 'b' }],
      InstanceProfileList: [],
      RolePolicyList: [{ PolicyName: 'inline', PolicyDocument: expect.stringMatching(/^%7B/) }],
      AttachedManagedPolicies: [{ PolicyName: 'own', PolicyArn: OWN }],
    });
  });

  it("tells the documents of the account's own policies", async () => {
    const { roles, policies } = await details([EntityType.LocalManagedPolicy]);
    expect(roles).toEqual([]);
    expect(policies).toMatchObject([{ Arn: OWN, PolicyVersionList: [{ IsDefaultVersion: true }] }]);
    const document = policies[0]?.PolicyVersionList?.[0]?.Document ?? '';
    expect(JSON.parse(decodeURIComponent(document))).toEqual(JSON.parse(POLICY));
  });

  it('gives both in pages', async () => {
    const { roles, policies, pages } = await details([EntityType.Role, EntityType.LocalManagedPolicy], 3);
    expect({ roles: roles.length, policies: policies.length, pages }).toEqual({
      roles: 3,
      policies: 1,
      pages: 2,
    });
  });

  it('refuses what it does not serve', async () => {
    for (const Filter of [undefined, [EntityType.User], [EntityType.Role, EntityType.AWSManagedPolicy]]) {
      const { name } = await errorOf(iam.send(new GetAccountAuthorizationDetailsCommand({ Filter })));
      expect(name).toBe('InvalidInputException');
    }
  });

  it('needs its permission', async () => {
    const { client } = await userWith(harness, allow({ Action: 'iam:GetRole', Resource: '*' }));
    const call = client.send(new GetAccountAuthorizationDetailsCommand({ Filter: [EntityType.Role] }));
    expect((await errorOf(call)).name).toMatch(/^AccessDenied/);
  });
});
