import { describe, expect, it } from 'vitest';
import { FactoryError } from '../../core/errors.ts';
import {
  type Environment,
  entraSection,
  handlerSection,
  ledgerSection,
  memberSection,
  readSections,
  readSettings,
  workflowSection,
} from '../../lambdas/settings.ts';

const TENANT = '11111111-2222-4333-8444-555555555555';
const ENV: Environment = {
  AWS_REGION: 'eu-central-1',
  LEDGER_TABLE: 'oidc-factory-Ledger-1ABC',
  MEMBER_ROLE_PREFIX: 'oidc-factory',
  ENTRA_TENANT_ID: TENANT,
  ENTRA_CLOUD: 'public',
  ENTRA_TOKEN_VERSION: '1',
  ENTRA_FACTORY_APP_ID: '22222222-2222-4333-8444-555555555555',
  ENTRA_FACTORY_SERVICE_PRINCIPAL_ID: '33333333-2222-4333-8444-555555555555',
  ENTRA_LOGIN: 'federated',
  AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/',
  GRAPH_ENDPOINT: 'https://graph.microsoft.com',
  PLACEHOLDERS: `["api://${TENANT}/oidc-factory-placeholder"]`,
  PROTECTED_ROLES: '["Admin*"]',
  FEDERATED_CREDENTIALS: '[{"issuer":"https://gitlab.com","subjects":["project_path:example/"]}]',
  DELETION: 'soft',
  CREATE_ROLE_STATE_MACHINE_ARN:
    'arn:aws:states:eu-central-1:999999999999:stateMachine:oidc-factory-create-role',
  DELETE_ROLE_STATE_MACHINE_ARN:
    'arn:aws:states:eu-central-1:999999999999:stateMachine:oidc-factory-delete-role',
  ENROL_ACCOUNT_STATE_MACHINE_ARN:
    'arn:aws:states:eu-central-1:999999999999:stateMachine:oidc-factory-enrol-account',
  SETTLE_SECONDS: '300',
  LOOK_AGAIN_SECONDS: '0.6',
  WRITERS_SECONDS: '90',
  REPLICATION_SECONDS: '900',
  SECOND_LOOK_SECONDS: '3',
  GRAPH_PATIENCE_SECONDS: '5',
  LEASE_SECONDS: '600',
  MODE: 'enforce',
  MODES: '{"ou-ab12-a1b2c3d4":"observe"}',
  CAPS: '{"rolesPerAccount":90,"creationsPerHour":50,"removalsPerHour":20}',
  CONTROL_SECONDS: '10',
  HOUR_SECONDS: '3600',
  DIRECTORY_FULL_SECONDS: '3600',
};
const SECTIONS = {
  settings: handlerSection,
  ledger: ledgerSection,
  members: memberSection,
  workflows: workflowSection,
  entra: entraSection,
};

function problemsOf(env: Environment): string[] {
  try {
    readSections(env, SECTIONS);
  } catch (error) {
    if (error instanceof FactoryError && error.code === 'InvalidSettings') return error.message.split('; ');
    throw error;
  }
  return [];
}

