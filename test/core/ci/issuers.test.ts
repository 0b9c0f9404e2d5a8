import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { azureDevOps } from '../../../core/ci/azure-devops.ts';
import { bitbucket } from '../../../core/ci/bitbucket.ts';
import { buildkite } from '../../../core/ci/buildkite.ts';
import { circleci } from '../../../core/ci/circleci.ts';
import { entra } from '../../../core/ci/entra.ts';
import { type GitHubSubject, github, withIds, withoutIds } from '../../../core/ci/github.ts';
import { gitlab } from '../../../core/ci/gitlab.ts';
import { google } from '../../../core/ci/google.ts';
import { fieldsOf } from '../../../core/ci/grammar.ts';
import { hcpTerraform } from '../../../core/ci/hcp-terraform.ts';
import type { IssuerKind, Subject } from '../../../core/ci/issuer.ts';
import { issuerAt, providerPathOf } from '../../../core/ci/issuers.ts';
import { kubernetes } from '../../../core/ci/kubernetes.ts';
import { evaluateWebIdentityTrust } from '../../../core/policy/web-identity.ts';
import {
  AZURE_DEVOPS,
  arnOf,
  BITBUCKET,
  BUILDKITE,
  CIRCLE,
  CIRCLE_ORG,
  EKS,
  ENTRA,
  ENTRA_V2,
  GITHUB,
  GITLAB,
  GOOGLE,
  HCP,
  policy,
  subject,
} from '../lint/policies.ts';
import { tokensNear } from './witnesses.ts';

type AnyKind = IssuerKind<Subject>;
const as = (kind: unknown): AnyKind => kind as AnyKind;

const UUID = 'aaaa1111-bbbb-2222-cccc-333344445555';

/** One subject of each form, as the issuer documents it or a token showed it. */
const DOCUMENTED: readonly (readonly [string, AnyKind, string, string])[] = [
  ['GitHub, a branch', as(github), GITHUB, 'repo:octo-org/octo-repo:ref:refs/heads/feature/x'],
  ['GitHub, a tag', as(github), GITHUB, 'repo:octo-org/octo-repo:ref:refs/tags/v1.0'],
  ['GitHub, an environment', as(github), GITHUB, 'repo:octo-org/octo-repo:environment:Production'],
  ['GitHub, a pull request', as(github), GITHUB, 'repo:octo-org/octo-repo:pull_request'],
  ['GitHub, the repository alone', as(github), GITHUB, 'repo:octo-org/octo-repo'],
  ['GitHub with ids', as(github), GITHUB, 'repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main'],
  [
    'GitHub with ids, an environment',
    as(github),
    GITHUB,
    'repo:octo-org@123456/octo-repo@456789:environment:prod',
  ],
  ['GitLab, a branch', as(gitlab), GITLAB, 'project_path:group/sub/project:ref_type:branch:ref:main'],
  ['GitLab, a tag', as(gitlab), GITLAB, 'project_path:group/project:ref_type:tag:ref:v1.0.0'],
  ['GitLab by id', as(gitlab), GITLAB, 'project_id:20:ref_type:branch:ref:main'],
  [
    'HCP Terraform',
    as(hcpTerraform),
    HCP,
    'organization:acme:project:Default Project:workspace:net:run_phase:plan',
  ],
  ['HCP Terraform before projects', as(hcpTerraform), HCP, 'organization:acme:workspace:net:run_phase:apply'],
  [
    'HCP Terraform stacks',
    as(hcpTerraform),
    HCP,
    'organization:acme:project:core:stack:net:deployment:prod:operation:apply',
  ],
  ['Bitbucket, a step', as(bitbucket), BITBUCKET, `{${UUID}}:{${UUID}}`],
  ['Bitbucket, a deployment', as(bitbucket), BITBUCKET, `{${UUID}}:{${UUID}}:{${UUID}}`],
  ['CircleCI', as(circleci), CIRCLE, `org/${CIRCLE_ORG}/project/${UUID}/user/${UUID}`],
  [
    'CircleCI, version 2',
    as(circleci),
    CIRCLE,
    `org/${CIRCLE_ORG}/project/${UUID}/user/${UUID}/vcs-origin/github.com/acme/api/vcs-ref/refs/heads/main`,
  ],
  ['CircleCI audit logs', as(circleci), CIRCLE, `org/${CIRCLE_ORG}/file-streaming/audit-logs`],
  ['Azure DevOps', as(azureDevOps), AZURE_DEVOPS, 'sc://acme/core platform/aws'],
  [
    'Buildkite',
    as(buildkite),
    BUILDKITE,
    'organization:acme:pipeline:api:ref:refs/heads/main:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:build',
  ],
  ['Buildkite by id', as(buildkite), BUILDKITE, UUID],
  ['Kubernetes', as(kubernetes), EKS, 'system:serviceaccount:kube-system:aws-node'],
  ['Google', as(google), GOOGLE, '109876543210987654321'],
  ['Entra', as(entra), ENTRA, UUID],
];

