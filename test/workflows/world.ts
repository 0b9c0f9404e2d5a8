/**
 * The factory's handlers and workflows in clouds of memory, with developers around them. What happens in a member
 * account arrives as events, seconds later; time passes as fast as the work allows.
 */
import { randomUUID } from 'node:crypto';
import { FactoryError } from '../../core/errors.ts';
import type { AccountId, ProviderArn, RoleName } from '../../core/ids.ts';
import { roleName } from '../../core/ids.ts';
import { conditionKey } from '../../core/issuer.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { FunctionName } from '../../core/naming.ts';
import { addAudience } from '../../lambdas/add-audience/handler.ts';
import { assignAudience } from '../../lambdas/assign-audience/handler.ts';
import { confirmRoleGone } from '../../lambdas/confirm-role-gone/handler.ts';
import { deleteApplication } from '../../lambdas/delete-application/handler.ts';
import { dispatchRoleEvent } from '../../lambdas/dispatch-role-event/handler.ts';
import { inspectRole } from '../../lambdas/inspect-role/handler.ts';
import type { Ports, RoleView } from '../../lambdas/ports.ts';
import { recordOutcome } from '../../lambdas/record-outcome/handler.ts';
import { registerApplication } from '../../lambdas/register-application/handler.ts';
import { removeAudience } from '../../lambdas/remove-audience/handler.ts';
import type { HandlerSettings } from '../../lambdas/settings.ts';
import { verifyApplication } from '../../lambdas/verify-application/handler.ts';
import { MemoryClock } from '../clouds/memory-clock.ts';
import { MemoryDirectory } from '../clouds/memory-directory.ts';
import { MemoryLedger } from '../clouds/memory-ledger.ts';
import { MemoryMemberAccounts } from '../clouds/memory-member-accounts.ts';
import { MemoryTelemetry } from '../clouds/memory-telemetry.ts';
import { Engine, type Handlers } from './engine.ts';
import { type Call, type Hook, intercept } from './intercept.ts';
import { MEMBER, OTHER_MEMBER, PLACEHOLDER, SETTINGS } from './settings.ts';

export interface NewWebRole {
  readonly name?: string;
  readonly accountId?: AccountId;
  readonly audience?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly trustPolicy?: object;
  readonly path?: string;
}

/** How often the queue delivers a message before it gives it to the dead-letter queue. */
const MAX_RECEIVES = 5;

export class World {
  readonly clock = new MemoryClock();
  readonly settings: HandlerSettings;
  readonly accounts = new MemoryMemberAccounts(this.clock);
  readonly directory: MemoryDirectory;
  readonly ledger = new MemoryLedger();
  readonly telemetry = new MemoryTelemetry();
  readonly engine = new Engine(this.clock, () => this.#handlers);
  readonly calls: Call[] = [];
  readonly hooks: Hook[] = [];
  readonly deadLetters: object[] = [];
  /** Every event of the member accounts, oldest first. */
  readonly events: object[] = [];
  /** From an API call to the queue. */
  deliveryMs = 8000;
  /** Trust policies as their developers wrote them, by role id. */
  readonly asWritten = new Map<string, string>();
  readonly #handlers: Handlers;
  readonly #deliveries: Promise<void>[] = [];

  constructor(settings: Partial<HandlerSettings> = {}) {
    this.settings = { ...SETTINGS, ...settings };
    this.directory = new MemoryDirectory(this.clock, this.settings);
    const step = <Handler>(name: FunctionName, make: (ports: Ports, settings: HandlerSettings) => Handler) =>
      make(this.portsOf(name), this.settings);
    this.#handlers = {
      'dispatch-role-event': step('dispatch-role-event', dispatchRoleEvent),
      'inspect-role': step('inspect-role', inspectRole),
      'register-application': step('register-application', registerApplication),
      'add-audience': step('add-audience', addAudience),
      'verify-application': step('verify-application', verifyApplication),
      'assign-audience': step('assign-audience', assignAudience),
      'record-outcome': step('record-outcome', recordOutcome),
      'confirm-role-gone': step('confirm-role-gone', confirmRoleGone),
      'remove-audience': step('remove-audience', removeAudience),
      'delete-application': step('delete-application', deleteApplication),
    };
    for (const account of [MEMBER, OTHER_MEMBER]) {
      this.accounts.createProvider(account, this.settings.issuer.url, [PLACEHOLDER]);
    }
  }

  // Developers.

  providerArn(accountId: AccountId = MEMBER): ProviderArn {
    const provider = this.accounts.providers().find((found) => found.accountId === accountId);
    if (!provider) throw new Error(`No provider in ${accountId}`);
    return provider.providerArn;
  }

