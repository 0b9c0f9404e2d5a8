/** What is wrong with a role that is there, decided by inspection's own rules. */
import { adoptionProblems } from '../application.ts';
import { isWithdrawn, type KnownProvider, tenantProviderArns } from '../consent.ts';
import type { FoundApplication } from '../dispatch.ts';
import { isFactoryError } from '../errors.ts';
import type { Audience } from '../ids.ts';
import { decideInspection, type InspectionDecision } from '../inspection.ts';
import { audienceFor } from '../issuer.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import { isProtected } from '../protected-roles.ts';
import { MAX_ROUNDS, QUIET_DAYS } from '../reverts.ts';
import { type Account, foundOf, isLeased, isPast, type OwnApplication, roleSubject } from './account.ts';
import { applicationDrift } from './applications.ts';
import { evidenceOf, isCauseGone } from './cause.ts';
import type { SeenRole } from './observation.ts';
import type { DriftReason } from './reasons.ts';
import type { Draft, Start, Step } from './step.ts';
import { absentSubjects } from './subjects.ts';

type Drafted = Draft & { readonly also?: Step['also'] };

export function roleSteps(account: Account, role: SeenRole): Drafted[] {
  const entry = account.entries.get(role.roleId);
  if (isProtected(role, account.settings)) return [];
  if (entry === undefined) return unknownRole(account, role);
  // A removal under way is judged by the entry, which has the last word.
  if (entry.phase === 'removing') return [];
  if (entry.phase === 'removed') return removedRole(account, role, entry);
  return isLeased(account, entry) ? [] : knownRole(account, role, entry);
}

/** What inspect-role would decide on the role as it was seen. */
function inspected(
  { seen, settings, providers }: Account,
  role: SeenRole,
  entry: LedgerEntry | undefined,
  recheck = false,
): InspectionDecision {
  return decideInspection({
    run: { accountId: seen.accountId, roleId: role.roleId, eventTime: role.createdAt, recheck },
    role,
    provider: providerOf(role, { seen, settings, providers }),
    entry,
    settings,
    limits: { ...seen.caps, isDirectoryFull: seen.isDirectoryFull },
    now: seen.now,
    settleSeconds: 0,
  });
}

/** The first that the trust policy names, as inspect-role finds it. */
function providerOf(
  { trustPolicy }: SeenRole,
  { seen, settings, providers }: Pick<Account, 'seen' | 'settings' | 'providers'>,
): KnownProvider | undefined {
  try {
    return tenantProviderArns(trustPolicy, seen.accountId, settings.issuer)
      .flatMap((arn) => providers.find(({ providerArn }) => providerArn === arn) ?? [])
      .at(0);
  } catch (error) {
    if (isFactoryError(error, 'TrustPolicyUnreadable')) return undefined;
    throw error;
  }
}

const creation = (
  { roleName, roleId }: SeenRole,
  more: { recheck?: true; found?: FoundApplication; approved?: readonly Audience[] } = {},
): Start => ({
  workflow: 'create-role',
  run: { roleName, roleId, ...more },
});

/** Without an entry: its event never arrived, or the ledger has lost it. */
function unknownRole(account: Account, role: SeenRole): Drafted[] {
  const { seen, durations, applications, squatters } = account;
  const subject = roleSubject(role);
  const isNamed = seen.adopt?.includes(role.roleArn) === true;
  const [application] = applications?.get(role.roleId) ?? [];
  if (application) return lostRole(account, role, application);
  const decision = inspected(account, role, undefined);
  if (decision.kind === 'skip') {
    return isNamed ? adoptedRole(account, role, decision) : foreignAudience(account, role, decision);
  }
  if (decision.kind !== 'proceed') return [];
  // Its event may be on its way.
  if (!isPast(account, role.createdAt, durations.settleSeconds)) return [];
  const squatter = squatters.get(role.roleId);
  if (squatter) return [{ reason: 'not-adoptable', subject, detail: squatter }];
  // Without a record nobody knows since when the account's events are heard.
  const isFromBefore = !(Date.parse(role.createdAt) >= Date.parse(seen.record?.enrolledAt ?? ''));
  return [
    {
      reason: isFromBefore ? 'backfill' : 'missed-creation',
      subject,
      detail: decision.failWith ?? decision.reason,
      start: creation(role),
      ...(isFromBefore && !seen.backfill && !isNamed && { hold: 'backfill' }),
    },
  ];
}

