import { Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { ManagedPolicy, PolicyStatement, WebIdentityPrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import {
  BuildkiteSubject,
  CiProvider,
  CiRole,
  CiRolePair,
  GitHubSubject,
  GitLabSubject,
  HcpSubject,
  type NonEmpty,
  Subject,
} from '../../../lib/ci/index.ts';
import { ARN, boundaryOf, newStack, roleIn, trustOf } from './stacks.ts';

const GITHUB = 'token.actions.githubusercontent.com';
const repository = GitHubSubject.repo({ owner: 'acme', repo: 'api', ownerId: '1', repoId: '2' });

const github = (stack: Stack) => CiProvider.github(stack, 'GitHub', { existingArn: `${ARN}${GITHUB}` });
const githubRole = (subjects: NonEmpty<Subject>, more: object = {}, stack = newStack()) =>
  roleIn(stack, { provider: github(stack), subjects, ...more });

const synthOf = (role: CiRole) => () => Template.fromStack(Stack.of(role));

describe('the trust policy', () => {
  it('compares audience and subject to the letter', () => {
    expect(trustOf(githubRole([repository.branch('main')]))).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRoleWithWebIdentity',
          Principal: { Federated: `${ARN}${GITHUB}` },
          Condition: {
            StringEquals: {
              [`${GITHUB}:aud`]: 'sts.amazonaws.com',
              [`${GITHUB}:sub`]: 'repo:acme@1/api@2:ref:refs/heads/main',
            },
          },
        },
      ],
    });
  });

  const conditions = (role: CiRole) => trustOf(role).Statement.map(({ Condition }) => Condition);

  it('puts subjects that demand the same together, and others apart', () => {
    const role = githubRole([
      repository.branch('main'),
      repository.environment('production'),
      repository.dual().tag('v1'),
      Subject.unsafePattern('repo:acme@1/api@2:ref:refs/tags/v*', { reason: 'releases' }),
    ]);
    const aud = { [`${GITHUB}:aud`]: 'sts.amazonaws.com' };
    expect(conditions(role)).toEqual([
      {
        StringEquals: {
          ...aud,
          [`${GITHUB}:sub`]: [
            'repo:acme@1/api@2:ref:refs/heads/main',
            'repo:acme@1/api@2:environment:production',
          ],
        },
      },
      {
        StringEquals: {
          ...aud,
          [`${GITHUB}:repository_id`]: '2',
          [`${GITHUB}:repository_owner_id`]: '1',
          [`${GITHUB}:sub`]: ['repo:acme/api:ref:refs/tags/v1', 'repo:acme@1/api@2:ref:refs/tags/v1'],
        },
      },
      { StringEquals: aud, StringLike: { [`${GITHUB}:sub`]: 'repo:acme@1/api@2:ref:refs/tags/v*' } },
    ]);
  });

  it('demands claims of every token', () => {
    const claims = { job_workflow_ref: 'acme/flows/.github/workflows/deploy.yml@refs/heads/main' };
    const role = githubRole([repository.branch('main'), repository.dual().tag('v1')], { claims });
    for (const condition of conditions(role))
      expect(condition).toMatchObject({
        StringEquals: { [`${GITHUB}:job_workflow_ref`]: claims.job_workflow_ref },
      });
  });

  it('lets tokens tag the session where that is wanted', () => {
    const stack = newStack();
    const provider = CiProvider.buildkite(stack, 'Buildkite');
    const subjects = [BuildkiteSubject.pipeline({ org: 'acme', pipeline: 'api' }).branch('main')] as const;
    expect(trustOf(roleIn(stack, { provider, subjects, sessionTags: true })).Statement).toMatchObject([
      { Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'] },
    ]);
  });
});

describe('the role', () => {
  it('has its boundary, and an hour for a session', () => {
    const role = githubRole([repository.branch('main')], { roleName: 'deploy', description: 'Deploys' });
    synthOf(role)().hasResourceProperties('AWS::IAM::Role', {
      RoleName: 'deploy',
      Description: 'Deploys',
      MaxSessionDuration: 3600,
      PermissionsBoundary: { Ref: Match.stringLikeRegexp('^Boundary') },
    });
  });

  it('says in a tag what is accepted, in IAM’s alphabet', () => {
    const pattern = Subject.unsafePattern('repo:acme/*', {
      reason: 'a fleet (of tools), read only',
      until: '2999-01-31',
    });
    synthOf(githubRole([pattern]))().hasResourceProperties('AWS::IAM::Role', {
      Tags: [{ Key: 'oidc-factory:lint-accept', Value: 'WI02 2999-01-31 a fleet of tools read only' }],
    });
  });

  it.each<[string, (stack: Stack) => unknown, string]>([
    [
      'no subject',
      (stack) => roleIn(stack, { provider: github(stack), subjects: [] as never }),
      'subjects: expected at least one',
    ],
    [
      'a subject of another issuer',
      (stack) =>
        roleIn(stack, {
          provider: github(stack),
          subjects: [GitLabSubject.project({ path: 'acme/api' }).branch('main')],
        }),
      'is a subject of gitlab, and the provider is GitHub Actions',
    ],
    [
      'an audience that is not on the list',
      (stack) =>
        roleIn(stack, { provider: github(stack), subjects: [repository.branch('main')], audience: 'x' }),
      "audience: x is not on the provider's list",
    ],
    [
      'a claim that AWS does not compare',
      (stack) =>
        roleIn(stack, {
          provider: github(stack),
          subjects: [repository.branch('main')],
          claims: { event_name: 'push' },
        }),
      `event_name: of tokens from ${GITHUB} AWS compares sub, aud, repository,`,
    ],
    [
      'an id that AWS does not compare for an instance',
      (stack) =>
        roleIn(stack, {
          provider: CiProvider.gitlab(stack, 'P', { host: 'code.acme.example' }),
          subjects: [GitLabSubject.project({ path: 'acme/api', id: '7' }).branch('main')],
        }),
      'project_id: of tokens from code.acme.example AWS compares nothing but sub and aud',
    ],
    [
      'both forms on Enterprise Server',
      (stack) =>
        roleIn(stack, {
          provider: CiProvider.github(stack, 'P', { host: 'git.acme.example' }),
          subjects: [repository.dual().branch('main')],
        }),
      'AWS compares nothing but sub and aud',
    ],
    [
      'a session that is too long',
      (stack) =>
        roleIn(stack, {
          provider: github(stack),
          subjects: [repository.branch('main')],
          maxSession: Duration.hours(13),
        }),
      'maxSessionDuration',
    ],
  ])('is refused with %s', (_, make, message) => {
    expect(() => make(newStack())).toThrow(message);
  });
});

