import { describe, expect, it } from 'vitest';
import { audience } from '../../../core/ids.ts';
import { type RewriteRequest, rewriteTrustPolicy } from '../../../core/trust-policy/rewrite.ts';
import {
  ACCOUNT,
  APP_ID,
  AUDIENCE,
  AUDIENCE_V2,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER,
  PROVIDER_ARN,
  PROVIDER_ARN_V2,
  PROVIDER_V2,
  policy,
  policyWith,
  SERVICE_PRINCIPAL,
  SETTINGS,
  SETTINGS_V2,
  statement,
} from '../../fixtures/domain.ts';

const [aud, sub, oaud] = [key('aud'), key('sub'), key('oaud', PROVIDER_ARN_V2)];
const GITHUB = `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`;

const rewrite = (trustPolicy: string, overrides: Partial<RewriteRequest> = {}) =>
  rewriteTrustPolicy({
    trustPolicy,
    provider: PROVIDER,
    accountId: ACCOUNT,
    settings: SETTINGS,
    audience: AUDIENCE,
    appId: APP_ID,
    servicePrincipalId: SERVICE_PRINCIPAL,
    ...overrides,
  });
const conditionAfter = (Condition: unknown, overrides?: Partial<RewriteRequest>) =>
  JSON.parse(rewrite(policyWith(Condition), overrides).document).Statement[0].Condition;

const FILLED = { [aud]: AUDIENCE, [sub]: SERVICE_PRINCIPAL };

describe('the audience', () => {
  it('takes the place of the placeholder, and the subject is pinned beside it', () => {
    expect(rewrite(policy(statement()))).toEqual({
      document: policy(statement({ Condition: { StringEquals: FILLED } })),
      changed: true,
      pinned: 'by-factory',
      changes: [
        `statement 0: aud becomes ${AUDIENCE}`,
        `statement 0: ${sub} is pinned to ${SERVICE_PRINCIPAL} by StringEquals`,
      ],
    });
  });

  it.each([
    ['a list', { StringEquals: { [aud]: ['x', 'y'] } }],
    ['a key in other case', { StringEquals: { [aud.toUpperCase()]: 'x' } }],
    ['StringLike', { StringLike: { [aud]: 'x' } }],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { [aud]: 'x' } }],
    ['IfExists', { StringEqualsIfExists: { [aud]: 'x' } }],
    ['a set operator', { 'ForAllValues:StringEquals': { [aud]: 'x' } }],
    [
      'many at once',
      {
        StringEquals: { [aud]: 'x', [aud.toUpperCase()]: 'y' },
        StringLike: { [aud]: ['x'] },
        'ForAnyValue:StringEqualsIgnoreCaseIfExists': { [aud]: 'y' },
      },
    ],
  ])('stands under one plain StringEquals in the end, also for %s', (_, Condition) => {
    expect(conditionAfter(Condition)).toEqual({ StringEquals: FILLED });
  });

  it('leaves alone what only narrows, and every other key, in order', () => {
    const kept = {
      StringNotEquals: { [aud]: 'api://else' },
      'ForAnyValue:StringLike': { [key('amr')]: 'pwd' },
      Null: { [aud]: 'false' },
    };
    const Condition = {
      ...kept,
      StringLike: { [aud]: 'x', 'sts:RoleSessionName': 'ci-*' },
      StringEquals: { 'aws:SourceIp': '198.51.100.7', [aud]: 'x' },
    };
    const after = conditionAfter(Condition);
    expect(after).toEqual({
      ...kept,
      StringLike: { 'sts:RoleSessionName': 'ci-*' },
      StringEquals: { 'aws:SourceIp': '198.51.100.7', ...FILLED },
    });
    expect(Object.keys(after)).toEqual(Object.keys(Condition));
  });

  it('replaces a recorded one that is not valid any more', () => {
    const former = audience('api://0ffe0000-0000-4000-8000-000000000001');
    const trustPolicy = policyWith({ StringEquals: { [aud]: former } });
    expect(rewrite(trustPolicy, { recordedAudience: former }).document).toContain(AUDIENCE);
    expect(() => rewrite(trustPolicy)).toThrowError(expect.objectContaining({ name: 'ConsentWithdrawn' }));
  });

  it('is written under the key of the provider as it is spelled in the account', () => {
    const providerArn = PROVIDER_ARN.replace(/\/$/, '') as typeof PROVIDER_ARN;
    const name = key('aud', providerArn);
    const trustPolicy = policy(
      statement({
        Principal: { Federated: providerArn },
        Condition: { StringLike: { [name.toUpperCase()]: 'x' } },
      }),
    );
    const { document } = rewrite(trustPolicy, { provider: { ...PROVIDER, providerArn } });
    expect(JSON.parse(document).Statement[0]).toMatchObject({
      Principal: { Federated: providerArn },
      Condition: { StringEquals: { [name]: AUDIENCE, [key('sub', providerArn)]: SERVICE_PRINCIPAL } },
    });
  });
});

