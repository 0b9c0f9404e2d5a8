/** What the runs that a plan starts do to an account, modelled on the observation: the event path's rules, no clouds. */
import { adoptionProblems, desiredCredentials, verificationProblems } from '../../../core/application.ts';
import { isWithdrawn, tenantProviderArns } from '../../../core/consent.ts';
import type { AccountSeen, SeenApplication, SeenRole } from '../../../core/drift/observation.ts';
import { isExecutable, type Start, type Step } from '../../../core/drift/step.ts';
import { decideEnrolment } from '../../../core/enrolment.ts';
import { type ErrorCode, FactoryError } from '../../../core/errors.ts';
import { appId, appObjectId, servicePrincipalId } from '../../../core/ids.ts';
import { decideInspection } from '../../../core/inspection.ts';
import { audienceFor, identifierUriFor, providerArnOf } from '../../../core/issuer.ts';
import type { LedgerEntry } from '../../../core/ledger-entry.ts';
import { parseUniqueName, uniqueName } from '../../../core/naming.ts';
import { rewriteTrustPolicy } from '../../../core/trust-policy/rewrite.ts';
import { SETTINGS } from '../../fixtures/domain.ts';

/** The account some seconds later, every executable step taken. Throws where a step would do nothing. */
export function applied(seen: AccountSeen, steps: readonly Step[]): AccountSeen {
  const later = steps
    .filter(isExecutable)
    .reduce((now, { start }) => (start ? taken(now, start) : now), seen);
  const now = seen.now + 60_000;
  return {
    ...later,
    now,
    observedAt: { applications: now - 3000, ledger: now - 2000, account: now - 1000 },
  };
}

function taken(seen: AccountSeen, start: Start): AccountSeen {
  switch (start.workflow) {
    case 'enrol-account':
      return enrolled(seen);
    case 'create-role':
      return created(seen, start.run);
    case 'delete-role':
      return deleted(seen, start.run);
  }
}

function enrolled(seen: AccountSeen): AccountSeen {
  const { placeholders, issuer } = SETTINGS;
  const found = exactFirst(seen);
  const { create, add } = decideEnrolment({ found, placeholders, owner: seen.providerOwner });
  if (create) {
    const providerArn = providerArnOf(seen.partition, seen.accountId, issuer.url);
    return { ...seen, providers: [{ providerArn, clientIds: placeholders }] };
  }
  if (add.length === 0) throw new Error('Enrolment has nothing to do');
  const [first, ...others] = found;
  if (!first) throw new Error('Nothing to add to');
  return { ...seen, providers: [{ ...first, clientIds: [...first.clientIds, ...add] }, ...others] };
}

const exactFirst = ({ providers, partition, accountId }: AccountSeen) => {
  const exact = providerArnOf(partition, accountId, SETTINGS.issuer.url);
  return [...providers].sort((a) => (a.providerArn === exact ? -1 : 1));
};

const withEntry = (seen: AccountSeen, entry: LedgerEntry): AccountSeen => ({
  ...seen,
  entries: [
    ...seen.entries.filter(({ roleId }) => roleId !== entry.roleId),
    { ...entry, updatedAt: new Date(seen.now + 30_000).toISOString() },
  ],
});

type CreateRun = Extract<Start, { workflow: 'create-role' }>['run'];