describe('the synthesis fails', () => {
  const open = (role: CiRole, sub: string) => {
    const conditions = { StringLike: { [`${GITHUB}:aud`]: 'sts.amazonaws.com', [`${GITHUB}:sub`]: sub } };
    role.assumeRolePolicy?.addStatements(
      new PolicyStatement({
        actions: ['sts:AssumeRoleWithWebIdentity'],
        principals: [new WebIdentityPrincipal(`${ARN}${GITHUB}`, conditions)],
      }),
    );
    return role;
  };
  const builder = 'Use GitHubSubject.repo({ owner, repo, ownerId, repoId }).environment(name)';

  it.each<[string, () => CiRole, string]>([
    [
      'for a wildcard that was added by hand',
      () => open(githubRole([repository.branch('main')]), 'repo:acme/*'),
      'WI02 project-open',
    ],
    ['for strangers', () => open(githubRole([repository.branch('main')]), 'repo:*'), 'WI01 tenant-open'],
    [
      'for strangers, whatever the reason',
      () => githubRole([Subject.unsafePattern('repo:acme*', { reason: 'ours' })]),
      'WI01 tenant-open',
    ],
    [
      'for a reason that has had its time',
      () => githubRole([Subject.unsafePattern('repo:acme/*', { reason: 'for now', until: '2020-01-31' })]),
      'WI02 project-open',
    ],
  ])('%s, and names the safe builder', (_, make, rule) => {
    expect(synthOf(make())).toThrow(new RegExp(`${rule}.*${builder.replaceAll(/[(){}.]/g, '\\$&')}`, 's'));
  });

  /** Its boundary is of another stack, so that nobody here knows what it allows. */
  function roleWithUnknownBoundary(): CiRole {
    const stack = newStack();
    const boundary = ManagedPolicy.fromManagedPolicyName(stack, 'Known elsewhere', 'boundary');
    return new CiRole(stack, 'Role', {
      provider: github(stack),
      subjects: [repository.branch('main')],
      boundary,
    });
  }

  it('for an administrator', () => {
    const role = roleWithUnknownBoundary();
    role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName('AdministratorAccess'));
    expect(synthOf(role)).toThrow('WR01 administrator');
    role.accept('WR01', { reason: 'the boundary limits it' });
    expect(synthOf(role)).not.toThrow();
  });

  it('for what a policy beside the role gives it', () => {
    const role = roleWithUnknownBoundary();
    role.addToPolicy(new PolicyStatement({ actions: ['iam:PassRole'], resources: ['*'] }));
    expect(synthOf(role)).toThrow('WR02 escalation: The role may call iam:PassRole');
  });
});

describe('warnings', () => {
  const warningsOf = (role: CiRole) =>
    Annotations.fromStack(Stack.of(role))
      .findWarning('*', Match.anyValue())
      .map(({ entry }) => String(entry.data).slice(0, 4));

  it.each<[string, () => CiRole, string[]]>([
    ['none for what is pinned by id', () => githubRole([repository.environment('production')]), []],
    [
      'names that can be given to somebody else',
      () => githubRole([GitHubSubject.repo({ owner: 'acme', repo: 'api' }).branch('main')]),
      ['WI14'],
    ],
    ['code that nobody has reviewed', () => githubRole([repository.pullRequest()]), ['WI03']],
    [
      'long sessions',
      () => githubRole([repository.branch('main')], { maxSession: Duration.hours(2) }),
      ['WR04'],
    ],
    [
      'none for a pattern with a reason',
      () => githubRole([Subject.unsafePattern('repo:acme@1/api@2:ref:refs/heads/*', { reason: 'r' })]),
      [],
    ],
    [
      'none where there is nothing to do',
      () => {
        const stack = newStack();
        const workspace = HcpSubject.workspace({ org: 'acme', project: 'p', workspace: 'w' });
        return roleIn(stack, {
          provider: CiProvider.hcpTerraform(stack, 'P'),
          subjects: [workspace.apply()],
        });
      },
      [],
    ],
    [
      'none for a plan',
      () => {
        const stack = newStack();
        return new CiRolePair(stack, 'Pair', {
          provider: github(stack),
          plan: [repository.pullRequest()],
          apply: [repository.environment('production')],
          boundary: boundaryOf(stack),
        }).plan;
      },
      [],
    ],
  ])('%s', (_, make, expected) => {
    expect(warningsOf(make())).toEqual(expected);
  });
});