  trustPolicy(audience: string = PLACEHOLDER, accountId: AccountId = MEMBER): object {
    const provider = `arn:aws:iam::${accountId}:oidc-provider/${this.settings.issuer.url.slice('https://'.length)}`;
    return {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRoleWithWebIdentity',
          Principal: { Federated: provider },
          Condition: { StringEquals: { [conditionKey(provider, 'aud')]: [audience] } },
        },
      ],
    };
  }

  /** Creates a web identity role; its event arrives by itself. */
  createRole({
    name = 'deploy',
    accountId = MEMBER,
    audience,
    tags,
    trustPolicy,
    path,
  }: NewWebRole = {}): RoleView {
    const role = this.accounts.createRole({
      accountId,
      roleName: name,
      trustPolicy: trustPolicy ?? this.trustPolicy(audience, accountId),
      ...(tags ? { tags } : {}),
      ...(path ? { path } : {}),
    });
    this.asWritten.set(role.roleId, role.trustPolicy);
    this.deliver(this.createRoleEvent(accountId, role));
    return role;
  }

  deleteRole(name: string = 'deploy', accountId: AccountId = MEMBER): void {
    this.accounts.deleteRole(accountId, roleName(name));
    this.deliver(this.#event(accountId, 'DeleteRole', { roleName: name }, null));
  }

  createRoleEvent(accountId: AccountId, role: RoleView): object {
    const { roleName: name, roleId, roleArn: arn, path, trustPolicy } = role;
    const request = { roleName: name, assumeRolePolicyDocument: trustPolicy };
    return this.#event(accountId, 'CreateRole', request, { role: { roleName: name, roleId, arn, path } });
  }

  #event(
    accountId: AccountId,
    eventName: string,
    requestParameters: object,
    responseElements: object | null,
  ) {
    const eventTime = new Date(Math.floor(this.clock.now() / 1000) * 1000).toISOString();
    return {
      version: '0',
      id: randomUUID(),
      source: 'aws.iam',
      'detail-type': 'AWS API Call via CloudTrail',
      account: accountId,
      region: 'us-east-1',
      time: eventTime,
      detail: {
        eventSource: 'iam.amazonaws.com',
        eventName,
        eventTime,
        eventType: 'AwsApiCall',
        eventID: randomUUID(),
        recipientAccountId: accountId,
        userIdentity: { arn: `arn:aws:iam::${accountId}:user/developer` },
        requestParameters,
        responseElements,
      },
    };
  }

  // The way of an event.

  /** Delivers an event once more, as a redrive or (with a name) a replay from the archive does. */
  again(index: number, replayName?: string): void {
    const event = this.events[index];
    if (!event) throw new Error(`No event ${index}`);
    this.deliver(replayName ? { ...event, 'replay-name': replayName } : event);
  }

  /** Puts an event on its way; failed ones come again, at last to the dead-letter queue. */
  deliver(event: object, afterMs: number = this.deliveryMs): void {
    this.events.push(event);
    this.#deliveries.push(this.#receive(event, afterMs));
  }

  async #receive(event: object, afterMs: number): Promise<void> {
    await this.clock.sleep(afterMs);
    const message = { messageId: randomUUID(), body: JSON.stringify(event) };
    for (let receives = 0; receives < MAX_RECEIVES; receives++) {
      const batch = { Records: [message] };
      const answer = await this.#handlers['dispatch-role-event'](batch as never);
      if ((answer as { batchItemFailures: unknown[] }).batchItemFailures.length === 0) return;
      await this.clock.sleep(360_000);
    }
    this.deadLetters.push(event);
  }

  /** Lets time pass until every event is delivered and every execution has ended. */
  async quiet(): Promise<void> {
    let ended = 0;
    for (;;) {
      const waiting = [...this.#deliveries, ...this.engine.executions.map(({ done }) => done)];
      if (waiting.length === ended) return;
      ended = waiting.length;
      await this.clock.run(Promise.all(waiting));
    }
  }

  // What can be seen.

  role(name: string = 'deploy', accountId: AccountId = MEMBER): RoleView {
    const role = this.accounts.role(accountId, roleName(name) as RoleName);
    if (!role) throw new Error(`No role ${name}`);
    return role;
  }

  entry(role: Pick<RoleView, 'roleId'>): LedgerEntry {
    const entry = this.ledger.all().find(({ roleId }) => roleId === role.roleId);
    if (!entry) throw new Error(`No entry of ${role.roleId}`);
    return entry;
  }

  clientIds(accountId: AccountId = MEMBER): string[] {
    return this.accounts.clientIds(accountId, this.providerArn(accountId));
  }

  /** How each execution ended: the outcome of a success, the error of a failure. */
  outcomes(): string[] {
    return this.engine.executions.map(({ workflow, outcome }) => {
      if (outcome?.status === 'FAILED') return `${workflow}: ${outcome.error}`;
      const output = outcome?.status === 'SUCCEEDED' ? outcome.output : undefined;
      const ended = (output as { outcome?: string; decision?: string } | undefined) ?? {};
      return `${workflow}: ${ended.outcome ?? ended.decision ?? outcome?.status}`;
    });
  }

  // Faults.

  /** Fails the next `times` calls of this name, before they are made or (a lost answer) after. */
  fail(name: string, code: ConstructorParameters<typeof FactoryError>[0], options: Faults = {}): void {
    const { times = Number.POSITIVE_INFINITY, when = 'before' } = options;
    let left = times;
    this.hooks.push((call, moment) => {
      if (call.name !== name || moment !== when || left === 0) return;
      left--;
      throw new FactoryError(code);
    });
  }

  /** Acts once, at the first call of this name. */
  at(name: string, when: 'before' | 'after', act: () => void): void {
    let done = false;
    this.hooks.push((call, moment) => {
      if (done || call.name !== name || moment !== when) return;
      done = true;
      act();
    });
  }

  repair(): void {
    this.hooks.length = 0;
  }

  /** What a function is wired to; its calls are recorded and pass the hooks. */
  portsOf(by: FunctionName): Ports {
    const around = async (name: string, run: () => Promise<unknown>): Promise<unknown> => {
      const call: Call = { name, by, index: this.calls.length };
      this.calls.push(call);
      for (const hook of [...this.hooks]) await hook(call, 'before');
      const result = await run();
      for (const hook of [...this.hooks]) await hook(call, 'after');
      return result;
    };
    return {
      accounts: intercept(this.accounts, 'accounts', around),
      directory: intercept(this.directory, 'directory', around),
      ledger: intercept(this.ledger, 'ledger', around),
      executions: intercept(this.engine, 'executions', around),
      telemetry: this.telemetry,
      clock: this.clock,
    };
  }
}

export interface Faults {
  readonly times?: number;
  readonly when?: 'before' | 'after';
}
