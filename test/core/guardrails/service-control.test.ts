import { describe, expect, it } from 'vitest';
import { MAX_GUARDRAIL_LENGTH } from '../../../core/guardrails/document.ts';
import {
  ADMINISTRATOR_ROLES,
  memberProtection,
  tokenProtection,
} from '../../../core/guardrails/service-control.ts';
import { ENTRA_FUNCTIONS, FUNCTION_NAMES } from '../../../core/naming.ts';
import { ISSUER, TENANT } from '../../fixtures/domain.ts';
import { FACTORY, GUARDRAILS, isPermitted, MEMBER, type Question, textsOf } from './scenes.ts';

const ATTACHED = [...memberProtection(GUARDRAILS), ...tokenProtection(GUARDRAILS)];

const role = (name: string, account = MEMBER) => `arn:aws:iam::${account}:role/${name}`;
const provider = (path: string) => `arn:aws:iam::${MEMBER}:oidc-provider/${path}`;
const TENANT_PROVIDER = provider(`sts.windows.net/${TENANT}/`);
const rule = (name: string) => `arn:aws:events:us-east-1:${MEMBER}:rule/${name}`;
const queue = (name: string) => `arn:aws:sqs:us-east-1:${MEMBER}:${name}`;
const tags = (...keys: string[]) => ({ 'aws:TagKeys': keys });
const ADMIN = 'aws-reserved/sso.amazonaws.com/AWSReservedSSO_AdministratorAccess_0123456789abcdef';

type Row = [what: string, question: Omit<Question, 'by'>];

describe('an administrator of a member account may not', () => {
  it.each<Row>([
    [
      'let themselves into a member role',
      { action: 'iam:UpdateAssumeRolePolicy', resource: role('oidc-factory-trust') },
    ],
    ['widen a member role', { action: 'iam:PutRolePolicy', resource: role('oidc-factory-inspect') }],
    ['delete a member role', { action: 'iam:DeleteRole', resource: role('oidc-factory-provider') }],
    ['take the name of one', { action: 'iam:CreateRole', resource: role('oidc-factory-inspect') }],
    ['take it under a path', { action: 'iam:CreateRole', resource: role('team/oidc-factory-inspect') }],
    ['forward events of their own', { action: 'iam:PassRole', resource: role('oidc-factory-forwarder') }],
    ['stop the rule', { action: 'events:DisableRule', resource: rule('oidc-factory-forward-role-events') }],
    [
      'change where it forwards',
      { action: 'events:PutTargets', resource: rule('oidc-factory-forward-role-events') },
    ],
    [
      "empty the rule's queue",
      { action: 'sqs:PurgeQueue', resource: queue('oidc-factory-forward-role-events-dead-letters') },
    ],
    ['delete the provider', { action: 'iam:DeleteOpenIDConnectProvider', resource: TENANT_PROVIDER }],
    [
      'take an audience off it',
      { action: 'iam:RemoveClientIDFromOpenIDConnectProvider', resource: TENANT_PROVIDER },
    ],
    [
      'create it without the slash',
      { action: 'iam:CreateOpenIDConnectProvider', resource: provider(`sts.windows.net/${TENANT}`) },
    ],
    [
      'forge the mark',
      { action: 'iam:TagRole', resource: role('app'), context: tags('oidc-factory:role-id') },
    ],
    [
      'forge it in other case',
      { action: 'iam:TagRole', resource: role('app'), context: tags('team', 'OIDC-Factory:Role-Id') },
    ],
    [
      'say that a role is ready',
      { action: 'iam:CreateRole', resource: role('app'), context: tags('oidc-factory:status') },
    ],
    [
      'make a role that is excepted by name',
      { action: 'iam:CreateRole', resource: role('stacksets-exec-mine') },
    ],
    [
      'make one that is excepted by path',
      { action: 'iam:CreateRole', resource: role('stacksets-exec-x/mine') },
    ],
    [
      'let themselves into one that is excepted',
      { action: 'iam:UpdateAssumeRolePolicy', resource: role('OrganizationAccountAccessRole') },
    ],
    [
      'hand one to a service',
      { action: 'iam:PassRole', resource: role('cdk-accel-cfn-exec-role-111122223333-us-east-1') },
    ],
    ['get a token that AWS signs', { action: 'sts:GetWebIdentityToken' }],
  ])('%s', (_, question) => {
    expect(isPermitted(ATTACHED, { by: ADMIN, ...question })).toBe(false);
  });
});

