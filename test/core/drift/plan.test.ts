import { describe, expect, it } from 'vitest';
import type { AccountSeen, AccountUnseen } from '../../../core/drift/observation.ts';
import { planAccount } from '../../../core/drift/plan.ts';
import { directorySteps } from '../../../core/drift/providers.ts';
import { DRIFT, DRIFT_REASONS, type DriftReason } from '../../../core/drift/reasons.ts';
import { isExecutable, textOf } from '../../../core/drift/step.ts';
import { principalsNamed } from '../../../core/drift/subjects.ts';
import type { ErrorCode } from '../../../core/errors.ts';
import { credentialOf } from '../../../core/federated-credentials.ts';
import { appId, executionArn } from '../../../core/ids.ts';
import { TAGS } from '../../../core/tags.ts';
import {
  ACCOUNT,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER_ARN,
  policyWith,
  SETTINGS,
} from '../../fixtures/domain.ts';
import { applied } from './runs.ts';
import { account, ago, changed, DURATIONS, HOUR, plan, reasons, served } from './world.ts';

const ONE = served();
const { roleName, roleId } = ONE.role;
const placeholder = policyWith({ StringEquals: { [key('aud')]: PLACEHOLDER } });
const elsewhere = policyWith({ StringEquals: { [key('aud')]: 'api://elsewhere' } });
const notTenant = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const create = (more: object = {}) => ({ workflow: 'create-role', run: { roleName, roleId, ...more } });
const remove = (more: object = {}) => ({ workflow: 'delete-role', run: { roleName, roleId, ...more } });
const error = (code: ErrorCode) => ({ code, step: 'inspect-role' as const, at: ago(2 * HOUR) });
const failed = (code: ErrorCode) => ({ phase: 'failed' as const, error: error(code) });
const found = {
  objectId: ONE.application.objectId,
  appId: ONE.application.appId,
  servicePrincipalId: ONE.entry.servicePrincipalId,
  generation: 1,
  createdAt: ONE.application.createdAt,
  providerArn: PROVIDER_ARN,
};
const ofList = (...clientIds: string[]) => ({ providers: [{ providerArn: PROVIDER_ARN, clientIds }] });
const WORKLOAD = { issuer: 'https://token.example', subject: 'repo:example/app' };
const contested = { count: 2, lastAt: ago(HOUR) };

/** One world for each class, what it starts, and what holds it back. */
const CLASSES: Record<
  Exclude<DriftReason, `account-${string}` | 'too-many-removals' | 'directory-nearly-full'>,
  readonly [AccountSeen, start?: object, hold?: string]
