/**
 * Which tokens meet which conditions, as documented by the issuers and AWS or observed at AWS. Facts from the vectors of
 * Dashtid/subvectors (CC0-1.0), names and ids included.
 */
import { describe, expect, it } from 'vitest';
import { readSubject } from '../../../core/ci/issuer.ts';
import { issuerAt } from '../../../core/ci/issuers.ts';
import { evaluateWebIdentityTrust } from '../../../core/policy/web-identity.ts';
import {
  arnOf,
  audienceOf,
  BITBUCKET,
  CIRCLE,
  CIRCLE_ORG,
  GITHUB,
  GITLAB,
  HCP,
  linted,
  policy,
  statement,
} from '../lint/policies.ts';

type Blocks = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
interface Vector {
  readonly shows: string;
  readonly claims: Readonly<Record<string, string>>;
  readonly conditions: Blocks;
  readonly enters: boolean;
  /** How its author judges the condition, where that is without an if. */
  readonly grade?: 'safe' | 'dangerous';
}

const vector = (
  shows: string,
  claims: Vector['claims'] | string,
  conditions: Blocks,
  enters: boolean,
  grade?: Vector['grade'],
): Vector => ({
  shows,
  claims: typeof claims === 'string' ? { sub: claims } : claims,
  conditions,
  enters,
  ...(grade && { grade }),
});
const equals = (values: Blocks[string] | string) => ({
  StringEquals: typeof values === 'string' ? { sub: values } : values,
});
const like = (sub: unknown) => ({ StringLike: { sub } });

const ON_MAIN = 'project_path:mygroup/myproject:ref_type:branch:ref:main';
const ON_CHANGE = 'project_path:mygroup/myproject:ref_type:branch:ref:contributor-mr-branch';
const gitlab = [
  vector('one branch, exactly', ON_MAIN, equals(ON_MAIN), true),
  vector(
    'a project by its id',
    'project_id:20:ref_type:branch:ref:main',
    equals('project_id:20:ref_type:branch:ref:main'),
    true,
    'safe',
  ),
  vector('a group', ON_MAIN, like('project_path:mygroup/*'), true, 'dangerous'),
  vector(
    'a wildcard reaches into subgroups',
    'project_path:mygroup/subgroup/deepproject:ref_type:branch:ref:main',
    like('project_path:mygroup/*'),
    true,
    'dangerous',
  ),
  vector(
    'StringEquals takes * literally',
    'project_path:mygroup/otherproject:ref_type:branch:ref:main',
    equals('project_path:mygroup/*'),
    false,
  ),
  vector(
    'a tag',
    'project_path:mygroup/myproject:ref_type:tag:ref:v1.0.0',
    equals('project_path:mygroup/myproject:ref_type:tag:ref:v1.0.0'),
    true,
  ),
  vector(
    'a tag named as the branch',
    'project_path:mygroup/myproject:ref_type:tag:ref:main',
    like('project_path:mygroup/myproject:ref_type:*:ref:main'),
    true,
    'dangerous',
  ),
  vector(
    'any branch',
    'project_path:mygroup/myproject:ref_type:branch:ref:feature-x',
    like('project_path:mygroup/myproject:ref_type:branch:ref:*'),
    true,
    'dangerous',
  ),
  vector(
    'a merge request, which looks like its branch',
    ON_CHANGE,
    like('project_path:mygroup/myproject:ref_type:branch:ref:*'),
    true,
    'dangerous',
  ),
  vector(
    'another project under a path that was given up',
    { sub: ON_MAIN, project_id: '999' },
    equals(ON_MAIN),
    true,
    'dangerous',
  ),
  vector(
    'path and both ids',
    { sub: ON_MAIN, namespace_id: '12345', project_id: '67890' },
    equals({ sub: ON_MAIN, namespace_id: '12345', project_id: '67890' }),
    true,
    'safe',
  ),
  vector(
    'the path with other ids',
    { sub: ON_MAIN, namespace_id: '888', project_id: '999' },
    equals({ sub: ON_MAIN, namespace_id: '12345', project_id: '67890' }),
    false,
    'safe',
  ),
  vector(
    'path and group id',
    { sub: ON_MAIN, namespace_id: '12345' },
    equals({ sub: ON_MAIN, namespace_id: '12345' }),
    true,
  ),
  vector(
    'a protected branch',
    { sub: ON_MAIN, ref_protected: 'true' },
    equals({ sub: ON_MAIN, ref_protected: 'true' }),
    true,
  ),
  vector(
    'the branch without its protection',
    { sub: ON_MAIN, ref_protected: 'false' },
    equals({ sub: ON_MAIN, ref_protected: 'true' }),
    false,
  ),
  vector(
    'a merge request where only pushes may',
    { sub: ON_CHANGE, pipeline_source: 'merge_request_event' },
    {
      ...like('project_path:mygroup/myproject:ref_type:branch:ref:*'),
      ...equals({ pipeline_source: 'push' }),
    },
    false,
    'dangerous',
  ),
];

