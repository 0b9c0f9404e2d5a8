/** What the linter says of a bad trust policy, held against IAM and STS: its witness gets in, until it is corrected. */
import { CreateOpenIDConnectProviderCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  AZURE_DEVOPS,
  audienceOf,
  BITBUCKET,
  BUILDKITE,
  CIRCLE,
  CIRCLE_ORG,
  GITHUB,
  GITLAB,
  HCP,
  linted,
  policy,
  SETTINGS,
  statement,
  subject,
} from '../core/lint/policies.ts';
import {
  claims,
  ENVIRONMENT,
  github,
  PIPELINE,
  PIPELINE_ON_MAIN,
  PROD,
  PROJECT,
  REPO,
  REPOSITORY,
  SHA,
  STEP,
  STS,
  WORKFLOW,
  WORKSPACE,
} from '../core/lint/samples.ts';
import { createRole, useFactory } from './harness.ts';

// These roles are no part of the factory.
const factory = useFactory({ showsNeed: false });

/** Clusters of the sandbox's region. */
const EKS = 'oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';
const OWN_GITLAB = 'gitlab.example.com';
const PROVIDERS = [
  GITHUB,
  GITLAB,
  OWN_GITLAB,
  HCP,
  EKS,
  BITBUCKET,
  CIRCLE,
  'oidc.circleci.com',
  BUILDKITE,
  AZURE_DEVOPS,
];
/** Another party that the provider is registered for. */
const OTHER = 'https://other.example.com';
const clientIdsOf = (path: string): string[] => [audienceOf(path), OTHER];

beforeAll(async () => {
  for (const path of PROVIDERS) {
    await factory().member.iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: `https://${path}`, ClientIDList: clientIdsOf(path) }),
    );
  }
});

const MAIN = 'project_id:7:ref_type:branch:ref:main';
const APPLY = `${WORKSPACE}:run_phase:apply`;
const POD = 'system:serviceaccount:shop:cart';
const DEPLOYMENT = `${REPOSITORY}:${ENVIRONMENT}:`;
const JOB = `org/${CIRCLE_ORG}/project/${PROJECT}/user/`;
const CONNECTION = 'sc://acme/core/aws';
const PINNED = `${WORKFLOW}@${SHA}`;
const BUILD = PIPELINE_ON_MAIN.replace('commit:*:step:*', `commit:${SHA}:step:deploy`);

type Case = readonly [rule: string, name: string, path: string, trustPolicy: object, legitimate: object];