> = {
  'ledger-lost': [changed({ entry: null })],
  'provider-missing': [{ ...account(), providers: [] }, { workflow: 'enrol-account' }],
  'placeholder-missing': [{ ...account(), ...ofList() }, { workflow: 'enrol-account' }],
  'provider-contested': [
    { ...account(), ...ofList(), record: { enrolledAt: ago(0), providerReverts: contested } },
  ],
  'provider-spelling': [
    {
      ...account(),
      providers: [
        { providerArn: PROVIDER_ARN.slice(0, -1) as typeof PROVIDER_ARN, clientIds: [PLACEHOLDER] },
      ],
    },
  ],
  'provider-nearly-full': [
    { ...account(), ...ofList(PLACEHOLDER, ...[...Array(89).keys()].map((n) => `api://${n}`)) },
  ],
  'missed-creation': [
    changed({ role: { trustPolicy: placeholder }, entry: null, application: null }),
    create(),
  ],
  backfill: [
    changed(
      { role: { trustPolicy: placeholder }, entry: null, application: null },
      { record: { enrolledAt: ago(HOUR) } },
    ),
    create(),
    'backfill',
  ],
  adopted: [
    changed(
      { role: { trustPolicy: elsewhere }, entry: null, application: null },
      { adopt: [ONE.role.roleArn] },
    ),
    create({ approved: ['api://elsewhere'] }),
  ],
  'application-without-entry': [changed({ entry: null }), create({ found })],
  'creation-stuck': [changed({ entry: { phase: 'creating' }, role: { trustPolicy: placeholder } }), create()],
  'cause-gone': [changed({ entry: failed('ProviderMissing') }), create()],
  'trust-reverted': [changed({ role: { trustPolicy: placeholder } }), create()],
  'trust-edited': [
    changed({ role: { trustPolicy: policyWith({ StringEquals: { [key('aud')]: ONE.audience } }) } }),
    create(),
  ],
  'audience-vanished': [changed({}, ofList(PLACEHOLDER)), create()],
  'tags-changed': [
    changed({
      entry: { federatedCredentials: [WORKLOAD] },
      application: { federatedCredentials: [credentialOf(WORKLOAD, SETTINGS.issuer)] },
    }),
    create(),
  ],
  'application-deleted': [changed({ application: null }), create({ recheck: true })],
  'principal-deleted': [changed({ application: { servicePrincipal: undefined } }), create({ recheck: true })],
  'identifier-uri-missing': [changed({ application: { identifierUris: [] } }), create({ recheck: true })],
  'credentials-changed': [
    changed({
      entry: { federatedCredentials: [] },
      application: { federatedCredentials: [credentialOf(WORKLOAD, SETTINGS.issuer)] },
    }),
    create({ recheck: true }),
  ],
  contested: [changed({ entry: { reverts: contested }, role: { trustPolicy: placeholder } }), create()],
  'still-failed': [changed({ entry: failed('TrustPolicyRejected') })],
  'trust-taken-over': [changed({ role: { trustPolicy: elsewhere } })],
  'consents-again': [
    changed({ entry: { phase: 'removed' }, role: { trustPolicy: placeholder }, application: null }),
  ],
  'foreign-audience': [
    {
      ...account(ONE, served(2)),
      entries: [ONE.entry],
      applications: [ONE.application],
      roles: [
        ONE.role,
        { ...served(2).role, trustPolicy: policyWith({ StringEquals: { [key('aud')]: ONE.audience } }) },
      ],
    },
  ],
  'subject-gone': [
    changed(
      {
        role: {
          trustPolicy: policyWith({
            StringEquals: { [key('aud')]: ONE.audience, [key('sub')]: MANAGED_IDENTITY },
          }),
        },
      },
      { principals: { [MANAGED_IDENTITY]: 'absent' } },
    ),
  ],
  'not-adoptable': [
    changed({
      role: { trustPolicy: placeholder },
      entry: null,
      application: { createdByAppId: 'fac70000-0000-4000-8000-00000000beef' },
    }),
  ],
  'token-version-changed': [changed({ application: { tokenVersion: 2 } })],
  'application-opened': [changed({ application: { signInAudience: 'AzureADMultipleOrgs' } })],
  'unexpected-owner': [
    changed({ application: { ownerIds: [SETTINGS.factoryServicePrincipalId, MANAGED_IDENTITY] } }),
  ],
  'unexpected-credential': [changed({ application: { passwords: 1 } })],
  'stricter-setting': [
    changed({
      application: {
        servicePrincipal: {
          id: ONE.entry.servicePrincipalId ?? never(),
          appId: ONE.application.appId,
          enabled: false,
          assignmentRequired: true,
        },
      },
    }),
  ],
  'surplus-application': [
    changed(
      {},
      {
        applications: [
          ONE.application,
          {
            ...ONE.application,
            objectId: served(9).application.objectId,
            appId: appId('a9900000-0000-4000-8000-00000000beef'),
            uniqueName: `${ONE.application.uniqueName?.slice(0, -1)}2`,
          },
        ],
      },
    ),
  ],
  'missed-deletion': [changed({ role: null }), remove()],
  'removal-stuck': [changed({ role: null, entry: { phase: 'removing' } }), remove()],
  'consent-withdrawn': [changed({ role: { trustPolicy: notTenant } }), remove({ withdrawn: true })],
  'orphaned-audience': [
    changed({ role: null, entry: { phase: 'removed' }, application: null }),
    remove({ again: true }),
  ],
  'orphaned-application': [changed({ role: null, entry: null }), remove({ found })],
};

