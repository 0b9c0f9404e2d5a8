import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccountSeen } from '../../../core/drift/observation.ts';
import { DRIFT, DRIFT_REASONS } from '../../../core/drift/reasons.ts';
import { isDestructive, isExecutable, planHash, type Step } from '../../../core/drift/step.ts';
import { ERRORS, type ErrorCode } from '../../../core/errors.ts';
import { credentialOf } from '../../../core/federated-credentials.ts';
import { PHASES } from '../../../core/ledger-entry.ts';
import { parseUniqueName } from '../../../core/naming.ts';
import { isProtected } from '../../../core/protected-roles.ts';
import { hasIgnoreTag, TAGS } from '../../../core/tags.ts';
import {
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER_ARN,
  policy,
  policyWith,
  SETTINGS,
  statement,
} from '../../fixtures/domain.ts';
import { applied } from './runs.ts';
import { account, ago, DURATIONS, HOUR, plan, type Served, served } from './world.ts';

const AUD = key('aud');
const SUB = key('sub');
const STRANGER = 'fac70000-0000-4000-8000-00000000beef' as typeof SETTINGS.factoryAppId;
const WORKLOAD = { issuer: 'https://token.example', subject: 'repo:example/app' };

/** Trust policies, by the audience and the service principal of the role. */
const POLICIES: readonly ((one: Served) => string)[] = [
  ({ role }) => role.trustPolicy,
  () => policy(statement()),
  ({ audience }) => policyWith({ StringEquals: { [AUD]: audience } }),
  ({ audience }) => policyWith({ StringEquals: { [AUD]: audience, [SUB]: MANAGED_IDENTITY } }),
  () => policyWith({ StringEquals: { [AUD]: 'api://elsewhere' } }),
  () => policyWith({ StringEquals: { [AUD]: served(1).audience } }),
  () => policy({ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }),
  () => policy(statement({ Principal: { Federated: PROVIDER_ARN.slice(0, -1) } })),
  () => '{',
];

// None grows old in the minute that the runs take.
const time = fc.constantFrom(...[HOUR / 60, HOUR / 2, HOUR, 10 * HOUR, 240 * HOUR].map(ago));
const sometimes = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));

/** One role with its entry and application, any of which may be missing or not as it should be. */
const incarnation = (n: number) => {
  const one = served(n);
  const { role, entry, application } = one;
  return fc.record({
    role: sometimes<boolean>(true, false),
    roleId: fc.constant(role.roleId),
    audience: sometimes<string | undefined>(one.audience, undefined),
    seenRole: fc.record({
      ...constants(role),
      path: sometimes('/', '/aws-reserved/'),
      createdAt: time,
      tags: sometimes<Record<string, string>>(
        {},
        { [TAGS.ignore]: '' },
        {
          'oidc-factory:federated-credential': 'nonsense',
        },
      ),
      trustPolicy: sometimes(...(POLICIES.map((policyOf) => policyOf(one)) as [string])),
    }),
    entry: fc.option(
      fc.record(
        {
          ...constants(entry),
          phase: fc.constantFrom(...PHASES),
          updatedAt: time,
          reverts: fc.record({ count: fc.integer({ min: 1, max: 4 }), lastAt: time }),
          error: fc.record({
            code: fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[])),
            step: fc.constant('assign-audience' as const),
            at: time,
          }),
          federatedCredentials: fc.constant([WORKLOAD]),
        },
        { requiredKeys: Object.keys(entry).filter((name) => name !== 'readyAt') as (keyof typeof entry)[] },
      ),
      { freq: 6, nil: undefined },
    ),
    applications: fc.array(
      fc.record({
        ...constants(application),
        createdAt: time,
        createdByAppId: sometimes(SETTINGS.factoryAppId, STRANGER),
        identifierUris: sometimes<readonly string[]>(application.identifierUris, [], ['api://other']),
        tokenVersion: sometimes<number | null>(1, 2, null),
        signInAudience: sometimes('AzureADMyOrg', 'AzureADMultipleOrgs'),
        ownerIds: sometimes<readonly string[]>(application.ownerIds, [], [MANAGED_IDENTITY]),
        passwords: sometimes(0, 1),
        federatedCredentials: sometimes([] as ReturnType<typeof credentialOf>[], [
          credentialOf(WORKLOAD, SETTINGS.issuer),
        ]),
        servicePrincipal: sometimes(application.servicePrincipal, undefined, {
          id: application.servicePrincipal?.id as never,
          appId: application.appId,
          enabled: false,
          assignmentRequired: true,
        }),
        displayName: sometimes(application.displayName, 'renamed'),
      }),
      { maxLength: 1 },
    ),
  });
};

function constants<T extends object>(fields: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, fc.constant(value)]),
  ) as never;
}