describe('the settings of a function', () => {
  it('are read from its environment', () => {
    expect(readSettings(ENV)).toEqual({
      issuer: {
        cloud: 'public',
        tenantId: TENANT,
        tokenVersion: 1,
        url: `https://sts.windows.net/${TENANT}/`,
      },
      placeholders: [`api://${TENANT}/oidc-factory-placeholder`],
      protectedRoles: ['Admin*'],
      memberRolePrefix: 'oidc-factory',
      factoryAppId: '22222222-2222-4333-8444-555555555555',
      factoryServicePrincipalId: '33333333-2222-4333-8444-555555555555',
      federatedCredentials: [{ issuer: 'https://gitlab.com', subjects: ['project_path:example/'] }],
      deletion: 'soft',
      settleSeconds: 300,
      lookAgainSeconds: 0.6,
      writersSeconds: 90,
      replicationSeconds: 900,
      secondLookSeconds: 3,
      leaseSeconds: 600,
      mode: 'enforce',
      modes: { 'ou-ab12-a1b2c3d4': 'observe' },
      caps: { rolesPerAccount: 90, creationsPerHour: 50, removalsPerHour: 20 },
      controlSeconds: 10,
      hourSeconds: 3600,
      directoryFullSeconds: 3600,
    });
  });

  it('hold what the adapters are built from', () => {
    const { ledger, members, workflows, entra } = readSections(ENV, SECTIONS);
    expect(ledger).toEqual({ table: 'oidc-factory-Ledger-1ABC' });
    expect(members).toEqual({ memberRolePrefix: 'oidc-factory', partition: 'aws' });
    expect(workflows.stateMachineArns['delete-role']).toBe(ENV.DELETE_ROLE_STATE_MACHINE_ARN);
    expect(entra).toEqual({
      tenantId: TENANT,
      clientId: '22222222-2222-4333-8444-555555555555',
      authorityHost: 'https://login.microsoftonline.com',
      graphEndpoint: 'https://graph.microsoft.com',
      ownerId: '33333333-2222-4333-8444-555555555555',
      patienceSeconds: 5,
      login: { kind: 'federated', audience: 'api://AzureADTokenExchange', region: 'eu-central-1' },
    });
  });

  it('know the partition from the region', () => {
    expect(readSections({ ...ENV, AWS_REGION: 'us-gov-east-1' }, SECTIONS).members.partition).toBe(
      'aws-us-gov',
    );
  });

  it('log in with a secret where the config says so', () => {
    const secretArn = 'arn:aws:secretsmanager:eu-central-1:999999999999:secret:entra-AbCdEf';
    const env = { ...ENV, ENTRA_LOGIN: 'secret', ENTRA_SECRET_ARN: secretArn };
    expect(readSections(env, SECTIONS).entra.login).toEqual({ kind: 'secret', secretArn });
  });

  it('may hold no protected role', () => {
    expect(readSettings({ ...ENV, PROTECTED_ROLES: '[]' }).protectedRoles).toEqual([]);
  });

  it.each([
    ['AWS_REGION', 'Europe'],
    ['LEDGER_TABLE', ''],
    ['MEMBER_ROLE_PREFIX', 'a prefix'],
    ['ENTRA_TENANT_ID', 'contoso'],
    ['ENTRA_CLOUD', 'germany'],
    ['ENTRA_TOKEN_VERSION', '3'],
    ['ENTRA_FACTORY_APP_ID', 'x'],
    ['ENTRA_FACTORY_SERVICE_PRINCIPAL_ID', 'x'],
    ['ENTRA_LOGIN', 'password'],
    ['AZURE_AUTHORITY_HOST', 'http://login.microsoftonline.com'],
    ['GRAPH_ENDPOINT', 'graph.microsoft.com'],
    ['PLACEHOLDERS', 'dummy'],
    ['PLACEHOLDERS', '["two words"]'],
    ['PLACEHOLDERS', '{}'],
    ['PROTECTED_ROLES', '[7]'],
    ['FEDERATED_CREDENTIALS', ''],
    ['FEDERATED_CREDENTIALS', '{}'],
    ['FEDERATED_CREDENTIALS', '[null]'],
    ['FEDERATED_CREDENTIALS', '[{"issuer":"https://gitlab.com"}]'],
    ['FEDERATED_CREDENTIALS', '[{"issuer":"https://gitlab.com","subjects":[""]}]'],
    ['DELETION', 'hard'],
    ['MODE', 'Enforce'],
    ['MODES', ''],
    ['MODES', 'null'],
    ['MODES', '{"111122223333":"on"}'],
    ['CAPS', 'null'],
    ['CAPS', '{"rolesPerAccount":90,"creationsPerHour":50}'],
    ['CAPS', '{"rolesPerAccount":90,"creationsPerHour":50,"removalsPerHour":0}'],
    ['CONTROL_SECONDS', ''],
    ['CREATE_ROLE_STATE_MACHINE_ARN', 'oidc-factory-create-role'],
    ['SETTLE_SECONDS', '0'],
    ['LEASE_SECONDS', '-1'],
    ['WRITERS_SECONDS', '1m'],
    ['REPLICATION_SECONDS', 'Infinity'],
    ['REPLICATION_SECONDS', '9'.repeat(400)],
    ['SETTLE_SECONDS', '86401'],
    ['SETTLE_SECONDS', `0.${'0'.repeat(400)}1`],
    ['AZURE_AUTHORITY_HOST', ' https://login.microsoftonline.com'],
    ['AZURE_AUTHORITY_HOST', 'https://login.microsoftonline.com\n'],
    ['AZURE_AUTHORITY_HOST', 'https://user:hunter2@login.microsoftonline.com'],
    ['AZURE_AUTHORITY_HOST', 'https:login.microsoftonline.com'],
    ['GRAPH_ENDPOINT', 'https://graph.microsoft.com/v1.0'],
    ['GRAPH_ENDPOINT', 'https://graph.microsoft.com?x=y'],
    ['GRAPH_ENDPOINT', 'https://graph.microsoft.com#'],
    ['PLACEHOLDERS', '[]'],
  ])('are invalid with %s = %s, which alone is named', (name, value) => {
    expect(problemsOf({ ...ENV, [name]: value })).toEqual([expect.stringMatching(`^${name}: expected `)]);
  });

  it('are invalid with a login by secret and no secret', () => {
    expect(problemsOf({ ...ENV, ENTRA_LOGIN: 'secret' })).toEqual([
      expect.stringMatching(/^ENTRA_SECRET_ARN: .*is not set$/),
    ]);
  });

  it('name everything that is wrong at once, each variable once, and never its value', () => {
    const wrong = { LEDGER_TABLE: undefined, ENTRA_TENANT_ID: 'hunter2', SETTLE_SECONDS: 'soon' };
    const problems = problemsOf({ ...ENV, ...wrong });
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'ENTRA_TENANT_ID',
      'LEDGER_TABLE',
      'SETTLE_SECONDS',
    ]);
    expect(problems.join()).not.toContain('hunter2');
  });
});
