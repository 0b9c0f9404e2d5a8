/**
 * How long the linter takes for an account: node bench/lint.ts [roles]. One line of JSON. The roles repeat a mix of
 * services, service accounts, CI systems and users, each with a trust policy of its own.
 */
import { performance } from 'node:perf_hooks';
import { type LintSubject, lint } from '../core/lint/lint.ts';

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

const count = Number(process.argv[2] ?? 20_000);
const roles = Array.from(
  { length: count },
  (_, n): LintSubject => ({
    name: `arn:aws:iam::${ACCOUNT}:role/role-${n}`,
    trustPolicy: JSON.stringify(MIX[n % MIX.length]?.(n)),
    facts: { policies: POLICIES, boundary: null, tags: {} },
  }),
);

const start = performance.now();
let findings = 0;
for (const role of roles) findings += lint(role, { today: '2026-11-20' }).findings.length;
const seconds = (performance.now() - start) / 1000;
const rssMiB = Math.round(process.memoryUsage().rss / 1024 / 1024);
console.log(JSON.stringify({ roles: count, findings, seconds: Number(seconds.toFixed(2)), rssMiB }));
