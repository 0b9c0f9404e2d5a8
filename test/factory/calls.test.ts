/** What a role costs: a call more is a decision, and then the bound is raised. */
import { beforeAll, describe, expect, it } from 'vitest';
import { BOUNDS } from '../../bench/bounds.ts';
import { countPair, type PairCounts, type RunCounts } from '../../bench/calls.ts';
import { useFactory } from './harness.ts';

const factory = useFactory();
const pairs: PairCounts[] = [];

describe.each([
  ['cold', 0],
  ['warm', 1],
])('a role whose functions are %s', (_, index) => {
  beforeAll(async () => {
    pairs[index] = await countPair(factory().sandbox, `role-${index}`);
  });
  const pair = () => pairs[index] as PairCounts;

  it('costs the calls, transitions and invocations that it has to', () => {
    const { create, delete: removal } = pair();
    expect({
      'create-calls': create.services,
      'delete-calls': removal.services,
      'create-ledger': create.ledger,
      'delete-ledger': removal.ledger,
      'create-transitions': create.transitions,
      'delete-transitions': removal.transitions,
    }).toEqual({
      'create-calls': BOUNDS['create-calls'].bound,
      'delete-calls': BOUNDS['delete-calls'].bound,
      'create-ledger': BOUNDS['create-ledger'].bound,
      'delete-ledger': BOUNDS['delete-ledger'].bound,
      'create-transitions': BOUNDS['create-transitions'].bound,
      'delete-transitions': BOUNDS['delete-transitions'].bound,
    });
    expect([create.invocations, removal.invocations]).toEqual([6, 5]);
  });
});

it('logs in once in each function that needs it: an assertion of AWS, a token of Entra', () => {
  expect(pairs.map(({ create, delete: removal }) => [create.logins, removal.logins])).toEqual([
    [2 * 2, 2],
    [0, 0],
  ]);
});

it('reads pause and breaker once in each step, where ten seconds have passed', () => {
  // Here they always have; and where a step takes its time, once more.
  for (const { create, delete: removal } of pairs) {
    expect(create.control).toBeGreaterThanOrEqual(create.invocations - 1);
    expect(removal.control).toBeGreaterThanOrEqual(removal.invocations - 1);
  }
});

/** Without those reads. */
const callsOf = ({ calls: { 'dynamodb BatchGetItem': _control, ...calls } }: RunCounts) => calls;

it('a creation makes these calls', () => {
  expect(callsOf((pairs[1] as PairCounts).create)).toEqual({
    'states StartExecution': 1,
    'sts AssumeRole': 3,
    'iam GetRole': 4,
    'iam GetOpenIDConnectProvider': 2,
    'iam TagRole': 2,
    'iam AddClientIDToOpenIDConnectProvider': 1,
    'iam UpdateAssumeRolePolicy': 1,
    'graph POST /applications': 1,
    'graph PATCH /applications/{id}': 1,
    'graph POST /servicePrincipals': 1,
    'graph GET /applications/{id}': 1,
    'graph GET /applications/{id}/federatedIdentityCredentials': 1,
    'graph GET /servicePrincipals(appId)': 1,
    'dynamodb Query': 1,
    'dynamodb TransactWriteItems': 1,
    'dynamodb PutItem': 6,
  });
});

it('a removal makes these', () => {
  expect(callsOf((pairs[1] as PairCounts).delete)).toEqual({
    'states StartExecution': 1,
    'sts AssumeRole': 2,
    'iam GetRole': 1,
    'iam RemoveClientIDFromOpenIDConnectProvider': 1,
    'graph GET /applications/{id}': 1,
    'graph DELETE /servicePrincipals/{id}': 1,
    'graph DELETE /applications/{id}': 1,
    'dynamodb Query': 1,
    'dynamodb GetItem': 3,
    'dynamodb TransactWriteItems': 1,
    'dynamodb PutItem': 1,
  });
});