describe('the subject', () => {
  const withSubject = (operator: string, value: unknown) => {
    const blocks = { StringEquals: { [aud]: 'x' } } as Record<string, Record<string, unknown>>;
    return { ...blocks, [operator]: { ...blocks[operator], [sub]: value } };
  };

  it.each([
    ['StringEquals', MANAGED_IDENTITY],
    ['StringEquals', [MANAGED_IDENTITY, MANAGED_IDENTITY.toUpperCase()]],
    ['StringEqualsIgnoreCase', MANAGED_IDENTITY],
    ['StringLike', [MANAGED_IDENTITY]],
  ])('stays as the developer pinned it, under %s to %j', (operator, value) => {
    const { document, pinned } = rewrite(policyWith(withSubject(operator, value)));
    expect(pinned).toBe('by-developer');
    expect(document).not.toContain(SERVICE_PRINCIPAL);
    expect(JSON.parse(document).Statement[0].Condition[operator][sub]).toEqual(value);
  });

  it.each([
    ['StringEquals', 'agent', 'StringEqualsIgnoreCase'],
    ['StringEquals', [MANAGED_IDENTITY, '*'], 'StringEqualsIgnoreCase'],
    ['StringEqualsIgnoreCase', 'agent', 'StringEquals'],
    ['StringLike', '*', 'StringEquals'],
    ['StringLike', `${MANAGED_IDENTITY}*`, 'StringEquals'],
    ['StringEqualsIfExists', MANAGED_IDENTITY, 'StringEquals'],
    ['ForAllValues:StringEquals', MANAGED_IDENTITY, 'StringEquals'],
    ['ForAnyValue:StringEquals', MANAGED_IDENTITY, 'StringEquals'],
    ['StringNotEquals', MANAGED_IDENTITY, 'StringEquals'],
    ['StringEquals', [], 'StringEqualsIgnoreCase'],
  ])('is no pin under %s to %j: the pin goes under %s, beside it', (operator, value, carrier) => {
    const { document, pinned } = rewrite(policyWith(withSubject(operator, value)));
    const { Condition } = JSON.parse(document).Statement[0];
    expect(pinned).toBe('by-factory');
    expect(Condition[operator][sub]).toEqual(value);
    expect(Condition[carrier][sub]).toBe(SERVICE_PRINCIPAL);
  });

  it('goes under StringLike where the other two are taken, in any case of the key', () => {
    const Condition = {
      StringEquals: { [aud]: 'x', [sub.toUpperCase()]: 'agent' },
      StringEqualsIgnoreCase: { [sub]: 'AGENT' },
    };
    expect(conditionAfter(Condition)).toMatchObject({ StringLike: { [sub]: SERVICE_PRINCIPAL } });
  });

  it('cannot be pinned where no operator is free', () => {
    const trustPolicy = policyWith({
      StringEquals: { [aud]: 'x', [sub]: 'agent' },
      StringEqualsIgnoreCase: { [sub]: 'agent' },
      StringLike: { [sub]: 'a*' },
    });
    expect(() => rewrite(trustPolicy)).toThrowError(expect.objectContaining({ name: 'SubjectNotPinnable' }));
  });

  it('is the factory’s where at least one statement lets the own principal in', () => {
    const trustPolicy = policy(
      statement(),
      statement({ Condition: withSubject('StringLike', MANAGED_IDENTITY) }),
    );
    expect(rewrite(trustPolicy).pinned).toBe('by-factory');
  });
});

describe('a statement that names other principals', () => {
  const shared = { Federated: [GITHUB, PROVIDER_ARN], AWS: `arn:aws:iam::${ACCOUNT}:root` };
  const Condition = { StringEqualsIfExists: { [aud]: 'x' }, StringLike: { 'sts:RoleSessionName': 'ci-*' } };

  it('is split, and the others keep exactly what they had, Sid included', () => {
    const original = statement({ Sid: 'Both', Principal: shared, Condition });
    const { document, changes } = rewrite(policy(statement({ Effect: 'Deny' }), original));
    expect(JSON.parse(document).Statement).toEqual([
      statement({ Effect: 'Deny' }),
      statement({
        Principal: { Federated: PROVIDER_ARN },
        Condition: { ...without(Condition), StringEquals: FILLED },
      }),
      { ...original, Principal: { Federated: [GITHUB], AWS: shared.AWS } },
    ]);
    expect(changes[0]).toBe('statement 1: split from the other principals');
  });

  const without = ({ StringLike }: typeof Condition) => ({ StringLike });

  it('becomes a list where Statement was an object', () => {
    const trustPolicy = JSON.stringify({ Statement: statement({ Principal: shared }) });
    expect(JSON.parse(rewrite(trustPolicy).document).Statement).toHaveLength(2);
  });

  it('is not split where it is filled and pinned already', () => {
    const trustPolicy = policy(statement({ Principal: shared, Condition: { StringEquals: FILLED } }));
    expect(rewrite(trustPolicy)).toMatchObject({ document: trustPolicy, changed: false });
  });

  it('is not split where the provider merely stands in it twice', () => {
    const Principal = { Federated: [PROVIDER_ARN, PROVIDER_ARN] };
    expect(JSON.parse(rewrite(policy(statement({ Principal }))).document).Statement).toHaveLength(1);
  });
});

