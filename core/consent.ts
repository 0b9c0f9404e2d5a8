/**
 * Which roles are the factory's business. Trusting the tenant is not consent: Microsoft's own services trust it as
 * well, with audiences that must never be rewritten. Only a placeholder in the place of the audience consents.
 */
import { isFactoryError } from './errors.ts';
import type { AccountId, AppId, Audience, ProviderArn, RoleName } from './ids.ts';
import type { FormerApplication } from './ledger-entry.ts';
import { isProtected } from './protected-roles.ts';
import type { ConsentSettings, FactorySettings } from './settings.ts';
import { hasIgnoreTag } from './tags.ts';
import { readTrustPolicy, type TrustPolicyDocument } from './trust-policy/document.ts';
import {
  allowsWebIdentity,
  federatedPrincipals,
  type Judgement,
  judgeStatements,
  type Refusal,
  tenantStatements,
} from './trust-policy/statements.ts';

export type ConsentReason =
  | 'protected'
  | 'ignore-tag'
  | 'not-web-identity'
  | 'not-tenant-provider'
  | 'provider-not-named'
  | Refusal['reason'];

export interface ConsentingRole {
  readonly accountId: AccountId;
  readonly roleName: RoleName;
  readonly path: string;
  /** JSON text. */
  readonly trustPolicy: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** IAM: "You cannot register more than 100 client IDs with a single IAM OIDC provider." */
export const MAX_CLIENT_IDS = 100;

/** The tenant's provider as it is in the role's account. */
export interface KnownProvider {
  readonly providerArn: ProviderArn;
  readonly clientIds: readonly string[];
}

export type ConsentResult =
  | {
      /** `managed`: no placeholder any more, but this incarnation's own audience. */
      readonly kind: 'consents' | 'managed';
      /** Indexes of the statements to write, those of either kind. */
      readonly managedStatements: readonly number[];
      readonly providerArn: ProviderArn;
    }
  | {
      readonly kind: 'refused';
      readonly reason: ConsentReason;
      readonly detail: string;
      /** Audiences chosen instead of a placeholder: maybe another role's. At most a hundred. Absent: none. */
      readonly foreignAudiences?: readonly string[];
    };

/**
 * Decides for a role as it is. `provider` is undefined where the account has none yet; `recordedAudience` is what
 * the ledger holds for this incarnation. Throws TrustPolicyUnreadable and SeveralTenantProviders.
 */
export function evaluateConsent(question: {
  readonly role: ConsentingRole;
  readonly provider: KnownProvider | undefined;
  readonly settings: ConsentSettings;
  readonly recordedAudience?: Audience | undefined;
  /** Of this incarnation too: they are to be replaced. */
  readonly former?: readonly FormerApplication[] | undefined;
}): ConsentResult {
  const { role, provider, settings, recordedAudience, former = [] } = question;
  const refused = (reason: ConsentReason, detail: string): ConsentResult => ({
    kind: 'refused',
    reason,
    detail,
  });
  if (isProtected(role, settings)) return refused('protected', 'the role is protected');
  if (hasIgnoreTag(role.tags)) return refused('ignore-tag', 'the role carries the tag oidc-factory:ignore');

  const document = readTrustPolicy(role.trustPolicy);
  const tenant = tenantRelation(document, settings, role.accountId);
  if (tenant.kind !== 'tenant') return refused(tenant.kind, tenant.detail);

  const judged = judgeStatements(document, {
    issuer: settings.issuer,
    accountId: role.accountId,
    placeholders: settings.placeholders,
    clientIds: provider?.clientIds ?? [],
    recorded: [{ audience: recordedAudience }, ...former].flatMap(({ audience }) => audience ?? []),
  });
  const managed = judged.filter(({ judgement }) => judgement.kind !== 'refused');
  const providerArn = managed[0]?.providerArns[0];
  if (providerArn === undefined) {
    return mostTelling(
      judged.map(({ judgement }) => judgement),
      provider?.clientIds ?? [],
    );
  }
  if (provider !== undefined && provider.providerArn !== providerArn) {
    return refused(
      'provider-not-named',
      `the trust policy names ${providerArn}, not ${provider.providerArn}`,
    );
  }
  return {
    kind: managed.some(({ judgement }) => judgement.kind === 'consents') ? 'consents' : 'managed',
    managedStatements: managed.map(({ index }) => index),
    providerArn,
  };
}

/**
 * Whether a role that was served has left: it carries the ignore tag, or its trust concerns the tenant no more. Its
 * application may go where nothing in the policy rests on it; what cannot be read may still do so.
 */
export function isWithdrawn(
  role: ConsentingRole,
  { audience, appId }: { readonly audience?: Audience; readonly appId?: AppId },
  settings: ConsentSettings,
): boolean {
  if (isProtected(role, settings)) return false;
  let document: TrustPolicyDocument;
  try {
    document = readTrustPolicy(role.trustPolicy);
  } catch (error) {
    if (isFactoryError(error, 'TrustPolicyUnreadable')) return false;
    throw error;
  }
  // Written anew, so that no escape hides a value.
  const text = JSON.stringify(document.root).toLowerCase();
  if ([audience, appId].some((value) => value !== undefined && text.includes(value.toLowerCase())))
    return false;
  return hasIgnoreTag(role.tags) || !text.includes(settings.issuer.tenantId.toLowerCase());
}

/** The tenant's providers of this account that the policy allows web identity to. Throws TrustPolicyUnreadable. */
export const tenantProviderArns = (
  trustPolicy: string,
  accountId: AccountId,
  issuer: FactorySettings['issuer'],
): ProviderArn[] => [
  ...new Set(
    tenantStatements(readTrustPolicy(trustPolicy), issuer, accountId).flatMap(
      ({ providerArns }) => providerArns,
    ),
  ),
];

/** Whether the policy lets the tenant in at all, which an event alone settles. */
export function tenantRelation(
  document: TrustPolicyDocument,
  settings: Pick<FactorySettings, 'issuer'>,
  accountId: AccountId,
): { kind: 'tenant' } | { kind: 'not-web-identity' | 'not-tenant-provider'; detail: string } {
  const webIdentity = document.statements.filter(
    (statement) => allowsWebIdentity(statement) && federatedPrincipals(statement).length > 0,
  );
  if (webIdentity.length === 0) {
    return {
      kind: 'not-web-identity',
      detail: 'no statement allows sts:AssumeRoleWithWebIdentity to a federated principal',
    };
  }
  return tenantStatements(document, settings.issuer, accountId).length > 0
    ? { kind: 'tenant' }
    : {
        kind: 'not-tenant-provider',
        detail: `no statement names the provider of ${settings.issuer.url} of this account`,
      };
}

/** A chosen audience says more than a missing one, or a form that is not understood. */
function mostTelling(judgements: readonly Judgement[], clientIds: readonly string[]): ConsentResult {
  const refusals = judgements.filter((judgement) => judgement.kind === 'refused');
  const audiences = new Set(refusals.flatMap((refusal) => refusal.audiences));
  // Each is looked up. Tokens for what the provider does not list are refused anyway, so what it lists comes first.
  const foreignAudiences = [
    ...[...audiences].filter((audience) => clientIds.includes(audience)),
    ...[...audiences].filter((audience) => !clientIds.includes(audience)),
  ].slice(0, MAX_CLIENT_IDS);
  const telling = refusals.find((refusal) => refusal.audiences.length > 0) ?? refusals[0];
  return {
    kind: 'refused',
    reason: telling?.reason ?? 'no-audience-condition',
    detail: telling?.detail ?? 'no statement names an audience',
    ...(foreignAudiences.length === 0 ? {} : { foreignAudiences }),
  };
}
