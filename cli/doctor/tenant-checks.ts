/** The checks of the Entra tenant: the factory's own application, its quota, the placeholder's reservation. */
import {
  judgeFactoryApplication,
  judgeFederatedLogin,
  judgePermission,
  judgeQuota,
  judgeReservations,
  judgeSecretLogin,
  reservable,
} from '../../core/doctor/tenant.ts';
import { fail } from '../../core/doctor/verdict.ts';
import { CLOUDS } from '../../core/issuer.ts';
import { ENTRA_FUNCTIONS, functionRoleArn } from '../../core/naming.ts';
import { CommandFailure } from '../failure.ts';
import type { Check } from './check.ts';
import type { Estate } from './estate.ts';
import type { FactoryReads, TenantReads } from './reads.ts';

export function tenantChecks(reads: TenantReads, factory: FactoryReads, estate: Estate): Check[] {
  const { settings, partition, factoryAccountId, config } = estate;
  const { factoryAppId, factoryServicePrincipalId, placeholders } = settings;
  const registration = `Entra, App registrations, ${factoryAppId}`;
  const enterprise = `Entra, Enterprise applications, ${factoryServicePrincipalId}`;
  return [
    {
      id: 'entra.application',
      title: "the factory's own application",
      where: enterprise,
      judge: async () => judgeFactoryApplication(await reads.principal(factoryAppId), settings),
    },
    {
      id: 'entra.login',
      title: 'its login without a password',
      where: `${registration}, Certificates & secrets`,
      judge: async () => {
        const [login, issuer] = await Promise.all([reads.login(factoryAppId), issuerIfSeen(factory)]);
        if (login === undefined) return fail('FactoryApplicationMissing', `${factoryAppId} does not exist`);
        if (config.entra.login.kind === 'secret') return judgeSecretLogin(login, Date.now());
        return judgeFederatedLogin(login, {
          issuer,
          audience: CLOUDS[settings.issuer.cloud].federatedCredentialAudience,
          subjects: ENTRA_FUNCTIONS.map((name) =>
            functionRoleArn(partition, factoryAccountId, config.prefix, name),
          ),
        });
      },
    },
    {
      id: 'entra.permission',
      title: 'its permission on Graph',
      where: `${registration}, API permissions`,
      judge: async () => judgePermission(await reads.permissions(factoryServicePrincipalId)),
    },
    {
      id: 'entra.quota',
      title: 'its directory objects',
      where: `${registration}; Entra, App registrations, Deleted applications`,
      judge: async () =>
        judgeQuota(await reads.objects({ appId: factoryAppId, principalId: factoryServicePrincipalId })),
    },
    {
      id: 'entra.placeholders',
      title: 'no token can carry a placeholder',
      where: `Entra, App registrations, Expose an API: ${reservable(placeholders).join(', ')}`,
      judge: async () =>
        judgeReservations(
          await Promise.all(
            reservable(placeholders).map(async (placeholder) => {
              const holder = await reads.holder(placeholder);
              return { placeholder, holder: holder && { principal: await reads.principal(holder) } };
            }),
          ),
        ),
    },
  ];
}

/** What AWS issues is the other account's to show: without it the rest can still be compared. */
async function issuerIfSeen(factory: FactoryReads): Promise<string | undefined> {
  try {
    return await factory.outboundIssuer();
  } catch (error) {
    if (error instanceof CommandFailure) return undefined;
    throw error;
  }
}
