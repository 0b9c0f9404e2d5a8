/** Who gets in that should not. Every anti-pattern fires exactly its rules. */
import { describe, expect, it } from 'vitest';
import {
  AZURE_DEVOPS,
  audienceOf,
  BITBUCKET,
  BUILDKITE,
  CIRCLE,
  CIRCLE_ORG,
  COGNITO,
  EKS,
  ENTRA,
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
  type Cases,
  claims,
  GHES,
  github,
  gitlab,
  ON_GITLAB,
  PIPELINE,
  PIPELINE_ON_MAIN,
  PROD,
  PROJECT,
  REPO,
  REPOSITORY,
  SHA,
  STS,
  WORKFLOW,
  WORKSPACE,
} from './samples.ts';

const CASES: Cases = {
  'WI01, a stranger enters:': [
    ['nothing is demanded', policy(statement(GITHUB)), ['WI01', 'WI07']],
    ['no sub', claims({}), ['WI01']],
    ['*', github('*'), ['WI01']],
    ['repo:*', github('repo:*'), ['WI01']],
    ['the separator is missing', github('repo:acme*'), ['WI01']],
    ['any owner', github('repo:*/api:environment:prod'), ['WI01']],
    ['one character of the owner', github('repo:ac?e/api:environment:prod'), ['WI01']],
    ['any repository on main', github('*:ref:refs/heads/main'), ['WI01']],
    ['a name somewhere', github('*acme*'), ['WI01']],
    [
      'only strangers known by name are kept out',
      claims({ StringNotLike: { sub: 'repo:evil/*' } }),
      ['WI01'],
    ],
    ['only its presence is demanded', claims({ Null: { sub: 'false' } }), ['WI01']],
    ['the second value of a list', github([PROD, '*']), ['WI01']],
    [
      'whatever the key case',
      policy(
        statement(GITHUB, {
          StringLike: { [`${GITHUB.toUpperCase()}:SUB`]: 'repo:*', [`${GITHUB}:aud`]: STS },
        }),
      ),
      ['WI01'],
    ],
    ['GitLab', policy(subject(GITLAB, 'project_path:*')), ['WI01']],
    ['HCP Terraform', policy(subject(HCP, 'organization:acme*:run_phase:apply')), ['WI01']],
    ['Buildkite', policy(subject(BUILDKITE, 'organization:*')), ['WI01']],
    [
      'CircleCI, the issuer for all',
      policy(subject('oidc.circleci.com', `org/*/project/${PROJECT}/user/*`)),
      ['WI01'],
    ],
    ['Google', policy(statement(GOOGLE, { StringEquals: { oaud: STS } })), ['WI01']],
    [
      'any identity pool',
      policy(statement(COGNITO, { 'ForAnyValue:StringLike': { amr: 'authenticated' } })),
      ['WI01'],
    ],
    [
      'any customer of a Microsoft service',
      policy(
        statement('sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/', {
          StringEquals: { aud: 'api://service' },
        }),
      ),
      ['WI01'],
    ],
    ['any organization of Pulumi', policy(statement('api.pulumi.com/oidc')), ['WI01']],
    ['any service account of a cluster', policy(statement(EKS, { StringEquals: { aud: STS } })), ['WI01']],
    ['any namespace', policy(subject(EKS, 'system:serviceaccount:*:cart')), ['WI01']],
    [
      'any application of a tenant',
      policy(statement(ENTRA, { StringEquals: { aud: audienceOf(ENTRA) } })),
      ['WI01'],
    ],
    ['an unknown issuer', policy(statement('idp.acme.example', { StringEquals: { aud: STS } })), ['WI01']],
    [
      'an escaped character',
      JSON.parse(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:\\u0041ssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}}]}',
      ),
      ['WI01'],
    ],
  ],
  'WI02, a neighbour enters:': [
    ['an owner', github('repo:acme/*'), ['WI02']],
    ['an owner with id', github('repo:acme@1001/*'), ['WI02']],
    ['the beginning of a repository', github('repo:acme/api*'), ['WI02']],
    ['an environment of any repository', github('repo:acme@1001/*:environment:prod'), ['WI02']],
    ['a claim', claims({ StringLike: { repository: 'acme/*' } }), ['WI02']],
    ['an owner alone', claims({ StringEquals: { repository_owner_id: '1001' } }), ['WI02']],
    [
      'a customized subject without the repository',
      github('environment:production%3Aeastus:repository_owner:acme'),
      ['WI02'],
    ],
    [
      'two conditions that leave the repository open',
      claims({
        StringLike: { sub: 'repo:acme@1001/*' },
        'ForAnyValue:StringLike': { sub: '*:ref:refs/heads/main' },
      }),
      ['WI02'],
    ],
    ['a group', policy(subject(GITLAB, 'project_path:acme/*')), ['WI02']],
    [
      'any workspace of an organization',
      policy(subject(HCP, 'organization:acme:project:core:workspace:*:run_phase:apply')),
      ['WI02'],
    ],
    [
      'any repository of a workspace',
      policy(statement(BITBUCKET, { StringEquals: { aud: audienceOf(BITBUCKET) } })),
      ['WI02'],
    ],
    ['any project of an organization', policy(subject(CIRCLE, `org/${CIRCLE_ORG}/project/*`)), ['WI02']],
    ['any pipeline', policy(subject(BUILDKITE, 'organization:acme:*')), ['WI02']],
    ['any service account of a namespace', policy(subject(EKS, 'system:serviceaccount:shop:*')), ['WI02']],
    [
      'guests of an identity pool',
      policy(statement(COGNITO, { StringEquals: { aud: 'eu-west-1:pool' } })),
      ['WI02'],
    ],
    ['any service connection', policy(subject(AZURE_DEVOPS, 'sc://acme/*')), ['WI02', 'WI16']],
  ],
  'WI03, unreviewed code enters:': [
    ['pull requests', github(`${REPO}:pull_request`), ['WI03']],
    ['anything of the repository', github(`${REPO}:*`), ['WI03']],
    ['any branch', github(`${REPO}:ref:refs/heads/*`), ['WI03']],
    ['branches that begin alike', github(`${REPO}:ref:refs/heads/main*`), ['WI03']],
    ['a tag', github(`${REPO}:ref:refs/tags/v1`), ['WI03']],
    ['any environment', github(`${REPO}:environment:*`), ['WI03']],
    ['the repository alone', github(REPO), ['WI03']],
    ['its id alone', claims({ StringEquals: { repository_id: '2002' } }), ['WI03']],
    ['any branch on GitLab', gitlab('project_path:acme/api:ref_type:branch:ref:*'), ['WI03']],
    ['a branch or a tag of that name', gitlab('project_path:acme/api:ref_type:*:ref:main'), ['WI03']],
    ['any step on Bitbucket', policy(subject(BITBUCKET, `${REPOSITORY}:*`)), ['WI03']],
    [
      'any branch on CircleCI',
      policy(
        statement(CIRCLE, { StringEquals: { aud: CIRCLE_ORG, 'oidc.circleci.com/project-id': PROJECT } }),
      ),
      ['WI03'],
    ],
    [
      'a branch of CircleCI whose name holds another one, where * stands for the user',
      policy(
        subject(
          CIRCLE,
          `org/${CIRCLE_ORG}/project/${PROJECT}/user/*/vcs-origin/github.com/acme/api/vcs-ref/refs/heads/main`,
        ),
      ),
      ['WI03'],
    ],
    [
      'any branch on Buildkite',
      policy(subject(BUILDKITE, 'organization:acme:pipeline:api:*', { pipeline_id: PIPELINE })),
      ['WI03'],
    ],
  ],
  'WI04, a plan enters:': [
    ['any phase', policy(subject(HCP, `${WORKSPACE}:run_phase:*`)), ['WI04', 'WI14', 'WR06']],
    [
      'any operation of a stack',
      policy(subject(HCP, 'organization:acme:project:core:stack:net:deployment:prod:operation:*')),
      ['WI04', 'WI14', 'WR06'],
    ],
  ],
  'WI05, a workflow is all that is demanded:': [
    ['as a claim', claims({ StringEquals: { job_workflow_ref: `${WORKFLOW}@${SHA}` } }), ['WI05']],
    ['as a customized subject', github(`job_workflow_ref:${WORKFLOW}@refs/heads/main`), ['WI05']],
    [
      'with any sub',
      claims({ StringLike: { sub: 'repo:*' }, StringEquals: { job_workflow_ref: `${WORKFLOW}@${SHA}` } }),
      ['WI05'],
    ],
    [
      'at any ref',
      claims({ StringEquals: { sub: PROD }, StringLike: { job_workflow_ref: `${WORKFLOW}@*` } }),
      ['WI05'],
    ],
  ],
  'WI12, a weak statement beside a strong one:': [
    ['of the same provider', policy(subject(GITHUB, PROD), subject(GITHUB, 'repo:*')), ['WI01', 'WI12']],
    [
      'but not of one that is as weak, for another audience',
      policy(subject(GITHUB, 'repo:*'), subject(GITHUB, 'repo:*', { aud: 'other' })),
      ['WI01'],
    ],
    [
      'for AWS principals',
      policy(subject(GITHUB, PROD), { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }),
      ['WI10', 'WI12', 'WR07'],
    ],
  ],
  'WI13, a variable:': [
    ['the claim itself', github(`\${${GITHUB}:sub}`), ['WI13']],
    ['another claim', github(`repo:\${${GITHUB}:repository}:environment:prod`), ['WI13']],
  ],
  'WI14, a recycled name:': [
    ['GitHub', github('repo:acme/api:environment:prod'), ['WI14']],
    ['ids left open', github('repo:acme@*/api@*:environment:prod'), ['WI14']],
    ['GitLab', policy(subject(GITLAB, ON_GITLAB)), ['WI14']],
    ['Buildkite', policy(subject(BUILDKITE, PIPELINE_ON_MAIN)), ['WI14']],
    ['HCP Terraform, which has no lever', policy(subject(HCP, `${WORKSPACE}:run_phase:apply`)), ['WI14']],
    [
      'any project of a workspace',
      policy(subject(HCP, 'organization:acme:project:*:workspace:net:run_phase:apply')),
      ['WI14'],
    ],
    ['Enterprise Server', policy(subject(GHES, 'repo:acme/api:environment:prod')), ['WI14']],
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
