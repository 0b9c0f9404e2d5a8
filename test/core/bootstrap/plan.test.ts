import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planTenant, type Step } from '../../../core/bootstrap/plan.ts';
import { inWords, rightFor } from '../../../core/bootstrap/steps.ts';
import {
  type DesiredTenant,
  desiredTenant,
  type SeenApplication,
  type SeenTenant,
} from '../../../core/bootstrap/tenant.ts';
import { GRAPH_PERMISSIONS } from '../../../core/doctor/tenant.ts';
import { appId, audience } from '../../../core/ids.ts';
import { ENTRA_FUNCTIONS } from '../../../core/naming.ts';
import {
  application,
  CALLER,
  DAY,
  EMPTY,
  FACTORY,
  FEDERATED,
  ISSUER,
  NOW,
  newId,
  OWNED_BY,
  PLACEHOLDER,
  principal,
  SECRET_ARN,
  STRANGER,
  TOKENS,
  take,
  type World,
} from './model.ts';

const secret = (current?: string, versions: string[] = current ? [current] : []) =>
  desiredTenant(FACTORY, { kind: 'secret', secretArn: SECRET_ARN, current, versions });
const WITHOUT_ISSUER = desiredTenant(FACTORY, { kind: 'issuer-unknown' });
const stepsOf = (desired: DesiredTenant, seen: SeenTenant) =>
  planTenant(desired, seen).steps.map((step) => step.do);
const federatedOn = (tokens: readonly (typeof TOKENS)[number][] = TOKENS) =>
  tokens.map((token) => ({ id: newId(), ...token }));

/** As `bootstrap` leaves it. */
const ready = (more: Partial<SeenApplication> = {}) =>
  application({
    declared: [OWNED_BY],
    federated: federatedOn(),
    principal: principal({ granted: [OWNED_BY] }),
    ...more,
  });
const reserved = (more: Partial<SeenApplication> = {}) =>
  application({ identifierUris: [PLACEHOLDER], principal: principal({ enabled: false }), ...more });
function tenant({ factory = ready(), reservation = reserved() } = {}): SeenTenant {
  const holders = reservation.identifierUris.map((uri) => ({ uri: audience(uri), application: reservation }));
  return { ...EMPTY, factory, reservation, holders };
}

describe('in an empty tenant', () => {
  it('everything is made, the permission after the credentials, the placeholder’s URI last', () => {
    expect(stepsOf(FEDERATED, EMPTY)).toEqual([
      'create-application',
      ...ENTRA_FUNCTIONS.map(() => 'add-federated'),
      'create-principal',
      'grant-permission',
      'create-application',
      'create-principal',
      'claim-identifier-uris',
    ]);
    expect(planTenant(FEDERATED, EMPTY).steps).toContainEqual({
      do: 'create-principal',
      which: 'reservation',
      enabled: false,
    });
  });

  it('a secret takes the place of the federated credentials', () => {
    expect(stepsOf(secret(), EMPTY).slice(0, 4)).toEqual([
      'create-application',
      'create-principal',
      'store-secret',
      'grant-permission',
    ]);
  });

  it('the federated credentials wait where AWS has no issuer yet, and it says so', () => {
    const plan = planTenant(WITHOUT_ISSUER, EMPTY);
    expect(plan.steps.map((step) => step.do)).not.toContain('add-federated');
    expect(plan.notices).toEqual([expect.stringContaining('Deploy OidcFactory')]);
  });

  it('nothing is reserved where no placeholder can be', () => {
    const words = { ...FACTORY, placeholders: [audience('please'), audience(`${ISSUER}/`)] };
    const plan = planTenant(desiredTenant(words, FEDERATED.login), EMPTY);
    expect(plan.steps.every(({ which }) => which === 'factory')).toBe(true);
  });
});

