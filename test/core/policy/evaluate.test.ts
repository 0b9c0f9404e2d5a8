import { describe, expect, it } from 'vitest';
import { FactoryError } from '../../../core/errors.ts';
import { type AuthorizeOptions, authorize } from '../../../core/policy/evaluate.ts';
import type { Principal } from '../../../core/policy/types.ts';
import {
  ACCOUNT,
  ALLOW_ALL,
  ALLOW_OTHER,
  anonymous,
  DENY_ALL,
  decide,
  type Layers,
  lambda,
  OTHER_ACCOUNT,
  policyOf,
  QUEUE,
  ROLE,
  ROOT,
  request,
  SESSION,
  session,
  to,
  USER,
  user,
} from './policies.ts';

const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/idp.example.com/`;
const bearer: Principal = { type: 'federated', provider: PROVIDER };

describe('within one account', () => {
  it.each<[string, Layers, boolean]>([
    ['nothing', {}, false],
    ['an identity policy', { identity: [ALLOW_ALL] }, true],
    ['an identity policy for something else', { identity: [ALLOW_OTHER] }, false],
    ['a boundary alone', { boundary: [ALLOW_ALL] }, false],
    ['a session policy alone', { session: [[ALLOW_ALL]] }, false],
    ['identity and boundary', { identity: [ALLOW_ALL], boundary: [ALLOW_ALL] }, true],
    ['identity but not the boundary', { identity: [ALLOW_ALL], boundary: [ALLOW_OTHER] }, false],
    [
      'identity and every session policy',
      { identity: [ALLOW_ALL], session: [[ALLOW_ALL], [ALLOW_ALL]] },
      true,
    ],
    [
      'identity, but not every session policy',
      { identity: [ALLOW_ALL], session: [[ALLOW_ALL], [ALLOW_OTHER]] },
      false,
    ],
    ['identity, with a list of no session policies', { identity: [ALLOW_ALL], session: [] }, true],
    ['the resource, naming the session', { resource: [to({ AWS: SESSION })] }, true],
    ['the resource, naming the role', { resource: [to({ AWS: ROLE })] }, true],
    ['the resource, naming everybody', { resource: [to('*')] }, true],
    ['the resource, naming the account', { resource: [to({ AWS: ACCOUNT })] }, false],
    ['the resource, naming the account root', { resource: [to({ AWS: ROOT })] }, false],
    ['the resource, naming another role', { resource: [to({ AWS: `${ROLE}2` })] }, false],
    [
      'the resource, naming the role without its path',
      { resource: [to({ AWS: ROLE.replace('apps/', '') })] },
      false,
    ],
    [
      'the resource, naming the role in other case',
      {
        resource: [
          to({ AWS: ROLE.toUpperCase().replace('ARN:AWS:IAM', 'arn:aws:iam').replace('ROLE/', 'role/') }),
        ],
      },
      false,
    ],
    [
      'the resource, naming the role, but not the boundary',
      { resource: [to({ AWS: ROLE })], boundary: [ALLOW_OTHER] },
      false,
    ],
    [
      'the resource, naming the role, but not the session policy',
      { resource: [to({ AWS: ROLE })], session: [[ALLOW_OTHER]] },
      false,
    ],
    [
      'the resource, naming the session, but nothing else',
      {
        resource: [to({ AWS: SESSION })],
        identity: [ALLOW_OTHER],
        boundary: [ALLOW_OTHER],
        session: [[ALLOW_OTHER]],
      },
      true,
    ],
    [
      'identity, but the resource names others',
      { identity: [ALLOW_ALL], resource: [to({ AWS: `${ROLE}2` })] },
      true,
    ],
  ])('a role session is allowed by %s: %#', (_, layers, expected) => {
    expect(decide(layers).allowed).toBe(expected);
  });

  it.each<[string, Layers, boolean]>([
    ['the resource, naming the user', { resource: [to({ AWS: USER })] }, true],
    [
      'the resource, naming the user, but not the boundary',
      { resource: [to({ AWS: USER })], boundary: [ALLOW_OTHER] },
      true,
    ],
    ['the resource, naming the account', { resource: [to({ AWS: ROOT })] }, false],
    ['identity', { identity: [ALLOW_ALL] }, true],
  ])('a user is allowed by %s', (_, layers, expected) => {
    expect(decide(layers, { principal: user }).allowed).toBe(expected);
  });
});

describe('who is no AWS identity', () => {
  it.each<[string, Principal, unknown, boolean]>([
    ['a service that is named', lambda, { Service: 'lambda.amazonaws.com' }, true],
    ['a service that is not named', lambda, { Service: 'sns.amazonaws.com' }, false],
    ['a service where everybody is', lambda, '*', true],
    ['a service where an account is', lambda, { AWS: ACCOUNT }, false],
    ['a provider that is named', bearer, { Federated: PROVIDER }, true],
    ['a provider without its slash', bearer, { Federated: PROVIDER.slice(0, -1) }, false],
    ['a provider among roles', bearer, { AWS: ROLE, Federated: [PROVIDER] }, true],
    ['nobody in particular where everybody is', anonymous, { AWS: '*' }, true],
    ['nobody in particular where an account is', anonymous, { AWS: ACCOUNT }, false],
  ])('is allowed by the resource policy alone: %s', (_, principal, named, expected) => {
    expect(decide({ resource: [to(named)] }, { principal }).allowed).toBe(expected);
    expect(decide({ resource: [to(named)] }, { principal }, { crossAccount: true }).allowed).toBe(expected);
    expect(decide({ identity: [ALLOW_ALL] }, { principal }).allowed).toBe(false);
  });
});

describe('between accounts', () => {
  const resource = `arn:aws:sqs:us-east-1:${OTHER_ACCOUNT}:jobs`;

  it.each<[string, Layers, boolean]>([
    ['identity alone', { identity: [ALLOW_ALL] }, false],
    ['the resource alone, naming the session', { resource: [to({ AWS: SESSION })] }, false],
    ['the resource alone, naming everybody', { resource: [to('*')] }, false],
    [
      'identity and the resource, naming the account',
      { identity: [ALLOW_ALL], resource: [to({ AWS: ROOT })] },
      true,
    ],
    [
      'identity and the resource, naming the role',
      { identity: [ALLOW_ALL], resource: [to({ AWS: ROLE })] },
      true,
    ],
    ['identity and the resource, naming everybody', { identity: [ALLOW_ALL], resource: [to('*')] }, true],
    [
      'both, but not the session policy',
      { identity: [ALLOW_ALL], resource: [to({ AWS: SESSION })], session: [[ALLOW_OTHER]] },
      false,
    ],
    [
      'both, but not the boundary',
      { identity: [ALLOW_ALL], resource: [to({ AWS: SESSION })], boundary: [ALLOW_OTHER] },
      false,
    ],
    [
      'both, but naming another account',
      { identity: [ALLOW_ALL], resource: [to({ AWS: OTHER_ACCOUNT })] },
      false,
    ],
  ])('both sides must allow: %s', (_, layers, expected) => {
    expect(decide(layers, { resource }).allowed).toBe(expected);
    expect(decide(layers, {}, { crossAccount: true }).allowed).toBe(expected);
  });

  it('what the caller says goes before what the ARN says', () => {
    expect(decide({ identity: [ALLOW_ALL] }, { resource }, { crossAccount: false }).allowed).toBe(true);
  });
});

describe('a role trust policy', () => {
  const target = { action: 'sts:AssumeRole', resource: `arn:aws:iam::${ACCOUNT}:role/target` };
  const trusts = (principal: unknown) => ({
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: principal,
  });
  const assume = (layers: Layers, principal: Principal = session) =>
    decide(layers, { ...target, principal }, { resourcePolicyMustAllow: true }).allowed;

  it.each<[string, Layers, boolean]>([
    ['an identity policy alone', { identity: [ALLOW_ALL] }, false],
    [
      'an identity policy, and trust in somebody else',
      { identity: [ALLOW_ALL], trust: [trusts({ AWS: USER })] },
      false,
    ],
    ['trust in the account alone', { trust: [trusts({ AWS: ROOT })] }, false],
    [
      'trust in the account, and an identity policy',
      { identity: [ALLOW_ALL], trust: [trusts({ AWS: ACCOUNT })] },
      true,
    ],
    [
      'trust in the account, and an identity policy that the session policy does not pass',
      { identity: [ALLOW_ALL], session: [[ALLOW_OTHER]], trust: [trusts({ AWS: ACCOUNT })] },
      false,
    ],
    ['trust in the role', { trust: [trusts({ AWS: ROLE })] }, true],
    [
      'trust in the role, but not the session policy',
      { session: [[ALLOW_OTHER]], trust: [trusts({ AWS: ROLE })] },
      false,
    ],
    ['trust in the session', { trust: [trusts({ AWS: SESSION })] }, true],
    ['trust in a service', { trust: [trusts({ Service: 'lambda.amazonaws.com' })] }, false],
  ])('lets a session of the account in by %s', (_, layers, expected) => {
    expect(assume(layers)).toBe(expected);
  });

  it('lets a service in by its name', () => {
    expect(assume({ trust: [trusts({ Service: 'lambda.amazonaws.com' })] }, lambda)).toBe(true);
    expect(assume({ trust: [trusts({ Service: 'states.amazonaws.com' })] }, lambda)).toBe(false);
  });

  it('is evaluated for the action asked for', () => {
    const layers = { trust: [trusts({ AWS: ROLE })] };
    expect(decide(layers, { ...target, action: 'sts:TagSession' }).allowed).toBe(false);
  });
});

describe('an explicit Deny', () => {
  const denyEverybody = { ...DENY_ALL, Principal: '*' };

  it.each<[string, Layers]>([
    ['identity', { identity: [ALLOW_ALL, DENY_ALL] }],
    ['boundary', { identity: [ALLOW_ALL], boundary: [ALLOW_ALL, DENY_ALL] }],
    ['session', { identity: [ALLOW_ALL], session: [[ALLOW_ALL], [ALLOW_ALL, DENY_ALL]] }],
    ['resource', { identity: [ALLOW_ALL], resource: [denyEverybody, to({ AWS: SESSION })] }],
  ])('in a policy of kind %s wins over every Allow', (kind, layers) => {
    const decision = decide(layers);
    expect(decision).toMatchObject({ allowed: false, because: 'explicit-deny', missing: [] });
    expect(decision.by).toEqual([expect.objectContaining({ kind, effect: 'Deny', matched: true })]);
  });

  it.each<[string, unknown, boolean]>([
    ['the role', { AWS: ROLE }, true],
    ['the session', { AWS: SESSION }, true],
    ['the account', { AWS: ROOT }, true],
    ['another session', { AWS: `${SESSION}2` }, false],
    ['a service', { Service: 'lambda.amazonaws.com' }, false],
  ])('that names %s hits the session: %j', (_, principal, denied) => {
    const decision = decide({ identity: [ALLOW_ALL], resource: [{ ...DENY_ALL, Principal: principal }] });
    expect(decision.allowed).toBe(!denied);
  });

  it.each<[string, string[], Principal, boolean]>([
    ['account, role and session', [ROOT, ROLE, SESSION], session, true],
    ['account as a number, role and session', [ACCOUNT, ROLE, SESSION], session, true],
    ['role and session', [ROLE, SESSION], session, false],
    ['account and role', [ROOT, ROLE], session, false],
    ['account alone', [ROOT], user, false],
    ['account and user', [ROOT, USER], user, true],
    ['everybody', ['*'], user, true],
    ['an account', [ROOT], anonymous, false],
  ])('with NotPrincipal spares who is named by %s', (_, names, principal, spared) => {
    const resource = [to('*'), { ...DENY_ALL, NotPrincipal: { AWS: names } }];
    expect(decide({ identity: [ALLOW_ALL], resource }, { principal }).allowed).toBe(spared);
  });

  it('with NotPrincipal spares nobody who has a permissions boundary', () => {
    const resource = [{ ...DENY_ALL, NotPrincipal: { AWS: [ROOT, USER] } }];
    const layers = { identity: [ALLOW_ALL], boundary: [ALLOW_ALL], resource };
    expect(decide(layers, { principal: user }).allowed).toBe(false);
  });
});

describe('a decision says what decided it', () => {
  it('every allowing statement of the policies that had to allow, with the actions that cover the request', () => {
    const decision = decide({
      identity: [
        ALLOW_OTHER,
        { ...ALLOW_ALL, Sid: 'Send', Action: ['sqs:Send*', 's3:*', 'sqs:SendMessage'] },
      ],
      boundary: [ALLOW_ALL],
      session: [[{ ...ALLOW_ALL, Action: 'sqs:*' }]],
      resource: [to({ AWS: ROOT })],
    });
    expect(decision.by).toEqual([
      {
        policy: 'identity policy',
        kind: 'identity',
        statement: 1,
        sid: 'Send',
        effect: 'Allow',
        matched: true,
        actions: ['sqs:Send*', 'sqs:SendMessage'],
      },
      expect.objectContaining({ kind: 'boundary', statement: 0, actions: ['*'] }),
      expect.objectContaining({ kind: 'session', statement: 0, actions: ['sqs:*'] }),
    ]);
  });

  it('only the resource where it allows by itself', () => {
    const decision = decide({
      identity: [ALLOW_OTHER],
      session: [[ALLOW_ALL]],
      resource: [to({ AWS: ROOT }), to({ AWS: SESSION })],
    });
    expect(decision.by).toEqual([expect.objectContaining({ kind: 'resource', statement: 1 })]);
  });

  it('both sides between accounts', () => {
    const layers = { identity: [ALLOW_ALL], resource: [to({ AWS: ROOT })] };
    const kinds = decide(layers, {}, { crossAccount: true }).by.map(({ kind }) => kind);
    expect(kinds).toEqual(['identity', 'resource']);
  });

  it.each<[string, Layers, AuthorizeOptions, string[]]>([
    ['identity', { resource: [to({ AWS: ROOT })] }, {}, ['identity']],
    ['the session policy', { identity: [ALLOW_ALL], session: [[ALLOW_OTHER], []] }, {}, ['session']],
    ['the boundary', { identity: [ALLOW_ALL], boundary: [ALLOW_OTHER] }, {}, ['boundary']],
    ['the trust policy', { identity: [ALLOW_ALL] }, { resourcePolicyMustAllow: true }, ['resource']],
    ['both sides', {}, { crossAccount: true }, ['identity', 'resource']],
  ])('which permission is missing: %s', (_, layers, options, missing) => {
    expect(decide(layers, {}, options)).toMatchObject({ because: 'no-allow', by: [], missing });
  });

  it('and for every other statement the first part that did not match', () => {
    const trust = (changes: object) => ({
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { AWS: ROLE },
      ...changes,
    });
    const decision = decide(
      {
        identity: [{ ...ALLOW_ALL, Action: 'sts:*', Resource: QUEUE }],
        trust: [
          trust({ Principal: { AWS: USER } }),
          trust({ Action: 'sts:TagSession' }),
          trust({ Condition: { StringEquals: { 'sts:ExternalId': ['a', 'b'] } } }),
          trust({ Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }),
        ],
      },
      {
        action: 'sts:AssumeRole',
        resource: `arn:aws:iam::${ACCOUNT}:role/t`,
        context: { 'STS:externalid': 'c' },
      },
    );
    expect(decision.trace.map(({ failed }) => failed)).toEqual([
      'resource',
      'principal',
      'action',
      { operator: 'StringEquals', key: 'sts:ExternalId', values: ['a', 'b'], actual: ['c'] },
      { operator: 'Bool', key: 'aws:MultiFactorAuthPresent', values: ['true'], actual: undefined },
    ]);
  });
});

describe('a policy in the wrong place', () => {
  const trust = policyOf('trust', { Effect: 'Allow', Action: '*', Principal: '*' });
  const identity = policyOf('identity', ALLOW_ALL);

  it.each([
    ['with principals among identity policies', { identity: [trust] }],
    ['with principals as a session policy', { identity: [], session: [trust] }],
    ['without principals on a resource', { identity: [], resource: identity }],
  ])('is refused: %s', (_, policies) => {
    expect(() => authorize(request(), policies)).toThrow(FactoryError);
  });
});

describe('a request without bound', () => {
  const policies = { identity: [policyOf('identity', ALLOW_ALL)] };
  const long = 'x'.repeat(200_000);

  it.each([
    ['action', { action: `sqs:${long}` }],
    ['resource', { resource: long }],
    ['aws:PrincipalArn', { principal: { type: 'aws', accountId: ACCOUNT, arn: long } as const }],
    ['k:many', { context: { 'k:many': Array(40_000).fill('x') } }],
    [
      'condition keys',
      { context: Object.fromEntries(Array.from({ length: 9000 }, (_, n) => [`k:${n}`, ''])) },
    ],
  ])('is refused, naming the limit: %s', (_, changes) => {
    expect(() => authorize(request(changes), policies)).toThrowError(
      expect.objectContaining({
        name: 'InvalidInput',
        message: expect.stringContaining('at most 32768 characters'),
      }),
    );
  });
});

describe('a policy that is made to take long', () => {
  const value = `${'a'.repeat(10_000)}b`;
  const patterns = (pattern: (n: number) => string) =>
    policyOf('identity', {
      ...ALLOW_ALL,
      Condition: { StringLike: { 'k:a': Array.from({ length: 1500 }, (_, n) => pattern(n)) } },
    });

  it.each<[string, (n: number) => string]>([
    ['with values of the request in wildcards', (n) => `*\${k:b}?*${n}`],
    ['with many wildcards', (n) => `${'*a?'.repeat(8)}*${n}`],
  ])('is refused after so many steps, naming the limit: %s', (_, pattern) => {
    const asked = request({ context: { 'k:a': value, 'k:b': 'a'.repeat(9000) } });
    const hostile = Array.from({ length: 3 }, () => patterns(pattern));
    expect(() => authorize(asked, { identity: hostile })).toThrowError(
      expect.objectContaining({
        name: 'PolicyNotUnderstood',
        message: expect.stringContaining('at most 250000000 steps'),
      }),
    );
  });

  it('is not one that is merely long', () => {
    const long = Array.from({ length: 40 }, () => patterns((n) => `*-${n}-*`));
    const { allowed } = authorize(request({ context: { 'k:a': 'x-1499-y' } }), { identity: long });
    expect(allowed).toBe(true);
  });
});