function never(): never {
  throw new Error('The fixture has one');
}

describe('a plan', () => {
  it('is empty for an account in order', () => {
    expect(plan(account(served(1), served(2)))).toEqual([]);
  });

  it.each(Object.entries(CLASSES))('names %s', (reason, [seen, start, hold]) => {
    const step = plan(seen).find((one) => one.reason === reason || one.also.includes(reason as DriftReason));
    expect(step?.start).toEqual(start);
    expect(step?.hold).toBe(hold);
    expect(step && textOf(step)).toContain(DRIFT[reason as DriftReason].text);
    expect(step?.risk).toBe(start === undefined ? 'none' : DRIFT[reason as DriftReason].risk);
  });

  it.each(['suspended', 'closed', 'outside', 'unreachable'] satisfies AccountUnseen['status'][])(
    'says nothing of an account but that it is %s',
    (status) => {
      const steps = planAccount({ accountId: ACCOUNT, status, detail: 'code' }, SETTINGS, DURATIONS);
      expect(steps).toMatchObject([{ reason: `account-${status}`, detail: 'code', risk: 'none' }]);
      expect(steps.some(isExecutable)).toBe(false);
    },
  );

  it('tells of the quota of the directory from nine tenths on', () => {
    expect(directorySteps(ACCOUNT, { used: 224, total: 250 })).toEqual([]);
    expect(directorySteps(ACCOUNT, { used: 225, total: 250 })).toMatchObject([{ detail: '225 of 250' }]);
  });

  it('has a text of one sentence for every reason', () => {
    for (const reason of DRIFT_REASONS) expect(DRIFT[reason].text).toMatch(/^[A-Z].*\.$/);
  });
});

describe('what is never touched', () => {
  const consenting = { role: { trustPolicy: placeholder }, entry: null, application: null } as const;

  it.each([
    ['protected', { role: { ...consenting.role, path: '/aws-reserved/' } }],
    ['ignored', { role: { ...consenting.role, tags: { [TAGS.ignore]: '' } } }],
    ['on an audience of its own', { role: { trustPolicy: elsewhere } }],
    ['not of the tenant', { role: { trustPolicy: notTenant } }],
  ])('is a role that is %s', (_, change) => {
    expect(plan(changed({ ...consenting, ...change }))).toEqual([]);
  });

  it('is an application that another made, whatever its name says', () => {
    const createdByAppId = 'fac70000-0000-4000-8000-00000000beef';
    expect(
      plan(changed({ role: null, entry: null, application: { createdByAppId } }, ofList(PLACEHOLDER))),
    ).toEqual([]);
  });

  it('is a protected role that was served before', () => {
    expect(plan(changed({ role: { path: '/aws-service-role/x/', trustPolicy: placeholder } }))).toEqual([]);
  });

  it('is what an execution may be at work on', () => {
    const owner = executionArn('arn:aws:states:us-east-1:999988887777:execution:oidc-factory-create-role:x');
    const lease = { owner, leaseUntil: ago(-HOUR) };
    expect(plan(changed({ role: { trustPolicy: placeholder }, entry: lease }))).toEqual([]);
    expect(plan(changed({ role: null, entry: { ...lease, phase: 'removing' } }))).toEqual([]);
  });

  it("is an administrator's stricter setting: it is told, and nothing starts", () => {
    expect(plan(CLASSES['stricter-setting'][0]).some(isExecutable)).toBe(false);
  });

  it('is an audience that no entry proves to be the factory’s', () => {
    expect(plan(changed({ role: null, entry: null, application: null }))).toEqual([]);
  });
});