describe('in a tenant that is prepared', () => {
  it('nothing is done', () => {
    expect(planTenant(FEDERATED, tenant())).toEqual({ steps: [], notices: [], refusals: [] });
  });

  it('credentials count whatever their names', () => {
    const federated = federatedOn(TOKENS.map((token, index) => ({ ...token, name: `by-hand-${index}` })));
    expect(stepsOf(FEDERATED, tenant({ factory: ready({ federated }) }))).toEqual([]);
  });

  const [first, ...others] = TOKENS;
  if (!first) throw new Error('No function logs in');
  it.each<[string, Partial<SeenApplication>, Partial<Step>[]]>([
    [
      'a credential that is missing is added',
      { federated: federatedOn(others) },
      [{ do: 'add-federated', token: first }],
    ],
    [
      'one with another audience is replaced',
      { federated: federatedOn([{ ...first, audience: 'other' }, ...others]) },
      [{ do: 'remove-federated' }, { do: 'add-federated', token: first }],
    ],
    [
      'one of another issuer is replaced',
      { federated: federatedOn([{ ...first, issuer: 'https://old' }, ...others]) },
      [{ do: 'remove-federated' }, { do: 'add-federated', token: first }],
    ],
    [
      'one under the name of another function is replaced',
      { federated: federatedOn([{ ...first, name: others[0]?.name ?? '' }]) },
      [{ do: 'remove-federated' }, ...TOKENS.map((token) => ({ do: 'add-federated' as const, token }))],
    ],
    [
      'one too many is removed',
      { federated: federatedOn([...TOKENS, { ...first, name: 'extra', subject: 'arn:other' }]) },
      [{ do: 'remove-federated', token: { ...first, name: 'extra', subject: 'arn:other' } }],
    ],
    ['the declaration is repeated', { declared: [] }, [{ do: 'declare-permission' }]],
    [
      'a missing service principal is made and granted',
      { principal: undefined },
      [{ do: 'create-principal', enabled: true }, { do: 'grant-permission' }],
    ],
    ['consent is given', { principal: principal() }, [{ do: 'grant-permission' }]],
  ])('%s', (_, more, steps) => {
    const plan = planTenant(FEDERATED, tenant({ factory: ready(more) }));
    expect(plan.steps).toEqual(steps.map((step) => expect.objectContaining(step)));
    expect(plan.refusals).toEqual([]);
  });

  it('the application does not own itself', () => {
    const own = principal({ granted: [OWNED_BY] });
    const factory = ready({ ownerIds: [CALLER, own.id], principal: own });
    expect(planTenant(FEDERATED, tenant({ factory })).steps).toEqual([
      { do: 'remove-owner', which: 'factory', ownerId: own.id },
    ]);
  });
});

describe('without an issuer', () => {
  it('no credential stays that the permission would make worth something', () => {
    const factory = ready({ principal: principal() });
    expect(stepsOf(WITHOUT_ISSUER, tenant({ factory }))).toEqual([
      ...TOKENS.map(() => 'remove-federated'),
      'grant-permission',
    ]);
  });

  it('those of an application with consent stay', () => {
    expect(stepsOf(WITHOUT_ISSUER, tenant())).toEqual([]);
  });
});

describe('the secret', () => {
  const keyId = newId();
  const password = (days: number, id = keyId) => ({
    keyId: id,
    displayName: null,
    endsAt: NOW + days * DAY,
  });
  const withPasswords = (...passwords: SeenApplication['passwords'][number][]) =>
    tenant({ factory: ready({ federated: [], passwords }) });

  it.each([
    ['is the current version', secret(keyId), withPasswords(password(60)), []],
    ['is renewed in its last month', secret(keyId), withPasswords(password(29)), ['store-secret']],
    ['is another one than is stored', secret(newId()), withPasswords(password(60)), ['store-secret']],
    ['was removed', secret(keyId), withPasswords(), ['store-secret']],
  ])('%s', (_, desired, seen, steps) => {
    expect(stepsOf(desired, seen)).toEqual(steps);
  });

  it('of before stays until it ends, and is no stranger', () => {
    const [old, current] = [newId(), newId()];
    const seen = withPasswords(password(10, old), password(170, current));
    expect(planTenant(secret(current, [old, current]), seen)).toEqual({
      steps: [],
      notices: [],
      refusals: [],
    });
  });

  it('that nobody stored is removed before the permission is granted, and told afterwards', () => {
    const passwords = [password(60)];
    const before = ready({ passwords, principal: principal() });
    expect(stepsOf(FEDERATED, tenant({ factory: before }))).toEqual(['remove-password', 'grant-permission']);
    const after = planTenant(FEDERATED, tenant({ factory: ready({ passwords }) }));
    expect(after).toMatchObject({ steps: [], notices: [expect.stringContaining(keyId)] });
  });

  it('gives way to federated credentials, and they to it', () => {
    const seen = tenant();
    expect(stepsOf(secret(), seen)).toEqual([...TOKENS.map(() => 'remove-federated'), 'store-secret']);
  });
});

