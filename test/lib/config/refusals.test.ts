import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../../lib/config/config.ts';
import { configJsonSchema } from '../../../lib/config/json-schema.ts';
import { CONFIG } from '../stacks.ts';

const problemsOf = (change: object): readonly string[] => {
  try {
    parseConfig({ ...CONFIG, ...change }, 'config');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

const TENANT = CONFIG.entra.tenantId;
const GITHUB = 'https://token.actions.githubusercontent.com';
const secretIn = (region: string, partition = 'aws') => ({
  entra: {
    ...CONFIG.entra,
    login: {
      kind: 'secret',
      secretArn: `arn:${partition}:secretsmanager:${region}:111122223333:secret:graph-AbCdEf`,
    },
  },
});
const workloads = (issuer: string, ...subjects: string[]) => ({
  federatedCredentials: [{ issuer, subjects }],
});
const words = (count: number) => Array.from({ length: count }, (_, n) => `word-${n}`);

describe('refused, with path and expectation:', () => {
  it.each<[what: string, path: string, change: object, expected: string | RegExp]>([
    ['a placeholder that is a client id', 'placeholders.0', { placeholders: [TENANT] }, 'may get tokens'],
    ['an identifier URI', 'placeholders.1', { placeholders: ['x', 'api://fill/me'] }, 'may get tokens'],
    [
      "one on somebody's domain",
      'placeholders.0',
      { placeholders: ['https://acme.example/x'] },
      'dangerously',
    ],
    [
      'one of another tenant',
      'placeholders.0',
      { placeholders: [`api://${CONFIG.entra.factoryAppId}/x`] },
      TENANT,
    ],
    ['member roles that StackSets own', 'prefix', { prefix: 'stacksets-exec-x' }, 'stacksets-exec-x-inspect'],
    ['member roles of Control Tower', 'prefix', { prefix: 'aws-controltower-x' }, 'aws-controltower-*'],
    [
      'member roles that the config protects',
      'protectedRoles.1',
      { protectedRoles: ['x', '*Factory-trust'] },
      'covers oidc-factory-trust',
    ],
    [
      'a subject that ends within a name',
      'federatedCredentials.0.subjects.1',
      workloads(GITHUB, 'repo:acme/', 'repo:acme'),
      'separator',
    ],
    ['a wildcard', 'federatedCredentials.0.subjects.0', workloads(GITHUB, 'repo:acme/*:'), 'no wildcard'],
    [
      'no organization on GitHub',
      'federatedCredentials.0.subjects.0',
      workloads(GITHUB, 'repo:'),
      /stranger's subject repo:mallory/,
    ],
    [
      'no group on GitLab',
      'federatedCredentials.0.subjects.0',
      workloads('https://gitlab.com', 'project_path:'),
      'stranger',
    ],
    [
      'no organization on HCP Terraform',
      'federatedCredentials.0.subjects.0',
      workloads('https://app.terraform.io', 'organization:'),
      'stranger',
    ],
    [
      'a secret of another region',
      'entra.login.secretArn',
      secretIn('us-east-1'),
      'expected a secret in eu-central-1',
    ],
    ['a secret of another partition', 'entra.login.secretArn', secretIn('eu-central-1', 'aws-cn'), 'aws-cn'],
    ['more audiences than a provider has', 'caps.rolesPerAccount', { placeholders: words(11) }, 'at most 89'],
  ])('%s', (_, path, change, expected) => {
    const problems = problemsOf(change);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.slice(0, path.length + 1)).toBe(`${path}:`);
    expect(problems[0]).toMatch(expected);
  });

  it('all of them at once', () => {
    const change = {
      placeholders: [TENANT, 'urn:x:y'],
      prefix: 'stacksets-exec-x',
      ...workloads(GITHUB, 'repo:'),
    };
    expect(problemsOf(change)).toHaveLength(4);
  });
});

describe('accepted:', () => {
  it.each<[what: string, change: object]>([
    ['placeholders of the tenant, which are reserved', { placeholders: [`api://${TENANT}/fill-me-in`] }],
    ['the issuer', { placeholders: [`https://sts.windows.net/${TENANT}/`] }],
    ['words', { placeholders: ['dummy-value', 'sts.amazonaws.com'] }],
    [
      'a placeholder that a token can carry, where that is said',
      { placeholders: ['api://fill/me'], dangerouslyAllowClaimablePlaceholders: true },
    ],
    [
      'subjects of one organization',
      workloads(GITHUB, 'repo:acme/', 'repo:acme@1001/', 'repo:acme/app:ref:'),
    ],
    ['subjects of an issuer of its own', workloads('https://ci.example.com', 'job:')],
    [
      'roles of an AWS account',
      workloads('https://x.tokens.sts.global.api.aws', 'arn:aws:iam::111122223333:role/'),
    ],
    ['a secret beside the factory', secretIn('eu-central-1')],
    ['as many roles as there are places', { placeholders: words(11), caps: { rolesPerAccount: 89 } }],
  ])('%s', (_, change) => {
    expect(problemsOf(change)).toEqual([]);
  });
});

describe('the JSON Schema', () => {
  interface Schema {
    readonly description?: string;
    readonly properties?: Readonly<Record<string, Schema>>;
  }
  const undescribed = ({ properties = {} }: Schema, above = ''): string[] =>
    Object.entries(properties).flatMap(([name, schema]) => [
      ...(schema.description ? [] : [`${above}${name}`]),
      ...undescribed(schema, `${above}${name}.`),
    ]);

  it('explains every field', () => {
    expect(undescribed(configJsonSchema() as Schema)).toEqual([]);
  });

  it('asks for what cannot be guessed, and for nothing that has a default', () => {
    expect(configJsonSchema()).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['organizationId', 'factory', 'entra'],
    });
  });
});
