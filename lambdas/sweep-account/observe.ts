import type { AccountSeen, SeenRole } from '../../core/drift/observation.ts';
import { principalsNamed } from '../../core/drift/subjects.ts';
import { tenantProviders } from '../../core/enrolment.ts';
import type { AccountId } from '../../core/ids.ts';
import type { Partition } from '../../core/issuer.ts';
import { isLive } from '../../core/ledger-entry.ts';
import type { DirectoryQuestion } from '../../core/sweep.ts';
import { eachOf } from '../at-once.ts';
import type { AccountRecords } from '../enrol-account/ports.ts';
import { unpack } from '../pack.ts';
import type { Ports } from '../ports.ts';
import type { HandlerSettings } from '../settings.ts';
import type { AccountLedger, AccountSurvey, SurveyedAccounts } from '../sweep-ports.ts';
import type { SweepSettings } from '../sweep-settings.ts';
import type { Stance } from '../switch.ts';
import type { ListApplicationsOutput } from '../workflow.ts';

export type ObservePorts = Pick<Ports, 'clock'> & {
  readonly accounts: SurveyedAccounts;
  readonly ledger: AccountLedger;
  readonly records: Pick<AccountRecords, 'read'>;
};
export type ObserveSettings = HandlerSettings & SweepSettings & { readonly partition: Partition };

/** The account as it is: the ledger first, then roles and providers; the directory was read before both. */
export async function observe(
  { accounts, ledger, records, clock }: ObservePorts,
  settings: ObserveSettings,
  accountId: AccountId,
  directory: ListApplicationsOutput | null,
  stance: Stance,
): Promise<AccountSeen> {
  const ledgerAt = clock.now();
  const entries = await ledger.entriesOf(accountId);
  const record = await records.read(accountId);
  const accountAt = clock.now();
  const survey = await accounts.survey(accountId);
  const listed = await survey.roles();
  const known = new Set(entries.map(({ roleId }) => roleId));
  const tenant = settings.issuer.tenantId.toLowerCase();
  const concerned = listed.filter(
    ({ roleId, trustPolicy }) => known.has(roleId) || trustPolicy.toLowerCase().includes(tenant),
  );
  const roles = await eachOf(concerned, async ({ roleName, roleId }): Promise<SeenRole | undefined> => {
    const role = await survey.getRole(roleName);
    // Gone or replaced since it was listed: the next sweep judges what is there then.
    return role?.roleId === roleId ? role : undefined;
  });
  return {
    accountId,
    status: 'active',
    partition: settings.partition,
    mode: stance.mode,
    caps: settings.caps,
    backfill: settings.backfill,
    providerOwner: settings.owner,
    isDirectoryFull: stance.isDirectoryFull,
    observedAt: { applications: directory?.observedAt ?? ledgerAt, ledger: ledgerAt, account: accountAt },
    now: clock.now(),
    applications: directory ? unpack(directory.applications) : undefined,
    entries,
    roleIds: listed.map(({ roleId }) => roleId),
    roles: roles.flatMap((role) => role ?? []),
    providers: await providersOf(survey, accountId, settings),
    record,
    principals: directory?.principals ?? {},
  };
}

async function providersOf(survey: AccountSurvey, accountId: AccountId, { issuer }: ObserveSettings) {
  const arns = tenantProviders(await survey.providerArns(), accountId, issuer);
  const providers = await eachOf(arns, (arn) => survey.getProvider(arn));
  return providers.flatMap((provider) => provider ?? []);
}

/** What only the directory can tell of what was seen; undefined where it is nothing. */
export function questionOf(
  { applications = [], entries, roles, roleIds }: AccountSeen,
  settings: Pick<HandlerSettings, 'issuer'>,
): DirectoryQuestion | undefined {
  const listed = new Set(applications.map(({ objectId }) => objectId));
  const unlisted = entries
    .filter((entry) => isLive(entry) && roleIds.includes(entry.roleId))
    .flatMap(({ applicationObjectId: id }) => (id && !listed.has(id) ? [id] : []));
  const principals = principalsNamed({ roles, entries }, settings);
  return unlisted.length + principals.length > 0 ? { applications: unlisted, principals } : undefined;
}
