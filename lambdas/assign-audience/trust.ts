/** The trust policy of one role: read, decided upon and written in a session that is narrowed to that role. */
import { evaluateConsent } from '../../core/consent.ts';
import { FactoryError, isFactoryError } from '../../core/errors.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { FactorySettings } from '../../core/settings.ts';
import { MARK_KEY, tagOf } from '../../core/tags.ts';
import { rewriteTrustPolicy } from '../../core/trust-policy/rewrite.ts';
import type { ProviderView, RoleView, TrustAccess } from '../ports.ts';

/** An entry with everything that the steps before have recorded. */
export type Assignment = LedgerEntry &
  Required<Pick<LedgerEntry, 'roleArn' | 'providerArn' | 'audience' | 'appId' | 'servicePrincipalId'>>;

/** The incarnation as it is now; RoleGone where it is not there, NotSettled where a stale read may say so. */
export async function roleOf(
  access: TrustAccess,
  { roleName, roleId, roleCreatedAt }: Assignment,
  isYoung: boolean,
): Promise<RoleView> {
  const role = await access.getRole(roleName);
  if (role?.roleId === roleId) return role;
  const showsFormer = role !== undefined && roleCreatedAt !== undefined && role.createdAt < roleCreatedAt;
  throw new FactoryError(showsFormer || (role === undefined && isYoung) ? 'NotSettled' : 'RoleGone');
}

/** The provider with the audience on its list. */
export async function providerOf(
  access: TrustAccess,
  { providerArn, audience }: Assignment,
): Promise<ProviderView> {
  const provider = await access.getProvider(providerArn);
  if (!provider) throw new FactoryError('ProviderMissing');
  if (!provider.clientIds.includes(audience)) throw new FactoryError('NotSettled');
  return provider;
}

/** What the trust policy becomes. ConsentWithdrawn where the role, as it is now, is not the factory's business. */
export function decide(
  { path, trustPolicy, tags }: RoleView,
  provider: ProviderView,
  { accountId, roleName, audience, appId, servicePrincipalId, former }: Assignment,
  settings: FactorySettings,
): ReturnType<typeof rewriteTrustPolicy> {
  const consent = evaluateConsent({
    role: { accountId, roleName, path, trustPolicy, tags },
    provider,
    settings,
    recordedAudience: audience,
    former,
  });
  if (consent.kind === 'refused') throw new FactoryError('ConsentWithdrawn', consent.reason);
  return rewriteTrustPolicy({
    trustPolicy,
    provider,
    accountId,
    settings,
    audience,
    appId,
    servicePrincipalId,
    recordedAudience: audience,
    former,
  });
}

/**
 * Writes the policy of the very incarnation that was read. IAM refuses where the role does not carry the mark:
 * another incarnation under the name, or a mark that IAM does not know everywhere yet (`maySettle`). A role that
 * does not show the mark is not tried, for then nobody knows which incarnation got it.
 */
export async function write(
  access: TrustAccess,
  role: RoleView,
  document: string,
  maySettle: boolean,
): Promise<void> {
  if (tagOf(role.tags, MARK_KEY) !== role.roleId) {
    throw new FactoryError(maySettle ? 'NotSettled' : 'RoleNotTaggable', 'The role does not carry the mark');
  }
  try {
    await access.updateTrustPolicy(role.roleName, document);
  } catch (error) {
    // It was read a moment ago: deleted since, or not known everywhere yet. The next look tells.
    if (isFactoryError(error, 'RoleGone')) throw new FactoryError('NotSettled', undefined, { cause: error });
    if (!maySettle || !isFactoryError(error, 'MemberAccessDenied')) throw error;
    throw new FactoryError('NotSettled', 'IAM does not know the mark yet', { cause: error });
  }
}
