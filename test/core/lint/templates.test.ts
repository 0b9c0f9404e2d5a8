/** Policies in CloudFormation templates, synthesized CDK among them. */
import { describe, expect, it } from 'vitest';
import { readTemplate } from '../../../core/lint/cloudformation.ts';
import { lint } from '../../../core/lint/lint.ts';
import type { JsonObject } from '../../../core/trust-policy/document.ts';
import { arnOf, GITHUB, policy, rulesOf, SETTINGS } from './policies.ts';

const STS = 'sts.amazonaws.com';
const key = (claim: string, path = GITHUB) => `${path}:${claim}`;

/** A template of one role with this trust policy. */
const template = (
  trustPolicy: unknown,
  more: JsonObject = {},
  properties: JsonObject = {},
  resources: JsonObject = {},
) =>
  readTemplate({
    ...more,
    Resources: {
      Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trustPolicy, ...properties } },
      ...resources,
    },
  });

const judged = (contents: ReturnType<typeof template>) => {
  const [role] = contents.roles;
  if (role === undefined) throw new Error('no role');
  return lint(role, { ...SETTINGS, clientIds: contents.clientIds });
};

const trusting = (principal: unknown, sub: unknown) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: principal },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [key('aud')]: STS }, StringLike: { [key('sub')]: sub } },
    },
  ],
});
const PROVIDER = {
  Type: 'AWS::IAM::OIDCProvider',
  Properties: { Url: `https://${GITHUB}`, ClientIdList: [STS] },
};

