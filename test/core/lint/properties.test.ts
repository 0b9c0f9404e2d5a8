/** Whatever the policy: witnesses get in, corrections keep them out, and nothing is ever thrown. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LintResult, lint } from '../../../core/lint/lint.ts';
import { evaluateWebIdentityTrust } from '../../../core/policy/web-identity.ts';
import {
  arnOf,
  BITBUCKET,
  CIRCLE,
  CIRCLE_ORG,
  EKS,
  ENTRA,
  GITHUB,
  GITLAB,
  HCP,
  linted,
  policy,
} from './policies.ts';

const UUID = '{1de489be-ce6a-42a0-a8c8-eadbf1174ac7}';

/** Values on sub from exact to open, right and wrong, per issuer. */
const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  [GITHUB]: [
    'repo:acme@1001/api@2002:environment:prod',
    'repo:acme/api:ref:refs/heads/main',
    'repo:acme/api:pull_request',
    'repo:acme/api:*',
    'repo:acme/*',
    'repo:acme*',
    'repo:*/api:ref:refs/heads/main',
    'repo:a?me/*:environment:prod',
    '*',
    '*:environment:prod',
    'job_workflow_ref:acme/flows/.github/workflows/x.yml@*',
    'repository_owner:acme',
    `repo:\${${GITHUB}:repository}:environment:prod`,
    'nonsense',
  ],
  [GITLAB]: [
    'project_path:acme/api:ref_type:branch:ref:main',
    'project_path:acme/*',
    'project_path:*:ref:main',
    '*',
  ],
  [HCP]: [
    'organization:acme:project:core:workspace:net:run_phase:apply',
    'organization:acme:*:run_phase:*',
    'organization:*',
  ],
  [BITBUCKET]: [`${UUID}:*`, '*', `${UUID}:${UUID}:*`],
  [CIRCLE]: [`org/${CIRCLE_ORG}/project/*`, '*/vcs-ref/refs/heads/main', '*'],
  [EKS]: ['system:serviceaccount:shop:cart', 'system:serviceaccount:shop:*', 'system:*'],
  [ENTRA]: ['5e990000-0000-4000-8000-000000000002', '*'],
};
const CLAIMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  [GITHUB]: {
    repository: ['acme/api', 'acme/*', '*/api'],
    repository_id: ['2002', '*'],
    environment: ['prod', 'pr*'],
    job_workflow_ref: ['acme/flows/.github/workflows/x.yml@*'],
    ref: ['refs/heads/main', 'refs/heads/*'],
    event_name: ['push'],
  },
  [GITLAB]: { project_id: ['7'], ref_protected: ['true'] },
};

const OPERATORS = ['StringEquals', 'StringLike', 'StringEqualsIgnoreCase', 'StringNotLike'].flatMap(
  (name) => [name, name, `${name}IfExists`, `ForAllValues:${name}`, `ForAnyValue:${name}`],
);

const operators = fc.constantFrom(...OPERATORS);
const someOf = (values: readonly string[]) =>
  fc.subarray([...values], { minLength: 1, maxLength: Math.min(values.length, 2) });

const conditionOn = (path: string) => {
  const claims = { sub: SUBJECTS[path] ?? [], aud: ['sts.amazonaws.com', '*'], ...CLAIMS[path] };
  return fc
    .tuple(operators, fc.constantFrom(...Object.entries(claims)))
    .chain(([operator, [claim, values]]) =>
      someOf(values).map((chosen) => [operator, `${path}:${claim}`, chosen] as const),
    );
};

const statementOn = (path: string) =>
  fc
    .record({
      effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
      conditions: fc.array(conditionOn(path), { maxLength: 3 }),
    })
    .map(({ effect, conditions }) => {
      const blocks: Record<string, Record<string, string[]>> = {};
      for (const [operator, key, values] of conditions)
        blocks[operator] = { ...blocks[operator], [key]: values };
      return {
        Effect: effect,
        Principal: { Federated: arnOf(path) },
        Action: 'sts:AssumeRoleWithWebIdentity',
        ...(conditions.length > 0 && { Condition: blocks }),
      };
    });