describe('everything else', () => {
  it('survives: other elements, Deny, other audiences, in order', () => {
    const others = [
      { Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRoleWithWebIdentity', Resource: '*' },
      statement({ Condition: { StringEquals: { [aud]: 'api://mciem-aws-oidc-app' } } }),
      { Sid: '', NotAction: ['sts:TagSession'], Effect: 'Allow', Principal: { Federated: GITHUB } },
    ];
    const { document } = rewrite(policy(others[0], others[1], statement(), others[2]));
    const after = JSON.parse(document).Statement;
    expect([after[0], after[1], after[3]]).toEqual(others);
  });

  it('survives in an object: Version, Id and the form of Statement', () => {
    const trustPolicy = JSON.stringify({ Id: 'x', Statement: statement(), Version: '2008-10-17' });
    expect(Object.entries(JSON.parse(rewrite(trustPolicy).document))).toEqual([
      ['Id', 'x'],
      ['Statement', statement({ Condition: { StringEquals: FILLED } })],
      ['Version', '2008-10-17'],
    ]);
  });
});

describe('rewriting again', () => {
  it.each([
    ['what it wrote', { StringEquals: FILLED }],
    ['a list of one', { StringEquals: { [aud]: [AUDIENCE], [sub]: [SERVICE_PRINCIPAL] } }],
    ['a key in other case', { StringEquals: { [aud.toUpperCase()]: AUDIENCE, [sub]: SERVICE_PRINCIPAL } }],
    [
      'a pin of the developer',
      { StringEquals: { [aud]: AUDIENCE }, StringLike: { [sub]: MANAGED_IDENTITY } },
    ],
  ])('changes nothing in %s', (_, Condition) => {
    const trustPolicy = policyWith(Condition);
    expect(rewrite(trustPolicy)).toMatchObject({ document: trustPolicy, changed: false, changes: [] });
  });

  it('pins again what was unpinned', () => {
    expect(rewrite(policyWith({ StringEquals: { [aud]: AUDIENCE } }))).toMatchObject({ changed: true });
  });
});

describe('tokens of version 2', () => {
  const aud2 = key('aud', PROVIDER_ARN_V2);
  const v2 = { provider: PROVIDER_V2, settings: SETTINGS_V2, audience: AUDIENCE_V2 };
  const conditionAfterV2 = (block: Record<string, unknown>, more = {}) =>
    JSON.parse(
      rewrite(
        policy(
          statement({
            Principal: { Federated: PROVIDER_ARN_V2 },
            Condition: { StringEquals: { [aud2]: PLACEHOLDER, ...block }, ...more },
          }),
        ),
        v2,
      ).document,
    ).Statement[0].Condition;

  it('are demanded to be for the application itself, so that no API can replay its caller’s token', () => {
    expect(conditionAfterV2({})).toEqual({
      StringEquals: { [aud2]: APP_ID, [oaud]: APP_ID, [key('sub', PROVIDER_ARN_V2)]: SERVICE_PRINCIPAL },
    });
  });

  it('keep a demand of the developer beside that', () => {
    expect(conditionAfterV2({ [oaud]: 'api://x' })).toMatchObject({
      StringEquals: { [oaud]: 'api://x' },
      StringEqualsIgnoreCase: { [oaud]: APP_ID },
    });
  });
});

describe('what cannot be rewritten', () => {
  const error = (name: string) => expect.objectContaining({ name });

  it('is a policy in which nothing is the factory’s to change', () => {
    expect(() => rewrite(policyWith({ StringEquals: { [aud]: 'api://else' } }))).toThrowError(
      error('ConsentWithdrawn'),
    );
  });

  it('is a policy on another spelling of the provider', () => {
    const providerArn = PROVIDER_ARN.replace(/\/$/, '') as typeof PROVIDER_ARN;
    expect(() => rewrite(policy(statement()), { provider: { ...PROVIDER, providerArn } })).toThrowError(
      error('ConsentWithdrawn'),
    );
  });

  it('is a policy on two providers of the tenant', () => {
    const Principal = { Federated: [PROVIDER_ARN, PROVIDER_ARN_V2] };
    expect(() => rewrite(policy(statement({ Principal })))).toThrowError(error('SeveralTenantProviders'));
  });

  it('is one that becomes longer than any quota', () => {
    const filler = { Effect: 'Deny', Principal: '*', Action: 'sts:*', Sid: 'x'.repeat(8000) };
    expect(() => rewrite(policy(statement(), filler))).toThrowError(error('TrustPolicyTooLong'));
    expect(() => rewrite(policy(statement(), { ...filler, Sid: 'x'.repeat(7000) }))).not.toThrow();
  });
});