describe('the order of the observation', () => {
  // Made after the applications were listed: its application is not among them.
  it('keeps a new entry from looking as if its application were gone', () => {
    expect(plan(changed({ application: null, entry: { updatedAt: ago(2500) } }))).toEqual([]);
  });

  it('keeps what is being deleted from looking left over', () => {
    const entry = { phase: 'removed', updatedAt: ago(2500) } as const;
    expect(reasons(changed({ role: null, entry }, ofList(PLACEHOLDER)))).toEqual([]);
  });

  it('leaves a young role to its event', () => {
    const role = { trustPolicy: placeholder, createdAt: ago(299_000) };
    expect(plan(changed({ role, entry: null, application: null }))).toEqual([]);
  });

  it.each<DriftReason>(['missed-deletion', 'consent-withdrawn', 'removal-stuck', 'orphaned-audience'])(
    'holds %s while the entry is young',
    (reason) => {
      const [seen] = CLASSES[reason as 'missed-deletion'];
      const entries = seen.entries.map((entry) => ({ ...entry, updatedAt: ago(HOUR - 1) }));
      expect(plan({ ...seen, entries })).toMatchObject([{ reason, hold: 'young' }]);
    },
  );

  it('holds an orphaned application that is young', () => {
    expect(
      plan(changed({ role: null, entry: null, application: { createdAt: ago(HOUR - 1) } })),
    ).toMatchObject([{ reason: 'ledger-lost' }, { reason: 'orphaned-application', hold: 'young' }]);
  });
});

describe('a role that a person has named', () => {
  const adopt = [ONE.role.roleArn];
  const named = (role: object) => changed({ role, entry: null, application: null }, { adopt });

  it('is served without backfill where it consents', () => {
    expect(plan({ ...CLASSES.backfill[0], adopt })).toMatchObject([{ reason: 'backfill' }]);
    expect(plan({ ...CLASSES.backfill[0], adopt }).every(isExecutable)).toBe(true);
  });

  it.each([
    ['protected', { trustPolicy: elsewhere, path: '/aws-reserved/' }],
    ['ignored', { trustPolicy: elsewhere, tags: { [TAGS.ignore]: '' } }],
    [
      'of a form that never consents',
      { trustPolicy: policyWith({ StringLike: { [key('aud')]: 'api://*' } }) },
    ],
    [
      'of two audiences, of which one would be lost',
      { trustPolicy: policyWith({ StringEquals: { [key('aud')]: ['api://elsewhere', 'api://other'] } }) },
    ],
    ['open to every audience', { trustPolicy: policyWith({}) }],
    ['not of the tenant', { trustPolicy: notTenant }],
  ])('is left alone where it is %s', (_, role) => {
    expect(plan(named(role))).toEqual([]);
  });

  it('is served once, and then in order', () => {
    const seen = CLASSES.adopted[0];
    expect(plan(applied(seen, plan(seen)))).toEqual([]);
  });

  it('is told of beforehand where it is bound to fail', () => {
    const full = { providers: [{ providerArn: PROVIDER_ARN, clientIds: Array(100).fill(PLACEHOLDER) }] };
    expect(plan({ ...named({ trustPolicy: elsewhere }), ...full })).toContainEqual(
      expect.objectContaining({ reason: 'adopted', detail: 'ProviderFull' }),
    );
  });
});

describe('modes', () => {
  it.each(Object.entries(CLASSES))('makes %s a report where the account is only observed', (_, [seen]) => {
    const steps = plan({ ...seen, mode: 'observe' });
    expect(steps.length).toBeGreaterThan(0);
    expect(steps.some(isExecutable)).toBe(false);
  });

  it('serves roles from before the factory where that is configured', () => {
    expect(plan({ ...CLASSES.backfill[0], backfill: true })).toMatchObject([{ reason: 'backfill' }]);
    expect(plan({ ...CLASSES.backfill[0], backfill: true }).every(isExecutable)).toBe(true);
  });

  it('leaves a missing provider to those who own it', () => {
    const steps = plan({ ...account(), providers: [], providerOwner: 'external' });
    expect(steps).toMatchObject([{ reason: 'provider-missing', risk: 'none' }]);
  });
});

