/** A world with one developer, in words that read well in tests. */
import { FactoryError } from '../../core/errors.ts';
import type { AccountId, ProviderArn } from '../../core/ids.ts';
import { roleName } from '../../core/ids.ts';
import { conditionKey } from '../../core/issuer.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { RoleView } from '../../lambdas/ports.ts';
import type { HandlerSettings } from '../../lambdas/settings.ts';
import { createRoleCall, type RoleEvent } from '../../simulator/events.ts';
import { MEMBER, PLACEHOLDER } from '../../simulator/settings.ts';
import { World as Simulated } from '../../simulator/world.ts';

export interface NewWebRole {
  readonly name?: string;
  readonly accountId?: AccountId;
  readonly audience?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly trustPolicy?: object;
  readonly path?: string;
}

export interface Faults {
  readonly times?: number;
  readonly when?: 'before' | 'after';
}

export class World extends Simulated {
  constructor(settings: Partial<HandlerSettings> = {}) {
    super({ settings });
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
    return this.create({
      accountId,
      roleName: name,
      trustPolicy: trustPolicy ?? this.trustPolicy(audience, accountId),
      ...(tags ? { tags } : {}),
      ...(path ? { path } : {}),
    });
  }

  deleteRole(name: string = 'deploy', accountId: AccountId = MEMBER): void {
    this.delete(accountId, name);
  }

  createRoleEvent(accountId: AccountId, role: RoleView): RoleEvent {
    return this.eventOf(createRoleCall(accountId, role));
  }

  /** An administrator's change of the provider's list. */
  setClientIds(...clientIds: readonly string[]): void {
    this.accounts.setClientIds(this.providerArn(), clientIds);
  }

  // What can be seen.

  get deadLetters(): readonly RoleEvent[] {
    return this.queue.deadLetters;
  }

  role(name: string = 'deploy', accountId: AccountId = MEMBER): RoleView {
    const role = this.accounts.role(accountId, roleName(name));
    if (!role) throw new Error(`No role ${name}`);
    return role;
  }

  entry(role: Pick<RoleView, 'roleId'>): LedgerEntry {
    const entry = this.ledger.all().find(({ roleId }) => roleId === role.roleId);
    if (!entry) throw new Error(`No entry of ${role.roleId}`);
    return entry;
  }

  clientIds(accountId: AccountId = MEMBER): readonly string[] {
    return this.accounts.clientIds(this.providerArn(accountId));
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
}
