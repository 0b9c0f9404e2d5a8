/** What the factory needs in its tenant, and what is there. */
import { reservable } from '../doctor/tenant.ts';
import type { AccountId, AppId, AppObjectId, Audience, ServicePrincipalId, TenantId } from '../ids.ts';
import { CLOUDS, type EntraCloud, type Partition } from '../issuer.ts';
import { ENTRA_FUNCTIONS, functionRoleArn } from '../naming.ts';

/** The factory, as far as its tenant is concerned. */
export interface FactoryInTenant {
  readonly tenantId: TenantId;
  readonly cloud: EntraCloud;
  readonly partition: Partition;
  readonly accountId: AccountId;
  readonly prefix: string;
  readonly placeholders: readonly Audience[];
  /** As configured; undefined until the application exists. */
  readonly appId: AppId | undefined;
}

/** How the functions prove that they are the factory. */
export type DesiredLogin =
  | { readonly kind: 'federated'; readonly credentials: readonly TrustedToken[] }
  /** Which tokens are to be trusted is not known yet: AWS has no issuer for the account. */
  | { readonly kind: 'issuer-unknown' }
  | {
      readonly kind: 'secret';
      readonly secretArn: string;
      /** Ids of the secret's versions; a version that `bootstrap` stored has the id of its password. */
      readonly current: string | undefined;
      readonly versions: readonly string[];
    };

/** A federated credential, without the id that Graph gives. */
export interface TrustedToken {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

export interface NamedApplication {
  readonly displayName: string;
  /** By which it is found again. */
  readonly uniqueName: string;
}

export interface DesiredTenant {
  readonly factory: NamedApplication & { readonly appId: AppId | undefined };
  readonly login: DesiredLogin;
  readonly reservation: NamedApplication & { readonly identifierUris: readonly Audience[] };
}

/** An application as Graph shows it, with who may act as it. */
export interface SeenApplication {
  readonly objectId: AppObjectId;
  readonly appId: AppId;
  readonly displayName: string;
  readonly signInAudience: string;
  readonly identifierUris: readonly string[];
  /** Application permissions of Graph that it declares, by id. */
  readonly declared: readonly string[];
  readonly ownerIds: readonly string[];
  readonly passwords: readonly {
    readonly keyId: string;
    readonly displayName: string | null;
    /** Milliseconds since the epoch. */
    readonly endsAt: number;
  }[];
  readonly keys: number;
  readonly federated: readonly (TrustedToken & { readonly id: string })[];
  readonly principal: SeenOwnPrincipal | undefined;
}

export interface SeenOwnPrincipal {
  readonly id: ServicePrincipalId;
  readonly enabled: boolean;
  readonly ownerIds: readonly string[];
  /** Passwords and keys of its own. */
  readonly credentials: number;
  /** Application permissions of Graph that it was granted, by id. */
  readonly granted: readonly string[];
}

export interface SeenTenant {
  /** Who is logged in: a user, or a service principal. */
  readonly callerId: string;
  readonly now: number;
  /** The configured application, else the one of the factory's name. */
  readonly factory: SeenApplication | undefined;
  /** The application of the reservation's name. */
  readonly reservation: SeenApplication | undefined;
  /** Who has the placeholders as identifier URIs. */
  readonly holders: readonly { readonly uri: Audience; readonly application: SeenApplication }[];
}

export const desiredTenant = (factory: FactoryInTenant, login: DesiredLogin): DesiredTenant => ({
  factory: {
    displayName: `OIDC factory ${factory.prefix} of ${factory.accountId}`,
    uniqueName: `${factory.prefix}-login-${factory.accountId}`,
    appId: factory.appId,
  },
  login,
  reservation: {
    // Of the tenant, not of one factory: two of them share the default placeholder.
    displayName: 'OIDC factory placeholder',
    uniqueName: `oidc-factory-placeholder-${factory.tenantId}`,
    identifierUris: reservable(factory.placeholders),
  },
});

/** The tokens that AWS signs for the functions that call Graph, and no others. */
export const trustedTokens = (factory: FactoryInTenant, issuer: string): TrustedToken[] =>
  ENTRA_FUNCTIONS.map((name) => ({
    name: `${factory.prefix}-${name}`,
    issuer,
    subject: functionRoleArn(factory.partition, factory.accountId, factory.prefix, name),
    audience: CLOUDS[factory.cloud].federatedCredentialAudience,
  }));
