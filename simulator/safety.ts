/** What must hold at every step, judged by what truly is at the moment a call takes effect. */
import type { AppObjectId, RoleId } from '../core/ids.ts';
import type { LedgerEntry } from '../core/ledger-entry.ts';
import { TAGS } from '../core/tags.ts';
import type { ProviderView, RoleView } from '../lambdas/ports.ts';
import type { Call, Invocation, Watcher } from './calls.ts';
import { type Chronicle, placeKey } from './chronicle.ts';
import { entrancesOf } from './entering.ts';
import { CANARY, IDENTITY } from './trust-policies.ts';
import type { Violation } from './violation.ts';
import type { World } from './world.ts';

/** What a function has seen of its role. */
interface Memory {
  calls: number;
  /** A client may repeat a call by itself; that is still the same one. */
  last: Call | undefined;
  /** As it was read, and as it was before the call that is under way. */
  role: RoleView | undefined;
  before: RoleView | undefined;
  /** Whether it has written the policy: what it sees afterwards decides nothing. */
  hasWritten: boolean;
  /** The how-manieth call showed it. */
  readAt: number;
  /** Of the session that may write. */
  target: { readonly roleId?: RoleId };
}

export class Safety implements Watcher {
  readonly violations: Violation[] = [];
  readonly #world: World;
  readonly #chronicle: Chronicle;
  readonly #startedAt: number;
  readonly #memories = new WeakMap<Invocation, Memory>();

  constructor(world: World, chronicle: Chronicle) {
    this.#world = world;
    this.#chronicle = chronicle;
    this.#startedAt = world.clock.now();
  }

  before(call: Call): void {
    const memory = this.#memoryOf(call);
    // Asking control is no call to the clouds: it adds milliseconds, and only where the read before it took long.
    if (memory.last !== call && call.name !== 'control.read') memory.calls++;
    memory.last = call;
    memory.before = this.#roleOf(call);
    switch (call.name) {
      case 'accounts.trust':
        memory.target = call.args[0] as Memory['target'];
        return;
      case 'provider.removeAudience':
        this.#unlists(call);
        break;
      case 'directory.deleteApplication':
      case 'directory.deleteServicePrincipal':
      case 'directory.purge':
      case 'directory.setIdentifierUris':
      case 'directory.createFederatedCredential':
      case 'directory.deleteFederatedCredential':
        this.#touches(call);
        break;
      case 'ledger.write':
        this.#records(call, call.args[0] as LedgerEntry);
        break;
      case 'lambda.invoke':
        // The dispatcher reads events, which hold policies; what travels between functions does not.
        if (call.by !== 'dispatch-role-event') this.#keepsQuiet(call, call.args[0], 'an execution');
    }
  }

  after(call: Call, result: Promise<unknown>): void {
    const memory = this.#memoryOf(call);
    switch (call.name) {
      case 'inspect.tagRole':
      case 'trust.tagRole':
        this.#tagged(call, memory);
        break;
      case 'trust.updateTrustPolicy':
        this.#trusts(call, memory);
        break;
      case 'inspect.getRole':
      case 'trust.getRole':
      case 'inspect.getProvider':
      case 'trust.getProvider':
      case 'directory.application':
        this.#sees(call, memory, result);
    }
  }