const PROJECT = '76543210-ba98-fedc-3210-edcba0987654';
const JOB = `org/${CIRCLE_ORG}/project/${PROJECT}/user/aaaa1111-bbbb-2222-cccc-333344445555`;
const JOB_CLAIMS = { sub: JOB, aud: 'sts.amazonaws.com', 'oidc.circleci.com/project-id': PROJECT };
const BY_PROJECT = equals({ aud: 'sts.amazonaws.com', 'oidc.circleci.com/project-id': PROJECT });
const ON_BRANCH = like(`org/${CIRCLE_ORG}/project/${PROJECT}/user/*/vcs-origin/*/vcs-ref/refs/heads/main`);
const circleci = [
  vector(
    'one user of one project',
    { sub: JOB, aud: 'sts.amazonaws.com' },
    equals({ sub: JOB, aud: 'sts.amazonaws.com' }),
    true,
    'safe',
  ),
  vector("AWS's one key for CircleCI", JOB_CLAIMS, BY_PROJECT, true),
  vector('any user', JOB, like(`org/${CIRCLE_ORG}/project/${PROJECT}/user/*`), true),
  vector(
    'any project of the organization',
    `org/${CIRCLE_ORG}/project/99998888-7777-6666-5555-444433332222/user/bbbb2222-cccc-3333-dddd-444455556666`,
    like(`org/${CIRCLE_ORG}/project/*`),
    true,
    'dangerous',
  ),
  vector(
    'a job run again with SSH, which AWS cannot tell',
    { ...JOB_CLAIMS, 'oidc.circleci.com/ssh-rerun': 'true' },
    BY_PROJECT,
    true,
    'dangerous',
  ),
  vector(
    'a branch, in version 2',
    `${JOB}/vcs-origin/github.com/my-org/my-repo/vcs-ref/refs/heads/main`,
    ON_BRANCH,
    true,
  ),
  vector('a branch, but a token of version 1', JOB, ON_BRANCH, false),
];

const REPO = 'repo:octo-org/octo-repo';
const MAIN = `${REPO}:ref:refs/heads/main`;
const WITH_IDS = 'repo:octo-org@123456/octo-repo@7891011:ref:refs/heads/main';
const WORKFLOW =
  'octo-org/octo-automation/.github/workflows/deployment.yml@10040c56a8c0253d69db7c1f26a0d227275512e2';
