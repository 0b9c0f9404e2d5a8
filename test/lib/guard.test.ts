/** What the guard adds to both stacks, and that it adds nothing where nobody asks for it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GUARD_EVENTS } from '../../core/guard/request.ts';
import { GUARD_FUNCTION } from '../../core/naming.ts';
import { bundleOther } from '../../lib/bundling.ts';
import type { FactoryConfigInput } from '../../lib/config/config.ts';
import { DURATIONS } from '../../lib/durations.ts';
import { CONFIG, factoryTemplate, memberTemplate, policyStatements, resourcesOf } from './stacks.ts';

const GUARDED: FactoryConfigInput = {
  ...CONFIG,
  guard: { mode: 'enforce', issuers: ['gitlab.com'], graceHours: 1 },
};

let member: Template;
let factory: Template;
beforeAll(() => {
  member = memberTemplate(GUARDED);
  factory = factoryTemplate(GUARDED);
}, 30_000);

const idsOf = (template: Template) => Object.keys(template.toJSON().Resources);

it.each([
  ['member', memberTemplate, () => member],
  ['factory', factoryTemplate, () => factory],
] as const)('without it, the %s stack is what it was', (_, make, guarded) => {
  const plain = make();
  expect(idsOf(plain).filter((id) => id.startsWith('Guard'))).toEqual([]);
  // And with it, nothing else is another one.
  // But for the dashboard, which shows every alarm.
  for (const id of idsOf(plain).filter((one) => !one.startsWith('Dashboard')))
    expect(guarded().toJSON().Resources[id]).toEqual(plain.toJSON().Resources[id]);
  expect(
    idsOf(guarded())
      .filter((id) => !idsOf(plain).includes(id))
      .every((id) => id.startsWith('Guard')),
  ).toBe(true);
});

describe('the member stack', () => {
  it('is within what CloudFormation takes inline, and needs no assets', () => {
    const text = JSON.stringify(member.toJSON());
    expect(text.length).toBeLessThan(51_200);
    expect(text).not.toMatch(/S3Bucket|S3Key|cdk-hnb659fds/);
  });

  it('forwards whatever may change the judgement of a role, whatever its content, but what the guard did', () => {
    const [rule] = resourcesOf(member, 'AWS::Events::Rule').filter(({ id }) => id.startsWith('Guard'));
    const { detail } = rule?.properties.EventPattern ?? {};
    expect(detail.eventName).toEqual(GUARD_EVENTS.filter((name) => name !== 'DeleteRole'));
    expect(detail.errorCode).toEqual([{ exists: false }]);
    expect(detail).not.toHaveProperty('requestParameters');
    expect(JSON.stringify(detail.$or)).toContain('"anything-but":["oidc-factory-contain"]');
    expect(rule?.properties.Targets).toEqual([
      expect.objectContaining({ RoleArn: expect.anything(), DeadLetterConfig: expect.anything() }),
    ]);
  });

  it('denies all to federated sessions of a role in quarantine, and nothing to others', () => {
    member.hasResourceProperties('AWS::IAM::ManagedPolicy', {
      ManagedPolicyName: 'oidc-factory-quarantine',
      PolicyDocument: {
        Statement: [
          {
            Sid: 'Quarantine',
            Effect: 'Deny',
            Action: '*',
            Resource: '*',
            Condition: {
              StringLike: { 'aws:FederatedProvider': ['*:oidc-provider/*', 'accounts.google.com'] },
            },
          },
        ],
      },
    });
  });

  it('denies all to everybody where the config says so', () => {
    const all = memberTemplate({ ...CONFIG, guard: { contain: 'all' } });
    const [policy] = resourcesOf(all, 'AWS::IAM::ManagedPolicy');
    expect(policy?.properties.PolicyDocument.Statement).toEqual([
      { Sid: 'Quarantine', Effect: 'Deny', Action: '*', Resource: '*' },
    ]);
  });

  it('lets the guard attach and detach that policy, and do nothing else to roles but set one tag', () => {
    const allowed = (name: string) =>
      policyStatements(member, `oidc-factory-${name}`).filter(({ Effect }) => Effect === 'Allow');
    expect(allowed('contain')).toEqual([
      expect.objectContaining({
        Action: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
        Condition: { ArnEquals: { 'iam:PolicyARN': { Ref: expect.stringMatching(/^GuardQuarantine/) } } },
      }),
    ]);
    expect(allowed('report').map(({ Action }) => Action)).toEqual(['securityhub:BatchImportFindings']);
    const audit = allowed('audit').flatMap(({ Action }) => Action);
    expect(audit.filter((action) => !/^iam:(Get|List)/.test(action))).toEqual(['iam:TagRole']);
    expect(allowed('audit').find(({ Sid }) => Sid === 'Tag')).toMatchObject({
      Condition: {
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['oidc-factory:guard'] },
        Null: { 'aws:TagKeys': 'false' },
      },
    });
  });

  it.each([
    ['contain', ['iam:AttachRolePolicy']],
    ['audit', ['iam:TagRole']],
  ])('keeps %s from protected roles, its own among them', (name, actions) => {
    const [deny] = policyStatements(member, `oidc-factory-${name}`).filter(({ Effect }) => Effect === 'Deny');
    expect([deny?.Action].flat()).toEqual(actions);
    expect(JSON.stringify(deny?.Resource)).toMatch(/role\/\*\/oidc-factory-contain"/);
    expect(JSON.stringify(deny?.Resource)).toContain(':role/aws-service-role/*');
  });

  it('announces the account by the last thing that it makes', () => {
    const [rule] = resourcesOf(member, 'AWS::Events::Rule').filter(({ id }) => id.startsWith('Guard'));
    member.hasResource('AWS::IAM::Role', {
      Properties: { RoleName: 'oidc-factory-audit' },
      DependsOn: Match.arrayWith([rule?.id]),
    });
  });
});

describe('the factory stack', () => {
  const guardQueue = () =>
    resourcesOf(factory, 'AWS::SQS::Queue').find(({ properties }) => properties.DelaySeconds);

  it('lets events wait until their roles are complete, and keeps what fails', () => {
    expect(guardQueue()?.properties).toMatchObject({
      DelaySeconds: DURATIONS.guardDelay,
      RedrivePolicy: { maxReceiveCount: 5 },
      VisibilityTimeout: 6 * DURATIONS.functionTimeout,
    });
    const rules = resourcesOf(factory, 'AWS::Events::Rule').filter(({ id }) => id.startsWith('Guard'));
    expect(rules.map(({ properties }) => properties.ScheduleExpression)).toEqual([undefined, 'rate(1 hour)']);
    expect(rules.map(({ properties }) => 'DeadLetterConfig' in properties.Targets[0])).toEqual([true, false]);
  });

  it('has one function with its own record, told what the config says', () => {
    factory.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'oidc-factory-guard-role',
      Environment: {
        Variables: Match.objectLike({
          GUARD_MODE: 'enforce',
          GUARD_ISSUERS: '["gitlab.com"]',
          QUARANTINES_PER_HOUR: '5',
          GRACE_SECONDS: '3600',
          IN_USE_SECONDS: String(90 * 86_400),
        }),
      },
    });
    const statements = policyStatements(factory, 'oidc-factory-guard-role');
    const assumes = statements.find(({ Action }) => Action.includes('sts:AssumeRole'));
    expect(JSON.stringify(assumes?.Resource).match(/role\/oidc-factory-\w+/g)).toEqual(
      ['audit', 'contain', 'report'].map((purpose) => `role/oidc-factory-${purpose}`),
    );
    expect(statements.find(({ Sid }) => Sid === 'Findings')).toMatchObject({
      Action: 'events:PutEvents',
      Condition: {
        StringEquals: {
          'events:source': 'oidc-factory.guard',
          'events:detail-type': 'OCSF Compliance Finding',
        },
      },
    });
    // Of the factory's own ledger it may read what pauses it.
    const record = statements.find(({ Sid }) => Sid === 'Record');
    expect(JSON.stringify(record?.Resource)).toMatch(/GuardTable/);
    const ofLedger = statements.filter(({ Resource }) => /LedgerTable/.test(JSON.stringify(Resource)));
    expect(ofLedger).toEqual([
      expect.objectContaining({
        Action: 'dynamodb:BatchGetItem',
        Condition: expect.objectContaining({
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['control', 'account'] },
        }),
      }),
    ]);
  });

  it('keeps its record when it goes', () => {
    factory.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        KeySchema: Match.arrayWith([{ AttributeName: 'item', KeyType: 'RANGE' }]),
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    });
  });

  it.each(['QuarantineContested', 'RoleNotJudged'])('raises an alarm at the first %s', (MetricName) => {
    factory.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName,
      Namespace: 'OidcFactory',
      Dimensions: [{ Name: 'service', Value: 'guard-role' }],
      Threshold: 1,
    });
  });
});

describe('its bundle', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'oidc-factory-guard-bundle-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is small, holds neither Azure's libraries nor the sandbox, and loads in a bare Node", () => {
    const file = join(bundleOther(folder, GUARD_FUNCTION), 'index.js');
    const bundle = readFileSync(file, 'utf8');
    expect(bundle.length / 1000).toBeLessThanOrEqual(430);
    expect(bundle).not.toMatch(/ClientAssertionCredential|_sandbox\/|dynalite|sso_account_id/);
    const script = `
      console.log = process.stdout.write = () => true;
      const failed = (error) => { process.exitCode = error?.name === 'InvalidSettings' ? 0 : 1; };
      require(process.argv[1]).handler({}).then(failed, failed);`;
    execFileSync(process.execPath, ['-e', script, file], { env: {}, stdio: 'pipe' });
  });
});

describe('durations', () => {
  it('a look comes after IAM has told, and before a new role is an old one', () => {
    expect(DURATIONS.guardDelay).toBeGreaterThanOrEqual(60);
    expect(DURATIONS.newRole).toBeGreaterThan(DURATIONS.settle);
  });

  it('a message that waits for IAM to settle is not dead before', () => {
    expect(4 * 6 * DURATIONS.functionTimeout).toBeGreaterThan(DURATIONS.settle);
  });

  it('a role that is neither new nor in use was created and used before the last sweep', () => {
    expect(DURATIONS.guardSweep).toBeLessThanOrEqual(DURATIONS.newRole);
  });
});
