import type {
  DesiredApplication,
  ObservedApplication,
  ObservedServicePrincipal,
} from '../../core/application.ts';
import { FactoryError } from '../../core/errors.ts';
import {
  type AccountId,
  type AppId,
  type AppObjectId,
  appId,
  appObjectId,
  type ServicePrincipalId,
  servicePrincipalId,
} from '../../core/ids.ts';
import { parseUniqueName } from '../../core/naming.ts';
import type { FactorySettings } from '../../core/settings.ts';
import type { Clock, Directory } from '../../lambdas/ports.ts';
import { Chance } from '../random.ts';
import { Replicated } from './replicated.ts';

/** Entra: federated credentials of one application. */
const MAX_CREDENTIALS = 20;

/** An application or service principal with what only the directory itself knows. */
export type Stored<T> = T & { readonly createdAt: number; readonly isDeleted: boolean };
type Application = Stored<ObservedApplication>;
type ServicePrincipal = Stored<ObservedServicePrincipal>;
type Self = Pick<FactorySettings, 'factoryAppId' | 'factoryServicePrincipalId'>;

/** A tenant as the factory's application sees it, and what others do there. Nothing is deleted along with another. */
export class MemoryDirectory extends Replicated<Application | ServicePrincipal> implements Directory {
  /** How long requests do not see a new object. */
  replicationMs = 0;
  /** How much longer it has no owners and credentials: those are lists of their own. */
  listReplicationMs = 0;
  /** Objects that the factory may have created in all. */
  quota = Number.POSITIVE_INFINITY;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #self: Self;
  readonly #chance: Chance;
  #objects = 0;
  /** Object ids of applications, by name and by client id; of principals, by client id. */
  readonly #names = new Map<string, AppObjectId>();
  readonly #applications = new Map<AppId, AppObjectId>();
  readonly #principals = new Map<AppId, ServicePrincipalId[]>();

  constructor(clock: Pick<Clock, 'now'>, self: Self, chance: Chance = new Chance(1)) {
    super(clock, (found) =>
      isApplication(found) ? parseUniqueName(found.uniqueName ?? '')?.accountId : undefined,
    );
    this.#clock = clock;
    this.#self = self;
    this.#chance = chance;
  }

  // What others do and see.

  /** Any tenant user may take any name. */
  squat(uniqueName: string): ObservedApplication {
    return this.#create(uniqueName, this.#chance.guid(), [this.#chance.guid()], 1);
  }

  /** Deleted and purged ones too. */
  everyApplication = (): readonly Application[] => this.everything().filter(isApplication);
  everyPrincipal = (): readonly ServicePrincipal[] => this.everything().filter(isPrincipal);

  active = (): readonly Application[] => this.everyApplication().filter(({ isDeleted }) => !isDeleted);
  activePrincipals = (): readonly ServicePrincipal[] =>
    this.everyPrincipal().filter(({ isDeleted }) => !isDeleted);