const github = [
  vector('one branch', MAIN, equals(MAIN), true),
  vector('StringLike without a wildcard is exact', MAIN, like(MAIN), true),
  vector('anything of a repository', MAIN, like(`${REPO}:*`), true),
  vector(
    'anything of an organization',
    'repo:octo-org/unrelated-repo:ref:refs/heads/main',
    like('repo:octo-org/*'),
    true,
    'dangerous',
  ),
  vector('a pull request', `${REPO}:pull_request`, like(`${REPO}:*`), true, 'dangerous'),
  vector('another branch', `${REPO}:ref:refs/heads/feature-x`, equals(MAIN), false),
  vector('ids', WITH_IDS, like(WITH_IDS), true, 'safe'),
  vector('ids, but a classic pattern', WITH_IDS, like(MAIN), false),
  vector('? is one character', MAIN, like(`${REPO}:ref:refs/heads/mai?`), true),
  vector(
    'StringEquals takes * literally',
    'repo:octo-org/unrelated-repo:ref:refs/heads/main',
    equals('repo:octo-org/*'),
    false,
  ),
  vector(
    'the second of two values',
    'repo:octo-org/repo-b:ref:refs/heads/main',
    equals({ sub: ['repo:octo-org/repo-a:ref:refs/heads/main', 'repo:octo-org/repo-b:ref:refs/heads/main'] }),
    true,
  ),
  vector(
    'none of two values',
    'repo:octo-org/repo-c:ref:refs/heads/main',
    equals({ sub: ['repo:octo-org/repo-a:ref:refs/heads/main', 'repo:octo-org/repo-b:ref:refs/heads/main'] }),
    false,
  ),
  vector(
    'the loosest of two values',
    'repo:octo-org/anything:pull_request',
    like([MAIN, 'repo:octo-org/*']),
    true,
    'dangerous',
  ),
  vector(
    "the owner's URL as audience",
    { sub: MAIN, aud: 'https://github.com/octo-org' },
    equals({ aud: 'sts.amazonaws.com' }),
    false,
  ),
  vector('a claim that is not there', MAIN, equals({ environment: 'prod' }), false),
  vector(
    'a workflow at a commit',
    { sub: MAIN, job_workflow_ref: WORKFLOW },
    equals({ job_workflow_ref: WORKFLOW }),
    true,
  ),
  vector(
    'a repository by its id',
    { sub: MAIN, repository_id: '7891011' },
    equals({ repository_id: '7891011' }),
    true,
  ),
  vector(
    'a customized subject, but a default pattern',
    'job_workflow_ref:octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main',
    like(`${REPO}:*`),
    false,
  ),
  vector(
    'a branch that begins alike',
    `${REPO}:ref:refs/heads/main-hotfix`,
    like(`${REPO}:ref:refs/heads/main*`),
    true,
  ),
  vector('* may be nothing', MAIN, like(`${REPO}:ref:refs/heads/main*`), true),
  vector('a branch with a slash', `${REPO}:ref:refs/heads/feature/x`, like(`${REPO}:ref:refs/heads/*`), true),
  vector('another case', 'repo:Octo-Org/octo-repo:ref:refs/heads/main', equals(MAIN), false),
  vector('another case, with a wildcard', MAIN, like('repo:Octo-Org/octo-repo:*'), false),
  vector(
    'ForAllValues on a claim that is not there',
    MAIN,
    { 'ForAllValues:StringEquals': { environment: 'Production' } },
    true,
    'dangerous',
  ),
  vector(
    'ForAnyValue on a claim that is not there',
    MAIN,
    { 'ForAnyValue:StringEquals': { environment: 'Production' } },
    false,
  ),
  vector(
    'ForAllValues on another value',
    { sub: `${REPO}:environment:Sandbox`, environment: 'Sandbox' },
    { 'ForAllValues:StringEquals': { environment: ['Production', 'Staging'] } },
    false,
  ),
  vector(
    'ForAllValues tightens no list',
    'repo:octo-org/anything:pull_request',
    { 'ForAllValues:StringLike': { sub: [MAIN, 'repo:octo-org/*'] } },
    true,
    'dangerous',
  ),
  vector(
    'a colon in an environment',
    `${REPO}:environment:Production%3AV1`,
    equals(`${REPO}:environment:Production:V1`),
    false,
  ),
  vector(
    'a colon in an environment, as it is written',
    `${REPO}:environment:Production%3AV1`,
    equals(`${REPO}:environment:Production%3AV1`),
    true,
  ),
  vector(
    'an environment that begins alike',
    `${REPO}:environment:Production-sandbox`,
    like(`${REPO}:environment:Production*`),
    true,
    'dangerous',
  ),
];

