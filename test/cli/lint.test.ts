import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetAccountAuthorizationDetailsCommand,
  GetOpenIDConnectProviderCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
} from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { RULE_IDS } from '../../core/lint/rules.ts';
import { arnOf, GITHUB, policy, statement, subject } from '../core/lint/policies.ts';
import { run } from './recorded-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-lint-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | object): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const GOOD = policy(subject(GITHUB, 'repo:acme@1001/api@2002:environment:prod'));
const NEIGHBOURS = policy(subject(GITHUB, ['repo:acme@1001/api@2002:environment:prod', 'repo:acme@1001/*']));
const NO_AUDIENCE = policy(
  statement(GITHUB, { StringEquals: { sub: 'repo:acme@1001/api@2002:environment:prod' } }),
);

const ROLE_ARN = 'arn:aws:iam::111122223333:role/deploy';
const detail = (trustPolicy: unknown, more: object = {}) => ({
  Arn: ROLE_ARN,
  RoleName: 'deploy',
  RoleId: 'AROAEXAMPLEROLE00001',
  Path: '/',
  CreateDate: '2026-01-01T00:00:00Z',
  AssumeRolePolicyDocument: trustPolicy,
  ...more,
});

describe('lint', () => {
  it('shows who gets in, and what to do', async () => {
    const { exitCode, stdout } = await run(['lint', file('policy.json', NEIGHBOURS)]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('HIGH WI02 project-open');
    expect(stdout).toContain('"sub":"repo:acme@1001/mallory');
    expect(stdout).toContain('What to do: Name the project in full');
    expect(stdout).toMatch(/Corrected policy:.*repo:acme@1001\/api@2002:environment:prod"\n/s);
    expect(stdout).toMatch(/1 role read; 1 high\.$/);
  });

  it('ends with 0 where nothing is found', async () => {
    const { exitCode, stdout } = await run(['lint', file('good.json', GOOD)]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '1 role read; nothing found.' });
  });

  it.each([
    ['high', 0],
    ['medium', 1],
    ['low', 1],
  ])('counts from the severity %s on', async (severity, exitCode) => {
    const ran = await run(['lint', file('aud.json', NO_AUDIENCE), '--fail-on', severity]);
    expect(ran.exitCode).toBe(exitCode);
  });

  it('answers as one object', async () => {
    const path = file('object.json', NEIGHBOURS);
    const { json } = await run(['lint', path, '--json']);
    expect(json()).toMatchObject({
      rolesRead: 1,
      failOn: 'high',
      failed: true,
      counts: { critical: 0, high: 1, medium: 0, low: 0, info: 0 },
      accepted: 0,
      unjudged: 0,
      results: [
        {
          file: path,
          name: path,
          unresolved: [],
          findings: [
            {
              rule: 'WI02',
              severity: 'high',
              issuer: 'GitHub Actions',
              provider: GITHUB,
              statements: [0],
              witness: { iss: `https://${GITHUB}`, claims: { aud: 'sts.amazonaws.com' } },
              corrected: { Statement: expect.anything() },
            },
          ],
        },
      ],
    });
  });

  it('judges several files, the roles of templates by their logical ids', async () => {
    const template = `
Parameters:
  Branch: { Type: String, Default: '*' }
Resources:
  Provider:
    Type: AWS::IAM::OIDCProvider
    Properties: { Url: 'https://${GITHUB}', ClientIdList: [sts.amazonaws.com] }
  Deploy:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: { Federated: !GetAtt Provider.Arn }
            Action: sts:AssumeRoleWithWebIdentity
            Condition:
              StringEquals: { '${GITHUB}:aud': sts.amazonaws.com }
              StringLike:
                '${GITHUB}:sub': !Join ['', ['repo:acme@1/api@2:ref:refs/heads/', !Ref Branch]]`;
    const files = [file('t.yaml', template), file('again.json', GOOD)];
    const { json } = await run(['lint', ...files, '--json']);
    expect(json()).toMatchObject({
      rolesRead: 2,
      results: [{ name: 'Deploy', findings: [{ rule: 'WI03' }] }],
    });
    const { stdout } = await run(['lint', ...files]);
    expect(stdout).toContain(`${files[0]}: Deploy\n`);
  });

  it('reads answers of GetAccountAuthorizationDetails, documents as values or percent-encoded', async () => {
    const details = {
      RoleDetailList: [
        detail(NEIGHBOURS, {
          AttachedManagedPolicies: [
            { PolicyName: 'Admin', PolicyArn: 'arn:aws:iam::111122223333:policy/Admin' },
          ],
        }),
        detail(encodeURIComponent(JSON.stringify(NEIGHBOURS)), {
          PermissionsBoundary: { PermissionsBoundaryArn: 'arn:aws:iam::111122223333:policy/Limit' },
        }),
      ],
      Policies: [
        {
          Arn: 'arn:aws:iam::111122223333:policy/Admin',
          PolicyVersionList: [
            { IsDefaultVersion: true, Document: policy({ Effect: 'Allow', Action: '*', Resource: '*' }) },
          ],
        },
      ],
    };
    const { json } = await run(['lint', '-', '--json'], { input: JSON.stringify(details) });
    const rules = json().results.map(({ findings }: { findings: { rule: string }[] }) =>
      findings.map(({ rule }) => rule),
    );
    expect(rules).toEqual([['WR01', 'WI02', 'WR03'], ['WI02']]);
  });

  it('reads an answer of GetRole, which knows how long sessions last', async () => {
    const answer = JSON.stringify({ Role: detail(GOOD, { MaxSessionDuration: 43_200 }) });
    const { json } = await run(['lint', '-', '--json'], { input: answer });
    expect(json().results).toMatchObject([{ name: ROLE_ARN, findings: [{ rule: 'WR04' }] }]);
  });

  it('lists the lesser findings of many roles by rule', async () => {
    const cluster = 'oidc.eks.eu-west-1.amazonaws.com/id/ABC';
    const trustPolicy = policy(
      statement(cluster, { StringEquals: { sub: 'system:serviceaccount:shop:cart' } }),
    );
    const Roles = ['a', 'b'].map((name) => detail(trustPolicy, { Arn: `${ROLE_ARN}-${name}` }));
    const { stdout } = await run(['lint', '-'], { input: JSON.stringify({ Roles }) });
    expect(stdout).toBe(
      `LOW WI07 audience-missing, ${cluster}: ${ROLE_ARN}-a, ${ROLE_ARN}-b\n2 roles read; 2 low.`,
    );
  });

  it('says what it could not judge, and fails', async () => {
    const { exitCode, stdout } = await run([
      'lint',
      file('odd.json', policy({ ...subject(GITHUB, '*'), Resource: '*' })),
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('NOT JUDGED');
    expect(stdout).toMatch(/1 not judged\.$/);
  });

  it('finds issuers that are not allowed', async () => {
    const { json } = await run([
      'lint',
      file('foreign.json', GOOD),
      '--json',
      '--issuer',
      'https://gitlab.com',
      'accounts.google.com',
    ]);
    expect(json().results[0].findings).toMatchObject([{ rule: 'WR08', severity: 'high' }]);
  });

  it('does not count what was accepted, and shows it', async () => {
    const path = file('accepted.json', NEIGHBOURS);
    const suppressions = (until: string) =>
      file('suppressions.json', [{ rule: 'WI02', role: '*', reason: 'reads only', until }]);
    const accepted = await run(['lint', path, '--suppressions', suppressions('2999-01-01')]);
    expect(accepted.exitCode).toBe(0);
    expect(accepted.stdout).toContain('Accepted until 2999-01-01: reads only');
    const expired = await run(['lint', path, '--suppressions', suppressions('2001-01-01')]);
    expect(expired.exitCode).toBe(1);
    expect(expired.stdout).toContain('was accepted until 2001-01-01');
  });
});

describe('lint, for other programs:', () => {
  it('SARIF names every rule, and places each finding', async () => {
    const path = file(
      'sarif.json',
      `\n${JSON.stringify({ Resources: { Deploy: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: NEIGHBOURS } } } }, null, 1)}`,
    );
    const { json } = await run(['lint', path, '--format', 'sarif']);
    const [{ tool, results, invocations }] = json().runs;
    expect(json().version).toBe('2.1.0');
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(RULE_IDS);
    expect(invocations).toMatchObject([{ executionSuccessful: true }]);
    expect(results).toMatchObject([
      {
        ruleId: 'WI02',
        ruleIndex: RULE_IDS.indexOf('WI02'),
        level: 'error',
        locations: [{ physicalLocation: { artifactLocation: { uri: path }, region: { startLine: 4 } } }],
        partialFingerprints: { 'oidcFactory/v1': `Deploy/WI02/${GITHUB}` },
      },
    ]);
  });

  it('SARIF keeps what was accepted as suppressed, and what was not judged as a failure', async () => {
    const suppressions = file('s.json', [{ rule: 'WI02', reason: 'reads only', until: '2999-01-01' }]);
    const odd = file('odd2.json', policy({ ...subject(GITHUB, '*'), Resource: '*' }));
    const { json } = await run([
      'lint',
      file('x.json', NEIGHBOURS),
      odd,
      '--format',
      'sarif',
      '--suppressions',
      suppressions,
    ]);
    const [{ results, invocations }] = json().runs;
    expect(results[0].suppressions).toMatchObject([{ kind: 'external', status: 'accepted' }]);
    expect(invocations).toMatchObject([
      { executionSuccessful: false, toolExecutionNotifications: [{ level: 'error' }] },
    ]);
  });

  it('OCSF has one compliance finding a line', async () => {
    const details = JSON.stringify({ Roles: [detail(NEIGHBOURS)] });
    const { stdout } = await run(['lint', '-', '--format', 'ocsf'], { input: details });
    expect(stdout.split('\n').map((line) => JSON.parse(line))).toMatchObject([
      {
        class_uid: 2003,
        category_uid: 2,
        type_uid: 200301,
        severity_id: 4,
        time: expect.any(Number),
        metadata: { version: expect.any(String), product: { name: expect.any(String) } },
        cloud: { provider: 'AWS', account: { uid: '111122223333' } },
        finding_info: { uid: `${ROLE_ARN}/WI02/${GITHUB}`, analytic: { uid: 'WI02' } },
        compliance: { control: 'WI02', status: 'Fail' },
        resources: [{ uid: ROLE_ARN }],
      },
    ]);
  });
});

describe('lint refuses', () => {
  it.each([
    ['what is no policy', () => [file('other.json', { hello: 1 })], /expected a trust policy/],
    ['broken JSON', () => [file('broken.json', '{"Statement": ')], /is not JSON/],
    ['broken YAML', () => [file('broken.yaml', 'a: [\nb')], /neither JSON nor YAML \(line \d\)/],
    ['YAML aliases', () => [file('alias.yaml', 'a: &x [1]\nb: *x')], /aliases/],
    ['a file that is not there', () => [join(folder, 'none.json')], /ENOENT/],
    ['files and a profile', () => [file('p.json', GOOD), '--profile', 'audit'], /not both/],
    ['an unknown severity', () => [file('p.json', GOOD), '--fail-on', 'severe'], /severe/],
    [
      'suppressions without a reason',
      () => [
        file('p.json', GOOD),
        '--suppressions',
        file('bad.json', [{ rule: 'WI02', until: '2999-01-01' }]),
      ],
      /reason/,
    ],
  ])('%s', async (_, args, problem) => {
    const { exitCode, stderr, stdout } = await run(['lint', ...args()]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(problem);
    expect(stdout).toBe('');
  });

  it('without quoting what it read', async () => {
    const { stderr } = await run(['lint', file('secret.json', '{"Statement": "s3cr3t')]);
    expect(stderr).not.toContain('s3cr3t');
  });
});

describe('lint of an account', () => {
  const iam = mockClient(IAMClient);
  afterEach(() => iam.reset());
  const LIVE = { env: { AWS_REGION: 'us-east-1' } };

  it('reads roles and providers with their audiences', async () => {
    iam.on(GetAccountAuthorizationDetailsCommand).resolves({
      RoleDetailList: [
        { ...detail(encodeURIComponent(JSON.stringify(NO_AUDIENCE))), CreateDate: new Date(0) } as never,
      ],
    });
    iam
      .on(ListOpenIDConnectProvidersCommand)
      .resolves({ OpenIDConnectProviderList: [{ Arn: arnOf(GITHUB) }] });
    iam
      .on(GetOpenIDConnectProviderCommand)
      .resolves({ Url: GITHUB, ClientIDList: ['sts.amazonaws.com', 'other'] });
    const { exitCode, json } = await run(['lint', '--json'], LIVE);
    expect(exitCode).toBe(1);
    expect(json().results).toMatchObject([
      { name: ROLE_ARN, findings: [{ rule: 'WI07', severity: 'high' }] },
    ]);
    expect(json().results[0]).not.toHaveProperty('file');
  });

  it('says what AWS refuses', async () => {
    const denied = Object.assign(new Error('no'), {
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
    });
    iam.on(GetAccountAuthorizationDetailsCommand).rejects(denied);
    const { exitCode, json } = await run(['lint', '--json'], LIVE);
    expect(exitCode).toBe(3);
    expect(json().error).toMatchObject({ code: 'AwsAccessDenied', retryable: false });
  });
});