  /** Of an account, as its tag lists them. */
  applicationsOf = (accountId: AccountId): readonly Application[] =>
    this.visibleOf(accountId)
      .filter(isApplication)
      .flatMap((found) => this.#seen(found) ?? []);

  /** Also by what was deleted softly. */
  isNameTaken = (name: string): boolean => {
    const objectId = this.#names.get(name);
    return objectId !== undefined && this.latest(objectId) !== undefined;
  };

  /** An administrator's change. */
  change(objectId: AppObjectId, change: Partial<ObservedApplication>): void {
    const found = this.#applicationOf(objectId);
    if (found) this.put(objectId, { ...found, ...change });
  }

  /** An administrator's deletion. */
  delete(id: string): void {
    const found = this.latest(id);
    if (found) this.put(id, { ...found, isDeleted: true });
  }

  // What the factory does.

  createApplication = async (desired: DesiredApplication): Promise<ObservedApplication | undefined> => {
    if (this.isNameTaken(desired.uniqueName)) return undefined;
    this.#spendQuota();
    return this.#create(desired.uniqueName, this.#self.factoryAppId, [desired.ownerId], desired.tokenVersion);
  };

  originOf: Directory['originOf'] = async (key) => {
    const id = 'objectId' in key ? key.objectId : this.#names.get(key.uniqueName);
    const found = this.#seenApplication(id);
    if (!found) return undefined;
    const { objectId, appId, uniqueName, createdByAppId } = found;
    return { objectId, appId, uniqueName, createdByAppId };
  };

  application: Directory['application'] = async (objectId) => this.#seenApplication(objectId);

  setIdentifierUris: Directory['setIdentifierUris'] = async (objectId, uris) => {
    const application = this.#existing(objectId);
    this.#assertOwned(application);
    this.put(objectId, { ...application, identifierUris: [...uris] });
  };

  createFederatedCredential: Directory['createFederatedCredential'] = async (objectId, credential) => {
    const application = this.#existing(objectId);
    this.#assertOwned(application);
    const { federatedCredentials } = application;
    if (federatedCredentials.some(({ name }) => name === credential.name)) return;
    if (federatedCredentials.length === MAX_CREDENTIALS) throw new FactoryError('DirectoryRejected');
    this.put(objectId, { ...application, federatedCredentials: [...federatedCredentials, credential] });
  };

  deleteFederatedCredential: Directory['deleteFederatedCredential'] = async (objectId, name) => {
    const application = this.#applicationOf(objectId);
    if (!application || application.isDeleted) return;
    this.#assertOwned(application);
    const left = application.federatedCredentials.filter((one) => one.name !== name);
    this.put(objectId, { ...application, federatedCredentials: left });
  };

  createServicePrincipal: Directory['createServicePrincipal'] = async (forApp) => {
    const objectId = this.#applications.get(forApp);
    const application = objectId && this.#applicationOf(objectId);
    if (!application || application.isDeleted || !this.#isReplicated(application))
      throw new FactoryError('NotReplicated');
    this.#assertOwned(application);
    if (this.#principalOf(forApp)) return undefined;
    this.#spendQuota();
    const principal: ServicePrincipal = {
      id: servicePrincipalId(this.#chance.guid()),
      appId: forApp,
      enabled: true,
      ownerIds: [this.#self.factoryServicePrincipalId],
      createdAt: this.#clock.now(),
      isDeleted: false,
    };
    this.put(principal.id, principal);
    this.#principals.set(forApp, [...(this.#principals.get(forApp) ?? []), principal.id]);
    this.#objects++;
    return principal;
  };

  servicePrincipal: Directory['servicePrincipal'] = async (ofApp) => {
    const shown = (this.#principals.get(ofApp) ?? []).map((id) => this.shown(id));
    return this.#seen(shown.filter(isPrincipal).find(({ isDeleted }) => !isDeleted));
  };

  deleteServicePrincipal: Directory['deleteServicePrincipal'] = async (id) => {
    const principal = this.latest(id);
    if (!principal || principal.isDeleted || !isPrincipal(principal)) return;
    this.#assertOwned({ ownerIds: principal.ownerIds ?? [] });
    this.delete(id);
  };

  deleteApplication: Directory['deleteApplication'] = async (objectId) => {
    const application = this.#applicationOf(objectId);
    if (!application || application.isDeleted) return;
    this.#assertOwned(application);
    this.delete(objectId);
  };

  purge: Directory['purge'] = async (objectId) => {
    const found = this.latest(objectId);
    if (!found?.isDeleted) return;
    this.put(objectId, undefined);
    this.#objects--;
  };

  #create(
    uniqueName: string,
    createdByAppId: string,
    ownerIds: readonly string[],
    tokenVersion: number,
  ): ObservedApplication {
    const application: Application = {
      objectId: appObjectId(this.#chance.guid()),
      appId: appId(this.#chance.guid()),
      uniqueName,
      createdByAppId,
      signInAudience: 'AzureADMyOrg',
      identifierUris: [],
      tokenVersion,
      ownerIds,
      passwords: 0,
      keys: 0,
      federatedCredentials: [],
      createdAt: this.#clock.now(),
      isDeleted: false,
    };
    this.put(application.objectId, application);
    this.#names.set(uniqueName, application.objectId);
    this.#applications.set(application.appId, application.objectId);
    this.#objects++;
    return application;
  }

  #spendQuota(): void {
    if (this.#objects >= this.quota) throw new FactoryError('DirectoryQuotaExceeded');
  }

  #seenApplication(objectId: AppObjectId | undefined): Application | undefined {
    const found = objectId && this.shown(objectId);
    return found && isApplication(found) ? this.#seen(found) : undefined;
  }

  #principalOf = (app: AppId): ServicePrincipal | undefined =>
    (this.#principals.get(app) ?? [])
      .map((id) => this.latest(id))
      .filter(isPrincipal)
      .find(({ isDeleted }) => !isDeleted);

  #applicationOf(objectId: AppObjectId): Application | undefined {
    const found = this.latest(objectId);
    return found && isApplication(found) ? found : undefined;
  }

  #isReplicated = ({ createdAt }: { readonly createdAt: number }): boolean =>
    this.#clock.now() - createdAt >= this.replicationMs;

  #seen<T extends Application | ServicePrincipal>(found: T | undefined): T | undefined {
    if (!found || found.isDeleted || !this.#isReplicated(found)) return undefined;
    const hasLists = this.#clock.now() - found.createdAt >= this.replicationMs + this.listReplicationMs;
    return hasLists ? found : { ...found, ownerIds: [], federatedCredentials: [] };
  }

  #existing(objectId: AppObjectId): Application {
    const found = this.#applicationOf(objectId);
    if (!found || found.isDeleted || !this.#isReplicated(found)) throw new FactoryError('NotReplicated');
    return found;
  }

  /** `Application.ReadWrite.OwnedBy`: only what the factory owns. */
  #assertOwned({ ownerIds }: { readonly ownerIds: readonly string[] }): void {
    if (ownerIds.includes(this.#self.factoryServicePrincipalId)) return;
    throw new FactoryError('DirectoryForbidden');
  }
}

const isApplication = (found: Application | ServicePrincipal): found is Application => 'objectId' in found;
const isPrincipal = (found: Application | ServicePrincipal | undefined): found is ServicePrincipal =>
  found !== undefined && !isApplication(found);