const policies = fc
  .constantFrom(...Object.keys(SUBJECTS))
  .chain((path) => fc.array(statementOn(path), { minLength: 1, maxLength: 3 }))
  .map((statements) => policy(...statements));

const RUNS = { numRuns: 600 };

/** Whether STS would let a finding's witness in: by its claims as the token has them. */
function enters(trustPolicy: object, { provider, witness }: LintResult['findings'][number]): boolean {
  if (witness === undefined) return false;
  return evaluateWebIdentityTrust({
    trustPolicy: JSON.stringify(trustPolicy),
    providerArn: arnOf(provider ?? ''),
    claims: { ...witness.claims },
    sessionName: 'session',
  }).allowed;
}

describe('whatever the policy,', () => {
  it('every witness gets in', () => {
    fc.assert(
      fc.property(policies, (trustPolicy) => {
        for (const finding of linted(trustPolicy).findings) {
          if (finding.witness) expect(enters(trustPolicy, finding)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('a corrected one keeps the witness out, and no longer breaks the rule', () => {
    fc.assert(
      fc.property(policies, (trustPolicy) => {
        for (const finding of linted(trustPolicy).findings) {
          if (finding.corrected === undefined) continue;
          expect(enters(finding.corrected, finding)).toBe(false);
          expect(linted(finding.corrected).findings.map(({ rule }) => rule)).not.toContain(finding.rule);
        }
      }),
      RUNS,
    );
  });

  it('a corrected one lets in nobody who was kept out', () => {
    fc.assert(
      fc.property(policies, policies, (trustPolicy, other) => {
        const tokens = linted(other).findings.filter(({ witness }) => witness !== undefined);
        for (const { rule, corrected } of linted(trustPolicy).findings) {
          // WI08 mends what keeps everybody out.
          if (corrected === undefined || rule === 'WI08') continue;
          for (const token of tokens) {
            if (enters(corrected, token)) expect(enters(trustPolicy, token)).toBe(true);
          }
        }
      }),
      RUNS,
    );
  });

  it('a Deny for everybody leaves nothing to find but what is dead, old or shared', () => {
    fc.assert(
      fc.property(policies, ({ Statement }) => {
        const closed = policy(...Statement, {
          Effect: 'Deny',
          Principal: '*',
          Action: 'sts:*',
        });
        const rules = linted(closed).findings.map(({ rule }) => rule);
        expect(rules.filter((rule) => !['WI08', 'WI15', 'WI16', 'WR05'].includes(rule))).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('the linter never throws', () => {
  it('for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const source = typeof value === 'string' ? value : (value ?? {});
        expect(lint({ name: 'role', trustPolicy: source as object }, { today: '2026-11-20' })).toHaveProperty(
          'findings',
        );
      }),
      RUNS,
    );
  });

  it('for a policy whose parts are anything', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('*', arnOf(GITHUB), { Federated: arnOf(GITHUB) }, 'sts:*', 'Allow'),
    );
    const statements = fc.dictionary(
      fc.constantFrom(
        'Effect',
        'Principal',
        'NotPrincipal',
        'Action',
        'NotAction',
        'Condition',
        'Resource',
        'Sid',
      ),
      anything,
    );
    fc.assert(
      fc.property(fc.array(statements, { maxLength: 3 }), (Statement) => {
        expect(linted({ Version: '2012-10-17', Statement })).toHaveProperty('findings');
      }),
      { numRuns: 2000 },
    );
  });

  it('and gives up on a policy that is made to take forever', () => {
    const sub = Array.from({ length: 30 }, (_, index) => `${'*a?'.repeat(80)}${index}`);
    const { unjudged } = linted(
      policy({
        Effect: 'Allow',
        Principal: { Federated: arnOf(GITHUB) },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringLike: { [`${GITHUB}:sub`]: sub },
          'ForAnyValue:StringLike': { [`${GITHUB}:sub`]: sub },
        },
      }),
    );
    expect(unjudged).toMatch(/too many/);
  });
});
