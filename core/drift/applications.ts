/** What is wrong with the applications: those of roles that are there, and those that nobody has left. */
import { desiredCredentials } from '../application.ts';
import {
  areSameWorkloads,
  credentialChanges,
  strangers,
  workloadsAskedFor,
} from '../federated-credentials.ts';
import { identifierUriFor } from '../issuer.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import { roleNameOf } from '../naming.ts';
import { isExhausted } from '../reverts.ts';
import type { FactorySettings } from '../settings.ts';
import { type Account, foundOf, isPast, type OwnApplication, roleSubject } from './account.ts';
import type { SeenRole } from './observation.ts';
import type { DriftReason } from './reasons.ts';
import type { Draft } from './step.ts';

interface ApplicationDrift {
  /** What register-application puts right. */
  readonly healed: readonly DriftReason[];
  readonly reports: readonly Draft[];
}

/** Of a ready entry that is older than the list of applications. */
export function applicationDrift(account: Account, role: SeenRole, entry: LedgerEntry): ApplicationDrift {
  const { settings, byObjectId, applications } = account;
  const application = entry.applicationObjectId && byObjectId.get(entry.applicationObjectId);
  const surplus = (applications?.get(role.roleId) ?? [])
    .filter(({ objectId }) => objectId !== entry.applicationObjectId)
    .map(({ objectId }) => objectId)
    .sort();
  const reports: Draft[] =
    surplus.length > 0
      ? [{ reason: 'surplus-application', subject: roleSubject(role), detail: surplus.join(' ') }]
      : [];
  if (!application) return { healed: ['application-deleted'], reports };
  return {
    healed: healedBy(application, role, entry, settings),
    reports: [...reports, ...reportsOn(application, settings)],
  };
}

function healedBy(
  application: OwnApplication,
  role: SeenRole,
  entry: LedgerEntry,
  settings: FactorySettings,
): DriftReason[] {
  const { servicePrincipal, identifierUris, appId, federatedCredentials } = application;
  const asked = workloadsAskedFor(role.tags, settings.federatedCredentials);
  // Where the tags have changed since, inspection sees that, and it is nobody's tampering.
  const isAsked = asked.kind === 'allowed' && areSameWorkloads(entry.federatedCredentials, asked.workloads);
  const { add, remove } = credentialChanges(federatedCredentials, desiredCredentials(entry, settings));
  return [
    ...when('principal-deleted', servicePrincipal?.id !== entry.servicePrincipalId),
    ...when('identifier-uri-missing', !identifierUris.includes(identifierUriFor(appId))),
    ...when('credentials-changed', isAsked && add.length + remove.length > 0),
  ];
}

const when = (reason: DriftReason, holds: boolean): DriftReason[] => (holds ? [reason] : []);

/** What people may rightly have done, or must undo themselves. */
function reportsOn(application: OwnApplication, settings: FactorySettings): Draft[] {
  const { servicePrincipal, tokenVersion, signInAudience, passwords, keys, federatedCredentials } =
    application;
  const owner = settings.factoryServicePrincipalId.toLowerCase();
  const owners = application.ownerIds.map((id) => id.toLowerCase());
  const others = owners.filter((id) => id !== owner).sort();
  const foreign = strangers(federatedCredentials).length;
  const facts: readonly (readonly [DriftReason, boolean, string])[] = [
    [
      'token-version-changed',
      tokenVersion !== settings.issuer.tokenVersion,
      `version ${tokenVersion ?? 'unset'}`,
    ],
    ['application-opened', signInAudience !== 'AzureADMyOrg', signInAudience],
    [
      'unexpected-owner',
      others.length > 0 || !owners.includes(owner),
      others.join(' ') || 'the factory is no owner',
    ],
    [
      'unexpected-credential',
      passwords + keys + foreign > 0,
      `${passwords} passwords, ${keys} keys, ${foreign} federated credentials`,
    ],
    [
      // Never undone: an administrator's stricter setting is a decision.
      'stricter-setting',
      servicePrincipal !== undefined && (!servicePrincipal.enabled || servicePrincipal.assignmentRequired),
      servicePrincipal?.enabled === false ? 'disabled' : 'assignment required',
    ],
  ];
  const subject = subjectOf(application);
  return facts.flatMap(([reason, holds, detail]) => (holds ? [{ reason, subject, detail }] : []));
}

const subjectOf = ({ objectId, uniqueName }: OwnApplication) =>
  ({ kind: 'application', objectId, uniqueName: uniqueName ?? '' }) as const;

/**
 * Applications whose incarnation is not in the account. Its ledger entry, where there is one, tells more; but one that
 * is removed says that the application was deleted, and here it is.
 */
export function orphanedApplications(account: Account): Draft[] {
  const { seen, applications, roleIds, entries, durations } = account;
  return [...(applications?.values() ?? [])].flat().flatMap((application): Draft[] => {
    const entry = entries.get(application.roleId);
    // The account was looked at after the applications: a role that had one was there by then, or is gone.
    if (roleIds.has(application.roleId) || (entry && entry.phase !== 'removed')) return [];
    // Deleted in the meantime, as the ledger says by now.
    if (entry && !(Date.parse(entry.updatedAt) < seen.observedAt.applications)) return [];
    const audience = seen.providers.find(({ clientIds }) =>
      clientIds.some((id) => id === identifierUriFor(application.appId) || id === application.appId),
    );
    const roleName = entry?.roleName ?? roleNameOf(seen.accountId, application.displayName);
    const isYoung = !isPast(account, entry?.updatedAt ?? application.createdAt, durations.ageSeconds);
    const { roleId } = application;
    return [
      {
        reason: 'orphaned-application',
        subject: subjectOf(application),
        detail:
          roleName === undefined ? 'its display name does not say of which role' : `of ${roleName} ${roleId}`,
        ...(roleName !== undefined &&
          !isExhausted(entry?.reverts, seen.now) && {
            start: {
              workflow: 'delete-role',
              run: entry
                ? { roleName, roleId, again: true }
                : { roleName, roleId, found: foundOf(application, audience?.providerArn) },
            },
            ...(isYoung && { hold: 'young' }),
          }),
      },
    ];
  });
}
