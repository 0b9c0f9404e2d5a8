/** What to do about the tenant's provider of a member account, from what the account has. */
import { MAX_CLIENT_IDS } from './consent.ts';
import type { AccountId, Audience, ProviderArn } from './ids.ts';
import { providerArn } from './ids.ts';
import { entraProvider, type Issuer, isTenantProvider } from './issuer.ts';
import { countRevert, isExhausted, type Reverts } from './reverts.ts';

/**
 * Who makes the provider. `factory`: the factory, where none exists. `stack`, `external`: the member stack or others;
 * the factory then only adds and removes the audiences of roles.
 */
export const PROVIDER_OWNERS = ['factory', 'stack', 'external'] as const;
export type ProviderOwner = (typeof PROVIDER_OWNERS)[number];

/**
 * What the account's record says beside the provider itself.
 * - `provider-missing`: there is none, and the factory must not make one.
 * - `provider-misspelt`: its URL is not to the letter the issuer of the tokens, so that AWS finds no provider for them.
 * - `provider-twice`: it is there in both spellings; the one with the exact issuer counts.
 * - `placeholder-missing`: the list lacks a placeholder, which is the affair of others.
 * - `provider-full`: the list lacks a placeholder and has no room for it.
 * - `provider-contested`: others keep undoing what enrolment does, so the factory stands back.
 */
export type EnrolmentNote =
  | 'provider-missing'
  | 'provider-misspelt'
  | 'provider-twice'
  | 'placeholder-missing'
  | 'provider-full'
  | 'provider-contested';

/** The tenant's providers among all of an account, the one with the exact issuer first. */
export function tenantProviders(
  arns: readonly string[],
  accountId: AccountId,
  issuer: Issuer,
): readonly ProviderArn[] {
  const found = arns.filter((arn) => isTenantProvider(issuer, arn, accountId)).map(providerArn);
  return [...found.filter(isExact), ...found.filter((arn) => !isExact(arn))];
}

const isExact = (arn: ProviderArn): boolean => entraProvider(arn)?.spelling === 'exact';

export interface EnrolmentDecision {
  /** Whether the provider is made, with the placeholders on its list. */
  readonly create: boolean;
  /** What is put on the list of the one that is there. */
  readonly add: readonly Audience[];
  readonly notes: readonly EnrolmentNote[];
}

export function decideEnrolment({
  found,
  placeholders,
  owner,
}: {
  /** The tenant's providers, the one to use first. */
  readonly found: readonly { readonly providerArn: ProviderArn; readonly clientIds: readonly string[] }[];
  readonly placeholders: readonly Audience[];
  readonly owner: ProviderOwner;
}): EnrolmentDecision {
  const [provider, ...others] = found;
  if (provider === undefined) {
    return owner === 'factory'
      ? { create: true, add: [], notes: [] }
      : { create: false, add: [], notes: ['provider-missing'] };
  }
  const missing = placeholders.filter((placeholder) => !provider.clientIds.includes(placeholder));
  const add = owner === 'factory' ? missing.slice(0, MAX_CLIENT_IDS - provider.clientIds.length) : [];
  const lacking: EnrolmentNote = owner === 'factory' ? 'provider-full' : 'placeholder-missing';
  return {
    create: false,
    add,
    notes: [
      ...(isExact(provider.providerArn) ? [] : (['provider-misspelt'] as const)),
      ...(others.length === 0 ? [] : (['provider-twice'] as const)),
      ...(missing.length === add.length ? [] : [lacking]),
    ],
  };
}

/** The account as it was enrolled last. */
export interface EnrolledBefore {
  readonly providerArn: ProviderArn | null;
  /** Those on the list. */
  readonly placeholders: readonly string[];
  readonly providerReverts?: Reverts;
}

/** The decision once it is known what was right before: whoever undoes it a third time may keep it so. */
export function unlessContested(
  decision: EnrolmentDecision,
  before: EnrolledBefore | undefined,
  now: number,
): EnrolmentDecision & { readonly reverts?: Reverts } {
  const { create, add, notes } = decision;
  if (before === undefined || (!create && add.length === 0)) return decision;
  if (isExhausted(before.providerReverts, now)) {
    return { create: false, add: [], notes: [...notes, 'provider-contested'] };
  }
  const isUndone = create
    ? before.providerArn !== null
    : add.some((placeholder) => before.placeholders.includes(placeholder));
  return isUndone ? { ...decision, reverts: countRevert(before.providerReverts, now) } : decision;
}