describe('an application that somebody else can act as', () => {
  const strange: [string, Partial<SeenApplication>, RegExp][] = [
    ['an owner', { ownerIds: [CALLER, STRANGER] }, new RegExp(`owners: ${STRANGER}`)],
    ['a certificate', { keys: 1 }, /certificate/],
    ['an owner of the principal', { principal: principal({ ownerIds: [STRANGER] }) }, /owners/],
    ['credentials of the principal', { principal: principal({ credentials: 1 }) }, /credentials of its own/],
  ];

  it.each(strange)('is not adopted by its name: %s', (_, more, text) => {
    const plan = planTenant(FEDERATED, { ...EMPTY, factory: application(more) });
    expect(plan.refusals).toEqual([expect.stringMatching(text)]);
  });

  it.each(strange)('is taken and told of where an administrator named it: %s', (_, more, text) => {
    const factory = application(more);
    const named = desiredTenant({ ...FACTORY, appId: factory.appId }, FEDERATED.login);
    const plan = planTenant(named, { ...EMPTY, factory });
    expect(plan.refusals).toEqual([]);
    expect(plan.notices).toEqual([expect.stringMatching(text)]);
  });

  it('is told of where it was consented to', () => {
    const factory = ready({ ownerIds: [STRANGER] });
    expect(planTenant(FEDERATED, tenant({ factory }))).toMatchObject({ steps: [], refusals: [] });
  });

  it.each([
    ['refused', true, 'refusals'],
    ['told of where it is disabled already', false, 'notices'],
  ] as const)('and holds the placeholder is %s', (_, enabled, where) => {
    const holder = application({
      ownerIds: [STRANGER],
      identifierUris: [PLACEHOLDER],
      principal: principal({ enabled }),
    });
    const seen = { ...EMPTY, factory: ready(), holders: [{ uri: PLACEHOLDER, application: holder }] };
    expect(planTenant(FEDERATED, seen)[where]).toEqual([expect.stringContaining(STRANGER)]);
  });
});

describe('refused or told', () => {
  it('a configured application that does not exist is not replaced', () => {
    const named = desiredTenant({ ...FACTORY, appId: appId(newId()) }, FEDERATED.login);
    expect(planTenant(named, EMPTY)).toMatchObject({
      refusals: [expect.stringContaining('entra.factoryAppId')],
    });
  });

  it('an application of several tenants is refused', () => {
    const factory = ready({ signInAudience: 'AzureADMultipleOrgs' });
    expect(planTenant(FEDERATED, tenant({ factory })).refusals).toHaveLength(1);
  });

  it.each([
    ['a disabled principal', principal({ enabled: false, granted: [OWNED_BY] }), /disabled/],
    [
      'a wider permission',
      principal({ granted: [OWNED_BY, GRAPH_PERMISSIONS['Application.ReadWrite.All']] }),
      /Application.ReadWrite.All/,
    ],
  ])('%s stays, and is told of', (_, own, text) => {
    const plan = planTenant(FEDERATED, tenant({ factory: ready({ principal: own }) }));
    expect(plan).toMatchObject({ steps: [], notices: [expect.stringMatching(text)], refusals: [] });
  });
});

describe('the placeholder', () => {
  it('is reserved by whoever has it: without a second application, disabled', () => {
    const holder = application({ identifierUris: [PLACEHOLDER], principal: principal() });
    const seen = { ...EMPTY, factory: ready(), holders: [{ uri: PLACEHOLDER, application: holder }] };
    expect(planTenant(FEDERATED, seen).steps).toEqual([{ do: 'disable-principal', which: holder.objectId }]);
  });

  it('beside another one goes to the application that is there', () => {
    const second = audience(`${PLACEHOLDER}-2`);
    const two = desiredTenant({ ...FACTORY, placeholders: [PLACEHOLDER, second] }, FEDERATED.login);
    expect(planTenant(two, tenant()).steps).toEqual([
      { do: 'claim-identifier-uris', which: 'reservation', uris: [PLACEHOLDER, second] },
    ]);
  });
});

