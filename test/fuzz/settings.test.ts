import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { demoArguments, sandboxArguments, UsageError } from '../../bin/arguments.ts';
import {
  entraSection,
  handlerSection,
  ledgerSection,
  memberSection,
  readSections,
  workflowSection,
} from '../../lambdas/settings.ts';
import { ConfigError, parseConfig } from '../../lib/config/config.ts';
import { ACCOUNT, PLACEHOLDER, TENANT } from '../fixtures/domain.ts';
import { hostileText } from './junk.ts';
import { mutatedFrom, mutatedText, textMutation } from './mutate.ts';
import { failing, outcome } from './outcome.ts';
import { fuzz } from './runs.ts';

const SECTIONS = {
  settings: handlerSection,
  ledger: ledgerSection,
  members: memberSection,
  workflows: workflowSection,
  entra: entraSection,
};
const GUID = 'fac70000-0000-4000-8000-000000000001';
const ENV: Readonly<Record<string, string>> = {
  AWS_REGION: 'eu-central-1',
  LEDGER_TABLE: 'oidc-factory-Ledger-1ABC',
  MEMBER_ROLE_PREFIX: 'oidc-factory',
  ENTRA_TENANT_ID: TENANT,
  ENTRA_CLOUD: 'public',
  ENTRA_TOKEN_VERSION: '1',
  ENTRA_FACTORY_APP_ID: GUID,
  ENTRA_FACTORY_SERVICE_PRINCIPAL_ID: GUID,
  ENTRA_LOGIN: 'secret',
  ENTRA_SECRET_ARN: `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:entra-AbCdEf`,
  AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com',
  GRAPH_ENDPOINT: 'https://graph.microsoft.com/',
  PLACEHOLDERS: JSON.stringify([PLACEHOLDER]),
  PROTECTED_ROLES: '["Admin*"]',
  FEDERATED_CREDENTIALS: '[{"issuer":"https://gitlab.com","subjects":["project_path:example/"]}]',
  DELETION: 'soft',
  CREATE_ROLE_STATE_MACHINE_ARN: `arn:aws:states:eu-central-1:${ACCOUNT}:stateMachine:create-role`,
  DELETE_ROLE_STATE_MACHINE_ARN: `arn:aws:states:eu-central-1:${ACCOUNT}:stateMachine:delete-role`,
  SETTLE_SECONDS: '300',
  LOOK_AGAIN_SECONDS: '60',
  WRITERS_SECONDS: '90',
  REPLICATION_SECONDS: '900',
  SECOND_LOOK_SECONDS: '3',
  GRAPH_PATIENCE_SECONDS: '5',
  LEASE_SECONDS: '600',
};
const spoiltValue = (value: string) =>
  fc.oneof(
    hostileText,
    fc.constant(undefined),
    fc.array(textMutation, { maxLength: 2 }).map((mutations) => mutatedText(value, mutations)),
  );
const environment = fc
  .subarray(Object.keys(ENV), { maxLength: 3 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, spoiltValue(ENV[name] ?? '')]))))
  .map((spoilt): Record<string, string | undefined> => ({ ...ENV, ...spoilt }));

describe('whatever stands in the environment,', () => {
  fuzz('settings are complete and of their form, or refused together', environment, (env) => {
    const answer = outcome(() => readSections(env, SECTIONS), failing('InvalidSettings'));
    if ('error' in answer) return;
    const { settings, entra } = answer.value;
    for (const [name, value] of Object.entries(settings)) {
      if (name.endsWith('Seconds'))
        expect(new Date((value as number) * 1000).getTime()).toBeGreaterThanOrEqual(0);
    }
    expect(settings.placeholders.length).toBeGreaterThan(0);
    for (const url of [entra.authorityHost, entra.graphEndpoint]) {
      expect(new URL(`${url}/path`)).toMatchObject({
        protocol: 'https:',
        pathname: '/path',
        search: '',
        username: '',
      });
    }
  });
});

const CONFIG = {
  $schema: './schema.json',
  prefix: 'oidc-factory',
  organizationId: 'o-a1b2c3d4e5',
  factory: { accountId: ACCOUNT, region: 'eu-central-1' },
  entra: {
    tenantId: TENANT,
    cloud: 'public',
    tokenVersion: 1,
    factoryAppId: GUID,
    factoryServicePrincipalId: GUID,
    login: { kind: 'secret', secretArn: ENV.ENTRA_SECRET_ARN },
  },
  placeholders: [PLACEHOLDER, 'dummy-value'],
  protectedRoles: ['Admin*', 'break-glass'],
  provider: 'stack',
  deletion: 'soft',
};

describe('whatever stands in the config,', () => {
  fuzz(
    'it is taken whole or refused by the names of its fields',
    mutatedFrom(fc.constant(CONFIG)),
    (input) => {
      const answer = outcome(
        () => parseConfig(input, 'the config'),
        (error) => error instanceof ConfigError,
      );
      if ('error' in answer) {
        const { problems } = answer.error as ConfigError;
        expect(problems.length).toBeGreaterThan(0);
        for (const problem of problems) expect(problem).toMatch(/^.{1,320}: \S/su);
        return;
      }
      // Nothing that is written is dropped, and nothing else than defaults is added.
      expect(answer.value).toMatchObject(input as object);
      expect(fieldsOf(input).filter((field) => !fieldsOf(answer.value).includes(field))).toEqual([]);
      expect(
        JSON.stringify([answer.value.placeholders, answer.value.protectedRoles]).length,
      ).toBeLessThanOrEqual(2000);
    },
  );

  const fieldsOf = (value: unknown, path = ''): string[] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, inner]) => [
          `${path}.${key}`,
          ...fieldsOf(inner, `${path}.${key}`),
        ])
      : [];
});

const word = fc.oneof(
  fc.constantFrom(
    '--json',
    '--help',
    '--port',
    '--members',
    '--time-scale',
    '--port=1',
    '--members=3',
    '--time-scale=0.5',
    '--',
    '-',
    '-j',
    '--no-json',
    '--json=',
    '--port=-0',
    '--time-scale=1e-1',
    '1',
    '0.1',
  ),
  fc
    .tuple(fc.constantFrom('--port=', '--members=', '--time-scale=', '--', '-', ''), hostileText)
    .map((parts) => parts.join('')),
);
const words = fc.array(word, { maxLength: 5 });
const isUsage = (error: unknown) => error instanceof UsageError;

describe('whatever is typed,', () => {
  fuzz('the sandbox starts as asked, or says what it expected', words, (args) => {
    const answer = outcome(() => sandboxArguments(args), isUsage);
    if ('error' in answer) {
      expect(answer.error.message).toMatch(/\S/);
      return;
    }
    const { port, members, timeScale } = answer.value;
    expect(Number.isInteger(port) && port >= 0 && port <= 65_535).toBe(true);
    expect(Number.isInteger(members) && members >= 1 && members <= 50).toBe(true);
    expect(timeScale >= 0.01 && timeScale <= 10).toBe(true);
    expect(args.filter((arg) => arg.startsWith('--json'))).toHaveLength(answer.value.json ? 1 : 0);
  });

  fuzz('the demo plays or refuses', words, (args) => {
    const answer = outcome(() => demoArguments(args), isUsage);
    if ('value' in answer) expect(args.filter((arg) => arg !== '--json' && arg !== '--')).toEqual([]);
  });
});
