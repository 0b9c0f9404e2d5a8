/**
 * What must always hold, stated over the public APIs: of a factory at rest, whatever happened before. Violations are
 * collected as sentences, so that a test sees all of them at once.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { isLive, type LedgerEntry } from '../../core/ledger-entry.ts';
import { type Estate, estateOf, historyOf, type SeenRole } from './estate.ts';
import { type Factory, placeholderOf } from './harness.ts';
import { roleIdOf, roleOf, type Trail } from './trail.ts';
import type { Watch } from './watch.ts';

/** Waits until no execution runs, then expects no violation. */
export async function expectInvariants(factory: Factory, trail: Trail, watch: Watch): Promise<void> {
  await watch.until(async () => {
    const running = (await watch.executions()).filter(({ status }) => status === 'RUNNING');
    return { ...(running.length === 0 && { found: true }), instead: running.map(({ name }) => name) };
  });
  const estate = await estateOf(factory, watch);
  const written = asWritten(trail);
  expect([
    ...onlyOwnIsRemoved(factory, estate),
    ...rolesAndEntries(factory, estate, written),
    ...entriesAtRest(estate),
    ...orphans(factory, estate),
    ...eventsAccountedFor(trail, estate, written),
    ...(await secretsTold(factory, estate)),
  ]).toEqual([]);
}

/** Trust policies as people wrote them last, by role id: what the factory writes is told by its session. */
function asWritten(trail: Trail): Map<string, string> {
  const written = new Map<string, string>();
  const current = new Map<string, string>();
  for (const record of trail.records()) {
    if (record.errorCode !== undefined) continue;
    const key = `${record.recipientAccountId} ${roleOf(record)}`;
    const request = (record.requestParameters ?? {}) as {
      assumeRolePolicyDocument?: string;
      policyDocument?: string;
    };
    if (record.eventName === 'CreateRole') {
      current.set(key, roleIdOf(record));
      written.set(roleIdOf(record), request.assumeRolePolicyDocument ?? '');
    }
    const isFactory = JSON.stringify(record.userIdentity).includes(':assumed-role/oidc-factory-');
    if (record.eventName === 'UpdateAssumeRolePolicy' && !isFactory) {
      written.set(current.get(key) ?? '', request.policyDocument ?? '');
    }
  }
  return written;
}

/** Nothing that the factory did not make is ever removed. */
function onlyOwnIsRemoved({ sandbox }: Factory, { deleted, audiences }: Estate): string[] {
  const { factoryAppId, tenantId } = sandbox.world;
  return [
    ...deleted
      .filter(({ createdByAppId }) => createdByAppId !== factoryAppId)
      .map(({ displayName }) => `${displayName} is deleted, but not the factory's`),
    ...[...audiences]
      .filter(([, list]) => !list.includes(`api://${tenantId}/oidc-factory-placeholder`))
      .map(([account]) => `the placeholder is missing in ${account}`),
  ];
}

function rolesAndEntries(factory: Factory, estate: Estate, written: ReadonlyMap<string, string>): string[] {
  const byId = new Map(estate.roles.map((role) => [role.roleId, role]));
  const ofRoles = estate.roles.flatMap((role) => {
    const original = written.get(role.roleId);
    if (original === undefined) return [];
    const entry = estate.entries.find(({ roleId }) => roleId === role.roleId);
    const who = `role ${role.roleName} ${role.roleId} (${entry?.phase ?? 'no entry'})`;
    const isAsWritten = isDeepStrictEqual(JSON.parse(role.trust), JSON.parse(original));
    if (!consents(factory, original)) {
      return [
        ...unless(isAsWritten, `${who} does not consent, but was changed`),
        ...unless(isUntagged(role), `${who} was tagged`),
      ];
    }
    if (entry?.phase !== 'ready') {
      return [
        ...unless(isAsWritten, `${who} is not ready, but its trust policy was changed`),
        ...unless(entry !== undefined && isLive(entry), `${who} consents, but has no live entry`),
      ];
    }
    return readyRole(factory, estate, role, entry, original).map((violation) => `${who}: ${violation}`);
  });
  const ofEntries = estate.entries.flatMap((entry) =>
    isLive(entry) && !byId.has(entry.roleId) && entry.error === undefined
      ? [`role ${entry.roleName} ${entry.roleId} is gone, but its entry is ${entry.phase}`]
      : [],
  );
  return [...ofRoles, ...ofEntries];
}

