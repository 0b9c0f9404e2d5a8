/** Whom `Principal` and `NotPrincipal` name. */
import type { Principal, PrincipalElement } from './types.ts';

/**
 * How closely a resource policy names who asks. `account`: only the account, which delegates to its identity
 * policies. `role`: the session's role; boundary and session policies still limit it. `direct`: the user, the
 * session, a service, a provider, or everybody; within the account nothing else has to allow.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-id-rdp.html
 */
export type Reach = 'direct' | 'role' | 'account';

/** How closely the element names the principal; undefined where it does not. */
export function reachOf(element: PrincipalElement, principal: Principal): Reach | undefined {
  if (element.any) return 'direct';
  switch (principal.type) {
    case 'anonymous':
      return undefined;
    case 'service':
      return element.service.includes(principal.service) ? 'direct' : undefined;
    case 'federated':
      return element.federated.includes(principal.provider) ? 'direct' : undefined;
    case 'aws':
      if (element.aws.includes(principal.arn)) return 'direct';
      if (principal.roleArn !== undefined && element.aws.includes(principal.roleArn)) return 'role';
      return namesAccount(element, principal) ? 'account' : undefined;
  }
}

/**
 * Whether `NotPrincipal` exempts the principal. For an AWS principal its account, its role and itself must all
 * be named, and one with a permissions boundary is never exempt.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
export function isExempt(element: PrincipalElement, principal: Principal, hasBoundary: boolean): boolean {
  if (principal.type !== 'aws' || element.any) return reachOf(element, principal) !== undefined;
  return (
    !hasBoundary &&
    namesAccount(element, principal) &&
    element.aws.includes(principal.arn) &&
    (principal.roleArn === undefined || element.aws.includes(principal.roleArn))
  );
}

function namesAccount(element: PrincipalElement, principal: Principal & { type: 'aws' }): boolean {
  const partition = principal.arn.split(':')[1] ?? '';
  return (
    element.aws.includes(principal.accountId) ||
    element.aws.includes(`arn:${partition}:iam::${principal.accountId}:root`)
  );
}