  #sees(call: Call, memory: Memory, result: Promise<unknown>): void {
    const now = this.#world.clock.now();
    const readAt = memory.calls;
    const story = this.#storyOf(call);
    const role = this.#roleOf(call);
    const isOurs = [null, role?.roleId].includes(call.execution?.run.roleId);
    const lists = this.#world.accounts.providers().map(({ clientIds }) => clientIds);
    result.then(
      (view) => {
        if (call.name.endsWith('getRole')) {
          memory.role = view as RoleView | undefined;
          memory.readAt = readAt;
          const isDeciding = DECIDING.has(call.by) && !memory.hasWritten;
          if (story && isOurs && isDeciding && view === role) {
            story.roleSeenAt = now;
            // What they ask for is decided once, and recorded.
            if (call.by === 'inspect-role') story.tagsSeenAt = now;
          }
        } else if (call.name.endsWith('getProvider')) {
          const isCurrent = lists.includes((view as ProviderView | undefined)?.clientIds ?? []);
          if (story && isOurs && isCurrent) story.providerSeenAt = now;
        } else if (story && view && REGISTERING.has(call.by)) {
          story.applicationSeenAt = now;
        }
      },
      () => undefined,
    );
  }

  /** Of telemetry, which is read once, at the end. */
  finish(): void {
    const { events, problems } = this.#world.telemetry;
    if (JSON.stringify([events, problems]).includes(CANARY)) this.#report(4, 'a log holds a policy');
  }

  #tagged(call: Call, memory: Memory): void {
    const { before: role, target } = memory;
    const tags = call.args[1] as Readonly<Record<string, string>>;
    if (!role || role === this.#roleOf(call) || tags[TAGS.status] === 'ignored') return;
    if (call.name === 'trust.tagRole' && role.roleId !== target.roleId) {
      if (this.#isForgedWithinTheWindow(call, memory)) return;
      this.#report(3, `${role.roleId} is tagged with the outcome of ${target.roleId}`, call);
      return;
    }
    if (this.#chronicle.consents(role) || this.#isWithinTheWindow(memory)) return;
    this.#report(2, `${role.roleId} does not consent, and is tagged ${JSON.stringify(tags)}`, call);
  }

  #trusts(call: Call, memory: Memory): void {
    const { before: role, target } = memory;
    if (!role || role === this.#roleOf(call)) return;
    memory.hasWritten = true;
    const document = call.args[1] as string;
    if (this.#isForgedWithinTheWindow(call, memory)) {
      this.#chronicle.means(document, false);
      return;
    }
    if (role.roleId !== target.roleId) {
      this.#report(3, `the policy of ${role.roleId} becomes what was decided for ${target.roleId}`, call);
    } else if (!this.#chronicle.consents(role) && !this.#isWithinTheWindow(memory)) {
      this.#report(2, `${role.roleId} does not consent, and its policy is written`, call);
    }
    if (otherStatements(memory.role?.trustPolicy ?? role.trustPolicy) !== otherStatements(document)) {
      this.#report(2, `of ${role.roleId}, statements of another purpose change`, call);
    }
    this.#chronicle.wrote(role.roleId, document);
    this.checkEntrances(role.roleId, document, call);
  }

  /** Nobody but the incarnation's own application, and whom the developer names. */
  checkEntrances(roleId: RoleId, document: string, call?: Call): void {
    const { directory, accounts, settings } = this.#world;
    const own = directory
      .everyApplication()
      .filter(
        ({ createdByAppId, uniqueName }) =>
          createdByAppId === settings.factoryAppId && uniqueName?.includes(`-${roleId}-`),
      );
    const principals = new Set<string>(
      directory
        .everyPrincipal()
        .filter(({ appId }) => own.some((found) => found.appId === appId))
        .map(({ id }) => id),
    );
    for (const { providerArn } of accounts.providers()) {
      for (const { sub, audience } of entrancesOf(document, providerArn, directory, settings.issuer)) {
        const isOwn = principals.has(sub) && own.some(({ appId }) => audience.endsWith(appId));
        const isInvited = sub === IDENTITY && document.includes(IDENTITY);
        if (isOwn || isInvited) continue;
        this.#report(3, `${sub} enters ${roleId} with a token for ${audience}`, call);
      }
    }
  }

  #unlists(call: Call): void {
    const [, audience] = call.args as [string, string];
    const { directory, settings } = this.#world;
    const listed = this.#world.accounts
      .providers()
      .some(({ clientIds }) => clientIds.includes(audience as never));
    if (!listed) return;
    const application = directory.everyApplication().find(({ appId }) => audience.endsWith(appId));
    if (application?.createdByAppId !== settings.factoryAppId) {
      this.#report(1, `${audience} is taken off the list, and is not of the factory`, call);
      return;
    }
    if (!application.isDeleted) this.#needed(call, application.uniqueName, `the audience ${audience}`);
  }

  #touches(call: Call): void {
    const { directory, settings } = this.#world;
    const id = call.args[0] as string;
    const principal = directory.everyPrincipal().find((found) => found.id === id);
    const application = directory
      .everyApplication()
      .find(({ objectId, appId }) => objectId === id || appId === principal?.appId);
    if (!application) return;
    if (application.createdByAppId !== settings.factoryAppId) {
      this.#report(1, `${application.uniqueName} is not of the factory, and is changed`, call);
      return;
    }
    if (DELETING.has(call.name) && !application.isDeleted)
      this.#needed(call, application.uniqueName, `the application`);
  }

  /** What belongs to a role that lives and wants it stays. */
  #needed(call: Call, uniqueName: string | null, what: string): void {
    const living = this.#world.accounts
      .roles()
      .find(({ role }) => uniqueName?.includes(`-${role.roleId}-`) && this.#chronicle.consents(role));
    if (!living) return;
    const { accountId, role } = living;
    // Forged in the account itself, which could as well delete the role.
    if (this.#chronicle.story({ accountId, name: role.roleName }).isForged) return;
    this.#report(1, `${what} of ${living.role.roleId} is removed while it lives`, call);
  }

  #records(call: Call, entry: LedgerEntry): void {
    const application = this.#world.directory
      .everyApplication()
      .find(({ objectId }) => objectId === (entry.applicationObjectId as AppObjectId | undefined));
    if (application && application.createdByAppId !== this.#world.settings.factoryAppId) {
      this.#report(1, `${application.uniqueName} is not of the factory, and is adopted`, call);
    }
    this.#keepsQuiet(call, entry, 'the ledger');
  }

  #keepsQuiet(call: Call, value: unknown, where: string): void {
    if (JSON.stringify(value).includes(CANARY)) this.#report(4, `${where} holds a policy`, call);
  }

  /** What the write was decided upon is what the call right before it showed. */
  #isWithinTheWindow = ({ role, readAt, calls }: Memory): boolean =>
    role !== undefined && readAt === calls - 1 && this.#chronicle.consents(role);

  /**
   * Between the read and the write the role was replaced, and the new one given the mark of the one before: whoever
   * may do that in so short a time decides about the role anyway. Stated in docs/reliability.md.
   */
  #isForgedWithinTheWindow(call: Call, { before, role, target, readAt, calls }: Memory): boolean {
    const isReplaced = before?.roleId !== target.roleId && role?.roleId === target.roleId;
    return isReplaced && readAt === calls - 1 && this.#storyOf(call)?.isMarkForged === true;
  }

  #memoryOf({ invocation }: Call): Memory {
    const known = invocation && this.#memories.get(invocation);
    if (known) return known;
    const memory: Memory = {
      calls: 0,
      last: undefined,
      role: undefined,
      before: undefined,
      hasWritten: false,
      readAt: -1,
      target: {},
    };
    if (invocation) this.#memories.set(invocation, memory);
    return memory;
  }

  /** The role that the call is about, as it truly is. */
  #roleOf({ execution }: Call): RoleView | undefined {
    return execution && this.#world.accounts.role(execution.run.accountId, execution.run.roleName);
  }

  #storyOf({ execution }: Call) {
    if (!execution) return undefined;
    const { accountId, roleName: name } = execution.run;
    return this.#chronicle.stories.get(placeKey({ accountId, name }));
  }

  #report(invariant: Violation['invariant'], what: string, call?: Call): void {
    this.violations.push({
      invariant,
      what,
      atMs: this.#world.clock.now() - this.#startedAt,
      ...(call ? { site: call.site } : {}),
    });
  }
}

/** Calls that take from a role what is its own. */
const DELETING: ReadonlySet<string> = new Set([
  'directory.deleteApplication',
  'directory.deleteServicePrincipal',
  'directory.purge',
]);
/** Whose look at a role decides what becomes of it. */
const DECIDING: ReadonlySet<string> = new Set(['inspect-role', 'assign-audience']);
/** Whose look at an application does. */
const REGISTERING: ReadonlySet<string> = new Set(['register-application', 'verify-application']);

/** The statements that are not web identity, as text. */
function otherStatements(document: string): string {
  const { Statement } = JSON.parse(document) as { Statement: { Action?: unknown }[] };
  return JSON.stringify(Statement.filter(({ Action }) => Action !== 'sts:AssumeRoleWithWebIdentity'));
}
