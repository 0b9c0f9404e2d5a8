/** The tenant's directory: objects, alternate keys, replication lag, soft deletion and quota. No permissions here. */
import { randomUUID } from 'node:crypto';
import type { SandboxTime } from '../cloud.ts';
import { GraphFault, valueTaken } from './graph-fault.ts';
import type { Application, AppRole, ObjectKey, RoleAssignment, ServicePrincipal } from './objects.ts';

const DAY_MS = 86_400_000;
/** A soft-deleted object can be restored, and keeps its names, for this long. */
const RESTORABLE_MS = 30 * DAY_MS;

export interface DirectoryOptions {
  readonly tenantId: string;
  readonly time: SandboxTime;
  /** How long a new object is invisible to every read, in milliseconds of the product's time. @default 0 */
  readonly replicationMs?: number;
  /** Objects that one application without `Application.ReadWrite.All` may hold. @default 250 */
  readonly objectsPerCreator?: number;
}

export type NewApplication = { displayName: string } & Partial<
  Omit<Application, 'createdAt' | 'visibleAt' | 'deletedAt'>
>;
export type NewServicePrincipal = { appId: string; displayName: string } & Partial<
  Omit<ServicePrincipal, 'createdAt' | 'visibleAt' | 'deletedAt'>
>;

export type DirectoryState = ReturnType<typeof createDirectory>;

