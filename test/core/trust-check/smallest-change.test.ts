import { describe, expect, it } from 'vitest';
import {
  APP_ID,
  AUDIENCE,
  ISSUER_V2,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER_ARN,
  PROVIDER_ARN_V2,
  policy,
  SERVICE_PRINCIPAL,
  statement,
  TENANT,
} from '../../fixtures/domain.ts';
import { type Asked, ask, aud, NOW, OWN, sub, trusting } from './questions.ts';

const OTHER = { claims: { sub: MANAGED_IDENTITY } };
const texts = (asked: Asked) => ask(asked).change?.edits.map(({ text }) => text);
const GITHUB = `arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com`;
const WITHOUT_SLASH = `sts.windows.net/${TENANT}`;

describe('the smallest change', () => {
  it.each<[string, Asked, string, readonly string[], boolean]>([
    [
      'adds another principal to the pin',
      OTHER,
      'SubjectNotTrusted',
      [`statement 0: StringEquals ${sub} also takes ${MANAGED_IDENTITY}`],
      true,
    ],
    [
      'adds a subject that is nobody’s object id, unwisely',
      { claims: { sub: 'jane@example.org' } },
      'SubjectNotTrusted',
      [`statement 0: StringEquals ${sub} also takes jane@example.org`],
      false,
    ],
    [
      'names the provider as it is spelled in the account',
      {
        trustPolicy: policy({
          ...trusting(OWN),
          Principal: { Federated: [GITHUB, PROVIDER_ARN.replace(/\/$/, '')] },
        }),
      },
      'NotTrusted',
      [`statement 0: Principal names ${PROVIDER_ARN}, not ${PROVIDER_ARN.replace(/\/$/, '')}`],
      true,
    ],
    [
      'spells condition keys as the provider is spelled',
      {
        trustPolicy: policy(
          trusting({
            [`${WITHOUT_SLASH}:aud`]: AUDIENCE,
            [`https://${WITHOUT_SLASH}/:sub`]: SERVICE_PRINCIPAL,
          }),
        ),
      },
      'AudienceNotTrusted',
      [
        `statement 0: StringEquals is about ${aud}, not ${WITHOUT_SLASH}:aud`,
        `statement 0: StringEquals is about ${sub}, not https://${WITHOUT_SLASH}/:sub`,
      ],
      true,
    ],
    [
      'allows the action',
      { trustPolicy: policy({ ...trusting(OWN), Action: 'sts:AssumeRole' }) },
      'NotTrusted',
      ['statement 0: Action also has sts:AssumeRoleWithWebIdentity'],
      true,
    ],
    [
      'takes the other form of the same audience',
      { trustPolicy: policy(trusting({ ...OWN, [aud]: APP_ID })) },
      'AudienceNotTrusted',
      [`statement 0: StringEquals ${aud} also takes ${AUDIENCE}`],
      true,
    ],
    [
      'takes another audience, unwisely',
      { trustPolicy: policy(trusting({ ...OWN, [aud]: 'api://theirs' })) },
      'AudienceNotTrusted',
      [`statement 0: StringEquals ${aud} also takes ${AUDIENCE}`],
      false,
    ],
    [
      'does the factory’s work, unwisely',
      { trustPolicy: policy(trusting({ [aud]: PLACEHOLDER })) },
      'RoleNotReady',
      [`statement 0: StringEquals ${aud} also takes ${AUDIENCE}`],
      false,
    ],
    [
      'drops a demand that the token cannot meet, unwisely',
      { trustPolicy: policy(trusting({ ...OWN, [key('email')]: 'jane@example.org' })) },
      'NotTrusted',
      [`statement 0: without StringEquals ${key('email')}`],
      false,
    ],
    [
      'drops a claim that AWS makes no key of',
      { trustPolicy: policy(trusting({ ...OWN, [key('tid')]: TENANT })) },
      'NotTrusted',
      [`statement 0: without StringEquals ${key('tid')}`],
      true,
    ],
    [
      'drops a claim that AWS makes no key of, unwisely where nothing else pins the role',
      { trustPolicy: policy(trusting({ [aud]: AUDIENCE, [key('appid')]: APP_ID })) },
      'NotTrusted',
      [`statement 0: without StringEquals ${key('appid')}`],
      false,
    ],
    [
      'adds to what a Deny excepts',
      {
        ...OTHER,
        trustPolicy: policy(
          trusting({ [aud]: AUDIENCE }),
          statement({ Effect: 'Deny', Condition: { StringNotEquals: { [sub]: SERVICE_PRINCIPAL } } }),
        ),
      },
      'DeniedExplicitly',
      [`statement 1: StringNotEquals ${sub} also takes ${MANAGED_IDENTITY}`],
      true,
    ],
    [
      'removes a Deny, unwisely',
      {
        trustPolicy: policy(
          trusting(OWN),
          statement({ Effect: 'Deny', Condition: { StringEquals: { [sub]: SERVICE_PRINCIPAL } } }),
        ),
      },
      'DeniedExplicitly',
      ['statement 1: removed'],
      false,
    ],
    [
      'is one of the call where a condition is about that',
      { trustPolicy: policy(trusting({ ...OWN, 'sts:RoleSessionName': ['ci', 'cd'] })) },
      'NotTrusted',
      ['in the call to STS, not in the policy: statement 0: StringEquals sts:RoleSessionName ci or cd holds'],
      true,
    ],
    [
      'is one of the call where a Deny is about that',
      {
        trustPolicy: policy(
          trusting(OWN),
          statement({ Effect: 'Deny', Condition: { NotIpAddress: { 'aws:SourceIp': '198.51.100.0/24' } } }),
        ),
      },
      'DeniedExplicitly',
      [
        'in the call to STS, not in the policy: statement 1: NotIpAddress aws:SourceIp 198.51.100.0/24 does not hold',
      ],
      true,
    ],
    [
      'lists the audience that the policy asks for',
      { clientIds: [PLACEHOLDER] },
      'AudienceNotOnProvider',
      [`the provider's client id list also has ${AUDIENCE}`],
      true,
    ],
    [
      'lists an audience, unwisely where anybody of the tenant would get in with it',
      { clientIds: [PLACEHOLDER], trustPolicy: policy(trusting({ [aud]: AUDIENCE })) },
      'AudienceNotOnProvider',
      [`the provider's client id list also has ${AUDIENCE}`],
      false,
    ],
    [
      'lists the caller of a token of the wrong version, unwisely',
      {
        clientIds: ['api://x'],
        claims: { azp: APP_ID, aud: 'api://x' },
        trustPolicy: policy(trusting({ [aud]: APP_ID, [sub]: SERVICE_PRINCIPAL })),
      },
      'CallerIsAudience',
      [`the provider's client id list also has ${APP_ID}`],
      false,
    ],
  ])('%s', (_, asked, code, edits, wise) => {
    expect(ask(asked)).toMatchObject({
      letIn: false,
      code,
      change: { wise, because: expect.stringMatching(/\w$/) },
    });
    expect(texts(asked)).toEqual(edits);
  });

  it('is a statement of its own where none is about the provider', () => {
    const lambda = {
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    const { change } = ask({ trustPolicy: policy(lambda) });
    expect(change).toMatchObject({ wise: true });
    expect(change?.policy).toEqual(JSON.parse(policy(lambda, trusting(OWN))));
  });

  it('takes the real audience into account where AWS calls it oaud', () => {
    const claims = { iss: ISSUER_V2.url, azp: APP_ID, aud: 'api://x' };
    const asked = { arn: PROVIDER_ARN_V2, clientIds: [APP_ID], claims };
    const lambda = {
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    const { change } = ask({ ...asked, trustPolicy: policy(lambda) });
    const on = (claim: string) => key(claim, PROVIDER_ARN_V2);
    expect(change?.policy).toMatchObject({
      Statement: [
        lambda,
        {
          Condition: {
            StringEquals: { [on('aud')]: APP_ID, [on('oaud')]: 'api://x', [on('sub')]: SERVICE_PRINCIPAL },
          },
        },
      ],
    });
  });

  it('is that of the statement which lacks least', () => {
    const trustPolicy = policy(
      trusting({ [aud]: 'api://theirs', [sub]: SERVICE_PRINCIPAL }),
      trusting({ [aud]: AUDIENCE, [sub]: SERVICE_PRINCIPAL }),
    );
    expect(texts({ ...OTHER, trustPolicy })).toEqual([
      `statement 1: StringEquals ${sub} also takes ${MANAGED_IDENTITY}`,
    ]);
  });

  it('takes a value literally', () => {
    const added = (Version: string) => {
      const like = { Version, Statement: trusting({ [aud]: AUDIENCE, [sub]: 'agent-?' }, 'StringLike') };
      return ask({ trustPolicy: JSON.stringify(like), claims: { sub: 'a*' } }).change;
    };
    expect(added('2012-10-17')?.edits).toMatchObject([{ value: `a\${*}` }]);
    expect(added('2008-10-17')).toMatchObject({
      edits: [{ value: 'a*' }],
      wise: false,
      because: 'a* would be a wildcard',
    });
  });

  it.each([
    ['expired', { exp: NOW / 1000 - 3600 }],
    ['of another issuer', { iss: 'https://other/' }],
    ['without an audience', { aud: undefined }],
  ])('is none for a token that is %s', (_, claims) => {
    expect(ask({ claims })).toMatchObject({ letIn: false, change: null });
  });
});

describe('what is compared', () => {
  it('is told condition by condition', () => {
    expect(ask(OTHER).statements).toMatchObject([
      {
        index: 0,
        applies: false,
        conditions: [
          { key: aud, met: true, values: [AUDIENCE], actual: [AUDIENCE] },
          { key: sub, met: false, values: [SERVICE_PRINCIPAL], actual: [MANAGED_IDENTITY] },
        ],
      },
    ]);
  });

  it('says on which keys of the request the answer may hang', () => {
    const trustPolicy = policy(trusting({ ...OWN, 'sts:RoleSessionName': 'ci' }));
    expect(ask({ trustPolicy })).toMatchObject({ letIn: false, unknownKeys: ['sts:RoleSessionName'] });
    expect(ask({ trustPolicy, sessionName: 'ci' })).toMatchObject({ letIn: true, unknownKeys: [] });
  });
});
