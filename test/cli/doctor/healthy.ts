/** A factory, a member account, a tenant and a role in which doctor finds nothing wrong, as the checks read them. */
import { type Check, type Finding, perform } from '../../../cli/doctor/check.ts';
import { estateOf } from '../../../cli/doctor/estate.ts';
import { factoryChecks } from '../../../cli/doctor/factory-checks.ts';
import { memberChecks } from '../../../cli/doctor/member-checks.ts';
import type { FactoryReads, MemberReads, TenantReads } from '../../../cli/doctor/reads.ts';
import { roleChecks } from '../../../cli/doctor/role-checks.ts';
import { tenantChecks } from '../../../cli/doctor/tenant-checks.ts';
import { GRAPH_PERMISSIONS } from '../../../core/doctor/tenant.ts';
import { forwardingPattern } from '../../../core/event-patterns.ts';
import { type RoleName, roleArn } from '../../../core/ids.ts';
import { identifierUriFor } from '../../../core/issuer.ts';
import {
  type AnyFunctionName,
  ENTRA_FUNCTIONS,
  FUNCTION_NAMES,
  functionRoleArn,
  GUARD_FUNCTION,
  MEMBER_ROLE_USERS,
  memberRoleArn,
  uniqueName,
} from '../../../core/naming.ts';
import { MARK_KEY, TAGS } from '../../../core/tags.ts';
import type { GivenToken } from '../../../core/trust-check/token-checks.ts';
import type { RoleView } from '../../../lambdas/ports.ts';
import { functionVariables, parseConfig } from '../../../lib/config/config.ts';
import {
  ACCOUNT,
  APP_ID,
  AUDIENCE,
  ENTRY,
  ISSUER,
  key,
  PLACEHOLDER,
  PROVIDER_ARN,
  policyWith,
  SERVICE_PRINCIPAL,
  SETTINGS,
  TENANT,
} from '../../fixtures/domain.ts';

const CONFIG = parseConfig(
  {
    organizationId: 'o-a1b2c3d4e5',
    factory: { accountId: '999900001111', region: 'eu-central-1' },
    entra: {
      tenantId: TENANT,
      factoryAppId: SETTINGS.factoryAppId,
      factoryServicePrincipalId: SETTINGS.factoryServicePrincipalId,
    },
  },
  'the test',
);
export const ESTATE = estateOf(CONFIG);
const { partition, factoryAccountId } = ESTATE;

export const QUEUE = `arn:aws:sqs:eu-central-1:${factoryAccountId}:role-events`;
const OUTBOUND_ISSUER = 'https://0c000000-0000-4000-8000-000000000001.tokens.sts.global.api.aws';
export const ROLE = ENTRY.roleArn ?? roleArn('');
export const TRUST = policyWith({
  StringEquals: { [key('aud')]: AUDIENCE, [key('sub')]: SERVICE_PRINCIPAL },
});

export const SERVED: RoleView = {
  roleName: ENTRY.roleName,
  roleId: ENTRY.roleId,
  roleArn: ROLE,
  path: '/',
  createdAt: ENTRY.roleCreatedAt ?? '',
  trustPolicy: TRUST,
  tags: {
    [TAGS.status]: 'ready',
    [TAGS.clientId]: APP_ID,
    [TAGS.audience]: AUDIENCE,
    [MARK_KEY]: ENTRY.roleId,
  },
};

const FORWARDER = memberRoleArn(partition, ACCOUNT, CONFIG.prefix, 'forwarder');

/** As the member stack makes it. */
export function memberRole(name: string): RoleView {
  const purpose = name.slice(CONFIG.prefix.length + 1);
  const known: Readonly<Record<string, readonly AnyFunctionName[]>> = MEMBER_ROLE_USERS;
  const users = known[purpose] ?? [GUARD_FUNCTION];
  const Statement =
    purpose === 'forwarder'
      ? { Principal: { Service: 'events.amazonaws.com' } }
      : {
          Principal: { AWS: `arn:aws:iam::${factoryAccountId}:root` },
          Condition: {
            ArnEquals: {
              'aws:PrincipalArn': users.map((user) =>
                functionRoleArn(partition, factoryAccountId, CONFIG.prefix, user),
              ),
            },
          },
        };
  return {
    ...SERVED,
    roleName: name as RoleName,
    roleArn: roleArn(`arn:aws:iam::${ACCOUNT}:role/${name}`),
    trustPolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', ...Statement },
    }),
    tags: {},
  };
}

/** As the factory stack makes it. */
export const busPolicy = (organizationId: string, changes: object = {}): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: '*',
      Action: 'events:PutEvents',
      Resource: ESTATE.busArn,
      Condition: {
        StringEquals: {
          'aws:PrincipalOrgID': organizationId,
          'events:source': 'aws.iam',
          'events:detail-type': 'AWS API Call via CloudTrail',
        },
        Bool: { 'events:eventBusInvocation': 'true' },
        ArnLike: { 'aws:PrincipalArn': 'arn:*:iam::*:role/oidc-factory-forwarder' },
        ...changes,
      },
    },
  });

const EMPTY = { waiting: 0, inWork: 0, deadLetterArn: undefined };

export interface AllReads {
  readonly member: MemberReads;
  readonly factory: FactoryReads;
  readonly tenant: TenantReads;
}

