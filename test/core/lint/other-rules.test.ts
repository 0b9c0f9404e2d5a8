/** What else is wrong. Every anti-pattern fires exactly its rules. */
import { describe, expect, it } from 'vitest';
import {
  AZURE_DEVOPS,
  arnOf,
  BITBUCKET,
  EKS,
  ENTRA_V2,
  GITHUB,
  GITLAB,
  GOOGLE,
  HCP,
  linted,
  policy,
  rulesOf,
  SETTINGS,
  statement,
  subject,
} from './policies.ts';
import {
  ACCOUNT_ID,
  type Cases,
  CLIENT,
  claims,
  GHES,
  github,
  gitlab,
  PRINCIPAL,
  PROD,
  REPO,
  REPOSITORY,
  STEP,
  WORKSPACE,
} from './samples.ts';

const CASES: Cases = {
  'WI06, a missing claim passes:': [
    [
      'IfExists',
      claims({
        StringEquals: { sub: `${REPO}:ref:refs/heads/main` },
        StringEqualsIfExists: { environment: 'prod' },
      }),
      ['WI06'],
    ],
    [
      'ForAllValues',
      claims({
        StringEquals: { sub: `${REPO}:ref:refs/heads/main` },
        'ForAllValues:StringEquals': { environment: 'prod' },
      }),
      ['WI06'],
    ],
    ['IfExists on sub', claims({ StringEqualsIfExists: { sub: PROD } }), ['WI06']],
  ],
  'WI07, a token for others enters:': [
    ['no audience', policy(statement(GITHUB, { StringEquals: { sub: PROD } })), ['WI07']],
    [
      'a negative one',
      policy(statement(GITHUB, { StringEquals: { sub: PROD }, StringNotEquals: { aud: 'other' } })),
      ['WI07'],
    ],
    [
      'Kubernetes',
      policy(statement(EKS, { StringEquals: { sub: 'system:serviceaccount:shop:cart' } })),
      ['WI07'],
    ],
    [
      'Google: who asked is not for whom',
      policy(statement(GOOGLE, { StringEquals: { aud: ACCOUNT_ID, sub: ACCOUNT_ID } })),
      ['WI07'],
    ],
    [
      'Entra, version 2',
      policy(statement(ENTRA_V2, { StringEquals: { aud: CLIENT, sub: PRINCIPAL } })),
      ['WI07'],
    ],
  ],
  'WI08, a condition is dead:': [
    [
      'the key of another provider',
      policy(statement(GITHUB, { StringEquals: { 'gitlab.com:sub': 'x' } })),
      ['WI08'],
    ],
    ['a wildcard taken literally', claims({ StringEquals: { sub: `${REPO}:ref:refs/heads/*` } }), ['WI08']],
    [
      'a claim that AWS does not compare',
      claims({ StringEquals: { sub: PROD, event_name: 'push' } }),
      ['WI08'],
    ],
    [
      'the same with IfExists',
      claims({ StringEquals: { sub: PROD }, StringEqualsIfExists: { event_name: 'push' } }),
      ['WI08'],
    ],
    [
      'negated, with a wildcard taken literally',
      claims({ StringEquals: { sub: PROD }, StringNotEquals: { sub: 'repo:evil/*' } }),
      ['WI08'],
    ],
    ['a merge request', gitlab('project_path:acme/api:ref_type:mr:ref:main'), ['WI08']],
    ['one run of Bitbucket', policy(subject(BITBUCKET, `${REPOSITORY}:${STEP}`)), ['WI08']],
    [
      'an environment of Bitbucket by name',
      policy(subject(BITBUCKET, `${REPOSITORY}:production:*`)),
      ['WI08'],
    ],
    ['a colon in an environment', github(`${REPO}:environment:prod:eu`), ['WI08']],
    ['one dead value of a list', github([PROD, 'project_path:acme/api']), ['WI08']],
    [
      'a variable that nothing fills',
      github(`repo:acme@1001/\${aws:username}@2002:environment:prod`),
      ['WI08'],
    ],
    [
      'the application where AWS compares the client',
      policy(statement(ENTRA_V2, { StringEquals: { aud: 'api://app', sub: PRINCIPAL } })),
      ['WI08'],
    ],
    [
      'claims of Enterprise Server',
      policy(subject(GHES, 'repo:acme/api:environment:prod', { repository_id: '7' })),
      ['WI08'],
    ],
  ],
  'WI09, several issuers share a statement:': [
    [
      'one that nothing is demanded of',
      policy({ ...subject(GITHUB, PROD), Principal: { Federated: [arnOf(GITHUB), arnOf(GITLAB)] } }),
      ['WI09'],
    ],
  ],
  'WI10, anybody:': [
    ['every issuer', policy({ ...statement(GITHUB), Principal: '*' }), ['WI10']],
    [
      'no provider, but its conditions',
      policy({ ...subject(GITHUB, PROD), Principal: { Federated: '*' } }),
      ['WI10'],
    ],
    [
      'every AWS account',
      policy({ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }),
      ['WI10'],
    ],
    [
      'all but one',
      policy({ Effect: 'Allow', NotPrincipal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' }),
      ['WI10'],
    ],
  ],
  'WI11, more of STS than logging in:': [
    ['everything', policy({ ...subject(GITHUB, PROD), Action: '*' }), ['WI11']],
    ['all of STS', policy({ ...subject(GITHUB, PROD), Action: 'sts:*' }), ['WI11']],
    ['all ways to assume', policy({ ...subject(GITHUB, PROD), Action: ['sts:AssumeRole*'] }), ['WI11']],
    [
      'all but something',
      policy((({ Action: _, ...rest }) => ({ ...rest, NotAction: 'iam:*' }))(subject(GITHUB, PROD))),
      ['WI11'],
    ],
  ],
  'WI15, a form that GitHub does not write:': [
    ['hyphens', github('repo:acme-1001/api-2002:environment:prod'), ['WI14', 'WI15']],
    ['one id', github('repo:acme@1001/api:environment:prod'), ['WI15']],
    ['ids on Enterprise Server', policy(subject(GHES, 'repo:acme@1001/api@2002:environment:prod')), ['WI15']],
  ],
  'WI16, an issuer that ends:': [
    ['Azure DevOps', policy(subject(AZURE_DEVOPS, 'sc://acme/core/aws')), ['WI14', 'WI16']],
  ],
  'WR05, several projects:': [
    ['two repositories', github([PROD, 'repo:acme@1001/web@3003:environment:prod']), ['WR05']],
    [
      'two namespaces',
      policy(subject(EKS, ['system:serviceaccount:shop:cart', 'system:serviceaccount:bank:cart'])),
      ['WR05'],
    ],
  ],
  'WR06, plan and apply:': [
    [
      'both named',
      policy(subject(HCP, [`${WORKSPACE}:run_phase:plan`, `${WORKSPACE}:run_phase:apply`])),
      ['WI14', 'WR06'],
    ],
  ],
  'WR07, others beside workloads:': [
    [
      'an account',
      policy(subject(GITHUB, PROD), {
        Effect: 'Allow',
        Principal: { AWS: '111122223333' },
        Action: 'sts:AssumeRole',
      }),
      ['WR07'],
    ],
    [
      'a service',
      policy(subject(GITHUB, PROD), {
        Effect: 'Allow',
        Principal: { Service: 'ec2.amazonaws.com' },
        Action: 'sts:AssumeRole',
      }),
      ['WR07'],
    ],
    [
      'people',
      policy(subject(GITHUB, PROD), {
        Effect: 'Allow',
        Principal: { Federated: 'arn:aws:iam::111122223333:saml-provider/idp' },
        Action: 'sts:AssumeRoleWithSAML',
      }),
      ['WR07'],
    ],
  ],
  'WR08, an issuer that is not allowed:': [
    ['another one', github(PROD), ['WR08'], { issuers: ['https://gitlab.com'] }],
    [
      'the same host, another path',
      policy(subject('token.actions.githubusercontent.com/other', PROD)),
      ['WR08'],
      { issuers: [GITHUB] },
    ],
  ],
};

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  const named = cases.map(([name, trustPolicy, rules, settings]) => ({ name, trustPolicy, rules, settings }));
  it.each(named)('$name', ({ trustPolicy, rules, settings }) => {
    const result = linted(trustPolicy, undefined, { ...SETTINGS, ...settings });
    expect(result.unjudged).toBeUndefined();
    expect(rulesOf(result)).toEqual(rules);
  });
});

it('what concerns outages and ids is never critical: nobody is to be cut off for it', () => {
  const mild = Object.values(CASES)
    .flat()
    .flatMap(([, trustPolicy]) => linted(trustPolicy).findings)
    .filter(({ rule }) => /^WI(?:07|08|14|15|16)$/.test(rule));
  expect(mild.length).toBeGreaterThan(10);
  expect(mild.filter(({ severity }) => severity === 'critical')).toEqual([]);
});
