import { Token } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import {
  AzureDevOpsSubject,
  BitbucketSubject,
  BuildkiteSubject,
  CircleSubject,
  GitHubSubject,
  GitLabSubject,
  GoogleSubject,
  HcpSubject,
  KubernetesSubject,
  Subject,
} from '../../../lib/ci/index.ts';

const ORG = '0f1f2f3f-0000-4000-8000-000000000000';
const PROJECT = '0f1f2f3f-0000-4000-8000-000000000001';
const braced = (uuid: string) => `{${uuid}}`;
const ANY_UUID = '????????-????-????-????-????????????';

const classic = { owner: 'acme', repo: 'api' };
const immutable = { ...classic, ownerId: '1', repoId: '2' };
const workspace = { org: 'acme', project: 'Default Project', workspace: 'api' };
const pipeline = { org: 'acme', pipeline: 'api' };

describe('builders write subjects as the issuer does', () => {
  it.each<[Subject, string]>([
    [GitHubSubject.repo(classic).branch('release/1.x'), 'repo:acme/api:ref:refs/heads/release/1.x'],
    [GitHubSubject.repo(classic).tag('v1.2'), 'repo:acme/api:ref:refs/tags/v1.2'],
    [GitHubSubject.repo(classic).pullRequest(), 'repo:acme/api:pull_request'],
    [GitHubSubject.repo(classic).environment('eu:production'), 'repo:acme/api:environment:eu%3Aproduction'],
    [GitHubSubject.repo(immutable).branch('main'), 'repo:acme@1/api@2:ref:refs/heads/main'],
    [GitHubSubject.repo(immutable).environment('production'), 'repo:acme@1/api@2:environment:production'],
    [
      GitHubSubject.custom([
        ['repo', 'acme@1/api@2'],
        ['environment', 'production'],
        ['job_workflow_ref', 'acme/flows/.github/workflows/deploy.yml@refs/tags/v1'],
      ]),
      'repo:acme@1/api@2:environment:production:job_workflow_ref:acme/flows/.github/workflows/deploy.yml@refs/tags/v1',
    ],
    [GitHubSubject.custom([['repo', 'acme/api'], ['pull_request']]), 'repo:acme/api:pull_request'],
    [
      GitLabSubject.project({ path: 'acme/web/site' }).branch('main'),
      'project_path:acme/web/site:ref_type:branch:ref:main',
    ],
    [
      GitLabSubject.project({ path: 'acme/site', id: '7' }).tag('v1'),
      'project_path:acme/site:ref_type:tag:ref:v1',
    ],
    [GitLabSubject.project({ id: '7' }).branch('main'), 'project_id:7:ref_type:branch:ref:main'],
    [
      HcpSubject.workspace(workspace).plan(),
      'organization:acme:project:Default Project:workspace:api:run_phase:plan',
    ],
    [
      HcpSubject.workspace(workspace).apply(),
      'organization:acme:project:Default Project:workspace:api:run_phase:apply',
    ],
    [
      HcpSubject.stack({ org: 'acme', project: 'Web', stack: 's', deployment: 'eu' }).operation('plan'),
      'organization:acme:project:Web:stack:s:deployment:eu:operation:plan',
    ],
    [BitbucketSubject.repo(braced(ORG)).environment(braced(PROJECT)), `{${ORG}}:{${PROJECT}}:{${ANY_UUID}}`],
    [BitbucketSubject.repo(braced(ORG)).step(), `{${ORG}}:{${ANY_UUID}}`],
    [
      CircleSubject.project({ orgId: ORG, projectId: PROJECT }).branch({
        origin: 'github.com/acme/api',
        ref: 'refs/heads/main',
      }),
      `org/${ORG}/project/${PROJECT}/user/${ANY_UUID}/vcs-origin/github.com/acme/api/vcs-ref/refs/heads/main`,
    ],
    [
      BuildkiteSubject.pipeline(pipeline).branch('main'),
      'organization:acme:pipeline:api:ref:refs/heads/main:commit:*:step:*',
    ],
    [
      AzureDevOpsSubject.serviceConnection({ org: 'acme', project: 'My Web', name: 'aws' }),
      'sc://acme/My Web/aws',
    ],
    [
      KubernetesSubject.serviceAccount({ namespace: 'web', name: 'deployer' }),
      'system:serviceaccount:web:deployer',
    ],
    [GoogleSubject.serviceAccount({ uniqueId: '100000000000000000001' }), '100000000000000000001'],
  ])('%#', (subject, expected) => {
    expect(subject.values).toEqual([expected]);
  });

  it('both forms of GitHub, told apart from a name that was given up by the ids', () => {
    const subject = GitHubSubject.repo(immutable).dual().branch('main');
    expect(subject.values).toEqual([
      'repo:acme/api:ref:refs/heads/main',
      'repo:acme@1/api@2:ref:refs/heads/main',
    ]);
    expect(subject.claims).toEqual({ repository_id: '2', repository_owner_id: '1' });
  });

  it.each<[Subject, object]>([
    [GitHubSubject.repo(immutable).branch('main'), {}],
    [GitLabSubject.project({ path: 'acme/site', id: '7' }).branch('main'), { project_id: '7' }],
    [
      BuildkiteSubject.pipeline({ ...pipeline, orgId: ORG, pipelineId: PROJECT }).branch('main'),
      { organization_id: ORG, pipeline_id: PROJECT },
    ],
    // AWS calls whoever asked for the token aud, where it is Google's.
    [GoogleSubject.serviceAccount({ uniqueId: '1' }), { aud: '1' }],
  ])('and pin ids where AWS compares them: %#', (subject, claims) => {
    expect(subject.claims).toEqual(claims);
  });
});