/**
 * TagRole addresses a name. A role that was replaced between being read and being marked leaves the mark to its
 * successor; it names the former one, so it opens nothing.
 */
const isUntagged = ({ roleId, tags }: SeenRole): boolean =>
  Object.keys(tags).every((key) => !key.startsWith('oidc-factory:')) ||
  (tags['oidc-factory:status'] === 'pending' && tags['oidc-factory:role-id'] !== roleId);

/** Exactly one application, listed, trusted and pinned; and nothing else in the trust policy changed. */
function readyRole(
  factory: Factory,
  estate: Estate,
  role: SeenRole,
  entry: LedgerEntry,
  original: string,
): string[] {
  const own = estate.applications.filter(({ uniqueName }) =>
    uniqueName?.startsWith(`oidc-factory-${role.accountId}-${role.roleId}-`),
  );
  const [application] = own;
  const principal = estate.servicePrincipals.find(({ appId }) => appId === application?.appId);
  const audience = `api://${application?.appId}`;
  const expected = trustOf(factory, original, audience, principal?.id ?? '');
  return [
    ...unless(own.length === 1, `it has ${own.length} applications`),
    ...unless(
      application?.createdByAppId === factory.sandbox.world.factoryAppId,
      'its application is not the factory’s',
    ),
    ...unless(principal !== undefined, 'its application has no service principal'),
    ...unless(
      estate.audiences.get(role.accountId)?.includes(audience) === true,
      'its audience is not listed',
    ),
    ...unless(isDeepStrictEqual(JSON.parse(role.trust), expected), `its trust policy is ${role.trust}`),
    ...unless(role.tags['oidc-factory:status'] === 'ready', 'it is not tagged ready'),
    ...unless(role.tags['oidc-factory:client-id'] === application?.appId, 'its client id is not told'),
    ...unless(
      entry.appId === application?.appId && entry.audience === audience,
      'the ledger knows another one',
    ),
  ];
}

interface Statement {
  Condition?: { StringEquals?: Record<string, string | string[]> };
}

/** The statements that carry a placeholder, each with its claims; the tests write no other operator. */
function consenting(factory: Factory, policy: { Statement: Statement | Statement[] }) {
  return [policy.Statement].flat().flatMap((statement) => {
    const claims = statement.Condition?.StringEquals;
    const key = Object.keys(claims ?? {}).find((name) => name.endsWith('/:aud'));
    if (!claims || !key?.includes(factory.sandbox.world.tenantId)) return [];
    const values = [claims[key]].flat();
    const isPlaceholder = (value = '') =>
      value === placeholderOf(factory) || /^[A-Za-z0-9_-]{1,64}$/.test(value);
    return values.every(isPlaceholder)
      ? [{ claims, audience: key, subject: key.replace(/aud$/, 'sub') }]
      : [];
  });
}

const consents = (factory: Factory, policy: string): boolean =>
  consenting(factory, JSON.parse(policy)).length > 0;

/** What the trust policy has to become; on purpose not with the factory's own code. */
function trustOf(factory: Factory, original: string, audience: string, principalId: string): object {
  const policy = JSON.parse(original);
  for (const found of consenting(factory, policy)) {
    found.claims[found.audience] = audience;
    found.claims[found.subject] ??= principalId;
  }
  return policy;
}

