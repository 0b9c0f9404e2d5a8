import { GetUserCommand } from '@aws-sdk/client-iam';
import {
  DescribeAccountCommand,
  DescribeOrganizationCommand,
  ListAccountsCommand,
  ListAccountsForParentCommand,
  ListParentsCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createOrganizations, type OrganizationsService } from '../../../sandbox/aws/organizations.ts';
import {
  ACCOUNT,
  clientSettings,
  errorOf,
  type Harness,
  ORGANIZATION,
  OTHER,
  OUTSIDE,
  startHarness,
} from './wire-harness.ts';

const MANAGEMENT = '111122220000';
const ROOT = 'r-a1b2';
const UNIT = 'ou-a1b2-workload';
const BELOW = 'ou-a1b2-product1';
/** More than one page holds. */
const MANY = Array.from({ length: 45 }, (_, index) => String(444455556001 + index));

let harness: Harness;
let service: OrganizationsService;
/** Of administrators of the accounts. */
let client: OrganizationsClient;
let others: OrganizationsClient;
let outside: OrganizationsClient;

beforeAll(async () => {
  harness = await startHarness();
  service = createOrganizations(harness.cloud, {
    id: ORGANIZATION,
    managementAccountId: MANAGEMENT,
    delegatedAdministrators: [ACCOUNT],
    rootId: ROOT,
    organizationalUnits: [
      { id: UNIT, parentId: ROOT },
      { id: BELOW, parentId: UNIT },
    ],
    accounts: [
      { id: ACCOUNT, parentId: ROOT },
      { id: OTHER, parentId: BELOW },
      ...MANY.map((id) => ({ id, parentId: UNIT })),
    ],
  });
  harness.cloud.register(service);
  [client, others, outside] = [ACCOUNT, OTHER, OUTSIDE].map((accountId) => {
    const { credentials } = harness.iam.createAdministrator(accountId, 'reader');
    return new OrganizationsClient(clientSettings(harness.server.endpoint, credentials));
  }) as [OrganizationsClient, OrganizationsClient, OrganizationsClient];
});
afterEach(() => expect(harness.defects).toEqual([]));
afterAll(() => harness.close());

describe('Organizations', () => {
  it('lists every account, in pages of 20 at most', async () => {
    const sizes: number[] = [];
    const ids: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(new ListAccountsCommand({ ...(NextToken && { NextToken }) }));
      sizes.push(page.Accounts?.length ?? 0);
      ids.push(...(page.Accounts ?? []).map(({ Id = '' }) => Id));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(sizes).toEqual([20, 20, 7]);
    expect(ids).toEqual([ACCOUNT, OTHER, ...MANY]);
  });

  it('shows an account with its state, and without the retired status', async () => {
    const { Account } = await client.send(new DescribeAccountCommand({ AccountId: OTHER }));
    expect(Account).toMatchObject({
      Id: OTHER,
      Arn: `arn:aws:organizations::${MANAGEMENT}:account/${ORGANIZATION}/${OTHER}`,
      State: 'ACTIVE',
    });
    expect(Account).not.toHaveProperty('Status');
  });

  it('leads from an account to the root', async () => {
    const parentOf = async (ChildId: string) =>
      (await client.send(new ListParentsCommand({ ChildId }))).Parents;
    expect(await parentOf(OTHER)).toEqual([{ Id: BELOW, Type: 'ORGANIZATIONAL_UNIT' }]);
    expect(await parentOf(BELOW)).toEqual([{ Id: UNIT, Type: 'ORGANIZATIONAL_UNIT' }]);
    expect(await parentOf(UNIT)).toEqual([{ Id: ROOT, Type: 'ROOT' }]);
  });

  it('lists the accounts right below a unit', async () => {
    const { Accounts } = await client.send(new ListAccountsForParentCommand({ ParentId: BELOW }));
    expect(Accounts?.map(({ Id }) => Id)).toEqual([OTHER]);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'a page too large',
      () => client.send(new ListAccountsCommand({ MaxResults: 21 })),
      'InvalidInputException',
    ],
    [
      'a token of nothing',
      () => client.send(new ListAccountsCommand({ NextToken: 'x' })),
      'InvalidInputException',
    ],
    [
      'an unknown account',
      () => client.send(new DescribeAccountCommand({ AccountId: OUTSIDE })),
      'AccountNotFoundException',
    ],
    [
      'an unknown child',
      () => client.send(new ListParentsCommand({ ChildId: OUTSIDE })),
      'ChildNotFoundException',
    ],
    [
      'an unknown parent',
      () => client.send(new ListAccountsForParentCommand({ ParentId: OTHER })),
      'ParentNotFoundException',
    ],
  ])('refuses %s', async (_, call, name) => {
    expect((await errorOf(call())).name).toBe(name);
  });

  it('is read by the delegated administrator alone; others see that there is one', async () => {
    expect((await errorOf(others.send(new ListAccountsCommand({})))).name).toBe('AccessDeniedException');
    const { Organization } = await others.send(new DescribeOrganizationCommand({}));
    expect(Organization).toMatchObject({ Id: ORGANIZATION, MasterAccountId: MANAGEMENT });
  });

  it('does not exist for an account outside', async () => {
    const seen = outside.send(new DescribeOrganizationCommand({}));
    expect((await errorOf(seen)).name).toBe('AWSOrganizationsNotInUseException');
  });
});

describe('a change by the management account', () => {
  afterEach(() => service.move({ accountId: OTHER, state: 'ACTIVE', parentId: BELOW }));

  it('moves an account', async () => {
    service.move({ accountId: OTHER, parentId: ROOT });
    const { Parents } = await client.send(new ListParentsCommand({ ChildId: OTHER }));
    expect(Parents).toEqual([{ Id: ROOT, Type: 'ROOT' }]);
  });

  it('suspends an account: nothing in it may be used until it is active again', async () => {
    const { credentials } = harness.iam.createAdministrator(OTHER, 'suspended');
    const RoleArn = `arn:aws:iam::${OTHER}:role/any`;
    service.move({ accountId: OTHER, state: 'SUSPENDED' });
    const { Account } = await client.send(new DescribeAccountCommand({ AccountId: OTHER }));
    expect(Account?.State).toBe('SUSPENDED');
    const own = harness.iamClient(credentials).send(new GetUserCommand({}));
    expect((await errorOf(own)).name).toBe('AccessDenied');
    const assumed = harness.stsClient().send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'session' }));
    expect((await errorOf(assumed)).name).toBe('AccessDenied');
    service.move({ accountId: OTHER, state: 'ACTIVE' });
    await expect(harness.iamClient(credentials).send(new GetUserCommand({}))).resolves.toBeDefined();
  });

  it.each([
    [{ accountId: OUTSIDE, state: 'SUSPENDED' as const }, 'accountId'],
    [{ accountId: OTHER, parentId: OTHER }, 'parentId'],
  ])('that makes no sense is refused: %j', (move, path) => {
    expect(() => service.move(move)).toThrow(expect.objectContaining({ name: 'FieldError', path }));
  });
});

it('an account that leaves is in no list and no organization', async () => {
  const [leaving = ''] = MANY;
  service.move({ accountId: leaving, parentId: null });
  expect(harness.cloud.organizationOf(leaving)).toBeUndefined();
  const { Accounts } = await client.send(new ListAccountsCommand({}));
  expect(Accounts?.map(({ Id }) => Id)).not.toContain(leaving);
});
