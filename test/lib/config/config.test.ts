import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from '../../../lib/config/config.ts';

const MINIMAL = {
  organizationId: 'o-a1b2c3d4e5',
  factory: { accountId: '111122223333', region: 'eu-central-1' },
  entra: {
    tenantId: '11111111-2222-4333-8444-555555555555',
    factoryAppId: '66666666-7777-4888-8999-aaaaaaaaaaaa',
    factoryServicePrincipalId: 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff',
  },
};

const problemsOf = (input: unknown): readonly string[] => {
  try {
    parseConfig(input, 'config');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('config', () => {
  it('needs only what cannot be guessed, and takes safe defaults for the rest', () => {
    expect(parseConfig(MINIMAL, 'config')).toEqual({
      ...MINIMAL,
      prefix: 'oidc-factory',
      entra: { ...MINIMAL.entra, cloud: 'public', tokenVersion: 1, login: { kind: 'federated' } },
      placeholders: [`api://${MINIMAL.entra.tenantId}/oidc-factory-placeholder`],
      dangerouslyAllowClaimablePlaceholders: false,
      protectedRoles: [],
      mode: 'observe',
      modes: {},
      caps: { rolesPerAccount: 90, creationsPerHour: 50, removalsPerHour: 50 },
      provider: 'factory',
      deletion: 'soft',
      sweep: { everyHours: 6, backfill: false, destructiveSteps: 10 },
      notifications: { emails: [] },
      encryption: 'aws',
    });
  });

  it('keeps the tenant id as Entra writes it, for the forwarding rule compares text', () => {
    const tenantId = 'ABCDEF12-2222-4333-8444-555555555555';
    const { entra, placeholders } = parseConfig(
      { ...MINIMAL, entra: { ...MINIMAL.entra, tenantId } },
      'config',
    );
    expect(entra.tenantId).toBe(tenantId.toLowerCase());
    expect(placeholders).toEqual([`api://${tenantId.toLowerCase()}/oidc-factory-placeholder`]);
  });

  it('names every wrong field at once', () => {
    const problems = problemsOf({
      prefix: 'Oidc',
      factory: { accountId: '1111', region: 'Frankfurt' },
      entra: { tenantId: 'contoso', cloud: 'mars', tokenVersion: 3, login: { kind: 'secret' }, secret: 'x' },
      placeholders: [],
      protectedRoles: ['has space'],
      provider: 'yes',
      mode: 'act',
      modes: { 'ou-1': 'observe' },
      caps: { rolesPerAccount: 100 },
      deletion: 'hard',
      placeholder: 'dummy',
    });
    const fields = problems.map((problem) => problem.slice(0, problem.indexOf(':')));
    expect(fields.sort()).toEqual(
      [
        'caps.rolesPerAccount',
        'deletion',
        'entra.cloud',
        'entra.factoryAppId',
        'entra.factoryServicePrincipalId',
        'entra.login.secretArn',
        'entra.secret',
        'entra.tenantId',
        'entra.tokenVersion',
        'factory.accountId',
        'factory.region',
        'mode',
        'modes.ou-1',
        'organizationId',
        'placeholder',
        'placeholders',
        'prefix',
        'protectedRoles.0',
        'provider',
      ].sort(),
    );
  });

  it('asks for the guard where it says so, which then only looks', () => {
    expect(parseConfig({ ...MINIMAL, guard: {} }, 'config').guard).toEqual({
      mode: 'observe',
      quarantinesPerHour: 5,
      graceHours: 72,
      contain: 'federated',
    });
  });

  it.each<[string, object, string]>([
    ['guard.mode', { mode: 'protect' }, 'observe'],
    ['guard.contain', { contain: 'nothing' }, 'federated'],
    ['guard.issuers', { issuers: [] }, 'leave the field out'],
    [
      'guard.issuers.1',
      { issuers: ['https://gitlab.com', 'http://gitlab.com'] },
      'token.actions.githubusercontent',
    ],
    ['guard.issuers', { issuers: Array(100).fill(`gitlab.${'x'.repeat(30)}.example`) }, 'at most 2000'],
    ['guard.quarantinesPerHour', { quarantinesPerHour: 0 }, '1'],
    ['guard.graceHours', { graceHours: 1000 }, '720'],
    ['guard.quarantine', { quarantine: true }, 'unknown field'],
  ])('says of %s what was expected of it', (field, guard, expected) => {
    const problems = problemsOf({ ...MINIMAL, guard });
    expect(problems).toEqual([expect.stringContaining(expected)]);
    expect(problems[0]?.startsWith(`${field}:`)).toBe(true);
  });

  it.each([
    ['organizationId', { ...MINIMAL, organizationId: undefined }, 'missing'],
    [
      'factory.accountId',
      { ...MINIMAL, factory: { ...MINIMAL.factory, accountId: '12' } },
      'expected twelve digits',
    ],
    ['(top level)', 'text', 'expected object'],
  ])('says of %s what was expected', (field, input, expected) => {
    const problem = problemsOf(input).find((line) => line.startsWith(`${field}:`));
    expect(problem).toContain(expected);
  });

  it.each<[string, object, string]>([
    ['placeholders', { placeholders: Array.from({ length: 21 }, (_, n) => `p${n}`) }, 'at most 20'],
    ['protectedRoles', { protectedRoles: Array.from({ length: 41 }, (_, n) => `r${n}`) }, 'at most 40'],
    ['(top level)', { protectedRoles: Array(32).fill('x'.repeat(64)) }, 'at most 2000 characters'],
    [
      '(top level)',
      {
        protectedRoles: Array(17).fill('x'.repeat(64)),
        federatedCredentials: [
          { issuer: 'https://gitlab.com', subjects: [`project_path:${'x'.repeat(500)}/`] },
        ],
        modes: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${111122223333 + n}`, 'enforce'])),
      },
      'at most 2000 characters',
    ],
    ['factory.region', { factory: { ...MINIMAL.factory, region: `us-${'a'.repeat(5000)}-1` } }, 'AWS region'],
    [
      'entra.login.secretArn',
      {
        entra: {
          ...MINIMAL.entra,
          login: {
            kind: 'secret',
            secretArn: `arn:aws:secretsmanager:us-east-1:111122223333:secret:${'x'.repeat(600)}`,
          },
        },
      },
      'full ARN',
    ],
  ])('bounds what must fit into the environment of a function: %s', (field, change, expected) => {
    expect(problemsOf({ ...MINIMAL, ...change })).toEqual([
      expect.stringMatching(`^\\(?${field.replace(/[()]/g, '')}\\)?: .*${expected}`),
    ]);
  });

  it.each([
    ['', '"": unknown field'],
    ['a\nb', '"a\\nb": unknown field'],
    ['a.b', '"a.b": unknown field'],
    ['__proto__', '__proto__: unknown field'],
  ])('names a field that it does not know so that it is seen: %j', (name, problem) => {
    expect(problemsOf(JSON.parse(`{${JSON.stringify(name)}:1,${JSON.stringify(MINIMAL).slice(1)}`))).toEqual([
      problem,
    ]);
  });

  it('names a field that it does not know, but not at any length', () => {
    const [problem = ''] = problemsOf({ ...MINIMAL, ['x'.repeat(10_000)]: 1 });
    expect(problem).toMatch(/^x+…: unknown field$/);
    expect(problem.length).toBeLessThan(200);
  });

  describe('file', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'oidc-factory-config-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('that is missing names the example to copy', () => {
      expect(() => loadConfig(join(folder, 'none.json'))).toThrow(/ENOENT.*oidc-factory\.example\.json/);
    });

    it('that is not JSON says so', () => {
      const file = join(folder, 'broken.json');
      writeFileSync(file, '{ "prefix": ');
      expect(() => loadConfig(file)).toThrow(/is not JSON/);
    });

    it.each([
      ['names a field twice', '{"deletion":"soft","deletion":"purge"}', 'the key "deletion" only once'],
      [
        'is longer than any',
        JSON.stringify({ ...MINIMAL, $schema: 'x'.repeat(70_000) }),
        'at most 65536 characters',
      ],
      ['nests without end', `{"placeholders":${'['.repeat(5000)}${']'.repeat(5000)}}`, 'at most 10 levels'],
      [
        'has a prototype',
        JSON.stringify(MINIMAL).replace('{', '{"__proto__":{"deletion":"purge"},'),
        '__proto__: unknown field',
      ],
    ])('that %s is refused', (_, text, why) => {
      const file = join(folder, 'odd.json');
      writeFileSync(file, text);
      expect(() => loadConfig(file)).toThrowError(ConfigError);
      expect(() => loadConfig(file)).toThrow(why);
    });

    it('that ships as the example is valid', () => {
      expect(loadConfig('oidc-factory.example.json').factory.accountId).toBe('111122223333');
    });
  });
});
