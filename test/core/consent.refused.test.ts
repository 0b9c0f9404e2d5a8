import { describe, expect, it } from 'vitest';
import { aud, type ConsentOverrides, evaluate, withAudience } from '../fixtures/consent.ts';
import {
  ACCOUNT,
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
  SETTINGS_V2,
  statement,
  TENANT,
} from '../fixtures/domain.ts';

describe('a role is left alone', () => {
  it.each<[string, string, ConsentOverrides]>([
    ['it is protected', 'protected', { roleName: 'ORGANIZATIONACCOUNTACCESSROLE', path: '/x/' }],
    ['its path is reserved', 'protected', { path: '/aws-reserved/sso.amazonaws.com/' }],
    ['it is tagged so', 'ignore-tag', { tags: { 'OIDC-Factory:Ignore': '' } }],
    [
      'it is for a service',
      'not-web-identity',
      {
        trustPolicy: policy(
          statement({ Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }),
        ),
      },
    ],
    ['the statement denies', 'not-web-identity', { trustPolicy: policy(statement({ Effect: 'Deny' })) }],
    ['the effect is unknown', 'not-web-identity', { trustPolicy: policy(statement({ Effect: 'allow' })) }],
    [
      'it is for SAML',
      'not-web-identity',
      { trustPolicy: policy(statement({ Action: 'sts:AssumeRoleWithSAML' })) },
    ],
    [
      'the principal is everybody',
      'not-web-identity',
      { trustPolicy: policy(statement({ Principal: '*' })) },
    ],
    [
      'any federated principal may come',
      'not-tenant-provider',
      { trustPolicy: policy(statement({ Principal: { Federated: '*' } })) },
    ],
    [
      'the tenant is another',
      'not-tenant-provider',
      {
        trustPolicy: policy(statement()).replaceAll(TENANT, '99999999-8888-4777-8666-555555555555'),
      },
    ],
    [
      'the provider is of another account',
      'not-tenant-provider',
      { trustPolicy: policy(statement()).replaceAll(ACCOUNT, '444455556666') },
    ],
    [
      'NotPrincipal excepts the provider',
      'not-web-identity',
      {
        trustPolicy: policy({
          Effect: 'Allow',
          NotPrincipal: { Federated: PROVIDER_ARN },
          Action: 'sts:AssumeRoleWithWebIdentity',
        }),
      },
    ],
    ['there is no condition', 'no-audience-condition', { trustPolicy: policyWith(undefined) }],
    [
      'the audience is only excluded',
      'no-audience-condition',
      { trustPolicy: withAudience('x', 'StringNotEquals') },
    ],
    [
      'the key is that of the other spelling',
      'no-audience-condition',
      { trustPolicy: policyWith({ StringEquals: { [aud.replace('/:', ':')]: 'x' } }) },
    ],
    ['the action is a wildcard', 'form-unknown', { trustPolicy: policy(statement({ Action: 'sts:*' })) }],
    [
      'the action is what is left',
      'form-unknown',
      (() => {
        const { Action: _, ...rest } = statement();
        return { trustPolicy: policy({ ...rest, NotAction: 'sts:TagSession' }) };
      })(),
    ],
    ['an element is unknown', 'form-unknown', { trustPolicy: policy(statement({ condition: {} })) }],
    [
      'a type of principal is unknown',
      'form-unknown',
      { trustPolicy: policy(statement({ Principal: { Federated: PROVIDER_ARN, Robot: 'x' } })) },
    ],
    ['the condition is a list', 'form-unknown', { trustPolicy: policyWith([]) }],
    ['a block is text', 'form-unknown', { trustPolicy: policyWith({ StringEquals: 'x' }) }],
    ['the operator is unknown', 'form-unknown', { trustPolicy: withAudience('x', 'ArnEquals') }],
    ['the operator is in other case', 'form-unknown', { trustPolicy: withAudience('x', 'stringequals') }],
    ['there is no value', 'form-unknown', { trustPolicy: withAudience([]) }],
    ['the value is a number', 'form-unknown', { trustPolicy: withAudience(7) }],
    ['one value is no text', 'form-unknown', { trustPolicy: withAudience(['x', null]) }],
  ])('where %s', (_, reason, overrides) => {
    expect(evaluate(overrides)).toEqual({ kind: 'refused', reason, detail: expect.stringMatching(/\w/) });
  });

  it.each([
    ['Defender for Cloud', 'api://1462b192-27f7-4cb9-8523-0f4ecb54b47e'],
    ['Permissions Management', 'api://mciem-aws-oidc-app'],
    ['Sentinel', 'api://d4230588-5f84-4281-a9c7-2c15194b28f7'],
    ['Fabric', 'https://analysis.windows.net/powerbi/connector/AmazonS3'],
    ['token exchange', 'api://AzureADTokenExchange'],
    ['the audience of AWS', 'sts.amazonaws.com'],
    ['a client id', MANAGED_IDENTITY],
    ['a client id in upper case', MANAGED_IDENTITY.toUpperCase()],
    ['a URI that is not configured', `api://${TENANT}/placeholder`],
    ['the placeholder in other case', PLACEHOLDER.toUpperCase()],
    ['65 characters', 'w'.repeat(65)],
    ['nothing', ''],
    ['a space', 'dummy value'],
    ['a line feed at the end', 'dummy\n'],
    ['a wildcard', 'dummy*'],
    ['a policy variable', '\u0024{aws:username}'],
    ['letters beyond ASCII', 'dümmy'],
  ])('where the audience is that of %s', (_, value) => {
    expect(evaluate({ trustPolicy: withAudience(value) })).toMatchObject({
      kind: 'refused',
      reason: 'audience-not-placeholder',
      foreignAudiences: [value],
    });
  });

  it('where one of several audiences is none of the placeholders, and says which', () => {
    const trustPolicy = policy(
      statement({ Condition: { StringEquals: { [aud]: ['x', 'api://one'] } } }),
      statement({ Condition: { StringEquals: { [aud]: 'x' }, StringLike: { [aud]: 'api://two' } } }),
      statement({ Condition: {} }),
    );
    expect(evaluate({ trustPolicy })).toMatchObject({
      reason: 'audience-not-placeholder',
      foreignAudiences: ['api://one', 'api://two'],
    });
  });

  it('and says few words about many audiences, those of the provider first', () => {
    const many = Array.from({ length: 3000 }, (_, index) => `api://${index}`);
    const trustPolicy = policyWith({ StringEquals: { [aud]: [...many, 'api://listed'] } });
    const provider = { ...PROVIDER, clientIds: [PLACEHOLDER, 'api://listed'] };
    const result = evaluate({ trustPolicy, provider });
    expect(result).toMatchObject({ reason: 'audience-not-placeholder' });
    const { detail, foreignAudiences = [] } = {
      detail: '',
      ...result,
      foreignAudiences: [] as readonly string[],
      ...result,
    };
    expect(detail.length).toBeLessThan(400);
    expect(foreignAudiences).toHaveLength(100);
    expect(foreignAudiences.slice(0, 2)).toEqual(['api://listed', 'api://0']);
  });

  it('and still says which audience it names, where its form never consents', () => {
    const foreign = { Condition: { StringEquals: { [aud]: [AUDIENCE, 'api://one'] } }, Action: 'sts:*' };
    expect(evaluate({ trustPolicy: policy(statement(foreign)), recordedAudience: AUDIENCE })).toMatchObject({
      reason: 'form-unknown',
      foreignAudiences: ['api://one'],
    });
  });

  it.each(['taken', 'Taken'])('where the bare word is on the list of the provider, as %s', (listed) => {
    const provider = { ...PROVIDER, clientIds: [PLACEHOLDER, listed] };
    expect(evaluate({ trustPolicy: withAudience('taken'), provider })).toMatchObject({
      reason: 'audience-not-placeholder',
      foreignAudiences: ['taken'],
    });
  });

  it('where the bare word is a client id, even as recorded for another role', () => {
    const v2 = { provider: PROVIDER_V2, settings: SETTINGS_V2 };
    const trustPolicy = policy(
      statement({
        Principal: { Federated: PROVIDER_ARN_V2 },
        Condition: { StringEquals: { [key('aud', PROVIDER_ARN_V2)]: AUDIENCE_V2 } },
      }),
    );
    expect(evaluate({ trustPolicy, ...v2 })).toMatchObject({ foreignAudiences: [AUDIENCE_V2] });
  });
});
