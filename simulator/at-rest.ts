/** What must hold once all is quiet, role by role. */
import type { ObservedApplication } from '../core/application.ts';
import { isFactoryError } from '../core/errors.ts';
import { areSameWorkloads, workloadsAskedFor } from '../core/federated-credentials.ts';
import type { RoleId } from '../core/ids.ts';
import type { LedgerEntry } from '../core/ledger-entry.ts';
import { isLive } from '../core/ledger-entry.ts';
import type { FactorySettings } from '../core/settings.ts';
import type { RoleView } from '../lambdas/ports.ts';
import { type Chronicle, placeKey, type Story } from './chronicle.ts';
import type { Execution } from './engine.ts';
import { PLACEHOLDER } from './settings.ts';
import type { Violation } from './violation.ts';
import type { World } from './world.ts';

export interface AtRest {
  readonly violations: readonly Violation[];
  /** Roles that wait for an event that never came: the sweep will find them. */
  readonly unhealed: number;
  /** Roles that somebody changed after the factory had looked for the last time. */
  readonly drifted: number;
}

/** `mustEndWell`: nothing has happened that may end in an announced failure. */
export function judgeAtRest(world: World, chronicle: Chronicle, mustEndWell: boolean): AtRest {
  const violations: Violation[] = [];
  let unhealed = 0;
  let drifted = 0;
  const report = (invariant: Violation['invariant'], what: string) =>
    violations.push({ invariant, what, atMs: 0 });

  const dead = new Set(world.queue.deadLetters.map(placeOfEvent));
  for (const story of chronicle.stories.values()) {
    const key = placeKey(story.place);
    const { accountId, name } = story.place;
    const living = world.accounts.role(accountId, name);
    if (story.isUntold) {
      unhealed++;
      continue;
    }
    if (dead.has(key) || story.isForged) continue;
    const failures = failuresOf(world, story);
    const isDrifted = hasDrifted(story);
    if (isDrifted) drifted++;
    for (const id of story.incarnations) {
      const entry = world.ledger.all().find(({ roleId }) => roleId === id);
      const told: Telling = {
        world,
        chronicle,
        entry,
        id,
        isAnnounced: failures.length > 0,
        isUnwritable: world.failures.some(
          ({ invocation: { by, execution }, error }) =>
            by === 'record-outcome' &&
            isFactoryError(error, 'LedgerForbidden') &&
            execution !== undefined &&
            isAbout(execution, story),
        ),
        report,
      };
      if (living?.roleId === id) judgeLiving(told, story, living, isDrifted, mustEndWell);
      else judgeGone(told, mustEndWell);
    }
  }
  judgeOrphans(world, report);
  for (const { workflow, name, outcome } of world.engine.executions) {
    if (outcome === undefined) report(7, `${workflow} ${name} has not ended`);
    if (mustEndWell && outcome?.status === 'FAILED')
      report(8, `${workflow} ${name} failed: ${outcome.error}`);
  }
  for (const { invocation, error } of world.failures) {
    if (!isFactoryError(error)) report(8, `${invocation.by} failed unforeseen: ${String(error)}`);
  }
  if (mustEndWell && world.queue.deadLetters.length > 0) report(8, 'an event is in the dead-letter queue');
  return { violations, unhealed, drifted };
}

interface Telling {
  readonly world: World;
  readonly chronicle: Chronicle;
  readonly entry: LedgerEntry | undefined;
  readonly id: RoleId;
  readonly isAnnounced: boolean;
  /** The ledger itself refused to be told; that is announced. */
  readonly isUnwritable: boolean;
  readonly report: (invariant: Violation['invariant'], what: string) => void;
}

function judgeLiving(
  { world, chronicle, entry, id, isAnnounced, isUnwritable, report }: Telling,
  story: Story,
  role: RoleView,
  isDrifted: boolean,
  mustEndWell: boolean,
): void {
  if (isDrifted || !chronicle.consents(role)) return;
  if (!entry) {
    report(5, `${id} consents, and nobody serves it`);
    return;
  }
  if (entry.phase === 'ready') {
    const problems = readyProblems(world, chronicle, entry, role, story);
    for (const problem of problems) report(5, `${id} is ready, but ${problem}`);
    return;
  }
  if (isUnwritable && !entry.error) return;
  const isSettled = entry.phase === 'failed' || entry.phase === 'unreachable';
  if (!isSettled) report(5, `${id} lives, and its entry was left ${entry.phase}`);
  else if (!entry.error) report(5, `the entry of ${id} does not say why it ${entry.phase}`);
  else if (!isAnnounced) report(5, `${id} failed with ${entry.error.code}, and nobody was told`);
  else if (mustEndWell) report(8, `${id} ended ${entry.phase}: ${entry.error.code} at ${entry.error.step}`);
}

