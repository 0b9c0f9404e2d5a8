import { describe, expect, it } from 'vitest';
import { evaluateConsent, isWithdrawn, tenantProviderArns } from '../../core/consent.ts';
import { audience, roleName } from '../../core/ids.ts';
import { aud, evaluate, withAudience } from '../fixtures/consent.ts';
import {
  ACCOUNT,
  APP_ID,
  AUDIENCE,
  ISSUER,
  key,
  PLACEHOLDER,
  PROVIDER,
  PROVIDER_ARN,
  PROVIDER_ARN_V2,
  PROVIDER_V2,
  policy,
  policyWith,
  SETTINGS,
  SETTINGS_V2,
  statement,
} from '../fixtures/domain.ts';

describe('a role consents', () => {
  it('where the placeholder stands in the place of the audience', () => {
    expect(evaluate({})).toEqual({
      kind: 'consents',
      managedStatements: [0],
      providerArn: PROVIDER_ARN,
    });
  });

  it.each([
    ['a bare word', withAudience('dummy-value')],
    ['a list of one, as the console writes it', withAudience(['dummy-value'])],
    ['several placeholders', withAudience(['dummy-value', PLACEHOLDER, 'x'])],
    ['a key in other case', policyWith({ StringEquals: { [aud.toUpperCase()]: 'x' } })],
    [
      'several operators',
      policyWith({ StringEquals: { [aud]: 'x' }, 'ForAnyValue:StringLike': { [aud]: 'y' } }),
    ],
    ['an action in other case', policy(statement({ Action: 'STS:assumerolewithwebidentity' }))],
    [
      'an action among others',
      policy(statement({ Action: ['sts:TagSession', 'sts:AssumeRoleWithWebIdentity'] })),
    ],
    ['a provider in a list', policy(statement({ Principal: { Federated: [PROVIDER_ARN] } }))],
    [
      'a provider among others',
      policy(
        statement({ Principal: { Federated: [PROVIDER_ARN, 'cognito-identity.amazonaws.com'], AWS: '*' } }),
      ),
    ],
    ['a Statement that is an object', JSON.stringify({ Statement: statement() })],
    [
      'conditions that only narrow',
      policyWith({
        StringEquals: { [aud]: 'x', 'sts:RoleSessionName': 'ci' },
        StringNotLike: { [aud]: 'api://*' },
        Null: { [aud]: 'false' },
      }),
    ],
    ['64 characters', withAudience('w'.repeat(64))],
  ])('with %s', (_, trustPolicy) => {
    expect(evaluate({ trustPolicy })).toMatchObject({ kind: 'consents', managedStatements: [0] });
  });

  it.each(
    ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike'].flatMap((operator) => [
      operator,
      `${operator}IfExists`,
      `ForAnyValue:${operator}`,
      `ForAllValues:${operator}IfExists`,
    ]),
  )('under %s', (operator) => {
    expect(evaluate({ trustPolicy: withAudience('x', operator) }).kind).toBe('consents');
  });

  it('where the account has no provider yet', () => {
    expect(
      evaluateConsent({
        role: {
          accountId: ACCOUNT,
          roleName: roleName('deploy'),
          path: '/',
          trustPolicy: policy(statement()),
          tags: {},
        },
        provider: undefined,
        settings: SETTINGS,
      }),
    ).toMatchObject({ kind: 'consents', providerArn: PROVIDER_ARN });
  });

  it('by those statements only that carry a placeholder', () => {
    const trustPolicy = policy(
      { Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRoleWithWebIdentity' },
      statement({ Condition: { StringEquals: { [aud]: 'api://mciem-aws-oidc-app' } } }),
      statement(),
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      statement(),
    );
    expect(evaluate({ trustPolicy })).toMatchObject({ kind: 'consents', managedStatements: [2, 4] });
  });

  it('on the spelling of the provider that the account has', () => {
    const providerArn = PROVIDER_ARN.replace(/\/$/, '') as typeof PROVIDER_ARN;
    const trustPolicy = policy(
      statement({
        Principal: { Federated: providerArn },
        Condition: { StringEquals: { [key('aud', providerArn)]: 'x' } },
      }),
    );
    const provider = { ...PROVIDER, providerArn };
    expect(evaluate({ trustPolicy, provider })).toMatchObject({ kind: 'consents', providerArn });
    expect(evaluate({ trustPolicy })).toMatchObject({ kind: 'refused', reason: 'provider-not-named' });
  });

  it('on the provider for tokens of version 2 where that one is configured', () => {
    const trustPolicy = policy(
      statement({
        Principal: { Federated: PROVIDER_ARN_V2 },
        Condition: { StringEquals: { [key('aud', PROVIDER_ARN_V2)]: 'x' } },
      }),
    );
    const v2 = { provider: PROVIDER_V2, settings: SETTINGS_V2 };
    expect(evaluate({ trustPolicy, ...v2 })).toMatchObject({ kind: 'consents' });
    expect(evaluate({ trustPolicy })).toMatchObject({ reason: 'not-tenant-provider' });
    expect(evaluate(v2)).toMatchObject({ reason: 'not-tenant-provider' });
  });

  it('with a configured placeholder of any form, compared exactly', () => {
    const settings = { ...SETTINGS, placeholders: [audience(ISSUER.url)] };
    expect(evaluate({ trustPolicy: withAudience(ISSUER.url), settings }).kind).toBe('consents');
    expect(evaluate({ trustPolicy: withAudience(ISSUER.url.toUpperCase()), settings }).kind).toBe('refused');
    expect(evaluate({ trustPolicy: withAudience(PLACEHOLDER), settings }).kind).toBe('refused');
  });
});

