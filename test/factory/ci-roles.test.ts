/** Workloads of CI systems, with tokens of issuers that the sandbox plays, and the roles of the examples. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { beforeAll, describe, expect, it } from 'vitest';
import { deployStack } from '../../sandbox/cloudformation/deploy-stack.ts';
import { useFactory } from './harness.ts';

// These roles are no part of the factory.
const factory = useFactory({ showsNeed: false });

const EXAMPLES = ['github', 'gitlab', 'hcp-terraform', 'kubernetes', 'buildkite'];
/** ARNs by example and logical id. */
const roles = new Map<string, string>();

beforeAll(async () => {
  const { sandbox, member } = factory();
  for (const name of EXAMPLES) {
    const file = join(import.meta.dirname, '..', '..', 'examples', 'ci', name, 'app.ts');
    const { app } = (await import(file)) as { app: App };
    for (const { stackName, template } of app.synth().stacks) {
      const { resources } = await deployStack({
        cloud: sandbox.aws.cloud,
        logs: sandbox.aws.logs,
        responses: sandbox.aws.responses,
        stackName,
        // Without the parameter and the rule by which CDK finds out how an account was bootstrapped.
        template: { Resources: template.Resources },
        accountId: member.accountId,
        region: sandbox.world.region,
        as: sandbox.administrator(member.accountId).caller,
        assetFolder: () => undefined,
      });
      for (const [id, { attributes = {} }] of resources) {
        if (attributes.RoleId !== undefined) roles.set(`${name}/${id}`, String(attributes.Arn));
      }
    }
    rmSync(app.outdir, { recursive: true });
  }
});

function roleArn(name: string): string {
  const [, arn] = [...roles].find(([id]) => id.startsWith(name)) ?? [];
  if (arn === undefined) throw new Error(`There is no role ${name} among ${[...roles.keys()].join(', ')}`);
  return arn;
}

/** A token, as whoever runs the sandbox asks for one. */
async function tokenOf(issuer: string, claims: object): Promise<string> {
  const { aws, controlToken } = factory().sandbox.ready;
  const answer = await fetch(`${aws.endpoint}/_sandbox/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${controlToken}` },
    body: JSON.stringify({ issuer, claims }),
  });
  const body = (await answer.json()) as { token: string };
  if (answer.status !== 201) throw new Error(`No token: ${JSON.stringify(body)}`);
  return body.token;
}

const GITHUB = 'https://token.actions.githubusercontent.com';
const GITLAB = 'https://gitlab.com';
const TERRAFORM = 'https://app.terraform.io';
const CLUSTER = 'https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';
const NEIGHBOUR = 'https://oidc.eks.us-east-1.amazonaws.com/id/FEDCBA9876543210FEDCBA9876543210';
const BUILDKITE = 'https://agent.buildkite.com';

const github = (sub: string, more: object = {}) => ({
  aud: 'sts.amazonaws.com',
  repository: 'acme/site',
  repository_id: '2000001',
  repository_owner_id: '1000001',
  sub,
  ...more,
});
const gitlab = (branch: string, isProtected: boolean, path = 'acme/web/site') => ({
  aud: 'https://gitlab.com',
  project_id: path === 'acme/web/site' ? '2000001' : '2000002',
  ref_protected: String(isProtected),
  sub: `project_path:${path}:ref_type:branch:ref:${branch}`,
});
const terraform = (phase: string, workspace = 'site-production', organization = 'acme') => ({
  aud: 'aws.workload.identity',
  sub: `organization:${organization}:project:Web:workspace:${workspace}:run_phase:${phase}`,
});
const pod = (namespace: string, name: string) => ({
  aud: ['sts.amazonaws.com'],
  sub: `system:serviceaccount:${namespace}:${name}`,
});
const PRODUCTION = 'repo:acme@1000001/site@2000001:environment:production';

type Case = readonly [who: string, role: string, issuer: string, claims: object];

