import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TokenClaims } from '../../../core/policy/web-identity.ts';
import { admits } from './stacks.ts';

const root = join(import.meta.dirname, '..', '..', '..', 'examples', 'ci');
const names = readdirSync(root).filter((name) => existsSync(join(root, name, 'app.ts')));

interface Example {
  readonly template: object;
  /** What is said at synthesis. */
  readonly messages: readonly string[];
}

const examples = new Map<string, Example>();
beforeAll(async () => {
  for (const name of names) {
    const { app } = (await import(join(root, name, 'app.ts'))) as { app: App };
    const { stacks } = app.synth();
    examples.set(name, {
      template: Object.assign({}, ...stacks.map(({ template }) => template)),
      messages: stacks.flatMap(({ messages }) => messages.map(({ entry }) => String(entry.data))),
    });
    rmSync(app.outdir, { recursive: true });
  }
});

const example = (name: string): Example => {
  const found = examples.get(name);
  if (!found) throw new Error(`There is no example ${name}`);
  return found;
};

it('there is an example for each CI system', () => {
  expect(names).toEqual([
    'atlantis',
    'azure-devops',
    'bitbucket',
    'buildkite',
    'circleci',
    'github',
    'gitlab',
    'google',
    'hcp-terraform',
    'kubernetes',
    'terraform-modules',
  ]);
});

it.each(names)('%s synthesizes, and the linter has nothing to say', (name) => {
  const { messages } = example(name);
  const expected = name === 'azure-devops' ? [expect.stringContaining('until 2027-07-01')] : [];
  expect(messages).toEqual(expected);
});

const UUID = (last: number) => `0f1f2f3f-0000-4000-8000-00000000000${last}`;
const GITHUB = 'https://token.actions.githubusercontent.com';
const BITBUCKET = 'https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc';
const CIRCLECI = `https://oidc.circleci.com/org/${UUID(0)}`;
const AZURE = `https://vstoken.dev.azure.com/${UUID(0)}`;
const EKS = 'https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';

const github = { aud: 'sts.amazonaws.com', repository_id: '2000001', repository_owner_id: '1000001' };
const gitlab = { aud: 'https://gitlab.com', project_id: '2000001' };
const onMain = {
  ...gitlab,
  sub: 'project_path:acme/web/site:ref_type:branch:ref:main',
  ref_protected: 'true',
};
const onFeature = {
  ...gitlab,
  sub: 'project_path:acme/web/site:ref_type:branch:ref:feature',
  ref_protected: 'false',
};
const terraform = (phase: string, workspace = 'site-production') => ({
  aud: 'aws.workload.identity',
  sub: `organization:acme:project:Web:workspace:${workspace}:run_phase:${phase}`,
});
const bitbucket = (...ids: number[]) => ({
  aud: `ari:cloud:bitbucket::workspace/${UUID(0)}`,
  sub: ids.map((id) => `{${UUID(id)}}`).join(':'),
});
const circleci = (ref: string) => ({
  aud: UUID(0),
  sub: `org/${UUID(0)}/project/${UUID(1)}/user/${UUID(9)}/vcs-origin/github.com/acme/site/vcs-ref/${ref}`,
});
const buildkite = (branch: string) => ({
  aud: 'sts.amazonaws.com',
  sub: `organization:acme:pipeline:site:ref:refs/heads/${branch}:commit:${'a'.repeat(40)}:step:deploy`,
  organization_id: UUID(0),
  pipeline_id: UUID(1),
});
const pod = (namespace: string, name: string) => ({
  aud: 'sts.amazonaws.com',
  sub: `system:serviceaccount:${namespace}:${name}`,
});
const google = { sub: '100000000000000000001', azp: '100000000000000000001', aud: 'aws-site-deploy' };