/** Each names who is meant beside what is wrong, or else nothing could be corrected. */
const CORRECTED: readonly Case[] = [
  ['WI01', 'any repository', GITHUB, github([PROD, 'repo:*']), { sub: PROD }],
  ['WI01', '* as the second value, which IAM does not read', GITHUB, github([PROD, '*']), { sub: PROD }],
  ['WI01', 'any project', GITLAB, policy(subject(GITLAB, [MAIN, 'project_path:*'])), { sub: MAIN }],
  ['WI01', '* on a host of one’s own', OWN_GITLAB, policy(subject(OWN_GITLAB, ['*', MAIN])), { sub: MAIN }],
  ['WI01', 'any organization', HCP, policy(subject(HCP, [APPLY, 'organization:*'])), { sub: APPLY }],
  ['WI01', 'any namespace', EKS, policy(subject(EKS, [POD, 'system:serviceaccount:*:cart'])), { sub: POD }],
  [
    'WI01',
    'any organization',
    BUILDKITE,
    policy(subject(BUILDKITE, [PIPELINE_ON_MAIN, 'organization:*'])),
    { sub: BUILD },
  ],
  [
    'WI01',
    'any organization',
    'oidc.circleci.com',
    policy(subject('oidc.circleci.com', [`${JOB}*`, `org/*/project/${PROJECT}/user/*`])),
    { sub: `${JOB}${PROJECT}` },
  ],
  ['WI02', 'any repository of an owner', GITHUB, github([PROD, 'repo:acme@1001/*']), { sub: PROD }],
  ['WI02', 'a group', GITLAB, policy(subject(GITLAB, [MAIN, 'project_path:acme/*'])), { sub: MAIN }],
  ['WI02', 'any workspace', HCP, policy(subject(HCP, [APPLY, 'organization:acme:*'])), { sub: APPLY }],
  [
    'WI02',
    'any service account',
    EKS,
    policy(subject(EKS, [POD, 'system:serviceaccount:shop:*'])),
    { sub: POD },
  ],
  [
    'WI02',
    'any repository of a workspace',
    BITBUCKET,
    policy(subject(BITBUCKET, [`${DEPLOYMENT}*`, '*'])),
    { sub: DEPLOYMENT + STEP },
  ],
  [
    'WI02',
    'any project',
    CIRCLE,
    policy(subject(CIRCLE, [`${JOB}*`, `org/${CIRCLE_ORG}/project/*`])),
    { sub: `${JOB}${PROJECT}` },
  ],
  [
    'WI02',
    'any service connection',
    AZURE_DEVOPS,
    policy(subject(AZURE_DEVOPS, [CONNECTION, 'sc://acme/*'])),
    { sub: CONNECTION },
  ],
  ['WI03', 'a pull request', GITHUB, github([PROD, `${REPO}:pull_request`]), { sub: PROD }],
  ['WI03', 'any branch', GITLAB, policy(subject(GITLAB, [MAIN, MAIN.replace('main', '*')])), { sub: MAIN }],
  [
    'WI03',
    'any step',
    BITBUCKET,
    policy(subject(BITBUCKET, [`${DEPLOYMENT}*`, `${REPOSITORY}:*`])),
    { sub: DEPLOYMENT + STEP },
  ],
  [
    'WI03',
    'any ref',
    BUILDKITE,
    policy(
      subject(BUILDKITE, [PIPELINE_ON_MAIN, 'organization:acme:pipeline:api:*'], { pipeline_id: PIPELINE }),
    ),
    { sub: BUILD, pipeline_id: PIPELINE },
  ],
  ['WI04', 'any phase', HCP, policy(subject(HCP, [APPLY, `${WORKSPACE}:run_phase:*`])), { sub: APPLY }],
  [
    'WI05',
    'a workflow, whoever calls it',
    GITHUB,
    policy(
      subject(GITHUB, PROD),
      statement(GITHUB, { StringEquals: { aud: STS, job_workflow_ref: PINNED } }),
    ),
    { sub: PROD },
  ],
  [
    'WI06',
    'a workflow, if the token says which',
    GITHUB,
    claims({ StringEquals: { sub: PROD }, StringEqualsIfExists: { job_workflow_ref: PINNED } }),
    { sub: PROD, job_workflow_ref: PINNED },
  ],
  [
    'WI06',
    'a protected branch, if the token says so',
    GITLAB,
    policy(
      statement(GITLAB, {
        StringEquals: { aud: audienceOf(GITLAB), sub: MAIN },
        'ForAllValues:StringEquals': { ref_protected: 'true' },
      }),
    ),
    { sub: MAIN, ref_protected: 'true' },
  ],
  ['WI07', 'no audience', GITHUB, policy(statement(GITHUB, { StringEquals: { sub: PROD } })), { sub: PROD }],
  ['WI07', 'no audience', GITLAB, policy(statement(GITLAB, { StringEquals: { sub: MAIN } })), { sub: MAIN }],
  ['WI07', 'no audience', HCP, policy(statement(HCP, { StringEquals: { sub: APPLY } })), { sub: APPLY }],
  ['WI07', 'no audience', EKS, policy(statement(EKS, { StringEquals: { sub: POD } })), { sub: POD }],
  ['WI12', 'a weak statement beside it', EKS, policy(subject(EKS, POD), subject(EKS, '*')), { sub: POD }],
  [
    'WI13',
    'a variable',
    GITHUB,
    github([PROD, `repo:\${${GITHUB}:repository}:environment:prod`]),
    { sub: PROD },
  ],
];

/** What is meant is not written in them. */
const UNCORRECTED: readonly (readonly [rule: string, name: string, trustPolicy: object])[] = [
  ['WI02', 'an owner alone', github('repo:acme/*')],
  ['WI05', 'a workflow alone', claims({ StringEquals: { job_workflow_ref: PINNED } })],
  [
    'WI06',
    'an environment, if the token names one',
    claims({
      StringEquals: { sub: `${REPO}:ref:refs/heads/main` },
      StringEqualsIfExists: { environment: 'prod' },
    }),
  ],
  ['WI14', 'a name', github('repo:acme/api:environment:prod')],
];