describe('a template', () => {
  it('tells its providers with their client ids', () => {
    const { clientIds } = template(
      {},
      {},
      {},
      {
        A: PROVIDER,
        B: {
          Type: 'Custom::AWSCDKOpenIdConnectProvider',
          Properties: { Url: 'https://gitlab.com', ClientIDList: ['a', 'b'] },
        },
      },
    );
    expect(Object.fromEntries(clientIds)).toEqual({ [GITHUB]: [STS], 'gitlab.com': ['a', 'b'] });
  });

  it.each([
    ['Ref to a provider', { Ref: 'Provider' }],
    ['Fn::GetAtt', { 'Fn::GetAtt': ['Provider', 'Arn'] }],
    ['Fn::Sub', { 'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:oidc-provider/${GITHUB}` }],
    [
      'Fn::Join',
      {
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':iam::',
            { Ref: 'AWS::AccountId' },
            `:oidc-provider/${GITHUB}`,
          ],
        ],
      },
    ],
    [
      'Fn::If whose condition is not known',
      { 'Fn::If': ['Create', { Ref: 'Provider' }, { 'Fn::ImportValue': 'x' }] },
    ],
    ['an import, told by the keys', { 'Fn::ImportValue': 'provider' }],
  ])('names its provider by %s', (_, principal) => {
    const { findings } = judged(template(trusting(principal, 'repo:*'), {}, {}, { Provider: PROVIDER }));
    expect(findings).toMatchObject([{ rule: 'WI01', severity: 'critical', provider: GITHUB }]);
  });

  const subOf = (sub: unknown, parameters: JsonObject = {}, more: JsonObject = {}) =>
    judged(template(trusting(arnOf(GITHUB), sub), { Parameters: parameters, ...more }));

  it('has parameters, whose defaults count', () => {
    const sub = { 'Fn::Sub': `repo:acme@1/api@2:ref:refs/heads/\${Branch}` };
    expect(rulesOf(subOf(sub, { Branch: { Type: 'String', Default: '*' } }))).toEqual(['WI03']);
    expect(rulesOf(subOf(sub, { Branch: { Type: 'String', Default: 'main' } }))).toEqual([]);
  });

  it.each([
    ['a name', `repo:\${Org}/\${Repo}:environment:prod`],
    ['an owner with its repository', `repo:\${Repo}:environment:prod`],
    ['a ref', `repo:acme/api:ref:\${Ref}`],
    ['the whole subject', `\${Subject}`],
  ])('takes what it does not tell as exact: %s', (_, sub) => {
    const result = subOf({ 'Fn::Sub': sub });
    expect(result.findings).toEqual([]);
    expect(result.unresolved.length).toBeGreaterThan(0);
  });

  it('still finds what is open beside what it does not tell', () => {
    const result = subOf({ 'Fn::Sub': `repo:\${Org}/*` });
    expect(result).toMatchObject({ unresolved: ['Org'], findings: [{ rule: 'WI02' }] });
    expect(result.findings[0]?.witness?.claims.sub).toMatch(/^repo:Org\/mallory/);
  });

  it.each([
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Subjects', 'prod', 'sub'] }, ['WI02']],
    ['Fn::Select and Fn::Split', { 'Fn::Select': [1, { 'Fn::Split': ['|', 'x|repo:acme@1/*'] }] }, ['WI02']],
    [
      'Fn::If that holds',
      { 'Fn::If': ['Yes', 'repo:acme@1/*', 'repo:acme@1/api@2:environment:prod'] },
      ['WI02'],
    ],
    ['Fn::If that does not', { 'Fn::If': ['No', 'repo:acme@1/*', 'repo:acme@1/api@2:environment:prod'] }, []],
    [
      'Fn::If that holds, whatever is not known',
      { 'Fn::If': ['Either', 'repo:acme@1/*', 'repo:acme@1/api@2:environment:prod'] },
      ['WI02'],
    ],
    ['a list', ['repo:acme@1/api@2:environment:prod', { 'Fn::Sub': 'repo:acme@1/*' }], ['WI02']],
    ['an escaped variable', { 'Fn::Sub': `\${!${GITHUB}:sub}` }, ['WI13']],
  ])('is resolved: %s', (_, sub, rules) => {
    const more = {
      Mappings: { Subjects: { prod: { sub: 'repo:acme@1/*' } } },
      Conditions: {
        Yes: {
          'Fn::And': [{ 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] }, { 'Fn::Not': [{ Condition: 'No' }] }],
        },
        No: { 'Fn::Or': [{ 'Fn::Equals': [{ Ref: 'Stage' }, 'test'] }] },
        Either: { 'Fn::Or': [{ 'Fn::Equals': [{ Ref: 'Unknown' }, 'x'] }, { Condition: 'Yes' }] },
      },
    };
    expect(rulesOf(subOf(sub, { Stage: { Default: 'prod' } }, more))).toEqual(rules);
  });

  it('of CDK keeps objects with computed keys apart', () => {
    const path = { 'Fn::Select': [1, { 'Fn::Split': [':oidc-provider/', { Ref: 'Provider' }] }] };
    const value = {
      'Fn::Join': [
        '',
        ['{"', path, ':aud":"sts.amazonaws.com","', path, ':sub":"system:serviceaccount:shop:*"}'],
      ],
    };
    const trust = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: { Ref: 'Provider' } },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: { StringLike: { 'Fn::GetAtt': ['Json', 'Value'] } },
        },
      ],
    };
    const resources = {
      Provider: {
        Type: 'Custom::AWSCDKOpenIdConnectProvider',
        Properties: { Url: { 'Fn::GetAtt': ['Cluster', 'OpenIdConnectIssuerUrl'] }, ClientIDList: [STS] },
      },
      Json: { Type: 'Custom::AWSCDKCfnJson', Properties: { Value: value } },
    };
    const result = judged(template(trust, {}, {}, resources));
    expect(result).toMatchObject({
      unresolved: ['Cluster.OpenIdConnectIssuerUrl'],
      findings: [{ rule: 'WI02', issuer: 'Kubernetes' }],
    });
  });

  it('gives the role its policies, boundary, session length and tags', () => {
    const contents = template(
      trusting(arnOf(GITHUB), 'repo:acme@1/api@2:environment:prod'),
      {},
      {
        ManagedPolicyArns: [
          { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::aws:policy/ReadOnlyAccess']] },
          { Ref: 'Managed' },
        ],
        Policies: [{ PolicyName: 'inline', PolicyDocument: { Statement: [] } }],
        MaxSessionDuration: '7200',
        Tags: [{ Key: 'oidc-factory:lint-accept', Value: 'WR01 2026-12-31 for now' }],
      },
      {
        Managed: {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: { PolicyDocument: policy({ Effect: 'Allow', Action: '*', Resource: '*' }) },
        },
        Attached: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            Roles: [{ Ref: 'Role' }],
            PolicyDocument: policy({
              Effect: 'Allow',
              Action: 'iam:*',
              Resource: { 'Fn::GetAtt': ['Other', 'Arn'] },
            }),
          },
        },
        Unrelated: {
          Type: 'AWS::IAM::Policy',
          Properties: { Roles: [{ Ref: 'Other' }], PolicyDocument: policy() },
        },
      },
    );
    const { facts } = contents.roles[0] ?? {};
    expect(facts?.policies?.map(({ name }) => name)).toEqual([
      'inline',
      'ReadOnlyAccess',
      expect.stringContaining('Managed'),
      'Managed',
      'Attached',
    ]);
    expect(facts).toMatchObject({ boundary: null, maxSessionSeconds: 7200 });
    const { findings } = judged(contents);
    expect(findings.map(({ rule }) => rule)).toEqual(['WR01', 'WR03', 'WR04']);
    expect(findings[0]).toHaveProperty('accepted');
  });

  it('that refers to itself in a circle has no value there', () => {
    const resources = {
      A: { ...PROVIDER, Properties: { Url: { 'Fn::GetAtt': ['B', 'Arn'] } } },
      B: { ...PROVIDER, Properties: { Url: { 'Fn::GetAtt': ['A', 'Arn'] } } },
    };
    expect(judged(template(trusting({ Ref: 'A' }, 'repo:*'), {}, {}, resources)).findings).not.toEqual([]);
  });
});
