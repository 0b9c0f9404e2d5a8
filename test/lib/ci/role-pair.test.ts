import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFactoryError } from '../../../core/errors.ts';
import { evaluateWebIdentityTrust } from '../../../core/policy/web-identity.ts';
import {
  BitbucketSubject,
  BuildkiteSubject,
  CiProvider,
  CiRolePair,
  type CiRolePairProps,
  GitHubSubject,
  GitLabSubject,
  HcpSubject,
  type NonEmpty,
  Subject,
} from '../../../lib/ci/index.ts';
import { ARN, boundaryOf, newStack, trustOf } from './stacks.ts';

type Sides = Pick<CiRolePairProps, 'plan' | 'apply'>;
type Make = (stack: Stack) => CiProvider;

function pairOf(make: Make, sides: Sides): CiRolePair {
  const stack = newStack();
  return new CiRolePair(stack, 'Pair', { provider: make(stack), boundary: boundaryOf(stack), ...sides });
}

const GITHUB = 'token.actions.githubusercontent.com';
const github: Make = (stack) => CiProvider.github(stack, 'P', { existingArn: `${ARN}${GITHUB}` });
const gitlab: Make = (stack) => CiProvider.gitlab(stack, 'P');
const repository = GitHubSubject.repo({ owner: 'acme', repo: 'api', ownerId: '1', repoId: '2' });
const workspace = HcpSubject.workspace({ org: 'acme', project: 'Web', workspace: 'api' });
const project = GitLabSubject.project({ path: 'acme/api', id: '7' });
const anyBranch = Subject.unsafePattern('project_path:acme/api:ref_type:branch:ref:*', {
  reason: 'merge requests',
});
const UUID = '{0f1f2f3f-0000-4000-8000-000000000000}';
const bitbucket = BitbucketSubject.repo(UUID);
const pipeline = BuildkiteSubject.pipeline({ org: 'acme', pipeline: 'api' });

describe('plan and apply', () => {
  it('have boundaries of their own, and plan only reads', () => {
    const { plan } = pairOf(github, {
      plan: [repository.pullRequest()],
      apply: [repository.environment('production')],
    });
    const roles = Template.fromStack(Stack.of(plan)).findResources('AWS::IAM::Role');
    const [planning, applying] = Object.values(roles).map(({ Properties }) => Properties.PermissionsBoundary);
    expect(JSON.stringify(planning)).toContain(':iam::aws:policy/ReadOnlyAccess');
    expect(applying).toEqual({ Ref: expect.stringMatching(/^Boundary/) });
  });

  it.each<[string, Make, Sides]>([
    [
      'a pull request and an environment',
      github,
      { plan: [repository.pullRequest()], apply: [repository.environment('p')] },
    ],
    [
      'the phases of a workspace',
      (s) => CiProvider.hcpTerraform(s, 'P'),
      { plan: [workspace.plan()], apply: [workspace.apply()] },
    ],
    [
      'branches that are protected and that are not',
      gitlab,
      {
        plan: [anyBranch.where({ ref_protected: 'false' })],
        apply: [project.branch('main').where({ ref_protected: 'true' })],
      },
    ],
    [
      'steps in environments and outside',
      (s) => CiProvider.bitbucket(s, 'P', { workspace: 'acme', workspaceUuid: 'x' }),
      { plan: [bitbucket.step()], apply: [bitbucket.environment(UUID)] },
    ],
    [
      'branches of a pipeline',
      (s) => CiProvider.buildkite(s, 'P'),
      { plan: [pipeline.branch('dev')], apply: [pipeline.branch('main')] },
    ],
  ])('can be %s', (_, make, sides) => {
    expect(() => pairOf(make, sides)).not.toThrow();
  });

  it.each<[string, Make, Sides, string]>([
    [
      'the same subject',
      github,
      { plan: [repository.branch('main')], apply: [repository.branch('main')] },
      'repo:acme@1/api@2:ref:refs/heads/main could plan and apply',
    ],
    [
      'one subject of several',
      github,
      {
        plan: [repository.pullRequest(), repository.tag('v1')],
        apply: [repository.branch('main'), repository.tag('v1')],
      },
      'repo:acme@1/api@2:ref:refs/tags/v1 could',
    ],
    [
      'a pattern and a subject that it covers',
      gitlab,
      { plan: [anyBranch], apply: [project.branch('main')] },
      'project_path:acme/api:ref_type:branch:ref:main could',
    ],
    [
      'two patterns with a common text',
      gitlab,
      {
        plan: [Subject.unsafePattern('a*c', { reason: 'r' })],
        apply: [Subject.unsafePattern('*bc', { reason: 'r' })],
      },
      'could plan and apply: a*c and *bc overlap',
    ],
    [
      'a claim on one side only',
      gitlab,
      { plan: [anyBranch.where({ ref_protected: 'false' })], apply: [project.branch('main')] },
      'could plan and apply',
    ],
    [
      'the claims of both forms',
      github,
      { plan: [repository.dual().branch('main')], apply: [repository.branch('main')] },
      'could plan and apply',
    ],
  ])('cannot be %s', (_, make, sides, message) => {
    expect(() => pairOf(make, sides)).toThrow(
      expect.objectContaining({ code: 'InvalidInput', message: expect.stringContaining(message) }),
    );
  });
});