describe('a role is managed', () => {
  it.each([
    ['text', AUDIENCE],
    ['a list of one', [AUDIENCE]],
  ])('where its aud is exactly the recorded audience, as %s', (_, value) => {
    const trustPolicy = withAudience(value);
    expect(evaluate({ trustPolicy, recordedAudience: AUDIENCE })).toEqual({
      kind: 'managed',
      managedStatements: [0],
      providerArn: PROVIDER_ARN,
    });
    expect(evaluate({ trustPolicy })).toMatchObject({ reason: 'audience-not-placeholder' });
  });

  it.each([
    ['another operator', withAudience(AUDIENCE, 'StringLike')],
    ['IfExists', withAudience(AUDIENCE, 'StringEqualsIfExists')],
    ['a further audience', withAudience([AUDIENCE, 'api://else'])],
    ['another case', withAudience(AUDIENCE.toUpperCase())],
    [
      'another condition beside it',
      policyWith({ StringEquals: { [aud]: AUDIENCE }, StringLike: { [aud]: 'api://*' } }),
    ],
    [
      'an operator that nobody knows',
      policyWith({ StringEquals: { [aud]: AUDIENCE }, ArnLike: { [aud]: 'x' } }),
    ],
  ])('but not with %s', (_, trustPolicy) => {
    expect(evaluate({ trustPolicy, recordedAudience: AUDIENCE }).kind).toBe('refused');
  });

  it('and consents at once, where another statement carries a placeholder', () => {
    const trustPolicy = policy(statement({ Condition: { StringEquals: { [aud]: AUDIENCE } } }), statement());
    expect(evaluate({ trustPolicy, recordedAudience: AUDIENCE })).toMatchObject({
      kind: 'consents',
      managedStatements: [0, 1],
    });
  });
});

describe('a policy that names two providers of the tenant', () => {
  const slashless = PROVIDER_ARN.replace(/\/$/, '');

  it.each([
    ['in two statements', [statement(), statement({ Principal: { Federated: slashless }, Condition: {} })]],
    ['in one list', [statement({ Principal: { Federated: [PROVIDER_ARN, slashless] } })]],
    ['for both versions of tokens', [statement(), statement({ Principal: { Federated: PROVIDER_ARN_V2 } })]],
  ])('is an error %s', (_, statements) => {
    expect(() => evaluate({ trustPolicy: policy(...statements) })).toThrowError(
      expect.objectContaining({ name: 'SeveralTenantProviders' }),
    );
  });

  it('is left alone where none of it is the business of the factory', () => {
    const foreign = { StringEquals: { [aud]: 'api://mciem-aws-oidc-app' } };
    const trustPolicy = policy(
      statement({ Condition: foreign }),
      statement({ Principal: { Federated: PROVIDER_ARN_V2 } }),
    );
    expect(evaluate({ trustPolicy })).toMatchObject({ kind: 'refused' });
  });

  it('does not hide which ones', () => {
    const trustPolicy = policy(statement({ Principal: { Federated: [PROVIDER_ARN, slashless] } }));
    expect(tenantProviderArns(trustPolicy, ACCOUNT, ISSUER)).toEqual([PROVIDER_ARN, slashless]);
  });
});

describe('the providers that a policy names', () => {
  it('are those of the tenant and account, each once', () => {
    const trustPolicy = policy(statement(), statement({ Condition: {} }), statement({ Effect: 'Deny' }));
    expect(tenantProviderArns(trustPolicy, ACCOUNT, ISSUER)).toEqual([PROVIDER_ARN]);
    expect(tenantProviderArns(policy(), ACCOUNT, ISSUER)).toEqual([]);
  });

  it('cannot be read from what is no policy', () => {
    expect(() => tenantProviderArns('{', ACCOUNT, ISSUER)).toThrowError(
      expect.objectContaining({ name: 'TrustPolicyUnreadable' }),
    );
  });
});

describe('a role that was served', () => {
  const recorded = { audience: AUDIENCE, appId: APP_ID };
  const service = policy({
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { Service: 'ec2.amazonaws.com' },
  });
  const hasLeft = (trustPolicy: string, more: object = {}) =>
    isWithdrawn(
      { accountId: ACCOUNT, roleName: roleName('deploy'), path: '/', tags: {}, trustPolicy, ...more },
      recorded,
      SETTINGS,
    );
  const ignored = { tags: { 'OIDC-Factory:Ignore': 'false' } };

  it('has left where its trust concerns the tenant no more', () => {
    expect(hasLeft(service)).toBe(true);
  });

  it('has left where it carries the ignore tag and names nothing of its application', () => {
    expect(hasLeft(withAudience('api://elsewhere'), ignored)).toBe(true);
    expect(hasLeft(withAudience('api://elsewhere'))).toBe(false);
  });

  it.each([
    ['its audience stands somewhere', withAudience(AUDIENCE)],
    ['it stands there in an escaped form', withAudience(AUDIENCE).replace('api:', '\\u0061pi:')],
    ['its client id does', withAudience(APP_ID.toUpperCase())],
    ['nobody can read it', '{'],
  ])('has not left where %s', (_, trustPolicy) => {
    expect(hasLeft(trustPolicy, ignored)).toBe(false);
  });

  it('has not left where it is protected by now', () => {
    expect(hasLeft(service, { path: '/aws-reserved/' })).toBe(false);
  });
});
