import { randomUUID } from 'node:crypto';
import type {
  DesiredApplication,
  ObservedApplication,
  ObservedServicePrincipal,
} from '../../core/application.ts';
import { FactoryError } from '../../core/errors.ts';
import {
  type AppId,
  type AppObjectId,
  appId,
  appObjectId,
  type ServicePrincipalId,
  servicePrincipalId,
} from '../../core/ids.ts';
import type { FactorySettings } from '../../core/settings.ts';
import type { Clock, Directory } from '../../lambdas/ports.ts';

type Application = { -readonly [K in keyof ObservedApplication]: ObservedApplication[K] } & {
  readonly createdAt: number;
  deleted: boolean;
};
type ServicePrincipal = ObservedServicePrincipal & { readonly createdAt: number; deleted: boolean };

/** A tenant as the factory's application sees it, and what others do there. */
export class MemoryDirectory implements Directory {
  /** How long reads do not show a new object. */
  replicationMs = 0;
  /** Objects that the factory may have created in all. */
  quota = Number.POSITIVE_INFINITY;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #self: Pick<FactorySettings, 'factoryAppId' | 'factoryServicePrincipalId'>;
  readonly #applications = new Map<AppObjectId, Application>();
  readonly #principals = new Map<ServicePrincipalId, ServicePrincipal>();

  constructor(
    clock: Pick<Clock, 'now'>,
    self: Pick<FactorySettings, 'factoryAppId' | 'factoryServicePrincipalId'>,
  ) {
    this.#clock = clock;
    this.#self = self;
  }

  // What others do and see.

  /** Any tenant user may take any name. */
  squat(uniqueName: string): ObservedApplication {
    return this.#create(uniqueName, randomUUID(), [randomUUID()], 1);
  }

  active = (): readonly ObservedApplication[] =>
    [...this.#applications.values()].filter(({ deleted }) => !deleted).map((found) => structuredClone(found));

  activePrincipals = (): readonly ObservedServicePrincipal[] =>
    [...this.#principals.values()].filter(({ deleted }) => !deleted).map((found) => structuredClone(found));

  /** Also by what was deleted softly. */
  isNameTaken = (name: string): boolean =>
    [...this.#applications.values()].some(({ uniqueName }) => uniqueName === name);

  /** An administrator's change. */
  change(objectId: AppObjectId, change: Partial<ObservedApplication>): void {
    Object.assign(this.#existing(objectId), change);
  }

  // What the factory does.

  createApplication = async (desired: DesiredApplication): Promise<ObservedApplication | undefined> => {
    if (this.isNameTaken(desired.uniqueName)) return undefined;
    if (this.#applications.size + this.#principals.size >= this.quota) {
      throw new FactoryError('DirectoryQuotaExceeded');
    }
    return this.#create(desired.uniqueName, this.#self.factoryAppId, [desired.ownerId], desired.tokenVersion);
  };

  applicationByName: Directory['applicationByName'] = async (uniqueName) =>
    this.#shown([...this.#applications.values()].find((candidate) => candidate.uniqueName === uniqueName));

  application: Directory['application'] = async (objectId) => this.#shown(this.#applications.get(objectId));

  setIdentifierUris: Directory['setIdentifierUris'] = async (objectId, uris) => {
    const application = this.#existing(objectId);
    this.#assertOwned(application);
    application.identifierUris = [...uris];
  };

  createServicePrincipal: Directory['createServicePrincipal'] = async (forApp) => {
    const application = [...this.#applications.values()].find((candidate) => candidate.appId === forApp);
    if (!application || application.deleted || !this.#isVisible(application)) {
      throw new FactoryError('NotReplicated');
    }
    const has = [...this.#principals.values()].some((found) => found.appId === forApp && !found.deleted);
    if (has) return undefined;
    if (this.#applications.size + this.#principals.size >= this.quota) {
      throw new FactoryError('DirectoryQuotaExceeded');
    }
    const principal: ServicePrincipal = {
      id: servicePrincipalId(randomUUID()),
      appId: forApp,
      enabled: true,
      ownerIds: [this.#self.factoryServicePrincipalId],
      createdAt: this.#clock.now(),
      deleted: false,
    };
    this.#principals.set(principal.id, principal);
    return structuredClone(principal);
  };

  servicePrincipal: Directory['servicePrincipal'] = async (ofApp: AppId) =>
    this.#shown([...this.#principals.values()].find((found) => found.appId === ofApp && !found.deleted));

  deleteServicePrincipal: Directory['deleteServicePrincipal'] = async (id) => {
    const principal = this.#principals.get(id);
    if (principal) principal.deleted = true;
  };

  deleteApplication: Directory['deleteApplication'] = async (objectId) => {
    const application = this.#applications.get(objectId);
    if (!application || application.deleted) return;
    this.#assertOwned(application);
    application.deleted = true;
  };

  purge: Directory['purge'] = async (objectId) => {
    if (this.#applications.get(objectId as AppObjectId)?.deleted) {
      this.#applications.delete(objectId as AppObjectId);
    }
    if (this.#principals.get(objectId as ServicePrincipalId)?.deleted) {
      this.#principals.delete(objectId as ServicePrincipalId);
    }
  };

  #create(
    uniqueName: string,
    createdByAppId: string,
    ownerIds: readonly string[],
    tokenVersion: number,
  ): ObservedApplication {
    const application: Application = {
      objectId: appObjectId(randomUUID()),
      appId: appId(randomUUID()),
      uniqueName,
      createdByAppId,
      signInAudience: 'AzureADMyOrg',
      identifierUris: [],
      tokenVersion,
      ownerIds,
      passwords: 0,
      keys: 0,
      federatedCredentials: 0,
      createdAt: this.#clock.now(),
      deleted: false,
    };
    this.#applications.set(application.objectId, application);
    return structuredClone(application);
  }

  #isVisible = ({ createdAt }: { readonly createdAt: number }): boolean =>
    this.#clock.now() - createdAt >= this.replicationMs;

  #shown<T extends Application | ServicePrincipal>(found: T | undefined): T | undefined {
    return found && !found.deleted && this.#isVisible(found) ? structuredClone(found) : undefined;
  }

  #existing(objectId: AppObjectId): Application {
    const found = this.#applications.get(objectId);
    if (!found || found.deleted || !this.#isVisible(found)) throw new FactoryError('NotReplicated');
    return found;
  }

  /** `Application.ReadWrite.OwnedBy`: only what the factory owns. */
  #assertOwned({ ownerIds }: Application): void {
    if (!ownerIds.includes(this.#self.factoryServicePrincipalId))
      throw new FactoryError('DirectoryForbidden');
  }
}
