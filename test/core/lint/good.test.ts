import { describe, expect, it } from 'vitest';
import {
  BITBUCKET,
  BUILDKITE,
  CIRCLE,
  CIRCLE_ORG,
  COGNITO,
  EKS,
  ENTRA,
  ENTRA_V2,
  GITHUB,
  GITLAB,
  GOOGLE,
  linted,
  policy,
  statement,
  subject,
} from './policies.ts';
import {
  ACCOUNT_ID,
  ANY_UUID,
  CLIENT,
  claims,
  deny,
  ENVIRONMENT,
  github,
  gitlab,
  ON_GITLAB,
  PIPELINE,
  PIPELINE_ON_MAIN,
  PRINCIPAL,
  PROD,
  PROJECT,
  REPO,
  REPOSITORY,
  SHA,
  STS,
  WORKFLOW,
} from './samples.ts';

const GOOD: readonly (readonly [string, object])[] = [
  ['an environment, with ids', github(PROD)],
  ['a branch, with ids', github(`${REPO}:ref:refs/heads/main`)],
  [
    'names beside the ids as claims',
    github('repo:acme/api:environment:prod', { repository_id: '2002', repository_owner_id: '1001' }),
  ],
  ['ids with any name', github('repo:*@1001/*@2002:environment:prod')],
  [
    'classic and immutable while migrating',
    github(['repo:acme/api:environment:prod', PROD], { repository_id: '2002' }),
  ],
  ['an environment with a colon, as GitHub writes it', github(`${REPO}:environment:prod%3Aeu`)],
  [
    'one repository by its id, on one ref',
    claims({ StringEquals: { repository_id: '2002', ref: 'refs/heads/main' } }),
  ],
  [
    'a workflow at a commit, for one owner',
    claims({ StringEquals: { repository_owner_id: '1001', job_workflow_ref: `${WORKFLOW}@${SHA}` } }),
  ],
  ['a customized subject', github(`${PROD}:job_workflow_ref:${WORKFLOW}@refs/heads/main`)],
  [
    'whatever the case of names',
    policy({ ...subject(GITHUB, PROD), Action: ['STS:assumerolewithwebidentity'] }),
  ],
  [
    'tagged sessions, by name',
    policy({ ...subject(GITHUB, PROD), Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'] }),
  ],
  [
    'a wide Allow that a Deny narrows',
    policy(subject(GITHUB, 'repo:*'), deny({ StringNotLike: { [`${GITHUB}:sub`]: PROD } })),
  ],
  [
    'two conditions that narrow each other',
    claims({
      StringLike: { sub: 'repo:acme@1001/*' },
      'ForAnyValue:StringLike': { sub: `*/api@2002:environment:prod` },
    }),
  ],
  ['GitLab with the id', gitlab(ON_GITLAB)],
  ['GitLab by id', policy(subject(GITLAB, 'project_id:7:ref_type:branch:ref:main'))],
  [
    'GitLab, any protected branch',
    gitlab('project_path:acme/api:ref_type:branch:ref:*', { ref_protected: 'true' }),
  ],
  ["GitLab of one's own", policy(subject('gitlab.acme.example', ON_GITLAB))],
  ['Bitbucket, an environment', policy(subject(BITBUCKET, `${REPOSITORY}:${ENVIRONMENT}:*`))],
  [
    'CircleCI, a branch',
    policy(
      subject(
        CIRCLE,
        `org/${CIRCLE_ORG}/project/${PROJECT}/user/${ANY_UUID}/vcs-origin/github.com/acme/api/vcs-ref/refs/heads/main`,
      ),
    ),
  ],
  ['CircleCI audit logs', policy(subject(CIRCLE, `org/${CIRCLE_ORG}/file-streaming/audit-logs`))],
  ['Buildkite with the id', policy(subject(BUILDKITE, PIPELINE_ON_MAIN, { pipeline_id: PIPELINE }))],
  ['Buildkite by id, on one branch', policy(subject(BUILDKITE, PIPELINE, { build_branch: 'main' }))],
  ['a service account', policy(subject(EKS, 'system:serviceaccount:shop:cart'))],
  [
    'service accounts of a namespace',
    policy(subject(EKS, ['system:serviceaccount:shop:cart', 'system:serviceaccount:shop:till'])),
  ],
  [
    'a Google service account',
    policy(statement(GOOGLE, { StringEquals: { aud: ACCOUNT_ID, oaud: STS, sub: ACCOUNT_ID } })),
  ],
  ['an Entra application', policy(subject(ENTRA, PRINCIPAL))],
  [
    'an Entra application, version 2',
    policy(statement(ENTRA_V2, { StringEquals: { aud: CLIENT, oaud: PRINCIPAL } })),
  ],
  [
    'users of an identity pool',
    policy(
      statement(COGNITO, {
        StringEquals: { aud: 'eu-west-1:pool' },
        'ForAnyValue:StringLike': { amr: 'authenticated' },
      }),
    ),
  ],
  [
    'a condition that nothing can fail',
    policy(
      statement(COGNITO, {
        StringEquals: { aud: 'eu-west-1:pool' },
        'ForAnyValue:StringLike': { amr: 'authenticated' },
        'ForAllValues:StringLike': { sub: '*' },
      }),
    ),
  ],
  [
    'a Microsoft service for one customer',
    policy(
      statement('sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/', {
        StringEquals: { aud: 'api://service', 'sts:RoleSessionName': 'MicrosoftSentinel_1' },
      }),
    ),
  ],
  [
    'users of one consumer application',
    policy(statement('graph.facebook.com', { StringEquals: { app_id: '111222333' } })),
  ],
  ['tenancy in the audience', policy(statement('api.pulumi.com/oidc', { StringEquals: { aud: 'acme' } }))],
  ['one subject of an unknown issuer', policy(subject('idp.acme.example', 'job-7'))],
  [
    'a service',
    policy({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }),
  ],
];

describe('nothing is said of', () => {
  it.each(GOOD)('%s', (_, trustPolicy) => {
    expect(linted(trustPolicy)).toEqual({ name: 'role', findings: [], unresolved: [] });
  });
});