describe('the role of an example', () => {
  it.each<[name: string, role: string, issuer: string, claims: TokenClaims]>([
    ['github', 'SiteApply', GITHUB, { ...github, sub: 'repo:acme/site:environment:production' }],
    [
      'github',
      'SiteApply',
      GITHUB,
      { ...github, sub: 'repo:acme@1000001/site@2000001:environment:production' },
    ],
    ['github', 'SitePlan', GITHUB, { ...github, sub: 'repo:acme@1000001/site@2000001:pull_request' }],
    ['gitlab', 'SiteApply', 'https://gitlab.com', onMain],
    ['gitlab', 'SitePlan', 'https://gitlab.com', onFeature],
    ['hcp-terraform', 'SiteApply', 'https://app.terraform.io', terraform('apply')],
    ['hcp-terraform', 'SitePlan', 'https://app.terraform.io', terraform('plan')],
    ['bitbucket', 'SiteApply', BITBUCKET, bitbucket(1, 2, 9)],
    ['bitbucket', 'SitePlan', BITBUCKET, bitbucket(1, 9)],
    ['circleci', 'Deploy', CIRCLECI, circleci('refs/heads/main')],
    [
      'azure-devops',
      'Deploy',
      AZURE,
      { aud: 'api://AzureADTokenExchange', sub: 'sc://acme/Web/aws-production' },
    ],
    ['buildkite', 'Deploy', 'https://agent.buildkite.com', buildkite('main')],
    ['kubernetes', 'Deploy', EKS, pod('site-deploy', 'deployer')],
    ['google', 'Deploy', 'https://accounts.google.com', google],
    ['atlantis', 'site', EKS, pod('atlantis-site', 'atlantis')],
    [
      'terraform-modules',
      'ReadModules',
      GITHUB,
      { ...github, sub: 'repo:acme@1000001/site@2000001:pull_request' },
    ],
  ])('%s lets in whom it is for: %s', (name, role, issuer, claims) => {
    expect(admits(example(name).template, role, issuer, claims)).toBe(true);
  });

  it.each<[name: string, who: string, role: string, issuer: string, claims: TokenClaims]>([
    ['github', 'a pull request', 'SiteApply', GITHUB, { ...github, sub: 'repo:acme/site:pull_request' }],
    ['github', 'a branch', 'SiteApply', GITHUB, { ...github, sub: 'repo:acme/site:ref:refs/heads/main' }],
    [
      'github',
      'the neighbour',
      'SiteApply',
      GITHUB,
      { ...github, sub: 'repo:acme/other:environment:production' },
    ],
    [
      'github',
      'who got the name',
      'SiteApply',
      GITHUB,
      { ...github, sub: 'repo:acme/site:environment:production', repository_id: '9' },
    ],
    [
      'github',
      'another audience',
      'SiteApply',
      GITHUB,
      { ...github, aud: 'x', sub: 'repo:acme/site:environment:production' },
    ],
    [
      'gitlab',
      'an unprotected main',
      'SiteApply',
      'https://gitlab.com',
      { ...onMain, ref_protected: 'false' },
    ],
    ['gitlab', 'a merge request', 'SiteApply', 'https://gitlab.com', onFeature],
    ['gitlab', 'a protected branch', 'SitePlan', 'https://gitlab.com', onMain],
    ['gitlab', 'who got the path', 'SitePlan', 'https://gitlab.com', { ...onFeature, project_id: '9' }],
    ['hcp-terraform', 'a plan', 'SiteApply', 'https://app.terraform.io', terraform('plan')],
    [
      'hcp-terraform',
      'another workspace',
      'SitePlan',
      'https://app.terraform.io',
      terraform('plan', 'other'),
    ],
    ['bitbucket', 'another environment', 'SiteApply', BITBUCKET, bitbucket(1, 3, 9)],
    ['bitbucket', 'a step outside', 'SiteApply', BITBUCKET, bitbucket(1, 9)],
    ['bitbucket', 'a deployment', 'SitePlan', BITBUCKET, bitbucket(1, 2, 9)],
    ['circleci', 'a branch', 'Deploy', CIRCLECI, circleci('refs/heads/feature')],
    // A branch may be called anything: the wildcards for the user must not reach into its name.
    [
      'circleci',
      'a branch whose name holds the whole end',
      'Deploy',
      CIRCLECI,
      circleci('refs/heads/x/vcs-origin/github.com/acme/site/vcs-ref/refs/heads/main'),
    ],
    [
      'azure-devops',
      'another connection',
      'Deploy',
      AZURE,
      { aud: 'api://AzureADTokenExchange', sub: 'sc://acme/Web/aws' },
    ],
    ['buildkite', 'a branch', 'Deploy', 'https://agent.buildkite.com', buildkite('feature')],
    [
      'buildkite',
      'who got the slug',
      'Deploy',
      'https://agent.buildkite.com',
      { ...buildkite('main'), pipeline_id: UUID(9) },
    ],
    ['kubernetes', 'another namespace', 'Deploy', EKS, pod('default', 'deployer')],
    ['kubernetes', 'another service account', 'Deploy', EKS, pod('site-deploy', 'default')],
    ['google', 'a token for another party', 'Deploy', 'https://accounts.google.com', { ...google, aud: 'x' }],
    [
      'google',
      'another service account',
      'Deploy',
      'https://accounts.google.com',
      { ...google, sub: '2', azp: '2' },
    ],
    ['atlantis', 'another project', 'site', EKS, pod('atlantis-network', 'atlantis')],
    [
      'terraform-modules',
      'a branch',
      'ReadModules',
      GITHUB,
      { ...github, sub: 'repo:acme@1000001/site@2000001:ref:refs/heads/x' },
    ],
  ])('%s keeps out %s: %s', (name, _, role, issuer, claims) => {
    expect(admits(example(name).template, role, issuer, claims)).toBe(false);
  });
});

