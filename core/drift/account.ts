/** An observation made ready to be judged: settings, indexes, clocks. */
import type { KnownProvider } from '../consent.ts';
import type { FoundApplication } from '../dispatch.ts';
import { decideEnrolment, type EnrolmentDecision, tenantProviders } from '../enrolment.ts';
import type { AppObjectId, RoleId, RoleName } from '../ids.ts';
import { providerArnOf } from '../issuer.ts';
import { isLive, type LedgerEntry } from '../ledger-entry.ts';
import { parseUniqueName } from '../naming.ts';
import { isExhausted } from '../reverts.ts';
import type { FactorySettings } from '../settings.ts';
import type { AccountSeen, DriftDurations, SeenApplication, SeenRole } from './observation.ts';

/** An application that the factory made, and for which incarnation. */
export interface OwnApplication extends SeenApplication {
  readonly roleId: RoleId;
  readonly generation: number;
}

export interface Account {
  readonly seen: AccountSeen;
  readonly settings: FactorySettings;
  readonly durations: DriftDurations;
  readonly roleIds: ReadonlySet<RoleId>;
  readonly roles: ReadonlyMap<RoleId, SeenRole>;
  /** Live entries by their audience. */
  readonly holders: ReadonlyMap<string, LedgerEntry>;
  readonly entries: ReadonlyMap<RoleId, LedgerEntry>;
  /** The factory's own, newest generation first. Undefined: Entra was not asked. */
  readonly applications: ReadonlyMap<RoleId, readonly OwnApplication[]> | undefined;
  /** Object ids of applications that hold such a name and are not the factory's. */
  readonly squatters: ReadonlyMap<RoleId, AppObjectId>;
  readonly byObjectId: ReadonlyMap<AppObjectId, OwnApplication>;
  /** What enrolment would do about the provider. */
  readonly enrolment: EnrolmentDecision;
  /** As they are once that is done, which comes first. The one to use is the first. */
  readonly providers: readonly KnownProvider[];
}

export function accountOf(seen: AccountSeen, settings: FactorySettings, durations: DriftDurations): Account {
  const { accountId, providers, providerOwner: owner } = seen;
  const order = tenantProviders(
    providers.map(({ providerArn }) => providerArn).sort(),
    accountId,
    settings.issuer,
  );
  const found = order.flatMap((arn) => providers.find(({ providerArn }) => providerArn === arn) ?? []);
  const enrolment = decideEnrolment({ found, placeholders: settings.placeholders, owner });

  const applications = new Map<RoleId, OwnApplication[]>();
  const squatters = new Map<RoleId, AppObjectId>();
  for (const application of seen.applications ?? []) {
    const named = parseUniqueName(application.uniqueName ?? '');
    if (named?.accountId !== accountId) continue;
    const { roleId, generation } = named;
    if (application.createdByAppId?.toLowerCase() !== settings.factoryAppId.toLowerCase()) {
      const other = squatters.get(roleId);
      if (other === undefined || application.objectId < other) squatters.set(roleId, application.objectId);
    } else {
      const own = { ...application, roleId, generation };
      const others = applications.get(roleId);
      if (others) others.push(own);
      else applications.set(roleId, [own]);
    }
  }
  for (const ofRole of applications.values()) {
    ofRole.sort((a, b) => b.generation - a.generation || (a.objectId < b.objectId ? -1 : 1));
  }
  return {
    seen,
    settings,
    durations,
    roleIds: new Set(seen.roleIds),
    roles: new Map(seen.roles.map((role) => [role.roleId, role])),
    holders: new Map(
      seen.entries.filter(isLive).flatMap((entry) => (entry.audience ? [[entry.audience, entry]] : [])),
    ),
    entries: new Map(seen.entries.map((entry) => [entry.roleId, entry])),
    applications: seen.applications && applications,
    squatters,
    byObjectId: new Map([...applications.values()].flat().map((own) => [own.objectId, own])),
    enrolment,
    providers: enrolled(seen, found, enrolment, settings),
  };
}

function enrolled(
  { partition, accountId, record, now }: AccountSeen,
  found: readonly KnownProvider[],
  { create, add }: EnrolmentDecision,
  { issuer, placeholders }: FactorySettings,
): readonly KnownProvider[] {
  if (isExhausted(record?.providerReverts, now)) return found;
  if (create) {
    return [{ providerArn: providerArnOf(partition, accountId, issuer.url), clientIds: placeholders }];
  }
  return found.map((provider, index) =>
    index === 0 ? { ...provider, clientIds: [...provider.clientIds, ...add] } : provider,
  );
}

/** Whether `time` (ISO 8601) is at least `seconds` ago. An unreadable one is not. */
export const isPast = ({ seen }: Account, time: string | undefined, seconds: number): boolean =>
  seen.now - Date.parse(time ?? '') >= seconds * 1000;

/** Whether an execution may be at work on it; that it has ended is the workflows' to find out. */
export const isLeased = ({ seen }: Account, { owner, leaseUntil }: LedgerEntry): boolean =>
  owner !== undefined && Date.parse(leaseUntil ?? '') > seen.now;

export const roleSubject = ({ roleName, roleId }: { roleName: RoleName; roleId: RoleId }) =>
  ({ kind: 'role', roleName, roleId }) as const;

/** What a run is told of an application that the ledger does not know. */
export const foundOf = (
  { objectId, appId, generation, createdAt, servicePrincipal }: OwnApplication,
  providerArn: FoundApplication['providerArn'],
): FoundApplication => ({
  objectId,
  appId,
  generation,
  createdAt,
  ...(servicePrincipal && { servicePrincipalId: servicePrincipal.id }),
  ...(providerArn && { providerArn }),
});
