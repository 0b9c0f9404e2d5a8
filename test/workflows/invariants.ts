import { expect } from 'vitest';
import { isLive, type LedgerEntry } from '../../core/ledger-entry.ts';
import { uniqueName } from '../../core/naming.ts';
import { TAGS, tagOf } from '../../core/tags.ts';
import { rewriteTrustPolicy } from '../../core/trust-policy/rewrite.ts';
import { PLACEHOLDER } from '../../simulator/settings.ts';
import type { World } from './world.ts';

/**
 * What must hold at rest, whatever happened before: collected as sentences, so that a test sees every violation at
 * once. An entry that is not `ready` or `removed` must say why, and an execution must have failed to announce it.
 */
export function violations(world: World): string[] {
  return [
    ...ledgerAtRest(world),
    ...rolesAndTheirApplications(world),
    ...nothingWithoutAnEntry(world),
    ...eventsAccountedFor(world),
  ];
}

export const expectInvariants = (world: World): void => expect(violations(world)).toEqual([]);

const SETTLED = new Set<LedgerEntry['phase']>(['ready', 'removed']);

function ledgerAtRest(world: World): string[] {
  const announced = world.engine.executions.some(({ outcome }) => outcome?.status === 'FAILED');
  return world.ledger.all().flatMap((entry) => {
    const who = `entry ${entry.roleId} (${entry.phase})`;
    return [
      ...unless(entry.owner === undefined, `${who} is still owned`),
      ...unless(entry.phase !== 'creating', `${who} was left behind`),
      ...unless(SETTLED.has(entry.phase) || entry.error !== undefined, `${who} does not say why`),
      ...unless(SETTLED.has(entry.phase) || announced, `${who} is not announced`),
      ...unless(JSON.stringify(entry).length < 4096, `${who} is too large to be ids and times`),
    ];
  });
}

function rolesAndTheirApplications(world: World): string[] {
  const roles = new Map(
    world.accounts.roles().map(({ accountId, role }) => [role.roleId, { accountId, role }]),
  );
  const ofEntries = world.ledger.all().flatMap((entry) => {
    const who = `role ${entry.roleName} ${entry.roleId}`;
    const found = roles.get(entry.roleId);
    const applications = applicationsOf(world, entry);
    const listed = entry.audience !== undefined && audiences(world, entry.accountId).includes(entry.audience);
    if (entry.phase === 'removed') {
      return [
        ...unless(found === undefined, `${who} exists, but its entry is removed`),
        ...unless(applications.length === 0, `${who} is removed, but has an application`),
        ...unless(!listed, `${who} is removed, but its audience is listed`),
      ];
    }
    if (entry.phase !== 'ready') return [];
    if (!found) return [`${who} is gone, but its entry is ready`];
    return [
      ...unless(applications.length === 1, `${who} has ${applications.length} applications`),
      ...unless(applications[0]?.appId === entry.appId, `${who} has another application than recorded`),
      ...unless(listed, `the audience of ${who} is not listed`),
      ...unless(isRewritten(world, entry, found.role.trustPolicy), `${who} does not trust its application`),
      ...unless(tagOf(found.role.tags, TAGS.status) === 'ready', `${who} is not tagged ready`),
    ];
  });
  const ofRoles = [...roles.values()].flatMap(({ role }) => {
    const entry = world.ledger.all().find(({ roleId }) => roleId === role.roleId);
    const written = world.asWritten.get(role.roleId) ?? '';
    const foreign = applicationIdsIn(role.trustPolicy).filter(
      (id) => id !== entry?.appId && !written.includes(id),
    );
    return [
      ...unless(foreign.length === 0, `role ${role.roleId} trusts an application that is not its own`),
      ...unless(
        entry?.readyAt !== undefined || role.trustPolicy === written || entry?.audience !== undefined,
        `role ${role.roleId} was changed without an entry`,
      ),
    ];
  });
  return [...ofEntries, ...ofRoles];
}

function nothingWithoutAnEntry(world: World): string[] {
  const live = world.ledger.all().filter(isLive);
  const owned = new Set(
    live.flatMap((entry) =>
      Array.from({ length: entry.generation }, (_, index) => uniqueName({ ...entry, generation: index + 1 })),
    ),
  );
  const recorded = new Set<string>([PLACEHOLDER, ...live.flatMap(({ audience }) => audience ?? [])]);
  const orphans = world.directory
    .active()
    .filter(({ createdByAppId }) => createdByAppId === world.settings.factoryAppId)
    .filter(({ uniqueName: name }) => !owned.has(name ?? ''));
  const applications = new Set(world.directory.active().map(({ appId }) => appId));
  const principals = world.directory.activePrincipals().filter(({ appId }) => !applications.has(appId));
  const leftovers = world.accounts
    .providers()
    .flatMap(({ clientIds }) => clientIds)
    .filter((clientId) => clientId.startsWith('api://') && !recorded.has(clientId));
  return [
    ...orphans.map(({ uniqueName: name }) => `application ${name} is orphaned`),
    ...principals.map(({ id }) => `service principal ${id} is orphaned`),
    ...leftovers.map((clientId) => `audience ${clientId} is orphaned`),
  ];
}

function eventsAccountedFor(world: World): string[] {
  const running = world.engine.executions.filter(({ outcome }) => outcome === undefined);
  return running.map(({ name }) => `execution ${name} has not ended`);
}

function isRewritten(world: World, entry: LedgerEntry, trustPolicy: string): boolean {
  const { accountId, audience, appId, servicePrincipalId, providerArn } = entry;
  if (!audience || !appId || !servicePrincipalId || !providerArn) return false;
  const { changed } = rewriteTrustPolicy({
    trustPolicy,
    provider: { providerArn, clientIds: audiences(world, accountId) },
    accountId,
    settings: world.settings,
    audience,
    appId,
    servicePrincipalId,
    recordedAudience: audience,
  });
  return !changed && trustPolicy.includes(audience);
}

const applicationsOf = (world: World, entry: LedgerEntry) =>
  world.directory
    .active()
    .filter(({ createdByAppId }) => createdByAppId === world.settings.factoryAppId)
    .filter(({ uniqueName: name }) => name?.startsWith(`oidc-factory-${entry.accountId}-${entry.roleId}-`));

const audiences = (world: World, accountId: string): readonly string[] =>
  world.accounts.providers().find((provider) => provider.accountId === accountId)?.clientIds ?? [];

const applicationIdsIn = (trustPolicy: string): string[] =>
  [...trustPolicy.matchAll(/api:\/\/([0-9a-f-]{36})"/g)].flatMap(([, id]) => id ?? []);

const unless = (holds: boolean, violation: string): string[] => (holds ? [] : [violation]);