/** Consents by a person's word: exactly the audience that it trusts now counts as a placeholder. */
function adoptedRole(
  account: Account,
  role: SeenRole,
  refusal: InspectionDecision & { kind: 'skip' },
): Drafted[] {
  // Compared and nothing else: whatever the policy says.
  const approved = (refusal.foreignAudiences ?? []) as readonly Audience[];
  const known = { ...firstEntryOf(account, role), former: approved.map((audience) => ({ audience })) };
  const decision = inspected(account, role, known);
  if (decision.kind !== 'proceed') return foreignAudience(account, role, refusal);
  return [
    {
      reason: 'adopted',
      subject: roleSubject(role),
      detail: decision.failWith ?? approved.join(' '),
      start: creation(role, { approved }),
    },
  ];
}

/** The ledger was read after the applications, and an entry is written before its application is made: it was lost. */
function lostRole(account: Account, role: SeenRole, application: OwnApplication): Drafted[] {
  const { settings, seen } = account;
  const subject = roleSubject(role);
  const detail = application.objectId;
  const audience = audienceFor(application.appId, settings.issuer.tokenVersion);
  const known = { ...entryOfFound(account, role, application), audience, appId: application.appId };
  const decision = inspected(account, role, known);
  if (decision.kind !== 'proceed') return [{ reason: 'surplus-application', subject, detail }];
  const problems = adoptionProblems(application, {
    uniqueName: application.uniqueName ?? '',
    factoryAppId: settings.factoryAppId,
    ownerId: settings.factoryServicePrincipalId,
  });
  // What the role trusts already is its users', who rightly added owners and credentials.
  if (decision.reason === 'placeholder' && problems.length > 0) {
    return [{ reason: 'not-adoptable', subject, detail: `${detail}: ${problems.join(', ')}` }];
  }
  const providerArn = seen.providers.find(({ clientIds }) => clientIds.includes(audience))?.providerArn;
  return [
    {
      reason: 'application-without-entry',
      subject,
      detail,
      start: creation(role, { found: foundOf(application, providerArn) }),
    },
  ];
}

/** As inspect-role would claim it. */
const firstEntryOf = ({ seen }: Account, { roleName, roleId, createdAt }: SeenRole): LedgerEntry => ({
  accountId: seen.accountId,
  roleName,
  roleId,
  phase: 'creating',
  step: 'inspect-role',
  eventIds: [],
  generation: 1,
  createdAt,
  updatedAt: createdAt,
  version: 0,
});

const entryOfFound = (
  account: Account,
  role: SeenRole,
  { objectId, generation, servicePrincipal }: OwnApplication,
): LedgerEntry => ({
  ...firstEntryOf(account, role),
  generation,
  applicationObjectId: objectId,
  ...(servicePrincipal && { servicePrincipalId: servicePrincipal.id }),
});

/** Only after a withdrawal does a role outlive its application. inspect-role leaves it alone, so it is told. */
function removedRole(account: Account, role: SeenRole, entry: LedgerEntry): Drafted[] {
  const decision = inspected(account, role, undefined);
  if (decision.kind !== 'proceed') return foreignAudience(account, role, decision);
  return [{ reason: 'consents-again', subject: roleSubject(role), detail: entry.appId ?? '' }];
}

