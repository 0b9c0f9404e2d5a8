/** Who can enter a role: every token that anybody could get or replay, put before the role's trust policy. */
import type { AppId } from '../core/ids.ts';
import { audienceFor, type Issuer } from '../core/issuer.ts';
import { parsePolicy } from '../core/policy/document.ts';
import { evaluateWebIdentityTrust, type TokenClaims } from '../core/policy/web-identity.ts';
import type { MemoryDirectory } from './clouds/memory-directory.ts';
import { IDENTITY } from './trust-policies.ts';

/** Somebody who gets tokens of the tenant. */
interface Bearer {
  /** Object id of the service principal. */
  readonly sub: string;
  readonly appId: AppId;
}

const STRANGER: Bearer = {
  sub: 'cccccccc-0000-4000-8000-000000000004',
  appId: 'cccccccc-0000-4000-8000-000000000005' as AppId,
};
const INVITED: Bearer = { sub: IDENTITY, appId: 'bbbbbbbb-0000-4000-8000-000000000006' as AppId };

/** Those who ever had an application in the tenant, a managed identity, and a stranger. Tokens outlive deletion. */
function bearersOf(directory: MemoryDirectory): Bearer[] {
  const principals = directory.everyPrincipal().map(({ id, appId }) => ({ sub: id, appId }));
  const own = new Set(principals.map(({ appId }) => appId));
  const others = directory
    .everyApplication()
    .filter(({ appId }) => !own.has(appId))
    // Whoever made it gives it a service principal when they like.
    .map(({ appId }) => ({ sub: `service principal of ${appId}`, appId }));
  return [...principals, ...others, INVITED, STRANGER];
}

/** Who enters, by `sub`, and with a token for which audience. */
export interface Entrance {
  readonly sub: string;
  readonly audience: string;
}

export function entrancesOf(
  trustPolicy: string,
  providerArn: string,
  directory: MemoryDirectory,
  issuer: Issuer,
): Entrance[] {
  const policy = parsePolicy(trustPolicy, 'trust policy', 'trust');
  const bearers = bearersOf(directory);
  return bearers.flatMap(({ sub, appId }) =>
    bearers.flatMap((resource) => {
      const audience = audienceFor(resource.appId, issuer.tokenVersion);
      const claims: TokenClaims =
        issuer.tokenVersion === 2 ? { aud: audience, azp: appId, sub } : { aud: audience, sub };
      const { allowed } = evaluateWebIdentityTrust({ trustPolicy: policy, providerArn, claims });
      return allowed ? [{ sub, audience }] : [];
    }),
  );
}
