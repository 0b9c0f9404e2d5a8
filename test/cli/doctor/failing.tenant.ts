/** What fails in the tenant. */
import { TENANT } from '../../fixtures/domain.ts';
import type { Failing } from './changes.ts';
import { ESTATE, healthy } from './healthy.ts';

export const FAILING: readonly Failing[] = [
  [
    'entra.application',
    'no such client',
    { tenant: { principal: async () => undefined } },
    'FactoryApplicationMissing',
  ],
  [
    'entra.application',
    'another service principal',
    { tenant: { principal: async () => ({ id: TENANT, enabled: true }) } },
    'FactoryApplicationMissing',
  ],
  [
    'entra.application',
    'disabled',
    {
      tenant: {
        principal: async (id) => ({
          ...(await healthy().tenant.principal(id)),
          id: ESTATE.settings.factoryServicePrincipalId,
          enabled: false,
        }),
      },
    },
    'FactoryApplicationMissing',
  ],
  [
    'entra.login',
    'no such client',
    { tenant: { login: async () => undefined } },
    'FactoryApplicationMissing',
  ],
  [
    'entra.login',
    'no federated credential',
    { tenant: { login: async () => ({ federatedCredentials: [], secretsExpireAt: [] }) } },
    'DirectoryLoginFailed',
  ],
  [
    'entra.login',
    'another issuer',
    { factory: { outboundIssuer: async () => 'https://other' } },
    'DirectoryLoginFailed',
  ],
  ['entra.permission', 'none granted', { tenant: { permissions: async () => [] } }, 'DirectoryForbidden'],
  [
    'entra.quota',
    'deleted objects up to the quota',
    { tenant: { objects: async () => ({ active: 100, deleted: 150 }) } },
    'DirectoryQuotaExceeded',
  ],
  [
    'entra.placeholders',
    'no holder',
    { tenant: { holder: async () => undefined } },
    'PlaceholderNotReserved',
  ],
  [
    'entra.placeholders',
    'an enabled holder',
    { tenant: { principal: async () => ({ id: TENANT, enabled: true }) } },
    'PlaceholderNotReserved',
  ],
  [
    'entra.placeholders',
    'a holder without service principal',
    { tenant: { principal: async () => undefined } },
    'PlaceholderNotReserved',
  ],
];