describe('the subject of', () => {
  it.each(DOCUMENTED)('%s is read and written alike', (_, kind, path, sub) => {
    const parsed = kind.parse(sub);
    expect(parsed).toBeDefined();
    expect(kind.print(parsed as Subject)).toBe(sub);
    expect(issuerAt(path).id).toBe(kind.id);
  });
});

/** UUIDs apart, since generating them from their pattern takes seconds. */
const textsLike = (pattern = /^[A-Za-z0-9](?:[\w .-]{0,6}[A-Za-z0-9])?$/): fc.Arbitrary<string> => {
  if (pattern.test(UUID)) return fc.uuid();
  return pattern.test(`{${UUID}}`) ? fc.uuid().map((id) => `{${id}}`) : fc.stringMatching(pattern);
};

/** A subject of any form, with values that the issuer could write. */
const subjectsOf = (kind: AnyKind, path: string): fc.Arbitrary<Subject> => {
  const forms = Object.entries(kind.at(path)?.forms ?? {});
  return fc.constantFrom(...forms).chain(([form, { template }]) => {
    const values = fieldsOf(template).map((part) => {
      const text = textsLike(part.pattern);
      const names = part.escapesColon ? fc.oneof(text, fc.constant('eu:west')) : text;
      return [part.name, names.filter((value) => !/%3a/i.test(value))] as const;
    });
    return fc.record(Object.fromEntries(values)).map((chosen) => ({ ...chosen, form }));
  });
};

const KINDS: readonly (readonly [AnyKind, string])[] = [
  [as(github), GITHUB],
  [as(gitlab), GITLAB],
  [as(hcpTerraform), HCP],
  [as(bitbucket), BITBUCKET],
  [as(circleci), 'oidc.circleci.com'],
  [as(azureDevOps), AZURE_DEVOPS],
  [as(buildkite), BUILDKITE],
  [as(kubernetes), EKS],
  [as(google), GOOGLE],
  [as(entra), ENTRA],
];

describe.each(KINDS.map(([kind, path]) => [kind.id, kind, path] as const))('%s', (_, kind, path) => {
  it('reads every subject as it was written', () => {
    fc.assert(
      fc.property(subjectsOf(kind, path), (data) => {
        expect(kind.parse(kind.print(data))).toEqual(data);
      }),
    );
  });

  it('refuses what a policy would take for a pattern, and what would end a part', () => {
    fc.assert(
      fc.property(
        subjectsOf(kind, path),
        fc.constantFrom('*', '?', `\${x}`, '', '\n'),
        fc.nat(),
        (data, bad, at) => {
          const names = Object.keys(data).filter((name) => name !== 'form');
          const name = names[at % Math.max(names.length, 1)];
          if (name === undefined) return;
          const broken = { ...data, [name]: bad === '' ? '' : `${data[name]}${bad}` };
          expect(() => kind.print(broken)).toThrowError(expect.objectContaining({ code: 'InvalidInput' }));
        },
      ),
    );
  });

  it('tells whoever is near: their tokens do not enter a role for the subject, its own do', () => {
    const issuer = kind.at(path);
    if (issuer === undefined) throw new Error('no such issuer');
    fc.assert(
      fc.property(subjectsOf(kind, path), (data) => {
        const sub = kind.print(data);
        const trustPolicy = JSON.stringify(policy(subject(path, sub, { aud: 'audience' })));
        const enters = (claims: object) =>
          evaluateWebIdentityTrust({ trustPolicy, providerArn: providerOf(path), claims: { ...claims } })
            .allowed;
        expect(enters({ sub, aud: 'audience' })).toBe(true);
        for (const { claims } of tokensNear(issuer, data, 'audience'))
          expect(enters({ ...claims, aud: 'audience' })).toBe(false);
      }),
    );
  });
});