const workspace = (name: string, phase: string) =>
  `organization:my-org:project:my-project:workspace:${name}:run_phase:${phase}`;
const terraform = [
  vector(
    'one phase of one workspace',
    workspace('my-workspace', 'apply'),
    equals(workspace('my-workspace', 'apply')),
    true,
  ),
  vector(
    'plan where both may',
    workspace('my-workspace', 'plan'),
    like(workspace('my-workspace', '*')),
    true,
    'dangerous',
  ),
  vector(
    'plan where only apply may',
    workspace('my-workspace', 'plan'),
    equals(workspace('my-workspace', 'apply')),
    false,
  ),
  vector(
    'another workspace',
    workspace('other-workspace', 'apply'),
    like('organization:my-org:project:my-project:workspace:*'),
    true,
    'dangerous',
  ),
  vector(
    'the whole organization',
    workspace('other-workspace', 'plan'),
    like('organization:my-org:*'),
    true,
    'dangerous',
  ),
];

const REPOSITORY = '{1de489be-ce6a-42a0-a8c8-eadbf1174ac7}';
const ENVIRONMENT = '{bd715740-c970-486b-b68a-b421ec2a1f8b}';
const STEP = '{759de0c6-eaee-4eaa-b7a6-c507eec759a7}';
const bitbucket = [
  vector(
    'an environment',
    `${REPOSITORY}:${ENVIRONMENT}:${STEP}`,
    like(`${REPOSITORY}:${ENVIRONMENT}:*`),
    true,
  ),
  vector('any step of a repository', `${REPOSITORY}:${STEP}`, like(`${REPOSITORY}:*`), true),
  vector(
    'the next run',
    `${REPOSITORY}:{8f0a1b2c-3d4e-5f60-7182-93a4b5c6d7e8}`,
    equals(`${REPOSITORY}:${STEP}`),
    false,
  ),
  vector(
    "an environment's name",
    `${REPOSITORY}:${ENVIRONMENT}:${STEP}`,
    like(`${REPOSITORY}:production:*`),
    false,
  ),
  vector('StringEquals takes * literally', `${REPOSITORY}:${STEP}`, equals(`${REPOSITORY}:*`), false),
];

const SUITES: readonly (readonly [string, string, readonly Vector[]])[] = [
  ['GitLab', GITLAB, gitlab],
  ['CircleCI', CIRCLE, circleci],
  ['GitHub', GITHUB, github],
  ['HCP Terraform', HCP, terraform],
  ['Bitbucket', BITBUCKET, bitbucket],
];

describe.each(SUITES)('%s: whether a token enters, shown by', (_, path, vectors) => {
  it.each(vectors)('$shows', ({ claims, conditions, enters }) => {
    const trustPolicy = JSON.stringify(policy(statement(path, conditions)));
    const { allowed } = evaluateWebIdentityTrust({ trustPolicy, providerArn: arnOf(path), claims });
    expect(allowed).toBe(enters);
    const { forms, formsFor } = issuerAt(path);
    expect(readSubject({ ...forms, ...formsFor(claims.sub ?? '') }, claims.sub ?? '')).toBeDefined();
  });

  it.each(vectors.filter(({ grade }) => grade !== undefined))('$grade: $shows', ({ conditions, grade }) => {
    // An audience beside it, since most vectors are about sub alone.
    const fixed = { ...conditions, StringEquals: { aud: audienceOf(path), ...conditions.StringEquals } };
    const { findings } = linted(policy(statement(path, fixed)));
    const open = findings.filter(({ rule }) => /^WI(?:0[1-6]|14)$/.test(rule));
    expect(open.length > 0).toBe(grade === 'dangerous');
  });
});