/** What is not done says why, and a failed execution announces it. */
function entriesAtRest({ entries, executions }: Estate): string[] {
  return entries.flatMap((entry) => {
    if (entry.phase === 'ready' || entry.phase === 'removed') {
      return unless(entry.owner === undefined, `entry ${entry.roleId} (${entry.phase}) is still owned`);
    }
    const { code } = entry.error ?? {};
    const announced = executions.some(
      ({ status, error, run }) => status === 'FAILED' && error === code && run.roleName === entry.roleName,
    );
    return [
      ...unless(entry.phase !== 'creating', `entry ${entry.roleId} was left behind as creating`),
      ...unless(code !== undefined, `entry ${entry.roleId} (${entry.phase}) does not say why`),
      ...unless(announced, `entry ${entry.roleId} (${entry.phase}, ${code}) is not announced`),
      ...unless(entry.owner === undefined, `entry ${entry.roleId} (${entry.phase}) is still owned`),
    ];
  });
}

/** Everything in Entra and on the providers that the factory made belongs to a live entry. */
function orphans({ sandbox }: Factory, estate: Estate): string[] {
  const { factoryAppId, tenantId } = sandbox.world;
  const live = estate.entries.filter(isLive);
  const isOwned = (uniqueName: string | null) =>
    live.some(({ accountId, roleId }) => uniqueName?.startsWith(`oidc-factory-${accountId}-${roleId}-`));
  const own = estate.applications.filter(({ createdByAppId }) => createdByAppId === factoryAppId);
  const known = new Set(own.map(({ appId }) => appId));
  return [
    ...own
      .filter(({ uniqueName }) => !isOwned(uniqueName))
      .map(({ uniqueName }) => `application ${uniqueName} is orphaned`),
    ...estate.servicePrincipals
      .filter(({ createdByAppId, appId }) => createdByAppId === factoryAppId && !known.has(appId))
      .map(({ displayName }) => `service principal ${displayName} is orphaned`),
    ...[...estate.audiences].flatMap(([account, list]) =>
      list
        .filter((audience) => /^api:\/\/[0-9a-f-]{36}$/.test(audience) && !audience.includes(tenantId))
        .filter(
          (audience) => !live.some((entry) => entry.accountId === account && entry.audience === audience),
        )
        .map((audience) => `audience ${audience} is orphaned in ${account}`),
    ),
  ];
}

/** Every event of a role that is the factory's business has an execution, or waits where an alarm tells of it. */
function eventsAccountedFor(
  trail: Trail,
  { executions, messages }: Estate,
  written: ReadonlyMap<string, string>,
): string[] {
  return trail
    .records()
    .filter(({ eventName, errorCode }) => eventName === 'CreateRole' && errorCode === undefined)
    .filter((record) => written.get(roleIdOf(record))?.includes('oidc-factory-placeholder'))
    .filter(({ eventID }) => !executions.some(({ run }) => run.eventId === eventID))
    .filter(({ eventID }) => !messages.some((body) => body.includes(eventID)))
    .map((record) => `the event of ${roleOf(record)} is lost`);
}

/** A JSON web token, a key of a session, a trust policy. */
const SECRETS = [/eyJ[\w-]{8,}\.eyJ/, /\bASIA[A-Z0-9]{12,}/, /AssumeRoleWithWebIdentity/];

/** No token, credential or policy is in the ledger, in an execution's history or in a function's log. */
async function secretsTold(factory: Factory, { entries, executions }: Estate): Promise<string[]> {
  const { aws, world, administrator } = factory.sandbox;
  const { caller } = administrator(world.factoryAccountId);
  const groups = await aws.logs.describeLogGroups({}, caller, world.region);
  const places = await Promise.all([
    ...entries.map(async (entry) => [`entry ${entry.roleId}`, JSON.stringify(entry)] as const),
    ...executions.map(
      async (execution) =>
        [`execution ${execution.name}`, JSON.stringify(await historyOf(factory, execution))] as const,
    ),
    ...groups.map(async ({ logGroupName }) => {
      const lines = await aws.logs.filterLogEvents({ logGroupName }, caller, world.region);
      return [`log ${logGroupName}`, lines.map(({ message }) => message).join('\n')] as const;
    }),
  ]);
  return places.flatMap(([place, text]) =>
    SECRETS.filter((secret) => secret.test(text)).map((secret) => `${place} tells ${secret}`),
  );
}

const unless = (holds: boolean, violation: string): string[] => (holds ? [] : [violation]);
