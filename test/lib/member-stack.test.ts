import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { forwardingPattern } from '../../core/event-patterns.ts';
import type { FunctionName, MemberRolePurpose } from '../../core/naming.ts';
import { parseConfig, settingsOf } from '../../lib/config/config.ts';
import { CONFIG, memberTemplate, policyStatements, resourcesOf } from './stacks.ts';

let template: Template;
beforeAll(() => {
  template = memberTemplate();
}, 30_000);

describe('the template', () => {
  it('is within what CloudFormation takes inline', () => {
    expect(JSON.stringify(template.toJSON()).length).toBeLessThan(51_200);
  });

  it('needs no assets and no bootstrapped account', () => {
    expect(JSON.stringify(template.toJSON())).not.toMatch(/S3Bucket|S3Key|BootstrapVersion|cdk-hnb659fds/);
  });

  it('names no account but the factory, and no region but its own', () => {
    // Its last part looks like an account id.
    const text = JSON.stringify(template.toJSON()).replaceAll(CONFIG.entra.tenantId, '');
    expect(new Set(text.match(/(?<!\d)\d{12}(?!\d)/g))).toEqual(new Set([CONFIG.factory.accountId]));
    expect(new Set(text.match(/\b[a-z]{2}-[a-z]+-\d\b/g))).toEqual(
      new Set([CONFIG.factory.region, 'us-east-1']),
    );
    expect(text).not.toContain('arn:aws:');
  });
});

it.each([
  ['eu-central-1', 'us-east-1'],
  ['us-gov-east-1', 'us-gov-west-1'],
  ['cn-northwest-1', 'cn-north-1'],
])('with the factory in %s it can be deployed in %s only', (region, expected) => {
  const { Rules } = memberTemplate({ ...CONFIG, factory: { ...CONFIG.factory, region } }).toJSON();
  expect(Rules).toEqual({
    RegionOfIamEvents: {
      Assertions: [
        {
          Assert: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, expected] },
          AssertDescription: expect.stringContaining(expected),
        },
      ],
    },
  });
});

describe('the forwarding rule', () => {
  it('filters at the edge', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: forwardingPattern(settingsOf(parseConfig(CONFIG, 'config'))),
    });
  });

  it('is there before the role whose creation announces the account, as are the roles that enrolment needs', () => {
    const [rule] = Object.keys(template.findResources('AWS::Events::Rule'));
    const roles = template.findResources('AWS::IAM::Role');
    const idOf = (purpose: string) =>
      Object.keys(roles).find((id) => roles[id]?.Properties.RoleName === `oidc-factory-${purpose}`) ?? '';
    expect(roles[idOf('inspect')]?.DependsOn).toEqual(
      expect.arrayContaining([rule, idOf('provider'), idOf('trust')]),
    );
  });

  it('forwards to the factory bus with a role that can do nothing else, and keeps what it cannot deliver', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      Targets: [Match.objectLike({ RoleArn: Match.anyValue(), DeadLetterConfig: Match.anyValue() })],
    });
    const statements = policyStatements(template, 'oidc-factory-forwarder');
    expect(statements).toEqual([expect.objectContaining({ Effect: 'Allow', Action: 'events:PutEvents' })]);
    expect(JSON.stringify(statements)).toContain(
      `:events:${CONFIG.factory.region}:${CONFIG.factory.accountId}:event-bus/oidc-factory`,
    );
    template.hasResourceProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 14 * 86_400,
      SqsManagedSseEnabled: true,
    });
    template.resourceCountIs('AWS::CloudWatch::Alarm', 1);
  });
});