describe('a failed entry', () => {
  it.each<[ErrorCode, Partial<AccountSeen>, 'cause-gone' | 'still-failed']>([
    ['ProviderFull', {}, 'cause-gone'],
    ['MemberRoleNotAssumable', {}, 'cause-gone'],
    ['Throttled', {}, 'cause-gone'],
    ['DirectoryLoginFailed', {}, 'cause-gone'],
    ['DirectoryLoginFailed', { applications: undefined }, 'still-failed'],
    ['DirectoryQuotaExceeded', {}, 'cause-gone'],
    ['ApplicationTampered', {}, 'cause-gone'],
    ['ProviderMissing', { providers: [], providerOwner: 'external' }, 'still-failed'],
    ['MemberAccessDenied', {}, 'still-failed'],
    ['NameSquatted', {}, 'still-failed'],
  ])('of %s with %j is %s', (code, more, reason) => {
    expect(reasons(changed({ entry: failed(code) }, more))).toContain(reason);
  });
});

describe('withdrawn consent', () => {
  it('also by the tag, where nothing in the policy rests on the application', () => {
    const tags = { [TAGS.ignore]: 'yes' };
    expect(reasons(changed({ role: { tags, trustPolicy: placeholder } }))).toEqual(['consent-withdrawn']);
    expect(reasons(changed({ role: { tags } }))).toEqual(['trust-taken-over']);
  });

  it('is not another audience: that may be a slip', () => {
    expect(reasons(changed({ role: { trustPolicy: elsewhere } }))).toEqual(['trust-taken-over']);
  });
});

describe('a tug of war', () => {
  it('is told apart from wishes also when the last round is long ago', () => {
    const reverts = { count: 1, lastAt: ago(40 * 24 * HOUR) };
    expect(reasons(changed({ role: { trustPolicy: placeholder }, entry: { reverts } }))).toEqual([
      'trust-reverted',
    ]);
  });

  it('ends with a mark, and after that with a report', () => {
    const role = { trustPolicy: placeholder };
    expect(plan(changed({ role, entry: { reverts: contested } }))).toMatchObject([
      { reason: 'contested', start: { workflow: 'create-role' } },
    ]);
    const marked = { ...failed('Contested'), reverts: { ...contested, count: 3 } };
    const [told, ...others] = plan(changed({ role, entry: marked }));
    expect(told).toMatchObject({ reason: 'contested', risk: 'none' });
    expect([told?.start, others]).toEqual([undefined, []]);
  });

  it('is over where the others have given in, or were quiet for the window', () => {
    const entry = { ...failed('Contested'), reverts: { ...contested, count: 3 } };
    expect(reasons(changed({ entry }))).toEqual(['cause-gone']);
    const quiet = { ...entry, reverts: { count: 3, lastAt: ago(31 * 24 * HOUR) } };
    expect(reasons(changed({ role: { trustPolicy: placeholder }, entry: quiet }))).toEqual(['cause-gone']);
  });

  it('also counts for what is put back on the list', () => {
    const [seen] = CLASSES['orphaned-audience'];
    const entries = seen.entries.map((entry) => ({ ...entry, reverts: contested }));
    expect(plan({ ...seen, entries })).toMatchObject([{ reason: 'orphaned-audience', risk: 'none' }]);
  });
});

describe('one run for each role', () => {
  it('sees to all that is wrong with it', () => {
    const seen = changed(
      { role: { trustPolicy: placeholder }, application: { identifierUris: [] } },
      ofList(PLACEHOLDER),
    );
    expect(plan(seen)).toMatchObject([
      {
        reason: 'audience-vanished',
        also: ['trust-reverted', 'identifier-uri-missing'],
        start: create({ recheck: true }),
      },
    ]);
  });

  it('removes what is left of an incarnation at once', () => {
    const steps = plan(changed({ role: null, entry: { phase: 'removed' } }));
    expect(steps).toHaveLength(1);
  });
});

describe('principals to be looked up', () => {
  it("are those that managed roles name, but for the application's own", () => {
    const trustPolicy = policyWith({
      StringEquals: {
        [key('aud')]: ONE.audience,
        [key('sub')]: [MANAGED_IDENTITY, ONE.entry.servicePrincipalId, 'x'],
      },
    });
    expect(principalsNamed(changed({ role: { trustPolicy } }), SETTINGS)).toEqual([MANAGED_IDENTITY]);
    expect(principalsNamed(changed({ role: { trustPolicy }, entry: { phase: 'failed' } }), SETTINGS)).toEqual(
      [],
    );
  });
});
