/** Every check of doctor: in order, failing for each reason that it knows, and unknown where it may not look. */
import { describe, expect, it } from 'vitest';
import { memberChecks } from '../../../cli/doctor/member-checks.ts';
import { CommandFailure } from '../../../cli/failure.ts';
import { judgeProvider } from '../../../core/doctor/member-account.ts';
import { judgeSecretLogin } from '../../../core/doctor/tenant.ts';
import { remedyOf } from '../../../core/doctor/verdict.ts';
import { FactoryError } from '../../../core/errors.ts';
import { entraIssuer, providerArnOf } from '../../../core/issuer.ts';
import { GUARD_ROLE_PURPOSES } from '../../../core/naming.ts';
import { GuardConfigSchema } from '../../../lib/config/guard.ts';
import {
  ACCOUNT,
  AUDIENCE,
  ENTRY,
  ISSUER_V2,
  key,
  MANAGED_IDENTITY,
  PROVIDER_ARN,
  policyWith,
  SERVICE_PRINCIPAL,
  TENANT,
} from '../../fixtures/domain.ts';
import { type Change, changed, NOT_OURS, role, trust } from './changes.ts';
import { FAILING as OF_FACTORY } from './failing.factory.ts';
import { FAILING as OF_MEMBER } from './failing.member.ts';
import { FAILING as OF_ROLE } from './failing.role.ts';
import { FAILING as OF_TENANT } from './failing.tenant.ts';
import {
  type AllReads,
  allChecks,
  ESTATE,
  finding,
  healthy,
  memberRole,
  run,
  SERVED,
  TRUST,
} from './healthy.ts';

const FAILING = [...OF_MEMBER, ...OF_FACTORY, ...OF_TENANT, ...OF_ROLE];
const failedRun = run(ESTATE.stateMachineArn('create-role'), ENTRY.eventIds[0] ?? '', 'FAILED', 1);

describe('a check', () => {
  const ids = allChecks(healthy()).map(({ id }) => id);

  it.each(ids)('%s is OK where all is well', async (id) => {
    expect(await finding(id, allChecks(healthy()))).toMatchObject({ id, status: 'OK' });
  });

  it.each(FAILING)('%s fails on %s', async (id, _, change, code) => {
    expect(await finding(id, allChecks(changed(change)))).toMatchObject({
      status: 'FAIL',
      code,
      remedy: remedyOf(code),
    });
  });

  it('has a case of failure, every one of them', () => {
    expect(ids.filter((id) => !FAILING.some(([failing]) => failing === id))).toEqual([]);
  });
});

/** Good where others have nothing to compare. */
const STILL_OK: readonly (readonly [string, string, Change])[] = [
  [
    'workflow.create-role-runs',
    'a failed run that was made good',
    {
      factory: {
        runs: async () => [
          { ...failedRun, status: 'SUCCEEDED', name: `${failedRun.name}-r1`, startedAt: 2 },
          failedRun,
        ],
      },
    },
  ],
  [
    'workflow.create-role-runs',
    'a retry under way',
    {
      factory: {
        runs: async () => [
          { ...failedRun, status: 'RUNNING', name: `${failedRun.name}-r1`, startedAt: 2 },
          failedRun,
        ],
      },
    },
  ],
  ['workflow.create-role-runs', 'no run yet', { factory: { runs: async () => [] } }],
  [
    'role.runs',
    'the failed run of another role',
    { factory: { runs: async () => [{ ...failedRun, name: 'another-event' }] } },
  ],
  [
    'dispatcher.queue',
    'events in work',
    { factory: { queue: async () => ({ waiting: 5, inWork: 2, deadLetterArn: undefined }) } },
  ],
  [
    'bus.rule',
    'another rule beside it',
    {
      factory: {
        rulesOf: async (bus) => [
          { name: 'other', state: 'DISABLED', pattern: undefined },
          ...(await healthy().factory.rulesOf(bus)),
        ],
      },
    },
  ],
  [
    'role.trust',
    'an entry, and the tag that keeps the factory away from now on',
    role({ tags: { ...SERVED.tags, 'oidc-factory:ignore': '' } }),
  ],
  ['role.trust', 'a pin of the developer', trust(TRUST.replace(SERVICE_PRINCIPAL, MANAGED_IDENTITY))],
  [
    'role.trust',
    'a condition on the session name',
    trust(
      policyWith({
        ...JSON.parse(TRUST).Statement[0].Condition,
        StringLike: { 'sts:RoleSessionName': 'x*' },
      }),
    ),
  ],
  [
    'role.tokens',
    'an assignment that somebody has',
    { tenant: { resource: async () => ({ enabled: true, assignmentRequired: true, assigned: 1 }) } },
  ],
  ...['role.entry', 'role.tags', 'role.audience', 'role.application', 'role.tokens', 'role.subjects'].map(
    (id): readonly [string, string, Change] => [id, 'a role that is not for the factory', NOT_OURS],
  ),
];

it.each(STILL_OK)('%s is OK with %s', async (id, _, change) => {
  expect(await finding(id, allChecks(changed(change)))).toMatchObject({ status: 'OK' });
});

/** What the ledger would say, the role's tags say as well. */
const KNOWN_BY_TAGS = ['role.audience', 'role.tokens', 'role.subjects'];
const LEDGER_READS = ['workflow', 'variables', 'incarnations'];