export const healthy = (): AllReads => ({
  member: {
    rulesTo: async () => ['forward'],
    rule: async () => ({
      name: 'forward',
      state: 'ENABLED',
      pattern: JSON.stringify(forwardingPattern(ESTATE.settings)),
    }),
    rulesOf: async () => [],
    targets: async () => [
      { arn: ESTATE.busArn, roleArn: FORWARDER, deadLetterArn: 'arn:aws:sqs:us-east-1:::not-forwarded' },
    ],
    queue: async () => EMPTY,
    role: async (name) => (name === SERVED.roleName ? SERVED : memberRole(name)),
    providers: async () => [PROVIDER_ARN],
    provider: async (providerArn) => ({
      providerArn,
      url: ISSUER.url,
      clientIds: [PLACEHOLDER, AUDIENCE],
    }),
  },
  factory: {
    rule: async () => undefined,
    rulesTo: async () => [],
    rulesOf: async () => [
      { name: 'intake', state: 'ENABLED', pattern: JSON.stringify(forwardingPattern(ESTATE.settings)) },
    ],
    targets: async () => [{ arn: QUEUE, roleArn: undefined, deadLetterArn: `${QUEUE}-not-queued` }],
    queue: async (arn) => ({
      ...EMPTY,
      deadLetterArn: arn === QUEUE ? `${QUEUE}-not-dispatched` : undefined,
    }),
    bus: async () => ({ policy: busPolicy(CONFIG.organizationId) }),
    mappings: async () => ['Enabled'],
    workflow: async (workflow) => ({
      stateMachineArn: ESTATE.stateMachineArn(workflow),
      functionArns: Object.fromEntries(
        FUNCTION_NAMES.filter((name) => name !== 'dispatch-role-event').map((name) => [name, name]),
      ),
    }),
    runs: async (stateMachineArn) => [run(stateMachineArn, ENTRY.eventIds[0] ?? '', 'SUCCEEDED')],
    failure: async () => ({ error: 'ProviderFull', cause: 'inspect-role' }),
    variables: async () => ({ ...functionVariables(CONFIG), LEDGER_TABLE: 'ledger' }),
    table: async () => ({ status: 'ACTIVE' }),
    outboundIssuer: async () => OUTBOUND_ISSUER,
    incarnations: async () => [ENTRY],
    control: async () => ({}),
    account: async (_, accountId) => ({
      accountId,
      enrolledAt: '2026-01-01T00:00:00.000Z',
      heartbeatSeenAt: new Date().toISOString(),
      notes: [],
      organizationalUnits: [],
    }),
  },
  tenant: {
    principal: async (appId) =>
      appId === SETTINGS.factoryAppId
        ? { id: SETTINGS.factoryServicePrincipalId, enabled: true }
        : { id: SERVICE_PRINCIPAL, enabled: false },
    login: async () => ({
      federatedCredentials: ENTRA_FUNCTIONS.map((name) => ({
        issuer: OUTBOUND_ISSUER,
        subject: functionRoleArn(partition, factoryAccountId, CONFIG.prefix, name),
        audiences: ['api://AzureADTokenExchange'],
      })),
      secretsExpireAt: [],
    }),
    permissions: async () => [GRAPH_PERMISSIONS['Application.ReadWrite.OwnedBy']],
    objects: async () => ({ active: 100, deleted: 149 }),
    holder: async () => APP_ID,
    application: async (objectId) => ({
      objectId,
      appId: APP_ID,
      uniqueName: uniqueName(ENTRY),
      createdByAppId: SETTINGS.factoryAppId,
      signInAudience: 'AzureADMyOrg',
      identifierUris: [identifierUriFor(APP_ID)],
      tokenVersion: 1,
      ownerIds: [SETTINGS.factoryServicePrincipalId],
      passwords: 1,
      keys: 0,
      federatedCredentials: [],
    }),
    servicePrincipal: async (appId) => ({ id: SERVICE_PRINCIPAL, appId, enabled: true }),
    resource: async () => ({ enabled: true, assignmentRequired: false, assigned: 0 }),
    kindOf: async () => 'principal',
  },
});

export const run = (stateMachineArn: string, name: string, status: string, startedAt = 0) => ({
  executionArn: `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`,
  name,
  status,
  startedAt,
});

/** Of a workload that gets in. */
const TOKEN: GivenToken = {
  algorithm: 'RS256',
  claims: {
    iss: ISSUER.url,
    aud: AUDIENCE,
    sub: SERVICE_PRINCIPAL,
    iat: Math.floor(Date.now() / 1000),
    exp: Math.floor(Date.now() / 1000) + 3600,
  },
};

export const allChecks = (reads: AllReads): Check[] => [
  ...memberChecks(reads.member, ACCOUNT, ESTATE),
  ...factoryChecks(reads.factory, ACCOUNT, ESTATE),
  ...tenantChecks(reads.tenant, reads.factory, ESTATE),
  ...roleChecks(reads, { roleArn: ROLE, accountId: ACCOUNT, token: TOKEN }, ESTATE),
];

export async function finding(id: string, checks: readonly Check[]): Promise<Finding> {
  const check = checks.find((one) => one.id === id);
  if (!check) throw new Error(`There is no check ${id}`);
  return perform(check);
}