const CONTEXTS = [
  'pull_request',
  'ref:refs/heads/main',
  'ref:refs/heads/dev',
  'ref:refs/tags/v1',
  'environment:production',
  'environment:dev',
];
const ACTORS = ['ann', 'bob', 'eve'];
const TOKENS = ['api', 'web'].flatMap((repo) =>
  CONTEXTS.flatMap((context) => ACTORS.map((actor) => ({ sub: `repo:acme/${repo}:${context}`, actor }))),
);

/** Subjects with and without wildcards and claims, over few names, so that sides overlap about as often as not. */
const anySubject = fc
  .record({
    sub: fc.constantFrom(...TOKENS.map(({ sub }) => sub)),
    hole: fc.option(
      fc.record({ from: fc.nat(30), length: fc.nat(30), by: fc.constantFrom('*', '?', '*a*') }),
    ),
    actor: fc.option(fc.constantFrom(...ACTORS)),
  })
  .map(({ sub, hole, actor }) => {
    const at = hole === null ? 0 : 'repo:acme/'.length + hole.from;
    const pattern = hole === null ? sub : sub.slice(0, at) + hole.by + sub.slice(at + hole.length);
    const subject = Subject.unsafePattern(pattern, { reason: 'any' });
    return actor === null ? subject : subject.where({ actor });
  });
const side = fc
  .array(anySubject, { minLength: 1, maxLength: 3 })
  .map((list) => list as unknown as NonEmpty<Subject>);

describe('a plan token', () => {
  const outcomes = { apart: 0, refused: 0 };

  it('can never apply', () => {
    fc.assert(
      fc.property(side, side, (plan, apply) => {
        let pair: CiRolePair;
        try {
          pair = pairOf(github, { plan, apply });
          outcomes.apart += 1;
        } catch (error) {
          if (!isFactoryError(error, 'InvalidInput')) throw error;
          outcomes.refused += 1;
          return;
        }
        const enters = (role: CiRolePair['plan'], claims: object) =>
          evaluateWebIdentityTrust({
            trustPolicy: JSON.stringify(trustOf(role)),
            providerArn: `${ARN}${GITHUB}`,
            claims: { aud: 'sts.amazonaws.com', ...claims },
          }).allowed;
        expect(TOKENS.filter((token) => enters(pair.plan, token) && enters(pair.apply, token))).toEqual([]);
      }),
      { numRuns: 150 },
    );
    // The property says something only if both happen.
    expect(outcomes.apart).toBeGreaterThan(10);
    expect(outcomes.refused).toBeGreaterThan(10);
  });
});