/** A policy variable, in a way that no linter takes for a forgotten template. */
const VARIABLE = '$\u007baws:username}';

const LITERAL = 'expected a literal, without *, ? and ${; the one way to a pattern is Subject.unsafePattern(';

describe('builders refuse what means something else than it says', () => {
  it.each<[string, () => unknown, string]>([
    [
      '*',
      () => GitHubSubject.repo({ ...classic, repo: '*' }).branch('main'),
      `GitHubSubject.repo.branch: repo: ${LITERAL}`,
    ],
    [
      '?',
      () => GitHubSubject.repo(classic).environment('prod?'),
      `GitHubSubject.repo.environment: environment: ${LITERAL}`,
    ],
    [
      'a variable',
      () => GitLabSubject.project({ path: `acme/${VARIABLE}` }).branch('main'),
      `GitLabSubject.project.branch: path: ${LITERAL}`,
    ],
    [
      'a CDK token',
      () => GitHubSubject.repo({ ...classic, owner: Token.asString({ Ref: 'Owner' }) }).tag('v1'),
      'GitHubSubject.repo.tag: owner: a CDK token, whose value is not known before deployment',
    ],
    [
      'a colon in a branch',
      () => GitHubSubject.repo(classic).branch('main:x'),
      'GitHubSubject.repo.branch: branch: expected no :',
    ],
    [
      'a slash in a repository',
      () => GitHubSubject.repo({ owner: 'acme', repo: 'a/b' }).branch('main'),
      'GitHubSubject.repo.branch: repo: expected no /',
    ],
    [
      'an id in a name',
      () => GitHubSubject.repo({ owner: 'acme@1', repo: 'api' }).branch('main'),
      'GitHubSubject.repo.branch: owner: expected no @',
    ],
    [
      '%3A',
      () => GitHubSubject.repo(classic).environment('eu%3Aproduction'),
      'GitHubSubject.repo.environment: environment: expected the name itself; %3A is how a colon is written',
    ],
    [
      '%3a elsewhere',
      () => HcpSubject.workspace({ ...workspace, project: 'a%3ab' }).plan(),
      'HcpSubject.workspace.plan: project: expected the name itself',
    ],
    [
      'nothing',
      () => GitHubSubject.repo(classic).branch(''),
      'GitHubSubject.repo.branch: branch: expected a value',
    ],
    [
      'one id of two',
      () => GitHubSubject.repo({ ...classic, ownerId: '1' }).branch('main'),
      'GitHubSubject.repo: ownerId and repoId: expected both or neither',
    ],
    [
      'an id that is none',
      () => GitHubSubject.repo({ ...classic, ownerId: 'acme', repoId: '2' }).branch('main'),
      'ownerId: expected text that matches',
    ],
    [
      'both forms without ids',
      () => GitHubSubject.repo(classic).dual(),
      'GitHubSubject.repo.dual: expected ownerId and repoId',
    ],
    [
      'a claim that no template takes',
      () =>
        GitHubSubject.custom([
          ['repo', 'acme/api'],
          ['sub', 'x'],
        ]),
      'GitHubSubject.custom: sub: expected a claim',
    ],
    [
      'no claim at all',
      () => GitHubSubject.custom([]),
      'GitHubSubject.custom: claims: expected at least one',
    ],
    [
      'a pattern in a template',
      () => GitHubSubject.custom([['repo', 'acme/*']]),
      `GitHubSubject.custom: repo: ${LITERAL}`,
    ],
    [
      'neither path nor id',
      () => GitLabSubject.project({}),
      'GitLabSubject.project: expected path, id or both',
    ],
    [
      'a project without a group',
      () => GitLabSubject.project({ path: 'site' }).branch('main'),
      'GitLabSubject.project.branch: path: expected a value',
    ],
    [
      'an id of GitLab that is none',
      () => GitLabSubject.project({ id: 'acme/site' }).branch('main'),
      'projectId: expected',
    ],
    [
      'an organization with a colon',
      () => HcpSubject.workspace({ ...workspace, org: 'acme:project' }).apply(),
      'HcpSubject.workspace.apply: organization: expected no :',
    ],
    [
      'a UUID without braces',
      () => BitbucketSubject.repo(ORG).step(),
      'BitbucketSubject.repo.step: repository: expected text that matches',
    ],
    [
      'a UUID that is none',
      () => CircleSubject.project({ orgId: 'acme', projectId: PROJECT }).branch({ origin: 'o', ref: 'r' }),
      'CircleSubject.project.branch: organization: expected text that matches',
    ],
    [
      'a pattern in a ref',
      () =>
        CircleSubject.project({ orgId: ORG, projectId: PROJECT }).branch({
          origin: 'github.com/acme/api',
          ref: 'refs/heads/*',
        }),
      `CircleSubject.project.branch: ref: ${LITERAL}`,
    ],
    [
      'one id of Buildkite',
      () => BuildkiteSubject.pipeline({ ...pipeline, pipelineId: PROJECT }).branch('main'),
      'BuildkiteSubject.pipeline: orgId and pipelineId: expected both or neither',
    ],
    [
      'a slash in a project',
      () => AzureDevOpsSubject.serviceConnection({ org: 'acme', project: 'a/b', name: 'aws' }),
      'AzureDevOpsSubject.serviceConnection: project: expected no /',
    ],
    [
      'a namespace that Kubernetes has not',
      () => KubernetesSubject.serviceAccount({ namespace: 'Web', name: 'deployer' }),
      'KubernetesSubject.serviceAccount: namespace: expected text that matches',
    ],
    [
      'an address for an account',
      () => GoogleSubject.serviceAccount({ uniqueId: 'deployer@acme.iam.gserviceaccount.com' }),
      'GoogleSubject.serviceAccount: account: expected text that matches',
    ],
    [
      'a pattern in a claim',
      () => GitHubSubject.repo(classic).branch('main').where({ actor: '*' }),
      `Subject.where: actor: ${LITERAL}`,
    ],
    [
      'two values of one claim',
      () => GitLabSubject.project({ path: 'a/b', id: '1' }).branch('main').where({ project_id: '2' }),
      'Subject.where: project_id: is 1 already, and cannot be 2 too',
    ],
    [
      'a pattern without a reason',
      () => Subject.unsafePattern('repo:acme/*', { reason: ' ' }),
      'Subject.unsafePattern: reason: expected why no builder serves',
    ],
    [
      'a pattern with a variable',
      () => Subject.unsafePattern(`repo:${VARIABLE}`, { reason: 'r' }),
      'Subject.unsafePattern: pattern: expected text without policy variables',
    ],
    [
      'a pattern that is a token',
      () => Subject.unsafePattern(Token.asString({ Ref: 'P' }), { reason: 'r' }),
      'Subject.unsafePattern: pattern: a CDK token',
    ],
    [
      'a day that is none',
      () => Subject.unsafePattern('repo:acme/*', { reason: 'r', until: 'soon' }),
      'Subject.unsafePattern: until: expected a day',
    ],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(
      expect.objectContaining({ code: 'InvalidInput', message: expect.stringContaining(message) }),
    );
  });
});
