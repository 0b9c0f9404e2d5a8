/** Judgements on what a member account holds for the factory: the member roles and the tenant's provider. */
import { MAX_CLIENT_IDS } from '../consent.ts';
import type { AccountId, Audience } from '../ids.ts';
import { audiencesOn } from '../inspection.ts';
import {
  type Issuer,
  isAnyTenantProvider,
  isTenantProvider,
  type Partition,
  providerArnOf,
} from '../issuer.ts';
import {
  type AnyFunctionName,
  functionRoleArn,
  GUARD_FUNCTION,
  type GuardRolePurpose,
  MEMBER_ROLE_USERS,
  type MemberRolePurpose,
} from '../naming.ts';
import { parsePolicy } from '../policy/document.ts';
import { authorize } from '../policy/evaluate.ts';
import type { Principal } from '../policy/types.ts';
import { sessionOf } from './sessions.ts';
import { fail, ok, type Verdict } from './verdict.ts';

export interface MemberRoleTerms {
  readonly purpose: MemberRolePurpose | GuardRolePurpose;
  readonly partition: Partition;
  readonly factoryAccountId: AccountId;
  readonly prefix: string;
}

const ANY = parsePolicy(
  { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
  'anything',
  'identity',
);

/** Whether those whom the member role is for get in, by its trust policy. Throws PolicyNotUnderstood. */
export function judgeMemberRole(
  role: { readonly roleArn: string; readonly trustPolicy: string } | undefined,
  terms: MemberRoleTerms,
): Verdict {
  if (role === undefined) return fail('MemberRoleNotAssumable', 'the role does not exist');
  const resource = parsePolicy(role.trustPolicy, 'trust policy', 'trust');
  const shutOut = usersOf(terms).filter(
    ({ principal }) =>
      !authorize(
        { principal, action: 'sts:AssumeRole', resource: role.roleArn, context: {} },
        { identity: [ANY], resource },
        { resourcePolicyMustAllow: true },
      ).allowed,
  );
  return shutOut.length === 0
    ? ok('trusts those who use it')
    : fail('MemberRoleNotAssumable', `it does not trust ${shutOut.map(({ name }) => name).join(', ')}`);
}

function usersOf({ purpose, partition, factoryAccountId, prefix }: MemberRoleTerms): {
  name: string;
  principal: Principal;
}[] {
  if (purpose === 'forwarder') {
    const service = 'events.amazonaws.com';
    return [{ name: service, principal: { type: 'service', service } }];
  }
  const users: Readonly<Record<typeof purpose, readonly AnyFunctionName[]>> = {
    ...MEMBER_ROLE_USERS,
    audit: [GUARD_FUNCTION],
    contain: [GUARD_FUNCTION],
    report: [GUARD_FUNCTION],
  };
  return users[purpose].map((user) => {
    const name = functionRoleArn(partition, factoryAccountId, prefix, user);
    return { name, principal: sessionOf(name, factoryAccountId) };
  });
}

export interface AccountTerms {
  readonly accountId: AccountId;
  readonly partition: Partition;
  readonly issuer: Issuer;
}

/** A token's issuer must be the provider's URL to the letter. */
export function judgeProvider(arns: readonly string[], terms: AccountTerms): Verdict {
  const { accountId, partition, issuer } = terms;
  const exact = providerArnOf(partition, accountId, issuer.url);
  if (arns.includes(exact)) return ok(exact);
  const found = arns.find((arn) => isTenantProvider(issuer, arn, accountId));
  if (found !== undefined) {
    return issuer.url.endsWith('/')
      ? fail('ProviderWithoutSlash', found)
      : fail('ProviderNotFound', `${found} has a slash at its end, ${issuer.url} has none`);
  }
  const other = arns.find((arn) => isAnyTenantProvider(issuer, arn, accountId));
  return other === undefined
    ? fail('ProviderMissing', `there is none of ${issuer.url}`)
    : fail('ProviderMissing', `there is ${other} alone, of the other token version`);
}

export function judgeAudienceRoom(
  clientIds: readonly string[],
  { rolesPerAccount, placeholders }: { rolesPerAccount: number; placeholders: readonly Audience[] },
): Verdict {
  if (clientIds.length >= MAX_CLIENT_IDS) return fail('ProviderFull', `${clientIds.length} audiences`);
  const taken = audiencesOn(clientIds, placeholders);
  const count = `${taken} of ${rolesPerAccount} audiences`;
  return taken < rolesPerAccount ? ok(count) : fail('RoleCapReached', count);
}

export function judgePlaceholders(clientIds: readonly string[], placeholders: readonly Audience[]): Verdict {
  const missing = placeholders.filter((placeholder) => !clientIds.includes(placeholder));
  return missing.length === 0
    ? ok(`${placeholders.join(', ')} listed`)
    : fail('PlaceholderNotListed', missing.join(', '));
}