function created(seen: AccountSeen, run: CreateRun): AccountSeen {
  const role = seen.roles.find(({ roleId }) => roleId === run.roleId);
  const stored = seen.entries.find(({ roleId }) => roleId === run.roleId);
  if (!role || stored?.phase === 'removing' || stored?.phase === 'removed')
    throw new Error('Nothing to create for');
  const known =
    stored ??
    (run.found && foundEntry(seen, role, run.found)) ??
    (run.approved && {
      ...firstEntry(seen, role),
      former: run.approved.map((audience) => ({ audience })),
    });
  const provider = namedBy(role, seen)
    .flatMap((arn) => seen.providers.find(({ providerArn }) => providerArn === arn) ?? [])
    .at(0);
  const answer = decideInspection({
    run: { ...run, accountId: seen.accountId, eventTime: role.createdAt },
    role,
    provider,
    entry: known,
    settings: SETTINGS,
    limits: { ...seen.caps, isDirectoryFull: seen.isDirectoryFull },
    now: seen.now,
    settleSeconds: 300,
  });
  if (answer.kind !== 'proceed') throw new Error(`Inspection would say ${answer.kind}`);
  const {
    error: _error,
    reverts: _reverts,
    federatedCredentials: _former,
    ...rest
  } = known ?? firstEntry(seen, role);
  const entry: LedgerEntry = {
    ...rest,
    ...(answer.reverts && { reverts: answer.reverts }),
    ...(answer.federatedCredentials && { federatedCredentials: answer.federatedCredentials }),
    ...(run.found && answer.reason === 'own-audience' && { readyAt: new Date(seen.now).toISOString() }),
    ...(provider && { providerArn: provider.providerArn }),
  };
  const failed = (code: ErrorCode, last: LedgerEntry = entry) =>
    withEntry(seen, { ...last, phase: 'failed', error: { code, step: 'inspect-role', at: role.createdAt } });
  if (answer.failWith) return failed(answer.failWith);
  if (!provider) throw new Error('Inspection passes nothing without a provider');

  const registered = register(seen, entry);
  if (typeof registered === 'string') return failed(registered);
  const { application, servicePrincipal } = registered;
  const audience = audienceFor(application.appId, SETTINGS.issuer.tokenVersion);
  const trusted: LedgerEntry = {
    ...registered.entry,
    applicationObjectId: application.objectId,
    appId: application.appId,
    servicePrincipalId: servicePrincipal.id,
    audience,
  };
  const listed: AccountSeen = {
    ...seen,
    applications: seen.applications && [
      ...seen.applications.filter(({ objectId }) => objectId !== application.objectId),
      application,
    ],
    providers: seen.providers.map((one) =>
      one.providerArn === provider.providerArn
        ? {
            ...one,
            clientIds: [...one.clientIds.filter((id) => id !== entry.audience && id !== audience), audience],
          }
        : one,
    ),
  };
  if (verificationProblems(application, servicePrincipal, trusted, SETTINGS).length > 0) {
    const error = { code: 'ApplicationTampered', step: 'verify-application', at: role.createdAt } as const;
    return withEntry(listed, { ...trusted, phase: 'failed', error });
  }
  const { document } = rewriteTrustPolicy({
    trustPolicy: role.trustPolicy,
    provider: { ...provider, clientIds: [...provider.clientIds, audience] },
    accountId: seen.accountId,
    settings: SETTINGS,
    audience,
    appId: application.appId,
    servicePrincipalId: servicePrincipal.id,
    recordedAudience: entry.audience,
    former: entry.former,
  });
  return withEntry(
    {
      ...listed,
      roles: listed.roles.map((one) =>
        one.roleId === role.roleId ? { ...one, trustPolicy: document } : one,
      ),
    },
    { ...trusted, phase: 'ready', readyAt: trusted.readyAt ?? role.createdAt },
  );
}

function namedBy({ trustPolicy }: SeenRole, { accountId }: AccountSeen) {
  try {
    return tenantProviderArns(trustPolicy, accountId, SETTINGS.issuer);
  } catch {
    return [];
  }
}

const firstEntry = ({ accountId, now }: AccountSeen, { roleName, roleId }: SeenRole): LedgerEntry => ({
  accountId,
  roleName,
  roleId,
  phase: 'creating',
  step: 'inspect-role',
  eventIds: [],
  generation: 1,
  createdAt: new Date(now).toISOString(),
  updatedAt: new Date(now).toISOString(),
  version: 0,
});

const foundEntry = (
  seen: AccountSeen,
  role: SeenRole,
  { objectId, createdAt: _createdAt, ...found }: NonNullable<CreateRun['found']>,
): LedgerEntry => ({
  ...firstEntry(seen, role),
  ...found,
  applicationObjectId: objectId,
  audience: audienceFor(found.appId, SETTINGS.issuer.tokenVersion),
});