export function createDirectory(options: DirectoryOptions) {
  const { tenantId, time } = options;
  const objectsPerCreator = options.objectsPerCreator ?? 250;
  let replicationMs = options.replicationMs ?? 0;
  let refusals = 0;
  const applications = new Map<string, Application>();
  const servicePrincipals = new Map<string, ServicePrincipal>();
  const assignments = new Map<string, RoleAssignment>();
  /** Purged objects: each weighs a quarter of the quota for 30 days. */
  let purged: { creator: string; at: number }[] = [];

  /** Forgets what has been soft-deleted for 30 days. */
  function expire(): void {
    const limit = time.now() - RESTORABLE_MS;
    for (const objects of [applications, servicePrincipals]) {
      for (const { id, deletedAt } of objects.values()) {
        if (deletedAt !== null && deletedAt <= limit) objects.delete(id);
      }
    }
    purged = purged.filter(({ at }) => at > limit);
  }

  const visibleAt = (): number => time.now() + replicationMs * time.scale;
  const isVisible = (object: { visibleAt: number }): boolean => object.visibleAt <= time.now();
  const isActive = (object: { deletedAt: number | null }): boolean => object.deletedAt === null;

  function matches(object: Application | ServicePrincipal, key: ObjectKey): boolean {
    if (key.by === 'uniqueName') return 'uniqueName' in object && object.uniqueName === key.value;
    return object[key.by].toLowerCase() === key.value.toLowerCase();
  }

  function all<T extends Application | ServicePrincipal>(objects: Map<string, T>): T[] {
    expire();
    return [...objects.values()];
  }

  /** Every name by which a resource can be asked for a token. */
  function namesOf(principal: ServicePrincipal): string[] {
    if (principal.platform) return [principal.appId, ...principal.platform.identifierUris];
    const application = all(applications).find(
      (candidate) => candidate.appId === principal.appId && isActive(candidate),
    );
    return application ? [principal.appId, ...application.identifierUris] : [];
  }

  function rolesOf(principal: ServicePrincipal): readonly AppRole[] {
    if (principal.platform) return principal.platform.appRoles;
    return all(applications).find(({ appId }) => appId === principal.appId)?.appRoles ?? [];
  }

  /** A soft-deleted application keeps its unique name, so it counts here. */
  function assertUniqueNameFree(uniqueName: string): void {
    if (all(applications).some((one) => one.uniqueName === uniqueName)) throw valueTaken('uniqueName');
  }

  /** `except`: the application that is about to get them. */
  function assertIdentifierUrisFree(uris: readonly string[], except?: Application): void {
    const others = all(applications).filter((one) => one !== except && isActive(one));
    const platform = all(servicePrincipals).flatMap((one) => one.platform?.identifierUris ?? []);
    const taken = new Set([...others.flatMap((one) => one.identifierUris), ...platform]);
    if (uris.some((uri) => taken.has(uri))) throw valueTaken('identifierUris');
  }

  function remove(object: Application | ServicePrincipal): void {
    applications.delete(object.id);
    servicePrincipals.delete(object.id);
    if (object.createdByAppId) purged.push({ creator: object.createdByAppId, at: time.now() });
    for (const { id, principalId, resourceId } of assignments.values()) {
      if (principalId === object.id || resourceId === object.id) assignments.delete(id);
    }
  }

  return {
    tenantId,
    /** For all objects made from now on. */
    setReplicationMs(milliseconds: number): void {
      replicationMs = milliseconds;
    },
    isVisible,
    namesOf,
    rolesOf,

    /** Active objects, as long as they have replicated. */
    applications: (): Application[] => all(applications).filter((one) => isActive(one) && isVisible(one)),
    servicePrincipals: (): ServicePrincipal[] =>
      all(servicePrincipals).filter((one) => isActive(one) && isVisible(one)),
    application: (key: ObjectKey): Application | undefined =>
      all(applications).find((one) => matches(one, key) && isActive(one) && isVisible(one)),
    servicePrincipal: (key: ObjectKey): ServicePrincipal | undefined =>
      all(servicePrincipals).find((one) => matches(one, key) && isActive(one) && isVisible(one)),
    /** The active object, replicated or not: what writes run into. */
    existingApplication: (key: ObjectKey): Application | undefined =>
      all(applications).find((one) => matches(one, key) && isActive(one)),
    deleted: (): (Application | ServicePrincipal)[] =>
      [...all(applications), ...all(servicePrincipals)].filter((one) => !isActive(one)),

    addApplication(wanted: NewApplication): Application {
      const { uniqueName = null, identifierUris = [] } = wanted;
      if (uniqueName !== null) assertUniqueNameFree(uniqueName);
      assertIdentifierUrisFree(identifierUris);
      const application: Application = {
        id: randomUUID(),
        appId: randomUUID(),
        createdByAppId: null,
        notes: null,
        description: null,
        tags: [],
        signInAudience: 'AzureADMyOrg',
        tokenVersion: null,
        appRoles: [],
        required: [],
        passwords: [],
        federated: [],
        owners: new Set(),
        ...wanted,
        uniqueName,
        identifierUris,
        createdAt: time.now(),
        visibleAt: visibleAt(),
        deletedAt: null,
      };
      applications.set(application.id, application);
      return application;
    },

    addServicePrincipal(wanted: NewServicePrincipal): ServicePrincipal {
      // A soft-deleted service principal leaves its name to a new one.
      const taken = all(servicePrincipals).some((one) => one.appId === wanted.appId && isActive(one));
      if (taken) {
        throw new GraphFault(
          409,
          'Request_MultipleObjectsWithSameKeyValue',
          `The service principal cannot be created, updated, or restored because the service principal name ${wanted.appId} is already in use.`,
        );
      }
      const principal: ServicePrincipal = {
        id: randomUUID(),
        createdByAppId: null,
        notes: null,
        tags: [],
        type: 'Application',
        accountEnabled: true,
        appRoleAssignmentRequired: false,
        owners: new Set(),
        ...wanted,
        createdAt: time.now(),
        visibleAt: visibleAt(),
        deletedAt: null,
      };
      servicePrincipals.set(principal.id, principal);
      return principal;
    },

    /** When an object that is made now will have replicated. */
    visibleFromNow: visibleAt,
    /** How often a service principal was refused because its application had not replicated, this time included. */
    countRefusal: (): number => ++refusals,

    assertUniqueNameFree,
    assertIdentifierUrisFree,

    /** Active and restorable objects weigh one each, purged ones a quarter. */
    assertQuota(creatorAppId: string): void {
      const held = [...all(applications), ...all(servicePrincipals)].filter(
        (one) => one.createdByAppId === creatorAppId,
      ).length;
      const weight = held + purged.filter(({ creator }) => creator === creatorAppId).length / 4;
      if (weight + 1 <= objectsPerCreator) return;
      throw new GraphFault(
        403,
        'Directory_QuotaExceeded',
        'The directory object quota limit for the Principal has been exceeded. Please ask your administrator to increase the quota limit or delete objects to reduce the used quota.',
      );
    },

    /**
     * Soft deletion, for 30 days. An application's service principal stays: whether Graph removes it along is not
     * certain, and code that relies on it would leave orphans.
     */
    softDelete(object: Application | ServicePrincipal): void {
      object.deletedAt = time.now();
    },
    restore(object: Application | ServicePrincipal): void {
      object.deletedAt = null;
    },
    purge: remove,

    assignments: (): RoleAssignment[] => [...assignments.values()],
    assign(wanted: Pick<RoleAssignment, 'principalId' | 'resourceId' | 'appRoleId'>): RoleAssignment {
      const assignment = { id: randomUUID(), createdAt: time.now(), ...wanted };
      assignments.set(assignment.id, assignment);
      return assignment;
    },
    unassign(id: string): void {
      assignments.delete(id);
    },
  };
}
