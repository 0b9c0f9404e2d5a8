/**
 * The factory's handlers and workflows in clouds of memory. What happens in a member account arrives as events,
 * seconds later; time passes as fast as the work allows, and whatever is left to chance comes from the seed.
 */
import type { AccountId } from '../core/ids.ts';
import { roleName } from '../core/ids.ts';
import type { RoleFunctionName } from '../core/naming.ts';
import type { Ports, RoleView } from '../lambdas/ports.ts';
import type { HandlerSettings } from '../lambdas/settings.ts';
import { DURATIONS } from '../lib/durations.ts';
import {
  type Call,
  type Hook,
  type Invocation,
  intercept,
  named,
  never,
  type Perform,
  type Watcher,
} from './calls.ts';
import { MemoryClock } from './clouds/memory-clock.ts';
import { MemoryControl } from './clouds/memory-control.ts';
import { MemoryDirectory } from './clouds/memory-directory.ts';
import { MemoryLedger } from './clouds/memory-ledger.ts';
import { MemoryMemberAccounts, type NewRole } from './clouds/memory-member-accounts.ts';
import { MemoryTelemetry } from './clouds/memory-telemetry.ts';
import type { Definitions } from './definitions.ts';
import { Engine, type Execution } from './engine.ts';
import { createRoleCall, deleteRoleCall, type RecordedCall, type RoleEvent, recordOf } from './events.ts';
import { FUNCTIONS } from './functions.ts';
import { Queue } from './queue.ts';
import { Chance } from './random.ts';
import { MEMBERS, PLACEHOLDER, SETTINGS } from './settings.ts';
import { type CallSite, methodOf } from './sites.ts';

export interface WorldOptions {
  readonly seed?: number;
  readonly settings?: Partial<HandlerSettings>;
  readonly definitions?: Definitions;
  /** What a function gets instead of its ports. */
  readonly wrap?: (ports: Ports, by: RoleFunctionName) => Ports;
}

export class World {
  readonly clock = new MemoryClock();
  readonly chance: Chance;
  readonly settings: HandlerSettings;
  readonly accounts = new MemoryMemberAccounts(this.clock);
  readonly directory: MemoryDirectory;
  readonly ledger = new MemoryLedger(this.clock);
  readonly control = new MemoryControl(this.clock);
  readonly telemetry = new MemoryTelemetry();
  readonly engine: Engine;
  readonly queue: Queue;
  /** Those of functions; what services do by themselves is not among them. */
  readonly calls: Call[] = [];
  readonly hooks: Hook[] = [];
  /** Every event of the member accounts, oldest first. */
  readonly events: RoleEvent[] = [];
  /** From an API call to the queue. */
  deliveryMs = 8000;
  /** Trust policies as their developers wrote them, by role id. */
  readonly asWritten = new Map<string, string>();
  /** How functions failed by themselves. */
  readonly failures: { readonly invocation: Invocation; readonly error: unknown }[] = [];
  /** After how long an event reaches the queue: once for each delay. */
  route: (index: number) => readonly number[] = () => [this.deliveryMs];
  watcher: Watcher | undefined;
  perform: Perform = (_call, effect) => effect();
  readonly #wrap: WorldOptions['wrap'];

  constructor({ seed = 1, settings, definitions, wrap }: WorldOptions = {}) {
    this.chance = new Chance(seed);
    this.settings = { ...SETTINGS, ...settings };
    this.#wrap = wrap;
    this.directory = new MemoryDirectory(this.clock, this.settings, this.chance.fork('directory'));
    this.engine = new Engine({
      clock: this.clock,
      invoke: this.invoke,
      startFromTask: (start, execution) =>
        this.#pass(this.#call('create-role states.startExecution', [], undefined, execution), start, noLag),
      chance: this.chance.fork('engine'),
      ...(definitions ? { definitions } : {}),
    });
    this.queue = new Queue(this.clock, (batch) => this.invoke('dispatch-role-event', batch));
    for (const account of MEMBERS) {
      this.accounts.createProvider(account, this.settings.issuer.url, [PLACEHOLDER]);
    }
  }

  // Developers.

  /** Creates a role; its event arrives by itself. */
  create(role: NewRole): RoleView {
    const created = this.accounts.createRole(role);
    this.asWritten.set(created.roleId, created.trustPolicy);
    this.record(createRoleCall(role.accountId, created));
    return created;
  }

  /** Deletes a role; its event arrives by itself. */
  delete(accountId: AccountId, name: string): void {
    this.accounts.deleteRole(accountId, roleName(name));
    this.record(deleteRoleCall(accountId, name));
  }

  // The way of an event.

  /** What CloudTrail makes of a call goes on its way. */
  record(call: RecordedCall): RoleEvent {
    const event = this.eventOf(call);
    this.send(event);
    return event;
  }