function knownRole(account: Account, role: SeenRole, entry: LedgerEntry): Drafted[] {
  const { applications, durations } = account;
  const subject = roleSubject(role);
  // An entry that changed after the applications were read may have one that is not among them.
  const isComparable =
    applications !== undefined && Date.parse(entry.updatedAt) < account.seen.observedAt.applications;
  const isFinished = entry.phase === 'ready' || entry.error?.code === 'Contested';
  const drift = isComparable && isFinished ? applicationDrift(account, role, entry) : NO_DRIFT;
  const decision = inspected(account, role, entry, drift.healed.length > 0);
  const reports = [...drift.reports, ...absentSubjects(account, role, entry)];
  switch (decision.kind) {
    case 'ready':
      return reports;
    case 'skip':
      return [...reports, ...refusedRole(account, role, entry, decision)];
    case 'proceed':
      break;
    default:
      return reports;
  }

  const isOld = isPast(account, entry.updatedAt, durations.ageSeconds);
  const heal = (reason: DriftReason, detail: string, start: Start, also: Step['also'] = []): Drafted[] => [
    ...reports,
    { reason, also, subject, detail, start },
  ];
  if (entry.phase === 'creating') {
    return isOld ? heal('creation-stuck', entry.step, creation(role)) : reports;
  }
  if (entry.phase === 'failed' || entry.phase === 'unreachable') {
    const code = entry.error?.code ?? 'Unexpected';
    const evidence = evidenceOf(account, entry, role, isOld);
    if (decision.failWith === undefined && isCauseGone(code, evidence)) {
      return heal('cause-gone', code, creation(role));
    }
    return [
      ...reports,
      { reason: 'still-failed', subject, detail: `${code} at ${entry.error?.step ?? entry.step}` },
    ];
  }
  const start = creation(role, drift.healed.length > 0 ? { recheck: true } : {});
  if (decision.failWith === 'Contested')
    return heal('contested', `${MAX_ROUNDS} rounds within ${QUIET_DAYS} days`, start);
  const [reason = 'trust-edited', ...also] = [...undone(account, role, entry, decision), ...drift.healed];
  return heal(reason, decision.failWith ?? entry.appId ?? '', start, also);
}

const NO_DRIFT = { healed: [], reports: [] } as const;

/** What of a ready role is not as it was left. */
function undone(
  account: Account,
  role: SeenRole,
  entry: LedgerEntry,
  { reason }: InspectionDecision & { kind: 'proceed' },
): DriftReason[] {
  const isListed =
    entry.audience !== undefined && providerOf(role, account)?.clientIds.includes(entry.audience) === true;
  const onRole = inspected(account, role, entry);
  if (onRole.kind !== 'proceed') return [];
  // What a developer wishes is not counted as undone.
  if (onRole.reverts?.lastAt === entry.reverts?.lastAt) return ['tags-changed'];
  if (reason === 'placeholder')
    return isListed ? ['trust-reverted'] : ['audience-vanished', 'trust-reverted'];
  return isListed ? ['trust-edited'] : ['audience-vanished'];
}

/** It does not consent any more. */
function refusedRole(
  account: Account,
  role: SeenRole,
  entry: LedgerEntry,
  refusal: InspectionDecision & { kind: 'skip' },
): Drafted[] {
  const subject = roleSubject(role);
  if (refusal.reason === 'contested') return [{ reason: 'contested', subject, detail: 'marked' }];
  if (isWithdrawn({ ...role, accountId: entry.accountId }, entry, account.settings)) {
    const { roleName, roleId } = role;
    return [
      {
        reason: 'consent-withdrawn',
        subject,
        detail: refusal.reason,
        start: { workflow: 'delete-role', run: { roleName, roleId, withdrawn: true } },
        ...(!isPast(account, entry.updatedAt, account.durations.ageSeconds) && { hold: 'young' }),
      },
    ];
  }
  const foreign = foreignAudience(account, role, refusal);
  return foreign.length > 0 ? foreign : [{ reason: 'trust-taken-over', subject, detail: refusal.reason }];
}

function foreignAudience({ holders }: Account, role: SeenRole, decision: InspectionDecision): Drafted[] {
  if (decision.kind !== 'skip') return [];
  const other = [...(decision.foreignAudiences ?? [])]
    .sort()
    .flatMap((audience) => holders.get(audience) ?? [])
    .find(({ roleId }) => roleId !== role.roleId);
  if (!other) return [];
  const detail = `${other.audience} is of ${other.roleName} ${other.roleId}`;
  return [{ reason: 'foreign-audience', subject: roleSubject(role), detail }];
}