describe('a role for a CI system', () => {
  it.each<Case>([
    ['a deployment of GitHub', 'github/SiteApply', GITHUB, github(PRODUCTION)],
    [
      'one that has not moved yet',
      'github/SiteApply',
      GITHUB,
      github('repo:acme/site:environment:production'),
    ],
    ['a pull request that plans', 'github/SitePlan', GITHUB, github('repo:acme/site:pull_request')],
    ['a deployment of GitLab', 'gitlab/SiteApply', GITLAB, gitlab('main', true)],
    ['a merge request that plans', 'gitlab/SitePlan', GITLAB, gitlab('feature', false)],
    ['an apply of HCP Terraform', 'hcp-terraform/SiteApply', TERRAFORM, terraform('apply')],
    ['a plan of HCP Terraform', 'hcp-terraform/SitePlan', TERRAFORM, terraform('plan')],
    ['a pod', 'kubernetes/Deploy', CLUSTER, pod('site-deploy', 'deployer')],
  ])('lets in %s', async (_, role, issuer, claims) => {
    const { assume, whoAmI } = factory();
    const session = await assume(roleArn(role), await tokenOf(issuer, claims));
    const [, roleName] = roleArn(role).split(':role/');
    expect(await whoAmI(session)).toContain(`:assumed-role/${roleName}/workload`);
  });

  it.each<Case>([
    [
      'the neighbour repository',
      'github/SiteApply',
      GITHUB,
      github('repo:acme@1000001/other@2000009:environment:production', { repository_id: '2000009' }),
    ],
    ['a pull request', 'github/SiteApply', GITHUB, github('repo:acme@1000001/site@2000001:pull_request')],
    [
      'a push to main',
      'github/SiteApply',
      GITHUB,
      github('repo:acme@1000001/site@2000001:ref:refs/heads/main'),
    ],
    [
      'a stranger who got the name',
      'github/SiteApply',
      GITHUB,
      github('repo:acme/site:environment:production', { repository_id: '9' }),
    ],
    ['a deployment that wants to plan', 'github/SitePlan', GITHUB, github(PRODUCTION)],
    ['a merge request', 'gitlab/SiteApply', GITLAB, gitlab('feature', false)],
    ['main, unprotected', 'gitlab/SiteApply', GITLAB, gitlab('main', false)],
    ['the neighbour project', 'gitlab/SiteApply', GITLAB, gitlab('main', true, 'acme/web/other')],
    ['the other phase', 'hcp-terraform/SiteApply', TERRAFORM, terraform('plan')],
    ['the other phase, the other way round', 'hcp-terraform/SitePlan', TERRAFORM, terraform('apply')],
    ['the neighbour workspace', 'hcp-terraform/SiteApply', TERRAFORM, terraform('apply', 'other')],
    [
      'another organization',
      'hcp-terraform/SiteApply',
      TERRAFORM,
      terraform('apply', 'site-production', 'mallory'),
    ],
    ['another namespace', 'kubernetes/Deploy', CLUSTER, pod('default', 'deployer')],
    ['another service account', 'kubernetes/Deploy', CLUSTER, pod('site-deploy', 'default')],
  ])('keeps out %s', async (_, role, issuer, claims) => {
    const token = await tokenOf(issuer, claims);
    await expect(factory().assume(roleArn(role), token)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('keeps out the same service account of another cluster', async () => {
    const token = await tokenOf(NEIGHBOUR, pod('site-deploy', 'deployer'));
    await expect(factory().assume(roleArn('kubernetes/Deploy'), token)).rejects.toMatchObject({
      name: 'InvalidIdentityTokenException',
      message: expect.stringContaining('No OpenIDConnect provider found'),
    });
  });

  it('keeps out a token for another party', async () => {
    const token = await tokenOf(GITHUB, { ...github(PRODUCTION), aud: 'https://github.com/acme' });
    await expect(factory().assume(roleArn('github/SiteApply'), token)).rejects.toMatchObject({
      message: 'Incorrect token audience',
    });
  });

  it('lets the issuer tag the session where the role says so', async () => {
    const { assume } = factory();
    const claims = {
      aud: 'sts.amazonaws.com',
      sub: `organization:acme:pipeline:site:ref:refs/heads/main:commit:${'a'.repeat(40)}:step:deploy`,
      organization_id: '0f1f2f3f-0000-4000-8000-000000000000',
      pipeline_id: '0f1f2f3f-0000-4000-8000-000000000001',
      'https://aws.amazon.com/tags': { principal_tags: { pipeline_slug: ['site'] } },
    };
    await assume(roleArn('buildkite/Deploy'), await tokenOf(BUILDKITE, claims));
    const tagged = { ...github(PRODUCTION), 'https://aws.amazon.com/tags': { principal_tags: { a: ['b'] } } };
    await expect(assume(roleArn('github/SiteApply'), await tokenOf(GITHUB, tagged))).rejects.toMatchObject({
      message: 'Not authorized to perform sts:TagSession',
    });
  });
});
