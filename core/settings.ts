import type { AllowedWorkloads } from './federated-credentials.ts';
import type { AppId, Audience, ServicePrincipalId } from './ids.ts';
import type { Issuer } from './issuer.ts';

/** `observe` decides and logs, and writes nothing; `enforce` acts. */
export const MODES = ['observe', 'enforce'] as const;
export type Mode = (typeof MODES)[number];

/** What consent, protection and naming are decided by; comes from the config, through each function's environment. */
export interface FactorySettings {
  /** The configured tenant's issuer: which provider is ours, and the form of an audience. */
  readonly issuer: Issuer;
  /** Audiences that mean "factory, please fill this in", compared exactly. */
  readonly placeholders: readonly Audience[];
  /** Role name patterns (`*` is any run of characters) that the factory never touches, beside the built-in ones. */
  readonly protectedRoles: readonly string[];
  /** Prefix of the member roles' names: `<prefix>-inspect`, `-provider`, `-trust`, `-forwarder`. */
  readonly memberRolePrefix: string;
  /** The factory's own application: creator of everything it may touch. */
  readonly factoryAppId: AppId;
  /** Object id of the factory's own service principal: owner of everything it makes. */
  readonly factoryServicePrincipalId: ServicePrincipalId;
  /** Workloads that developers may let in by a tag; none where it is empty. */
  readonly federatedCredentials: readonly AllowedWorkloads[];
  /** `soft` leaves deleted applications restorable for 30 days; `purge` removes them at once. */
  readonly deletion: 'soft' | 'purge';
}

/** What decides whether a role can be served. */
export type InspectionSettings = ConsentSettings & Pick<FactorySettings, 'federatedCredentials'>;

/** What decides which roles are the factory's business. */
export type ConsentSettings = Pick<
  FactorySettings,
  'issuer' | 'placeholders' | 'protectedRoles' | 'memberRolePrefix'
>;