const providerOf = (path: string): string => (path === GOOGLE ? path : arnOf(path));

describe('whoever is near a subject', () => {
  const near = (kind: AnyKind, path: string, sub: string) =>
    tokensNear(
      kind.at(path) as NonNullable<ReturnType<AnyKind['at']>>,
      kind.parse(sub) as Subject,
      'audience',
    ).map(({ reach, claims }) => `${reach} ${claims.sub}`);

  it('of an environment is a stranger, a neighbour, and every other ref', () => {
    expect(near(as(github), GITHUB, 'repo:acme/api:environment:prod')).toEqual(
      expect.arrayContaining([
        'tenant repo:mallory/api:environment:prod',
        'project repo:acme/mallory:environment:prod',
        'ref repo:acme/api:ref:refs/heads/mallory',
        'ref repo:acme/api:environment:mallory',
        'ref repo:acme/api:pull_request',
      ]),
    );
  });

  it('of an apply is the plan', () => {
    const sub = 'organization:acme:project:core:workspace:net:run_phase:apply';
    expect(near(as(hcpTerraform), HCP, sub)).toContain(
      'phase organization:acme:project:core:workspace:net:run_phase:plan',
    );
  });

  it('of a service account is another one, in the namespace and beyond', () => {
    expect(near(as(kubernetes), EKS, 'system:serviceaccount:shop:cart')).toEqual([
      'tenant system:serviceaccount:mallory:cart',
      'project system:serviceaccount:shop:mallory',
    ]);
  });
});

describe('the issuer behind', () => {
  const SUB = ['system:serviceaccount:a:b'];
  it.each([
    [GITHUB, [], 'github', true],
    ['token.actions.githubusercontent.com/acme', [], 'github', false],
    ['token.actions.acme.ghe.com', [], 'github', false],
    ['ghes.acme.example/_services/token', [], 'github', false],
    [GITLAB, [], 'gitlab', true],
    ['gitlab.acme.example', [], 'gitlab', false],
    ['git.acme.example', ['project_path:acme/*'], 'gitlab', false],
    [HCP, [], 'hcp-terraform', true],
    ['tfe.acme.example', ['organization:acme:project:p:workspace:w:run_phase:*'], 'hcp-terraform', false],
    [BITBUCKET, [], 'bitbucket', false],
    [CIRCLE, [], 'circleci', false],
    ['oidc.circleci.com', [], 'circleci', true],
    [AZURE_DEVOPS, [], 'azure-devops', false],
    [BUILDKITE, [], 'buildkite', true],
    [EKS, [], 'kubernetes', false],
    ['bucket.s3.amazonaws.com/cluster', SUB, 'kubernetes', false],
    [GOOGLE, [], 'google', true],
    [ENTRA, [], 'entra', false],
    [ENTRA_V2, [], 'entra', false],
    ['sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/', [], 'entra', true],
    ['cognito-identity.amazonaws.com', [], 'cognito', true],
    ['api.pulumi.com/oidc', [], 'other', true],
    ['graph.facebook.com', [], 'other', true],
    ['idp.acme.example', [], 'other', false],
    ['token.actions.githubusercontent.com.evil.example', [], 'other', false],
    ['evil.example/token.actions.githubusercontent.com', [], 'other', false],
  ] as const)('%s', (path, subjects, id, shared) => {
    expect(issuerAt(path, subjects)).toMatchObject({ id, shared, path });
  });

  it('an unknown host is the one that all use, if its subjects are of that kind', () => {
    expect(issuerAt('unknown', ['repo:acme/api:*'], true)).toMatchObject({ id: 'github', shared: true });
    expect(issuerAt('unknown', ['repo:acme/api:*'])).toMatchObject({ id: 'github', shared: false });
  });

  it.each([
    ['arn:aws:iam::111122223333:oidc-provider/gitlab.com', 'gitlab.com'],
    ['arn:aws-us-gov:iam::111122223333:oidc-provider/sts.windows.net/x/', 'sts.windows.net/x/'],
    ['https://gitlab.com', 'gitlab.com'],
    ['accounts.google.com', 'accounts.google.com'],
  ])('%s has the path %s', (provider, path) => {
    expect(providerPathOf(provider)).toBe(path);
  });
});

