/**
 * The linter over the roles of an account: a mix of services, service accounts, CI systems and users, each with a trust
 * policy of its own.
 */
import { type LintSubject, lint } from '../core/lint/lint.ts';
import { figure, type Section, table } from './figures.ts';
import { rounded } from './statistics.ts';

const SIZES = [2000, 20_000] as const;

const ACCOUNT = '111122223333';
const arn = (path: string) => `arn:aws:iam::${ACCOUNT}:oidc-provider/${path}`;

const allow = (principal: object, action: string, condition?: object) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: principal, Action: action, ...(condition && { Condition: condition }) },
  ],
});

const token = (path: string, equals: object, like?: object) => {
  const keys = (block: object) =>
    Object.fromEntries(Object.entries(block).map(([key, value]) => [`${path}:${key}`, value]));
  return allow({ Federated: arn(path) }, 'sts:AssumeRoleWithWebIdentity', {
    StringEquals: keys(equals),
    ...(like && { StringLike: keys(like) }),
  });
};

const GITHUB = 'token.actions.githubusercontent.com';
const EKS = 'oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';
const aud = { aud: 'sts.amazonaws.com' };

const MIX: readonly ((n: number) => object)[] = [
  () => allow({ Service: 'lambda.amazonaws.com' }, 'sts:AssumeRole'),
  () => allow({ Service: 'ecs-tasks.amazonaws.com' }, 'sts:AssumeRole'),
  (n) => allow({ AWS: `arn:aws:iam::${ACCOUNT}:role/caller-${n}` }, 'sts:AssumeRole'),
  (n) => token(EKS, { ...aud, sub: `system:serviceaccount:team-${n % 50}:service-${n}` }),
  (n) => token(EKS, { sub: `system:serviceaccount:team-${n % 50}:service-${n}` }),
  (n) => token(GITHUB, { ...aud, sub: `repo:acme@1001/service-${n}@${n}:environment:production` }),
  (n) =>
    token(GITHUB, aud, { sub: [`repo:acme/service-${n}:*`, `repo:acme/library-${n}:ref:refs/heads/main`] }),
  (n) => token(GITHUB, aud, { sub: `repo:acme/service-${n}*` }),
  (n) =>
    token(
      'gitlab.com',
      { aud: 'https://gitlab.com' },
      { sub: `project_path:acme/service-${n}:ref_type:branch:ref:*` },
    ),
  (n) =>
    token('app.terraform.io', {
      aud: 'aws.workload.identity',
      sub: `organization:acme:project:core:workspace:service-${n}:run_phase:apply`,
    }),
];

const POLICIES = [
  {
    name: 'inline',
    document: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: 'arn:aws:s3:::bucket/*' },
      ],
    }),
  },
];

const subjectOf = (n: number): LintSubject => ({
  name: `arn:aws:iam::${ACCOUNT}:role/role-${n}`,
  trustPolicy: JSON.stringify(MIX[n % MIX.length]?.(n)),
  facts: { policies: POLICIES, boundary: null, tags: {} },
});

/** Seconds of processor time for so many roles. */
function measure(roles: number): number {
  const subjects = Array.from({ length: roles }, (_, n) => subjectOf(n));
  const before = process.cpuUsage();
  const results = subjects.map((subject) => lint(subject, { today: '2026-11-20' }));
  const { user, system } = process.cpuUsage(before);
  if (results.some(({ unjudged }) => unjudged !== undefined)) throw new Error('A role was not judged');
  return (user + system) / 1_000_000;
}

export function lintSection(): Section {
  measure(500);
  const sizes = SIZES.map((roles) => ({ roles, seconds: rounded(measure(roles)) }));
  const [small, large] = [sizes[0], sizes.at(-1)].map((size) =>
    size ? size.seconds / size.roles : Number.NaN,
  );
  return {
    title: 'Linting an account',
    figures: [
      figure('processor time for 20,000 roles', sizes.at(-1)?.seconds ?? Number.NaN, 's'),
      figure(
        'time for a role among 20,000, over one among 2,000',
        rounded((large ?? Number.NaN) / (small ?? Number.NaN)),
        '×',
      ),
      figure('resident memory', Math.round(process.memoryUsage().rss / 1024 / 1024), 'MiB'),
    ],
    table: table([['roles', 'seconds'], ...sizes.map(({ roles, seconds }) => [roles, seconds])]),
    details: sizes,
  };
}