const seen: fc.Arbitrary<AccountSeen> = fc
  .record({
    incarnations: fc.tuple(incarnation(1), incarnation(2), incarnation(3)),
    mode: sometimes<AccountSeen['mode']>('enforce', 'observe'),
    backfill: fc.boolean(),
    providerOwner: fc.constantFrom('factory', 'stack', 'external'),
    isDirectoryFull: sometimes<boolean>(false, true),
    spellings: sometimes(
      [PROVIDER_ARN],
      [],
      [PROVIDER_ARN.slice(0, -1)],
      [PROVIDER_ARN, PROVIDER_ARN.slice(0, -1)],
    ),
    placeholders: sometimes([PLACEHOLDER], []),
    // Of others: all places of the list, or so few that removals decide nothing.
    more: sometimes(0, 50, 100),
    enrolledAt: fc.option(time, { nil: undefined }),
    providerReverts: fc.option(fc.record({ count: fc.integer({ min: 1, max: 3 }), lastAt: time }), {
      nil: undefined,
    }),
    directory: sometimes<boolean>(true, false),
    principals: fc.constantFrom({}, { [MANAGED_IDENTITY]: 'absent' as const }),
  })
  .map(
    ({
      incarnations,
      spellings,
      placeholders,
      more,
      enrolledAt,
      providerReverts,
      directory,
      ...others
    }): AccountSeen => ({
      ...account(),
      ...others,
      record:
        enrolledAt === undefined ? undefined : { enrolledAt, ...(providerReverts && { providerReverts }) },
      applications: directory ? incarnations.flatMap(({ applications }) => applications) : undefined,
      entries: incarnations.flatMap(({ entry }) => entry ?? []),
      roleIds: incarnations.flatMap(({ role, roleId }) => (role ? [roleId] : [])),
      roles: incarnations.flatMap(({ role, seenRole }) => (role ? [seenRole] : [])),
      providers: spellings.map((arn, index) => ({
        providerArn: arn as typeof PROVIDER_ARN,
        clientIds:
          index > 0
            ? []
            : [
                ...[...Array(more).keys()].map((n) => `api://${n}`),
                ...placeholders,
                ...incarnations.flatMap(({ audience }) => audience ?? []),
              ].slice(0, 100),
      })),
    }),
  );

const check = (holds: (observed: AccountSeen, steps: readonly Step[]) => void) =>
  fc.assert(
    fc.property(seen, (observed) => holds(observed, plan(observed))),
    { numRuns: 400 },
  );

const runOf = ({ start }: Step) => (start && start.workflow !== 'enrol-account' ? start.run : undefined);

describe('a plan, whatever was seen', () => {
  it('is the same whatever the order', () => {
    const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length });
    const reordered = seen.chain((observed) =>
      fc.tuple(
        fc.constant(observed),
        shuffled(observed.roles),
        shuffled(observed.entries),
        shuffled(observed.applications ?? []),
        shuffled(observed.providers),
        shuffled(observed.roleIds),
      ),
    );
    fc.assert(
      fc.property(reordered, ([observed, roles, entries, applications, providers, roleIds]) => {
        const other = {
          ...observed,
          roles,
          entries,
          providers,
          roleIds,
          applications: observed.applications && applications,
        };
        expect(plan(other)).toEqual(plan(observed));
        expect(planHash(plan(other).reverse())).toBe(planHash(plan(observed)));
      }),
      { numRuns: 300 },
    );
  });

  it('is done when it has been applied: each run does something, and a second plan starts none', () => {
    check((observed, steps) => {
      const second = plan(applied(observed, steps)).filter(isExecutable);
      expect(second).toEqual([]);
    });
  });

  it('starts one run for a role at most', () => {
    check((_, steps) => {
      const started = steps.flatMap((step) => runOf(step)?.roleId ?? []);
      expect(new Set(started).size).toBe(started.length);
    });
  });

  it('concerns nothing that is not the factory’s: no step for strangers’ applications and roles left alone', () => {
    check((observed, steps) => {
      for (const step of steps.filter(({ start }) => start !== undefined)) {
        const run = runOf(step);
        if (!run) continue;
        const role = observed.roles.find(({ roleId }) => roleId === run.roleId);
        const known = observed.entries.some(({ roleId }) => roleId === run.roleId);
        const own = observed.applications?.some(
          ({ uniqueName, createdByAppId }) =>
            createdByAppId === SETTINGS.factoryAppId &&
            parseUniqueName(uniqueName ?? '')?.roleId === run.roleId,
        );
        if (role) expect(isProtected(role, SETTINGS)).toBe(false);
        if (step.start?.workflow === 'delete-role') expect(known || own).toBe(true);
        else expect(role && !hasIgnoreTag(role.tags)).toBe(true);
        if (step.start?.workflow === 'create-role' && !known && !own) {
          expect(role?.trustPolicy).toContain(PLACEHOLDER);
        }
      }
    });
  });

  it('removes nothing that is young', () => {
    check((observed, steps) => {
      const limit = new Date(observed.now - DURATIONS.ageSeconds * 1000).toISOString();
      for (const step of steps.filter((one) => isDestructive(one) && isExecutable(one))) {
        const roleId = runOf(step)?.roleId;
        const entry = observed.entries.find((one) => one.roleId === roleId);
        const application = observed.applications?.find(
          ({ uniqueName }) => parseUniqueName(uniqueName ?? '')?.roleId === roleId,
        );
        const since = entry?.updatedAt ?? application?.createdAt ?? '';
        expect(since !== '' && since <= limit).toBe(true);
      }
    });
  });

  it('starts nothing where the account is only observed', () => {
    check((observed) => {
      expect(plan({ ...observed, mode: 'observe' }).some(isExecutable)).toBe(false);
    });
  });

  it('takes the risk from the table, and none for what it only tells', () => {
    check((_, steps) => {
      for (const { reason, start, risk } of steps) {
        expect(DRIFT_REASONS).toContain(reason);
        expect(risk).toBe(start ? DRIFT[reason].risk : 'none');
        if (start) expect(risk).not.toBe('none');
      }
    });
  });
});