describe('however the tenant looks', () => {
  const token = fc.record({
    name: fc.constantFrom(...TOKENS.map(({ name }) => name), 'other-1', 'other-2'),
    issuer: fc.constantFrom(ISSUER, 'https://old'),
    subject: fc.constantFrom(...TOKENS.map(({ subject }) => subject), 'arn:other'),
    audience: fc.constantFrom(...TOKENS.map((one) => one.audience), 'other'),
  });
  // As Graph keeps them.
  const federated = fc
    .uniqueArray(token, { maxLength: 6, selector: ({ name }) => name })
    .map((tokens) =>
      tokens.filter(
        (one, index) =>
          tokens.findIndex((other) => other.issuer === one.issuer && other.subject === one.subject) === index,
      ),
    )
    .map(federatedOn);
  const someone = fc.record({
    declared: fc.constantFrom([], [OWNED_BY]),
    passwords: fc.constantFrom([], [{ keyId: 'k', displayName: null, endsAt: NOW + 60 * DAY }]),
    federated,
    principal: fc.option(
      fc.record({
        enabled: fc.boolean(),
        granted: fc.constantFrom<string[][]>([], [OWNED_BY]),
      }),
      { nil: undefined },
    ),
    claims: fc.boolean(),
  });
  type Someone = typeof someone extends fc.Arbitrary<infer T> ? T : never;
  const toApplication = ({ principal: own, claims, ...more }: Someone): SeenApplication =>
    application({
      ...more,
      principal: own && principal(own),
      identifierUris: claims ? [PLACEHOLDER] : [],
    });
  const world = fc
    .record({
      factory: fc.option(someone, { nil: undefined }),
      reservation: fc.option(someone, { nil: undefined }),
      desired: fc.constantFrom(FEDERATED, secret(), secret('k'), WITHOUT_ISSUER),
    })
    .map(({ factory, reservation, desired }) => {
      const made = (one: Someone | undefined, claims: boolean) =>
        one && toApplication({ ...one, claims: one.claims && claims });
      const reserving = made(reservation, true);
      const holders = reserving?.identifierUris.length ? [{ uri: PLACEHOLDER, application: reserving }] : [];
      return { desired, seen: { ...EMPTY, factory: made(factory, false), reservation: reserving, holders } };
    });

  it('a second plan has nothing to do, wherever the first one was interrupted', () => {
    fc.assert(
      fc.property(world, fc.nat({ max: 20 }), (start, interruptedAfter) => {
        let at: World = start;
        for (const step of planTenant(at.desired, at.seen).steps.slice(0, interruptedAfter))
          at = take(at, step);
        for (const step of planTenant(at.desired, at.seen).steps) at = take(at, step);
        expect(planTenant(at.desired, at.seen).steps).toEqual([]);
      }),
    );
  });

  it('nobody else holds a credential at the moment of consent, and no placeholder has an enabled holder', () => {
    fc.assert(
      fc.property(world, (start) => {
        let at: World = start;
        const { steps } = planTenant(at.desired, at.seen);
        for (const step of steps) {
          if (step.do === 'claim-identifier-uris')
            expect(at.seen.reservation?.principal?.enabled).toBe(false);
          if (step.do === 'grant-permission') {
            const { login } = at.desired;
            const known = login.kind === 'secret' ? login.versions : [];
            expect(at.seen.factory?.passwords.every(({ keyId }) => known.includes(keyId))).toBe(true);
            expect(at.seen.factory?.federated.map(({ subject }) => subject).sort()).toEqual(
              login.kind === 'federated' ? TOKENS.map(({ subject }) => subject).sort() : [],
            );
          }
          at = take(at, step);
        }
      }),
    );
  });
});

describe('in words', () => {
  it('every step says what it does, to what, and names what decides', () => {
    const told = planTenant(FEDERATED, EMPTY).steps.map(inWords).join('\n');
    expect(told).toContain(ISSUER);
    for (const { subject } of TOKENS) expect(told).toContain(subject);
    expect(told).toContain('Application.ReadWrite.OwnedBy');
    expect(told).toContain(PLACEHOLDER);
  });

  it('consent needs another right than the rest', () => {
    const rights = new Map(planTenant(FEDERATED, EMPTY).steps.map((step) => [step.do, rightFor(step)]));
    expect(rights.get('grant-permission')).toContain('Privileged Role Administrator');
    expect(rights.get('create-application')).toContain('Cloud Application Administrator');
  });
});