describe('where a question is refused', () => {
  const refusal = new CommandFailure('refused', 'AwsAccessDenied', 'AWS denies it', { remedy: 'Allow it.' });
  const parts = ['member', 'factory', 'tenant'] as const;

  /** The questions that a check asks where all is well. */
  async function asked(id: string): Promise<{ part: (typeof parts)[number]; name: string }[]> {
    const seen: { part: (typeof parts)[number]; name: string }[] = [];
    const reads = healthy();
    const watched = Object.fromEntries(
      parts.map((part) => [
        part,
        new Proxy(reads[part], {
          get: (target, name: string) => {
            seen.push({ part, name });
            return Reflect.get(target, name);
          },
        }),
      ]),
    ) as unknown as AllReads;
    const checks = allChecks(watched);
    seen.length = 0;
    await finding(id, checks);
    return seen;
  }

  it.each(allChecks(healthy()).map(({ id }) => id))('%s is UNKNOWN, and says why', async (id) => {
    const questions = await asked(id);
    expect(questions.length).toBeGreaterThan(0);
    for (const { part, name } of questions) {
      const change = { [part]: { [name]: async () => Promise.reject(refusal) } };
      const found = await finding(id, allChecks(changed(change)));
      const byTags = KNOWN_BY_TAGS.includes(id) && LEDGER_READS.includes(name);
      const expected = byTags ? { status: 'OK' } : { status: 'UNKNOWN' };
      expect(found, `${id} without ${part}.${name}`).toMatchObject(expected);
    }
  });

  it.each([
    ['what AWS refused', refusal, { detail: 'AWS denies it', remedy: 'Allow it.' }],
    [
      'what Graph refused',
      new FactoryError('DirectoryForbidden', 'GET /applications: 403'),
      {
        detail: 'Graph denies GET /applications: 403',
        remedy: expect.stringContaining('Application.Read.All'),
      },
    ],
    [
      'what did not answer',
      new FactoryError('Unavailable', 'no answer'),
      { detail: 'Unavailable: no answer' },
    ],
  ])('repeats %s', async (_, error, expected) => {
    const reads = changed({ tenant: { permissions: async () => Promise.reject(error) } });
    expect(await finding('entra.permission', allChecks(reads))).toMatchObject({
      status: 'UNKNOWN',
      ...expected,
    });
  });

  it('a fault of the program is no answer', async () => {
    const reads = changed({ tenant: { permissions: async () => Promise.reject(new TypeError('a bug')) } });
    await expect(finding('entra.permission', allChecks(reads))).rejects.toThrow('a bug');
  });
});

describe('without the ledger', () => {
  const denied: Change['factory'] = {
    incarnations: async () => {
      throw new CommandFailure('refused', 'AwsAccessDenied', 'AWS denies dynamodb:Query');
    },
  };

  it.each([
    [
      'a policy that contradicts the tags fails',
      trust(TRUST.replace(AUDIENCE, 'api://other')),
      { status: 'FAIL', code: 'TrustChanged' },
    ],
    [
      'an open policy fails',
      trust(policyWith({ StringEquals: { [key('aud')]: AUDIENCE } })),
      { status: 'FAIL', code: 'SubjectOpen' },
    ],
    [
      'a policy as the tags say is not known to be right',
      {},
      { status: 'UNKNOWN', detail: expect.stringContaining('dynamodb:Query') },
    ],
    ['a role without tags is not known to be ignored', role({ tags: {} }), { status: 'UNKNOWN' }],
  ])('%s', async (_, change, expected) => {
    const reads = changed({ ...change, factory: denied });
    expect(await finding('role.trust', allChecks(reads))).toMatchObject(expected);
  });
});

it('judges a login with a client secret by its expiry', () => {
  const login = (...secretsExpireAt: number[]) => ({ federatedCredentials: [], secretsExpireAt });
  expect(judgeSecretLogin(login(1, 3), 2)).toMatchObject({ status: 'OK' });
  expect(judgeSecretLogin(login(1), 2)).toMatchObject({ code: 'SecretExpired' });
  expect(judgeSecretLogin(login(), 2)).toMatchObject({ code: 'SecretWrong' });
});

it('tells a slash too many of a version 2.0 issuer', () => {
  const withSlash = providerArnOf('aws', ACCOUNT, `${ISSUER_V2.url}/`);
  const terms = { accountId: ACCOUNT, partition: 'aws', issuer: ISSUER_V2 } as const;
  expect(judgeProvider([withSlash], terms)).toMatchObject({ code: 'ProviderNotFound' });
  expect(judgeProvider([providerArnOf('aws', ACCOUNT, ISSUER_V2.url)], terms)).toMatchObject({
    status: 'OK',
  });
  const china = entraIssuer({ cloud: 'china', tenantId: TENANT, tokenVersion: 1 });
  expect(judgeProvider([PROVIDER_ARN], { ...terms, issuer: china })).toMatchObject({
    code: 'ProviderMissing',
  });
});

it('looks at the guard’s member roles where there is a guard', async () => {
  const config = { ...ESTATE.config, guard: GuardConfigSchema.parse({}) };
  const judged = (reads: AllReads, purpose: string) =>
    finding(`member-role.${purpose}`, memberChecks(reads.member, ACCOUNT, { ...ESTATE, config }));
  for (const purpose of GUARD_ROLE_PURPOSES) {
    expect(await judged(healthy(), purpose)).toMatchObject({ status: 'OK' });
    const other = changed({ member: { role: async () => memberRole('oidc-factory-inspect') } });
    expect(await judged(other, purpose)).toMatchObject({ code: 'MemberRoleNotAssumable' });
  }
});