describe('the pipeline beside an example', () => {
  const unset = /unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN/;
  const emptied = /AWS_ACCESS_KEY_ID: "".*AWS_SECRET_ACCESS_KEY: "".*AWS_SESSION_TOKEN: ""/s;

  it.each<[file: string, clears: RegExp, names: RegExp]>([
    [
      'atlantis/values.yaml',
      /AWS_ACCESS_KEY_ID, value: "".*AWS_SECRET_ACCESS_KEY, value: "".*AWS_SESSION_TOKEN, value: ""/s,
      /AWS_ROLE_SESSION_NAME.*PULL_NUM/,
    ],
    ['azure-devops/azure-pipelines.yml', unset, /AWS_ROLE_SESSION_NAME="azure-\$\(Build\.BuildId\)"/],
    [
      'bitbucket/bitbucket-pipelines.yml',
      unset,
      /AWS_ROLE_SESSION_NAME="bitbucket-\$\{BITBUCKET_PIPELINE_UUID/,
    ],
    ['buildkite/pipeline.yml', emptied, /session-tags: \[organization_slug, pipeline_slug\]/],
    ['circleci/config.yml', unset, /AWS_ROLE_SESSION_NAME="circleci-\$CIRCLE_WORKFLOW_ID"/],
    [
      'github/deploy.yml',
      /unset-current-credentials: true/,
      /role-session-name: deploy-\$\{\{ github\.run_id \}\}/,
    ],
    ['gitlab/.gitlab-ci.yml', unset, /AWS_ROLE_SESSION_NAME: gitlab-\$CI_PROJECT_ID-\$CI_JOB_ID/],
    ['google/deploy.sh', unset, /AWS_ROLE_SESSION_NAME="\$CLOUD_RUN_EXECUTION"/],
    ['kubernetes/job.yaml', unset, /AWS_ROLE_SESSION_NAME\n\s+valueFrom: .*metadata\.name/],
    ['terraform-modules/init.sh', unset, /AWS_ROLE_SESSION_NAME="modules-\$3"/],
  ])('%s clears keys that would win, and names its sessions for the run', (file, clears, names) => {
    const text = readFileSync(join(root, file), 'utf8');
    expect(text).toMatch(clears);
    expect(text).toMatch(names);
  });

  it.each([
    ['gitlab', '.gitlab-ci.yml', /aud: (\S+)/],
    ['kubernetes', 'job.yaml', /audience: ([^\s,]+)/],
  ])('%s asks for an audience on the list of the provider', (name, file, pattern) => {
    const [, audience] = pattern.exec(readFileSync(join(root, name, file), 'utf8')) ?? [];
    expect(JSON.stringify(example(name).template)).toContain(`"ClientIdList":["${audience}"]`);
  });
});