describe('member roles', () => {
  const USERS: Readonly<Record<Exclude<MemberRolePurpose, 'forwarder'>, readonly FunctionName[]>> = {
    inspect: ['inspect-role', 'confirm-role-gone', 'record-outcome', 'enrol-account', 'sweep-account'],
    provider: ['add-audience', 'remove-audience', 'enrol-account'],
    trust: ['assign-audience'],
  };

  it.each(Object.entries(USERS))('%s trusts the functions of its purpose, by ARN', (purpose, functions) => {
    const role = resourcesOf(template, 'AWS::IAM::Role').find(
      ({ properties }) => properties.RoleName === `oidc-factory-${purpose}`,
    );
    const [statement, naming, ...others] = role?.properties.AssumeRolePolicyDocument.Statement ?? [];
    expect(others).toEqual([]);
    expect(statement).toMatchObject({ Effect: 'Allow', Action: 'sts:AssumeRole' });
    // Whoever may open a session may name the execution in it.
    expect(naming).toEqual({ ...statement, Action: 'sts:SetSourceIdentity' });
    expect(joined(statement?.Principal.AWS)).toBe('arn:<AWS::Partition>:iam::111122223333:root');
    expect([statement?.Condition.ArnEquals['aws:PrincipalArn']].flat().map(joined)).toEqual(
      functions.map((name) => `arn:<AWS::Partition>:iam::111122223333:role/oidc-factory-${name}`),
    );
  });

  it('write trust policies and tags only where the mark stands, but for the role that sets it', () => {
    const marked = { Null: { 'iam:ResourceTag/oidc-factory:role-id': 'false' } };
    const writes = allowed('trust').filter(({ Sid }) => Sid === 'MarkedRolesOnly' || Sid === 'Tag');
    expect(writes).toHaveLength(2);
    for (const { Condition } of writes) expect(Condition).toMatchObject(marked);
  });

  it.each([
    ['inspect', true],
    ['trust', false],
  ])('%s sets tags of the factory only; the mark: %s', (purpose, setsMark) => {
    const tagging = allowed(purpose).filter(({ Action }) => [Action].flat().includes('iam:TagRole'));
    expect(tagging).toHaveLength(1);
    const [{ Condition } = { Condition: undefined }] = tagging;
    const keys: string[] = Condition?.['ForAllValues:StringEquals']['aws:TagKeys'];
    expect(keys.every((key) => key.startsWith('oidc-factory:'))).toBe(true);
    expect(keys.includes('oidc-factory:role-id')).toBe(setsMark);
    // A set operator alone is true of no tags at all.
    expect(Condition?.Null['aws:TagKeys']).toBe('false');
  });

  it.each(['inspect', 'trust'])('%s never writes to protected roles, whatever their path', (purpose) => {
    const [deny] = policyStatements(template, `oidc-factory-${purpose}`).filter(
      ({ Effect }) => Effect === 'Deny',
    );
    expect(deny).toMatchObject({ Action: ['iam:TagRole', 'iam:UpdateAssumeRolePolicy'] });
    const denied: string[] = deny?.Resource.map(joined).map((arn: string) => arn.replace(/.*:/, ''));
    for (const name of ['OrganizationAccountAccessRole', 'AWSControlTower*', 'oidc-factory-trust'])
      expect(denied).toEqual(expect.arrayContaining([`role/${name}`, `role/*/${name}`]));
    expect(denied).toEqual(expect.arrayContaining(['role/aws-reserved/*', 'role/aws-service-role/*']));
  });

  it('deny what the config protects, too', () => {
    const configured = memberTemplate({ ...CONFIG, protectedRoles: ['Break*'] });
    for (const purpose of ['inspect', 'trust'])
      expect(JSON.stringify(policyStatements(configured, `oidc-factory-${purpose}`))).toContain(
        'role/*/Break*',
      );
  });

  it("touch this tenant's provider only, in either spelling", () => {
    const providers = resourcesOf(template, 'AWS::IAM::Role')
      .flatMap(({ properties }) => policyStatements(template, properties.RoleName))
      .filter(({ Action }) => /OpenIDConnectProvider\b/.test(JSON.stringify(Action)))
      .map(({ Resource }) => Resource.map(joined));
    const path = `arn:<AWS::Partition>:iam::<AWS::AccountId>:oidc-provider/sts.windows.net/${CONFIG.entra.tenantId}`;
    expect(providers).toEqual(Array(5).fill([path, `${path}/`]));
  });

  it('tag the provider with the heartbeat alone', () => {
    const [tagging, ...others] = allowed('provider').filter(({ Action }) =>
      /Tag/.test(JSON.stringify(Action)),
    );
    expect(others).toEqual([]);
    expect(tagging).toMatchObject({
      Action: 'iam:TagOpenIDConnectProvider',
      Condition: {
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['oidc-factory:heartbeat'] },
        Null: { 'aws:TagKeys': 'false' },
      },
    });
  });
});

describe('the provider', () => {
  it('is created where the parameter says so, and stays when the stack goes', () => {
    const template = memberTemplate({ ...CONFIG, provider: 'stack' });
    template.hasParameter('CreateProvider', { Default: 'true', AllowedValues: ['true', 'false'] });
    template.hasCondition('CreatesProvider', { 'Fn::Equals': [{ Ref: 'CreateProvider' }, 'true'] });
    template.hasResource('AWS::IAM::OIDCProvider', {
      Condition: 'CreatesProvider',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Url: `https://sts.windows.net/${CONFIG.entra.tenantId}/`,
        ClientIdList: [`api://${CONFIG.entra.tenantId}/oidc-factory-placeholder`],
      },
    });
  });

  it('is left to the factory by default', () => {
    template.hasParameter('CreateProvider', { Default: 'false' });
  });

  it('has the issuer of the token version', () => {
    const entra = { ...CONFIG.entra, tokenVersion: 2 as const };
    memberTemplate({ ...CONFIG, entra }).hasResourceProperties('AWS::IAM::OIDCProvider', {
      Url: `https://login.microsoftonline.com/${CONFIG.entra.tenantId}/v2.0`,
    });
  });
});

const allowed = (purpose: string) =>
  policyStatements(template, `oidc-factory-${purpose}`).filter(({ Effect }) => Effect === 'Allow');

/** The text that a Fn::Join stands for; references as `<name>`. */
// biome-ignore lint/suspicious/noExplicitAny: templates are read as they are
const joined = (value: any): string =>
  typeof value === 'string'
    ? value
    : value['Fn::Join'][1]
        .map((part: { Ref: string } | string) => (typeof part === 'string' ? part : `<${part.Ref}>`))
        .join('');
