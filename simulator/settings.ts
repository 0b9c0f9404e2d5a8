import { accountId, appId, audience, servicePrincipalId, tenantId } from '../core/ids.ts';
import { entraIssuer } from '../core/issuer.ts';
import type { HandlerSettings } from '../lambdas/settings.ts';
import { DURATIONS } from '../lib/durations.ts';

export const TENANT = tenantId('11111111-2222-4333-8444-555555555555');
export const PLACEHOLDER = audience(`api://${TENANT}/oidc-factory-placeholder`);
export const FACTORY_ACCOUNT = accountId('999988887777');
export const MEMBER = accountId('111122223333');
export const OTHER_MEMBER = accountId('444455556666');
export const MEMBERS = [MEMBER, OTHER_MEMBER] as const;

/** Workloads that developers may let in. */
export const WORKLOADS = {
  issuer: 'https://token.actions.githubusercontent.com',
  subjects: ['repo:example/'],
} as const;

/** As a function reads them from the environment that the templates give it. */
export const SETTINGS: HandlerSettings = {
  issuer: entraIssuer({ cloud: 'public', tenantId: TENANT, tokenVersion: 1 }),
  placeholders: [PLACEHOLDER],
  protectedRoles: [],
  memberRolePrefix: 'oidc-factory',
  factoryAppId: appId('aaaaaaaa-0000-4000-8000-000000000001'),
  factoryServicePrincipalId: servicePrincipalId('aaaaaaaa-0000-4000-8000-000000000002'),
  federatedCredentials: [WORKLOADS],
  deletion: 'soft',
  settleSeconds: DURATIONS.settle,
  lookAgainSeconds: DURATIONS.lookAgain,
  writersSeconds: DURATIONS.writers,
  replicationSeconds: DURATIONS.replication,
  secondLookSeconds: DURATIONS.secondLook,
  leaseSeconds: DURATIONS.lease,
  mode: 'enforce',
  modes: {},
  // As nobody would mind them.
  caps: { rolesPerAccount: 99, creationsPerHour: 100_000, removalsPerHour: 100_000 },
  controlSeconds: DURATIONS.control,
  hourSeconds: DURATIONS.hour,
  directoryFullSeconds: DURATIONS.directoryFull,
};