describe('developers go on to', () => {
  it.each<Row>([
    ['create web identity roles', { action: 'iam:CreateRole', resource: role('app') }],
    [
      'create them with tags of their own',
      { action: 'iam:CreateRole', resource: role('app'), context: tags('team') },
    ],
    [
      'keep the factory off a role',
      { action: 'iam:TagRole', resource: role('app'), context: tags('oidc-factory:ignore') },
    ],
    [
      'let a workload in by tags',
      {
        action: 'iam:TagRole',
        resource: role('app'),
        context: tags('oidc-factory:federated-credential', 'oidc-factory:federated-credential:2'),
      },
    ],
    [
      'take off any tag',
      { action: 'iam:UntagRole', resource: role('app'), context: tags('oidc-factory:status') },
    ],
    ['change trust policies', { action: 'iam:UpdateAssumeRolePolicy', resource: role('app') }],
    ['delete roles', { action: 'iam:DeleteRole', resource: role('app') }],
    ['pass roles', { action: 'iam:PassRole', resource: role('app') }],
    ['look at member roles', { action: 'iam:GetRole', resource: role('oidc-factory-trust') }],
    ['look at the provider', { action: 'iam:GetOpenIDConnectProvider', resource: TENANT_PROVIDER }],
    [
      'own other providers',
      {
        action: 'iam:CreateOpenIDConnectProvider',
        resource: provider('token.actions.githubusercontent.com'),
      },
    ],
    ['own rules', { action: 'events:PutRule', resource: rule('nightly') }],
    ['own queues', { action: 'sqs:DeleteQueue', resource: queue('jobs') }],
    [
      'bootstrap the CDK',
      { action: 'iam:CreateRole', resource: role('cdk-hnb659fds-cfn-exec-role-111122223333-us-east-1') },
    ],
  ])('%s', (_, question) => {
    expect(isPermitted(ATTACHED, { by: ADMIN, ...question })).toBe(true);
  });
});

describe('tokens that AWS signs', () => {
  it.each(FUNCTION_NAMES)('are for the functions that log in to Entra: %s', (name) => {
    const question = { of: FACTORY, action: 'sts:GetWebIdentityToken' };
    expect(isPermitted(ATTACHED, { ...question, by: `oidc-factory-${name}` })).toBe(
      ENTRA_FUNCTIONS.some((one) => one === name),
    );
  });

  it('are not for a role of the same name in another account', () => {
    const question = { action: 'sts:GetWebIdentityToken', by: 'oidc-factory-register-application' };
    expect(isPermitted(ATTACHED, question)).toBe(false);
  });

  it('are left alone where the factory logs in with a secret', () => {
    expect(tokenProtection({ ...GUARDRAILS, login: 'secret' })).toEqual([]);
  });
});

it.each(ADMINISTRATOR_ROLES)('who administers the organization may do it: %s', (name) => {
  const by = name.replace('*', 'abc');
  for (const question of [
    { action: 'iam:PutRolePolicy', resource: role('oidc-factory-trust') },
    { action: 'events:PutRule', resource: rule('oidc-factory-forward-role-events') },
    { action: 'iam:DeleteOpenIDConnectProvider', resource: TENANT_PROVIDER },
  ]) {
    expect(isPermitted(ATTACHED, { by, ...question })).toBe(true);
  }
});

it('leaves a provider that others own to them', () => {
  const documents = memberProtection({ ...GUARDRAILS, provider: 'external' });
  const question = { by: ADMIN, action: 'iam:DeleteOpenIDConnectProvider', resource: TENANT_PROVIDER };
  expect(isPermitted(documents, question)).toBe(true);
});

it('fits into one document each, whatever the config', () => {
  const settings = {
    ...GUARDRAILS,
    memberRolePrefix: `x${'-'.repeat(29)}`,
    partition: 'aws-us-gov',
    issuer: { ...ISSUER, url: `https://login.partner.microsoftonline.cn/${TENANT}/v2.0` },
  } as const;
  const texts = [...textsOf(memberProtection(settings)), ...textsOf(tokenProtection(settings))];
  expect(texts).toHaveLength(2);
  for (const text of texts) expect(text.length).toBeLessThanOrEqual(MAX_GUARDRAIL_LENGTH);
});