describe('claims that AWS compares', () => {
  it.each([
    [
      GITHUB,
      ['repository', 'repository_id', 'job_workflow_ref', 'environment', 'enterprise_id'],
      ['event_name', 'repository_owner', 'runner_environment', 'workflow_ref'],
    ],
    ['ghes.acme.example/_services/token', [], ['repository', 'repository_id']],
    [GITLAB, ['project_id', 'namespace_id', 'ref_protected', 'user_email'], ['project_path', 'environment']],
    ['gitlab.acme.example', [], ['project_id']],
    [HCP, [], ['terraform_workspace_id']],
    [CIRCLE, ['oidc.circleci.com/project-id'], ['oidc.circleci.com/ssh-rerun']],
    [BUILDKITE, ['organization_id', 'pipeline_id', 'build_branch'], ['step_key']],
  ])('%s', (path, compared, others) => {
    const claims = Object.keys(issuerAt(path).claims);
    expect(claims).toEqual(expect.arrayContaining(compared));
    for (const claim of others) expect(claims).not.toContain(claim);
  });
});

describe('GitHub', () => {
  it.each([
    [
      'of a customized template',
      'repo:octo-org/octo-repo:environment:prod:job_workflow_ref:octo-org/flows/.github/workflows/oidc.yml@refs/heads/main',
    ],
    ['of a workflow alone', 'job_workflow_ref:octo-org/flows/.github/workflows/oidc.yml@refs/heads/main'],
    ['of an owner', 'repository_owner:monalisa:repository_visibility:private'],
    ['of an id', 'repository_id:1234'],
    ['of a pull request in a template', 'repository_owner:octo-org:pull_request'],
    ['with a colon in a value', 'environment:production%3Aeastus:repository_owner:octo-org'],
    ['of a custom property', 'repo_property_team:platform:repository_id:1234'],
  ])('reads subjects %s', (_, sub) => {
    const parsed = github.parse(sub);
    expect(parsed).toMatchObject({ form: 'custom' });
    expect(github.print(parsed as GitHubSubject)).toBe(sub);
  });

  it('writes a colon in an environment as %3A, and refuses a name that would look the same', () => {
    const data = { form: 'environment', owner: 'acme', repo: 'api', environment: 'prod:eu' } as const;
    expect(github.print(data)).toBe('repo:acme/api:environment:prod%3Aeu');
    expect(github.parse('repo:acme/api:environment:prod%3Aeu')).toEqual(data);
    expect(() => github.print({ ...data, environment: 'prod%3Aeu' })).toThrowError(/%3A/);
  });

  it.each([
    'repo:acme@1/api:pull_request',
    'repo:acme/api@2:pull_request',
    'repo:acme:pull_request',
    'unknown:x',
    'repository_id:',
    '',
  ])('writes no %s', (sub) => {
    expect(github.parse(sub)).toBeUndefined();
  });

  it('moves between classic and immutable subjects without loss', () => {
    const classic = { form: 'branch', owner: 'acme', repo: 'api', branch: 'main' } as const;
    const immutable = withIds(classic, { ownerId: '1', repoId: '2' });
    expect(github.print(immutable)).toBe('repo:acme@1/api@2:ref:refs/heads/main');
    expect(withIds(immutable, { ownerId: '1', repoId: '2' })).toEqual(immutable);
    expect(withoutIds(immutable)).toEqual(classic);
  });
});

describe('GitLab', () => {
  it.each([
    'project_path:group/project:ref:main:ref_type:branch',
    'project_path:group/project',
    'project_id:7:ref_protected:true',
  ])('reads the components %s', (sub) => {
    expect(gitlab.print(gitlab.parse(sub) as never)).toBe(sub);
  });

  it('has no subject for merge requests', () => {
    expect(gitlab.parse('project_path:group/project:ref_type:mr:ref:main')).toBeUndefined();
  });
});
