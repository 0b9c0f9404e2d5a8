/** The service control policies against what is deployed: the factory and its roll-out go on, others may not interfere. */
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { memberProtection, tokenProtection } from '../../core/guardrails/service-control.ts';
import { accountId } from '../../core/ids.ts';
import { parseConfig, settingsOf } from '../../lib/config/config.ts';
import { isPermitted } from '../core/guardrails/scenes.ts';
import { CONFIG, factoryTemplate, memberTemplate, policyStatements, resourcesOf } from './stacks.ts';

const GUARDED = { ...CONFIG, guard: {}, provider: 'stack' } as const;
const FACTORY = CONFIG.factory.accountId;
const OWNER = '444455556666';
const SETTINGS = {
  ...settingsOf(parseConfig(GUARDED, 'config')),
  partition: 'aws',
  factoryAccountId: accountId(FACTORY),
  provider: 'stack',
  login: 'federated',
} as const;
const ATTACHED = [...memberProtection(SETTINGS), ...tokenProtection(SETTINGS)];

const member = memberTemplate(GUARDED);
const factory = factoryTemplate(GUARDED);

interface Use {
  readonly by: string;
  readonly of: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
}

/** What the roles with a fixed name are allowed, each action on a resource that the statement covers. */
const usesIn = (template: Template, of: string): Use[] =>
  resourcesOf(template, 'AWS::IAM::Role')
    .flatMap(({ properties }) => (properties.RoleName ? [String(properties.RoleName)] : []))
    .flatMap((by) =>
      policyStatements(template, by)
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(({ Action, Resource, Condition }) =>
          [Action].flat().map((action) => {
            const keys = Condition?.['ForAllValues:StringEquals']?.['aws:TagKeys'];
            return {
              by,
              of,
              action,
              resource: textOf([Resource].flat()[0], of).replaceAll('*', 'app'),
              context: keys ? { 'aws:TagKeys': [keys].flat() } : {},
            };
          }),
        ),
    );

// biome-ignore lint/suspicious/noExplicitAny: templates are read as they are
function textOf(value: any, account: string): string {
  if (typeof value === 'string') return value;
  if (value.Ref === 'AWS::Partition') return 'aws';
  if (value.Ref === 'AWS::AccountId') return account;
  const parts: readonly unknown[] = value['Fn::Join']?.[1] ?? [];
  return parts.length > 0 ? parts.map((part) => textOf(part, account)).join('') : 'app';
}

describe('the factory goes on to', () => {
  const uses = [...usesIn(member, OWNER), ...usesIn(factory, FACTORY)];

  it('use every permission that its roles have', () => {
    expect(uses.length).toBeGreaterThan(60);
    expect(uses.filter((use) => !isPermitted(ATTACHED, use))).toEqual([]);
  });

  it('tag roles as the only one', () => {
    const tagging = uses.filter(({ action }) => action === 'iam:TagRole');
    expect(new Set(tagging.map(({ by }) => by))).toEqual(
      new Set(['inspect', 'trust', 'audit'].map((purpose) => `oidc-factory-${purpose}`)),
    );
    for (const use of tagging) expect(isPermitted(ATTACHED, { ...use, by: 'developer' })).toBe(false);
  });
});

/** How CloudFormation writes resources of these types, and their ARNs by their fixed names. */
const WRITES: Readonly<Record<string, readonly string[]>> = {
  'AWS::IAM::Role': ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:UpdateAssumeRolePolicy', 'iam:DeleteRole'],
  'AWS::Events::Rule': ['events:PutRule', 'events:PutTargets', 'events:RemoveTargets', 'events:DeleteRule'],
  'AWS::SQS::Queue': ['sqs:SetQueueAttributes', 'sqs:DeleteQueue'],
  'AWS::IAM::OIDCProvider': ['iam:CreateOpenIDConnectProvider', 'iam:DeleteOpenIDConnectProvider'],
};

// biome-ignore lint/suspicious/noExplicitAny: templates are read as they are
const arnOf = (type: string, properties: any): string =>
  ({
    'AWS::IAM::Role': `arn:aws:iam::${OWNER}:role/${properties.RoleName}`,
    'AWS::Events::Rule': `arn:aws:events:us-east-1:${OWNER}:rule/${properties.Name}`,
    'AWS::SQS::Queue': `arn:aws:sqs:us-east-1:${OWNER}:${properties.QueueName}`,
    'AWS::IAM::OIDCProvider': `arn:aws:iam::${OWNER}:oidc-provider/${String(properties.Url).replace('https://', '')}`,
  })[type] ?? '';

describe('what the member stack deploys', () => {
  const writes = Object.entries(WRITES).flatMap(([type, actions]) =>
    resourcesOf(member, type).flatMap(({ properties }) =>
      actions.map((action) => ({ action, resource: arnOf(type, properties), of: OWNER })),
    ),
  );

  it('is deployed by StackSets and Landing Zone Accelerator', () => {
    expect(writes.length).toBeGreaterThan(30);
    for (const by of ['stacksets-exec-0123456789abcdef', 'AWSControlTowerExecution']) {
      expect(writes.filter((write) => !isPermitted(ATTACHED, { ...write, by }))).toEqual([]);
    }
  });

  it('is changed by nobody else', () => {
    expect(writes.filter((write) => isPermitted(ATTACHED, { ...write, by: 'developer' }))).toEqual([]);
  });
});

it('the factory is deployed by the CDK, in its own account only', () => {
  const roles = resourcesOf(factory, 'AWS::IAM::Role').flatMap(({ properties }) => properties.RoleName ?? []);
  for (const name of roles) {
    const write = { action: 'iam:CreateRole', by: 'cdk-hnb659fds-cfn-exec-role-x-eu-central-1' };
    const within = (of: string) => ({ ...write, of, resource: `arn:aws:iam::${of}:role/${name}` });
    expect(isPermitted(ATTACHED, within(FACTORY))).toBe(true);
    expect(isPermitted(ATTACHED, within(OWNER))).toBe(false);
  }
});