  /** Puts an event on its way: the way that its place among all events has. */
  send(event: RoleEvent): void {
    const index = this.events.push(event) - 1;
    for (const afterMs of this.route(index)) this.queue.send(event, afterMs);
  }

  eventOf = (call: RecordedCall): RoleEvent =>
    recordOf(call, this.clock.now(), { envelope: this.chance.guid(), event: this.chance.guid() });

  /** Delivers an event once more, as a redrive or (with a name) a replay from the archive does. */
  again(index: number, replayName?: string): void {
    const event = this.events[index];
    if (!event) throw new Error(`No event ${index}`);
    this.deliver(replayName ? { ...event, 'replay-name': replayName } : event);
  }

  /** Puts an event on its way; failed ones come again, at last to the dead-letter queue. */
  deliver(event: RoleEvent, afterMs: number = this.deliveryMs): void {
    this.events.push(event);
    this.queue.send(event, afterMs);
  }

  /** Lets time pass until every event is delivered and every execution has ended. */
  async quiet(): Promise<void> {
    let ended = 0;
    for (;;) {
      const waiting = [...this.queue.deliveries, ...this.engine.executions.map(({ done }) => done)];
      if (waiting.length === ended) return;
      ended = waiting.length;
      await this.clock.run(Promise.all(waiting));
    }
  }

  // The functions.

  /** Runs a function as Lambda does: in a process of its own, for so long and no longer. */
  invoke = (by: RoleFunctionName, input: unknown, execution?: Execution): Promise<unknown> =>
    this.#pass(
      this.#call(`${by} lambda.invoke`, [input], undefined, execution),
      () => this.#runFunction(by, input, execution),
      noLag,
    );

  #runFunction(by: RoleFunctionName, input: unknown, execution: Execution | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const over = () => {
        invocation.isOver = true;
        timeUp();
      };
      const invocation: Invocation = {
        by,
        execution,
        startedAt: this.clock.now(),
        isOver: false,
        end: (error) => {
          over();
          reject(error);
        },
      };
      const timeUp = this.clock.after(DURATIONS.functionTimeout * 1000, () =>
        invocation.end(named('Sandbox.Timedout')),
      );
      const ports = this.portsOf(by, invocation);
      const handler = FUNCTIONS[by](this.#wrap?.(ports, by) ?? ports, this.settings);
      handler(input as never).then(
        (output) => {
          over();
          resolve(output);
        },
        (error) => {
          over();
          this.failures.push({ invocation, error });
          reject(error);
        },
      );
    });
  }

  /** What a function is wired to; its calls are recorded and pass the hooks. */
  portsOf(by: RoleFunctionName, invocation: Invocation = this.#noInvocation(by)): Ports {
    const wire = <Port extends object>(port: Port, prefix: string, replica: Replica): Port =>
      intercept(port, prefix, (name, args, run) =>
        this.#pass(this.#call(`${by} ${name}`, args, invocation, invocation.execution), run, (lagMs, read) =>
          replica.behind(lagMs, read),
        ),
      );
    return {
      accounts: wire(this.accounts, 'accounts', this.accounts),
      directory: wire(this.directory, 'directory', this.directory),
      ledger: wire(this.ledger, 'ledger', this.ledger),
      control: wire(this.control, 'control', this.ledger),
      executions: wire(this.engine, 'executions', this.engine),
      telemetry: this.telemetry,
      clock: this.clock,
    };
  }

  /** For a handler that is called by hand. */
  #noInvocation = (by: RoleFunctionName): Invocation => ({
    by,
    execution: undefined,
    startedAt: this.clock.now(),
    isOver: false,
    end: () => undefined,
  });

  #call(
    site: CallSite,
    args: readonly unknown[],
    invocation: Invocation | undefined,
    execution: Execution | undefined,
  ): Call {
    const by = site.slice(0, site.indexOf(' ')) as Call['by'];
    return { site, name: methodOf(site), by, index: this.calls.length, args, invocation, execution };
  }

  async #pass(call: Call, run: () => Promise<unknown>, behind: Parameters<Perform>[2]): Promise<unknown> {
    if (call.invocation?.isOver) return never();
    const hooks = call.invocation ? this.hooks : [];
    if (call.invocation) this.calls.push(call);
    for (const hook of [...hooks]) await hook(call, 'before');
    const effect = () => {
      this.watcher?.before(call);
      const result = run();
      this.watcher?.after(call, result);
      return result;
    };
    const result = await this.perform(call, effect, behind);
    for (const hook of [...hooks]) await hook(call, 'after');
    return call.invocation?.isOver ? never() : result;
  }
}

interface Replica {
  behind<T>(lagMs: number, read: () => Promise<T>): Promise<T>;
}

const noLag: Parameters<Perform>[2] = (_lagMs, read) => read();