/** As register-application does; the code where it fails. */
function register(seen: AccountSeen, entry: LedgerEntry) {
  const all = seen.applications ?? [];
  const isOurs = ({ createdByAppId }: SeenApplication) => createdByAppId === SETTINGS.factoryAppId;
  let current = entry;
  let application = all.find(({ objectId }) => objectId === entry.applicationObjectId);
  if (!application && entry.applicationObjectId) {
    const { readyAt: _trusted, ...lost } = entry;
    current = { ...lost, generation: entry.generation + 1 };
  }
  if (!application) {
    application = all.find((one) => one.uniqueName === uniqueName(current));
    const expected = {
      uniqueName: uniqueName(current),
      factoryAppId: SETTINGS.factoryAppId,
      ownerId: SETTINGS.factoryServicePrincipalId,
    };
    if (application && (!isOurs(application) || adoptionProblems(application, expected).length > 0)) {
      return 'NameSquatted' as const;
    }
  }
  const made = application ?? newApplication(seen, current);
  const own = made.identifierUris.includes(identifierUriFor(made.appId));
  const servicePrincipal = made.servicePrincipal ?? newPrincipal(made);
  return {
    entry: current,
    servicePrincipal,
    application: {
      ...made,
      servicePrincipal,
      identifierUris: own ? made.identifierUris : [identifierUriFor(made.appId)],
      federatedCredentials: [
        ...made.federatedCredentials.filter(({ description }) => description === null),
        ...desiredCredentials(entry, SETTINGS),
      ],
    },
  };
}

/** Ids that no other has: the position in a list that only grows, and the incarnation. */
const serial = (kind: string, { applications }: AccountSeen, roleId: string): string =>
  `${kind}-0000-4000-8000-${String(applications?.length ?? 0).padStart(2, '0')}${roleId.slice(-10)}`;

function newApplication(seen: AccountSeen, entry: LedgerEntry): SeenApplication {
  const id = appId(serial('aaaaaaaa', seen, entry.roleId));
  return {
    objectId: appObjectId(serial('bbbbbbbb', seen, entry.roleId)),
    appId: id,
    uniqueName: uniqueName(entry),
    displayName: entry.roleName,
    createdByAppId: SETTINGS.factoryAppId,
    createdAt: new Date(seen.now).toISOString(),
    signInAudience: 'AzureADMyOrg',
    identifierUris: [identifierUriFor(id)],
    tokenVersion: 1,
    ownerIds: [SETTINGS.factoryServicePrincipalId],
    passwords: 0,
    keys: 0,
    federatedCredentials: [],
    servicePrincipal: undefined,
  };
}

const newPrincipal = ({ appId: id }: SeenApplication) => ({
  id: servicePrincipalId(`cccccccc${id.slice(8)}`),
  appId: id,
  enabled: true,
  assignmentRequired: false,
});

type DeleteRun = Extract<Start, { workflow: 'delete-role' }>['run'];

function deleted(seen: AccountSeen, run: DeleteRun): AccountSeen {
  const stored = seen.entries.find(({ roleId }) => roleId === run.roleId);
  const role = seen.roles.find(({ roleId }) => roleId === run.roleId);
  const ours = (seen.applications ?? []).filter(
    (one) =>
      parseUniqueName(one.uniqueName ?? '')?.roleId === run.roleId &&
      one.createdByAppId === SETTINGS.factoryAppId,
  );
  if (!stored && !run.found) throw new Error('Removal does not know this incarnation');
  if (stored?.phase === 'removed' && !run.again) throw new Error('It is removed already');
  const named = stored ?? {
    ...firstEntry(seen, run as never),
    audience: undefined,
    providerArn: run.found?.providerArn,
  };
  if (
    role &&
    !(run.withdrawn && isWithdrawn({ ...role, accountId: seen.accountId }, named as LedgerEntry, SETTINGS))
  ) {
    throw new FactoryError('RoleStillExists');
  }
  const audience =
    stored?.audience ?? (run.found && audienceFor(run.found.appId, SETTINGS.issuer.tokenVersion));
  return withEntry(
    {
      ...seen,
      applications: seen.applications?.filter((one) => !ours.includes(one)),
      providers: seen.providers.map((one) =>
        one.providerArn === named.providerArn
          ? { ...one, clientIds: one.clientIds.filter((id) => id !== audience) }
          : one,
      ),
    },
    { ...(named as LedgerEntry), phase: 'removed' },
  );
}
