/** Member accounts whose roles are all served, as so many creations have left them; and what then goes wrong there. */
import { desiredApplication } from '../core/application.ts';
import type { DriftReason } from '../core/drift/reasons.ts';
import {
  type AccountId,
  accountId,
  eventId,
  type ProviderArn,
  type RoleId,
  roleArn,
  roleId,
  roleName,
} from '../core/ids.ts';
import { audienceFor, identifierUriFor } from '../core/issuer.ts';
import type { LedgerEntry } from '../core/ledger-entry.ts';
import { pendingTags, readyTags } from '../core/tags.ts';
import { rewriteTrustPolicy } from '../core/trust-policy/rewrite.ts';
import type { EnrolledAccount } from '../lambdas/enrol-account/ports.ts';
import { isoTime } from '../lambdas/ledger-steps.ts';
import type { RoleView } from '../lambdas/ports.ts';
import type { Shape } from './schedule.ts';
import { trustPolicyOf } from './trust-policies.ts';
import type { World } from './world.ts';

export interface Estate {
  readonly world: World;
  readonly members: readonly AccountId[];
  readonly records: Map<AccountId, EnrolledAccount>;
  /** How often each happened. */
  readonly drift: Readonly<Partial<Record<DriftReason, number>>>;
}

/** In one account of so many each, at one role. */
const DRIFT = {
  'missed-deletion': { every: 100, from: 0 },
  'missed-creation': { every: 40, from: 1 },
  'audience-vanished': { every: 50, from: 2 },
} as const satisfies Partial<Record<DriftReason, object>>;
/** In one account of so many a developer has let a managed identity in, which only Entra can tell of. */
const PINNED = { every: 10, from: 5 };

const isOf = ({ every, from }: { every: number; from: number }, index: number) => index % every === from;

export async function estateOf(
  world: World,
  { accounts, roles }: { readonly accounts: number; readonly roles: number },
): Promise<Estate> {
  const members = Array.from({ length: accounts }, (_, index) => accountId(String(100_000_000_000 + index)));
  const records = new Map<AccountId, EnrolledAccount>();
  for (const [index, member] of members.entries()) {
    const provider = world.accounts.createProvider(member, world.settings.issuer.url, []);
    records.set(member, {
      enrolledAt: isoTime(world.clock.now()),
      providerArn: provider,
      notes: [],
      placeholders: world.settings.placeholders,
    });
    const served = isOf(DRIFT['missed-creation'], index) ? roles - 1 : roles;
    const audiences: string[] = [];
    for (let number = 0; number < served; number++) {
      const shape = number === 0 && isOf(PINNED, index) ? 'pinned' : 'placeholder';
      audiences.push(await serve(world, member, provider, number, shape));
    }
    const vanished = isOf(DRIFT['audience-vanished'], index) ? 1 : 0;
    world.accounts.setClientIds(provider, [...world.settings.placeholders, ...audiences.slice(vanished)]);
    if (served < roles) createUnheard(world, member, served);
    if (isOf(DRIFT['missed-deletion'], index)) world.accounts.deleteRole(member, nameOf(0));
  }
  const drift = Object.entries(DRIFT).map(
    ([reason, share]) => [reason, members.filter((_, index) => isOf(share, index)).length] as const,
  );
  return { world, members, records, drift: Object.fromEntries(drift.filter(([, times]) => times > 0)) };
}

const nameOf = (number: number) => roleName(`role-${number}`);

/** Its event never arrives. */
function createUnheard({ accounts, settings }: World, member: AccountId, number: number): void {
  const trustPolicy = trustPolicyOf('placeholder', member, settings.issuer, {});
  accounts.createRole({ accountId: member, roleName: nameOf(number), trustPolicy });
}

/**
 * Puts a role and all that belongs to it where the create-role workflow would have: the workflow itself would take an
 * hour for a thousand accounts. Answers its audience.
 */
async function serve(
  { accounts, directory, ledger, settings, clock, chance }: World,
  member: AccountId,
  providerArn: ProviderArn,
  number: number,
  shape: Shape,
): Promise<string> {
  const now = isoTime(clock.now());
  const about = {
    accountId: member,
    roleName: nameOf(number),
    roleId: idOf(member, number),
    roleArn: roleArn(`arn:aws:iam::${member}:role/${nameOf(number)}`),
    generation: 1,
  };
  const application = await directory.createApplication(desiredApplication(about, settings));
  if (!application) throw new Error(`The name is taken: ${about.roleId}`);
  const { objectId, appId } = application;
  await directory.setIdentifierUris(objectId, [identifierUriFor(appId)]);
  const principal = await directory.createServicePrincipal(appId);
  if (!principal) throw new Error(`It has a service principal: ${about.roleId}`);

  const audience = audienceFor(appId, settings.issuer.tokenVersion);
  const provider = { providerArn, clientIds: [...settings.placeholders, audience] };
  const { document } = rewriteTrustPolicy({
    trustPolicy: trustPolicyOf(shape, member, settings.issuer, {}),
    provider,
    accountId: member,
    settings,
    audience,
    appId,
    servicePrincipalId: principal.id,
  });
  const role: RoleView = {
    roleName: about.roleName,
    roleId: about.roleId,
    roleArn: about.roleArn,
    path: '/',
    createdAt: now,
    trustPolicy: document,
    tags: { ...pendingTags(about.roleId), ...readyTags({ appId, audience }) },
  };
  accounts.restore(member, role);
  const entry: LedgerEntry = {
    ...about,
    phase: 'ready',
    step: 'assign-audience',
    roleCreatedAt: now,
    createdBy: `arn:aws:iam::${member}:user/developer`,
    eventIds: [eventId(chance.guid())],
    applicationIntentAt: now,
    applicationKnownAt: now,
    applicationObjectId: objectId,
    appId,
    servicePrincipalId: principal.id,
    audience,
    providerArn,
    readyAt: now,
    createdAt: now,
    updatedAt: now,
    version: 8,
  };
  await ledger.write(entry, undefined);
  return audience;
}

/** None that {@link World.create} gives. */
const idOf = (member: AccountId, number: number): RoleId =>
  roleId(`AROAX${member}${number.toString(36).toUpperCase().padStart(4, '0')}`);