/** What the linter finds, and AWS itself keeps from being created on an issuer that many customers share. */
const REFUSED_BY_IAM: readonly (readonly [rule: string, name: string, trustPolicy: object])[] = [
  ['WI01', 'GitHub, no sub', claims({})],
  ['WI01', 'GitHub, * as the first value', github(['*', PROD])],
  ['WI01', 'GitLab, *', policy(subject(GITLAB, '*'))],
  ['WI01', 'HCP Terraform, *', policy(subject(HCP, '*'))],
  ['WI01', 'Buildkite, *', policy(subject(BUILDKITE, '*'))],
  ['WI06', 'GitHub, IfExists on sub', claims({ StringEqualsIfExists: { sub: PROD } })],
  [
    'WI08',
    'GitHub, the key of another',
    policy(statement(GITHUB, { StringEquals: { 'gitlab.com:sub': 'x' } })),
  ],
  ['WI12', 'GitHub, * beside it', policy(subject(GITHUB, PROD), subject(GITHUB, '*'))],
];

/** The finding of the rule; the linter knows the providers' audiences, as it does where it looks at an account. */
function findingOf(rule: string, trustPolicy: object) {
  const clientIds = new Map(PROVIDERS.map((path) => [path, clientIdsOf(path)]));
  const { findings } = linted(trustPolicy, undefined, { ...SETTINGS, clientIds });
  const finding = findings.find((candidate) => candidate.rule === rule);
  if (finding === undefined) throw new Error(`No ${rule} among ${findings.map((found) => found.rule)}`);
  return finding;
}

/** The same policy, on the member account's providers. */
const inMember = (trustPolicy: object): object =>
  JSON.parse(JSON.stringify(trustPolicy).replaceAll(ACCOUNT, factory().member.accountId));

async function enter(RoleName: string, issuer: string, tokenClaims: object): Promise<unknown> {
  const { sandbox, assume, member } = factory();
  const token = await sandbox.ciIssuers.token({ issuer, claims: tokenClaims });
  return assume(`arn:aws:iam::${member.accountId}:role/${RoleName}`, token);
}

let roles = 0;
async function roleWith(trustPolicy: object): Promise<string> {
  const name = `linted-${++roles}`;
  await createRole(factory().member, name, trustPolicy);
  return name;
}

describe('the witness gets in, and with the correction only who is meant does', () => {
  it.each(CORRECTED)('%s: %s, %s', async (rule, _, path, written, legitimate) => {
    const trustPolicy = inMember(written);
    const { witness, corrected } = findingOf(rule, trustPolicy);
    if (witness === undefined || corrected === undefined) throw new Error('No witness or no correction');
    const meant = { aud: audienceOf(path), ...legitimate };
    const role = await roleWith(trustPolicy);
    await enter(role, witness.iss, witness.claims);
    await enter(role, `https://${path}`, meant);

    await factory().member.iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: role, PolicyDocument: JSON.stringify(corrected) }),
    );
    await expect(enter(role, witness.iss, witness.claims)).rejects.toMatchObject({ name: 'AccessDenied' });
    await enter(role, `https://${path}`, meant);
  });
});

describe('the witness gets in where no correction can be given', () => {
  it.each(UNCORRECTED)('%s: %s', async (rule, _, written) => {
    const trustPolicy = inMember(written);
    const { witness, corrected } = findingOf(rule, trustPolicy);
    if (witness === undefined) throw new Error('No witness');
    expect(corrected).toBeUndefined();
    await enter(await roleWith(trustPolicy), witness.iss, witness.claims);
  });
});

describe('IAM itself refuses what the linter finds', () => {
  it.each(REFUSED_BY_IAM)('%s: %s', async (rule, _, written) => {
    const trustPolicy = inMember(written);
    expect(findingOf(rule, trustPolicy)).toBeDefined();
    await expect(roleWith(trustPolicy)).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: expect.stringContaining('must evaluate, using StringEquals'),
    });
  });
});
