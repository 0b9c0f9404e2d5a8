import { tenantProviderArns } from '../../core/consent.ts';
import { isFactoryError } from '../../core/errors.ts';
import type { AccountId, ProviderArn } from '../../core/ids.ts';
import type { Issuer } from '../../core/issuer.ts';
import type { InspectAccess, ProviderView, RoleView } from '../ports.ts';

/** The tenant's provider that the role names and the account has; undefined where there is none. */
export async function tenantProviderOf(
  access: Pick<InspectAccess, 'getProvider'>,
  role: RoleView,
  accountId: AccountId,
  issuer: Issuer,
): Promise<ProviderView | undefined> {
  for (const arn of namedProviders(role, accountId, issuer)) {
    const provider = await access.getProvider(arn);
    if (provider) return provider;
  }
  return undefined;
}

/** A policy that cannot be read names none; the decision on the role meets the same error and judges it. */
function namedProviders({ trustPolicy }: RoleView, accountId: AccountId, issuer: Issuer): ProviderArn[] {
  try {
    return tenantProviderArns(trustPolicy, accountId, issuer);
  } catch (error) {
    if (isFactoryError(error, 'TrustPolicyUnreadable')) return [];
    throw error;
  }
}