function readyProblems(
  world: World,
  chronicle: Chronicle,
  entry: LedgerEntry,
  role: RoleView,
  story: Story,
): string[] {
  const applications = applicationsOf(world, entry.roleId);
  const [application] = applications;
  const provider = world.accounts.providers().find(({ accountId }) => accountId === story.place.accountId);
  const audience = application && entry.audience?.endsWith(application.appId) ? entry.audience : undefined;
  const principal = world.directory.activePrincipals().find(({ appId }) => appId === application?.appId);
  return [
    ...unless(applications.length === 1, `it has ${applications.length} applications`),
    ...unless(application?.objectId === entry.applicationObjectId, 'its application is not the recorded one'),
    ...unless(audience !== undefined, 'its audience is not its application’s'),
    ...unless(
      principal !== undefined && principal.id === entry.servicePrincipalId,
      'its principal is missing',
    ),
    ...unless(
      application?.identifierUris.some((uri) => uri.endsWith(application.appId)) === true,
      'its URI is missing',
    ),
    ...unless(
      application !== undefined && isAsItsTagsAsk(application, role, world.settings),
      'its federated credentials are not what its tags ask for',
    ),
    ...unless(
      audience !== undefined && provider?.clientIds.includes(audience) === true,
      'its audience is not listed',
    ),
    ...unless(
      chronicle.writtenFor(entry.roleId).at(-1) === role.trustPolicy,
      'its policy is not what was written',
    ),
    ...unless(
      audience !== undefined && role.trustPolicy.includes(audience),
      'its policy demands another audience',
    ),
    ...unless(entry.owner === undefined, 'its entry is still owned'),
  ];
}

function judgeGone(
  { world, entry, id, isAnnounced, isUnwritable, report }: Telling,
  mustEndWell: boolean,
): void {
  if (!entry || entry.phase === 'removed') return;
  if (!entry.error && isUnwritable) return;
  if (!entry.error) report(6, `${id} is gone, and its entry is ${entry.phase} without a reason`);
  else if (!isAnnounced) report(6, `${id} is gone, its entry ${entry.phase}, and nobody was told`);
  else if (mustEndWell) report(8, `${id} is gone, its entry ${entry.phase}: ${entry.error.code}`);
  if (entry.owner && !world.engine.executions.some(({ arn }) => arn === entry.owner)) {
    report(6, `the entry of ${id} is owned by nobody that ever ran`);
  }
}

/** What stands for no live entry: nobody will ever remove it. */
function judgeOrphans(world: World, report: Telling['report']): void {
  const live = world.ledger.all().filter(isLive);
  const { directory, settings } = world;
  for (const { uniqueName, createdByAppId } of directory.active()) {
    if (createdByAppId !== settings.factoryAppId) continue;
    if (!live.some(({ roleId }) => uniqueName?.includes(`-${roleId}-`)))
      report(6, `${uniqueName} is orphaned`);
  }
  const applications = new Map(directory.everyApplication().map((found) => [found.appId, found]));
  for (const { appId, id } of directory.activePrincipals()) {
    const name = applications.get(appId)?.uniqueName;
    if (!live.some(({ roleId }) => name?.includes(`-${roleId}-`)))
      report(6, `the principal ${id} of ${name} is orphaned`);
  }
  const recorded = new Set<string>(live.flatMap(({ audience }) => audience ?? []));
  for (const { clientIds } of world.accounts.providers()) {
    for (const clientId of clientIds) {
      const isOurs = [...applications.keys()].some((appId) => clientId.endsWith(appId));
      if (isOurs && clientId !== PLACEHOLDER && !recorded.has(clientId))
        report(6, `${clientId} is orphaned on the list`);
    }
  }
}

const applicationsOf = ({ directory, settings }: World, id: RoleId) =>
  directory
    .active()
    .filter(
      ({ createdByAppId, uniqueName }) =>
        createdByAppId === settings.factoryAppId && uniqueName?.includes(`-${id}-`),
    );

function isAsItsTagsAsk(
  { federatedCredentials }: ObservedApplication,
  { tags }: RoleView,
  settings: FactorySettings,
): boolean {
  const asked = workloadsAskedFor(tags, settings.federatedCredentials);
  return asked.kind === 'allowed' && areSameWorkloads(federatedCredentials, asked.workloads);
}

const hasDrifted = (story: Story): boolean =>
  isLater(story.roleEditedAt, story.roleSeenAt) ||
  isLater(story.tagsEditedAt, story.tagsSeenAt) ||
  isLater(story.providerEditedAt, story.providerSeenAt) ||
  isLater(story.applicationEditedAt, story.applicationSeenAt);

const isLater = (edited: number, seen: number): boolean =>
  edited > Number.NEGATIVE_INFINITY && edited >= seen;

/** Errors of the executions that failed or were stopped: each raises an alarm. */
const failuresOf = (world: World, story: Story): string[] =>
  world.engine.executions
    .filter((execution) => isAbout(execution, story))
    .flatMap(({ outcome }) => {
      if (outcome?.status === 'FAILED') return [outcome.error];
      return outcome?.status === 'ABORTED' ? ['ABORTED'] : [];
    });

const isAbout = ({ run }: Execution, { place }: Story): boolean =>
  placeKey({ accountId: run.accountId, name: run.roleName }) === placeKey(place);

function placeOfEvent({ account, detail }: World['queue']['deadLetters'][number]): string {
  const { roleName } = detail.requestParameters as { roleName: never };
  return placeKey({ accountId: account, name: roleName });
}

const unless = (holds: boolean, problem: string): string[] => (holds ? [] : [problem]);
